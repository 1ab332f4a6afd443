"""The scatter chart of predicted against observed values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.domain.text.numbers import format_number
from app.domain.training.report.chart_series import ScatterSeries
from app.web.charts import scales
from app.web.charts.chart_numbers import Numbers, add_unit, thin_rows
from app.web.charts.scales import Tick


@dataclass(frozen=True)
class Scatter:
    """Points over one scale for both axes, so that the diagonal is equality."""

    sentence: str
    note: str
    x_title: str
    y_title: str
    x: tuple[Tick, ...]
    y: tuple[Tick, ...]
    points: tuple[tuple[float, float], ...]
    numbers: Numbers
    data: dict[str, Any]


def build(values: ScatterSeries | None, *, target: str, unit: str = "") -> Scatter | None:
    """Return the scatter of a report, or None where no row has both values."""
    if not values:
        return None
    pairs = [
        (row[0], two[0])
        for seen, value in zip(values.observed, values.predicted, strict=True)
        if (row := scales.known_values([seen])) and (two := scales.known_values([value]))
    ]
    if not pairs:
        return None
    log = values.log and all(seen > 0 for seen, _value in pairs)
    # One estimate near zero must not stretch a logarithmic axis over ten powers.
    least = min(seen for seen, _value in pairs) / 3
    seen, predicted = zip(*pairs, strict=True)
    positive = [max(value, least) for value in (*seen, *predicted)]
    scale = scales.logarithmic_scale(positive) if log else scales.amount_scale(seen, predicted)
    marks = scales.scale_ticks(scale)
    upwards = scales.axis_title(add_unit(f"Predicted {target}", unit), scale)
    return Scatter(
        sentence=_sentence(pairs, target),
        note=_note(values, pairs, scale, log=log),
        x_title=scales.axis_title(add_unit("Observed", unit), scale),
        y_title=upwards,
        x=marks,
        y=tuple(Tick(round(100 - tick.position, 2), tick.label) for tick in marks),
        points=tuple(
            (scales.to_percent(scale.share(seen)), scales.to_percent(1 - scale.share(value))) for seen, value in pairs
        ),
        numbers=_numbers(pairs),
        data={
            "kind": "scatter",
            "title": f"{upwards} against observed",
            "ticks": scales.values_of(scale, marks),
            "points": pairs,
            "low": scale.low,
            "high": scale.high,
            "log": log,
        },
    )


def _note(values: ScatterSeries, pairs: list[tuple[float, float]], scale: scales.Scale, *, log: bool) -> str:
    view, total = len(pairs), values.rows_total or len(pairs)
    text = f"{view:,} of {total:,} rows" if view < total else f"All {total:,} rows"
    if not log:
        return f"{text}. The dashed line is equality."
    edge = sum(value < scale.low for _seen, value in pairs)
    below = f" {edge:,} predictions below the axis are drawn at its edge." if edge else ""
    return f"{text}, both axes logarithmic. The dashed line is equality.{below}"


def _sentence(pairs: list[tuple[float, float]], target: str) -> str:
    errors = sorted(abs(value - seen) for seen, value in pairs)
    above = sum(value > seen for seen, value in pairs)
    return (
        f"Predicted against observed {target} for {len(pairs):,} rows. Half of the predictions lie within "
        f"{format_number(errors[len(errors) // 2], 2)} of what was observed, nine in ten within "
        f"{format_number(errors[min(len(errors) * 9 // 10, len(errors) - 1)], 2)}; "
        f"{100 * above / len(pairs):.0f} % are too high."
    )


def _numbers(pairs: list[tuple[float, float]]) -> Numbers:
    ordered = sorted(pairs)
    rows, which = thin_rows(
        [(format_number(seen), format_number(value), format_number(value - seen)) for seen, value in ordered]
    )
    return Numbers(f"{which} In order of what was observed.", ("Observed", "Predicted", "Difference"), rows, words=0)
