"""Axes of amounts: zero is lettered, nothing lies outside, and precipitation has a scale of its own."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from app.domain.json_values import from_json
from app.domain.training.report.chart_series import HydrographSeries, ScatterSeries
from app.web.charts import hydrograph, points, scales
from tests.web.test_charts import ODD

RIVER = {
    "title": "water year 2016",
    "times": [f"2016-01-{day:02}" for day in range(1, 5)],
    "observed": [0.2, 48.0, 12.0, 3.0],
    "predicted": [-0.8, 31.0, 10.0, 4.0],
    "rain": [0.0, 45.2, 3.0, 0.0],
    "rain_column": "prcp_mm",
}


def test_amounts_stand_on_zero_or_on_the_lowest_estimate_and_zero_is_lettered() -> None:
    chart = hydrograph.build(from_json(HydrographSeries, RIVER), target="discharge_mm", unit="mm")
    assert chart is not None
    assert (chart.data["low"], [label for _, label in chart.data["ticks"]]) == (
        -0.8,
        ["0", "10", "20", "30", "40", "50"],
    )
    assert [round(value, 1) for value, _ in chart.data["ticks"]] == [0, 10, 20, 30, 40, 50]
    assert [tick.label for tick in chart.y] == ["0", "10", "20", "30", "40", "50"]
    cloud = points.build(from_json(ScatterSeries, RIVER), target="discharge_mm", unit="mm")
    assert cloud is not None
    assert (cloud.data["low"], cloud.x[0].label) == (-0.8, "0")


@pytest.mark.parametrize(
    ("observed", "estimated", "low", "lettered"),
    [
        ([0.0, 9.0], [1.0, 8.0], 0, "0"),
        ([0.0, 9.0], [-4.0, 8.0], -4.0, "0"),
        ([-0.05, 9.0], [1.0, 8.0], -0.05, "0"),
        ([-20.0, 30.0], [-10.0, 10.0], -20, "\u221220"),
        ([101.0, 104.0], [102.0, 103.0], 101, "101"),
        ([], [], 0, "0.0"),
    ],
)
def test_where_a_scale_of_amounts_begins(
    observed: list[float], estimated: list[float], low: float, lettered: str
) -> None:
    scale = scales.amount_scale(observed, estimated)
    assert scale.low == low
    assert scales.scale_ticks(scale)[0].label == lettered


@pytest.mark.parametrize("values", ODD.values(), ids=ODD.keys())
def test_a_scale_of_odd_amounts_holds_them_all(values: list[Any]) -> None:
    for scale in (scales.amount_scale(values, values), scales.amount_scale([0.0, 1.0], values)):
        assert math.isfinite(scale.high - scale.low)
        assert scale.low < scale.high
        assert all(0 <= tick.position <= 100 for tick in scales.scale_ticks(scale))
        json.dumps(scales.values_of(scale, scales.scale_ticks(scale)), allow_nan=False)


def test_precipitation_has_a_scale_and_a_unit() -> None:
    chart = hydrograph.build(from_json(HydrographSeries, RIVER), target="discharge_mm", unit="mm")
    assert chart is not None
    assert [(tick.position, tick.label) for tick in chart.rain_ticks] == [(0, "0"), (11, "25"), (22, "50")]
    assert chart.rain_note == "prcp_mm (mm) from above, at most 45.2 mm"
    assert [label for _, label in chart.data["rainTicks"]] == ["0", "25", "50"]
    dry = hydrograph.build(
        from_json(HydrographSeries, {**RIVER, "rain": None, "rain_column": None}), target="discharge_mm"
    )
    assert dry is not None
    assert (dry.rain_ticks, dry.rain_note, dry.data["rainTicks"]) == ((), "", [])


def test_ticks_of_a_logarithmic_scale_keep_their_values() -> None:
    scale = scales.logarithmic_scale([0.1, 1000.0])
    for value, label in scales.values_of(scale, scales.scale_ticks(scale)):
        assert value == pytest.approx(float(label.replace(",", "")), rel=0.02)
