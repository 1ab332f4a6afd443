"""Computation of the series behind the charts of a report."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from app.domain.hydrology.drivers import DriverRole, columns_of_role
from app.domain.training.report.chart_series import (
    ChartSeries,
    ConfusionCounts,
    HydrographSeries,
    MonthQuantiles,
    PrecisionRecallCurve,
    ResidualCounts,
    ResidualSeries,
    RocCurve,
    ScatterSeries,
    Series,
)
from app.domain.training.run_state import PartResult, TrainingRun
from app.domain.training.validation.metrics import MetricInput, one_against_rest
from app.domain.training.validation.scoring import finite_or_none

MAX_POINTS = 1200
MAX_TIMES = 400
MAX_LABELS = 30
MAX_CURVES = 6
# Moments further apart than this many usual steps have a stretch without values between them.
STEPS_APART = 3


def iso_time(moment: Any) -> str | None:
    """Return a timestamp as ISO text, the date alone where there is no time of day."""
    if moment is None or pd.isna(moment):
        return None
    stamp = pd.Timestamp(moment)
    return stamp.date().isoformat() if stamp == stamp.normalize() else stamp.isoformat(timespec="minutes")


def round_values(values: Any, digits: int = 5) -> Series:
    """Return plain numbers of `digits` significant digits, None for what is not finite."""
    return tuple(
        None if not np.isfinite(value) else float(f"{value:.{digits}g}") for value in np.asarray(values, float)
    )


def build(run: TrainingRun) -> ChartSeries:
    """Return every chart; one that does not apply is None."""
    parts = [run.holdout] if run.holdout else run.folds
    rows = np.concatenate([part.rows for part in parts])
    predictions = np.concatenate([part.predictions.values for part in parts])
    plain = ChartSeries(importance=run.importance, basis="hold-out" if run.holdout else "folds")
    if run.table.labels:
        roc, pr = _class_curves(run, parts)
        return replace(plain, confusion=_confusion_counts(run, rows, predictions), roc=roc or None, pr=pr or None)
    observed = run.table.target[rows]
    return replace(
        plain,
        predicted_observed=_scatter_series(run, observed, predictions),
        residuals=_residual_series(run, rows, observed, predictions),
        hydrograph=_hydrograph_series(run, rows, predictions),
    )


def _sample_rows(run: TrainingRun, count: int) -> NDArray[np.intp]:
    if count <= MAX_POINTS:
        return np.arange(count)
    random = np.random.default_rng(run.spec.reproducibility.seed)
    return np.sort(random.choice(count, MAX_POINTS, replace=False))


def _scatter_series(run: TrainingRun, observed: NDArray[Any], predictions: NDArray[Any]) -> ScatterSeries:
    visible_rows = _sample_rows(run, len(observed))
    positive = observed[observed > 0]
    skewed = len(positive) == len(observed) and float(np.quantile(observed, 0.99)) > 20 * float(np.median(observed))
    return ScatterSeries(
        observed=round_values(observed[visible_rows]),
        predicted=round_values(predictions[visible_rows]),
        rows_shown=len(visible_rows),
        rows_total=len(observed),
        log=bool(skewed),
    )


def _residual_series(
    run: TrainingRun, rows: NDArray[np.intp], observed: NDArray[Any], predictions: NDArray[Any]
) -> ResidualSeries:
    residual = predictions - observed
    visible_rows = _sample_rows(run, len(observed))
    low, high = np.quantile(residual, [0.005, 0.995]) if len(residual) > 1 else (residual.min(), residual.max())
    inside = np.clip(residual, low, high)
    counts, edges = np.histogram(inside, bins=25)
    return ResidualSeries(
        predicted=round_values(predictions[visible_rows]),
        residual=round_values(residual[visible_rows]),
        histogram=ResidualCounts(edges=round_values(edges), counts=tuple(int(count) for count in counts)),
        by_month=_monthly_quantiles(run, rows, residual),
    )


def _monthly_quantiles(
    run: TrainingRun, rows: NDArray[np.intp], residual: NDArray[Any]
) -> tuple[MonthQuantiles, ...] | None:
    if run.table.times is None:
        return None
    months = run.table.times.iloc[rows].dt.month.to_numpy()
    if len(np.unique(months)) < 6:
        return None
    lines = []
    for month in range(1, 13):
        values = residual[months == month]
        if len(values) >= 3:
            marks = np.quantile(values, [0.05, 0.25, 0.5, 0.75, 0.95])
            names = ("q05", "q25", "q50", "q75", "q95")
            quantiles = dict(zip(names, round_values(marks), strict=True))
            lines.append(MonthQuantiles(month=month, rows=len(values), **quantiles))
    return tuple(lines)


def _hydrograph_series(run: TrainingRun, rows: NDArray[np.intp], predictions: NDArray[Any]) -> HydrographSeries | None:
    if run.table.times is None or run.table.groups is not None:
        return None
    rain = next(iter(columns_of_role(run.profile, DriverRole.RAIN, run.table.numbers)), None)
    # Repeated folds judge a row several times, and rows may share a moment: each moment is drawn once, at its mean.
    judged = pd.Series(predictions, index=run.table.times.iloc[rows].to_numpy()).groupby(level=0).mean()
    record = {"observed": run.table.target, "rain": run.table.features[rain].to_numpy() if rain else np.nan}
    drawn = pd.DataFrame(record, index=run.table.times.to_numpy()).groupby(level=0).mean()
    # Where no row was judged the line of the predictions breaks; drawn on, it would show what was never predicted.
    drawn = drawn.loc[judged.index[0] : judged.index[-1]].assign(predicted=judged)
    window, title = _hydrograph_window(pd.Series(drawn.index))
    frame = _broken_where_nothing_is_known(drawn.iloc[window])
    return HydrographSeries(
        title=title,
        times=tuple(iso_time(moment) for moment in frame.index),
        observed=round_values(frame["observed"]),
        predicted=round_values(frame["predicted"]),
        rain=round_values(frame["rain"]) if rain else None,
        rain_column=rain,
        rows_total=len(rows),
    )


def _broken_where_nothing_is_known(drawn: pd.DataFrame) -> pd.DataFrame:
    """Return a series with one empty moment in every stretch without values, so that no line is drawn across it."""
    apart = drawn.index.to_series().diff()
    step = apart.median()
    before = np.flatnonzero((apart > STEPS_APART * step).to_numpy()) - 1
    return drawn.reindex(drawn.index.union(drawn.index[before] + step)) if len(before) else drawn


def _hydrograph_window(times: pd.Series) -> tuple[NDArray[np.intp], str]:
    """Choose the last whole water year (October to September) where the series is about daily, else the last rows."""
    last = times.iloc[-1]
    for year in range(last.year + 1, last.year - 3, -1):
        inside = ((times >= pd.Timestamp(year - 1, 10, 1)) & (times < pd.Timestamp(year, 10, 1))).to_numpy()
        if 300 <= int(inside.sum()) <= 370:
            return np.flatnonzero(inside), f"water year {year}"
    count = min(len(times), MAX_TIMES)
    return np.arange(len(times) - count, len(times)), f"the last {count:,} rows"


def _confusion_counts(run: TrainingRun, rows: NDArray[np.intp], predictions: NDArray[Any]) -> ConfusionCounts:
    observed, labels = run.table.target[rows], list(run.table.labels)
    kept = np.arange(len(labels))
    if len(labels) > MAX_LABELS:
        common = np.bincount(run.table.target, minlength=len(labels)).argsort()[::-1][: MAX_LABELS - 1]
        place = np.full(len(labels), MAX_LABELS - 1)
        place[np.sort(common)] = np.arange(MAX_LABELS - 1)
        labels = [labels[position] for position in np.sort(common)] + ["all others"]
        kept = place
        run.notes.append(
            f"The confusion matrix shows the {MAX_LABELS - 1} most common classes and all others together."
        )
    counts = np.zeros((len(labels), len(labels)), dtype=int)
    np.add.at(counts, (kept[observed], kept[predictions]), 1)
    return ConfusionCounts(labels=tuple(labels), counts=tuple(tuple(line) for line in counts.tolist()))


def _class_curves(
    run: TrainingRun, parts: list[PartResult]
) -> tuple[tuple[RocCurve, ...], tuple[PrecisionRecallCurve, ...]]:
    from sklearn import metrics

    if any(part.predictions.scores is None for part in parts) or len(run.table.labels) > MAX_CURVES:
        return (), ()
    names = np.asarray(run.table.labels, dtype=object)
    rows = np.concatenate([part.rows for part in parts])
    scores = np.concatenate([part.predictions.scores for part in parts if part.predictions.scores is not None])
    judged = MetricInput(names[run.table.target[rows]], None, scores, run.table.labels)
    roc, pr = [], []
    for label, is_class, score in one_against_rest(judged):
        fpr, tpr, _ = metrics.roc_curve(is_class, score)
        precision, recall, _ = metrics.precision_recall_curve(is_class, score)
        false, true = _thin_curve(fpr, tpr)
        roc.append(RocCurve(label=label, fpr=false, tpr=true, auc=finite_or_none(metrics.auc(fpr, tpr))))
        area = finite_or_none(metrics.average_precision_score(is_class, score))
        across, up = _thin_curve(recall[::-1], precision[::-1])
        pr.append(PrecisionRecallCurve(label=label, recall=across, precision=up, ap=area))
    return tuple(roc), tuple(pr)


def _thin_curve(across: NDArray[Any], up: NDArray[Any]) -> tuple[Series, Series]:
    count = len(across)
    kept = np.unique(np.linspace(0, count - 1, min(count, 120)).round().astype(int))
    return round_values(across[kept]), round_values(up[kept])
