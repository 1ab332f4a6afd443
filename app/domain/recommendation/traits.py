"""Traits of a dataset that rules about estimators use, from its profile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from app.domain.analysis.profiling.profile import Associations, ColumnProfile, DatasetProfile
from app.domain.experiment import SelectionPart, Spec, TransformPart
from app.domain.training.preprocessing.pipeline import MAX_CATEGORIES
from app.domain.training.preprocessing.transforms import derived_names, memory_of
from app.domain.training.selection_rules import most_kept
from app.domain.vocabulary import ColumnKind, Purpose, TaskKind

NUMBERS = frozenset({ColumnKind.NUMERIC, ColumnKind.INTEGER, ColumnKind.BOOLEAN, ColumnKind.DATETIME})
FEW_VALUES = 10


@dataclass(frozen=True)
class Traits:
    """A dataset, a target and the chosen features in a few numbers.

    Parameters
    ----------
    task
        Whether classes or a number are predicted.
    rows
        Rows that have a target.
    numbers, derived
        Chosen columns of numbers, and derived features.
    width
        Columns after words became indicators.
    coarse
        Chosen columns of numbers with at most FEW_VALUES different values, such as marks, codes and counts.
    words, word_values
        Chosen columns of words, and how many different words they hold together.
    missing_share
        Share of the cells of the chosen columns that are missing, 0 to 1.
    classes, rarest, commonest
        How many classes there are, and the rows of the smallest and the largest; 0 for a number.
    target_values
        How many different values the target has.
    target_std
        Standard deviation of a numeric target on development rows, in its own unit; 0 while it is unknown.
    tail
        (q95 - median) / (median - q05) of a numeric target: 1 is symmetric, above 3 a long upper tail; the inverse
        where the lower tail is the longer one. 0 where it is unknown.
    purpose
        What the model is for.
    never_negative
        Whether a numeric target has no value below 0, as flow and rain have none.
    grouped
        Whether a column tells sites apart.
    ordered, memory_steps
        Whether time orders the rows, and how many steps back the derived features look.
    strongest
        The chosen column that goes best with the target and how strongly (0 to 1), once that is measured.
    explained
        The share of a numeric target's variance that the chosen columns explain, each by itself and added up, less what
        chance alone would give; 0 to 1. Too large where columns overlap, and None while it is not measured or where
        features are derived, of which nothing is measured.
    """

    task: TaskKind
    rows: int
    numbers: int
    words: int
    derived: int = 0
    width: int = 1
    coarse: int = 0
    word_values: int = 0
    missing_share: float = 0.0
    classes: int = 0
    rarest: int = 0
    commonest: int = 0
    target_values: int = 0
    target_std: float = 0.0
    tail: float = 0.0
    ordered: bool = False
    memory_steps: int = 0
    strongest: tuple[str, float] | None = None
    explained: float | None = None
    purpose: Purpose | None = None
    never_negative: bool = False
    grouped: bool = False

    @property
    def features(self) -> int:
        """Return how many columns are looked at before words become indicators."""
        return self.numbers + self.words + self.derived

    @property
    def imbalance(self) -> float:
        """Return how many rows of the commonest class there are for one of the rarest; 1 for a number."""
        return self.commonest / max(self.rarest, 1) if self.classes else 1.0

    @property
    def coarse_share(self) -> float:
        """Return the share of the columns that are words or take few values, 0 to 1."""
        return (self.coarse + self.words) / max(self.features, 1)

    def narrowed(self, rules: Sequence[SelectionPart]) -> Traits:
        """Return the traits with the width that is left of the chosen columns where rules keep some in each fold."""
        columns = self.numbers + self.words
        share = most_kept(rules, columns) / max(columns, 1)
        return replace(self, width=max(round(share * (self.width - self.derived)) + self.derived, 1))

    def for_purpose(self, purpose: Purpose | None, *, grouped: bool = False) -> Traits:
        """Return the traits with what the model is for; of the features that gaps give nothing is measured."""
        explained = None if purpose is Purpose.FILL_GAPS else self.explained
        return replace(self, purpose=purpose, explained=explained, grouped=grouped)

    @property
    def rows_per_column(self) -> float:
        """Return how many rows there are for each column that the estimator sees."""
        return self.rows / max(self.width, 1)


def traits_of(
    profile: DatasetProfile,
    *,
    task: TaskKind,
    target: str,
    selected: Sequence[str],
    kinds: Mapping[str, ColumnKind],
    recipes: Sequence[TransformPart] = (),
    time_column: str = "",
    associations: Associations | None = None,
) -> Traits:
    """Return the traits of a dataset for one target and the chosen columns; nothing is read but the profile.

    Parameters
    ----------
    profile, task, target, selected, kinds
        The dataset, the kind of task, the target, the chosen columns, and their kinds as chosen or detected.
    recipes, time_column, associations
        The derived features, the column that orders the rows or "", and what is measured of the columns so far.
    """
    derived = sum(len(derived_names(part, time_column=time_column)) for part in recipes)
    columns = [profile.column(name) for name in selected if profile.has(name)]
    numbers = [column for column in columns if kinds.get(column.name, column.kind) in NUMBERS]
    words = [column for column in columns if kinds.get(column.name, column.kind) not in NUMBERS]
    about = _about_target(profile.column(target), task, rows=profile.rows, associations=associations)
    return Traits(
        task=task,
        numbers=len(numbers),
        words=len(words),
        derived=derived,
        width=max(len(numbers) + derived + sum(min(word.distinct, MAX_CATEGORIES) for word in words), 1),
        coarse=sum(column.distinct <= FEW_VALUES for column in numbers),
        word_values=sum(column.distinct for column in words),
        missing_share=sum(column.missing for column in columns) / max(len(columns) * profile.rows, 1),
        ordered=bool(time_column),
        memory_steps=memory_of(recipes),
        strongest=_strongest_association(associations, selected),
        explained=None if task.is_classification or derived else _explained_share(associations, columns, kinds),
        **about,
    )


def _about_target(
    target: ColumnProfile, task: TaskKind, *, rows: int, associations: Associations | None
) -> dict[str, Any]:
    """Return the traits of the target, from development rows once these are measured.

    What a starting value is made of never comes from rows that are held out. Until anything is measured, the profile
    tells the shape of the target, and its spread is not known.
    """
    rows = max(rows - target.missing, 0)
    if not task.is_classification:
        std = (associations.target_std if associations is not None else None) or 0.0
        quantiles = target.quantiles if associations is None else associations.target_quantiles
        shape = {"target_std": std, "tail": _tail_weight(quantiles), "never_negative": target.negatives == 0}
        return {"rows": rows, "target_values": target.distinct, **shape}
    counts = tuple(count for _, count in target.top_values) if associations is None else associations.target_counts
    rarest, commonest = _class_sizes(counts, target.distinct, rows)
    sizes = {"classes": target.distinct, "rarest": rarest, "commonest": commonest}
    return {"rows": rows, "target_values": target.distinct, **sizes}


def traits_of_spec(spec: Spec, profile: DatasetProfile, associations: Associations | None = None) -> Traits:
    """Return the traits of a dataset for a complete config."""
    kinds = {column.name: column.kind for column in profile.columns}
    traits = traits_of(
        profile,
        task=spec.task.kind,
        target=spec.task.target,
        selected=spec.features.selected,
        kinds={**kinds, **spec.data.column_kinds},
        recipes=spec.features.transforms,
        time_column=spec.task.time_column or "",
        associations=associations,
    )
    return traits.narrowed(spec.features.selection).for_purpose(
        spec.task.purpose, grouped=spec.task.group_column is not None
    )


def _class_sizes(counts: Sequence[int], classes: int, rows: int) -> tuple[int, int]:
    """Return the rows of the smallest and the largest class, of all rows as counted on some of them.

    Where not all classes are counted, the smallest is taken as 1.
    """
    if not counts:
        even = rows // max(classes, 1)
        return max(even, 1), max(even, 1)
    share = max(rows / sum(counts), 1.0) if len(counts) >= classes else 1.0
    return (max(round(min(counts) * share), 1) if classes <= len(counts) else 1), max(round(max(counts) * share), 1)


def _tail_weight(quantiles: Sequence[float]) -> float:
    if len(quantiles) != 5:
        return 0.0
    low, _, middle, _, high = quantiles
    if middle <= low or high <= middle:
        return 0.0
    ratio = (high - middle) / (middle - low)
    return max(ratio, 1 / ratio)


def _explained_share(
    associations: Associations | None, columns: Sequence[ColumnProfile], kinds: Mapping[str, ColumnKind]
) -> float | None:
    """Return the sum of the squared associations without what as many columns of noise would give.

    The squared correlation of independent columns is 1 / n on average, and the squared correlation ratio of a column of
    k words (k - 1) / n.
    """
    if associations is None or not associations.rows_used:
        return None
    total, freedom = 0.0, 0
    for column in columns:
        item = associations.of(column.name)
        if item is None or item.value is None:
            continue
        total += item.value**2
        freedom += 1 if kinds.get(column.name, column.kind) in NUMBERS else max(column.distinct - 1, 1)
    return min(max(total - freedom / associations.rows_used, 0.0), 1.0) if freedom else None


def _strongest_association(associations: Associations | None, selected: Sequence[str]) -> tuple[str, float] | None:
    if associations is None:
        return None
    chosen = set(selected)
    known = [(item.column, abs(item.value)) for item in associations.items if item.column in chosen and item.value]
    return max(known, key=lambda pair: pair[1], default=None)
