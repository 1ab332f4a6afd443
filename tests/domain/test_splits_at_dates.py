"""Splits at dates and water years, warm-up, and new sites in new years: no row on both sides, gap and groups kept."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from app.domain.errors import TrainingError
from app.domain.experiment import HoldoutPart
from app.domain.training.preprocessing.preparation import columns_read, prepare
from app.domain.training.tuning.inner_folds import facts_of, inner_folds
from app.domain.training.validation.split_rows import RowFacts, Split
from app.domain.training.validation.splitting import held_out_rows, make_split
from app.domain.training.validation.strategies import get
from tests.domain.tables import make_spec, profile_of, real

QUICK = settings(derandomize=True, deadline=None, max_examples=40)
WELLS = {
    "germany": ("hydro/challenge/well_germany.csv", "2017-01-01", "2021-12-31"),
    "netherlands": ("hydro/challenge/well_netherlands.csv", "2016-09-23", "2020-11-27"),
}


def days(count: int, *, sites: int = 1, first: str = "1999-10-01") -> RowFacts:
    """Return the facts of a daily record of several sites, day by day."""
    rows = count * sites
    steps = np.arange(rows) // sites
    times = np.datetime64(first, "s") + steps * np.timedelta64(86_400, "s")
    groups = np.array([f"site {row % sites}" for row in range(rows)], dtype=object)
    return RowFacts(rows, groups=groups, steps=steps, times=times, ages=steps)


def split_at(facts: RowFacts, strategy: str = "time_series", *, warm_up: int = 0, **request: Any) -> Split:
    holdout = request.pop("holdout", None)
    parameters = request if strategy in ("k_fold", "leave_one_group_out") else {"n_splits": 3, **request}
    validation = {"strategy": strategy, "parameters": parameters, "holdout": holdout, "warm_up": warm_up}
    return make_split(make_spec(validation=validation), facts)


def parts_of(split: Split) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    current_values = [] if split.holdout is None else [(split.development, split.holdout)]
    return [*((fold.train, fold.validation) for fold in split.folds), *current_values]


@QUICK
@given(
    count=st.integers(120, 400),
    sites=st.integers(1, 3),
    begin=st.integers(60, 100),
    length=st.none() | st.integers(0, 15),
    gap=st.integers(0, 6),
    warm_up=st.sampled_from([0, 1, 9]),
    strategy=st.sampled_from(["time_series", "k_fold", "leave_one_group_out"]),
)
def test_dates_hold_out_exactly_the_rows_between_them(
    count: int, sites: int, begin: int, length: int | None, gap: int, warm_up: int, strategy: str
) -> None:
    facts = days(count, sites=max(sites, 2) if strategy == "leave_one_group_out" else sites)
    assert facts.times is not None
    assert facts.steps is not None
    first = np.datetime64("1999-10-01") + begin
    last = None if length is None else first + length
    holdout = {"from": str(first), "to": None if last is None else str(last)}
    query = {"gap": gap} if strategy == "time_series" else {}
    split = split_at(facts, strategy, holdout=holdout, warm_up=warm_up, **query)
    inside = facts.times >= first
    inside &= True if last is None else facts.times < last + 1
    assert split.holdout is not None
    assert split.holdout.tolist() == np.flatnonzero(inside).tolist()
    apart = gap if strategy == "time_series" else 0
    expected = (facts.steps >= warm_up) & (facts.steps < begin - apart)
    assert split.development.tolist() == np.flatnonzero(expected).tolist()
    for train, judged in parts_of(split):
        assert not set(train) & set(judged)
        assert facts.steps[train].min() >= warm_up
    assert all(set(fold.validation) <= set(split.development) for fold in split.folds)


@QUICK
@given(
    count=st.integers(80, 200),
    sites=st.integers(4, 8),
    folds=st.integers(2, 4),
    gap=st.integers(0, 5),
    held=st.sampled_from([None, {"fraction": 0.25}, {"from": "1999-12-01"}]),
    seed=st.integers(0, 3),
)
def test_new_sites_in_new_years_share_neither_site_nor_time(
    count: int, sites: int, folds: int, gap: int, held: dict[str, Any] | None, seed: int
) -> None:
    facts = days(count, sites=sites)
    assert facts.groups is not None
    assert facts.steps is not None
    validation = {
        "strategy": "group_time_series",
        "parameters": {"n_splits": min(folds, sites - 2), "gap": gap},
        "holdout": held,
    }
    split = make_split(make_spec(validation=validation, seed=seed), facts)
    for train, judged in parts_of(split):
        assert not set(facts.groups[train]) & set(facts.groups[judged])
        assert facts.steps[judged].min() - facts.steps[train].max() > gap
    judging = [set(facts.groups[fold.validation]) for fold in split.folds]
    assert sum(map(len, judging)) == len(set().union(*judging)), "each site judges in one period"
    development = set(facts.groups[split.development])
    assert set().union(*judging) == development
    if split.holdout is not None:
        assert not development & set(facts.groups[split.holdout])
        apart = set(held_out_rows(make_spec(validation=validation, seed=seed), facts).tolist())
        assert set(split.holdout) <= apart
        assert not apart & set(split.development)


@pytest.mark.parametrize("window", ["expanding", "rolling"])
@pytest.mark.parametrize(("month", "first"), [(10, "1999-10-01"), (7, "1999-05-01"), (1, "2000-01-01")])
def test_every_fold_judges_whole_water_years(month: int, first: str, window: str) -> None:
    facts = days(365 * 8, first=first)
    assert facts.times is not None
    split = split_at(facts, align="water_year", start_month=month, gap=30, window=window)
    years = (facts.times.astype("datetime64[M]") - (month - 1)).astype("datetime64[Y]")
    judged = [np.unique(years[fold.validation]) for fold in split.folds]
    assert len(np.unique(np.concatenate(judged))) == sum(map(len, judged)) == len(split.folds) * 2
    for fold in split.folds:
        inside = np.isin(years, np.unique(years[fold.validation]))
        assert fold.validation.tolist() == np.flatnonzero(inside).tolist()
        assert fold.validation[0] - fold.train[-1] == 31
        assert window == "expanding" or years[fold.train[0]] != years[fold.train[0] - 1] or fold.train[0] == 0


def test_a_day_without_rows_at_the_cut_does_not_move_it() -> None:
    facts = days(200)
    thinned = facts.of(np.delete(np.arange(200), [99, 100, 101]))
    split = split_at(thinned, holdout={"from": "2000-01-10", "to": "2000-01-20"})
    assert split.holdout is not None
    assert thinned.times is not None
    assert thinned.times[split.holdout].min() == np.datetime64("2000-01-11")
    assert thinned.times[split.holdout].max() == np.datetime64("2000-01-20")


def test_an_hour_at_the_end_is_taken_by_the_hour() -> None:
    steps = np.arange(240)
    times = np.datetime64("2020-01-01", "s") + steps * np.timedelta64(3600, "s")
    facts = RowFacts(240, steps=steps, times=times, ages=steps)
    split = split_at(facts, holdout={"from": "2020-01-08T06:00", "to": "2020-01-09T12:00"})
    assert split.holdout is not None
    assert (split.holdout[0], split.holdout[-1]) == (7 * 24 + 6, 8 * 24 + 12)


REFUSED: dict[str, dict[str, Any]] = {
    "holdout_empty": {"holdout": {"from": "2031-01-01"}},
    "nothing_to_train": {"holdout": {"from": "1990-01-01"}},
    "warm_up_too_long": {"warm_up": 199},
    "too_few_years": {"align": "water_year", "n_splits": 3},
}


@pytest.mark.parametrize("code", REFUSED)
def test_a_cut_that_leaves_nothing_is_refused_in_words(code: str) -> None:
    with pytest.raises(TrainingError) as refusal:
        split_at(days(200), **REFUSED[code])
    assert refusal.value.code == code
    assert refusal.value.message.endswith(".")


@pytest.mark.parametrize("asked", [{"holdout": {"from": "2000-01-01"}}, {"warm_up": 3}])
def test_dates_and_warm_up_need_a_time_column(asked: dict[str, Any]) -> None:
    with pytest.raises(TrainingError) as refusal:
        split_at(RowFacts(100), "k_fold", **asked)
    assert refusal.value.code == "time_column_missing"


def test_folds_within_a_fold_keep_sites_and_time_apart() -> None:
    facts = days(200, sites=6)
    spec = make_spec(validation={"strategy": "group_time_series", "parameters": {"n_splits": 3, "gap": 4}})
    assert facts.groups is not None
    assert facts.steps is not None
    for fold in make_split(spec, facts).folds:
        for inner in inner_folds(spec, facts, fold.train):
            assert set(inner.train) | set(inner.validation) <= set(fold.train)
            assert not set(facts.groups[inner.train]) & set(facts.groups[inner.validation])


def _rows_of_file(frame: pd.DataFrame, time: str, **config: Any) -> tuple[Split, Any]:
    spec, profile = make_spec(**config), profile_of(frame, time)
    table = prepare(spec, frame[columns_read(spec, profile)], profile)
    return make_split(spec, facts_of(table)), table


@pytest.mark.parametrize("well", WELLS)
def test_a_published_window_of_a_well_is_repeated_row_for_row(well: str) -> None:
    name, first, last = WELLS[well]
    frame = real(name, parse_dates=[0])
    time = str(frame.columns[0])
    split, table = _rows_of_file(
        frame,
        time,
        task={"target": "head_m", "time_column": time},
        selected=["rr", "tg"],
        validation={"strategy": "time_series", "holdout": {"from": first, "to": last}},
    )
    # Independent of the product: what pandas selects by the same dates.
    known = frame[frame["head_m"].notna()]
    expected = known[known[time].between(first, last)].index
    assert split.holdout is not None
    assert len(split.holdout) == len(expected) > 1_000
    assert (table.rows[split.holdout] - 1).tolist() == expected.tolist()
    before = known[known[time] < first].index
    assert (table.rows[split.development] - 1).tolist() == before.tolist()


def test_the_basins_are_judged_from_the_published_day() -> None:
    frame = real("hydro/camels_us_10basins_1990_2013.csv.gz", dtype={"gauge_id": str}, parse_dates=["date"])
    split, table = _rows_of_file(
        frame,
        "date",
        task={"target": "discharge_mm", "time_column": "date", "group_column": "gauge_id"},
        selected=["prcp_mm"],
        validation={"strategy": "time_series", "holdout": {"from": "2006-10-01", "to": None}, "warm_up": 365},
    )
    known = frame[frame["discharge_mm"].notna()]
    expected = known[known["date"] >= "2006-10-01"].index
    assert split.holdout is not None
    assert sorted(table.rows[split.holdout] - 1) == expected.tolist()
    # Starts differ, so the warm-up is that of each basin.
    number = frame.sort_values("date").groupby("gauge_id").cumcount()
    before = known[(known["date"] < "2006-10-01") & (number.reindex(known.index) >= 365)].index
    assert sorted(table.rows[split.development] - 1) == before.tolist()


@pytest.mark.parametrize(
    ("strategy", "holdout", "whole"),
    [
        ("group_k_fold", {"fraction": 0.2}, True),
        ("group_k_fold", {"from": "2001-10-01", "to": None}, False),
        ("group_time_series", {"from": "2001-10-01", "to": None}, True),
        ("leave_one_group_out", None, False),
        ("time_series", {"fraction": 0.2}, False),
    ],
)
def test_a_date_holds_out_later_rows_of_all_groups(strategy: str, holdout: Any, whole: bool) -> None:
    holdout_part = None if holdout is None else HoldoutPart.model_validate(holdout)
    assert get(strategy).holds_out_groups(holdout_part) is whole
