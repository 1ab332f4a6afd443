"""Rankings: the information scikit-learn counts, its error, what chance gives, and orders that settle."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kendalltau
from sklearn.feature_selection import mutual_info_classif, mutual_info_regression
from sklearn.metrics import mutual_info_score

from app.domain.analysis.associations import ranking
from app.domain.analysis.associations.ranking import (
    RankedColumn,
    has_settled,
    information,
    rank_columns,
    sizes_of,
    with_ranks,
)
from app.domain.vocabulary import ColumnKind
from tests.domain.tables import kind_of


def ranked(frame: pd.DataFrame, target: str = "y", **options: Any) -> dict[str, RankedColumn]:
    kinds = {str(name): kind_of(frame[name]) for name in frame.columns}
    return {one.name: one for one in with_ranks(rank_columns(frame, target, kinds, seed=1, **options))}


def graded(rows: int, columns: int = 40, *, seed: int = 0) -> pd.DataFrame:
    """Make columns that go with y more and more, some of them up and down."""
    random = np.random.default_rng(seed)
    y = random.gamma(2, size=rows)
    made = {}
    for at in range(columns):
        share, noise = at / columns, random.normal(size=rows)
        made[f"x{at}"] = (
            np.abs(y - 2) * share + noise * (1 - share) if at % 3 else y * share + noise * (1 - 0.8 * share)
        )
    return pd.DataFrame({**made, "y": y})


def test_information_of_counts_is_scikit_learns_but_for_its_bias() -> None:
    random = np.random.default_rng(0)
    one = random.integers(0, 6, size=4000).astype(np.int32)
    other = np.where(random.random(4000) < 0.3, one % 4, random.integers(0, 4, size=4000)).astype(np.int32)
    score, error = information(one, other)
    bias = (24 - 6 - 4 + 1) / (2 * 4000)
    assert score == pytest.approx(mutual_info_score(one, other) - bias, abs=1e-9)
    assert 0 < error < score


def test_the_error_is_what_repeating_would_give() -> None:
    random = np.random.default_rng(1)

    def once() -> tuple[float, float]:
        one = random.integers(0, 5, size=2000).astype(np.int32)
        other = np.where(random.random(2000) < 0.5, one, random.integers(0, 5, size=2000)).astype(np.int32)
        return information(one, other)

    scores = [once() for _ in range(200)]
    assert np.std([score for score, _ in scores]) == pytest.approx(np.mean([error for _, error in scores]), rel=0.2)


def test_the_order_is_scikit_learns_for_a_number() -> None:
    frame = graded(6000)
    found = ranked(frame)
    reference = mutual_info_regression(frame.drop(columns="y"), frame["y"], random_state=0)
    scores = [found[name].score for name in frame.columns if name != "y"]
    assert kendalltau(scores, reference).statistic >= 0.95


def test_the_order_is_scikit_learns_for_classes() -> None:
    frame = graded(6000)
    frame["y"] = pd.cut(frame["y"], [0, 1, 2, 100], labels=False).map({0: "low", 1: "mid", 2: "high"})
    found = ranked(frame)
    reference = mutual_info_classif(frame.drop(columns="y"), frame["y"], random_state=0)
    scores = [found[name].score for name in frame.columns if name != "y"]
    assert kendalltau(scores, reference).statistic >= 0.9


def test_noise_is_marked_and_what_tells_is_not() -> None:
    random = np.random.default_rng(2)
    frame = pd.DataFrame(random.normal(size=(4000, 60)), columns=[f"n{at}" for at in range(60)])
    frame["useful"] = random.normal(size=4000)
    frame["y"] = frame["useful"] ** 2 + random.normal(size=4000)
    found = ranked(frame)
    assert not found["useful"].noise
    assert found["useful"].rank == 1
    noise = [found[f"n{at}"].noise for at in range(60)]
    # One shuffle in 21 does worse than all twenty others by luck alone.
    assert sum(noise) >= 50
    assert all((one.score or 0) <= one.shuffled for one in found.values() if one.noise)


def test_more_rows_keep_the_verdict_of_chance_without_new_shuffles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranking, "MAX_SHUFFLED_ROWS", 12_000)
    random = np.random.default_rng(3)
    frame = pd.DataFrame(random.normal(size=(60_000, 30)), columns=[f"n{at}" for at in range(30)])
    frame["y"] = frame["n0"] * 0.5 + random.normal(size=60_000)
    few = ranked(frame.iloc[:12_000])
    many = ranked(frame, before=few)
    assert not many["n0"].noise
    assert sum(one.noise for one in many.values()) >= 24
    assert many["n1"].shuffled == pytest.approx(few["n1"].shuffled / 5)


def test_ranks_have_bounds_that_hold_the_rank() -> None:
    found = list(ranked(graded(3000)).values())
    assert [one.rank for one in found] == list(range(1, 41))
    assert all(one.rank_best <= one.rank <= one.rank_worst for one in found)
    assert found[0].rank_worst < 10
    json.dumps([one.to_json() for one in found], allow_nan=False)


def test_the_same_seed_gives_the_same_ranking() -> None:
    frame = graded(1000)
    assert ranked(frame) == ranked(frame)


def test_words_truth_values_holes_and_infinities_are_measured() -> None:
    random = np.random.default_rng(4)
    soil = random.choice(["clay", "sand", "silt"], size=900)
    frame = pd.DataFrame({"soil": soil.astype(object), "wet": random.random(900) < np.where(soil == "clay", 0.9, 0.1)})
    frame["depth"] = random.normal(size=900) + 3 * (soil == "clay")
    frame.loc[::7, "depth"], frame.loc[1, "depth"] = np.nan, np.inf
    frame["y"] = np.where(soil == "clay", 5.0, 1.0) + random.normal(size=900)
    found = ranked(frame)
    assert all(one.score and not one.noise for one in found.values())
    assert found["depth"].rows < 900


def test_many_classes_are_gathered_and_names_are_not_measured() -> None:
    random = np.random.default_rng(5)
    frame = pd.DataFrame({"code": [f"k{at}" for at in random.integers(0, 150, size=3000)]}, dtype=object)
    frame["name"] = [f"n{at}" for at in range(3000)]
    frame["y"] = random.normal(size=3000)
    found = ranked(frame)
    assert found["code"].noise
    assert (found["name"].score, found["name"].reason) == (None, "nearly every row has its own value")


@pytest.mark.parametrize("rows", [0, 1, 2, 9])
def test_too_few_rows_give_no_score_and_say_why(rows: int) -> None:
    frame = graded(100, 3).iloc[:rows]
    kinds = {str(name): ColumnKind.NUMERIC for name in frame.columns}
    found = with_ranks(rank_columns(frame, "y", kinds, seed=1))
    assert all(one.score is None and one.reason for one in found)


def test_a_constant_target_or_column_has_no_score() -> None:
    frame = graded(100, 3).assign(same=1.0, void=np.nan)
    assert ranked(frame)["same"].score is None
    assert all(one.score is None for one in ranked(frame.assign(y=2.0)).values())


def test_rounds_grow_and_a_small_table_is_looked_at_whole() -> None:
    assert sizes_of(500) == [500]
    assert sizes_of(50_000) == [10_000, 40_000, 50_000]
    assert sizes_of(1_000_000) == list(ranking.ROUNDS)


def test_an_order_has_settled_when_more_rows_do_not_change_it() -> None:
    a, b, c = (RankedColumn(name, score) for name, score in (("a", 0.1), ("b", 0.2), ("c", 0.3)))
    assert has_settled([a, b, c], [c, b, a])
    assert not has_settled([a, b, c], [RankedColumn("a", 0.4), b, c])
    assert has_settled([a], [a])
