"""The hydrograph chart: observed, predicted and precipitation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.domain.analysis.profiling.units import unit_of
from app.domain.text.numbers import format_number
from app.domain.training.report.chart_series import HydrographSeries
from app.web.charts import paths, scales
from app.web.charts.chart_numbers import Numbers, add_unit, thin_rows
from app.web.charts.scales import Tick

# The share of the height that the lines take where precipitation hangs from above.
BELOW_RAIN = 0.8
RAIN_HEIGHT = 0.22


@dataclass(frozen=True)
class Hydrograph:
    """A hydrograph, ready to draw."""

    title: str
    sentence: str
    y_title: str
    x: tuple[Tick, ...]
    y: tuple[Tick, ...]
    observed: str
    estimated: str
    rain: str
    rain_name: str
    rain_note: str
    rain_ticks: tuple[Tick, ...]
    numbers: Numbers
    data: dict[str, Any]


def build(values: HydrographSeries | None, *, target: str, unit: str = "") -> Hydrograph | None:
    """Return the hydrograph of a report, or None where there is nothing to draw."""
    if not values:
        return None
    if not (rows := _rows(values)):
        return None
    start, end = rows[0][0], rows[-1][0]
    scale = scales.amount_scale([row[1] for row in rows], [row[2] for row in rows])
    marks = scales.scale_ticks(scale)
    hanging = _rain_scale([row[3] for row in rows], rain_name := values.rain_column or "")
    height = BELOW_RAIN if hanging.longest > 0 else 1.0
    places = [scales.time_share(start, end, row[0]) for row in rows]

    def drawn(column: int) -> str:
        results = [scales.known_values([row[column]]) for row in rows]
        return paths.line(
            [(x, scale.share(item[0]) * height if item else None) for x, item in zip(places, results, strict=True)]
        )

    return Hydrograph(
        title=values.title,
        sentence=_sentence(rows, target),
        y_title=scales.axis_title(add_unit(target, unit), scale),
        x=scales.time_ticks(start, end),
        y=tuple(Tick(round(100 - tick.position * height, 2), tick.label) for tick in marks),
        observed=drawn(1),
        estimated=drawn(2),
        rain=paths.hanging_bars(hanging.bars(places, [row[3] for row in rows]), 0.8 / len(rows)),
        rain_name=rain_name,
        rain_note=hanging.note,
        rain_ticks=tuple(Tick(round(tick.position * RAIN_HEIGHT, 2), tick.label) for tick in hanging.marks),
        numbers=_numbers(values, rain_name),
        data={
            **_script_data(values, scales.axis_title(add_unit(target, unit), scale), rain_name),
            "low": scale.low,
            "high": scale.low + (scale.high - scale.low) / height,
            "ticks": scales.values_of(scale, marks),
            **hanging.data(),
        },
    )


@dataclass(frozen=True)
class _RainScale:
    """The scale of precipitation, which hangs from above."""

    longest: float
    scale: scales.Scale
    marks: tuple[Tick, ...]
    note: str

    def bars(self, places: list[float], values: list[Any]) -> list[tuple[float, float]]:
        """Return where each bar hangs and how far down it comes."""
        if self.longest <= 0:
            return []
        pairs = zip(places, values, strict=True)
        return [(x, value / self.scale.high * RAIN_HEIGHT) for x, value in pairs if value]

    def data(self) -> dict[str, Any]:
        """Return the data that the script needs."""
        return {
            "rainNote": self.note,
            "rainMost": self.scale.high / RAIN_HEIGHT,
            "rainTicks": scales.values_of(self.scale, self.marks),
        }


def _rain_scale(values: list[Any], name: str) -> _RainScale:
    longest = max(scales.known_values(values), default=0.0)
    scale = scales.linear_scale([longest], from_zero=True, most=2)
    if longest <= 0:
        return _RainScale(0.0, scale, (), "")
    unit = unit_of(name)
    amount = f"{format_number(longest, 3)} {unit}".strip()
    title = scales.axis_title(add_unit(name, unit), scale)
    return _RainScale(longest, scale, scales.scale_ticks(scale, most=2), f"{title} from above, at most {amount}")


def _script_data(values: HydrographSeries, title: str, rain_name: str) -> dict[str, Any]:
    """Return the data that the script draws from, where there is one."""
    return {
        "kind": "hydrograph",
        "title": title,
        "times": values.times,
        "observed": values.observed,
        "estimated": values.predicted,
        "rain": values.rain,
        "rainName": rain_name,
    }


def _rows(values: HydrographSeries) -> list[tuple[Any, Any, Any, Any]]:
    rain = values.rain or (None,) * len(values.times)
    rows = zip(map(scales.parse_moment, values.times), values.observed, values.predicted, rain, strict=True)
    return sorted((row for row in rows if row[0] is not None), key=lambda row: row[0])


def _sentence(rows: list[tuple[Any, Any, Any, Any]], target: str) -> str:
    span = f"{rows[0][0]:%Y-%m-%d} to {rows[-1][0]:%Y-%m-%d}"
    pairs = [row for row in rows if row[1] is not None and row[2] is not None]
    if not pairs:
        return f"Observed and predicted {target}, {span}. No row has both."
    peak = max(pairs, key=lambda row: row[1])
    inside = sorted(abs(row[2] - row[1]) for row in pairs)[len(pairs) // 2]
    return (
        f"Observed and predicted {target}, {span}. The highest observed value is {format_number(peak[1], 3)} on "
        f"{peak[0]:%Y-%m-%d}, where the prediction is {format_number(peak[2], 3)}; half of the predictions lie within "
        f"{format_number(inside, 2)} of what was observed."
    )


def _numbers(values: HydrographSeries, rain_name: str) -> Numbers:
    series = (values.observed, values.predicted, *([values.rain or ()] if rain_name else []))
    columns = [[format_number(value) for value in numbers] for numbers in series]
    rows, which = thin_rows(
        [(str(time or "").replace("T", " "), *rest) for time, *rest in zip(values.times, *columns, strict=True)]
    )
    return Numbers(which, ("Time", "Observed", "Predicted", *([rain_name] if rain_name else [])), rows)
