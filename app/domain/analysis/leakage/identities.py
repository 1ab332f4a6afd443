"""Identities by which the target is calculated from two to five columns: sums, means, products, ratios."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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
# What is fitted with any coefficients: at most 300 columns at once, and at most five are the parts of one identity.
MAX_IN_FIT = 300
MAX_PARTS = 5
MAX_TO_PRUNE = 40
MAX_TRIED = 20
# Shares of the target's spread: what is no part of a sum, and what is rounding.
NEGLIGIBLE = 0.003
ROUNDING = 0.002
# What a sum leaves over is one more column where it goes with it to this correlation.
PART_OF_REST = 0.99
UNIT = 0.02
SEED = 42
SUM = ("+", "−")
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Identity:
    """Columns from which the target can be calculated, and how, in words.

    `is_sum` says that the target is their sum, each with a sign or a coefficient, so that they are decided on together.
    """

    names: tuple[str, ...]
    text: str
    is_sum: bool = False


def find_identities(goal: Floats, numbers: Mapping[str, Floats]) -> list[Identity]:
    """Return the ways to calculate a target from two to five other columns, sums before products.

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
        least squares find for any coefficients among the 300 best, up to five columns. None where the target is one
        column alone.
    """
    identities = _search(goal, numbers, signs=SUM)
    if identities:
        return identities
    positive = {name: values for name, values in numbers.items() if np.nanmin(values, initial=np.inf) > 0}
    if np.nanmin(goal, initial=np.inf) <= 0 or len(positive) < 2:
        return []
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = {name: np.log(values) for name, values in positive.items()}
        return _search(np.log(goal), logs, signs=("×", "/"))


def _search(goal: Floats, numbers: Mapping[str, Floats], *, signs: tuple[str, str]) -> list[Identity]:
    names, table, target = _complete_rows(goal, numbers)
    if len(names) < 2:
        return []
    identities = [
        Identity(
            tuple(names[place] for place in places),
            _format_identity([names[place] for place in places], coefficients, signs),
            is_sum=signs == SUM,
        )
        for places, coefficients in _signed_sums(table, target)
    ]
    if identities and signs == SUM:
        return _add_rests(identities, names, table, target)
    if not identities:
        fitted, coefficients = _fit_identity(table, target)
        if fitted:
            identities = [
                _make_identity(
                    tuple(names[position] for position in fitted), coefficients, signs, table[:, fitted], target
                )
            ]
    return identities


def _make_identity(
    chosen: tuple[str, ...], coefficients: Floats, signs: tuple[str, str], columns: Floats, target: Floats
) -> Identity:
    """Return an identity of any coefficients; with coefficients of 1 and -1 it is written out.

    It is a sum only where nothing but rounding is left: of what a strong column leaves over, another may explain a
    little by chance.
    """
    exact = float(np.std(_residual(columns, target))) <= ROUNDING * float(np.std(target))
    whole = np.abs(np.abs(coefficients) - 1).max() < UNIT
    if whole:
        text = _format_identity(list(chosen), tuple(np.sign(coefficients)), signs)
        return Identity(chosen, text, is_sum=signs == SUM and exact)
    text = f"What can be calculated from {join_words([name[:60] for name in chosen])}"
    return Identity(chosen, text, is_sum=signs == SUM and exact)


def _add_rests(identities: list[Identity], names: list[str], table: Floats, target: Floats) -> list[Identity]:
    """Return identities with the small parts that rounding hid."""
    whole = []
    for identity in identities:
        places = [names.index(name) for name in identity.names]
        parts = _add_small_parts(table, target, places)
        if len(parts) > len(places):
            coefficients = _fit_coefficients(table[:, parts], target)
            chosen = tuple(names[part] for part in parts)
            whole.append(_make_identity(chosen, coefficients, SUM, table[:, parts], target))
        else:
            whole.append(identity)
    return whole


def _format_identity(names: list[str], coefficients: tuple[float, ...], signs: tuple[str, str]) -> str:
    ordered = sorted(zip(coefficients, names, strict=True), key=lambda pair: -pair[0])
    first = ordered[0][1][:60] if ordered[0][0] > 0 else f"{signs[1]}{ordered[0][1][:60]}"
    return first + "".join(f" {signs[0] if sign > 0 else signs[1]} {name[:60]}" for sign, name in ordered[1:])


def _complete_rows(goal: Floats, numbers: Mapping[str, Floats]) -> tuple[list[str], Floats, Floats]:
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
    strength = np.array([_explained_share(table[:, [position]], target) for position in range(table.shape[1])])
    varies = np.ptp(table, axis=0) > 0
    order = [
        int(position)
        for position in np.argsort(-strength, kind="stable")
        if varies[position] and strength[position] < EXACT
    ]
    order = order[:MAX_IN_PAIRS]
    return [list(usable)[position] for position in order], table[:, order], target


def _explained_share(columns: Floats, target: Floats) -> float:
    """Return R squared of the least squares of some columns."""
    centred, goal = columns - columns.mean(axis=0), target - target.mean()
    spread = np.sqrt(np.mean(centred**2, axis=0))
    centred = centred / np.where(spread > 0, spread, 1.0)
    solution = np.linalg.lstsq(centred, goal, rcond=None)[0]
    return 1 - float(np.sum((goal - centred @ solution) ** 2) / np.sum(goal**2))


def _signed_sums(table: Floats, target: Floats) -> Iterator[tuple[tuple[int, ...], tuple[float, ...]]]:
    """Yield the columns whose sum with signs is the target, but for a constant, pairs before triples."""
    probes = np.random.default_rng(SEED).choice(len(target), min(PROBES, len(target)), replace=False)
    few, goal = table[probes] - table[probes].mean(axis=0), target[probes] - target[probes].mean()
    limit = ROUGH * float(np.std(target))
    has_match = False
    for signs in product((1.0, -1.0), repeat=2):
        for i in range(few.shape[1]):
            rest = goal - signs[0] * few[:, i]
            near = np.flatnonzero(np.abs(rest[:, None] - signs[1] * few[:, i + 1 :]).max(axis=0) < limit) + i + 1
            for j in near.tolist():
                if _is_sum(table, target, (i, j), signs):
                    has_match = True
                    yield (i, j), signs
    if has_match:
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


def _fit_identity(table: Floats, target: Floats) -> tuple[list[int], Floats]:
    """Return up to five columns that explain the target but for rounding, with their coefficients; else nothing.

    All columns are fitted at once, and those that are needed least are left out one by one while the others still
    explain it. Several identities at once may share what they explain; then columns found one after another decide.
    """
    strongest = min(table.shape[1], MAX_IN_FIT, len(target) // 3)
    for places in (_prune_columns(table, target, list(range(strongest))), _grow_columns(table, target)):
        if 1 < len(places) <= MAX_PARTS:
            whole = _add_small_parts(table, target, places)
            return whole, _fit_coefficients(table[:, whole], target)
    return [], np.zeros(0)


def _prune_columns(table: Floats, target: Floats, places: list[int]) -> list[int]:
    """Return the fewest columns that still explain the target, found by leaving out; none where all do not."""
    if not places or _explained_share(table[:, places], target) < EXACT:
        return []
    sizes = np.abs(_fit_coefficients(table[:, places], target)) * np.std(table[:, places], axis=0)
    kept = [place for place, size in zip(places, sizes, strict=True) if size > NEGLIGIBLE * np.std(target)]
    kept = kept if kept and _explained_share(table[:, kept], target) >= EXACT else places
    while len(kept) > 1 and len(kept) <= MAX_TO_PRUNE:
        shares = [_explained_share(table[:, [number for number in kept if number != left]], target) for left in kept]
        best = int(np.argmax(shares))
        if shares[best] < EXACT:
            return kept
        kept = [place for place in kept if place != kept[best]]
    return kept


def _grow_columns(table: Floats, target: Floats) -> list[int]:
    """Return columns found one after another, each the one that adds most; none where five do not explain it."""
    chosen: list[int] = []
    for _ in range(MAX_PARTS):
        left = [place for place in range(table.shape[1]) if place not in chosen]
        if not left:
            return []
        # The column that goes best with what is left over is about the one that adds most, and far cheaper to find.
        rest = _residual(table[:, chosen], target)
        strength = np.array([abs(_correlation(table[:, place], rest)) for place in left])
        near = [left[int(place)] for place in np.argsort(-strength)[:MAX_TRIED]]
        scores = [_explained_share(table[:, [*chosen, place]], target) for place in near]
        chosen.append(near[int(np.argmax(scores))])
        if len(chosen) > 1 and max(scores) >= EXACT:
            return _prune_columns(table, target, chosen)
    return []


def _add_small_parts(table: Floats, target: Floats, places: Sequence[int]) -> list[int]:
    """Return the columns of an identity with those added that are exactly what the others leave over."""
    whole = list(places)
    while len(whole) < MAX_PARTS:
        rest = _residual(table[:, whole], target)
        if np.std(rest) <= ROUNDING * np.std(target):
            break
        others = [place for place in range(table.shape[1]) if place not in whole]
        strength = [abs(_correlation(table[:, place], rest)) for place in others]
        if not strength or max(strength) < PART_OF_REST:
            break
        whole.append(others[int(np.argmax(strength))])
    return whole


def _fit_coefficients(columns: Floats, target: Floats) -> Floats:
    centred = columns - columns.mean(axis=0)
    spread = np.std(centred, axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    return np.asarray(np.linalg.lstsq(centred / spread, target - target.mean(), rcond=None)[0] / spread)


def _residual(columns: Floats, target: Floats) -> Floats:
    goal = target - target.mean()
    if columns.shape[1] == 0:
        return goal
    return goal - (columns - columns.mean(axis=0)) @ _fit_coefficients(columns, target)


def _correlation(first: Floats, other: Floats) -> float:
    a, b = first - first.mean(), other - other.mean()
    size = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / size if size > 0 else 0.0
