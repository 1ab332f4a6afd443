"""The workload of a launch: numbers of fits, rows and columns, and the settings that matter."""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from app.domain.analysis.profiling.profile import DatasetProfile
from app.domain.estimators import registry
from app.domain.estimators.parameters import ParameterValues
from app.domain.experiment import Spec
from app.domain.json_values import JsonObject
from app.domain.training.gap_filling import GAP_FEATURES, fills_gaps
from app.domain.training.preprocessing.chains import chains_of
from app.domain.training.preprocessing.pipeline import MAX_CATEGORIES, parameters_of
from app.domain.training.preprocessing.transforms import derived_names
from app.domain.training.report.importance import MAX_FEATURES, MAX_ROWS, REPEATS
from app.domain.training.selection_rules import most_kept
from app.domain.training.tuning.tuning import fits_per_outer_fold
from app.domain.training.validation import splitting
from app.domain.training.validation.holdout_share import holdout_share
from app.domain.vocabulary import ColumnKind, SplitStrategy, TaskKind

# Kinds that the estimator sees as one column of numbers; every other kind becomes indicators.
ONE_COLUMN = frozenset({ColumnKind.NUMERIC, ColumnKind.INTEGER, ColumnKind.BOOLEAN, ColumnKind.DATETIME})
ASSUMED_GROUPS = 10


@dataclass(frozen=True)
class Workload:
    """A launch, as far as time and memory depend on it.

    `dataset` tells datasets and targets apart. `rows` have a target; `train_rows` are what one fit sees on average,
    `judge_rows` what judges one. `columns` are looked at before words become indicators, `width` are those that the
    estimator sees, and `weight` counts an indicator as the estimator does. `fits` are folds and hold-out, for each of
    which the estimator is fitted `per_fold` times. `words` are columns of words, `gaps` cells that are filled from the
    nearest rows, and `series` the groups whose values are followed through time.
    """

    dataset: str
    estimator: str
    task: str
    rows: int
    table_rows: int
    train_rows: int
    judge_rows: int
    columns: int
    width: int
    weight: int
    classes: int
    fits: int
    words: int
    gaps: float
    importance_calls: int
    importance_rows: int
    parameters: ParameterValues
    series: int = 0
    per_fold: int = 1

    @property
    def all_fits(self) -> int:
        """How many times the estimator is fitted in all."""
        return self.fits * self.per_fold

    def to_json(self) -> JsonObject:
        """Return plain JSON values."""
        return {**asdict(self), "parameters": dict(self.parameters)}

    @staticmethod
    def from_json(values: Mapping[str, Any]) -> Workload | None:
        """Build from what `to_json` gave; None where another version wrote it, or an estimator that is gone."""
        if set(values) != set(Workload.__dataclass_fields__) or not registry.has(values["estimator"]):
            return None
        return Workload(**values)


def workload_of(spec: Spec, profile: DatasetProfile) -> Workload:
    """Return the workload of a config on a dataset."""
    entry = registry.get(spec.model.estimator)
    target = profile.column(spec.task.target)
    rows = max(profile.rows - target.missing, 1)
    # A column without a value makes one group of all rows.
    groups = max(profile.column(spec.task.group_column).distinct, 1) if spec.task.group_column else ASSUMED_GROUPS
    fits = fits_of(spec, groups)
    train, judge, last = _rows_of(spec, profile, rows, fits=fits, groups=groups)
    columns = columns_of(spec)
    numbers, indicators, words = _shape_of(spec, profile)
    if fills_gaps(spec):
        # Each column stands beside how it leaves its own line across the gap.
        numbers, indicators = 2 * numbers + len(GAP_FEATURES), 2 * indicators
    return Workload(
        dataset=key_of(spec, profile),
        estimator=entry.id,
        task=spec.task.kind.value,
        rows=rows,
        table_rows=profile.rows,
        train_rows=train,
        judge_rows=judge,
        columns=columns,
        width=max(numbers + indicators, 1),
        weight=max(round(numbers + indicators * entry.indicator_work), 1),
        classes=max(target.distinct, 2) if spec.task.kind.is_classification else 1,
        fits=fits,
        words=words,
        gaps=_gaps_of(spec, profile, rows),
        importance_calls=min(columns, MAX_FEATURES) * REPEATS + 1,
        importance_rows=min(last, MAX_ROWS),
        parameters=parameters_of(spec),
        series=_series_of(spec, profile),
        per_fold=fits_per_outer_fold(spec),
    )


def key_of(spec: Spec, profile: DatasetProfile) -> str:
    """Return eight hexadecimal digits that tell a dataset with its target from others."""
    named = "\0".join((str(profile.rows), spec.task.target, *(column.name for column in profile.columns)))
    return f"{zlib.crc32(named.encode()):08x}"


def fits_of(spec: Spec, groups: int = ASSUMED_GROUPS) -> int:
    """Return how many times the estimator is fitted for one set of hyperparameters."""
    entry = splitting.get(spec.validation.strategy)
    parameters = {**entry.defaults(), **spec.validation.parameters}
    folds = int(parameters.get("n_splits") or 1) * int(parameters.get("n_repeats") or 1)
    if spec.validation.strategy is SplitStrategy.LEAVE_ONE_GROUP_OUT:
        folds = groups
    current = spec.validation.holdout is not None and spec.validation.strategy is not SplitStrategy.HOLDOUT
    return folds + int(current)


def _rows_of(spec: Spec, profile: DatasetProfile, rows: int, *, fits: int, groups: int) -> tuple[int, int, int]:
    """Return the rows that train in the average fit, that judge it, and that judge the last one."""
    strategy, holdout = spec.validation.strategy, spec.validation.holdout
    parameters, share = (
        {**splitting.get(strategy).defaults(), **spec.validation.parameters},
        holdout_share(spec, profile),
    )
    if strategy is SplitStrategy.HOLDOUT:
        judge = rows * float(parameters["percent"]) / 100
        return max(round(rows - judge), 1), max(round(judge), 1), max(round(judge), 1)
    kept = rows * (1 - share.lost)
    folds = groups if strategy is SplitStrategy.LEAVE_ONE_GROUP_OUT else int(parameters.get("n_splits") or 5)
    if strategy is SplitStrategy.TIME_SERIES:
        judge = kept / (folds + 1)
        train = judge if parameters["window"] == "rolling" else kept / 2
    elif strategy is SplitStrategy.GROUP_TIME_SERIES:
        judge, train = kept / (folds + 1) / folds, kept / 2 * (1 - 1 / folds)
    elif strategy is SplitStrategy.MASKED_BLOCKS:
        judge = kept * float(parameters["share"])
        train = kept - judge
    else:
        judge, train = kept / max(folds, 1), kept * (1 - 1 / max(folds, 2))
    last = judge
    if holdout is not None:
        last = rows * share.row_share
        train, judge = (train * (fits - 1) + kept) / fits, (judge * (fits - 1) + last) / fits
    return max(round(train), 1), max(round(judge), 1), max(round(last), 1)


def _gaps_of(spec: Spec, profile: DatasetProfile, rows: int) -> float:
    named = {name for part in spec.features.transforms if part.kind == "impute_nearest" for name in part.columns}
    missing = sum(profile.column(name).missing for name in named if profile.has(name))
    return rows * min(missing / max(profile.rows, 1), 1.0)


def _series_of(spec: Spec, profile: DatasetProfile) -> int:
    """Return how many series the last value is looked up in, for the baseline that persists."""
    task = spec.task
    if task.time_column is None or task.kind.is_classification:
        return 0
    return profile.column(task.group_column).distinct if task.group_column else 1


def columns_of(spec: Spec) -> int:
    """Return how many columns are looked at before words become indicators."""
    derived = sum(len(derived_names(part, time_column=spec.task.time_column)) for part in spec.features.transforms)
    return max(derived + kept_of(spec), 1)


def kept_of(spec: Spec) -> int:
    """Return how many of the selected columns a fold keeps at most, after the rules that choose among them."""
    return most_kept(spec.features.selection, len(spec.features.selected))


def _shape_of(spec: Spec, profile: DatasetProfile) -> tuple[int, int, int]:
    """Return how many columns of numbers the estimator will see, how many indicators, and how many were words."""
    selected = len(spec.features.selected)
    share = kept_of(spec) / max(selected, 1)
    width, indicators, words = 0, 0, 0
    chains, kinds = chains_of(spec.features.transforms), spec.data.column_kinds
    classes = profile.column(spec.task.target).distinct if spec.task.kind is TaskKind.MULTICLASS else 1
    for name in spec.features.selected:
        column, links = profile.column(name), chains.get(name, ())
        is_word = (kinds.get(name, column.kind) if kinds else column.kind) not in ONE_COLUMN
        words += is_word
        if not links and not is_word:
            continue
        indicators += any(link.entry.role == "mark" for link in links)
        encoder = next((link for link in links if link.entry.role == "encode"), None)
        if not is_word:
            continue
        if encoder is None or encoder.entry.kind == "one_hot":
            most = MAX_CATEGORIES if encoder is None else encoder.parameters["most"]
            indicators += max(1, min(column.distinct, most))
            width -= 1
        elif encoder.entry.kind == "target_encoding":
            width += classes - 1
    if share == 1:
        return columns_of(spec) + width, indicators, words
    # Nobody knows yet which columns a fold keeps, so each counts by the share that is kept.
    return max(columns_of(spec) + round(share * width), 1), math.ceil(share * indicators), math.ceil(share * words)
