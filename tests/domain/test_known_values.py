"""What enters at a horizon, against values looked up one by one in a table of sites with missing days."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pytest

from app.domain.analysis.profiling.profile import DatasetProfile
from app.domain.errors import TrainingError
from app.domain.experiment import Spec, TransformPart
from app.domain.training.development import HoldoutRule
from app.domain.training.preprocessing.earlier_values import EarlierValues
from app.domain.training.preprocessing.preparation import prepare
from app.domain.training.preprocessing.previewing import needs_row_order, preview
from app.domain.training.preprocessing.transforms import longest_memory, target_memory_of
from app.domain.training.report.document import Report
from app.domain.training.run import train
from app.domain.vocabulary import Purpose
from tests.domain.tables import make_spec, profile_of

DAY = pd.Timedelta(days=1)
Look = Callable[[str, pd.Timestamp], float]


def sites(days: int = 40, *, seed: int = 3) -> pd.DataFrame:
    """Return three sites in daily steps, of which a fifth of the days and some values are missing."""
    random = np.random.default_rng(seed)
    dates = pd.date_range("2001-10-01", periods=days, freq="D")
    frame = pd.concat(
        [
            pd.DataFrame(
                {
                    "day": dates,
                    "site": site,
                    "rain": random.gamma(1.0, 3.0, days),
                    "soil": random.choice(["wet", "dry"], days),
                    "area": 10.0 * (number + 1),
                    "flow": random.gamma(2.0, 2.0, days),
                }
            )
            for number, site in enumerate(("n1", "n2", "n3"))
        ]
    )
    frame["flow"] = frame["flow"].mask(random.random(len(frame)) < 0.15)
    frame["rain"] = frame["rain"].mask(random.random(len(frame)) < 0.05)
    return frame[random.random(len(frame)) < 0.8].sample(frac=1, random_state=seed).reset_index(drop=True)


def irregular(frame: pd.DataFrame) -> tuple[pd.DataFrame, DatasetProfile]:
    """Return the table with days moved by some hours each, and its profile."""
    frame = frame.assign(day=frame["day"] + pd.to_timedelta(np.arange(len(frame)) % 19, unit="h"))
    profile = profile_of(frame, "day")
    assert profile.time_axis is not None
    return frame, replace(profile, time_axis=replace(profile.time_axis, regular=False))


def spec_of(transforms: list[dict[str, Any]] | None = None, *, selected: list[str] | None = None, **task: Any) -> Spec:
    parts = {"target": "flow", "time_column": "day", "group_column": "site", "purpose": "forecast", **task}
    return make_spec(task=parts, selected=selected or ["area"], transforms=transforms or [])


def look_up(frame: pd.DataFrame, column: str) -> Look:
    values = {(row.site, row.day): getattr(row, column) for row in frame.itertuples()}
    return lambda site, day: values.get((site, day), np.nan)


def window_of(look: Look, site: str, day: pd.Timestamp, *, cutoff: int, window: int) -> list[float]:
    return [value for step in range(cutoff, cutoff + window) if np.isfinite(value := look(site, day - step * DAY))]


def expected_lag(look: Look, site: str, day: pd.Timestamp, *, cutoff: int) -> float:
    return look(site, day - (cutoff + 1) * DAY)


def expected_mean(look: Look, site: str, day: pd.Timestamp, *, cutoff: int, times: float = 1.0) -> float:
    known = window_of(look, site, day, cutoff=cutoff, window=5)
    return times * float(np.mean(known)) if len(known) >= 4 else np.nan


def expected_change(look: Look, site: str, day: pd.Timestamp, *, cutoff: int) -> float:
    return look(site, day - cutoff * DAY) - look(site, day - (cutoff + 2) * DAY)


def expected_index(look: Look, site: str, day: pd.Timestamp, *, cutoff: int) -> float:
    total, weight, timestamp = 0.0, 1.0, day - cutoff * DAY
    if not np.isfinite(look(site, timestamp)):
        return np.nan
    while np.isfinite(look(site, timestamp)):
        total, weight, timestamp = total + weight * look(site, timestamp), 0.5 * weight, timestamp - DAY
    return total


def expected_last(look: Look, site: str, day: pd.Timestamp, *, cutoff: int, age: bool = False) -> float:
    for step in range(cutoff, cutoff + 4):
        if np.isfinite(look(site, day - step * DAY)):
            return float(step) if age else look(site, day - step * DAY)
    return np.nan


WAYS: dict[str, tuple[str, Callable[[int], dict[str, Any]], Callable[..., float]]] = {
    "lag": ("_lag_{next}", lambda cutoff: {"steps": [cutoff + 1]}, expected_lag),
    "rolling_sum": ("_sum_5", lambda _: {"window": 5}, partial(expected_mean, times=5.0)),
    "rolling_mean": ("_mean_5", lambda _: {"window": 5}, expected_mean),
    "difference": ("_diff_2", lambda _: {"step": 2}, expected_change),
    "antecedent_precipitation": ("_api_0.5", lambda _: {"decay": 0.5}, expected_index),
    "last_known": ("_last", lambda _: {"window": 4}, expected_last),
    "last_known_age": ("_last_age", lambda _: {"window": 4}, partial(expected_last, age=True)),
}


@pytest.mark.parametrize("horizon", [1, 2, 5])
@pytest.mark.parametrize("way", WAYS)
def test_recipes_end_at_the_cutoff_of_each_column(way: str, horizon: int) -> None:
    frame, (ending, parameters, expected) = sites(), WAYS[way]
    recipe = {"kind": way.removesuffix("_age"), "columns": ["flow", "rain"], "parameters": parameters(horizon)}
    for known_ahead in (True, False):
        spec = spec_of([recipe], horizon=horizon, drivers_known_ahead=known_ahead)
        table = prepare(spec, frame, profile_of(frame, "day"))
        rows = frame.iloc[table.rows - 1]
        for column, cutoff in (("flow", horizon), ("rain", 0 if known_ahead else horizon)):
            name = column + ending.format(next=horizon + 1)
            # The lag is the same for both columns, and so beyond the cutoff of the one that is known ahead.
            way_cutoff = horizon if way == "lag" else cutoff
            look = look_up(frame, column)
            want = [
                expected(look, site, day, cutoff=way_cutoff)
                for site, day in zip(rows["site"], rows["day"], strict=True)
            ]
            np.testing.assert_allclose(table.features[name], want, rtol=1e-12, err_msg=name)


@pytest.mark.parametrize("horizon", [1, 3])
def test_a_driver_not_known_ahead_enters_as_it_was_before(horizon: int) -> None:
    frame = sites()
    spec = spec_of(selected=["rain", "soil", "area"], horizon=horizon, drivers_known_ahead=False)
    table = prepare(spec, frame, profile_of(frame, "day"))
    rows = frame.iloc[table.rows - 1]
    for column, missing in (("rain", np.nan), ("soil", "(missing)")):
        values = {(row.site, row.day): getattr(row, column) for row in frame.itertuples()}
        moments = zip(rows["site"], rows["day"] - horizon * DAY, strict=True)
        want = pd.Series([values.get(moment, missing) for moment in moments], name=column)
        pd.testing.assert_series_equal(table.features[column], want, check_dtype=False)
    assert longest_memory(spec) == horizon


@pytest.mark.parametrize("regular", [True, False])
def test_what_is_known_for_ever_is_not_shifted(regular: bool) -> None:
    frame = sites()
    frame, profile = (frame, profile_of(frame, "day")) if regular else irregular(frame)
    season = {"kind": "date_parts", "columns": [], "parameters": {"parts": ["doy_cyclic"]}}
    spec = spec_of([season], selected=["area", "site", "day"], horizon=3, drivers_known_ahead=False)
    now = spec.model_copy(update={"task": spec.task.model_copy(update={"purpose": None})})
    pd.testing.assert_frame_equal(prepare(spec, frame, profile).features, prepare(now, frame, profile).features)


def test_steps_of_an_irregular_series_are_earlier_moments() -> None:
    frame, profile = irregular(sites())
    spec = spec_of(
        [{"kind": "last_known", "columns": ["flow"], "parameters": {"window": 4}}],
        selected=["rain"], horizon=2, drivers_known_ahead=False,
    )  # fmt: skip
    table = prepare(spec, frame, profile)
    rows = frame.iloc[table.rows - 1].reset_index(drop=True)
    for hashable, row in rows.iterrows():
        before = frame[(frame["site"] == row["site"]) & (frame["day"] < row["day"])].sort_values("day")
        moments = before.iloc[:-1] if len(before) else before
        if len(moments):
            np.testing.assert_equal(table.features["rain"][hashable], moments["rain"].iloc[-1])
        flow = moments.tail(4).dropna(subset=["flow"]).tail(1)
        np.testing.assert_equal(table.features["flow_last"][hashable], flow["flow"].iloc[0] if len(flow) else np.nan)
        age = (row["day"] - flow["day"].iloc[0]) / DAY if len(flow) else np.nan
        np.testing.assert_equal(table.features["flow_last_age"][hashable], age)


def test_a_column_that_changes_late_is_not_known_ahead() -> None:
    days = pd.date_range("2001-10-01", periods=20, freq="D")
    frame = pd.DataFrame({"day": days, "dam": [0.0] * 15 + [1.0] * 5})
    spec = make_spec(task={"target": "dam", "time_column": "day"}, selected=["dam"])
    known = EarlierValues(frame, spec, profile_of(frame, "day")).known_values(frame["dam"], cutoff=3)
    assert known.tolist() == [0.0] * 18 + [1.0] * 2


@pytest.mark.parametrize("moments", [1, 2, 3])
def test_drivers_of_short_records_are_no_attributes(moments: int) -> None:
    """A driver measured once or twice at each site enters as it was before, never as it is in the very row."""
    days = list(pd.date_range("2001-10-01", periods=moments, freq="D"))
    frame = pd.DataFrame({"day": days * 9, "site": np.repeat([f"s{number}" for number in range(9)], moments)})
    frame["rain"] = np.arange(len(frame)) * 1.5
    frame["area"], frame["flow"] = frame["site"].str[1:].astype(float), frame["rain"]
    spec = spec_of(selected=["rain", "area"], horizon=1, drivers_known_ahead=False)
    profile = profile_of(pd.concat([frame, sites()[["day"]]]), "day")
    features = prepare(spec, frame, profile).features
    first = prepare(spec, frame, profile).times == days[0]
    assert features.loc[first, "rain"].isna().all()
    assert features["area"].notna().all() or moments == 1


def test_the_age_of_a_weekly_head_counts_days_since_it() -> None:
    days = pd.date_range("2001-10-01", periods=29, freq="D")
    frame = pd.DataFrame({"day": days, "site": "w", "area": 1.0, "rain": 1.0, "flow": np.arange(29.0)})
    frame["flow"] = frame["flow"].where(frame.index % 7 == 0)
    spec = spec_of([{"kind": "last_known", "columns": ["flow"]}], selected=["rain"], horizon=3)
    table = prepare(spec, frame, profile_of(frame, "day"))
    assert table.features["flow_last"].tolist()[1:] == [0.0, 7.0, 14.0, 21.0]
    assert table.features["flow_last_age"].tolist()[1:] == [7.0] * 4


def test_previews_show_what_the_model_sees() -> None:
    frame = sites().sort_values(["site", "day"]).reset_index(drop=True)
    profile = profile_of(frame, "day")
    spec = spec_of(selected=["rain"], horizon=3, drivers_known_ahead=False)
    for kind in ("log", "cyclic", "last_known", "rolling_sum"):
        part = TransformPart(kind=kind, columns=["rain"])
        assert needs_row_order(spec, part, profile)
        small = spec.model_copy(update={"features": spec.features.model_copy(update={"transforms": [part]})})
        table, view = prepare(small, frame, profile), preview(spec, part, frame, profile)
        for row in view.rows:
            position = list(table.rows).index(row.number)
            wanted = (
                np.log(table.features["rain"] + 1) if kind == "log" else table.features.filter(like="rain_").iloc[:, 0]
            )
            assert row.after[0] == pytest.approx(wanted[position]) or (
                row.after[0] is None and np.isnan(wanted[position])
            )


@pytest.mark.parametrize(
    ("task", "columns", "code"),
    [
        ({"purpose": "forecast", "horizon": 3}, ["flow"], "target_not_known_yet"),
        ({"purpose": "forecast", "horizon": 3}, ["rain"], "driver_not_known_yet"),
        ({"purpose": "simulate"}, ["rain", "flow"], "target_never_known"),
        ({"purpose": "ungauged"}, ["flow"], "target_never_known"),
        ({"purpose": "fill_gaps"}, ["flow"], "target_never_known"),
        ({"purpose": "new_rows"}, ["flow"], "target_never_known"),
        ({"purpose": "new_rows"}, ["rain"], "no_earlier_rows"),
        ({"purpose": "forecast", "time_column": None}, [], "time_column_missing"),
        ({"purpose": "fill_gaps", "time_column": None}, [], "time_column_missing"),
    ],
)
def test_training_refuses_what_was_not_checked(task: dict[str, Any], columns: list[str], code: str) -> None:
    frame = sites()
    recipes = [{"kind": "lag", "columns": columns, "parameters": {"steps": [1, 2, 3]}}] if columns else []
    with pytest.raises(TrainingError) as told:
        prepare(spec_of(recipes, **task), frame, profile_of(frame, "day"))
    assert told.value.code == code
    assert str(told.value).endswith(".")


def test_windows_of_a_simulation_refuse_the_target() -> None:
    frame = sites()
    for kind in ("rolling_sum", "rolling_mean", "difference", "antecedent_precipitation", "last_known"):
        spec = spec_of([{"kind": kind, "columns": ["flow"]}], purpose="simulate")
        with pytest.raises(TrainingError, match="a simulation knows no value of flow"):
            prepare(spec, frame, profile_of(frame, "day"))


def test_memory_counts_the_steps_that_are_not_known() -> None:
    recipes = [{"kind": "rolling_mean", "columns": ["flow", "rain"], "parameters": {"window": 7}}]
    ahead = {"horizon": 3, "drivers_known_ahead": True}
    assert longest_memory(spec_of(recipes, purpose=None)) == 7
    assert longest_memory(spec_of(recipes, **ahead)) == 10
    assert longest_memory(spec_of([{**recipes[0], "columns": ["rain"]}], **ahead)) == 7
    assert longest_memory(spec_of([{**recipes[0], "columns": ["rain"]}], horizon=3)) == 10
    assert longest_memory(spec_of([{"kind": "cyclic", "columns": ["rain"]}], horizon=4)) == 4
    lag = {"kind": "lag", "columns": ["flow"], "parameters": {"steps": [3, 5]}}
    assert longest_memory(spec_of([lag], **ahead)) == 5


def test_a_result_names_columns_as_they_were_before() -> None:
    frame = sites(60)
    spec = spec_of(selected=["rain", "soil", "area"], horizon=3, drivers_known_ahead=False)
    result = train(spec, frame, profile_of(frame, "day"), on_progress=lambda _: None, should_stop=lambda: False)
    assert "Not known 3 steps ahead, so taken as 3 steps before: rain and soil." in result.report.notes
    stored = Report.from_json(result.report.to_json()).charts.importance
    assert stored is not None
    assert {item.feature: item.steps_before for item in stored.items} == {"rain": 3, "soil": 3, "area": None}
    known = spec.model_copy(update={"task": spec.task.model_copy(update={"drivers_known_ahead": True})})
    result = train(known, frame, profile_of(frame, "day"), on_progress=lambda _: None, should_stop=lambda: False)
    assert not any(note.startswith("Not known") for note in result.report.notes)
    items = result.report.to_json()["charts"]["importance"]["items"]
    assert all("steps_before" not in item for item in items)


def test_training_refuses_the_target_as_its_own_feature() -> None:
    frame = sites()
    for purpose in Purpose:
        spec = spec_of(selected=["rain", "flow"], purpose=purpose)
        with pytest.raises(TrainingError, match="cannot be its own feature"):
            train(spec, frame, profile_of(frame, "day"), on_progress=lambda _: None, should_stop=lambda: False)


def test_a_forecast_over_many_sites_still_holds_rows_out() -> None:
    frame = sites()
    parts = {"validation": {"strategy": "time_series", "parameters": {"n_splits": 3}, "holdout": {"fraction": 0.25}}}
    for purpose in Purpose:
        spec = make_spec(task={**spec_of(horizon=2).task.model_dump(mode="json"), "purpose": purpose}, **parts)
        rule = HoldoutRule.of(spec)
        assert rule is not None
        assert 0 < (~rule.development(frame, profile_of(frame, "day"))).sum() < len(frame) / 2


def test_gap_counts_what_looks_back_at_the_target() -> None:
    drivers = {"kind": "window_means", "columns": ["rain"], "parameters": {"windows": [365]}}
    lag = {"kind": "lag", "columns": ["flow"], "parameters": {"steps": [3]}}
    chained = {"kind": "rolling_mean", "columns": ["flow_lag_3"], "parameters": {"window": 30}}

    def memory(recipes: list[dict[str, Any]], purpose: str | None) -> int:
        spec = spec_of(recipes, purpose=purpose, horizon=3 if purpose == "forecast" else None)
        return target_memory_of(spec.features.transforms, spec.task)

    assert memory([drivers], "simulate") == 0
    assert memory([drivers, lag], "forecast") == 3
    assert memory([drivers, lag, chained], "forecast") == 33
    assert memory([drivers, lag], None) == 365
