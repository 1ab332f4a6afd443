"""The strength of association of each column with the target, and one-to-one columns that reveal it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from app.domain.analysis.profiling.profile import Association, Associations
from app.domain.vocabulary import ColumnKind

COPY = 0.99999
MIN_ROWS = 10
LARGE = 1e100
MAX_LEVELS = 200
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
MAX_CELLS_OF_TABLE = 1_000_000


def associate(
    frame: pd.DataFrame,
    target: str,
    kinds: Mapping[str, ColumnKind],
    *,
    columns: list[str] | None = None,
    on_item: Callable[[Association], None] | None = None,
) -> Associations:
    """Measure every other column (or `columns`) against the target.

    Spearman's rank correlation for two numbers, the correlation ratio for a number and a class, Cramer's V with bias
    correction for two classes; each on the rows where both are there.

    Parameters
    ----------
    frame
        The rows, with the user's column names.
    target, kinds
        The target, and every column's kind.
    columns
        The columns to measure; all but the target when None.
    on_item
        Called after each column, for progress.

    References
    ----------
    Bergsma, W. (2013), Journal of the Korean Statistical Society 42, 323-328, for the bias correction of Cramer's V.
    """
    names = columns if columns is not None else [str(name) for name in frame.columns if name != target]
    items = []
    for item in _measure_pair(frame, target, kinds, names):
        items.append(item)
        if on_item is not None:
            on_item(item)
    return replace(_about_target(target, frame[target], kinds[target]), items=tuple(items))


def _about_target(name: str, values: pd.Series, kind: ColumnKind) -> Associations:
    """Describe the target alone, before any column is measured against it."""
    numbers = _known_numbers(values, kind)
    return Associations(
        name,
        len(values),
        (),
        target_std=_spread_of(numbers),
        target_quantiles=tuple(float(value) for value in np.quantile(numbers, QUANTILES)) if len(numbers) else (),
        target_counts=_counts_of(values),
    )


def _known_numbers(values: pd.Series, kind: ColumnKind) -> NDArray[np.float64]:
    """Return the finite values of a target that is a number; of another there are none."""
    if not is_number(kind, values):
        return np.empty(0)
    numbers = pd.to_numeric(values, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    return numbers[np.isfinite(numbers)]


def _spread_of(numbers: NDArray[np.float64]) -> float | None:
    """Return the standard deviation, None where there is one value at most."""
    spread = float(np.std(numbers, ddof=1)) if len(numbers) > 1 else float("nan")
    return spread if np.isfinite(spread) else None


def _counts_of(values: pd.Series) -> tuple[int, ...]:
    """Return how many rows each value has, the commonest first; of a column of very many values nothing."""
    counts = values.value_counts()
    return tuple(int(count) for count in counts if count) if len(counts) <= MAX_LEVELS else ()


def _measure_pair(
    frame: pd.DataFrame, target: str, kinds: Mapping[str, ColumnKind], names: list[str]
) -> Iterator[Association]:
    whole = frame[target]
    numeric_target = is_number(kinds[target], whole)
    goal = numbers_of(whole) if numeric_target else codes_of(whole)
    there = np.isfinite(goal)
    # Sorting is most of the work, and the target is sorted anew only beside a column with gaps of its own.
    ranks = ranks_of(goal[there]) if numeric_target and there.any() else None
    for name in names:
        values = frame[name]
        if kinds[name] is ColumnKind.CONSTANT:
            yield Association(name, "none", None, 0, reason="constant")
        elif kinds[name] is ColumnKind.DATETIME:
            yield Association(name, "none", None, 0, reason="a date")
        elif is_number(kinds[name], values):
            yield _associate_numbers(name, numbers_of(values), goal, target_ranks=ranks)
        else:
            yield _associate_classes(name, codes_of(values), goal, numeric_target=numeric_target)


def is_number(kind: ColumnKind, values: pd.Series) -> bool:
    """Return whether a column is measured as a number: one of a kind that is a class by what the user said is not."""
    numeric = bool(pd.api.types.is_numeric_dtype(values)) and not pd.api.types.is_bool_dtype(values)
    return numeric and kind not in (ColumnKind.CATEGORICAL, ColumnKind.BOOLEAN)


def numbers_of(values: pd.Series) -> NDArray[np.float64]:
    """Return the values, scaled where their squares would leave what a float can hold; no measure sees a scale.

    Infinities are kept; whoever measures counts them as missing.
    """
    numbers = pd.to_numeric(values, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    peak = float(np.max(np.abs(numbers), initial=0.0, where=np.isfinite(numbers)))
    return numbers / peak if peak > LARGE or 0 < peak < 1 / LARGE else numbers


def codes_of(values: pd.Series) -> NDArray[np.float64]:
    """Return one number for each class, in the order of the classes; nan where the value is missing."""
    if pd.api.types.is_float_dtype(values):
        values = values.where(np.isfinite(values))
    codes, _ = pd.factorize(values, sort=True)
    return np.where(codes < 0, np.nan, codes.astype(float))


def _associate_numbers(
    name: str, values: NDArray[np.float64], goal: NDArray[np.float64], *, target_ranks: NDArray[np.float64] | None
) -> Association:
    """Measure a column of numbers; `target_ranks` are those of all known values of a target that is a number."""
    both = np.isfinite(values) & np.isfinite(goal)
    rows = int(both.sum())
    if rows < MIN_ROWS or np.ptp(values[both]) == 0 or np.ptp(goal[both]) == 0:
        return Association(name, "none", None, rows, reason="too few values that vary")
    if target_ranks is None:
        ratio = correlation_ratio(goal[both], values[both])
        copied = ratio > COPY and rows == int(np.isfinite(goal).sum())
        reason = "Each class of the target has its own value here." if copied else ""
        return Association(name, "correlation ratio", round(ratio, 6), rows, copied, reason)
    ranked = target_ranks if len(target_ranks) == rows else ranks_of(goal[both])
    rank, line = pearson(ranks_of(values[both]), ranked), pearson(values[both], goal[both])
    straight, copied = abs(line) > COPY, max(abs(line), abs(rank)) > COPY and rows > 20
    reason = "It is the target itself, or a straight line of it."
    if not straight:
        reason = "It rises and falls with the target without exception, so it is made of it."
    return Association(name, "Spearman", round(rank, 6), rows, copied, reason if copied else "")


def _associate_classes(
    name: str, codes: NDArray[np.float64], goal: NDArray[np.float64], *, numeric_target: bool
) -> Association:
    both = np.isfinite(codes) & np.isfinite(goal)
    rows = int(both.sum())
    levels = len(np.unique(codes[both]))
    if rows < MIN_ROWS or levels < 2:
        return Association(name, "none", None, rows, reason="too few values that vary")
    if levels > MAX_LEVELS and levels > rows // 2:
        return Association(name, "none", None, rows, reason="nearly every row has its own value")
    if numeric_target:
        return Association(name, "correlation ratio", round(correlation_ratio(codes[both], goal[both]), 6), rows)
    value = cramers_v(codes[both], goal[both])
    copied = _one_to_one(codes[both], goal[both]) and levels <= MAX_LEVELS
    reason = "Its words name the target's classes one by one." if copied else ""
    return Association(name, "Cramér's V", round(value, 6), rows, copied, reason)


def pearson(first: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Return Pearson's correlation of two columns, -1 to 1; nan where one of them does not vary.

    Parameters
    ----------
    first, other
        Shape (n,), finite.
    """
    if len(first) == 0 or np.ptp(first) == 0 or np.ptp(other) == 0:
        return float("nan")
    a, b = first - first.mean(), other - other.mean()
    # Each is brought to length one first, so that no product leaves what a float can hold.
    a, b = a / np.linalg.norm(a), b / np.linalg.norm(b)
    return float(np.clip(a @ b, -1.0, 1.0))


def spearman(first: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Return Spearman's rank correlation, -1 to 1, ties sharing their mean rank; nan where one does not vary.

    Parameters
    ----------
    first, other
        Shape (n,), finite.
    """
    return pearson(ranks_of(first), ranks_of(other))


def ranks_of(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the ranks of finite values, shape (n,), counted from 1; ties share their mean rank."""
    from scipy.stats import rankdata

    return np.asarray(rankdata(values), dtype=float)


def correlation_ratio(classes: NDArray[np.float64], values: NDArray[np.float64]) -> float:
    """Return eta, the square root of the share of variance between classes; 0 to 1.

    Parameters
    ----------
    classes, values
        Shape (n,), no missing values.
    """
    _, place = np.unique(classes, return_inverse=True)
    return correlation_ratio_of_codes(place, values)


def correlation_ratio_of_codes(codes: NDArray[np.integer], values: NDArray[np.float64]) -> float:
    """Return eta, 0 to 1, of whole codes from 0 on; codes that no row has do not count.

    Parameters
    ----------
    codes, values
        Shape (n,), no missing values.
    """
    counts = np.bincount(codes)
    means = np.bincount(codes, weights=values) / np.maximum(counts, 1)
    total = float(np.sum((values - values.mean()) ** 2))
    between = float(np.sum(counts * (means - values.mean()) ** 2))
    return float(np.sqrt(min(max(between / total, 0.0), 1.0))) if total > 0 else 0.0


def cramers_v(first: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Return Cramer's V with bias correction, 0 to 1.

    Parameters
    ----------
    first, other
        Shape (n,), class codes without missing values.
    """
    _, rows = np.unique(first, return_inverse=True)
    _, columns = np.unique(other, return_inverse=True)
    return cramers_v_of_codes(rows, columns)


def cramers_v_of_codes(rows: NDArray[np.integer], columns: NDArray[np.integer]) -> float:
    """Return Cramer's V with bias correction, 0 to 1, of whole codes from 0 on; codes that no row has do not count.

    Parameters
    ----------
    rows, columns
        Shape (n,), the two classes of each row.
    """
    n, wide = len(rows), int(columns.max()) + 1
    in_rows, in_columns = np.bincount(rows), np.bincount(columns)
    joint = rows.astype(np.int64) * wide + columns
    if (int(rows.max()) + 1) * wide <= MAX_CELLS_OF_TABLE:
        counts = np.bincount(joint)
        cells = np.flatnonzero(counts)
        counts = counts[cells]
    else:
        # A table of so many cells is mostly empty, and an empty cell adds nothing to the sum below.
        cells, counts = np.unique(joint, return_counts=True)
    r, c = int(np.count_nonzero(in_rows)), int(np.count_nonzero(in_columns))
    shares = counts / in_rows[cells // wide] * (counts / in_columns[cells % wide])
    corrected = max(0.0, float(np.sum(shares)) - 1 - (r - 1) * (c - 1) / (n - 1)) if n > 1 else 0.0
    r_corrected, c_corrected = r - (r - 1) ** 2 / max(n - 1, 1), c - (c - 1) ** 2 / max(n - 1, 1)
    smaller = min(r_corrected - 1, c_corrected - 1)
    return float(np.sqrt(min(corrected / smaller, 1.0))) if smaller > 0 else 0.0


def _one_to_one(first: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    pairs = len(np.unique(np.column_stack([first, other]), axis=0))
    return pairs == len(np.unique(first)) == len(np.unique(other))
