"""Column selection inside a fold, learned from its training rows alone.

A choice made on all rows carries what the validation rows say about the target into the model, and a score on those
rows then flatters it (Ambroise and McLachlan 2002, PNAS 99, 6562-6566, on selection bias; Hastie, Tibshirani and
Friedman 2009, 7.10.2, on the wrong way to do cross-validation).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from app.domain.analysis.associations import correlation, ranking
from app.domain.analysis.associations.association import associate
from app.domain.analysis.associations.column_block import ColumnBlock
from app.domain.analysis.associations.column_block import prepare as prepare_block
from app.domain.experiment import SelectionPart
from app.domain.training.selection_rules import amount_of, threshold_of
from app.domain.vocabulary import ColumnKind

# So many rows settle a measure; of more, as many are drawn with the seed of the rule.
MAX_ROWS = 100_000
# What is held in memory at once where pairs are measured.
MAX_CELLS = 50_000_000
TARGET = "\0target"


@dataclass(frozen=True)
class Candidates:
    """The columns that rules choose among, in the order of the config, with the rows that a fold trains on.

    `frame` has a column for each name: floats with NaN, or objects with None. `target` has shape (rows,): floats, or
    codes of classes where `classes` says so.
    """

    frame: pd.DataFrame
    target: NDArray[Any]
    numbers: frozenset[str]
    classes: bool
    seed: int

    def kinds(self, names: Sequence[str]) -> dict[str, ColumnKind]:
        """Return how each column, and the target beside them, is measured."""
        column_kinds = {name: ColumnKind.NUMERIC if name in self.numbers else ColumnKind.CATEGORICAL for name in names}
        return {**column_kinds, TARGET: ColumnKind.CATEGORICAL if self.classes else ColumnKind.NUMERIC}

    def sampled(self, seed: int, most: int) -> tuple[pd.DataFrame, NDArray[Any]]:
        """Return the rows that are measured: all, or as many as `most`, drawn with a seed."""
        if len(self.frame) <= most:
            return self.frame, self.target
        drawn = np.sort(np.random.default_rng(seed).choice(len(self.frame), most, replace=False))
        return self.frame.iloc[drawn], self.target[drawn]

    def strengths(self, names: Sequence[str], rule: SelectionPart) -> dict[str, float]:
        """Return the association of each column with the target, by the measure of a rule; none where there is none."""
        seed = self.seed if rule.seed is None else rule.seed
        frame, target = self.sampled(seed, MAX_ROWS)
        kinds = self.kinds(names)
        measured = frame[list(names)].assign(**{TARGET: target})
        if rule.measure == "mutual_information":
            ranked = ranking.rank_columns(measured, TARGET, kinds, seed=seed)
            return {column.name: column.score for column in ranked if column.score is not None}
        associations = associate(measured, TARGET, kinds, columns=list(names)).items
        return {
            association.column: abs(association.value)
            for association in associations
            if association.value is not None and np.isfinite(association.value)
        }


def choose(rules: Sequence[SelectionPart], candidates: Candidates) -> tuple[str, ...]:
    """Return the columns that rules keep, one after another, in the order of the config.

    Equal columns keep that order too, so the same rows choose the same columns. At least one column stays.

    Parameters
    ----------
    rules
        What is applied, in order.
    candidates
        The columns with the training rows of a fold; nothing else is looked at.
    """
    names = tuple(str(name) for name in candidates.frame.columns)
    for rule in rules:
        if len(names) < 2:
            break
        names = _RULES[rule.kind](rule, candidates, names)
    return names


def _keep_strongest(rule: SelectionPart, candidates: Candidates, names: tuple[str, ...]) -> tuple[str, ...]:
    amount = amount_of(rule)
    if amount >= len(names):
        return names
    strengths = candidates.strengths(names, rule)
    order = sorted(range(len(names)), key=lambda place: (-strengths.get(names[place], -1.0), place))
    kept = set(order[:amount])
    return tuple(name for place, name in enumerate(names) if place in kept)


def _keep_associated(rule: SelectionPart, candidates: Candidates, names: tuple[str, ...]) -> tuple[str, ...]:
    """Keep or drop what lies in a range; where nothing would stay, the strongest column does."""
    judged = [name for name in names if not rule.columns or name in set(rule.columns)]
    if not judged:
        return names
    strengths = candidates.strengths(judged, rule)
    low, high = (0.0 if rule.low is None else rule.low), (1.0 if rule.high is None else rule.high)
    within = {name for name, value in strengths.items() if low <= value <= high}
    dropped = within if rule.kind == "drop_associated" else set(judged) - within
    kept = tuple(name for name in names if name not in dropped)
    return kept or (max(names, key=lambda name: strengths.get(name, -1.0)),)


def _near_constant(rule: SelectionPart, candidates: Candidates, names: tuple[str, ...]) -> tuple[str, ...]:
    least = threshold_of(rule)
    spreads = {name: spread_of(candidates.frame[name], is_number=name in candidates.numbers) for name in names}
    kept = tuple(name for name in names if spreads[name] >= least)
    return kept or (max(names, key=lambda name: spreads[name]),)


def spread_of(values: pd.Series, *, is_number: bool) -> float:
    """Return the variance of a column brought to the range 0 to 1; for words, that of "is the commonest word"."""
    if not is_number:
        counts = values.value_counts()
        share = float(counts.iloc[0] / counts.sum()) if len(counts) > 1 else 1.0
        return share * (1 - share)
    known = pd.to_numeric(values, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    known = known[np.isfinite(known)]
    if len(known) < 2 or np.ptp(known) == 0:
        return 0.0
    peak = float(np.abs(known).max())
    scaled = known / peak
    return float(np.var(scaled, ddof=1) / np.ptp(scaled) ** 2)


def _drop_correlated(rule: SelectionPart, candidates: Candidates, names: tuple[str, ...]) -> tuple[str, ...]:
    """Keep the better of each pair: closer to the target, then fewer missing values, then earlier in the config."""
    near = _correlated_places(candidates, names, rule)
    strengths = candidates.strengths(names, rule)
    missing = candidates.frame[list(names)].isna().sum().to_dict()
    order = sorted(
        range(len(names)), key=lambda place: (-strengths.get(names[place], -1.0), missing[names[place]], place)
    )
    dropped: set[int] = set()
    for place in order:
        if place not in dropped:
            dropped |= near[place] - {place}
    return tuple(name for place, name in enumerate(names) if place not in dropped)


def _correlated_places(candidates: Candidates, names: tuple[str, ...], rule: SelectionPart) -> list[set[int]]:
    """Return for each column the places of those correlated with it at the threshold or more, block by block."""
    least, seed = threshold_of(rule), candidates.seed if rule.seed is None else rule.seed
    frame, _ = candidates.sampled(seed, max(1, min(MAX_ROWS, MAX_CELLS // len(names))))
    holed = sum(name in candidates.numbers and bool(frame[name].isna().any()) for name in names)
    of_numbers = correlation.number_measure(correlation.Method.AUTO, holed=holed, rows=len(frame))
    groups, kinds = correlation.groups_of(len(names)), candidates.kinds(names)
    blocks: dict[int, ColumnBlock] = {
        index: prepare_block(frame[[names[place] for place in group]], kinds) for index, group in enumerate(groups)
    }
    near: list[set[int]] = [set() for _ in names]
    for late, early in correlation.places_of(groups):
        places = (groups[late], groups[early])
        block = correlation.block_of(
            blocks[late], blocks[early], method=correlation.Method.AUTO, of_numbers=of_numbers, places=places
        )
        strong = np.abs(np.nan_to_num(block.values)) >= least
        for row, column in zip(*np.nonzero(strong), strict=True):
            first, other = int(row) + places[0].start, int(column) + places[1].start
            near[first].add(other)
            near[other].add(first)
    return near


_RULES: Mapping[str, Callable[[SelectionPart, Candidates, tuple[str, ...]], tuple[str, ...]]] = {
    "keep_strongest": _keep_strongest,
    "drop_correlated": _drop_correlated,
    "drop_near_constant": _near_constant,
    "keep_associated": _keep_associated,
    "drop_associated": _keep_associated,
}
