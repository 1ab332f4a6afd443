"""The leaderboard of a contest, live and final."""

from __future__ import annotations

import math
from dataclasses import dataclass

from app.domain.contest.summary import ContestEntry, ContestProgress, ContestSummary, EntryState
from app.domain.contest.words import percent
from app.domain.text.numbers import format_number
from app.domain.text.words import pluralise
from app.domain.training.validation import metrics
from app.web.charts import scales
from app.web.charts.chart_numbers import MetricFormat

MAX_DOTS = 120
STATES: dict[EntryState, str] = {
    "waiting": "Waiting",
    "running": "Fitting",
    "finished": "All folds judged",
    "ended_early": "Ended early",
    "ended_by_user": "Ended by you",
    "failed": "Failed",
}
# States in which a candidate can still be ended.
OPEN: tuple[EntryState, ...] = ("waiting", "running")


@dataclass(frozen=True)
class ContestLine:
    """A candidate or the blend: its score by the folds, what tells it from the next, and what it costs."""

    key: str
    rank: str
    title: str
    is_winner: bool
    is_simplest: bool
    is_candidate: bool
    state: str
    reason: str
    mean: str
    spread: str
    dots: tuple[float, ...]
    better: str
    seconds: str
    predict: str
    size: str


@dataclass(frozen=True)
class ContestBoard:
    """The whole contest once it has ended; `sentences` tell what came of it, `caption` what the columns are."""

    metric: str
    lines: tuple[ContestLine, ...]
    sentences: tuple[str, ...]
    caption: str
    rule: str


@dataclass(frozen=True)
class LiveCandidate:
    """How far a candidate is."""

    key: str
    title: str
    state: str
    score: str
    folds: str
    reason: str
    can_end: bool


@dataclass(frozen=True)
class LiveContest:
    """The leaderboard of a running contest, and the baselines as lines to beat."""

    metric: str
    candidates: tuple[LiveCandidate, ...]
    baselines: tuple[tuple[str, str], ...]


def build(contest: ContestSummary | None, visible_rows: tuple[MetricFormat, ...]) -> ContestBoard | None:
    """Return the leaderboard of a contest; None where one estimator was trained."""
    if contest is None:
        return None
    metric = next(item for item in visible_rows if item.info.id == contest.metric)
    values = scales.known_values(value for entry in contest.entries for value in _folds(entry, contest.metric))
    scale = scales.linear_scale(values)
    unit = f" ({metric.info.unit})" if metric.info.unit else ""
    low, high = (metric.write(edge) for edge in (scale.low, scale.high))
    dots = f"Dots are the folds, from {low} to {high}." if values else "No fold has a score."
    blend = contest.blend
    told = (
        contest.sentence,
        (blend.sentence or blend.reason) if blend is not None else "",
        contest.simplest_sentence,
        contest.optimism.sentence if contest.optimism is not None else "",
    )
    return ContestBoard(
        metric=f"{metric.info.title}{unit}",
        lines=tuple(_line(entry, contest, metric, scale) for entry in contest.entries),
        sentences=tuple(sentence for sentence in told if sentence),
        caption=f"The folds alone chose the winner; the hold-out judges it once. {dots}",
        rule=contest.rule,
    )


def _folds(entry: ContestEntry, metric: str) -> tuple[float | None, ...]:
    return entry.scores[metric].folds if metric in entry.scores else ()


def _line(entry: ContestEntry, contest: ContestSummary, metric: MetricFormat, scale: scales.Scale) -> ContestLine:
    own = entry.scores.get(contest.metric)
    folds = scales.known_values(_folds(entry, contest.metric))
    every = max(1, math.ceil(len(folds) / MAX_DOTS))
    following = entry.against_next
    return ContestLine(
        key=entry.key,
        rank="" if entry.rank is None else str(entry.rank),
        title=entry.title,
        is_winner=entry.key == contest.winner,
        is_simplest=entry.key == contest.simplest != contest.winner,
        is_candidate=not entry.is_blend,
        state="" if entry.state == "finished" else STATES[entry.state],
        reason=entry.reason,
        mean="" if own is None else metric.write(own.decisive(holdout=False)),
        spread="" if own is None or own.std is None else f"± {metric.write(own.std)}",
        dots=tuple(scales.to_percent(scale.share(value)) for value in folds[::every]),
        better="" if following is None else percent(following.probability),
        seconds=f"{format_number(entry.seconds, 2)} s" if entry.seconds else "",
        predict="" if entry.predict_seconds is None else f"{format_number(1000 * entry.predict_seconds, 2)} ms",
        size="" if entry.size_mb is None else f"{format_number(entry.size_mb, 2)} MB",
    )


def live(progress: ContestProgress | None) -> LiveContest | None:
    """Return the leaderboard of a running contest; None where one estimator is trained."""
    if progress is None:
        return None
    left = sum(candidate.state in OPEN or candidate.state == "finished" for candidate in progress.candidates)
    return LiveContest(
        metric=metrics.get(progress.metric).title,
        candidates=tuple(
            LiveCandidate(
                key=candidate.key,
                title=candidate.title,
                state=STATES[candidate.state],
                score=_score(candidate.score) if candidate.folds_judged else "",
                folds=f"{candidate.folds_judged} of {pluralise(progress.folds, 'fold')}",
                reason=candidate.reason,
                can_end=candidate.state in OPEN and left > 1,
            )
            for candidate in progress.candidates
        ),
        baselines=tuple((baseline.title, _score(baseline.score)) for baseline in progress.baselines),
    )


def _score(score: float | None) -> str:
    return format_number(score, 3) or "not defined"
