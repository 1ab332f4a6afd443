"""Masked blocks: shaped as asked, within known stretches, apart from one another, spread, and the same every time."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from app.domain.errors import TrainingError
from app.domain.estimators.parameters import ParameterValues
from app.domain.training.validation.masked_blocks import (
    cut_masked_blocks,
    find_runs,
    gap_lengths,
    lay_blocks,
    usable_lengths,
)
from app.domain.training.validation.split_rows import RowFacts, Rows
from app.domain.training.validation.strategies import get

# Daily values with a gap of five days, one of forty, and one of a single day.
HOLED = np.delete(np.arange(2000.0), [*range(300, 305), *range(900, 940), 1500])


def folds_of(facts: RowFacts, *, seed: int = 42, **parameters: Any) -> list[tuple[Rows, Rows]]:
    """Return the folds of a strategy with its defaults beside what is asked."""
    values = ParameterValues({**get("masked_blocks").defaults(), **parameters})
    return list(cut_masked_blocks(facts, values, seed))


def facts_of(days: NDArray[np.float64], groups: NDArray[Any] | None = None) -> RowFacts:
    times = (days * 86_400).astype("datetime64[s]")
    return RowFacts(len(days), steps=np.arange(len(days)), times=times, groups=groups)


def blocks_of(days: NDArray[np.float64], rows: Rows) -> list[Rows]:
    """Return the judged rows as blocks of consecutive days."""
    return np.split(rows, np.flatnonzero((np.diff(rows) > 1) | (np.diff(days[rows]) > 1)) + 1)


@pytest.mark.parametrize("lengths", [[3], [10], [3, 10, 30]])
def test_blocks_have_the_lengths_that_were_asked(lengths: list[int]) -> None:
    days = np.arange(4000.0)
    for _, judged in folds_of(facts_of(days), lengths=lengths):
        assert {len(block) for block in blocks_of(days, judged)} == set(lengths)


def test_each_length_judges_about_as_many_rows() -> None:
    days = np.arange(12_000.0)
    sizes = [
        len(block) for _, judged in folds_of(facts_of(days), lengths=[3, 10, 30]) for block in blocks_of(days, judged)
    ]
    rows = [sum(size for size in sizes if size == length) for length in (3, 10, 30)]
    assert max(rows) < 1.3 * min(rows)


@pytest.mark.parametrize("share", [0.05, 0.1, 0.2, 0.4])
def test_each_fold_masks_about_its_share(share: float) -> None:
    days = np.arange(12_000.0)
    shares = [len(judged) / len(days) for _, judged in folds_of(facts_of(days), lengths=[3, 10], share=share)]
    assert len(shares) == 5
    assert all(0.75 * share < masked < 1.3 * share for masked in shares)


@pytest.mark.parametrize("share", [0.1, 0.18, 0.5])
def test_known_values_stand_on_both_sides_of_every_block(share: float) -> None:
    for train, judged in folds_of(facts_of(HOLED), lengths=[3, 10], share=share):
        known = set(HOLED[train].tolist())
        for block in blocks_of(HOLED, judged):
            assert {HOLED[block[0]] - 1, HOLED[block[-1]] + 1} <= known
            assert len(block) in (1, 3, 10)


def test_folds_mask_different_rows_while_there_is_room() -> None:
    judged = np.concatenate([rows for _, rows in folds_of(facts_of(HOLED), lengths=[3, 10])])
    assert len(judged) == len(np.unique(judged))


def test_blocks_are_spread_over_the_record() -> None:
    for _, judged in folds_of(facts_of(np.arange(5000.0)), lengths=[3, 10, 30]):
        assert all(((judged >= start) & (judged < start + 1000)).any() for start in range(0, 5000, 1000))


def test_blocks_stay_within_one_group() -> None:
    days, groups = np.repeat(np.arange(600.0), 2), np.tile(np.asarray(["a", "b"], dtype=object), 600)
    for train, judged in folds_of(facts_of(days, groups), lengths=[5]):
        for site in ("a", "b"):
            own = judged[groups[judged] == site]
            assert len(own)
            assert {len(block) for block in np.split(own, np.flatnonzero(np.diff(days[own]) > 1) + 1)} == {5}
        assert set(groups[train]) == {"a", "b"}


def test_lengths_are_those_of_the_records_own_gaps() -> None:
    assert sorted(gap_lengths(HOLED, None)) == [1, 5, 40]
    assert usable_lengths(HOLED, None, None) == (1, 5, 40)
    assert usable_lengths(np.arange(500.0), None, None) == (3, 10, 30)


def test_gaps_longer_than_half_a_known_stretch_are_not_imitated() -> None:
    days = np.delete(np.arange(400.0), range(100, 300))
    assert usable_lengths(days, None, None) == (3, 10, 30)


def test_runs_end_where_steps_are_missing() -> None:
    assert [len(run) for run in find_runs(HOLED, None)] == [300, 595, 560, 499]


def test_lengths_that_no_known_stretch_holds_are_left_out() -> None:
    assert usable_lengths(HOLED, None, [3, 593, 700]) == (3, 593)
    assert usable_lengths(HOLED, None, [700]) == (593,)


def test_a_record_without_three_known_steps_in_a_row_is_refused() -> None:
    with pytest.raises(TrainingError) as refusal:
        folds_of(facts_of(np.asarray([0.0, 1.0, 5.0, 6.0, 10.0, 11.0, 15.0, 16.0])))
    assert refusal.value.code == "record_too_short_for_blocks"


def test_the_same_seed_masks_the_same_rows_and_another_others() -> None:
    first, again, other = (lay_blocks(HOLED, None, (3, 10), share=0.1, folds=5, seed=seed) for seed in (1, 1, 2))
    assert first.tobytes() == again.tobytes()
    assert first.tobytes() != other.tobytes()


def test_blocks_that_tile_a_record_mask_every_row_but_its_ends() -> None:
    marks = lay_blocks(HOLED, None, (1, 3, 10), share=0.1, folds=10, seed=3)
    starts = {run[0] for run in find_runs(HOLED, None)}
    assert set(np.flatnonzero(marks < 0)) <= starts | {run[-1] for run in find_runs(HOLED, None)}
    assert all(
        first_mark != other or first_mark < 0
        for first_mark, other in pairwise(marks[np.flatnonzero(np.diff(marks)) + 1])
    )


@pytest.mark.parametrize("copies", [2, 3])
def test_rows_of_one_moment_are_masked_together(copies: int) -> None:
    """Else the value of a masked moment would be known from its other row."""
    days = np.repeat(HOLED, copies)
    for train, judged in folds_of(facts_of(days), lengths=[1, 3, 10]):
        assert len(judged)
        assert not set(days[train]) & set(days[judged])
        assert {len(block) // copies for block in blocks_of_moments(days, judged)} <= {1, 3, 10}


def blocks_of_moments(days: NDArray[np.float64], rows: Rows) -> list[Rows]:
    return np.split(rows, np.flatnonzero(np.diff(days[rows]) > 1) + 1)
