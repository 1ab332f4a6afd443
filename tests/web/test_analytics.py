"""Usage: a month of 200 people whose ways are known, and every figure of the page against them."""

from __future__ import annotations

import random
import re
import statistics
import uuid
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest
from flask import Flask

from app.domain.usage.events import UsageEvent, UsageKind
from app.services.usage import reporting
from app.services.usage.reporting import UsageQuery
from app.storage import usage
from app.storage.db import transaction
from app.storage.tables import DraftRow, User
from tests.web.client import Browser, step_path

STEPS = ("data", "features", "model", "validation", "review")
MONTH, END = datetime.fromisoformat("2026-03-01"), datetime.fromisoformat("2026-04-01")
ERRORS = (("data.target", "missing"), ("model.ridge", "out_of_bounds"), ("validation.holdout", "too_few_rows"))
TEMPLATES = [uuid.UUID(int=number) for number in (1, 2, 3)]


@pytest.fixture
def root(app: Flask, admin: User) -> Browser:
    return Browser(app).sign_in(admin)


@dataclass
class Truth:
    """What was done, counted while it was made up and not by the code under test."""

    counts: Counter[str] = field(default_factory=Counter)
    completed: Counter[str] = field(default_factory=Counter)
    abandoned: Counter[str] = field(default_factory=Counter)
    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    field_drafts: Counter[tuple[str, str]] = field(default_factory=Counter)
    field_abandoned: Counter[tuple[str, str]] = field(default_factory=Counter)
    templates: dict[uuid.UUID, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    failures: Counter[str] = field(default_factory=Counter)
    first_finishes: list[float] = field(default_factory=list)
    people: set[uuid.UUID] = field(default_factory=set)


@dataclass
class Simulation:
    """Two hundred people over a month: each draft ends at a step, in an error or in a launch."""

    seed: int
    events: list[UsageEvent] = field(default_factory=list)
    truth: dict[str, Truth] = field(
        default_factory=lambda: {name: Truth() for name in ("everybody", "new", "returning")}
    )

    def __post_init__(self) -> None:
        self.draw = random.Random(self.seed)

    def run(self) -> Simulation:
        for number in range(200):
            self._person(uuid.UUID(int=1000 + number))
        for day in range(31):
            hits, misses = self.draw.randrange(50), self.draw.randrange(20)
            position = MONTH + timedelta(days=day, hours=1)
            self.events.append(UsageEvent(UsageKind.CACHE_COUNTED, position, hits=hits, misses=misses))
            for truth in self.truth.values():
                truth.counts["hits"] += hits
                truth.counts["misses"] += misses
        self.events.sort(key=lambda event: event.at)
        return self

    def _person(self, person: uuid.UUID) -> None:
        position = MONTH + timedelta(days=self.draw.randrange(20), seconds=self.draw.randrange(80_000))
        start = position
        has_launched = has_finished = False
        if self.draw.random() < 0.2:
            # Somebody who launched in the month before is no new person in this one.
            self.events.append(UsageEvent(UsageKind.LAUNCHED, MONTH - timedelta(days=9), person_id=person))
            has_launched, start = True, MONTH - timedelta(days=9)
        for _ in range(self.draw.randrange(1, 4)):
            group = "returning" if has_launched else "new"
            ended, launched, finished = self._draft(person, position, group)
            if finished is not None and not has_finished:
                has_finished = True
                for name in ("everybody", group):
                    self.truth[name].first_finishes.append((finished - start).total_seconds())
            has_launched = has_launched or launched
            position = ended + timedelta(hours=self.draw.randrange(1, 40))

    def _draft(self, person: uuid.UUID, moment: datetime, group: str) -> tuple[datetime, bool, datetime | None]:
        draft, both = uuid.UUID(int=self.draw.getrandbits(128)), (self.truth["everybody"], self.truth[group])
        template = self.draw.choice([None, None, *TEMPLATES])
        base = UsageEvent(UsageKind.DRAFT_STARTED, moment, person_id=person, draft_id=draft)
        self.events.append(replace(base, template_id=template))
        if template is not None:
            self.events.append(replace(base, kind=UsageKind.TEMPLATE_APPLIED, template_id=template))
        for truth in both:
            truth.people.add(person)
            truth.counts["started"] += 1
            if template is not None:
                truth.templates[template]["applied"] += 1
        ends_at, refusal = self.draw.choice([*STEPS, "launch", "launch", "launch"]), set()
        for step in STEPS:
            before = moment
            moment += timedelta(seconds=self.draw.randrange(20, 900))
            error = self.draw.choice(ERRORS) if self.draw.random() < 0.2 else None
            if error is not None:
                name, code = error
                refusal.add(error)
                event = replace(base, kind=UsageKind.STEP_REFUSED, at=moment, step=step, field=name, code=code)
                self.events.append(event)
            if step == ends_at:
                for truth in both:
                    truth.abandoned[step] += 1
                    truth.field_drafts.update(refusal)
                    if error is not None:
                        truth.field_abandoned[error] += 1
                return moment, False, None
            moment += timedelta(seconds=1)
            for truth in both:
                truth.completed[step] += 1
                truth.seconds[step].append((moment - before).total_seconds())
            if step != "review":
                self.events.append(replace(base, kind=UsageKind.STEP_COMPLETED, at=moment, step=step))
        return self._launch(base, moment, template, refusal, both)

    def _launch(
        self,
        base: UsageEvent,
        moment: datetime,
        template: uuid.UUID | None,
        refusals: set[tuple[str, str]],
        both: tuple[Truth, Truth],
    ) -> tuple[datetime, bool, datetime | None]:
        experiment = uuid.UUID(int=self.draw.getrandbits(128))
        base = replace(base, experiment_id=experiment)
        self.events.append(replace(base, kind=UsageKind.LAUNCHED, at=moment, template_id=template))
        moment += timedelta(seconds=self.draw.randrange(5, 600))
        kind = self.draw.choice([UsageKind.FINISHED] * 6 + [UsageKind.FAILED, UsageKind.CANCELLED])
        code = self.draw.choice(("out_of_memory", "timed_out")) if kind is UsageKind.FAILED else ""
        self.events.append(replace(base, kind=kind, at=moment, code=code))
        for truth in both:
            truth.counts.update(("launched", kind.value))
            truth.field_drafts.update(refusals)
            if code:
                truth.failures[code] += 1
            if template is not None:
                truth.counts["from_templates"] += 1
                truth.templates[template]["launched"] += 1
                truth.templates[template]["finished"] += kind is UsageKind.FINISHED
        return moment, True, moment if kind is UsageKind.FINISHED else None


@pytest.mark.parametrize("people", ["everybody", "new", "returning"])
@pytest.mark.parametrize("seed", [1, 2])
def test_every_figure_of_a_month_of_200_people_is_the_truth(app: Flask, seed: int, people: str) -> None:
    simulation = Simulation(seed).run()
    with transaction():
        usage.add_events(simulation.events)
    truth = simulation.truth[people]
    query = UsageQuery("2026-03-01", "2026-03-31", people)
    result = reporting.report(query, moment=END + timedelta(days=9)).figures
    counts = truth.counts
    assert result.people == len(truth.people)
    assert (result.started, result.launched) == (counts["started"], counts["launched"])
    assert (result.completed, result.abandoned) == (counts["launched"], truth.abandoned.total())
    assert (result.finished, result.failed, result.cancelled) == tuple(
        counts[name] for name in ("finished", "failed", "cancelled")
    )
    assert result.completion_rate == counts["launched"] / counts["started"]
    assert result.template_share == counts["from_templates"] / counts["launched"]
    assert result.success_rate == counts["finished"] / (counts["finished"] + counts["failed"])
    assert result.cache_hit_rate == counts["hits"] / (counts["hits"] + counts["misses"])
    assert result.median_first_finish_seconds == statistics.median(truth.first_finishes)
    assert result.first_finishes == len(truth.first_finishes)
    assert {item.step: item.completed for item in result.steps} == {step: truth.completed[step] for step in STEPS}
    assert {item.step: item.abandoned for item in result.steps} == {step: truth.abandoned[step] for step in STEPS}
    medians = {item.step: item.median_seconds for item in result.steps}
    assert medians == {step: statistics.median(truth.seconds[step]) for step in STEPS}
    assert {(item.field, item.code): item.drafts for item in result.fields} == truth.field_drafts
    assert {
        (item.field, item.code): item.abandoned for item in result.fields if item.abandoned
    } == truth.field_abandoned
    assert {
        template.template_id: (template.applied, template.launched, template.finished) for template in result.templates
    } == {
        key: (template["applied"], template["launched"], template["finished"])
        for key, template in truth.templates.items()
    }
    assert [template.launched for template in result.templates] == sorted(
        (template.launched for template in result.templates), reverse=True
    )
    assert dict(result.failures) == truth.failures
    assert sum(day.started for day in result.days) == counts["started"]


def test_the_page_shows_the_figures(app: Flask, root: Browser) -> None:
    simulation = Simulation(3).run()
    with transaction():
        usage.add_events(simulation.events)
    page = root.get("/admin/analytics?since=2026-03-01&until=2026-03-31")
    truth = simulation.truth["everybody"]
    assert (page.status, page.h1) == (200, "Usage")
    rows = re.findall(
        r"<tr><th scope=\"row\">(\w+)</th>\s*<td class=\"n\">(\d+)</td><td class=\"n\">(\d+)</td>", page.text
    )
    view = {name.lower(): int(completed) for name, _reached, completed in rows if name.lower() in STEPS}
    assert view == {step: truth.completed[step] for step in STEPS}
    lines = root.get("/admin/analytics/export.csv?since=2026-03-01&until=2026-03-31").text
    assert f"\r\nstarted,,{truth.counts['started']}\r\n" in lines


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("since=2999-01-01", "The period begins in the future."),
        ("since=x", "Write the day as year-month-day"),
        ("people=nobody", "Choose everybody, new or returning people."),
    ],
)
def test_a_period_that_cannot_be_is_refused_in_words(root: Browser, query: str, sentence: str) -> None:
    page = root.get(f"/admin/analytics?{query}")
    assert page.status == 422
    assert sentence in page.words


def test_usage_is_for_administrators(browser: Browser) -> None:
    assert browser.get("/admin/analytics").status == 404
    assert browser.get("/admin/analytics/export.csv").status == 404


def kinds() -> list[tuple[str, str, str]]:
    return [(event.kind, event.step, event.field) for event in usage.list_events()]


def test_the_wizard_records_what_happens(browser: Browser, draft: DraftRow) -> None:
    page = browser.get(step_path(draft, "data"))
    browser.send("POST", step_path(draft, "data"), data={**page.answers.filled({}), "action": ["continue"]})
    assert kinds() == [("draft_started", "", ""), ("step_completed", "data", "")]


def test_a_step_that_cannot_be_left_is_counted_by_field(browser: Browser, draft: DraftRow) -> None:
    page = browser.get(step_path(draft, "data"))
    sent = {**page.answers.filled({}), "target": [""], "action": ["continue"]}
    assert browser.send("POST", step_path(draft, "data"), data=sent).status == 422
    assert ("step_refused", "data", "data.target") in kinds()


def test_nothing_is_recorded_where_it_is_switched_off(
    app: Flask, browser: Browser, root: Browser, draft: DraftRow
) -> None:
    before = kinds()
    app.extensions["hydroml_settings"] = replace(app.extensions["hydroml_settings"], analytics=False)
    page = browser.get(step_path(draft, "data"))
    browser.send("POST", step_path(draft, "data"), data={**page.answers.filled({}), "action": ["continue"]})
    assert kinds() == before
    assert "Events are not recorded" in root.get("/admin/analytics").words
