"""The drawing values stay within the picture whatever a report holds."""

from __future__ import annotations

import json
import math
import re
from datetime import datetime, timedelta
from typing import Any

import pytest

from app.domain.json_values import from_json
from app.domain.text.numbers import format_score
from app.domain.training.report.chart_series import (
    ConfusionCounts,
    HydrographSeries,
    ImportanceSeries,
    PrecisionRecallCurve,
    ResidualSeries,
    RocCurve,
    ScatterSeries,
)
from app.domain.training.report.document import MetricInfo
from app.web.charts import (
    chart_numbers,
    classes,
    hydrograph,
    paths,
    points,
    ranking,
    residuals,
    scales,
)

ODD: dict[str, list[Any]] = {
    "nothing": [],
    "only unknown": [None, None],
    "one": [3.0],
    "constant": [7.5] * 9,
    "constant zero": [0.0] * 4,
    "negative": [-8.0, -2.0, -5.0],
    "huge": [1e300, -1e300],
    "beyond": [1.7e308, -1.7e308],
    "tiny": [1e-12, 3e-12],
    "far from zero": [1e9, 1e9 + 3],
    "not told apart": [1e15, 1e15 + 0.125],
    "mixed": [None, 2, float("nan"), 5.5, float("inf"), True],
    "least": [5e-324, 0.0],
}


def coordinates(path: str) -> list[float]:
    return [float(text) for text in re.findall(r"-?\d+\.?\d*(?:e-?\d+)?", path)]


def metric_info(unit: str = "") -> MetricInfo:
    return MetricInfo(id="nse", title="NSE", unit=unit, in_target_units=False, greater_is_better=True, help="")


def test_a_metric_is_written_with_the_decimals_chosen_for_it() -> None:
    assert chart_numbers.MetricFormat(metric_info(), 3).write(0.9981) == "0.998"
    assert (
        chart_numbers.MetricFormat(metric_info(), chart_numbers.usual_decimals(metric_info())).write(0.9981) == "1.00"
    )


@pytest.mark.parametrize("values", ODD.values(), ids=ODD.keys())
@pytest.mark.parametrize("from_zero", [True, False])
def test_a_linear_scale_holds_all_its_values_and_has_ticks(values: list[Any], from_zero: bool) -> None:
    scale = scales.linear_scale(values, from_zero=from_zero)
    assert math.isfinite(scale.low)
    assert scale.low < scale.high
    for value in scales.known_values(values):
        assert 0.0 <= scale.share(value) <= 1.0
    ticks = scales.scale_ticks(scale, signed=True)
    assert 2 <= len(ticks) <= 21
    assert all(0 <= tick.position <= 100 and "-" not in tick.label for tick in ticks)
    assert len({tick.label for tick in ticks}) == len(ticks)
    assert [tick.position for tick in ticks] == sorted(tick.position for tick in ticks)


def test_the_lettering_of_large_values_leaves_out_a_power_and_the_title_says_which() -> None:
    scale = scales.linear_scale([0, 4_200_000])
    assert scales.axis_title("Flow", scale) == "Flow, × 10⁶"
    assert [tick.label for tick in scales.scale_ticks(scale)] == ["0", "1", "2", "3", "4", "5"]
    small = scales.linear_scale([0, 4.2e-7])
    assert scales.axis_title("Flow", small).startswith("Flow, × 10⁻⁹")


def test_steps_of_a_quarter_keep_their_decimals_and_minus_is_a_minus() -> None:
    labels = [tick.label for tick in scales.scale_ticks(scales.linear_scale([-0.5, 0.7]), signed=True)]
    assert labels == ["−0.50", "−0.25", "0.00", "+0.25", "+0.50", "+0.75"]


@pytest.mark.parametrize("values", [[0.1, 1, 10, 100], [3.0], [], [0, -1], [1e-300, 1e300], [2.0, 2.1], [40_000, 3e6]])
def test_a_logarithmic_scale_holds_its_positive_values(values: list[float]) -> None:
    scale = scales.logarithmic_scale(values)
    assert all(0 <= scale.share(value) <= 1 for value in values)
    ticks = scales.scale_ticks(scale)
    assert 1 <= len(ticks) <= 12
    assert all(0 <= tick.position <= 100 for tick in ticks)


@pytest.mark.parametrize(
    "span",
    [
        timedelta(seconds=3),
        timedelta(minutes=50),
        timedelta(hours=20),
        timedelta(days=3),
        timedelta(days=12),
        timedelta(days=45),
        timedelta(days=364),
        timedelta(days=365 * 4),
        timedelta(days=365 * 35),
        timedelta(days=365 * 900),
    ],
)
def test_time_has_few_round_ticks(span: timedelta) -> None:
    start = datetime.fromisoformat("1003-10-02T03:04:05")
    ticks = scales.time_ticks(start, start + span)
    assert 2 <= len(ticks) <= 14
    assert all(0 <= tick.position <= 100 for tick in ticks)
    assert sum(not tick.optional for tick in ticks) <= 7
    assert len({tick.position for tick in ticks}) == len(ticks)


def test_one_moment_is_one_tick() -> None:
    assert [tick.label for tick in scales.time_ticks(*[datetime.fromisoformat("2020-02-29")] * 2)] == ["2020-02-29"]
    assert scales.parse_moment("no time") is None
    assert scales.parse_moment(None) is None


def test_a_line_breaks_where_a_value_is_missing_and_a_lone_point_is_seen() -> None:
    assert paths.line([(0, 0), (0.5, None), (0.6, 0.5), (1, 1)]) == "M0.0 1000.0h2M600.0 500.0L1000.0 0.0"
    assert paths.line([]) == ""
    assert paths.hanging_bars([(0.5, 0.2), (0.6, 0.0)], 0.1) == "M450.0 0h100.0v200.0h-100.0z"


@pytest.mark.parametrize(("name", "values"), ODD.items())
def test_a_hydrograph_of_odd_values_stays_in_its_frame(name: str, values: list[Any]) -> None:
    times = [f"2001-01-{day:02d}" for day in range(1, len(values) + 1)]
    given = {"title": name, "times": times, "observed": values, "predicted": values[::-1], "rain": values}
    chart = hydrograph.build(from_json(HydrographSeries, {**given, "rain_column": "rain"}), target="flow")
    if not values:
        assert chart is None
        return
    assert chart is not None
    assert all(-0.1 <= value <= 1000.1 for value in coordinates(chart.observed + chart.estimated))
    assert chart.sentence.startswith("Observed and predicted flow")


def test_a_hydrograph_is_drawn_in_the_order_of_time() -> None:
    given = {"title": "", "times": ["2001-01-03", None, "2001-01-01"], "observed": [2, 9, 1], "predicted": [2, 9, 1]}
    chart = hydrograph.build(from_json(HydrographSeries, given), target="flow")
    assert chart is not None
    assert chart.observed.startswith("M0.0 ")
    assert "highest observed value is 2 on 2001-01-03" in chart.sentence
    assert chart.rain == chart.rain_note == ""


@pytest.mark.parametrize(
    ("observed", "low"), [([0.1, 3.0, 9.0], 0.0), ([79.1, 79.4, 79.9], 79.0), ([-3.0, -1.0, -2.0], -3.0)]
)
def test_flow_stands_on_zero_and_a_head_far_from_it_fills_the_frame(observed: list[float], low: float) -> None:
    times = ["2001-01-01", "2001-01-02", "2001-01-03"]
    given = {"title": "", "times": times, "observed": observed, "predicted": observed}
    chart = hydrograph.build(from_json(HydrographSeries, given), target="head")
    assert chart is not None
    # The drawn picture and the script's own stand on the same value.
    assert chart.data["low"] == low
    heights = coordinates(chart.observed)[1::2]
    assert max(heights) - min(heights) > 500


@pytest.mark.parametrize("value", [-0.0, -0.001, 0.001])
def test_what_rounds_to_zero_has_no_minus(value: float) -> None:
    assert format_score(value) == "0.00"
    assert (
        chart_numbers.MetricFormat(metric_info("%"), chart_numbers.usual_decimals(metric_info("%"))).write(value)
        == "0.0"
    )
    assert format_score(-0.006) == "\u22120.01"


@pytest.mark.parametrize("values", ODD.values(), ids=ODD.keys())
@pytest.mark.parametrize("log", [True, False])
def test_a_scatter_of_odd_values_stays_in_its_frame(values: list[Any], log: bool) -> None:
    given = {"observed": values, "predicted": values[::-1], "log": log, "rows_total": len(values)}
    chart = points.build(from_json(ScatterSeries, given), target="flow")
    if chart is not None:
        assert all(0 <= place <= 100 for point in chart.points for place in point)
        json.dumps(chart.data, allow_nan=False)


def test_an_estimate_below_a_logarithmic_axis_stands_at_its_edge_and_is_counted() -> None:
    given = ScatterSeries(observed=(1.0, 10.0), predicted=(-3.0, 9.0), log=True)
    chart = points.build(given, target="flow")
    assert chart is not None
    assert chart.points[0][1] == 100
    assert "1 predictions below the axis" in chart.note


def test_residuals_that_are_all_the_same_have_a_histogram_and_none_has_not() -> None:
    def given(edges: list[float], counts: list[int]) -> ResidualSeries:
        return from_json(ResidualSeries, {"histogram": {"edges": edges, "counts": counts}})

    chart = residuals.build_histogram(given([-0.5, 0.0, 0.5], [0, 12]), target="flow")
    assert chart is not None
    assert [bar.below for bar in chart.bars] == [True, False]
    assert residuals.build_histogram(given([0.0, 1.0], [0]), target="flow") is None
    assert residuals.build_histogram(given([3.0, 3.0], [4]), target="flow") is not None
    assert residuals.build_histogram(None, target="flow") is None


def test_months_without_quantiles_are_left_out() -> None:
    whole = {"q05": -1.0, "q25": -0.5, "q50": 0.0, "q75": 0.5, "q95": 2.0, "rows": 30}
    months = [{"month": 3, **whole}, {"month": 4, **whole, "q05": None}]
    chart = residuals.build_month_boxes(from_json(ResidualSeries, {"by_month": months}), target="flow")
    assert chart is not None
    assert [box.label for box in chart.boxes] == ["Mar"]
    assert residuals.build_month_boxes(ResidualSeries(), target="flow") is None


def test_forty_labels_are_cut_and_an_empty_class_has_no_share() -> None:
    labels = [f"a class with quite a long name, number {position}" for position in range(40)]
    counts = [[0] * 40 for _ in labels]
    counts[0][1] = 3
    chart = classes.build_confusion(from_json(ConfusionCounts, {"labels": labels, "counts": counts}))
    assert chart is not None
    assert not chart.upright
    assert all(len(cut) <= 26 for cut, _whole in chart.heads)
    assert chart.lines[5].recall == ""
    assert "0 of 3 rows are right" in chart.sentence
    assert classes.build_confusion(ConfusionCounts(labels=("only",), counts=((0,),))) is not None
    assert classes.build_confusion(None) is None


@pytest.mark.parametrize(("share", "right", "shade"), [(0.0, True, "z0"), (0.05, False, "p1"), (1.0, True, "n5")])
def test_shades(share: float, right: bool, shade: str) -> None:
    assert classes.shade_class(share, right=right) == shade


def test_six_classes_have_a_plot_each_and_an_unknown_area_is_said() -> None:
    line = (0.0, None, 1.0)
    chart = classes.build_roc_curves(
        tuple(RocCurve(label=str(position), fpr=line, tpr=line, auc=None) for position in range(6))
    )
    assert chart is not None
    assert len(chart.plots) == 6
    assert chart.plots[0].curves[0].area == "not defined"
    curve = PrecisionRecallCurve(label="a", recall=(0.0, 1.0), precision=(1.0, 0.25), ap=0.5)
    single = classes.precision_recall((curve,))
    assert single is not None
    assert single.plots[0].chance == "M0.0 750.0L1000.0 750.0"
    assert classes.build_roc_curves(None) is None


def test_a_ranking_knows_noise_and_losses_below_zero() -> None:
    items = [{"feature": "a", "mean": 2.0, "std": 0.1}, {"feature": "b", "mean": -0.5, "std": 0.0}]
    items += [{"feature": f"f{position}", "mean": 0.0, "std": 0.0} for position in range(40)]

    def ranked(items: list[dict[str, Any]]) -> ranking.ImportanceChart | None:
        given = {"metric": "nse", "basis": "hold-out", "repeats": 3, "rows": 9, "items": items}
        return ranking.build(from_json(ImportanceSeries, given))

    chart = ranked(items)
    assert chart is not None
    assert (chart.bars[0].text, chart.bars[0].width, chart.bars[0].noise) == ("2.000", 100, False)
    assert chart.bars[1].negative
    assert chart.hidden == 22
    zero = ranked(items[2:3])
    assert zero is not None
    assert zero.bars[0].width == 0
    assert ranked([]) is None


def test_a_ranking_says_how_old_a_late_column_is() -> None:
    items = [{"feature": "prcp_mm", "mean": 0.3, "std": 0.1, "steps_before": 3}, {"feature": "area", "mean": 0.1}]
    given = {"metric": "nse", "basis": "hold-out", "repeats": 3, "rows": 9, "items": items}
    chart = ranking.build(from_json(ImportanceSeries, given))
    assert chart is not None
    assert [bar.name for bar in chart.bars] == ["prcp_mm, 3 steps before", "area"]
    assert chart.numbers.rows[0][0] == "prcp_mm, 3 steps before"
