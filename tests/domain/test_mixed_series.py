"""Features that look back over rows that share a time: refused without a column that tells those rows apart."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from app.domain.checks import check_spec
from app.domain.errors import TrainingError
from app.domain.problems import Problem
from app.domain.training.preprocessing.preparation import prepare
from app.domain.vocabulary import Severity
from tests.domain.faults import table
from tests.domain.reading import Answers, Known, known, mended, real_file
from tests.domain.tables import made, make_spec

BASINS = "hydro/camels_us_4basins_2000_2002.csv"
LAG = [{"columns": ["prcp_mm"], "kind": "lag", "parameters": {"steps": [1]}}]
A_LAG = [{"columns": ["a"], "kind": "lag", "parameters": {"steps": [1]}}]
SEASON = [{"columns": [], "kind": "date_parts", "parameters": {"parts": ["doy_cyclic"]}}]


def _alone(transforms: list[dict[str, Any]]) -> Answers:
    return {"data": {"group_column": ""}, "features": {"transforms": transforms}}


def _found(of: Known, answers: Answers) -> list[Problem]:
    return [problem for problem in of.plan(answers).problems if problem.code == "times_repeat"]


def test_basins_without_a_group_are_an_error_healed_by_the_group() -> None:
    basins, answers = real_file(BASINS), _alone(LAG)
    (problem,) = _found(basins, answers)
    assert (problem.severity, problem.step, problem.field) == (Severity.ERROR, "features", "transforms")
    assert problem.message.startswith("3,288 of 4,384 rows share their time with another row.")
    assert problem.remedy is not None
    assert problem.remedy.label == "Use gauge_id as group column"
    assert not basins.plan(answers).launchable
    after = basins.plan(mended(answers, problem))
    assert after.launchable
    assert after.spec is not None
    assert after.spec.task.group_column == "gauge_id"
    assert after.spec.features.transforms[0].kind == "lag"


def test_without_a_candidate_the_remedy_removes_what_looks_back() -> None:
    frame = made(200)
    frame["day"] = frame["day"].to_numpy()[[*range(150), *range(50)]]
    of = known(frame.drop(columns=["site", "two", "three"]))
    answers: Answers = {
        "data": {"target": "y", "time_column": "day", "group_column": ""},
        "features": {"transforms": [*A_LAG, *SEASON]},
    }
    (problem,) = _found(of, answers)
    assert problem.remedy is not None
    assert problem.remedy.label == "Remove the features that look back"
    after = of.plan(mended(answers, problem))
    assert after.spec is not None
    assert [part.kind for part in after.spec.features.transforms] == ["date_parts"]
    assert not _found(of, mended(answers, problem))


def test_a_group_that_cannot_tell_rows_apart_is_no_way_out() -> None:
    answers: Answers = {
        "data": {"target": "y", "time_column": "day", "group_column": "two"},
        "features": {"transforms": A_LAG},
    }
    (problem,) = _found(table("panel"), answers)
    assert "of the same two" in problem.message
    assert problem.remedy is not None
    assert problem.remedy.changes == {"data": {"group_column": "site"}}


@pytest.mark.parametrize(
    ("name", "group", "transforms"),
    [("panel", "site", A_LAG), ("panel", None, SEASON), ("panel", None, []), ("400", None, A_LAG)],
    ids=["grouped", "nothing looks back", "nothing derived", "times are distinct"],
)
def test_a_series_that_is_not_mixed_is_let_through(
    name: str, group: str | None, transforms: list[dict[str, Any]]
) -> None:
    of = table(name)
    spec = make_spec(task={"time_column": "day", "group_column": group}, transforms=transforms)
    assert "times_repeat" not in {problem.code for problem in check_spec(spec, of.profile, None)}
    prepare(spec, of.frame, of.profile)


@pytest.mark.parametrize("group", [None, "two"])
def test_training_itself_refuses_to_mix_series(group: str | None) -> None:
    of = table("panel")
    spec = make_spec(task={"time_column": "day", "group_column": group}, transforms=A_LAG)
    with pytest.raises(TrainingError, match=r"Rows share a time in day, so .*Choose the group column") as info:
        prepare(spec, of.frame, of.profile)
    assert info.value.code == "times_repeat"


def test_rows_without_a_time_are_not_counted_as_repeats() -> None:
    frame = made(200)
    frame.loc[frame.index[:30], "day"] = pd.NaT
    of = known(frame)
    spec = make_spec(task={"time_column": "day"}, transforms=A_LAG)
    assert "times_repeat" not in {problem.code for problem in check_spec(spec, of.profile, None)}
    prepare(spec, of.frame, of.profile)


def _hours(doubled: int) -> Known:
    """Return 1,000 hours of one series, some of them stored twice, as when a clock is set back in autumn."""
    frame = made(1000).drop(columns=["site", "two", "three"])
    times = pd.date_range("2020-01-01", periods=1000 - doubled, freq="h")
    frame["day"] = sorted([*times, *times[100 : 100 + doubled]])
    return known(frame)


LOOK_BACK: Answers = {
    "data": {"target": "y", "time_column": "day", "group_column": ""},
    "features": {"transforms": A_LAG},
}


@pytest.mark.parametrize(("doubled", "said"), [(1, "1 of 1,000 rows shares its"), (10, "10 of 1,000 rows share their")])
def test_a_few_repeats_in_one_series_are_a_warning(doubled: int, said: str) -> None:
    of = _hours(doubled)
    (problem,) = _found(of, LOOK_BACK)
    assert problem.severity is Severity.WARNING
    assert problem.message.startswith(f"{said} time with another row. ")
    assert problem.message.endswith("Features that look back use the first row of each time.")
    assert of.plan(LOOK_BACK).launchable


def test_more_repeats_than_one_row_in_a_hundred_are_an_error() -> None:
    (problem,) = _found(_hours(11), LOOK_BACK)
    assert problem.severity is Severity.ERROR


def test_few_repeats_train_on_the_first_row_of_each_time() -> None:
    of = _hours(3)
    spec = of.plan(LOOK_BACK).spec
    assert spec is not None
    table = prepare(spec, of.frame, of.profile)
    (note,) = (note for note in table.notes if "share their time" in note)
    assert (
        note == "3 rows share their time with an earlier row. Features that look back use the first row of each time."
    )
    lags = table.features["a_lag_1"].to_numpy()
    # Rows 101 and 102 hold the same hour, so both look back to row 100; row 103 takes the first of the two.
    assert lags[100] == lags[101] == of.frame["a"][99]
    assert lags[102] == of.frame["a"][100]


def test_few_repeats_do_not_withhold_the_suggested_features() -> None:
    plan = _hours(3).plan({"data": {"target": "y", "time_column": "day", "purpose": "forecast"}})
    assert plan.spec is not None
    assert "lag" in {part.kind for part in plan.spec.features.transforms}
