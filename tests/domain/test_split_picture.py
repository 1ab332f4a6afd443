"""The picture of a split shows the folds that are made, with the dates and groups of the table."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from app.domain.training.preprocessing.preparation import TrainingTable, columns_read, prepare
from app.domain.training.report.document import SplitSummary
from app.domain.training.report.split_summary import summarise
from app.domain.training.run import train
from app.domain.training.tuning.inner_folds import facts_of
from app.domain.training.validation.split_rows import Split
from app.domain.training.validation.splitting import STRATEGIES, StrategyEntry, make_split
from tests.domain.tables import make_spec, profile_of

SITES = ("01013500", "01022500", "01030500", "01031500")


def _table(days: int = 400) -> pd.DataFrame:
    random = np.random.default_rng(2)
    dates = pd.date_range("2000-10-01", periods=days, freq="D")
    parts = [pd.DataFrame({"day": dates, "site": site, "a": random.normal(size=days)}) for site in SITES]
    return pd.concat(parts, ignore_index=True).assign(y=lambda frame: frame["a"] * 2)


def _drawn(strategy: str, **validation: Any) -> tuple[SplitSummary, Split, TrainingTable]:
    frame = _table()
    task = {"target": "y", "time_column": "day", "group_column": "site"}
    spec = make_spec(task=task, selected=["a"], validation={"strategy": strategy, **validation})
    profile = profile_of(frame, "day")
    table = prepare(spec, frame[columns_read(spec, profile)], profile)
    split = make_split(spec, facts_of(table))
    return summarise(spec, table, split), split, table


@pytest.mark.parametrize(
    "entry", [entry for entry in STRATEGIES if entry.id != "stratified_k_fold"], ids=lambda entry: entry.id.value
)
def test_stripes_cover_every_row_and_judge_as_many_as_the_folds(entry: StrategyEntry) -> None:
    parameters = {"n_splits": 3} if entry.parameter("n_splits") else {}
    summary, split, table = _drawn(entry.id.value, parameters=parameters, holdout={"fraction": 0.25})
    assert len(summary.picture) == min(len(split.folds), 10)
    for line, fold in zip(summary.picture, split.folds, strict=False):
        ends = [0.0, *(high for _, _, high in line)]
        assert [low for _, low, _ in line] == ends[:-1]
        assert ends[-1] == 1.0
        judged = sum(high - low for kind, low, high in line if kind == "valid")
        assert judged == pytest.approx(len(fold.validation) / len(table.target), abs=0.08)


def test_forward_folds_end_where_the_dates_say() -> None:
    summary, _split, _table = _drawn(
        "time_series", parameters={"n_splits": 3, "gap": 20}, holdout={"from": "2001-08-01", "to": "2001-09-30"}
    )
    assert summary.marks == ((0.0, "2000-10-01"), (1.0, "2001-11-04"))
    assert summary.holdout is not None
    assert (summary.holdout.validation_start, summary.holdout.validation_end) == ("2001-08-01", "2001-09-30")
    assert summary.holdout.train_end == "2001-07-11"
    assert summary.left_out == "140 rows after 2001-09-30 neither train nor validate."
    kinds = [kind for kind, _, _ in summary.picture[0]]
    assert kinds == ["train", "gap", "valid", "unused", "gap", "hold", "unused"]
    low, high = next((low, high) for kind, low, high in summary.picture[0] if kind == "hold")
    assert (low, high) == pytest.approx((304 / 400, 365 / 400), abs=1e-3)


def test_folds_of_groups_are_as_many_as_there_are_and_named() -> None:
    summary, _split, _table = _drawn("leave_one_group_out")
    assert len(summary.picture) == len(summary.folds) == 4
    assert [fold.groups for fold in summary.folds] == [(site,) for site in SITES]
    assert [text for _, text in summary.marks] == list(SITES)
    assert [place for place, _ in summary.marks] == [0.125, 0.375, 0.625, 0.875]


def test_new_sites_in_new_years_are_drawn_site_by_site() -> None:
    summary, _split, _table = _drawn("group_time_series", parameters={"n_splits": 4, "gap": 0})
    for fold, line in zip(summary.folds, summary.picture, strict=True):
        judged = [(low, high) for kind, low, high in line if kind == "valid"]
        assert fold.groups is not None
        place = SITES.index(fold.groups[0])
        assert len(judged) == 1
        assert place / 4 <= judged[0][0] < judged[0][1] <= (place + 1) / 4


def test_a_warm_up_is_counted_site_by_site() -> None:
    summary, split, table = _drawn("time_series", warm_up=30, parameters={"n_splits": 3, "gap": 0})
    assert summary.left_out == "The warm-up of 30 steps leaves out 120 rows."
    assert summary.picture[0][0] == ("unused", 0.0, 0.075)
    assert table.times is not None
    assert str(table.times.iloc[split.folds[0].train[0]].date()) == "2000-10-31"


def _report_of(frame: pd.DataFrame, **config: Any) -> dict[str, Any]:
    spec, profile = make_spec(**config), profile_of(frame, "day")
    result = train(spec, frame, profile, on_progress=lambda progress: None, should_stop=lambda: False)
    return result.report.to_json()


@pytest.mark.parametrize("strategy", ["time_series", "group_time_series", "group_k_fold"])
def test_what_is_held_out_from_a_date_moves_no_fold(strategy: str) -> None:
    frame = _table()
    parameters = {"n_splits": 2, "gap": 3} if strategy != "group_k_fold" else {"n_splits": 2}
    config: dict[str, Any] = {
        "task": {"target": "y", "time_column": "day", "group_column": "site"},
        "selected": ["a"],
        "transforms": [{"columns": ["a"], "kind": "rolling_sum", "parameters": {"window": 5}}],
        "validation": {
            "strategy": strategy,
            "parameters": parameters,
            "holdout": {"from": "2001-09-01", "to": "2001-10-15"},
            "warm_up": 10,
        },
    }
    wild = frame.copy()
    wild.loc[wild["day"] >= "2001-09-01", ["a", "y"]] *= 1000.0
    wild.loc[wild["day"] < "2000-10-11", "y"] += 1000.0
    sound, moved = (_report_of(values, **config) for values in (frame, wild))
    assert sound["scores"]["nse"]["folds"] == moved["scores"]["nse"]["folds"]
    assert sound["scores"]["nse"]["holdout"] is not None
    assert sound["split"]["holdout"]["validation_start"] == "2001-09-01"
    assert sound["split"]["holdout"]["validation_end"] == "2001-10-15"
