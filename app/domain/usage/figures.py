"""Usage figures, computed from events.

A draft belongs to the period in which it was started. It is completed when it was launched, and abandoned when it was
not and nothing has happened to it for a day. Whoever had launched nothing before a draft was started is new in it.
"""

from __future__ import annotations

import statistics
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from app.domain.usage.events import UsageEvent, UsageKind
from app.domain.wizard import SLUGS

ABANDONED_AFTER = timedelta(days=1)
MAX_DAYS = 366
EVERYBODY, NEW, RETURNING = "everybody", "new", "returning"
PEOPLE = (EVERYBODY, NEW, RETURNING)


@dataclass(frozen=True)
class StepFigures:
    """One step: how many drafts came to it, completed it, and were abandoned at it, and how long it took.

    `median_seconds` is from the completion of the step before, or the start of the draft, to its own; None where no
    draft completed it step by step.
    """

    step: str
    reached: int
    completed: int
    abandoned: int
    median_seconds: float | None


@dataclass(frozen=True)
class FieldFigures:
    """A field with an error: how many drafts it held up, and how many of them were abandoned right after."""

    field: str
    code: str
    drafts: int
    abandoned: int


@dataclass(frozen=True)
class TemplateFigures:
    """A template: drafts made of it, and what became of them."""

    template_id: uuid.UUID
    applied: int
    launched: int
    finished: int


@dataclass(frozen=True)
class DayFigures:
    """One day: drafts started, and experiments launched and finished on it."""

    day: str
    started: int
    launched: int
    finished: int


@dataclass(frozen=True)
class UsageFigures:
    """All figures of a period. A rate is None where it has nothing to be a share of."""

    people: int
    started: int
    completed: int
    abandoned: int
    launched: int
    finished: int
    failed: int
    cancelled: int
    from_templates: int
    median_first_finish_seconds: float | None
    first_finishes: int
    cache_hits: int = 0
    cache_misses: int = 0
    steps: tuple[StepFigures, ...] = ()
    fields: tuple[FieldFigures, ...] = ()
    templates: tuple[TemplateFigures, ...] = ()
    failures: tuple[tuple[str, int], ...] = ()
    days: tuple[DayFigures, ...] = ()

    @property
    def completion_rate(self) -> float | None:
        """Return the share of drafts of the period that were launched."""
        return _share(self.completed, self.started)

    @property
    def template_share(self) -> float | None:
        """Return the share of launches that came from a template."""
        return _share(self.from_templates, self.launched)

    @property
    def success_rate(self) -> float | None:
        """Return the share of launched configs, all of them valid, that finished rather than failed."""
        return _share(self.finished, self.finished + self.failed)

    @property
    def cache_hit_rate(self) -> float | None:
        """Return the share of questions that the cache of analyses could answer."""
        return _share(self.cache_hits, self.cache_hits + self.cache_misses)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


@dataclass
class _DraftStory:
    """What happened to one draft, in its order."""

    started_at: datetime
    person_id: uuid.UUID | None
    last_at: datetime
    completed: dict[str, datetime] = field(default_factory=dict)
    refusals: list[UsageEvent] = field(default_factory=list)
    launched_at: datetime | None = None

    @property
    def step(self) -> str:
        """Return the furthest step that was open: the one after the last completed."""
        places = [SLUGS.index(step) for step in self.completed if step in SLUGS]
        return SLUGS[min(max(places, default=-1) + 1, len(SLUGS) - 1)]


def usage_figures(
    events: Sequence[UsageEvent],
    *,
    since: datetime | None,
    until: datetime,
    people: str = EVERYBODY,
    moment: datetime | None = None,
) -> UsageFigures:
    """Return the figures of a period.

    Parameters
    ----------
    events
        All events before `until`, oldest first; those before `since` say who is new.
    since, until
        The first moment of the period, None for the very first, and the first one after it.
    people
        Whose drafts count: `everybody`, `new` or `returning`.
    moment
        The present, by which a draft counts as abandoned; `until` where nothing is given.

    Returns
    -------
    UsageFigures
        Medians in seconds.
    """
    period = _Period(events, since, until, people)
    chosen, drafts = period.chosen(), period.drafts()
    end = min(moment or until, until)
    caches = [event for event in period.inside if event.kind == UsageKind.CACHE_COUNTED]
    return replace(
        _summary(events, chosen, drafts, end),
        cache_hits=sum(event.hits for event in caches),
        cache_misses=sum(event.misses for event in caches),
        steps=_steps(drafts, end),
        fields=_fields(drafts, end),
        templates=_templates(chosen, events),
        failures=tuple(Counter(event.code for event in chosen if event.kind == UsageKind.FAILED).most_common()),
        days=_days(chosen),
    )


def _summary(
    events: Sequence[UsageEvent], chosen: Sequence[UsageEvent], drafts: Sequence[_DraftStory], end: datetime
) -> UsageFigures:
    """Return the counts, without what is counted step by step."""
    counts = Counter(event.kind for event in chosen)
    finishes = _first_finishes(events, chosen)
    launches = [event for event in chosen if event.kind == UsageKind.LAUNCHED]
    return UsageFigures(
        people=len({event.person_id for event in chosen if event.person_id is not None}),
        started=len(drafts),
        completed=sum(story.launched_at is not None for story in drafts),
        abandoned=sum(_is_abandoned(story, end) for story in drafts),
        launched=len(launches),
        finished=counts[UsageKind.FINISHED],
        failed=counts[UsageKind.FAILED],
        cancelled=counts[UsageKind.CANCELLED],
        from_templates=sum(event.template_id is not None for event in launches),
        median_first_finish_seconds=statistics.median(finishes) if finishes else None,
        first_finishes=len(finishes),
    )


class _Period:
    """Events of a period and a group of people; whether somebody is new is told by what was before."""

    def __init__(self, events: Sequence[UsageEvent], since: datetime | None, until: datetime, people: str) -> None:
        self._since, self._until, self._people = since, until, people
        self._first_launch = _first_launches(events)
        self._stories = _stories(events)
        self.inside = [event for event in events if self._has(event.at)]

    def _has(self, moment: datetime) -> bool:
        return (self._since is None or moment >= self._since) and moment < self._until

    def chosen(self) -> list[UsageEvent]:
        """Return the events of the group: what belongs to a draft by the draft, what has none by its own moment."""
        stories = ((event, self._stories.get(event.draft_id) if event.draft_id else None) for event in self.inside)
        return [
            event
            for event, story in stories
            if self._fits(event.person_id, event.at if story is None else story.started_at)
        ]

    def drafts(self) -> list[_DraftStory]:
        """Return the drafts of the group that were started in the period."""
        return [
            story
            for story in self._stories.values()
            if self._has(story.started_at) and self._fits(story.person_id, story.started_at)
        ]

    def _fits(self, person_id: uuid.UUID | None, moment: datetime) -> bool:
        if self._people == EVERYBODY or person_id is None:
            return self._people == EVERYBODY
        launched = self._first_launch.get(person_id)
        is_returning = launched is not None and launched < moment
        return is_returning == (self._people == RETURNING)


def _first_launches(events: Iterable[UsageEvent]) -> dict[uuid.UUID, datetime]:
    first: dict[uuid.UUID, datetime] = {}
    for event in events:
        if event.kind == UsageKind.LAUNCHED and event.person_id is not None:
            first.setdefault(event.person_id, event.at)
    return first


def _stories(events: Iterable[UsageEvent]) -> dict[uuid.UUID, _DraftStory]:
    stories: dict[uuid.UUID, _DraftStory] = {}
    for event in events:
        if event.draft_id is None:
            continue
        if event.kind == UsageKind.DRAFT_STARTED:
            stories[event.draft_id] = _DraftStory(event.at, event.person_id, event.at)
        elif event.draft_id in stories:
            _tell(stories[event.draft_id], event)
    return stories


def _tell(story: _DraftStory, event: UsageEvent) -> None:
    story.last_at = event.at
    if event.kind == UsageKind.STEP_COMPLETED:
        story.completed.setdefault(event.step, event.at)
    elif event.kind == UsageKind.STEP_REFUSED:
        story.refusals.append(event)
    elif event.kind == UsageKind.LAUNCHED:
        story.launched_at = story.launched_at or event.at


def _is_abandoned(story: _DraftStory, end: datetime) -> bool:
    return story.launched_at is None and story.last_at + ABANDONED_AFTER <= end


def _steps(stories: Iterable[_DraftStory], end: datetime) -> tuple[StepFigures, ...]:
    reached, completed, abandoned = Counter[str](), Counter[str](), Counter[str]()
    seconds: dict[str, list[float]] = defaultdict(list)
    for story in stories:
        last = len(SLUGS) if story.launched_at else SLUGS.index(story.step) + 1
        reached.update(SLUGS[:last])
        completed.update(SLUGS[: last - (0 if story.launched_at else 1)])
        if _is_abandoned(story, end):
            abandoned[story.step] += 1
        for step, usage in _step_seconds(story):
            seconds[step].append(usage)
    return tuple(
        StepFigures(
            step,
            reached[step],
            completed[step],
            abandoned[step],
            statistics.median(seconds[step]) if seconds[step] else None,
        )
        for step in SLUGS
    )


def _step_seconds(story: _DraftStory) -> Iterable[tuple[str, float]]:
    """Yield how long each step took that was completed after the one before it."""
    before: datetime | None = story.started_at
    ends = dict(story.completed)
    if story.launched_at is not None and story.completed:
        ends[SLUGS[-1]] = story.launched_at
    for step in SLUGS:
        end = ends.get(step)
        if before is not None and end is not None:
            yield step, (end - before).total_seconds()
        before = end


def _fields(stories: Iterable[_DraftStory], end: datetime) -> tuple[FieldFigures, ...]:
    drafts, abandoned = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for story in stories:
        drafts.update({(refusal.field, refusal.code) for refusal in story.refusals})
        if _is_abandoned(story, end) and story.refusals and story.refusals[-1].at == story.last_at:
            abandoned.update(
                {(refusal.field, refusal.code) for refusal in story.refusals if refusal.at == story.last_at}
            )
    ranked = sorted(drafts, key=lambda key: (-abandoned[key], -drafts[key], key))
    return tuple(FieldFigures(*key, drafts[key], abandoned[key]) for key in ranked)


def _templates(chosen: Iterable[UsageEvent], events: Iterable[UsageEvent]) -> tuple[TemplateFigures, ...]:
    applied, launched, finished = Counter[uuid.UUID](), Counter[uuid.UUID](), Counter[uuid.UUID]()
    origin = {
        event.experiment_id: event.template_id
        for event in events
        if event.kind == UsageKind.LAUNCHED and event.template_id is not None
    }
    for event in chosen:
        if event.kind == UsageKind.TEMPLATE_APPLIED and event.template_id is not None:
            applied[event.template_id] += 1
        elif event.kind == UsageKind.LAUNCHED and event.template_id is not None:
            launched[event.template_id] += 1
        elif event.kind == UsageKind.FINISHED:
            template_id = origin.get(event.experiment_id)
            if template_id is not None:
                finished[template_id] += 1
    every = {*applied, *launched, *finished}
    ranked = sorted(every, key=lambda element: (-launched[element], -applied[element], -finished[element], element.hex))
    return tuple(TemplateFigures(item, applied[item], launched[item], finished[item]) for item in ranked)


def _first_finishes(events: Iterable[UsageEvent], chosen: Iterable[UsageEvent]) -> list[float]:
    """Return how long it took from a person's first draft to their first finished experiment, where that lies here."""
    moments: dict[uuid.UUID, datetime] = {}
    finished: dict[uuid.UUID, UsageEvent] = {}
    for event in events:
        if event.person_id is not None and event.kind in (UsageKind.DRAFT_STARTED, UsageKind.LAUNCHED):
            moments.setdefault(event.person_id, event.at)
        elif event.person_id is not None and event.kind == UsageKind.FINISHED:
            finished.setdefault(event.person_id, event)
    here = {id(event) for event in chosen}
    pairs = ((moments.get(person), event) for person, event in finished.items() if id(event) in here)
    return [(event.at - start).total_seconds() for start, event in pairs if start is not None]


def _days(chosen: Iterable[UsageEvent]) -> tuple[DayFigures, ...]:
    counts = Counter((f"{event.at:%Y-%m-%d}", event.kind) for event in chosen)
    kinds = (UsageKind.DRAFT_STARTED, UsageKind.LAUNCHED, UsageKind.FINISHED)
    days = _without_gaps(sorted({day for day, kind in counts if kind in kinds}))
    return tuple(DayFigures(day, *(counts[day, kind] for kind in kinds)) for day in days)


def _without_gaps(days: Sequence[str]) -> Sequence[str]:
    """Return days with those between them, since bars side by side look like days in a row; not of several years."""
    if not days:
        return days
    first, last = (datetime.fromisoformat(day) for day in (days[0], days[-1]))
    span = (last - first).days
    return days if span > MAX_DAYS else [f"{first + timedelta(days=place):%Y-%m-%d}" for place in range(span + 1)]
