"""The hydrograph: what was observed in ink, the estimate over it, precipitation from above."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.web.charts import paths, scales
from app.web.charts.scales import Tick
from app.web.charts.words import Numbers, figure, thin, with_unit

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
    numbers: Numbers
    data: dict[str, Any]


def build(values: dict[str, Any] | None, *, target: str, unit: str = "") -> Hydrograph | None:
    """Return the hydrograph of a report, or None where there is nothing to draw."""
    if not values:
        return None
    rows = _rows(values)
    if not rows:
        return None
    start, end = rows[0][0], rows[-1][0]
    values_shown = scales.known(value for row in rows for value in row[1:3])
    # Flow stands on zero; a groundwater head far from it would only be squeezed.
    lowest, highest = min(values_shown, default=0.0), max(values_shown, default=0.0)
    scale = scales.linear(values_shown, from_zero=0 <= lowest <= highest / 2)
    rain_values = scales.known(row[3] for row in rows)
    longest = max(rain_values, default=0.0)
    height = BELOW_RAIN if longest > 0 else 1.0
    places = [scales.time_share(start, end, row[0]) for row in rows]

    def drawn(column: int) -> str:
        found = [scales.known([row[column]]) for row in rows]
        return paths.line(
            [(x, scale.share(one[0]) * height if one else None) for x, one in zip(places, found, strict=True)]
        )

    bars = [(x, row[3] / longest * RAIN_HEIGHT) for x, row in zip(places, rows, strict=True) if longest and row[3]]
    rain_name = str(values.get("rain_column") or "")
    return Hydrograph(
        title=str(values.get("title") or ""),
        sentence=_sentence(rows, target),
        y_title=scales.titled(with_unit(target, unit), scale),
        x=scales.time_ticks(start, end),
        y=tuple(Tick(round(100 - tick.at * height, 2), tick.label) for tick in scales.ticks(scale)),
        observed=drawn(1),
        estimated=drawn(2),
        rain=paths.hanging_bars(bars, 0.8 / len(rows)),
        rain_name=rain_name,
        rain_note=f"{rain_name} hangs from above; longest bar {figure(longest, 3)}" if bars else "",
        numbers=_numbers(values, rain_name),
        data={**_data(values, with_unit(target, unit), rain_name), "low": scale.low},
    )


def _data(values: dict[str, Any], target: str, rain_name: str) -> dict[str, Any]:
    """Return what the script draws from, where there is one."""
    return {
        "kind": "hydrograph",
        "target": target,
        "times": values["times"],
        "observed": values["observed"],
        "estimated": values["predicted"],
        "rain": values.get("rain"),
        "rainName": rain_name,
    }


def _rows(values: dict[str, Any]) -> list[tuple[Any, Any, Any, Any]]:
    rain = values.get("rain") or [None] * len(values["times"])
    rows = zip(values["times"], values["observed"], values["predicted"], rain, strict=True)
    placed = [(scales.moment(time), *rest) for time, *rest in rows]
    return sorted((row for row in placed if row[0] is not None), key=lambda row: row[0])


def _sentence(rows: list[tuple[Any, Any, Any, Any]], target: str) -> str:
    span = f"{rows[0][0]:%Y-%m-%d} to {rows[-1][0]:%Y-%m-%d}"
    pairs = [row for row in rows if row[1] is not None and row[2] is not None]
    if not pairs:
        return f"Observed and estimated {target}, {span}. No row has both."
    peak = max(pairs, key=lambda row: row[1])
    inside = sorted(abs(row[2] - row[1]) for row in pairs)[len(pairs) // 2]
    return (
        f"Observed and estimated {target}, {span}. The highest observed value is {figure(peak[1], 3)} on "
        f"{peak[0]:%Y-%m-%d}, where the estimate is {figure(peak[2], 3)}; half of the estimates lie within "
        f"{figure(inside, 2)} of what was observed."
    )


def _numbers(values: dict[str, Any], rain_name: str) -> Numbers:
    names = ["observed", "predicted", *(["rain"] if rain_name else [])]
    columns = [[figure(value) for value in values[name]] for name in names]
    rows, which = thin(
        [(str(time or "").replace("T", " "), *rest) for time, *rest in zip(values["times"], *columns, strict=True)]
    )
    return Numbers(which, ("Time", "Observed", "Estimated", *([rain_name] if rain_name else [])), rows)
