"""Derived features: hand-computed values, and never a look at the future, at another group or at today's target."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.errors import TrainingError
from app.domain.experiment import Spec, TransformPart
from app.domain.training.preprocessing import transforms
from app.domain.training.preprocessing.derivation import apply_transforms
from app.domain.training.preprocessing.preparation import prepare
from tests.domain.tables import make_spec, needed_by, profile_of, real

QUICK = settings(derandomize=True, deadline=None, max_examples=30)
ROLLING = ("rolling_sum", "rolling_mean")


def recipe(kind: str, *columns: str, **parameters: Any) -> dict[str, Any]:
    return {"kind": kind, "columns": list(columns), "parameters": parameters}


def spec_with(*recipes: dict[str, Any], group: str | None = None, time: str | None = "day") -> Spec:
    task = {"target": "y", "time_column": time, "group_column": group}
    return make_spec(task=task, selected=["a"], transforms=list(recipes))


def derive(
    frame: pd.DataFrame, *recipes: dict[str, Any], group: str | None = None, axis: bool = True
) -> dict[str, list[float | None]]:
    """Return the derived columns, None for what is missing; with `axis`, the profile knows the regular step."""
    spec, profile = spec_with(*recipes, group=group), profile_of(frame, "day" if axis else None)
    made = apply_transforms(frame, spec, profile)
    return {
        str(name): [None if pd.isna(value) else float(value) for value in made[name]]
        for name in made.columns
        if name not in frame.columns
    }


def days(*numbers: int) -> pd.Series:
    return pd.Series(pd.Timestamp("2003-05-01") + pd.to_timedelta(list(numbers), unit="D"))


def series(*numbers: int) -> pd.DataFrame:
    """Return a series whose values tell the day: a is the day, y ten times the day."""
    values = np.asarray(numbers, float)
    return pd.DataFrame({"day": days(*numbers), "a": values, "y": 10 * values})


EVEN, GAPPED = series(0, 1, 2, 3, 4, 5), series(0, 1, 2, 4, 5, 6)


def test_lags_and_windows_of_an_even_series_by_hand() -> None:
    made = derive(
        EVEN,
        recipe("lag", "a", steps=[1, 3]),
        recipe("rolling_sum", "a", window=3),
        recipe("rolling_mean", "a", window=2),
    )
    assert made["a_lag_1"] == [None, 0, 1, 2, 3, 4]
    assert made["a_lag_3"] == [None, None, None, 0, 1, 2]
    assert made["a_sum_3"] == pytest.approx([None, None, 3, 6, 9, 12])
    assert made["a_mean_2"] == pytest.approx([None, 0.5, 1.5, 2.5, 3.5, 4.5])


def test_a_missing_day_does_not_shift_a_lag() -> None:
    assert derive(GAPPED, recipe("lag", "a", steps=[1, 2]))["a_lag_1"] == [None, 0, 1, None, 4, 5]
    assert derive(GAPPED, recipe("lag", "a", steps=[1, 2]))["a_lag_2"] == [None, None, 0, 2, None, 4]


def test_a_window_that_holds_a_missing_day_is_not_filled_with_an_older_one() -> None:
    assert derive(GAPPED, recipe("rolling_mean", "a", window=2))["a_mean_2"] == [None, 0.5, 1.5, None, 4.5, 5.5]


def test_four_in_five_known_values_are_enough_for_a_window() -> None:
    frame = series(*range(7)).assign(a=[1, 2, np.nan, 4, 5, np.nan, 7])
    made = derive(frame, recipe("rolling_mean", "a", window=5), recipe("rolling_sum", "a", window=5))
    assert made["a_mean_5"] == [None, None, None, None, 3, None, None]
    # A sum with a value missing is what the window would hold at the mean of the others.
    assert made["a_sum_5"] == [None, None, None, None, 15, None, None]


def test_an_uneven_series_counts_rows() -> None:
    frame = series(0, 1, 5, 6, 30, 31)
    made = derive(frame, recipe("lag", "a", steps=[1]), recipe("rolling_mean", "a", window=2), axis=False)
    assert made == {"a_lag_1": [None, 0, 1, 5, 6, 30], "a_mean_2": [None, 0.5, 3, 5.5, 18, 30.5]}


def test_months_are_uneven_in_days_and_are_counted_by_rows() -> None:
    frame = pd.DataFrame({"day": pd.date_range("2003-01-01", periods=5, freq="MS"), "a": range(5), "y": range(5)})
    assert derive(frame, recipe("lag", "a", steps=[2]))["a_lag_2"] == [None, None, 0, 1, 2]


def test_a_window_over_the_target_ends_before_the_row() -> None:
    made = derive(EVEN, recipe("rolling_mean", "y", window=2), recipe("rolling_sum", "y", window=2))
    assert made["y_mean_2"] == [None, None, 5, 15, 25, 35]
    assert made["y_sum_2"] == [None, None, 10, 30, 50, 70]
    assert derive(EVEN, recipe("rolling_mean", "y", window=2), axis=False)["y_mean_2"] == [None, None, 5, 15, 25, 35]


@pytest.mark.parametrize("axis", [True, False])
def test_nothing_is_carried_from_one_group_to_another(axis: bool) -> None:
    frame = pd.DataFrame({"day": days(0, 0, 1, 1, 2, 2), "a": [1, 10, 2, 20, 3, 30], "site": list("pqpqpq"), "y": 0.0})
    made = derive(frame, recipe("lag", "a", steps=[1]), recipe("rolling_mean", "a", window=2), group="site", axis=axis)
    assert made["a_lag_1"] == [None, None, 1, 10, 2, 20]
    assert made["a_mean_2"] == [None, None, 1.5, 15, 2.5, 25]


def test_the_antecedent_precipitation_index_by_hand() -> None:
    made = derive(EVEN, recipe("antecedent_precipitation", "a", "y", decay=0.5))
    assert made["a_api_0.5"] == pytest.approx([0, 1, 2.5, 4.25, 6.125, 8.0625])
    # Of the target, the index of the step before: today's flow is what is to be estimated.
    assert made["y_api_0.5"] == pytest.approx([None, 0, 10, 25, 42.5, 61.25])


def test_the_index_starts_anew_after_a_gap_a_missing_value_and_in_each_group() -> None:
    # Day 3 is no row at all; after it nothing is left of what fell before.
    assert derive(GAPPED, recipe("antecedent_precipitation", "a", decay=0.5))["a_api_0.5"] == [0, 1, 2.5, 4, 7, 9.5]
    holed = EVEN.assign(a=[1.0, 1, np.nan, 1, 1, np.inf])
    assert derive(holed, recipe("antecedent_precipitation", "a", decay=0.5))["a_api_0.5"] == [
        1,
        1.5,
        None,
        1,
        1.5,
        None,
    ]
    frame = pd.DataFrame({"day": days(0, 0, 1, 1), "a": [1.0, 8, 1, 8], "site": list("pqpq"), "y": 0.0})
    for axis in (True, False):
        made = derive(frame, recipe("antecedent_precipitation", "a", decay=0.5), group="site", axis=axis)
        assert made["a_api_0.5"] == [1, 8, 1.5, 12]


def test_a_change_is_counted_by_time_and_that_of_the_target_ends_one_step_before() -> None:
    made = derive(GAPPED, recipe("difference", "a", "y", step=1))
    assert made["a_diff_1"] == [None, 1, 1, None, 1, 1]
    assert made["y_diff_1"] == [None, None, 10, None, None, 10]


def test_a_number_on_a_circle_by_hand() -> None:
    frame = series(0, 1, 2).assign(a=[0.0, 90, 360])
    made = derive(frame, recipe("cyclic", "a"), axis=False)
    assert made["a_circle_360_sin"] == pytest.approx([0, 1, 0], abs=1e-9)
    assert made["a_circle_360_cos"] == pytest.approx([1, 0, 1], abs=1e-9)


def test_parts_of_the_date_by_hand() -> None:
    moments = pd.to_datetime(["2003-01-01 00:00", "2003-07-02 06:00", "2004-12-31 18:30"])
    frame = pd.DataFrame({"day": moments, "a": 0.0, "y": 0.0})
    made = derive(frame, recipe("date_parts", parts=list(transforms.DATE_PARTS)), axis=False)
    assert made["day_month"] == [1, 7, 12]
    assert made["day_year"] == [2003, 2003, 2004]
    # Monday is 0: 1 January 2003 was a Wednesday, 2 July a Wednesday, 31 December 2004 a Friday.
    assert made["day_weekday"] == [2, 2, 4]
    season = 2 * np.pi * np.array([0, 182, 365]) / 365.25
    assert made["day_doy_sin"] == pytest.approx(np.sin(season))
    assert made["day_doy_cos"] == pytest.approx(np.cos(season))
    hours = 2 * np.pi * np.array([0, 6, 18.5]) / 24
    assert made["day_hour_sin"] == pytest.approx(np.sin(hours))
    assert made["day_hour_cos"] == pytest.approx(np.cos(hours), abs=1e-12)


@pytest.mark.parametrize("part", transforms.DATE_PARTS)
def test_a_part_of_the_date_uses_nothing_that_pandas_will_remove(part: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        derive(EVEN, recipe("date_parts", parts=[part]))


EVERY = (
    recipe("lag", "a", "y", steps=[1, 2]),
    recipe("rolling_sum", "a", "y", window=3),
    recipe("rolling_mean", "a", "y", window=2),
    recipe("difference", "a", "y", step=2),
    recipe("antecedent_precipitation", "a", "y", decay=0.8),
    recipe("date_parts", parts=list(transforms.DATE_PARTS)),
    recipe("cyclic", "a", period=360),
)


@QUICK
@given(
    present=st.sets(st.integers(0, 40), min_size=12, max_size=30),
    cut=st.integers(1, 11),
    sites=st.sampled_from([1, 2]),
    axis=st.booleans(),
)
def test_what_comes_later_changes_nothing_before(present: set[int], cut: int, sites: int, axis: bool) -> None:
    numbers = np.repeat(sorted(present), sites)
    random = np.random.default_rng(len(present))
    frame = pd.DataFrame({"day": days(*numbers), "a": random.normal(size=len(numbers)), "y": 0.0})
    frame["y"] = random.normal(size=len(numbers))
    frame["site"] = np.arange(len(numbers)) % sites
    later = frame["day"] > frame["day"].unique()[cut]
    changed = frame.assign(a=frame["a"].mask(later, 1e6), y=frame["y"].mask(later, -1e6))
    now = frame["day"] >= frame["day"].unique()[cut]
    # Today's target is what is to be estimated, so it may not enter today's features either.
    changed["y"] = changed["y"].mask(now, -1e6)
    before, after = (pd.DataFrame(derive(values, *EVERY, group="site", axis=axis)) for values in (frame, changed))
    kept = ~later.to_numpy()
    assert before.notna().any().sum() > 7
    pd.testing.assert_frame_equal(before[kept], after[kept])


def test_the_target_of_another_row_of_the_same_moment_never_enters() -> None:
    frame = pd.DataFrame({"day": days(0, 0, 1, 1, 3, 3), "a": 0.0, "y": [1.0, 10, 2, 20, 3, 30]})
    changed = frame.assign(y=[1.0, 10, 2, 20, -99, -99])
    recipes = (recipe("lag", "y", steps=[1]), recipe("rolling_mean", "y", window=2))
    assert derive(frame, *recipes, axis=False) == derive(changed, *recipes, axis=False)


def test_derived_features_of_a_real_river_agree_with_pandas() -> None:
    frame = real("hydro/piscataquis_01031500_daily.csv", parse_dates=["date"]).iloc[:800].reset_index(drop=True)
    task = {"target": "discharge_mm", "time_column": "date"}
    recipes = [recipe("lag", "discharge_mm", steps=[1, 30]), recipe("rolling_sum", "prcp_mm", window=7)]
    made = apply_transforms(frame, make_spec(task=task, transforms=recipes), profile_of(frame, "date"))
    assert frame["date"].diff().dropna().nunique() == 1
    for step in (1, 30):
        pd.testing.assert_series_equal(
            made[f"discharge_mm_lag_{step}"], frame["discharge_mm"].shift(step), check_names=False
        )
    full = frame["prcp_mm"].rolling(7).sum().dropna()
    np.testing.assert_allclose(made.loc[full.index, "prcp_mm_sum_7"], full, atol=1e-9)


@pytest.mark.parametrize("given_steps", ["1, 2;7", [7, 2, 1, 1], ["1", 2, " 7 "], "7,2,1,,"])
def test_steps_are_read_as_people_write_them(given_steps: Any) -> None:
    assert transforms.get("lag").parse({"steps": given_steps}) == {"steps": [1, 2, 7]}


BAD: list[tuple[str, dict[str, Any]]] = [
    *(("lag", {"steps": raw}) for raw in ("", [], None, 3, {}, "0", "-1", "1.5", "x", [None], [[1]], "10001")),
    ("lag", {"steps": list(range(1, 62))}),
    *((kind, {"window": raw}) for kind in ROLLING for raw in ("", None, 1, 0, -3, 2.5, "x", [7], True, 10_001)),
    *(("difference", {"step": raw}) for raw in ("", None, 0, -1, 1.5, "x", [1])),
    *(("antecedent_precipitation", {"decay": raw}) for raw in ("", None, 0, 1, -0.5, 1.5, "x", [0.9], float("nan"))),
    *(("cyclic", {"period": raw}) for raw in ("", None, 0, -1, "x", float("inf"))),
    *(("date_parts", {"parts": raw}) for raw in ("", [], None, 3, "century", ["month", "x"], {"month": 1})),
]


@pytest.mark.parametrize(("kind", "parameters"), BAD, ids=str)
def test_bad_parameters_are_refused_with_a_sentence(kind: str, parameters: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"^[A-Z].*\.$"):
        transforms.get(kind).parse(parameters)
    columns = ["a"] if transforms.get(kind).needs_columns else []
    with pytest.raises(TrainingError) as refusal:
        derive(EVEN, recipe(kind, *columns, **parameters))
    assert refusal.value.code == "transform_invalid"
    assert refusal.value.message.startswith(f"{transforms.get(kind).title}: ")


def test_a_part_of_the_date_that_is_a_list_is_refused_with_a_sentence() -> None:
    with pytest.raises(ValueError, match=r"^Choose from"):
        transforms.get("date_parts").parse({"parts": [["month"]]})


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (recipe("crystal_ball", "a"), "There is no derived feature of the kind crystal_ball."),
        (recipe("lag", "nowhere", steps=[1]), "The column nowhere of a derived feature is not in the dataset."),
    ],
)
def test_recipes_that_cannot_be_followed_are_refused(wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(TrainingError) as refusal:
        derive(EVEN, wrong)
    assert refusal.value.message == says


def test_derived_features_need_a_time_column() -> None:
    with pytest.raises(TrainingError, match="need a time column") as refusal:
        apply_transforms(EVEN, spec_with(recipe("lag", "a", steps=[1]), time=None), profile_of(EVEN))
    assert refusal.value.code == "time_column_missing"


@pytest.mark.parametrize("one", EVERY, ids=lambda item: item["kind"])
def test_the_names_announced_are_the_names_that_come(one: dict[str, Any]) -> None:
    announced = transforms.derived_names(TransformPart.model_validate(one), time_column="day")
    assert announced == list(derive(EVEN, one))


def test_the_longest_memory_is_known() -> None:
    spec = spec_with(recipe("lag", "a", "y", steps=[2, 9]), recipe("rolling_sum", "a", window=30), EVERY[5])
    assert transforms.longest_memory(spec) == 30
    assert transforms.longest_memory(spec_with(EVERY[5])) == 0


def test_a_recipe_is_not_dropped_in_silence_where_a_column_has_its_name() -> None:
    frame = EVEN.assign(a_lag_1=0.0)
    spec = spec_with(recipe("lag", "a", steps=[1]))
    table = prepare(spec, frame, profile_of(frame, "day"))
    assert "a_lag_1" in table.derived or any("a_lag_1" in note for note in table.notes)


@pytest.mark.parametrize("entry", transforms.TRANSFORMS, ids=lambda entry: entry.kind)
def test_every_recipe_has_a_title_a_sentence_and_defaults_that_hold(entry: transforms.TransformEntry) -> None:
    assert entry.help.endswith(".")
    assert entry.title
    assert set(entry.parse(needed_by(entry))) == {field.name for field in entry.parameters}
    assert entry.learns <= (entry.place == "fold")
