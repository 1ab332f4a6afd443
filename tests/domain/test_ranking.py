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
    assign_ranks,
    has_settled,
    mutual_information,
    rank_columns,
    sizes_of,
)
from app.domain.vocabulary import ColumnKind
from tests.domain.tables import kind_of


def ranked(frame: pd.DataFrame, target: str = "y", **options: Any) -> dict[str, RankedColumn]:
    kinds = {str(name): kind_of(frame[name]) for name in frame.columns}
    return {rank.name: rank for rank in assign_ranks(rank_columns(frame, target, kinds, seed=1, **options))}


def graded(rows: int, columns: int = 40, *, seed: int = 0) -> pd.DataFrame:
    """Make columns that go with y more and more, some of them up and down."""
    random = np.random.default_rng(seed)
    y = random.gamma(2, size=rows)
    made = {}
    for position in range(columns):
        share, noise = position / columns, random.normal(size=rows)
        made[f"x{position}"] = (
            np.abs(y - 2) * share + noise * (1 - share) if position % 3 else y * share + noise * (1 - 0.8 * share)
        )
    return pd.DataFrame({**made, "y": y})


def test_information_of_counts_is_scikit_learns_but_for_its_bias() -> None:
    random = np.random.default_rng(0)
    first = random.integers(0, 6, size=4000).astype(np.int32)
    other = np.where(random.random(4000) < 0.3, first % 4, random.integers(0, 4, size=4000)).astype(np.int32)
    score, error = mutual_information(first, other)
    bias = (24 - 6 - 4 + 1) / (2 * 4000)
    assert score == pytest.approx(mutual_info_score(first, other) - bias, abs=1e-9)
    assert 0 < error < score


def test_the_error_is_what_repeating_would_give() -> None:
    random = np.random.default_rng(1)

    def once() -> tuple[float, float]:
        first = random.integers(0, 5, size=2000).astype(np.int32)
        other = np.where(random.random(2000) < 0.5, first, random.integers(0, 5, size=2000)).astype(np.int32)
        return mutual_information(first, other)

    scores = [once() for _ in range(200)]
    assert np.std([score for score, _ in scores]) == pytest.approx(np.mean([error for _, error in scores]), rel=0.2)


def test_the_order_is_scikit_learns_for_a_number() -> None:
    frame = graded(6000)
    columns = ranked(frame)
    reference = mutual_info_regression(frame.drop(columns="y"), frame["y"], random_state=0)
    scores = [columns[name].score for name in frame.columns if name != "y"]
    assert kendalltau(scores, reference).statistic >= 0.95


def test_the_order_is_scikit_learns_for_classes() -> None:
    frame = graded(6000)
    frame["y"] = pd.cut(frame["y"], [0, 1, 2, 100], labels=False).map({0: "low", 1: "mid", 2: "high"})
    columns = ranked(frame)
    reference = mutual_info_classif(frame.drop(columns="y"), frame["y"], random_state=0)
    scores = [columns[name].score for name in frame.columns if name != "y"]
    assert kendalltau(scores, reference).statistic >= 0.9


def test_noise_is_marked_and_what_tells_is_not() -> None:
    random = np.random.default_rng(2)
    frame = pd.DataFrame(random.normal(size=(4000, 60)), columns=[f"n{position}" for position in range(60)])
    frame["useful"] = random.normal(size=4000)
    frame["y"] = frame["useful"] ** 2 + random.normal(size=4000)
    columns = ranked(frame)
    assert not columns["useful"].noise
    assert columns["useful"].rank == 1
    noise = [columns[f"n{position}"].noise for position in range(60)]
    # One shuffle in 21 does worse than all twenty others by luck alone.
    assert sum(noise) >= 50
    assert all((column.score or 0) <= column.shuffled for column in columns.values() if column.noise)


def test_more_rows_keep_the_verdict_of_chance_without_new_shuffles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranking, "MAX_SHUFFLED_ROWS", 12_000)
    random = np.random.default_rng(3)
    frame = pd.DataFrame(random.normal(size=(60_000, 30)), columns=[f"n{position}" for position in range(30)])
    frame["y"] = frame["n0"] * 0.5 + random.normal(size=60_000)
    few = ranked(frame.iloc[:12_000])
    many = ranked(frame, before=few)
    assert not many["n0"].noise
    assert sum(column.noise for column in many.values()) >= 24
    assert many["n1"].shuffled == pytest.approx(few["n1"].shuffled / 5)


def test_ranks_have_bounds_that_hold_the_rank() -> None:
    columns = list(ranked(graded(3000)).values())
    assert [column.rank for column in columns] == list(range(1, 41))
    assert all(column.rank_best <= column.rank <= column.rank_worst for column in columns)
    assert columns[0].rank_worst < 10
    json.dumps([column.to_json() for column in columns], allow_nan=False)


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
    columns = ranked(frame)
    assert all(column.score and not column.noise for column in columns.values())
    assert columns["depth"].rows < 900


def test_many_classes_are_gathered_and_names_are_not_measured() -> None:
    random = np.random.default_rng(5)
    frame = pd.DataFrame({"code": [f"k{integer}" for integer in random.integers(0, 150, size=3000)]}, dtype=object)
    frame["name"] = [f"n{position}" for position in range(3000)]
    frame["y"] = random.normal(size=3000)
    columns = ranked(frame)
    assert columns["code"].noise
    assert (columns["name"].score, columns["name"].reason) == (None, "nearly every row has its own value")


@pytest.mark.parametrize("rows", [0, 1, 2, 9])
def test_too_few_rows_give_no_score_and_say_why(rows: int) -> None:
    frame = graded(100, 3).iloc[:rows]
    kinds = {str(name): ColumnKind.NUMERIC for name in frame.columns}
    columns = assign_ranks(rank_columns(frame, "y", kinds, seed=1))
    assert all(column.score is None and column.reason for column in columns)


def test_a_constant_target_or_column_has_no_score() -> None:
    frame = graded(100, 3).assign(same=1.0, void=np.nan)
    assert ranked(frame)["same"].score is None
    assert all(column.score is None for column in ranked(frame.assign(y=2.0)).values())


def test_rounds_grow_and_a_small_table_is_looked_at_whole() -> None:
    assert sizes_of(500) == [500]
    assert sizes_of(50_000) == [10_000, 40_000, 50_000]
    assert sizes_of(1_000_000) == list(ranking.ROUNDS)


def test_an_order_has_settled_when_more_rows_do_not_change_it() -> None:
    a, b, c = (RankedColumn(name, score) for name, score in (("a", 0.1), ("b", 0.2), ("c", 0.3)))
    assert has_settled([a, b, c], [c, b, a])
    assert not has_settled([a, b, c], [RankedColumn("a", 0.4), b, c])
    assert has_settled([a], [a])
