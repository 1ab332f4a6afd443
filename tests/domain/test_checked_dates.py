"""What dates, warm-up and water years cannot be is told at its field, with a button that puts it right."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from app.domain.checks.merging import merge_patch
from app.domain.checks.patching import patch_of
from app.domain.checks.rules import check_spec
from app.domain.checks.schema import read_config
from app.domain.experiment import Draft, Spec
from app.domain.recommendation.from_config import answers_of_config
from app.domain.recommendation.plan import Plan
from app.domain.recommendation.propose import make_plan
from app.domain.training.validation.holdout_share import holdout_share
from tests.domain.reading import known, mended, real_file, sample
from tests.domain.tables import made, make_spec, profile_of

RIVER = "piscataquis_01031500_daily.csv"
DATED = {"holdout_by": "date"}
LOOKS_BACK = [{"columns": ["prcp_mm"], "kind": "rolling_sum", "parameters": {"window": 2500}}]

# Answers of the Validation step: the field and code of the one error that follows.
WRONG: dict[str, tuple[dict[str, Any], str, str]] = {
    "no date": ({**DATED, "holdout_from": "1.10.2006"}, "holdout_from", "date_invalid"),
    "no such day": ({**DATED, "holdout_from": "2006-02-30"}, "holdout_from", "date_invalid"),
    "no last date": ({**DATED, "holdout_to": "soon"}, "holdout_to", "date_invalid"),
    "after the record": ({**DATED, "holdout_from": "2016-10-01"}, "holdout_from", "holdout_outside"),
    "before the record": ({**DATED, "holdout_from": "1970-10-01"}, "holdout_from", "nothing_to_train"),
    "all of the record": ({**DATED, "holdout_from": "1980-01-01"}, "holdout_from", "nothing_to_train"),
    "one day trains": ({**DATED, "holdout_from": "1980-01-02"}, "holdout_from", "nothing_to_train"),
    "gap fills what trains": (
        {**DATED, "holdout_from": "1980-02-01", "time_series.gap": "40"},
        "time_series.gap",
        "gap_too_long",
    ),
    "ends early": (
        {**DATED, "holdout_from": "2006-10-01", "holdout_to": "2005-09-30"},
        "holdout_to",
        "holdout_ends_early",
    ),
    "no year": ({"holdout_by": "water_year", "holdout_year": "x"}, "holdout_year", "parameter_invalid"),
    "late year": ({"holdout_by": "water_year", "holdout_year": "2031"}, "holdout_from", "holdout_outside"),
    "no month": ({"holdout_by": "water_year", "holdout_month": "13"}, "holdout_month", "parameter_invalid"),
    "no way": ({"holdout_by": "moon"}, "holdout_by", "answer_unreadable"),
    "warm-up too long": ({"warm_up": "20000"}, "warm_up", "warm_up_too_long"),
    "no warm-up": ({"warm_up": "-1"}, "warm_up", "parameter_invalid"),
    "few years": (
        {"time_series.align": "water_year", "time_series.n_splits": 20, **DATED, "holdout_from": "1990-10-01"},
        "time_series.n_splits",
        "too_few_years",
    ),
}


def _errors(plan: Plan) -> list[tuple[str, str]]:
    return [(problem.field, problem.code) for problem in plan.errors_of("validation")]


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_date_is_told_once_and_its_button_heals_it(case: str) -> None:
    answers, field, code = WRONG[case]
    plan = sample(RIVER).plan({"validation": answers})
    assert _errors(plan) == [(field, code)]
    problem = plan.errors_of("validation")[0]
    assert problem.message.endswith(".")
    assert problem.remedy.changes, "a button"
    remedy = sample(RIVER).plan(mended({"validation": answers}, problem))
    assert _errors(remedy) == []


# What a form cannot read never comes into a config.
UNREAD = ("date_invalid", "parameter_invalid", "answer_unreadable")


@pytest.mark.parametrize("case", [name for name, (_, _, code) in WRONG.items() if code not in UNREAD])
def test_a_program_is_told_the_same_with_a_patch(case: str) -> None:
    answers, field, code = WRONG[case]
    plan, profile = sample(RIVER).plan({"validation": answers}), sample(RIVER).profile
    assert plan.spec is not None
    problem = next(item for item in check_spec(plan.spec, profile, None) if (item.field, item.code) == (field, code))
    patched = Spec.model_validate(merge_patch(plan.spec.to_json(), patch_of(problem, plan.spec, profile)))
    assert (field, code) not in [(item.field, item.code) for item in check_spec(patched, profile, None)]


@pytest.mark.parametrize(
    ("holdout", "field", "kind"),
    [
        ({"from": "1.10.2006"}, "holdout_from", "date_invalid"),
        ({"from": "2006-10-01", "to": "x"}, "holdout_to", "date_invalid"),
        ({"from": "2006-10-01", "fraction": 0.2}, "holdout_percent", "holdout_unclear"),
        ({"to": "2006-10-01"}, "holdout_percent", "holdout_unclear"),
    ],
)
def test_a_config_with_a_wrong_date_is_refused_in_words(holdout: dict[str, Any], field: str, kind: str) -> None:
    config = make_spec().to_json()
    config["validation"]["holdout"] = holdout
    spec, problems = read_config(config)
    assert spec is None
    assert [(problem.field, problem.code) for problem in problems] == [(field, kind)]
    assert problems[0].message.endswith(".")


def test_dates_without_a_time_column_are_told_and_kept() -> None:
    answers = {
        "data": {"time_column": "", "purpose": "new_rows"},
        "validation": {**DATED, "holdout_from": "2006-10-01"},
    }
    plan = sample(RIVER).plan(answers)
    assert ("holdout_by", "time_column_missing") in _errors(plan)
    assert plan.values["validation"]["holdout_from"] == "2006-10-01"
    spec = make_spec(validation={"strategy": "k_fold", "holdout": {"from": "2006-10-01"}, "warm_up": 5})
    results = [(problem.field, problem.code) for problem in check_spec(spec, profile_of(made(60)), None)]
    assert {("holdout_from", "time_column_missing"), ("warm_up", "time_column_missing")} <= set(results)


def test_no_date_is_held_out_beside_the_strategy_that_cuts_by_a_share() -> None:
    table, task = known(made(200)), {"target": "y", "time_column": "day"}
    spec = make_spec(task=task, validation={"strategy": "holdout", "holdout": {"from": "2002-01-01"}})
    codes = [problem.code for problem in check_spec(spec, table.profile, None)]
    assert "holdout_date_unused" in codes


def test_one_site_is_no_new_site() -> None:
    table = known(made(200).assign(site="one"))
    data = {"target": "y", "time_column": "day", "group_column": "site"}
    answers: dict[str, Any] = {"data": data, "validation": {"strategy": "group_time_series"}}
    plan = table.plan(answers)
    problem = next(error for error in plan.errors_of("validation") if error.code == "too_few_groups")
    assert problem.remedy.changes == {"validation": {"strategy": "time_series"}}


def test_a_window_longer_than_the_first_fold_is_told_with_a_button() -> None:
    plan = sample(RIVER).plan({"features": {"transforms": LOOKS_BACK}})
    problem = next(item for item in plan.problems if item.code == "window_longer_than_training")
    assert problem.remedy.label == "Use 2 folds"
    again = sample(RIVER).plan(mended({"features": {"transforms": LOOKS_BACK}}, problem))
    assert "window_longer_than_training" not in [item.code for item in again.problems]


@pytest.mark.parametrize(
    "answers",
    [
        {**DATED, "holdout_from": "2006-10-01"},
        {**DATED, "holdout_from": "2006-10-01", "holdout_to": "2010-09-30"},
        {"holdout_by": "water_year", "holdout_year": "2007", "holdout_month": "10"},
        {"warm_up": "365", "time_series.align": "water_year", "time_series.start_month": "7"},
    ],
)
def test_a_config_with_dates_becomes_the_same_answers_again(answers: dict[str, Any]) -> None:
    table = sample(RIVER)
    spec = table.plan({"validation": answers}).spec
    assert spec is not None
    again = make_plan(Draft(answers_of_config(spec, table.profile)), table.profile, None).spec
    assert again is not None
    assert again.validation == spec.validation
    assert Spec.model_validate(spec.to_json()) == spec


def test_a_water_year_is_named_by_the_year_it_ends_in() -> None:
    def first_day(**answers: str) -> Any:
        spec = sample(RIVER).plan({"validation": {"holdout_by": "water_year", **answers}}).spec
        assert spec is not None
        assert spec.validation.holdout is not None
        return spec.validation.holdout.from_date

    assert first_day(holdout_year="2007", holdout_month="10") == "2006-10-01"
    assert first_day(holdout_year="2007", holdout_month="7") == "2006-07-01"
    assert first_day(holdout_year="2007", holdout_month="1") == "2007-01-01"
    assert first_day() == "2007-10-01"


def test_what_is_held_out_is_reckoned_to_the_row() -> None:
    river = real_file("hydro/piscataquis_01031500_daily.csv")
    frame, profile = river.frame, river.profile
    for first, last in (("2006-10-01", None), ("1999-12-31", "2004-02-29")):
        spec = make_spec(
            task={"target": "prcp_mm", "time_column": "date"},
            selected=["tmax_c"],
            validation={"strategy": "time_series", "holdout": {"from": first, "to": last}},
        )
        share = holdout_share(spec, profile)
        inside = frame["date"].between(first, last or frame["date"].max())
        assert round(share.row_share * len(frame)) == int(inside.sum())
        assert round(share.lost * len(frame)) == int((frame["date"] >= pd.Timestamp(first)).sum())


@pytest.mark.parametrize("ahead", [1, 45])
def test_the_gap_of_a_forecast_is_no_shorter_than_it_looks_ahead(ahead: int) -> None:
    data = {"purpose": "forecast", "horizon": str(ahead), "drivers_known_ahead": True}
    spec = sample(RIVER).plan({"data": data}).spec
    assert spec is not None
    assert spec.validation.parameters["gap"] >= ahead


def test_no_gap_is_made_shorter_than_a_forecast_looks_ahead() -> None:
    answers = {"data": {"purpose": "forecast", "horizon": "9000"}}
    plan = sample(RIVER).plan(answers)
    assert _errors(plan) == [("time_series.gap", "gap_too_long")]
    problem = plan.errors_of("validation")[0]
    assert problem.remedy.changes == {"data": {"horizon": 1}}
    assert _errors(sample(RIVER).plan(mended(answers, problem))) == []
