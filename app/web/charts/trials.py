"""The chart of search trials: a dot each, and the best so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.domain.json_values import Setting
from app.domain.text.numbers import MINUS, format_number
from app.domain.training.report.outcome import SearchProgress
from app.domain.training.tuning.search_summary import SearchSummary, TrialScore, TuningSummary
from app.domain.training.validation import metrics
from app.web.charts import paths, scales
from app.web.charts.chart_numbers import lower_first
from app.web.wording import format_hyperparameter

STATES = {"complete": "judged", "pruned": "given up", "failed": "failed"}
MAX_LINES = 6
# How many times as far as the judged trials all of them may lie apart to stand on one axis.
MAX_SPREAD = 3


@dataclass(frozen=True)
class TrialChart:
    """Dots of judged and of given-up trials in per cent, and the path of the best so far."""

    y: tuple[scales.Tick, ...]
    x: tuple[scales.Tick, ...]
    y_title: str
    judged: tuple[tuple[float, float], ...]
    given_up: tuple[tuple[float, float], ...]
    best: str
    sentence: str
    note: str


@dataclass(frozen=True)
class SearchUnderWay:
    """What a search has found so far; `lines` are its last trials: number, state, score."""

    done: int
    total: int
    metric: str
    best: str
    limited: bool
    chart: TrialChart | None
    lines: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class SearchResult:
    """What one part's search found: the values chosen stand in the order of the parameters."""

    part: str
    trials: str
    given: str
    best: str
    chosen: tuple[str, ...]
    chart: TrialChart | None
    failures: tuple[str, ...]


@dataclass(frozen=True)
class SearchResults:
    """All searches of an experiment."""

    metric: str
    heads: tuple[str, ...]
    parts: tuple[SearchResult, ...]
    importance: tuple[tuple[str, str], ...]
    sentence: str
    note: str


def _score_title(metric: metrics.Metric) -> str:
    """Return the title of what a trial is judged by: of a metric whose errors have both signs, their size."""
    return f"Absolute {metric.title}" if metric.signed else metric.title


def build_trial_chart(metric_id: str, scores: Sequence[TrialScore], *, total: int) -> TrialChart | None:
    """Return the chart of trials, None while none has a score."""
    metric = metrics.get(metric_id)
    known = [(number, state, value) for number, state, value in scores if value is not None]
    judged = [(number, value) for number, state, value in known if state == "complete"]
    if not judged:
        return None
    scale = _scale([value for _, value in judged], [row[2] for row in known])
    last = max(total, *(score[0] for score in scores), 2)
    across = scales.Scale(1, last)
    best, steps = judged[0][1], []
    for number, value in judged:
        previous = best
        best = value if metric.better(value, best) else best
        x = across.share(number)
        steps += [(x, scale.share(previous)), (x, scale.share(best))]
    steps.append((across.share(max(score[0] for score in scores)), scale.share(best)))
    given_up = [(number, value) for number, state, value in known if state == "pruned"]
    beyond = sum(not scale.low <= value <= scale.high for _, value in given_up)
    return TrialChart(
        y=tuple(
            scales.Tick(scales.to_percent(1 - tick.position / 100), tick.label) for tick in scales.scale_ticks(scale)
        ),
        x=_count_states(across),
        y_title=_score_title(metric),
        judged=_point_places(judged, across, scale),
        given_up=_point_places(given_up, across, scale),
        best=paths.line(steps),
        sentence=f"{_score_title(metric)} of {len(scores)} trials; the best so far is {format_number(best, 4)}.",
        note=_clipped_trials(beyond),
    )


def _scale(judged: list[float], everything: list[float]) -> scales.Scale:
    """Return the scale of the scores: one trial far off would press all others together, so it is left at the edge."""
    whole, worth = scales.known_values(everything), scales.known_values(judged)
    few = len(worth) < 2 or max(whole) - min(whole) <= MAX_SPREAD * (max(worth) - min(worth))
    return scales.linear_scale(whole if few else worth)


def _clipped_trials(count: int) -> str:
    if not count:
        return ""
    return (
        "1 trial given up is off the axis, at its edge."
        if count == 1
        else (f"{count:,} trials given up are off the axis, at its edge.")
    )


def _count_states(across: scales.Scale) -> tuple[scales.Tick, ...]:
    """Return the ticks of an axis that counts from 1 in whole numbers."""
    step = max(1, round(scales.step_of(across.high - across.low, 6)))
    marks = [1, *range(step if step > 1 else 2, int(across.high) + 1, step)]
    return tuple(scales.Tick(scales.to_percent(across.share(mark)), f"{mark:,}") for mark in marks)


def _point_places(
    points: list[tuple[int, float]], across: scales.Scale, scale: scales.Scale
) -> tuple[tuple[float, float], ...]:
    return tuple(
        (scales.to_percent(across.share(number)), scales.to_percent(1 - scale.share(value))) for number, value in points
    )


def search_under_way(search: SearchProgress | None) -> SearchUnderWay | None:
    """Return the state of a running search, from a job's progress."""
    if search is None:
        return None
    lines = [(str(number), STATES[state], format_number(score, 4) or "none") for number, state, score in search.scores]
    return SearchUnderWay(
        done=search.done,
        total=search.total,
        metric=_score_title(metrics.get(search.metric)),
        best=format_number(search.best, 4),
        limited=search.limited,
        chart=build_trial_chart(search.metric, search.scores, total=search.total),
        lines=tuple(lines[-MAX_LINES:]),
    )


def build(tuning: TuningSummary | None, *, estimator: str = "") -> SearchResults | None:
    """Return the searches of a report, None where it had none."""
    if not tuning:
        return None
    names = [parameter.name for parameter in tuning.parameters]
    used_names = sorted({search.trials for search in tuning.searches})
    # The search that was under way when it was asked to end may have gone a few trials further.
    span = f"{used_names[0]:,}" if len(used_names) == 1 else f"{used_names[0]:,} to {used_names[-1]:,}"
    early = f"Stopped early: each search took {span} of {tuning.budget:,} trials." if tuning.limit else ""
    return SearchResults(
        metric=lower_first(_score_title(metrics.get(tuning.metric))),
        heads=tuple(parameter.title for parameter in tuning.parameters),
        parts=tuple(_search_result(tuning, search, names, estimator) for search in tuning.searches),
        importance=tuple(
            (correlation.title, f"{correlation.correlation:+.2f}".replace("-", MINUS))
            for correlation in tuning.importance
        ),
        sentence=tuning.sentence,
        note=early,
    )


def _search_result(tuning: TuningSummary, summary: SearchSummary, names: list[str], estimator: str) -> SearchResult:
    ended = (("pruned", summary.pruned), ("failed", summary.failed))
    told = [f"{summary.trials:,}", *(f"{count:,} {STATES[state]}" for state, count in ended if count)]
    return SearchResult(
        part=summary.part.capitalize(),
        trials=", ".join(told),
        given=format_number(summary.given, 4) or "not tried",
        best=format_number(summary.best, 4) or "none",
        chosen=tuple(_format_parameter(estimator, name, summary.chosen[name]) for name in names),
        chart=build_trial_chart(tuning.metric, summary.scores, total=summary.trials),
        failures=tuple(f"{item.trials:,} failed: {item.reason}" for item in summary.failures),
    )


def _format_parameter(estimator: str, name: str, value: Setting) -> str:
    if isinstance(value, bool) or not isinstance(value, float):
        return format_hyperparameter(estimator, name, value)
    return f"{value:.4g}"
