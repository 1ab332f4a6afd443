"""Gallery examples of report charts and split pictures, drawn from small series."""

from __future__ import annotations

import math
from datetime import date, timedelta

from markupsafe import Markup

from app.dev.example import Example, macro_example
from app.domain.training.report import chart_series as series
from app.domain.training.report.document import FoldRows, SplitSummary
from app.domain.training.validation.split_picture import split_stripes
from app.domain.vocabulary import SplitStrategy
from app.web.charts import classes, hydrograph, listing, points, ranking, residuals, scales, split, trials

DAYS = tuple(range(120))
TIMES = tuple((date(2021, 10, 1) + timedelta(days=day)).isoformat() for day in DAYS)
OBSERVED = tuple(round(2 + math.sin(day / 9) + 6 * math.exp(-((day - 60) ** 2) / 40), 3) for day in DAYS)
PREDICTED = tuple(round(0.9 * value + 0.15 * math.cos(day), 3) for day, value in zip(DAYS, OBSERVED, strict=True))
RAIN = tuple(float(max(0, 9 - abs(day % 20 - 5) * 3)) for day in DAYS)
TICKS = scales.scale_ticks(scales.linear_scale([0.0, 40.0]))
TARGET, UNIT = "discharge_mm", "mm"
LINE = Markup('<path class="est" d="M0 1000L400 300L1000 600"/>')
PICTURE = split_stripes(SplitStrategy.TIME_SERIES, {"n_splits": 4, "gap": 30}, holdout=0.2)


def examples() -> list[Example]:
    """Return the examples of `charts` and `splits`."""
    return [*_over_time(), *_of_values(), *_of_classes(), *_parts(), *_splits()]


def _flow_chart(*, rain: bool) -> hydrograph.Hydrograph | None:
    """Return a hydrograph of four months with one flood."""
    values = series.HydrographSeries(
        title="Winter 2021",
        times=TIMES,
        observed=OBSERVED,
        predicted=PREDICTED,
        rain=RAIN if rain else None,
        rain_column="rain_mm" if rain else None,
        rows_total=len(DAYS),
    )
    return hydrograph.build(values, target=TARGET, unit=UNIT)


def _over_time() -> list[Example]:
    scores = [
        (
            position + 1,
            "pruned" if position % 4 == 3 else "complete",
            round(0.9 - 0.5 / (position + 1) + 0.02 * (position % 3), 4),
        )
        for position in range(24)
    ]
    plain, rained = _flow_chart(rain=False), _flow_chart(rain=True)
    numbers = plain.numbers if plain else None
    return [
        macro_example("charts", "hydrograph", "without rain", chart=plain),
        macro_example("charts", "hydrograph", "with rain", chart=rained),
        macro_example("charts", "numbers", "of a hydrograph", table=numbers, label="the hydrograph", csv="/help"),
        macro_example("charts", "trials", "some given up", chart=trials.build_trial_chart("r2", scores, total=30)),
        macro_example("charts", "trials", "the first", chart=trials.build_trial_chart("r2", scores[:1], total=30)),
    ]


def _of_values() -> list[Example]:
    pairs = series.ScatterSeries(observed=OBSERVED, predicted=PREDICTED, rows_shown=120, rows_total=120)
    names = {"target": TARGET, "unit": UNIT}
    errors = tuple(round(b - a, 3) for a, b in zip(OBSERVED, PREDICTED, strict=True))
    edges = tuple(-1.2 + 0.2 * edge for edge in range(13))
    counts = tuple(sum(low <= error < low + 0.2 for error in errors) for low in edges[:-1])
    months = tuple(
        series.MonthQuantiles(
            month=month, q05=-1.0 - month / 20, q25=-0.4, q50=0.05, q75=0.5, q95=1.1 + month / 20, rows=60
        )
        for month in range(1, 13)
    )
    residual = series.ResidualSeries(
        predicted=PREDICTED,
        residual=errors,
        histogram=series.ResidualCounts(edges=edges, counts=counts),
        by_month=months,
    )
    losses = (("rain_lag_1", 0.42, 0.02), ("temperature", 0.11, 0.02), ("sunlight", 0.01, 0.03), ("wind", -0.02, 0.01))
    importance = series.ImportanceSeries(
        metric="r2",
        repeats=5,
        basis="hold-out",
        rows=730,
        items=tuple(series.FeatureLoss(feature=name, mean=mean, std=std) for name, mean, std in losses),
    )
    return [
        macro_example("charts", "scatter", "linear axes", chart=points.build(pairs, **names)),
        macro_example("charts", "months", "twelve months", chart=residuals.build_month_boxes(residual, **names)),
        macro_example("charts", "histogram", "residuals", chart=residuals.build_histogram(residual, **names)),
        macro_example("charts", "ranking", "noise and a negative", chart=ranking.build(importance)),
        macro_example("charts", "dots", "five folds", places=[12, 40, 44, 61, 90]),
    ]


def _of_classes() -> list[Example]:
    names = ("low", "middle", "flood")
    few = series.ConfusionCounts(labels=names, counts=((80, 12, 0), (9, 70, 6), (1, 5, 17)))
    many = series.ConfusionCounts(
        labels=tuple(f"class of flow regime number {position}" for position in range(7)),
        counts=tuple(tuple(30 if a == b else (a + b) % 4 for b in range(7)) for a in range(7)),
    )
    rising = (0.0, 0.1, 0.3, 0.6, 1.0)
    bends = tuple(
        series.RocCurve(
            label=name, fpr=rising, tpr=tuple(value ** (0.3 + index / 5) for value in rising), auc=0.9 - index / 10
        )
        for index, name in enumerate(names)
    )
    falling = series.PrecisionRecallCurve(label="flood", recall=rising, precision=(1, 0.9, 0.8, 0.5, 0.2), ap=0.71)
    return [
        macro_example("charts", "confusion", "three classes", chart=classes.build_confusion(few)),
        macro_example("charts", "confusion", "many classes", chart=classes.build_confusion(many)),
        macro_example("charts", "curves", "three classes", chart=classes.build_roc_curves(bends)),
        macro_example("charts", "curves", "precision and recall", chart=classes.precision_recall((falling,))),
    ]


def _parts() -> list[Example]:
    upwards = tuple(scales.Tick(100 - tick.position, tick.label) for tick in TICKS)
    config, _more = listing.first_lines({"task": {"target": TARGET, "horizon": 1}, "seed": 7, "tags": ["flood"]})
    return [
        macro_example("charts", "y_axis", "with a title", frame="svg", ticks=upwards, title="discharge_mm"),
        macro_example("charts", "x_axis", "with a title", frame="svg", ticks=TICKS, title="Predicted"),
        macro_example("charts", "x_axis", "no marks", frame="svg", ticks=TICKS, anchor="start", marks=False),
        macro_example("charts", "stretched", "a line", frame="svg", body=LINE),
        macro_example("charts", "listing", "a config", frame="lines", lines=config),
    ]


def _splits() -> list[Example]:
    folds = tuple(
        FoldRows(fold=f"Fold {position}", train_rows=position * 500, validation_rows=500) for position in range(1, 5)
    )
    summary = SplitSummary(
        strategy="time_series",
        title="Time series",
        sentence="Each fold trains on what came before it.",
        misleads="",
        folds=folds,
        holdout=FoldRows(fold="Hold-out", train_rows=2500, validation_rows=625),
        picture=tuple(tuple(line) for line in PICTURE),
        marks=((0.0, "1990-10-01"), (1.0, "2000-09-30")),
    )
    stripes = split_stripes(SplitStrategy.K_FOLD, {"n_splits": 3, "shuffle": True})
    return [
        macro_example("charts", "split", "with a hold-out", chart=split.build(summary)),
        macro_example("charts", "split_table", "four folds", numbers=split.build(summary).numbers),
        macro_example("splits", "small", "time series", lines=PICTURE),
        macro_example("splits", "large", "time series", lines=PICTURE, label="Time series: four folds"),
        macro_example("splits", "large", "shuffled", lines=stripes, label="K-fold: three folds"),
        macro_example("splits", "legend", "without a hold-out", has_holdout=False),
        macro_example("splits", "legend", "with a hold-out", has_holdout=True),
    ]
