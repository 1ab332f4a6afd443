"""Gap filling: linear interpolation plus an estimator of what interpolation misses.

Nothing of the target within a gap is ever looked at. What the estimator learns from are blocks of the training rows
that are masked in turn, shaped like those that judge: of each row it sees what would be known if that block were a gap.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from app.domain.errors import TrainingError
from app.domain.experiment import Spec
from app.domain.training.preprocessing import gaps
from app.domain.training.preprocessing.gaps import Floats, Neighbours, Rows
from app.domain.training.preprocessing.preparation import TrainingTable
from app.domain.training.validation.masked_blocks import lay_blocks, usable_lengths
from app.domain.training.validation.strategies import get
from app.domain.vocabulary import Purpose, SplitStrategy

# In each of so many rounds a tenth of the training rows is masked, so that every row is once.
ROUNDS = 10
# On few rows every row is masked again, each time in other blocks.
FEW_ROWS, TURNS = 20_000, 4
# So many masked rows teach what there is to learn of gaps; of more, as many are drawn.
MAX_LEARNED = 200_000
ROUNDING = 1e-9
GAP_FEATURES = (
    "value before",
    "value after",
    "interpolated value",
    "time since the value before",
    "time to the value after",
    "length of the gap",
    "share of the way",
    "change across the gap",
    "slope before",
    "slope after",
)


def fills_gaps(spec: Spec) -> bool:
    """Return whether a config fills gaps of a numeric target in time."""
    return (
        spec.task.purpose is Purpose.FILL_GAPS
        and spec.task.time_column is not None
        and not spec.task.kind.is_classification
    )


@dataclass(frozen=True, eq=False)
class GapRecord:
    """When and where each row of a table stands, known or not; nothing of the target is in it.

    `days` and `groups` have shape (rows,), first the rows with a target and then those of its gaps. `lengths` are those
    of the blocks that judge, None where they are those of the record's own gaps.
    """

    days: Floats
    groups: NDArray[Any] | None
    lengths: tuple[int, ...] | None

    @staticmethod
    def of(spec: Spec, table: TrainingTable) -> GapRecord:
        """Return the record of a table."""
        days, groups, missing = gaps.times_as_numbers(table.times), table.groups, table.missing
        if missing is not None:
            days = np.concatenate([days, gaps.times_as_numbers(missing.times)])
            groups = None if groups is None or missing.groups is None else np.concatenate([groups, missing.groups])
        return GapRecord(days, groups, lengths_of(spec))


def lengths_of(spec: Spec) -> tuple[int, ...] | None:
    """Return the lengths of masked blocks that a config gives; None where they are those of the record's own gaps."""
    if spec.validation.strategy is not SplitStrategy.MASKED_BLOCKS:
        return None
    parameter = get(SplitStrategy.MASKED_BLOCKS).parameter("lengths")
    raw = spec.validation.parameters.get("lengths")
    lengths = parameter.parse(raw) if parameter is not None else None
    return tuple(lengths) if lengths else None


def build_gap_filler(spec: Spec, table: TrainingTable, steps: Any, *, learns: bool, scale: bool) -> GapFiller:
    """Return the unfitted pipeline of a config that fills gaps.

    Raises
    ------
    TrainingError
        If the target is a class, or no time orders the rows.
    """
    if not fills_gaps(spec):
        raise TrainingError("Only a number that is measured in time has gaps to fill.", code="gaps_need_a_series")
    record = GapRecord.of(spec, table)
    return GapFiller(steps, record=record, seed=spec.reproducibility.seed, learns=learns, scale=scale)


def fit_rows(pipeline: Any, table: TrainingTable, rows: Rows, *, known: Rows | None = None) -> Any:
    """Fit a pipeline on some rows of a table; a gap filler also knows the values of others, which it learns nothing of.

    Parameters
    ----------
    pipeline, table
        What is fitted, and the rows.
    rows, known
        The rows that teach, and those whose target is known around a gap; None where no others are.
    """
    if isinstance(pipeline, GapFiller) and known is not None:
        return pipeline.fit(table.features.iloc[known], table.target[known], learn=rows)
    return pipeline.fit(table.features.iloc[rows], table.target[rows])


class GapFiller(Pipeline):  # type: ignore[misc]
    """Prepare columns, interpolate, and estimate what interpolation leaves.

    Rows are told apart by the index of the features, which holds their places in the table.

    Parameters
    ----------
    steps
        "prepare" and "estimate", as in every pipeline of a fold.
    record
        When and where each row stands.
    seed
        Of the blocks that are masked in turn.
    learns
        Whether anything is learnt; else the straight line is all.
    scale
        Whether the estimator asks for standardised numbers.
    """

    def __init__(
        self, steps: Any, *, record: GapRecord, seed: int = 0, learns: bool = True, scale: bool = False
    ) -> None:
        super().__init__(steps)
        self.record = record
        self.seed = seed
        self.learns = learns
        self.scale = scale

    def fit(self, X: pd.DataFrame, y: Any = None, learn: Rows | None = None) -> GapFiller:
        """Learn from known rows; of them, from those alone whose places are in `learn` where it is given."""
        order = np.argsort(X.index.to_numpy(), kind="stable")
        X, y = X.iloc[order], np.asarray(y, dtype=float)[order]
        self.known_ = X.index.to_numpy().astype(np.intp)
        self.values_ = np.full(len(self.record.days), np.nan)
        self.values_[self.known_] = y
        if not self.learns:
            return self
        self._prepare(X, y, None if learn is None else np.isin(self.known_, learn))
        features, left = self._lesson(learn)
        self.flat_ = self._flat_columns(features)
        features[:, self.flat_] = 0.0
        if self.scale:
            from sklearn.preprocessing import StandardScaler

            self.scaler_ = StandardScaler()
            features = self.scaler_.fit_transform(features)
        self.named_steps["estimate"].fit(features, left)
        return self

    def _prepare(self, X: pd.DataFrame, y: Floats, some: NDArray[np.bool_] | None) -> None:
        """Fit the step that prepares columns, and keep what it makes of the known rows, or of some when asked for."""
        self.columns_, step = X, self.named_steps["prepare"]
        prepared = np.asarray(step.fit_transform(X if some is None else X[some], y if some is None else y[some]))
        rows = self.known_ if some is None else self.known_[some]
        self.prepared_ = np.full((len(self.record.days), prepared.shape[1]), np.nan)
        self.is_prepared_ = np.zeros(len(self.record.days), dtype=np.bool_)
        self.prepared_[rows], self.is_prepared_[rows] = prepared, True

    def _ensure_prepared(self, places: Rows) -> None:
        """Prepare known rows that are not yet."""
        wanted = np.unique(places[places >= 0])
        wanted = wanted[~self.is_prepared_[wanted]]
        if len(wanted):
            rows = self.columns_.iloc[np.searchsorted(self.known_, wanted)]
            self.prepared_[wanted] = np.asarray(self.named_steps["prepare"].transform(rows), dtype=float)
            self.is_prepared_[wanted] = True

    def predict(self, X: pd.DataFrame) -> Floats:
        """Return the straight line between the known values around each row, and what the estimator adds."""
        rows = X.index.to_numpy().astype(np.intp)
        near = self._near(self.known_, rows)
        line = gaps.interpolate_between(self.record.days, self.values_, near, known=self.known_, rows=rows)
        if not self.learns or not len(rows):
            return line
        prepared = np.asarray(self.named_steps["prepare"].transform(X), dtype=float)
        self._ensure_prepared(np.concatenate([near.before, near.after]))
        features = self._describe(prepared, line, near, known=self.known_, rows=rows)
        features[:, self.flat_] = 0.0
        if self.scale:
            features = self.scaler_.transform(features)
        return np.asarray(line + self.named_steps["estimate"].predict(features), dtype=float)

    def _near(self, known: Rows, rows: Rows) -> Neighbours:
        return gaps.find_neighbours(self.record.days, known=known, rows=rows, groups=self.record.groups)

    def _lesson(self, learn: Rows | None) -> tuple[Floats, Floats]:
        """Return features of masked training rows, and what the straight line across their block leaves."""
        rounds, parts, left = [], [], []
        allowed = None if learn is None else np.isin(np.arange(len(self.record.days)), learn)
        for masked, known in self._rounds(some=learn is not None):
            rows = masked if allowed is None else masked[allowed[masked]]
            rounds.append((rows, known, self._near(known, rows)))
        self._ensure_prepared(np.concatenate([np.concatenate([near.before, near.after]) for _, _, near in rounds]))
        for rows, known, near in rounds:
            line = gaps.interpolate_between(self.record.days, self.values_, near, known=known, rows=rows)
            parts.append(self._describe(self.prepared_[rows], line, near, known=known, rows=rows))
            left.append(self.values_[rows] - line)
        features, target = np.concatenate(parts), np.concatenate(left)
        if not len(target):
            raise ValueError("The known steps in a row are too few to learn from masked blocks.")
        if len(target) > MAX_LEARNED:
            drawn = np.sort(np.random.default_rng(self.seed).choice(len(target), MAX_LEARNED, replace=False))
            features, target = features[drawn], target[drawn]
        return features, target

    def _flat_columns(self, features: Floats) -> NDArray[np.bool_]:
        """Return which columns hold nothing but rounding: what does not change leaves its own line by that alone."""
        width, prepared = self.prepared_.shape[1], self.prepared_[self.is_prepared_]
        flat = np.zeros(features.shape[1], dtype=np.bool_)
        reach, bridges = _largest_sizes(prepared), features[:, width : 2 * width]
        flat[width : 2 * width] = _largest_sizes(bridges) <= ROUNDING * reach
        return flat

    def _rounds(self, *, some: bool) -> Iterator[tuple[Rows, Rows]]:
        """Yield the places that are masked and those that are known, round by round."""
        days = self.record.days[self.known_]
        groups = None if self.record.groups is None else self.record.groups[self.known_]
        lengths = usable_lengths(days, groups, self.record.lengths)
        for turn in range(TURNS if len(days) <= FEW_ROWS and not some else 1):
            marks = lay_blocks(days, groups, lengths, share=1 / ROUNDS, folds=ROUNDS, seed=(self.seed, 1 + turn))
            for fold in range(ROUNDS):
                yield self.known_[marks == fold], self.known_[marks != fold]

    def _describe(self, prepared: Floats, line: Floats, near: Neighbours, *, known: Rows, rows: Rows) -> Floats:
        """Return all that the estimator sees of rows: their columns, how these leave their own line, and the gap."""
        before = np.where(near.before < 0, near.after, near.before)
        after = np.where(near.after < 0, near.before, near.after)
        share = gaps.share_of_way(self.record.days, near, rows=rows)
        way = share[:, None]
        # A group without any known value has no neighbours: nothing differs there.
        bridge = prepared - (1 - way) * self.prepared_[before] - way * self.prepared_[after]
        nowhere = (before < 0) & (after < 0)
        bridge[nowhere] = 0.0
        gap = self._gap_features(line, before, after, share, known=known, rows=rows)
        gap[nowhere] = 0.0
        return np.column_stack([prepared, bridge, gap])

    def _gap_features(
        self, line: Floats, before: Rows, after: Rows, share: Floats, *, known: Rows, rows: Rows
    ) -> Floats:
        days, values = self.record.days, self.values_
        around = gaps.known_around(days, known=known, groups=self.record.groups)
        since, until = days[rows] - days[before], days[after] - days[rows]
        earlier, later = around.before[before], around.after[after]
        return np.column_stack(
            [
                values[before],
                values[after],
                line,
                since,
                until,
                since + until,
                share,
                values[after] - values[before],
                _slope_between(days, values, earlier, before),
                _slope_between(days, values, after, later),
            ]
        )


def _slope_between(days: Floats, values: Floats, first: Rows, second: Rows) -> Floats:
    """Return the change per day from one row to another, 0 where either is missing or both are of one moment."""
    there = (first >= 0) & (second >= 0)
    length = np.where(there, days[second] - days[first], 0.0)
    usable = length > 0
    return np.where(usable, (values[second] - values[first]) / np.where(usable, length, 1.0), 0.0)


def _largest_sizes(values: Floats) -> Floats:
    """Return the largest size in each column, 0 where nothing is known."""
    return np.asarray(np.abs(np.nan_to_num(values)).max(axis=0, initial=0.0), dtype=float)
