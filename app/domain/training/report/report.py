"""From a finished run to its report: what each part of the document is worked out from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from app.domain.text.numbers import format_score
from app.domain.text.words import pluralise
from app.domain.training.report import charts
from app.domain.training.report.clock import FIT, SEARCH, Clock
from app.domain.training.report.document import (
    BaselineScores,
    EnvironmentInfo,
    FeatureSummary,
    FoldRows,
    Headline,
    MetricInfo,
    Report,
    ReportedTask,
    Scores,
    SplitSummary,
    TrainingTiming,
)
from app.domain.training.run_state import Part, Run
from app.domain.training.tuning.tuning_report import describe
from app.domain.training.validation import baselines, plausibility, scoring, splitting
from app.domain.training.validation.metrics import Metric
from app.domain.training.validation.score_summary import ScoreSummary

BEATS, UNDECIDED, DOES_NOT_BEAT = "beats", "undecided", "does_not_beat"


def build(run: Run, *, environment: EnvironmentInfo) -> Report:
    """Return the report of a finished run."""
    spec, table = run.spec, run.table
    metrics = scoring.metrics_of(spec)
    rivals = baselines.for_experiment(spec, table)
    scores = scoring.summary((part.scores for part in run.folds), run.holdout.scores if run.holdout else None)
    rival_scores = {entry.id: _rival_summary(run, entry.id) for entry in rivals}
    return Report(
        task=ReportedTask(
            kind=spec.task.kind.value,
            target=spec.task.target,
            unit=unit_of_target(run),
            labels=tuple(table.labels) or None,
            time_column=spec.task.time_column,
        ),
        split=_split(run),
        metrics=tuple(_metric(metric, unit_of_target(run)) for metric in metrics),
        primary=metrics[0].id,
        scores=scores,
        baselines=tuple(
            BaselineScores(id=entry.id, title=entry.title, sentence=entry.sentence, scores=rival_scores[entry.id])
            for entry in rivals
        ),
        headline=headline(run, metrics[0], scores, rival_scores),
        charts=charts.build(run),
        features=_features(run),
        leakage=dict(spec.leakage.answers),
        tuning=describe(spec, run.searches, limit=run.most_trials()),
        timing=timing(run.clock),
        memory_mb=run.peak_memory_mb(),
        environment=environment,
        notes=(*dict.fromkeys(run.notes), *_implausible(run)),
    )


def _features(run: Run) -> FeatureSummary:
    table = run.table
    return FeatureSummary(
        used=tuple(table.features.columns),
        derived=tuple(table.derived),
        rows_used=len(table.target),
        rows_dropped=table.dropped,
        dropped_reason=table.dropped_reason,
    )


def _rival_summary(run: Run, identifier: str) -> Scores:
    held = run.holdout.baseline_scores[identifier] if run.holdout else None
    return scoring.summary((part.baseline_scores[identifier] for part in run.folds), held)


def _implausible(run: Run) -> list[str]:
    """Return what to say of estimates that the target cannot be, nothing where all are possible."""
    if run.table.labels:
        return []
    parts = [*run.folds, *([run.holdout] if run.holdout else [])]
    found = plausibility.below_zero(run.table.target, np.concatenate([part.said.values for part in parts]))
    unit = unit_of_target(run)
    return [] if found is None else [plausibility.sentence(found, target=run.spec.task.target, unit=unit)]


def unit_of_target(run: Run) -> str:
    """Return the unit of what is estimated as the profile knows it, or ""."""
    return "" if run.table.labels else run.profile.column(run.spec.task.target).unit


def _metric(metric: Metric, unit: str) -> MetricInfo:
    return MetricInfo(
        id=metric.id,
        title=metric.title,
        unit={"percent": "%", "target": unit}.get(metric.unit_kind, ""),
        in_target_units=metric.unit_kind == "target",
        greater_is_better=metric.greater_is_better,
        help=metric.help,
    )


def timing(clock: Clock) -> TrainingTiming:
    """Return the seconds on the wall, in all, fitting and of that searching; and those of the processor by part."""
    return TrainingTiming(
        seconds_total=round(clock.total(), 3),
        seconds_fit=round(clock.seconds.get(FIT, 0.0), 3),
        seconds_search=round(clock.seconds.get(SEARCH, 0.0), 3),
        work_total=round(clock.total_work(), 4),
        work={name: round(seconds, 4) for name, seconds in clock.work.items()},
    )


def _split(run: Run) -> SplitSummary:
    spec = run.spec
    entry = splitting.get(spec.validation.strategy)
    parameters = {**entry.defaults(), **spec.validation.parameters}
    held = spec.validation.holdout.fraction if run.holdout and spec.validation.holdout else 0.0
    picture = splitting.picture(entry.id, parameters, holdout=held, rows=len(run.table.target))
    return SplitSummary(
        strategy=entry.id.value,
        title=entry.title,
        sentence=f"{entry.summary} {entry.protects}",
        misleads=entry.misleads,
        parameters=parameters,
        folds=tuple(_rows_of(run, part, part.name) for part in run.folds),
        holdout=_rows_of(run, run.holdout, "hold-out") if run.holdout else None,
        picture=tuple(tuple(line) for line in picture),
    )


def _rows_of(run: Run, part: Part, name: str) -> FoldRows:
    counts = FoldRows(fold=name, train_rows=len(part.train), validation_rows=len(part.rows))
    times = run.table.times
    if times is None:
        return counts
    trained, validated = times.iloc[part.train], times.iloc[part.rows]
    return replace(
        counts,
        train_start=charts.iso(trained.min()),
        train_end=charts.iso(trained.max()),
        validation_start=charts.iso(validated.min()),
        validation_end=charts.iso(validated.max()),
    )


def headline(run: Run, metric: Metric, scores: Scores, rivals: Mapping[str, Scores]) -> Headline:
    """Say plainly whether the model beats its strongest baseline, on which rows, by how much."""
    unseen = _decided_by_holdout(run, scores[metric.id])
    entries = {entry.id: entry for entry in baselines.for_experiment(run.spec, run.table)}
    deciding = {name: rival[metric.id].decisive(holdout=unseen) for name, rival in rivals.items()}
    rival_id = baselines.strongest(metric, deciding)
    name, other = entries[rival_id].spoken, rivals[rival_id][metric.id]
    score, rival = scores[metric.id].decisive(holdout=unseen), deciding[rival_id]
    folds = Folds.of(metric, scores[metric.id], other)
    won = score is not None and (rival is None or metric.better(score, rival))
    verdict = verdict_of(won=bool(won), folds=folds)
    held = run.holdout if unseen else None
    rows = len(held.rows) if held else sum(len(part.rows) for part in run.folds)
    where = _where(run, rows, unseen=held is not None)
    return Headline(
        beats=verdict == BEATS,
        verdict=verdict,
        metric=metric.id,
        score=score,
        baseline_id=rival_id,
        baseline_title=entries[rival_id].title,
        baseline_score=rival,
        basis="holdout" if held else "folds",
        rows=rows,
        sentence=_sentence(metric, score=score, name=name, rival=rival, verdict=verdict, won=bool(won), where=where),
        detail=_detail(run, metric, scores[metric.id], other, folds=folds, name=name),
    )


def _decided_by_holdout(run: Run, own: ScoreSummary) -> bool:
    """Say whether the rows held out decide; the folds do where those rows are too few to have a score."""
    return run.holdout is not None and (own.holdout is not None or own.mean is None)


@dataclass(frozen=True)
class Folds:
    """How a model fared against one baseline over the folds where both have a score."""

    won: int
    count: int
    better_on_average: bool

    @classmethod
    def of(cls, metric: Metric, own: ScoreSummary, other: ScoreSummary) -> Folds:
        """Compare the folds of two summaries of one metric."""
        pairs = [
            (mine, theirs)
            for mine, theirs in zip(own.folds, other.folds, strict=True)
            if mine is not None and theirs is not None
        ]
        better = own.mean is not None and other.mean is not None and metric.better(own.mean, other.mean)
        return cls(sum(metric.better(mine, theirs) for mine, theirs in pairs), len(pairs), bool(better))

    @property
    def carried(self) -> bool:
        """Say whether it won on average and more often than not."""
        return self.better_on_average and 2 * self.won > self.count


def verdict_of(*, won: bool, folds: Folds) -> str:
    """Weigh the rows held out, or else the mean of the folds, against the folds; one fold cannot contradict."""
    if folds.count < 2 or won == folds.carried:
        return BEATS if won else DOES_NOT_BEAT
    return UNDECIDED


def decimals_for(
    pairs: Iterable[tuple[float | None, float | None]], *, decimals: int, most: int, best: float | None = None
) -> int:
    """Return how many decimals tell the two numbers of every pair apart, and none of them from a best of 1."""
    values = [(one, other) for one, other in pairs if one is not None and other is not None]
    values += [(value, best) for pair in values for value in pair] if best == 1 else []

    def same(one: float, other: float) -> bool:
        return one != other and format_score(one, decimals) == format_score(other, decimals)

    while decimals < most and any(same(*pair) for pair in values):
        decimals += 1
    return decimals


def _sentence(
    metric: Metric,
    *,
    score: float | None,
    name: str,
    rival: float | None,
    verdict: str,
    won: bool,
    where: str,
) -> str:
    digits = decimals_for([(score, rival)], decimals=2, most=6, best=metric.best)
    figures = f"{metric.title} {format_score(score, digits)} against {format_score(rival, digits)}"
    if verdict == UNDECIDED:
        against = "the folds do not bear it out" if won else "it did win over the folds"
        outcome = "beats" if won else "does not beat"
        return f"Undecided: it {outcome} {name} {where}, {figures}, but {against}."
    return f"{'It beats' if verdict == BEATS else 'It does not beat'} {name}: {figures}, {where}."


def _where(run: Run, rows: int, *, unseen: bool) -> str:
    """Say on what rows a score stands."""
    if not unseen and len(run.folds) > 1:
        return f"on average over {len(run.folds)} folds"
    what = "day" if _daily(run) else "row"
    return f"on {pluralise(rows, what)} it had never seen"


def _daily(run: Run) -> bool:
    axis = run.profile.time_axis
    return (
        axis is not None
        and axis.column == run.spec.task.time_column
        and axis.step_seconds == 86_400
        and not axis.duplicates
        and not run.table.labels
    )


def _detail(run: Run, metric: Metric, own: ScoreSummary, other: ScoreSummary, *, folds: Folds, name: str) -> str:
    digits = decimals_for([(own.mean, other.mean)], decimals=2, most=4, best=metric.best)
    spread = f" ± {format_score(own.std, digits)}" if own.std is not None else ""
    times = "every time" if folds.won == folds.count else f"{folds.won} of {folds.count} times"
    if len(run.folds) == 1:
        return f"One split: {len(run.folds[0].train):,} rows trained, {len(run.folds[0].rows):,} validated."
    if not folds.count:
        return f"{metric.title} is not defined on any of the {len(run.folds)} folds, so there is nothing to compare."
    means = f"{format_score(own.mean, digits)}{spread} against {format_score(other.mean, digits)} for {name}"
    return f"Across the {len(run.folds)} folds it won {times}: {means}."


def predictions(run: Run) -> pd.DataFrame:
    """Return every judged row with what was observed and what was said."""
    frames = []
    labels = tuple(f"probability_{label}" for label in run.table.labels)
    ours = {"row", "part", "observed", "predicted", *labels}
    for part in [*run.folds, *([run.holdout] if run.holdout else [])]:
        table, names = run.table, np.asarray(run.table.labels, dtype=object)
        columns: dict[str, Any] = {"row": table.rows[part.rows]}
        if table.times is not None:
            columns[_beside(ours, run.spec.task.time_column)] = table.times.iloc[part.rows].to_numpy()
        if table.groups is not None:
            columns[_beside(ours, run.spec.task.group_column)] = table.groups[part.rows]
        columns["part"] = part.name
        columns["observed"] = names[table.target[part.rows]] if len(names) else table.target[part.rows]
        columns["predicted"] = names[part.said.values] if len(names) else part.said.values
        if part.said.scores is not None and part.said.are_probabilities:
            for at, name in enumerate(labels):
                columns[name] = part.said.scores[:, at]
        frames.append(pd.DataFrame(columns))
    return pd.concat(frames, ignore_index=True)


def _beside(ours: set[str], name: str | None) -> str:
    """Return the name of a column of the file, changed where it is one of ours."""
    return f"{name} (file)" if name in ours else str(name)
