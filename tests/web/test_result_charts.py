"""What a result page draws, and what it writes beside."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from app.domain.text.numbers import format_number
from app.domain.training.report.document import FoldRows, Report, SplitSummary
from app.web import filters
from app.web.charts import (
    facts,
    listing,
    result_page,
    split,
    trials,
    waiting,
)
from tests.web import seeds


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
