"""Whether the target can be calculated from two or three columns: a sum, a difference, a mean, a product, a ratio."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from app.domain.text.words import join_words

MIN_ROWS = 50
MAX_ROWS = 5000
PROBES = 32
MAX_IN_PAIRS = 300
MAX_IN_TRIPLES = 50
# A sum that is the target leaves rounding and nothing else; what one column explains alone to this share is a copy.
EXACT = 0.9999
ROUGH = 0.01
SEED = 42
SUM = ("+", "−")
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Identity:
    """Columns from which the target can be calculated, and how, in words.

    `is_sum` says that they are the parts of which the target is the whole.
    """

    names: tuple[str, ...]
    text: str
    is_sum: bool = False


def identities(goal: Floats, numbers: Mapping[str, Floats]) -> list[Identity]:
    """Return the ways to calculate a target from two or three other columns, sums before products.

    Parameters
    ----------
    goal
        Shape (n,), the target; nan where missing.
    numbers
        Name -> shape (n,), the columns that may take part.

    Returns
    -------
    list of Identity
        Every pair with coefficients of 1 or -1, triples among the 50 columns that go best with the target, and what
        three rounds of least squares find for any coefficients. None where the target is one column alone.
    """
    found = _search(goal, numbers, signs=SUM)
    if found:
        return found
    positive = {name: values for name, values in numbers.items() if np.nanmin(values, initial=np.inf) > 0}
    if np.nanmin(goal, initial=np.inf) <= 0 or len(positive) < 2:
        return []
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = {name: np.log(values) for name, values in positive.items()}
        return _search(np.log(goal), logs, signs=("×", "/"))


def _search(goal: Floats, numbers: Mapping[str, Floats], *, signs: tuple[str, str]) -> list[Identity]:
    names, table, target = _complete(goal, numbers)
    if len(names) < 2:
        return []
    found = [
        Identity(
            tuple(names[at] for at in places),
            _format_identity([names[at] for at in places], coefficients, signs),
            is_sum=signs == SUM and min(coefficients) > 0,
        )
        for places, coefficients in _with_sign(table, target)
    ]
    if not found:
        fitted = _fit_identity(table, target)
        if fitted:
            chosen = [names[at] for at in fitted]
            listed = join_words([name[:60] for name in chosen])
            found = [Identity(tuple(chosen), f"What can be calculated from {listed}")]
    return found


def _format_identity(names: list[str], coefficients: tuple[float, ...], signs: tuple[str, str]) -> str:
    ordered = sorted(zip(coefficients, names, strict=True), key=lambda pair: -pair[0])
    first = ordered[0][1][:60] if ordered[0][0] > 0 else f"{signs[1]}{ordered[0][1][:60]}"
    return first + "".join(f" {signs[0] if sign > 0 else signs[1]} {name[:60]}" for sign, name in ordered[1:])


def _complete(goal: Floats, numbers: Mapping[str, Floats]) -> tuple[list[str], Floats, Floats]:
    """Return names, columns and target on rows where all of them are there, without columns that are the target."""
    rows = np.flatnonzero(np.isfinite(goal))
    # A column with many gaps would leave no common rows; it is not what a target is summed up from.
    usable = {name: values for name, values in numbers.items() if np.isfinite(values[rows]).mean() > 0.9}
    if not usable:
        return [], np.zeros((0, 0)), np.zeros(0)
    table = np.column_stack(list(usable.values()))[rows]
    whole = np.isfinite(table).all(axis=1)
    table, target = table[whole], goal[rows][whole]
    if len(target) > MAX_ROWS:
        some = np.sort(np.random.default_rng(SEED).choice(len(target), MAX_ROWS, replace=False))
        table, target = table[some], target[some]
    if len(target) < MIN_ROWS or np.ptp(target) == 0:
        return [], np.zeros((0, 0)), np.zeros(0)
    strength = np.array([_explained_share(table[:, [at]], target) for at in range(table.shape[1])])
    varies = np.ptp(table, axis=0) > 0
    order = [int(at) for at in np.argsort(-strength, kind="stable") if varies[at] and strength[at] < EXACT]
    order = order[:MAX_IN_PAIRS]
    return [list(usable)[at] for at in order], table[:, order], target


def _explained_share(columns: Floats, target: Floats) -> float:
    """Return R squared of the least squares of some columns."""
    centred, goal = columns - columns.mean(axis=0), target - target.mean()
    spread = np.sqrt(np.mean(centred**2, axis=0))
    centred = centred / np.where(spread > 0, spread, 1.0)
    solution = np.linalg.lstsq(centred, goal, rcond=None)[0]
    return 1 - float(np.sum((goal - centred @ solution) ** 2) / np.sum(goal**2))


def _with_sign(table: Floats, target: Floats) -> Iterator[tuple[tuple[int, ...], tuple[float, ...]]]:
    """Yield the columns whose sum with signs is the target, but for a constant, pairs before triples."""
    probes = np.random.default_rng(SEED).choice(len(target), min(PROBES, len(target)), replace=False)
    few, goal = table[probes] - table[probes].mean(axis=0), target[probes] - target[probes].mean()
    limit = ROUGH * float(np.std(target))
    found = False
    for signs in product((1.0, -1.0), repeat=2):
        for i in range(few.shape[1]):
            rest = goal - signs[0] * few[:, i]
            near = np.flatnonzero(np.abs(rest[:, None] - signs[1] * few[:, i + 1 :]).max(axis=0) < limit) + i + 1
            for j in near.tolist():
                if _is_sum(table, target, (i, j), signs):
                    found = True
                    yield (i, j), signs
    if found:
        return
    most = min(few.shape[1], MAX_IN_TRIPLES)
    for signs3 in product((1.0, -1.0), repeat=3):
        for i in range(most):
            for j in range(i + 1, most):
                rest = goal - signs3[0] * few[:, i] - signs3[1] * few[:, j]
                near = np.flatnonzero(np.abs(rest[:, None] - signs3[2] * few[:, j + 1 : most]).max(axis=0) < limit)
                for k in (near + j + 1).tolist():
                    if _is_sum(table, target, (i, j, k), signs3):
                        yield (i, j, k), signs3


def _is_sum(table: Floats, target: Floats, places: tuple[int, ...], signs: tuple[float, ...]) -> bool:
    left = target - table[:, places] @ np.array(signs)
    return float(np.var(left)) <= (1 - EXACT) * float(np.var(target))


def _fit_identity(table: Floats, target: Floats) -> list[int]:
    """Return two or three columns that explain the target but for rounding, found one after another; else nothing."""
    chosen: list[int] = []
    for _ in range(3):
        left = [at for at in range(table.shape[1]) if at not in chosen]
        if not left:
            return []
        scores = [_explained_share(table[:, [*chosen, at]], target) for at in left]
        chosen.append(left[int(np.argmax(scores))])
        if len(chosen) > 1 and max(scores) >= EXACT:
            return chosen
    return []
