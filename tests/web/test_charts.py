"""The drawing values stay within the picture whatever a report holds."""

from __future__ import annotations

import json
import math
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from app.domain.json_values import from_json
from app.domain.text.numbers import format_number, format_score
from app.domain.training.report.chart_series import (
    ConfusionCounts,
    HydrographSeries,
    ImportanceSeries,
    PrecisionRecallCurve,
    ResidualSeries,
    RocCurve,
    ScatterSeries,
)
from app.domain.training.report.document import FoldRows, MetricInfo, Report, SplitSummary
from app.web import filters
from app.web.charts import (
    chart_numbers,
    classes,
    facts,
    hydrograph,
    listing,
    paths,
    points,
    ranking,
    residuals,
    result_page,
    scales,
    split,
    trials,
    waiting,
)
from tests.web import seeds

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


def test_a_split_of_hundreds_of_folds_shows_the_first() -> None:
    given = SplitSummary(
        strategy="leave_one_group_out",
        title="Groups",
        sentence="Whole.",
        misleads="",
        folds=tuple(FoldRows(fold=f"fold {position}", train_rows=9, validation_rows=1) for position in range(700)),
        picture=((("train", 0, 1),),) * 10,
    )
    chart = split.build(given)
    assert chart.note == "The first 10 of 700 folds."
    assert len(chart.numbers.rows) == 60


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, ""), (0, "0"), (-0.5, "−0.5"), (1234567.8, "1,234,568"), (2.5e12, "2,500,000,000,000"), (float("inf"), "")],
)
def test_a_page_and_a_chart_write_a_number_alike(value: float | None, text: str) -> None:
    assert format_number(value) == text
    assert filters.number(value) == (text or ("" if value is None else "not finite"))


def test_a_config_becomes_lines_of_keys_and_texts() -> None:
    lines, rest = listing.first_lines({'a "quoted"': "x: y", "n": [1, None]})
    assert ("k", '"a \\"quoted\\""') in lines[1]
    assert ("s", '"x: y"') in lines[1]
    assert rest == 0
    assert listing.first_lines({"n": list(range(900))})[1] > 0


def test_history_says_what_was_suggested() -> None:
    event = {
        "version": 2,
        "step": "data",
        "at": "2026-11-24T02:00:00",
        "changes": {"data.target": [{"absent": True}, "q"]},
    }
    change = facts.answer_history([event])[0]
    assert (change.answer, change.before, change.after, change.changed_at) == (
        "target",
        "as suggested",
        "q",
        "2026-11-24 02:00",
    )


def test_asking_again_takes_longer_the_older_the_job() -> None:
    assert [waiting.poll_seconds(age) for age in (0, 29, 31, 400)] == [1, 1, 2, 5]
    assert waiting.range_words(3, 6) == "3 to 6 s"
    assert waiting.range_words(90, 600) == "90 s to 10 min"
    assert waiting.range_words(0.2, 0.4) == "1 s"


@pytest.mark.parametrize("kind", ["regression", "multiclass"])
def test_every_macro_renders_what_training_reports(kind: str) -> None:
    report = json.loads(seeds.report_text(kind))
    made = result_page.build_result_page(Report.from_json(report), model_title="Ridge")
    folder = Path(__file__).resolve().parents[2] / "app" / "templates"
    environment = Environment(loader=FileSystemLoader(folder), undefined=StrictUndefined, autoescape=True)
    draw: Any = environment.get_template("macros/charts.html").module
    text = "".join(
        str(macro(chart))
        for macro, chart in (
            (draw.hydrograph, made.hydrograph),
            (draw.scatter, made.scatter),
            (draw.months, made.months),
            (draw.confusion, made.confusion),
            (draw.curves, made.roc),
            (draw.curves, made.precision_recall),
            (draw.ranking, made.ranking),
            (draw.split, made.split),
        )
        if chart is not None
    )
    assert "style=" not in text
    assert not re.search(r'="-?(nan|inf|None)', text)
    assert text.count('role="img"') >= 2


def test_tiles_hold_the_baseline_beside_every_score() -> None:
    report = json.loads(seeds.report_text("regression"))
    made = result_page.build_result_page(Report.from_json(report), model_title="Ridge")
    assert all("persistence" in tile.yardstick or "mean" in tile.yardstick for tile in made.tiles)
    assert [rival.is_model for rival in made.leaderboard.rivals] == [True, *[False] * len(report["baselines"])]
    report["scores"]["nse"].update(folds=[None] * 3, mean=None, std=None, holdout=None)
    empty = result_page.build_result_page(Report.from_json(report), model_title="Ridge")
    assert empty.tiles[0].value == "not defined"
    assert empty.leaderboard.rivals[0].dots == ()


@pytest.mark.parametrize("kept", [True, False], ids=["with its unit", "from before units were kept"])
def test_scores_and_axes_of_the_target_name_its_unit(kept: bool) -> None:
    report = json.loads(seeds.report_text("regression"))
    assert report["task"]["unit"] == "mm"
    if not kept:
        del report["task"]["unit"]
        report["metrics"] = [
            {**item, "unit": "" if item["in_target_units"] else item["unit"]} for item in report["metrics"]
        ]
    made = result_page.build_result_page(Report.from_json(report), model_title="Ridge")
    (tile,) = [item for item in made.tiles if item.title.startswith("RMSE")]
    assert (tile.unit, "in the unit of" in tile.yardstick) == ("mm", False)
    assert "RMSE (mm), hold-out" in made.leaderboard.other_metrics
    assert [table.unit for table in made.fold_tables if table.title == "RMSE"] == ["mm"]
    assert made.hydrograph is not None
    assert made.scatter is not None
    assert made.months is not None
    assert made.hydrograph.y_title == made.hydrograph.data["title"] == "flow_mm (mm)"
    assert (made.scatter.x_title, made.months.y_title) == ("Observed (mm)", "Predicted minus observed (mm)")


def test_a_unit_that_nobody_knows_is_that_of_the_target() -> None:
    report = json.loads(seeds.report_text("regression"))
    report["task"]["unit"] = ""
    report["metrics"] = [
        {**item, "unit": "" if item["in_target_units"] else item["unit"]} for item in report["metrics"]
    ]
    made = result_page.build_result_page(Report.from_json(report), model_title="Ridge")
    assert any("in the unit of flow_mm" in tile.yardstick for tile in made.tiles)
    assert made.leaderboard.other_metrics[0] == "RMSE, hold-out"


def folds_of_both_signs() -> dict[str, Any]:
    """Return a report without a hold-out whose errors in volume cancel in the mean over four folds."""
    report: dict[str, Any] = json.loads(seeds.report_text("regression"))
    report["headline"]["basis"] = "folds"
    report["split"]["holdout"] = None
    report["split"]["folds"] = [{**report["split"]["folds"][0], "fold": f"fold {place}"} for place in range(1, 5)]
    for scores in (report["scores"], *(entry["scores"] for entry in report["baselines"])):
        for metric in scores.values():
            metric.update(folds=(metric["folds"] * 4)[:4], holdout=None)
        scores["pbias"] = {"folds": [-45.0, 43.0, -30.0, 47.0], "mean": 3.75, "std": 47.9, "holdout": None}
        scores["pbias"]["mean_absolute"] = 41.25
    return report


def test_errors_of_both_signs_never_read_as_their_mean_alone() -> None:
    report = folds_of_both_signs()
    made = result_page.build_result_page(Report.from_json(report), model_title="Ridge")
    (tile,) = [tile for tile in made.tiles if tile.title.startswith("PBIAS")]
    assert (tile.title, tile.value) == ("PBIAS, mean absolute of 4 folds", "41.2")
    assert "signed mean 3.8 ± 47.9 over the folds" in tile.yardstick
    assert "PBIAS %, mean absolute of 4 folds" in made.leaderboard.other_metrics
    (table,) = [table for table in made.fold_tables if table.id == "pbias"]
    assert [row[:2] for row in table.rows[-2:]] == [("Mean ± spread", "3.8 ± 47.9"), ("Mean absolute, decides", "41.2")]
    report["metrics"].sort(key=lambda metric: metric["id"] != "pbias")
    made = result_page.build_result_page(Report.from_json({**report, "primary": "pbias"}), model_title="Ridge")
    (own, *_) = made.leaderboard.rivals
    assert (own.mean, own.spread) == ("41.2", "signed mean 3.8 ± 47.9")
    assert made.leaderboard.caption.startswith("PBIAS % is the mean absolute value over the folds")


def test_one_split_keeps_the_sign_of_its_error() -> None:
    report = folds_of_both_signs()
    report["split"]["folds"] = report["split"]["folds"][:1]
    for scores in (report["scores"], *(entry["scores"] for entry in report["baselines"])):
        scores["pbias"].update(folds=[-45.0], mean=-45.0, mean_absolute=45.0, std=None)
    made = result_page.build_result_page(Report.from_json(report), model_title="Ridge")
    (tile,) = [tile for tile in made.tiles if tile.title.startswith("PBIAS")]
    assert (tile.title, tile.value) == ("PBIAS, one split", "\u221245.0")


def test_the_spread_over_growing_folds_is_said_to_be_more_than_chance() -> None:
    report = folds_of_both_signs()
    report["split"]["parameters"]["window"] = "expanding"
    growing = "of which later ones train on more rows"
    made = result_page.build_result_page(Report.from_json(report), model_title="Ridge")
    with_spread = [tile for tile in made.tiles if "±" in tile.yardstick]
    assert with_spread
    assert all(growing in tile.yardstick for tile in with_spread)
    assert growing in made.leaderboard.caption
    assert all("Later folds train on more rows" in table.note for table in made.fold_tables)
    report["split"]["parameters"]["window"] = "rolling"
    rolling = result_page.build_result_page(Report.from_json(report), model_title="Ridge")
    assert growing not in rolling.leaderboard.caption
    assert not any(growing in tile.yardstick for tile in rolling.tiles)


def test_trials_are_judged_by_the_size_of_an_error_of_both_signs() -> None:
    scores = [(1, "complete", 41.25), (2, "complete", 12.5)]
    drawn = trials.build_trial_chart("pbias", scores, total=2)
    assert drawn is not None
    assert drawn.y_title == "Absolute PBIAS"
    assert drawn.sentence == "Absolute PBIAS of 2 trials; the best so far is 12.5."
