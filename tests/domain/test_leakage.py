"""Leaks: each kind is named with its evidence, honest columns are not, and the traps of the real files are all found."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from app.domain.analysis.associations.association import associate
from app.domain.analysis.leakage.leakage import merge_leaks, question_of
from app.domain.analysis.leakage.name_evidence import find_name_suspicion, names_a_thing
from app.domain.analysis.profiling.profile import Associations, Leak
from app.domain.checks import check_spec
from app.domain.vocabulary import Severity
from benchmarks import leak_cases
from benchmarks import leaks as benchmark
from tests.domain.faults import table
from tests.domain.reading import all_leaks, real_file, sample
from tests.domain.tables import REAL, kind_of, make_spec


def suspected(frame: pd.DataFrame, target: str = "y", time_column: str | None = None) -> dict[str, Leak]:
    """Return the surest suspicion of each column."""
    kinds = {str(name): kind_of(frame[name]) for name in frame.columns}
    associations = associate(frame, target, kinds)
    leaks = all_leaks(frame, target, kinds, items=associations.items, time_column=time_column)
    whole = Associations(target, len(frame), associations.items, leaks=leaks)
    assert Associations.from_json(json.loads(json.dumps(whole.to_json()))) == whole
    return {name: whole.leaks_of(name)[0] for name in whole.suspects()}


def honest(rows: int = 600, *, seed: int = 0) -> pd.DataFrame:
    """Make columns that help to estimate y without giving it away."""
    random = np.random.default_rng(seed)
    a, b, c = random.normal(size=(3, rows))
    frame = pd.DataFrame({"a": a, "b": b, "c": c, "word": random.choice(list("pqr"), size=rows)})
    frame["y"] = np.exp(a) + b + random.normal(size=rows)
    return frame


def test_honest_columns_are_not_suspected() -> None:
    assert suspected(honest()) == {}


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda frame: frame["y"] * 2.54 + 1, "target_leakage"),
        (lambda frame: np.exp(frame["y"] / 10), "target_leakage"),
        (lambda frame: (frame["y"] - 2) ** 2 * np.sign(frame["y"] - 2), "target_leakage"),
        (lambda frame: frame["y"] + np.random.default_rng(1).normal(scale=0.05, size=len(frame)), "target_leakage"),
        (lambda frame: np.where(frame["y"] > 1.5, "high", "low"), "target_leakage"),
        (lambda frame: np.sin(frame["y"]) * 0 + np.round(frame["y"], 1), "target_leakage"),
    ],
    ids=["line", "curve", "bent", "noisy copy", "threshold", "rounded"],
)
def test_functions_of_the_target_are_named(make: Any, code: str) -> None:
    frame = honest()
    frame["x"] = make(frame)
    leaks = suspected(frame)
    assert set(leaks) == {"x"}
    assert leaks["x"].code == code
    assert leaks["x"].strong


def test_a_function_that_rises_and_falls_is_named_too() -> None:
    frame = honest(rows=3000)
    frame["x"] = frame["y"]
    frame["y"] = np.abs(frame["x"] - 1)
    assert suspected(frame)["x"].strong


def test_a_number_that_a_class_was_made_of_is_named() -> None:
    frame = honest()
    frame["x"] = frame["y"]
    frame["y"] = np.where(frame["x"] > 1, "unstable", "stable")
    assert suspected(frame)["x"].evidence.startswith("Its values and the target's split into the same parts")


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda a, b, c: a + b, "a + b is y."),
        (lambda a, b, c: a - b, "a − b is y."),
        (lambda a, b, c: a + b + c, "a + b + c is y."),
        (lambda a, b, c: 0.5 * a + 0.25 * b, "What can be calculated from a and b is y."),
    ],
    ids=["sum", "difference", "three", "mean"],
)
def test_what_columns_give_away_together_is_named(make: Any, text: str) -> None:
    frame = honest()
    frame["y"] = make(frame["a"], frame["b"], frame["c"])
    leaks = suspected(frame)
    assert {leak.evidence for leak in leaks.values()} == {text}
    assert all(leak.strong for leak in leaks.values())
    assert set(leaks["a"].others) < set(leaks)


def test_a_product_and_a_ratio_are_named() -> None:
    frame = honest()
    frame[["a", "b"]] = np.exp(frame[["a", "b"]])
    frame["y"] = (frame["a"] * frame["b"]).round(4)
    assert suspected(frame)["a"].evidence == "a × b is y."
    frame["y"] = frame["a"] / frame["b"]
    assert suspected(frame)["b"].evidence == "a / b is y."


def test_a_partner_of_a_leak_is_asked_about_and_not_left_out() -> None:
    attributes = real_file("hydro/camels_us_attributes_671.csv")
    associations = attributes.associations("q_mean")
    assert all(leak.strong for leak in associations.leaks_of("runoff_ratio"))
    assert not any(leak.strong for leak in associations.leaks_of("p_mean"))


def test_all_parts_of_a_sum_are_left_out_together() -> None:
    frame = honest(rows=2000)
    frame["large"] = 13 * frame["a"]
    frame["y"] = frame["large"] + frame["b"]
    leaks = suspected(frame.drop(columns=["a"]))
    assert {name: (leak.is_part, leak.strong) for name, leak in leaks.items()} == {
        "large": (True, True),
        "b": (True, True),
    }
    frame["y"] = frame["large"] - frame["b"]
    leaks = suspected(frame.drop(columns=["a"]))
    assert {name: (leak.is_part, leak.strong) for name, leak in leaks.items()} == {
        "large": (True, True),
        "b": (True, True),
    }


def test_gaps_that_depend_on_the_target_are_named() -> None:
    frame = honest()
    frame["x"] = np.random.default_rng(2).normal(size=len(frame))
    frame.loc[frame["y"] < 1, "x"] = np.nan
    assert suspected(frame)["x"].code == "known_only_afterwards"
    frame["x"] = frame["x"].sample(frac=1, random_state=0).to_numpy()
    assert suspected(frame) == {}


def test_a_number_of_the_row_that_orders_the_target_is_named() -> None:
    frame = honest().sort_values("y", ignore_index=True)
    frame["id"] = np.arange(len(frame))
    kinds = {str(name): kind_of(frame[name]) for name in frame.columns}
    from app.domain.vocabulary import ColumnKind

    kinds["id"] = ColumnKind.IDENTIFIER
    items = [item for item in associate(frame, "y", kinds).items if item.column == "id"]
    assert [leak.code for leak in all_leaks(frame, "y", kinds, items=items)] in (
        ["identifier_orders_target"],
        [],
    ), "a copy is named by its association"


@pytest.mark.parametrize("window", [3, 7, 30])
@pytest.mark.parametrize("ahead", [0, 1])
def test_a_mean_that_holds_the_moment_itself_or_later_ones_is_named(window: int, ahead: int) -> None:
    frame = _series()
    frame["x"] = frame["y"].rolling(window).mean().shift(-ahead).round(4)
    leaks = suspected(frame, time_column="day")
    assert leaks["x"].strong
    assert f"over {window} steps" in leaks["x"].evidence


def test_a_mean_that_ends_the_day_before_is_honest() -> None:
    frame = _series()
    frame["x"], frame["y_lag_1"] = frame["y"].rolling(7).mean().shift(1), frame["y"].shift(1)
    leaks = suspected(frame, time_column="day")
    assert "y_lag_1" not in leaks
    assert "x" not in leaks or not leaks["x"].strong


def test_a_shift_into_the_future_and_a_running_sum_are_named() -> None:
    frame = _series()
    frame["x"], frame["all"] = frame["y"].shift(-2), frame["y"].cumsum()
    leaks = suspected(frame.sample(frac=1, random_state=3), time_column="day")
    assert leaks["x"].evidence == "It is y 2 steps later."
    assert leaks["all"].evidence == "It sums y up, the moment itself included."


def _series(rows: int = 3000) -> pd.DataFrame:
    random = np.random.default_rng(4)
    frame = pd.DataFrame({"day": pd.date_range("2001-01-01", periods=rows), "rain": random.gamma(0.3, 5, size=rows)})
    flow = np.zeros(rows)
    for position in range(1, rows):
        flow[position] = 0.9 * flow[position - 1] + frame["rain"].iloc[position] * random.random()
    return frame.assign(y=flow.round(4))


@pytest.mark.parametrize(
    ("name", "target", "sounds"),
    [
        ("arr_time", "arr_delay", True),
        ("air_time", "arr_delay", True),
        ("callDuration", "y", True),
        ("flow_cd", "flow", True),
        ("q95", "q_mean", True),
        ("q95", "price", False),
        ("predicted_flow", "flow", True),
        ("flow_lag_1", "flow", False),
        ("median_income", "median_house_value", False),
        ("poutcome", "y", False),
        ("prcp_mm", "discharge_mm", False),
    ],
)
def test_names_tell_what_is_over(name: str, target: str, sounds: bool) -> None:
    assert (find_name_suspicion(name, target) is not None) is sounds


def test_names_tell_what_is_measured_many_times() -> None:
    assert all(names_a_thing(name) for name in ("gauge_id", "site", "patientId", "station_no", "household"))
    assert not any(names_a_thing(name) for name in ("education-num", "paid", "siteless", "humid"))


def test_each_kind_of_leak_asks_its_own_question() -> None:
    question = question_of(Leak("arr_time", "known_only_afterwards", 0.6, ""), "arr_delay")
    assert question == "Would you know arr_time at the moment when arr_delay is to be predicted?"
    assert "new values of gauge_id" in question_of(Leak("gauge_id", "group_leakage", 0.5, ""), "q")


@pytest.mark.parametrize("rows", [0, 1, 2, 9, 49])
def test_too_few_rows_are_no_evidence_and_no_fault(rows: int) -> None:
    frame = honest().iloc[:rows].assign(x=lambda values: values["a"] + values["b"])
    assert all(leak.code == "target_leakage" for leak in suspected(frame).values())


def test_infinities_and_constants_are_no_fault() -> None:
    frame = honest().assign(same=1.0, far=np.inf, void=np.nan)
    frame.loc[3, "a"] = -np.inf
    assert suspected(frame) == {}
    assert suspected(frame.assign(y=5.0)) == {}


def test_answers_decide_what_is_ticked() -> None:
    odd = table("odd")
    field = odd.key("copy").replace("column.", "leak.")

    def chosen(answer: str) -> bool:
        answers = {"data": {"target": "y"}, "features": {field: answer}}
        return next(
            column.selected for column in odd.plan(answers, associated=True).columns if column.profile.name == "copy"
        )

    assert [chosen(answer) for answer in ("", "known", "not_known")] == [False, True, False]
    ticked = {"data": {"target": "y"}, "features": {field: "not_known", odd.key("copy"): True}}
    plan = odd.plan(ticked, associated=True)
    assert not next(column.selected for column in plan.columns if column.profile.name == "copy")
    assert plan.spec is not None
    assert plan.spec.leakage.answers == {"copy": "not_known"}


def test_an_answer_ends_the_warning_and_a_no_makes_it_an_error() -> None:
    odd = table("odd")
    measured = odd.associations("y")
    for answers, expected in (
        ({}, [(Severity.WARNING, "target_leakage")]),
        ({"copy": "known"}, []),
        ({"copy": "not_known"}, [(Severity.ERROR, "known_only_afterwards")]),
    ):
        spec = make_spec(selected=["a", "copy"])
        spec = type(spec).model_validate({**spec.to_json(), "leakage": {"answers": answers}})
        problems = check_spec(spec, odd.profile, measured)
        assert [(problem.severity, problem.code) for problem in problems] == expected


def test_a_new_target_makes_the_answers_meaningless() -> None:
    from app.domain import wizard

    patterns = wizard.cleared_by("data", "target")
    assert any(wizard.covers_field(pattern, step="features", name="leak.c3") for pattern in patterns)
    assert not any(wizard.covers_field(pattern, step="features", name="column.c3") for pattern in patterns)


def test_the_sample_river_has_no_leak() -> None:
    assert sample("piscataquis_01031500_daily.csv").associations("discharge_mm").suspects() == []


@pytest.mark.slow
@pytest.mark.skipif(not REAL.exists(), reason="the real files are not here")
def test_every_trap_of_the_real_files_is_named_with_few_false_alarms() -> None:
    verdicts = benchmark.verdicts(benchmark=False)
    assert {verdict.file: sorted(verdict.missed) for verdict in verdicts if verdict.missed} == {}
    assert 20 * sum(len(verdict.alarms) for verdict in verdicts) <= sum(verdict.clean for verdict in verdicts)


@pytest.mark.parametrize("case", leak_cases.cases(leak_cases.OPEN, 1), ids=lambda case: case.name)
def test_every_leak_of_the_built_cases_is_named(case: leak_cases.LeakCase) -> None:
    leaks = benchmark.leaks_of_case(case)
    assert set(leaks) == case.leaks
    only_a_notice = ("estimate_of_another", "simulated", "gaps_with_the_target")
    assert {leak.strong for leak in leaks.values()} == {case.name not in only_a_notice}


@pytest.mark.parametrize("case", leak_cases.clean_tables(100, many=1), ids=lambda case: case.name)
def test_clean_tables_have_no_warning(case: leak_cases.LeakCase) -> None:
    leaks = benchmark.leaks_of_case(case)
    assert [name for name, leak in leaks.items() if leak.strong] == []


def test_a_name_without_an_association_is_no_suspicion() -> None:
    frame = honest(rows=2000)
    frame["result"] = np.random.default_rng(5).normal(size=len(frame))
    assert suspected(frame) == {}
    frame["result"] = frame["a"] + np.random.default_rng(5).normal(size=len(frame))
    assert not suspected(frame)["result"].strong


def test_two_notices_do_not_make_a_warning() -> None:
    first = Leak("x", "known_only_afterwards", 0.85, "By itself it explains 85 % of y.")
    (merged,) = merge_leaks([first, Leak("x", "known_only_afterwards", 0.6, "Its name speaks of the end.")])
    assert not merged.strong
    assert merged.score > first.score


def test_an_interrupted_record_is_no_suspicion() -> None:
    frame = honest(rows=2000)
    frame.loc[frame.index % 9 == 0, ["a", "b", "c", "y"]] = np.nan
    assert suspected(frame) == {}


def test_a_class_of_one_combination_each_is_no_function() -> None:
    random = np.random.default_rng(6)
    frame = pd.DataFrame({name: random.integers(0, 12, 300) for name in "abc"})
    frame["y"] = random.choice(["p", "q"], 300)
    assert suspected(frame) == {}


def test_a_copy_of_a_class_accuses_no_other_column() -> None:
    random = np.random.default_rng(7)
    frame = pd.DataFrame({name: random.integers(0, 4, 900) for name in "abc"})
    frame["y"] = random.choice(["p", "q", "r"], 900)
    assert set(suspected(frame.assign(copy=frame["y"].str.upper()))) == {"copy"}


def test_a_sum_of_few_numbers_is_told_as_a_sum() -> None:
    random = np.random.default_rng(8)
    frame = pd.DataFrame({name: random.integers(0, 4, 900) for name in "abc"})
    leaks = suspected(frame.assign(y=frame["a"] + frame["b"]))
    assert {leak.evidence for leak in leaks.values()} == {"b + a is y."}


def test_one_answer_decides_about_columns_that_give_a_class_away() -> None:
    random = np.random.default_rng(9)
    frame = pd.DataFrame({name: random.integers(0, 3, 900) for name in "abc"})
    leaks = suspected(frame.assign(y=np.where((frame["a"] + frame["b"]) % 3 == 0, "p", "q")))
    assert {name: (leak.is_part, leak.others) for name, leak in leaks.items()} == {
        "a": (True, ("b",)),
        "b": (True, ("a",)),
    }
    assert question_of(leaks["a"], "y") == "Would you know a and b at the moment when y is to be predicted?"


def test_a_zero_that_goes_with_a_class_in_part_is_asked_about() -> None:
    random = np.random.default_rng(10)
    frame = pd.DataFrame({"y": random.choice(["closed", "open"], 2000, p=[0.15, 0.85])})
    zero = (frame["y"] == "closed") | (random.random(2000) < 0.2)
    frame["due"] = np.where(zero, 0.0, random.gamma(2, 50, 2000).round(1))
    leak = suspected(frame)["due"]
    assert not leak.strong
    assert leak.evidence.startswith("It is 0 on ")
