"""Building the report of a finished training run."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from app.domain.training.headline import build_headline
from app.domain.training.report import charts
from app.domain.training.report.clock import FIT, SEARCH, Clock
from app.domain.training.report.document import (
    BaselineScores,
    ColumnCount,
    EnvironmentInfo,
    FeatureSummary,
    MetricInfo,
    PartChoice,
    Report,
    ReportedTask,
    Scores,
    SelectionSummary,
    TrainingTiming,
)
from app.domain.training.report.gap_report import filled_rows, notes_on_gaps, summarise_gaps
from app.domain.training.report.split_summary import summarise
from app.domain.training.resolved.build import resolve, resolve_member
from app.domain.training.resolved.document import Resolved
from app.domain.training.run_state import TrainingRun
from app.domain.training.selection_rules import describe as describe_selection
from app.domain.training.tuning.tuning_report import describe
from app.domain.training.validation import baselines, plausibility, scoring
from app.domain.training.validation.metrics import Metric

# More names than these, over all folds, are counted and not told fold by fold.
MAX_NAMES_TOLD = 5_000


def build(run: TrainingRun, *, environment: EnvironmentInfo) -> Report:
    """Return the report of a finished run."""
    spec, table = run.spec, run.table
    metrics = scoring.metrics_of(spec)
    rivals = baselines.baselines_for_experiment(spec, table)
    scores = scoring.summarise_scores((part.scores for part in run.folds), run.holdout.scores if run.holdout else None)
    rival_scores = {entry.id: _rival_summary(run, entry.id) for entry in rivals}
    verdict, filled = build_headline(run, metrics[0], scores, rival_scores), summarise_gaps(run)
    return Report(
        task=ReportedTask(
            kind=spec.task.kind.value,
            target=spec.task.target,
            unit=unit_of_target(run),
            labels=tuple(table.labels) or None,
            time_column=spec.task.time_column,
        ),
        split=summarise(run.spec, run.table, run.split),
        metrics=tuple(_metric_info(metric, unit_of_target(run)) for metric in metrics),
        primary=metrics[0].id,
        scores=scores,
        baselines=tuple(
            BaselineScores(id=entry.id, title=entry.title, sentence=entry.sentence, scores=rival_scores[entry.id])
            for entry in rivals
        ),
        headline=verdict,
        verdict=verdict.interval,
        charts=charts.build(run),
        features=_feature_summary(run),
        leakage=dict(spec.leakage.answers),
        tuning=describe(spec, run.searches, limit=run.most_trials()),
        timing=training_timing(run.clock),
        memory_mb=run.peak_memory_mb(),
        environment=environment,
        gaps=filled,
        notes=(*dict.fromkeys(run.notes), *notes_on_gaps(run, filled), *_fallback_notes(run), *_implausible_notes(run)),
        resolved=_resolved_part(run, environment).to_json(),
    )


def _resolved_part(run: TrainingRun, environment: EnvironmentInfo) -> Resolved:
    parts = [*run.folds, *([run.holdout] if run.holdout else [])]
    fitted = [part.fitted for part in parts if part.fitted is not None]
    result = resolve(run.spec, run.table, run.split, run.profile, fitted=fitted, packages=environment.packages)
    members = tuple(resolve_member(member, run.table) for member in run.members) or None
    return replace(result, candidate=run.candidate, members=members)


def _feature_summary(run: TrainingRun) -> FeatureSummary:
    table = run.table
    return FeatureSummary(
        used=tuple(table.features.columns),
        derived=tuple(table.derived),
        rows_used=len(table.target),
        rows_dropped=table.dropped,
        dropped_reason=table.dropped_reason,
        selection=_selection_summary(run),
    )


def _rival_summary(run: TrainingRun, identifier: str) -> Scores:
    current_values = run.holdout.baseline_scores[identifier] if run.holdout else None
    return scoring.summarise_scores((part.baseline_scores[identifier] for part in run.folds), current_values)


def _fallback_notes(run: TrainingRun) -> list[str]:
    """Return a sentence for each baseline that knows nothing of some rows, which have the mean there."""
    if run.spec.task.purpose is None:
        return []
    parts = [*run.folds, *([run.holdout] if run.holdout else [])]
    rows = sum(len(part.rows) for part in parts)
    entries = baselines.baselines_for_experiment(run.spec, run.table)
    unknown = {entry: sum(part.baseline_unknown.get(entry.id, 0) for part in parts) for entry in entries}
    return [
        f"{entry.title} knows nothing on {count:,} of {rows:,} validated rows, and predicts the training mean there."
        for entry, count in unknown.items()
        if count
    ]


def _implausible_notes(run: TrainingRun) -> list[str]:
    """Return the sentence about predictions that the target cannot be, "" where all are possible."""
    if run.table.labels:
        return []
    parts = [*run.folds, *([run.holdout] if run.holdout else [])]
    zero = plausibility.below_zero(run.table.target, np.concatenate([part.predictions.values for part in parts]))
    unit = unit_of_target(run)
    return [] if zero is None else [plausibility.implausible_sentence(zero, target=run.spec.task.target, unit=unit)]


def unit_of_target(run: TrainingRun) -> str:
    """Return the unit of what is estimated as the profile knows it, or ""."""
    return "" if run.table.labels else run.profile.column(run.spec.task.target).unit


def _metric_info(metric: Metric, unit: str) -> MetricInfo:
    return MetricInfo(
        id=metric.id,
        title=metric.title,
        unit={"percent": "%", "target": unit}.get(metric.unit_kind, ""),
        in_target_units=metric.unit_kind == "target",
        greater_is_better=metric.greater_is_better,
        help=metric.help,
    )


def training_timing(clock: Clock) -> TrainingTiming:
    """Return the seconds on the wall, in all, fitting and of that searching; and those of the processor by part."""
    return TrainingTiming(
        seconds_total=round(clock.total(), 3),
        seconds_fit=round(clock.seconds.get(FIT, 0.0), 3),
        seconds_search=round(clock.seconds.get(SEARCH, 0.0), 3),
        work_total=round(clock.total_work(), 4),
        work={name: round(seconds, 4) for name, seconds in clock.work.items()},
    )


def _selection_summary(run: TrainingRun) -> SelectionSummary | None:
    """Return the columns that rules chose, each with the number of parts that chose it; None without rules."""
    rules, parts = run.spec.features.selection, [*run.folds, *([run.holdout] if run.holdout else [])]
    if not rules:
        return None
    candidates = list(dict.fromkeys(run.spec.features.selected))
    counts = Counter(name for part in parts for name in part.chosen or ())
    places = {name: place for place, name in enumerate(candidates)}
    told = sum(counts.values()) <= MAX_NAMES_TOLD
    return SelectionSummary(
        rules=tuple(describe_selection(rules, len(candidates))),
        candidates=len(candidates),
        fits=len(parts),
        columns=tuple(
            ColumnCount(column=name, folds=counts[name])
            for name in sorted(counts, key=lambda name: (-counts[name], places[name]))
        ),
        parts=tuple(
            PartChoice(part=part.name, count=len(part.chosen or ()), columns=(part.chosen or ()) if told else None)
            for part in parts
        ),
    )


def predictions(run: TrainingRun) -> pd.DataFrame:
    """Return every judged row with its observed and predicted value."""
    frames = []
    labels = tuple(f"probability_{label}" for label in run.table.labels)
    ours = {"row", "part", "observed", "predicted", *labels}
    for part in [*run.folds, *([run.holdout] if run.holdout else [])]:
        table, names = run.table, np.asarray(run.table.labels, dtype=object)
        columns: dict[str, Any] = {"row": table.rows[part.rows]}
        if table.times is not None:
            columns[_add_baseline_columns(ours, run.spec.task.time_column)] = table.times.iloc[part.rows].to_numpy()
        if table.groups is not None:
            columns[_add_baseline_columns(ours, run.spec.task.group_column)] = table.groups[part.rows]
        columns["part"] = part.name
        columns["observed"] = names[table.target[part.rows]] if len(names) else table.target[part.rows]
        columns["predicted"] = names[part.predictions.values] if len(names) else part.predictions.values
        if part.predictions.scores is not None and part.predictions.are_probabilities:
            for index, name in enumerate(labels):
                columns[name] = part.predictions.scores[:, index]
        frames.append(pd.DataFrame(columns))
    frame = pd.concat(frames, ignore_index=True)
    return frame if run.table.missing is None else _add_filled_rows(run, frame)


def _add_filled_rows(run: TrainingRun, frame: pd.DataFrame) -> pd.DataFrame:
    """Return the predictions with the filled gaps of the record behind them, told apart by a column."""
    names, filled = list(frame.columns), filled_rows(run)
    marked = frame.assign(filled="no")
    if filled is None:
        return marked
    named = {"time": names[1], "group": names[2]}
    added = filled.rename(columns=named).assign(part="gaps", observed="", filled="yes")
    return pd.concat([marked.astype({"observed": object}), added[[*names, "filled"]]], ignore_index=True)


def _add_baseline_columns(ours: set[str], name: str | None) -> str:
    """Return the name of a column of the file, changed where it is one of ours."""
    return f"{name} (file)" if name in ours else str(name)
