"""Charts for classifiers: confusion matrix, ROC and precision-recall curves."""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.training.report.chart_series import ConfusionCounts, PrecisionRecallCurve, RocCurve, Series
from app.web.charts import paths, scales
from app.web.charts.chart_numbers import Numbers, shorten_name, thin_rows
from app.web.charts.scales import Tick

STEPS = (0.05, 0.2, 0.4, 0.6, 0.8)
MAX_LINES = 5
UNIT = scales.Scale(0.0, 1.0)


@dataclass(frozen=True)
class ConfusionCell:
    """One cell of the matrix: a count, and the class of its shade."""

    text: str
    shade: str


@dataclass(frozen=True)
class ClassRow:
    """What became of the rows of one class."""

    label: str
    cells: tuple[ConfusionCell, ...]
    rows: str
    recall: str


@dataclass(frozen=True)
class Confusion:
    """The matrix: a line for each observed class, a column for each estimated one."""

    sentence: str
    heads: tuple[tuple[str, str], ...]
    lines: tuple[ClassRow, ...]
    upright: bool


@dataclass(frozen=True)
class Curve:
    """One class against the rest."""

    label: str
    area: str
    path: str
    series: int


@dataclass(frozen=True)
class Plot:
    """Curves that share one square; `chance` is the path of what guessing reaches."""

    sentence: str
    curves: tuple[Curve, ...]
    chance: str


@dataclass(frozen=True)
class Curves:
    """ROC or precision against recall; past five classes each has a plot of its own."""

    x_title: str
    y_title: str
    area_name: str
    x: tuple[Tick, ...]
    y: tuple[Tick, ...]
    plots: tuple[Plot, ...]
    numbers: Numbers


def shade_class(share: float, *, right: bool) -> str:
    """Return the class of a shade: water for what is right, ochre for what is not."""
    step = sum(share >= edge for edge in STEPS)
    return "z0" if step == 0 else f"{'n' if right else 'p'}{step}"


def build_confusion(values: ConfusionCounts | None) -> Confusion | None:
    """Return the matrix of a report, or None where nothing was counted."""
    if not values or not values.labels:
        return None
    labels, counts = values.labels, values.counts
    total = sum(map(sum, counts))
    right = sum(counts[position][position] for position in range(len(labels)))
    wrong = max(
        ((counts[a][b], a, b) for a in range(len(labels)) for b in range(len(labels)) if a != b), default=(0, 0, 0)
    )
    worst = f" Most often {labels[wrong[1]]} is taken for {labels[wrong[2]]}: {wrong[0]:,} times." if wrong[0] else ""
    share = f", {100 * right / total:.1f} %" if total else ""
    most, common = max((sum(row), label) for label, row in zip(labels, counts, strict=True))
    guess = f"; always saying {common} would be right on {most:,}, {100 * most / total:.1f} %" if total else ""
    return Confusion(
        sentence=f"{right:,} of {total:,} rows are right{share}{guess}.{worst}",
        heads=tuple((shorten_name(label), label) for label in labels),
        lines=tuple(
            _class_row(label, row, index) for index, (label, row) in enumerate(zip(labels, counts, strict=True))
        ),
        upright=len(labels) <= MAX_LINES,
    )


def _class_row(label: str, row: tuple[int, ...], position: int) -> ClassRow:
    rows = sum(row)
    return ClassRow(
        label=label,
        cells=tuple(
            ConfusionCell(f"{count:,}", shade_class(count / rows if rows else 0.0, right=place == position))
            for place, count in enumerate(row)
        ),
        rows=f"{rows:,}",
        recall=f"{100 * row[position] / rows:.0f} %" if rows else "",
    )


@dataclass(frozen=True)
class _Points:
    """The points of one class: from left to right, upwards, and the area below them."""

    label: str
    across: Series
    up: Series
    area: float | None


def build_roc_curves(curves: tuple[RocCurve, ...] | None) -> Curves | None:
    """Return the ROC curves, or None."""
    return _build_curves(
        [_Points(curve.label, curve.fpr, curve.tpr, curve.auc) for curve in curves or ()],
        titles=("False alarms, share of the other rows", "Found, share of the class", "AUC"),
    )


def precision_recall(curves: tuple[PrecisionRecallCurve, ...] | None) -> Curves | None:
    """Return the curves of precision against recall, or None."""
    return _build_curves(
        [_Points(curve.label, curve.recall, curve.precision, curve.ap) for curve in curves or ()],
        titles=("Found, share of the class", "Precision, right when it says so", "AP"),
        ends_at_share=True,
    )


def _build_curves(curves: list[_Points], *, titles: tuple[str, str, str], ends_at_share: bool = False) -> Curves | None:
    if not curves:
        return None
    groups = [curves] if len(curves) <= MAX_LINES else [[curve] for curve in curves]
    marks = tuple(Tick(100.0 * position / 4, f"{position / 4:g}") for position in range(5))
    return Curves(
        x_title=titles[0],
        y_title=titles[1],
        area_name=titles[2],
        x=marks,
        y=tuple(Tick(100.0 - tick.position, tick.label) for tick in marks),
        plots=tuple(_build_plot(group, titles, ends_at_share=ends_at_share) for group in groups),
        numbers=_numbers(curves, titles),
    )


def _format_area(value: float | None) -> str:
    return "not defined" if value is None else f"{value:.2f}"


def _build_plot(group: list[_Points], titles: tuple[str, str, str], *, ends_at_share: bool) -> Plot:
    drawn = []
    for place, item in enumerate(group, start=1):
        pairs = [(x, y) for x, y in zip(item.across, item.up, strict=True) if x is not None]
        path = paths.line([(UNIT.share(x), None if y is None else UNIT.share(y)) for x, y in pairs])
        drawn.append(Curve(item.label, _format_area(item.area), path, place))
    words = "; ".join(f"{shorten_name(curve.label, 40)} {curve.area}" for curve in drawn)
    chance = "M0 1000L1000 0"
    if ends_at_share:
        # Where everything is said to be of the class, precision is the share of the class: what guessing reaches.
        last = scales.known_values(group[0].up[-1:])
        chance = paths.line([(0.0, last[0]), (1.0, last[0])]) if last and len(group) == 1 else ""
    return Plot(f"{titles[1]} against {titles[0].lower()}. {titles[2]}: {words}.", tuple(drawn), chance)


def _numbers(curves: list[_Points], titles: tuple[str, str, str]) -> Numbers:
    def format_share(value: float | None) -> str:
        return "" if value is None else f"{value:.3f}"

    lines = [
        (curve.label, format_share(x), format_share(y))
        for curve in curves
        for x, y in zip(curve.across, curve.up, strict=True)
    ]
    rows, which = thin_rows(lines, noun="points")
    return Numbers(which, ("Class", titles[0], titles[1]), rows)
