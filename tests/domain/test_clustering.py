"""Clusters of columns that go together."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.analysis.associations.clustering import cluster


def _blocks(*sizes: int, inside: float = 0.9) -> np.ndarray:
    values = np.full((sum(sizes), sum(sizes)), 0.05)
    start = 0
    for size in sizes:
        values[start : start + size, start : start + size] = inside
        start += size
    np.fill_diagonal(values, 1.0)
    return values


def test_blocks_are_found_whatever_their_order_and_sign() -> None:
    mixed = np.random.default_rng(3).permutation(9)
    values = _blocks(4, 3, 2)[np.ix_(mixed, mixed)]
    values[0] *= -1
    values[:, 0] *= -1
    clustering = cluster(values)
    blocks = {frozenset(int(mixed[member]) for member in item.members) for item in clustering.clusters}
    assert blocks == {frozenset(range(4)), frozenset(range(4, 7)), frozenset(range(7, 9))}
    assert sorted(clustering.order) == list(range(9))
    assert [member for item in clustering.clusters for member in item.members] == list(clustering.order)
    assert all(item.middle in item.members and item.strength == pytest.approx(0.9) for item in clustering.clusters)


def test_the_middle_is_closest_to_all_others() -> None:
    values = np.array([[1.0, 0.95, 0.6], [0.95, 1.0, 0.95], [0.6, 0.95, 1.0]])
    (item,) = cluster(values, least=0.7).clusters
    assert item.middle == 1


@pytest.mark.parametrize("columns", [0, 1, 2])
def test_few_columns_and_pairs_without_a_value_are_no_trouble(columns: int) -> None:
    clustering = cluster(np.full((columns, columns), np.nan))
    assert [item.members for item in clustering.clusters] == [(position,) for position in clustering.order]
    assert sorted(clustering.order) == list(range(columns))


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.integers(2, 12), st.integers(0, 2**32 - 1), st.floats(0.0, 1.0))
def test_every_column_is_in_one_cluster(columns: int, seed: int, least: float) -> None:
    random = np.random.default_rng(seed)
    values = np.clip(random.normal(scale=0.6, size=(columns, columns)), -1, 1)
    values = (values + values.T) / 2
    values[random.random(size=values.shape) < 0.2] = np.nan
    values = np.where(np.isnan(values.T), np.nan, values)
    clustering = cluster(values, least=least)
    assert sorted(member for item in clustering.clusters for member in item.members) == list(range(columns))
