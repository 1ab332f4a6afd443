"""Masked blocks: consecutive steps hidden from training, as long as the gaps of the record.

A block lies within a run of consecutive known steps of one group and never touches its ends, so that a known value
stands on both sides. Neighbouring blocks belong to different folds: of those of one fold none touches another. Each
length gets as many rows as every other, however many blocks that takes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.domain.errors import TrainingError
from app.domain.estimators.parameters import ParameterValues
from app.domain.training.preprocessing.gaps import times_as_numbers
from app.domain.training.validation.split_rows import RowFacts, Rows

Floats = NDArray[np.float64]
# What is masked where a record has no gap to learn lengths from: a few days, a decade, a month.
PLAIN_LENGTHS = (3, 10, 30)
# Of many gaps of a record so many lengths stand for all: one from each tenth of them.
MAX_LENGTHS = 10
# A difference in time up to so many steps is one step: months and leap seconds are not all alike.
TOLERANCE = 1.5
# Folds that mask no more than this together are kept apart; beyond, a row may be masked in several.
MAX_TOGETHER = 0.9
# No gap is imitated by a block that takes a larger share of its run: too little would be left to know around it.
MAX_RUN_SHARE = 0.5
SHARE, FOLDS = 0.1, 5
TOO_SHORT = "record_too_short_for_blocks"


def cut_masked_blocks(facts: RowFacts, parameters: ParameterValues, seed: int) -> Iterator[tuple[Rows, Rows]]:
    """Yield folds whose masked blocks judge while all other rows train."""
    # Where only the order of moments is known, each is taken for one step.
    if facts.steps is None:
        raise TrainingError("Masked blocks need a time column.", code="time_column_missing")
    days = facts.steps.astype(float) if facts.times is None else times_as_numbers(facts.times)
    folds, share = int(parameters.get("n_splits") or FOLDS), float(parameters.get("share") or SHARE)
    lengths = usable_lengths(days, facts.groups, parameters.get("lengths"))
    together = max(1, min(folds, int(MAX_TOGETHER / share + 1e-9)))
    for first in range(0, folds, together):
        count = min(together, folds - first)
        marks = _lay_for_each_fold(days, facts.groups, lengths, share=share, folds=count, seed=(seed, first))
        for fold in range(count):
            yield np.flatnonzero(marks != fold), np.flatnonzero(marks == fold)


def _lay_for_each_fold(
    days: Floats, groups: NDArray[Any] | None, lengths: Sequence[int], *, share: float, folds: int, seed: Sequence[int]
) -> NDArray[np.intp]:
    """Return blocks such that every fold has one; on a short record they stand closer than the share asks for."""
    for masked in (share, 1 / folds):
        marks = lay_blocks(days, groups, lengths, share=masked, folds=folds, seed=seed)
        if len(np.unique(marks[marks >= 0])) == folds:
            return marks
    raise TrainingError(
        f"The record is too short for {folds} folds of masked blocks. Choose fewer folds or shorter blocks.",
        code=TOO_SHORT,
    )


def step_of(days: Floats, groups: NDArray[Any] | None) -> float:
    """Return the usual time between consecutive known rows of a group, in days; 0 where no group has two."""
    differences = [np.diff(days[rows]) for rows in _rows_by_group(days, groups)]
    positive = np.concatenate([part[part > 0] for part in differences] or [np.empty(0)])
    return float(np.median(positive)) if len(positive) else 0.0


def find_runs(days: Floats, groups: NDArray[Any] | None) -> list[Rows]:
    """Return the runs of consecutive steps as places of rows, group by group in time: the first row of each moment.

    Parameters
    ----------
    days, groups
        Time and group of every known row, in the order of time.
    """
    reach, runs = TOLERANCE * step_of(days, groups), []
    for rows in _rows_by_group(days, groups):
        firsts = rows[_starts_of_moments(days[rows])]
        ends = np.flatnonzero(np.diff(days[firsts]) > reach) + 1
        runs += np.split(firsts, ends)
    return runs


def _starts_of_moments(days: Floats) -> NDArray[np.bool_]:
    """Return which rows are the first of their moment, of rows in the order of time."""
    return np.diff(days, prepend=-np.inf) > 0


def gap_lengths(days: Floats, groups: NDArray[Any] | None) -> NDArray[np.intp]:
    """Return the length of every gap between known rows of a group, in steps."""
    step = step_of(days, groups)
    results = [np.diff(days[rows]) for rows in _rows_by_group(days, groups)]
    differences = np.concatenate(results or [np.empty(0)])
    wide = differences[differences > TOLERANCE * step] if step > 0 else np.empty(0)
    return np.maximum(np.rint(wide / (step or 1)).astype(np.intp) - 1, 1)


def usable_lengths(days: Floats, groups: NDArray[Any] | None, given: Sequence[int] | None) -> tuple[int, ...]:
    """Return the lengths of blocks: those given, else those of the record's own gaps, else plain ones.

    Lengths that were given and fit into no run of known steps are left out, or shortened where none would stay.

    Raises
    ------
    TrainingError
        If no run holds a single step between two others.
    """
    longest = max((len(run) for run in find_runs(days, groups)), default=0)
    most = longest - 2
    if most < 1:
        raise TrainingError("The record has too few known steps in a row to mask any.", code=TOO_SHORT)
    if given:
        return tuple(sorted({length for length in given if length <= most} or {most}))
    own = gap_lengths(days, groups)
    own = own[own <= MAX_RUN_SHARE * longest]
    if len(own):
        # Each of the lengths stands for a tenth of the gaps.
        middles = (np.arange(MAX_LENGTHS) + 0.5) / MAX_LENGTHS
        return tuple(int(length) for length in np.unique(np.quantile(own, middles, method="nearest")))
    plain = tuple(length for length in PLAIN_LENGTHS if length <= MAX_RUN_SHARE * longest)
    return plain or (1,)


def lay_blocks(
    days: Floats,
    groups: NDArray[Any] | None,
    lengths: Sequence[int],
    *,
    share: float,
    folds: int,
    seed: int | Sequence[int],
) -> NDArray[np.intp]:
    """Return the fold that masks each row, shape (rows,); -1 for rows that none does.

    Parameters
    ----------
    days, groups
        Time and group of every known row, in the order of time.
    lengths
        The lengths of blocks, in steps.
    share, folds, seed
        The share of the rows that each fold masks, how many folds there are, and what lengths and places depend on.
    """
    random, runs = np.random.default_rng(seed), find_runs(days, groups)
    marks, masked = np.full(len(days), -1, dtype=np.intp), dict.fromkeys(sorted(lengths), 0)
    # One known step at least parts two blocks of a single fold.
    least, every = int(folds == 1), min(share * folds, 1.0)
    fold = int(random.integers(folds))
    # Steps to leave before the next block; what a run is too short for, the next one takes over.
    wait = _draw_spacing(random, len(masked) / sum(1 / length for length in masked), every, least=0)
    for run in runs:
        place = 1 + wait
        while place < len(run) - 1:
            length = _next_length(random, masked, room=len(run) - 1 - place)
            if not length:
                place = len(run) - 1
                break
            masked[length] += length
            marks[run[place : place + length]] = fold
            fold = (fold + 1) % folds
            place += length + _draw_spacing(random, length, every, least=least)
        wait = max(place - len(run) + 1, 0)
    return _keep_moments_together(marks, days, groups)


def _keep_moments_together(marks: NDArray[np.intp], days: Floats, groups: NDArray[Any] | None) -> NDArray[np.intp]:
    """Return marks where each row has that of the first of its moment, so that none knows the value of a masked one."""
    for rows in _rows_by_group(days, groups):
        starts = _starts_of_moments(days[rows])
        marks[rows] = marks[rows[starts]][np.cumsum(starts) - 1]
    return marks


def _next_length(random: np.random.Generator, masked: Mapping[int, int], *, room: int) -> int:
    """Return the length of the next block, 0 where none fits: mostly one that has masked few rows so far."""
    reach = 2 * max(masked)
    draws = {length: rows + reach * random.random() for length, rows in masked.items()}
    return min((length for length in draws if length <= room), key=draws.__getitem__, default=0)


def _draw_spacing(random: np.random.Generator, length: float, share: float, *, least: int) -> int:
    """Return how many steps to leave before the next block, so that on the whole blocks cover a share of all."""
    free = length * (1 - share) / share
    return max(least, int(np.floor(random.uniform(0, 2 * free) + random.random())))


def _rows_by_group(days: Floats, groups: NDArray[Any] | None) -> list[Rows]:
    if groups is None:
        return [np.arange(len(days))]
    codes = np.unique(groups, return_inverse=True)[1]
    order = np.argsort(codes, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(codes[order])) + 1)
