"""Splits compared before a launch: neighbours flatter, independent rows do not, and the work is bounded."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from app.domain.errors import TrainingError
from app.domain.training import optimism
from app.domain.training.development import HoldoutRule
from app.domain.training.optimism_report import (
    BLOCKS,
    FORWARD,
    RANDOM,
    SITES,
    Flattery,
    SplitComparison,
    SplitScore,
    comparable_splits,
    flattery_here,
    flattery_of,
    sentence_of,
)
from tests.domain.reading import sample
from tests.domain.tables import make_spec, profile_of

pytestmark = pytest.mark.fits

TIMED: dict[str, Any] = {"task": {"target": "y", "time_column": "day"}, "selected": ["level", "x"]}


def remembering(rows: int = 900, *, signal: float = 0.8, seed: int = 0) -> pd.DataFrame:
    """Return a daily series of which nothing can be told ahead, and 80 % of it from the days around.

    The signal is a slow walk that no column carries but the level, which rises day by day. So a model interpolates
    what neighbours tell, up to an NSE of 0.8, and knows nothing of what is to come.
    """
    random = np.random.default_rng(seed)
    slow = np.convolve(random.normal(size=rows + 60), np.hanning(61), mode="valid")
    slow = (slow - slow.mean()) / slow.std()
    y = np.sqrt(signal) * slow + np.sqrt(1 - signal) * random.normal(size=rows)
    day = pd.date_range("2001-10-01", periods=rows, freq="D")
    return pd.DataFrame({"day": day, "level": np.arange(rows) / rows, "x": random.normal(size=rows), "y": y})


def independent(rows: int = 900, *, seed: int = 0) -> pd.DataFrame:
    """Return rows with a date that have nothing to do with one another, half of which their columns explain."""
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(random.normal(size=(rows, 2)), columns=["level", "x"])
    frame["y"] = frame["level"] + 0.5 * frame["x"] + random.normal(scale=0.7, size=rows)
    return frame.assign(day=pd.date_range("2001-10-01", periods=rows, freq="D"))


def basins(sites: int = 6, each: int = 120, *, seed: int = 0) -> pd.DataFrame:
    """Return sites whose level only a model that knows the site can tell: its area is a name, and no reason."""
    random = np.random.default_rng(seed)
    site = np.repeat(np.arange(sites), each)
    x = random.normal(size=sites * each)
    y = 2 * random.normal(size=sites)[site] + x + random.normal(scale=0.3, size=sites * each)
    return pd.DataFrame(
        {"site": [f"s{position}" for position in site], "area": random.normal(size=sites)[site], "x": x, "y": y}
    )


def compared(frame: pd.DataFrame, **parts: Any) -> SplitComparison:
    time_column = parts.get("task", {}).get("time_column")
    return list(optimism.compare_splits(make_spec(**parts), frame, profile_of(frame, time_column)))[-1]


def difference(comparison: SplitComparison, split: str) -> Flattery:
    flattery = flattery_of(comparison, split)
    assert flattery is not None
    return flattery


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_random_split_flatters_a_series_by_what_neighbours_tell(seed: int) -> None:
    comparison = compared(remembering(seed=seed), **TIMED)
    drawn, forward = comparison.of(RANDOM), comparison.of(FORWARD)
    assert drawn is not None
    assert forward is not None
    assert drawn.mean is not None
    assert forward.mean is not None
    assert drawn.mean > 0.4
    assert forward.mean < 0.1
    assert difference(comparison, FORWARD).state == "flatters"
    assert difference(comparison, FORWARD).difference > 0.5


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_independent_rows_score_the_same_under_every_split(seed: int) -> None:
    flattery = difference(compared(independent(seed=seed), **TIMED), FORWARD)
    assert flattery.state in ("same", "unclear")
    assert abs(flattery.difference) < 0.05


def test_sites_flatter_where_only_the_site_tells_the_level() -> None:
    parts = {"task": {"target": "y", "group_column": "site"}, "selected": ["area", "x"]}
    comparison = compared(basins(), **parts)
    assert [item.split for item in comparison.items] == [RANDOM, SITES]
    assert len(comparison.items[0].scores) == 6
    assert difference(comparison, SITES).difference > 0.5


def test_time_and_sites_are_compared_on_the_same_pieces() -> None:
    frame = basins(sites=3, each=200).assign(day=np.tile(pd.date_range("2001-10-01", periods=200), 3))
    task = {"target": "y", "group_column": "site", "time_column": "day"}
    comparison = compared(frame, task=task, selected=["area", "x"])
    assert [item.split for item in comparison.items] == [RANDOM, FORWARD, SITES]
    assert {len(item.scores) for item in comparison.items} == {3}
    assert difference(comparison, SITES).difference > difference(comparison, FORWARD).difference


def test_the_same_data_give_the_same_figures() -> None:
    frame = remembering(300)
    first = compared(frame, **TIMED)
    assert first == compared(frame, **TIMED)
    assert first == compared(frame, **TIMED, seed=7), "the seed of the config decides nothing here"
    assert first == compared(frame, **TIMED, estimator="hist_gradient_boosting")
    assert SplitComparison.from_json(first.to_json()) == first


def test_the_work_is_bounded_by_rows_and_values(monkeypatch: pytest.MonkeyPatch) -> None:
    fitted: list[int] = []
    fit = optimism.fit_fold

    def counting(spec: Any, table: Any, fold: Any, **more: Any) -> Any:
        fitted.append(len(fold.train) * table.features.shape[1])
        return fit(spec, table, fold, **more)

    monkeypatch.setattr(optimism, "fit_fold", counting)
    monkeypatch.setattr(optimism, "MAX_ROWS", 400)
    monkeypatch.setattr(optimism, "MAX_CELLS", 600)
    comparison = compared(remembering(2000), **TIMED)
    assert (comparison.rows, comparison.done, comparison.total) == (300, len(fitted), len(fitted))
    assert len(fitted) == optimism.RANDOM_FOLDS + optimism.FORWARD_FOLDS
    assert max(fitted) <= optimism.MAX_CELLS


def test_the_latest_rows_of_every_site_are_compared() -> None:
    frame = basins(sites=3, each=200).assign(day=np.tile(pd.date_range("2001-10-01", periods=200), 3))
    spec = make_spec(task={"target": "y", "group_column": "site", "time_column": "day"}, selected=["x"])
    table = optimism.prepare(spec, frame, profile_of(frame, "day"))
    rows = optimism.sample_rows(table, most=90)
    assert table.groups is not None
    assert table.times is not None
    assert np.unique(table.groups[rows], return_counts=True)[1].tolist() == [30, 30, 30]
    assert table.times.iloc[rows].min() == pd.Timestamp("2001-10-01") + pd.Timedelta(days=170)


def test_every_split_learns_from_as_many_rows() -> None:
    frame = remembering(600)
    spec, profile = make_spec(**TIMED), profile_of(frame, "day")
    table = optimism.prepare(spec, frame, profile)
    splits, _ = optimism._comparable_splits(spec, profile, table, optimism.sample_rows(table, most=600))
    sizes = {name: optimism._mean_size(folds) for name, (_, folds) in splits.items()}
    share = sizes[FORWARD] / sizes[RANDOM]
    thin = [optimism._thin_fold(fold, share, 0) for fold in splits[RANDOM][1]]
    assert optimism._mean_size(thin) == pytest.approx(sizes[FORWARD], rel=0.01)
    assert all(set(after.train) <= set(before.train) for after, before in zip(thin, splits[RANDOM][1], strict=True))


def test_rows_alone_compare_nothing() -> None:
    frame = basins()
    profile = profile_of(frame)
    assert comparable_splits(make_spec(), profile) == ()
    assert comparable_splits(make_spec(task={"target": "y", "group_column": "site"}), profile) == (RANDOM, SITES)
    lonely = profile_of(frame.assign(site="s0"))
    assert comparable_splits(make_spec(task={"target": "y", "group_column": "site"}), lonely) == ()
    timed = profile_of(remembering(200), "day")
    assert comparable_splits(make_spec(**TIMED), timed) == (RANDOM, FORWARD)
    gaps = {**TIMED, "task": {**TIMED["task"], "purpose": "fill_gaps"}}
    assert comparable_splits(make_spec(**gaps), timed) == (RANDOM, BLOCKS)
    alone = make_spec(task={"target": "y", "purpose": "fill_gaps"})
    assert comparable_splits(alone, timed) == ()


def test_gaps_of_single_rows_flatter_beside_blocks_as_long_as_gaps() -> None:
    task = {"target": "y", "time_column": "day", "purpose": "fill_gaps"}
    blocks = {"strategy": "masked_blocks", "parameters": {"lengths": [20, 40]}}
    frame = remembering(700, signal=0.99)
    comparison = compared(frame, task=task, selected=["x"], validation=blocks)
    assert [item.split for item in comparison.items] == [RANDOM, BLOCKS]
    assert comparison.items[1].baseline == "Linear interpolation"
    assert difference(comparison, BLOCKS).difference > 0.1
    here = flattery_here(comparison, make_spec(task=task, selected=["x"], validation=blocks))
    assert here is not None
    assert here.split == BLOCKS


def test_too_few_rows_and_too_many_columns_are_refused() -> None:
    with pytest.raises(TrainingError, match=r"^40 rows with a target are too few to compare splits; 60 are needed\.$"):
        compared(remembering(40), **TIMED)
    with pytest.raises(TrainingError, match=r"^1,001 features are more than the 1,000 that can be compared here\."):
        optimism.refuse_too_many(1001)


def test_one_class_is_refused_with_a_sentence() -> None:
    frame = remembering(200).assign(y="wet")
    with pytest.raises(TrainingError, match=r"has only one class\.$"):
        compared(frame, **{**TIMED, "task": {**TIMED["task"], "kind": "binary"}})


def test_a_split_that_cannot_be_made_says_why_and_the_others_stand() -> None:
    frame = basins(sites=3, each=80).assign(day=np.tile(pd.date_range("2001-10-01", periods=80), 3))
    frame["y"] = np.where(frame["day"] < pd.Timestamp("2001-11-20"), "dry", np.where(frame["x"] > 0, "wet", "dry"))
    task = {"target": "y", "kind": "binary", "group_column": "site", "time_column": "day"}
    comparison = compared(frame, task=task, selected=["x"], primary="accuracy")
    assert [item.split for item in comparison.items if not item.reason] == [RANDOM, SITES]
    assert comparison.items[-1].reason == "The training rows of a fold hold one class only."


def test_the_sentence_says_how_much_and_when_it_may_be_luck() -> None:
    def sentence(difference: float, luck: float | None) -> str:
        return sentence_of(Flattery(FORWARD, difference, luck, 0.02), metric="NSE")

    assert sentence(0.31, 0.1) == "A random split would flatter this by 0.31 NSE."
    assert sentence(0.004, 0.018) == "Here a random split says the same, within ±0.02."
    assert sentence(-0.2, 0.1) == "A random split does not flatter this: it scores 0.20 NSE worse."
    assert (
        sentence(0.1, 0.2) == sentence(0.1, None) == "A random split scores 0.10 NSE better here, which may be chance."
    )


def test_a_config_is_told_of_its_own_kind_of_split() -> None:
    def score(split: str, *values: float) -> SplitScore:
        return SplitScore(split=split, scores=values, baseline="Mean", baseline_scores=(0.0,) * len(values))

    items = (score(RANDOM, 0.9, 0.8, 0.9), score(FORWARD, 0.7, 0.6, 0.7), score(SITES, 0.1, 0.2, 0.1))
    comparison = SplitComparison(metric="nse", rows=90, columns=2, train_rows=40, total=9, items=items, complete=True)

    def told(strategy: str) -> str:
        here = flattery_here(comparison, make_spec(validation={"strategy": strategy}))
        assert here is not None
        return here.split

    assert [told(item) for item in ("time_series", "group_k_fold", "k_fold")] == [FORWARD, SITES, SITES]
    assert flattery_here(replace(comparison, items=items[:1]), make_spec()) is None


def test_errors_are_better_the_smaller_they_are() -> None:
    items = (
        SplitScore(split=RANDOM, scores=(1.0, 1.2, 1.1), baseline="Mean", baseline_scores=(3.0,) * 3),
        SplitScore(split=FORWARD, scores=(2.0, 2.1, 2.2), baseline="Mean", baseline_scores=(3.0,) * 3),
    )
    comparison = SplitComparison(metric="rmse", rows=90, columns=2, train_rows=40, total=9, items=items, complete=True)
    assert difference(comparison, FORWARD).difference == pytest.approx(1.0)
    assert difference(comparison, FORWARD).same == pytest.approx(0.06)
    assert difference(comparison, FORWARD).state == "flatters"


@pytest.mark.slow
def test_streamflow_is_compared_on_development_rows_alone() -> None:
    read = sample("piscataquis_01031500_daily.csv")
    spec = read.plan({}).spec
    assert spec is not None
    rule = HoldoutRule.of(spec)
    assert rule is not None
    kept = rule.development(read.frame, read.profile)
    poisoned = read.frame.copy()
    poisoned.loc[~kept, spec.task.target] = 1e6
    comparison, again = (
        list(optimism.compare_splits(spec, frame[kept], read.profile))[-1] for frame in (read.frame, poisoned)
    )
    assert comparison == again
    assert comparison.rows == min(optimism.MAX_ROWS, optimism.MAX_CELLS // comparison.columns)
    drawn, forward = comparison.of(RANDOM), comparison.of(FORWARD)
    assert drawn is not None
    assert forward is not None
    assert drawn.mean is not None
    assert forward.mean is not None
    assert drawn.mean > forward.mean > 0
