"""Evidence of leakage from one state of a column, empty, zero or a single value, that decides a class."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from app.domain.analysis.associations.association import codes_of, is_number, numbers_of
from app.domain.analysis.associations.explained_share import MAX_CLASSES, PreparedTarget
from app.domain.vocabulary import ColumnKind

# A state or a class of fewer rows goes with anything by chance.
MIN_ROWS = 20
# Values looked at in each column, the commonest first. This bounds the work for a column to one pass over its rows for
# each of them, and to a table of 34 x 30 counts.
MAX_VALUES = 30
# From so many values on, a number is an amount and not a code.
MIN_AMOUNTS = 20
Counts = NDArray[np.float64]


@dataclass(frozen=True)
class StateEvidence:
    """What one state of a column says about a class. `score` is that of a leak."""

    score: float
    text: str


@dataclass(frozen=True)
class _Limits:
    """The agreement from which a state decides a class or tells of it, and the same where it never misses one way."""

    decides: float
    decides_exactly: float
    tells: float
    tells_exactly: float


@dataclass(frozen=True)
class _State:
    words: str
    rows: NDArray[np.bool_]
    limits: _Limits


VALUE = _Limits(0.95, 0.9, 0.8, 0.8)
# That a column is empty, or an amount is 0, is seldom a cause of anything: it needs less agreement than a value.
EMPTY = _Limits(0.4, 0.3, 0.25, 0.2)
ZERO = _Limits(0.95, 0.4, 0.8, 0.25)


def class_evidence(
    values: pd.Series, kind: ColumnKind, goal: PreparedTarget, classes: list[str], target: str
) -> StateEvidence | None:
    """Return the surest evidence that one state of a column decides a class; None where there is none.

    Parameters
    ----------
    values, kind
        The column, on all rows looked at.
    goal, classes, target
        The target, the names of its classes by their codes, and its own name.

    Notes
    -----
    A state and a class agree by the square of their correlation, both taken as 0 or 1. From 0.95 on they are the same;
    where the state never misses in one direction, less is enough.
    """
    if goal.classes is None or not 2 <= len(classes) <= MAX_CLASSES or kind is ColumnKind.DATETIME:
        return None
    sizes = np.bincount(goal.classes, minlength=len(classes)).astype(float)
    evidence = None
    for state in _find_states(values[goal.there], kind):
        score, place, both = _judge(state, goal.classes, sizes)
        if score and (evidence is None or score > evidence.score):
            rows, total = int(np.count_nonzero(state.rows)), len(goal.classes)
            inside, others, elsewhere = int(sizes[place]), total - int(sizes[place]), rows - both
            text = (
                f"It {state.words} on {both:,} of the {inside:,} rows where {target[:60]} is {classes[place][:40]}, "
                f"and on {elsewhere:,} of the {others:,} others."
            )
            evidence = StateEvidence(score, text)
    return evidence


def value_evidence(
    values: pd.Series, kind: ColumnKind, hit: NDArray[np.bool_], *, where: str, limit: float, score: float
) -> StateEvidence | None:
    """Return the evidence that one value of a column stands on the rows of `hit`; None below the limit of agreement.

    Parameters
    ----------
    values, kind
        The column, on all rows looked at.
    hit, where
        The rows, and what is true on them, for the sentence.
    limit, score
        The agreement from which it counts, and the score that it then has.
    """
    if kind is ColumnKind.DATETIME:
        return None
    sizes = np.array([np.count_nonzero(~hit), np.count_nonzero(hit)], dtype=float)
    limits = _Limits(limit, limit, limit, limit)
    for state in _find_states(values, kind):
        if state.limits is EMPTY:
            continue
        result, place, both = _judge(replace(state, limits=limits), hit.astype(np.int64), sizes)
        if result and place == 1:
            elsewhere = int(np.count_nonzero(state.rows)) - both
            rows = f"{both:,} of the {int(sizes[1]):,} rows where {where}"
            return StateEvidence(
                score, f"It {state.words} on {rows}, and on {elsewhere:,} of the {int(sizes[0]):,} others."
            )
    return None


def _find_states(values: pd.Series, kind: ColumnKind) -> Iterator[_State]:
    missing = values.isna().to_numpy()
    if missing.any():
        yield _State("is empty", missing, EMPTY)
        yield _State("has a value", ~missing, EMPTY)
    if kind in (ColumnKind.IDENTIFIER, ColumnKind.CONSTANT):
        return
    numeric = is_number(kind, values)
    codes = numbers_of(values) if numeric else codes_of(values)
    there = np.isfinite(codes)
    levels, firsts, counts = np.unique(codes[there], return_index=True, return_counts=True)
    amount = numeric and len(levels) >= MIN_AMOUNTS and bool(levels[0] >= 0)
    known = values[there]
    for place in np.argsort(-counts, kind="stable")[:MAX_VALUES]:
        if counts[place] < MIN_ROWS:
            return
        same = codes == levels[place]
        if amount and levels[place] == 0:
            yield _State("is 0", same, ZERO)
            yield _State("is above 0", there & ~same, ZERO)
        else:
            yield _State(f"is {_format_value(known.iloc[firsts[place]])}", same, VALUE)


def _format_value(value: object) -> str:
    if isinstance(value, float | np.floating):
        return f"{value:g}"
    return f"“{value!s:.40}”" if isinstance(value, str) else str(value)[:40]


def _judge(state: _State, codes: NDArray[np.int64], sizes: Counts) -> tuple[float, int, int]:
    """Return the score of a state with the class it goes with best, that class and the rows of both; 0 for none."""
    rows, total = float(np.count_nonzero(state.rows)), float(len(codes))
    if not MIN_ROWS <= rows <= total - MIN_ROWS:
        return 0.0, 0, 0
    both = np.bincount(codes[state.rows], minlength=len(sizes)).astype(float)
    cover = both / total - (rows / total) * (sizes / total)
    usable = (sizes >= MIN_ROWS) & (total - sizes >= MIN_ROWS) & (cover > 0)
    spread = np.where(usable, (rows / total) * (1 - rows / total) * (sizes / total) * (1 - sizes / total), 1.0)
    agreement = np.where(usable, cover**2 / spread, 0.0)
    place = int(np.argmax(agreement))
    value, limits = float(agreement[place]), state.limits
    exact = min(rows, sizes[place]) == both[place]
    if value >= (limits.decides_exactly if exact else limits.decides):
        return max(0.9, value), place, int(both[place])
    tells = value >= (limits.tells_exactly if exact else limits.tells)
    return (0.7 if tells else 0.0), place, int(both[place])
