"""The training table: rows in order, typed features and a clean target, from the stored table.

Only what needs no learning happens here. Everything that learns (imputing, scaling, encoding) is in `pipeline`, and is
fitted inside each fold.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from app.domain.analysis.profiling.profile import DatasetProfile
from app.domain.analysis.profiling.series import mixes_series
from app.domain.errors import TrainingError
from app.domain.experiment import Spec
from app.domain.text.words import join_words, pluralise
from app.domain.training.preprocessing.baseline_inputs import BaselineInputs, baseline_inputs, position_columns
from app.domain.training.preprocessing.chains import chains_of, clash_of
from app.domain.training.preprocessing.derivation import apply_transforms
from app.domain.training.preprocessing.earlier_values import EarlierValues, step_seconds_of
from app.domain.training.preprocessing.knowledge import steps_before
from app.domain.training.preprocessing.transforms import (
    column_fault,
    count_repeats,
    input_names,
    longest_memory,
    output_names,
)
from app.domain.vocabulary import ColumnKind, Purpose

MISSING_WORD = "(missing)"


@dataclass(frozen=True)
class MissingRows:
    """The rows whose target is missing, where gaps are filled. All arrays are row for row with `features`.

    The index of `features` goes on where that of the rows with a target ends.
    """

    features: pd.DataFrame
    rows: NDArray[np.intp]
    times: pd.Series
    groups: NDArray[Any] | None


@dataclass(frozen=True)
class TrainingTable:
    """What training works on. All arrays are row for row with `features`.

    `target` is float for regression and integer codes into `labels` for classes. `rows` are the 1-based row numbers
    of the dataset. `last_seen` is the target's last observed value that persistence may repeat on each row, where time
    orders them, and `baseline_inputs` is what the other baselines look at. `choices` keeps the columns that rules chose
    on some of the rows, since the trials of a search fit the same rows many times. `missing` are the rows without a
    target, where the config fills gaps. `ages` counts the moments of each row's group before it, those without a target
    too; None without a warm-up. `step_seconds` is the step by which earlier values are found, None where they are
    found by moment.
    """

    features: pd.DataFrame
    numbers: tuple[str, ...]
    categories: tuple[str, ...]
    derived: tuple[str, ...]
    target: NDArray[Any]
    labels: tuple[str, ...]
    rows: NDArray[np.intp]
    times: pd.Series | None
    groups: NDArray[Any] | None
    last_seen: NDArray[np.float64] | None
    dropped: int
    dropped_reason: str
    notes: tuple[str, ...]
    missing: MissingRows | None = None
    baseline_inputs: BaselineInputs = field(default_factory=BaselineInputs, compare=False, repr=False)
    ages: NDArray[np.intp] | None = None
    step_seconds: float | None = None
    choices: dict[bytes, tuple[str, ...]] = field(default_factory=dict, compare=False, repr=False)


def kind_of(spec: Spec, profile: DatasetProfile, column: str) -> ColumnKind:
    """Return a column's kind: chosen by the user, else detected."""
    return spec.data.column_kinds.get(column) or profile.column(column).kind


def columns_read(spec: Spec, profile: DatasetProfile) -> list[str]:
    """Return the columns of the file that a config names, each once; the target is the first."""
    # A recipe may work on what another derives, which no file holds.
    made = {name for name in output_names(spec) if not profile.has(name)}
    mentioned = [column for part in spec.features.transforms for column in part.columns if column not in made]
    extra = [column for column in (spec.task.time_column, spec.task.group_column) if column]
    if spec.task.purpose is Purpose.UNGAUGED:
        # The nearest site is told by its position, which need not be a feature.
        extra += position_columns(column.name for column in profile.columns) or ()
    return list(dict.fromkeys([spec.task.target, *spec.features.selected, *extra, *mentioned]))


def prepare(spec: Spec, frame: pd.DataFrame, profile: DatasetProfile) -> TrainingTable:
    """Return the table that training works on.

    Raises
    ------
    TrainingError
        If a column is missing, the target cannot be read as the task needs, or no row is left.
    """
    _refuse_absent(frame, spec)
    in_file, time = len(frame), spec.task.time_column
    frame, rows = _sort_by_time(frame, spec)
    columns_before = set(frame.columns)
    frame = apply_transforms(frame, spec, profile)
    derived = tuple(column for column in frame.columns if column not in columns_before)
    notes = _left_out_columns(spec, columns_before) + _first_of_each_time(frame, spec)
    target, labels, usable = _prepare_target(frame, spec)
    groups = group_labels(frame[spec.task.group_column]) if spec.task.group_column else None
    features, numbers, categories = _prepare_features(frame, spec=spec, profile=profile, derived=derived, notes=notes)
    _refuse_what_cannot_be_done(spec, numbers, categories)
    _refuse_too_few(usable)
    inputs = baseline_inputs(frame, spec, profile, groups).of(usable)
    return TrainingTable(
        features=features[usable].reset_index(drop=True),
        numbers=numbers,
        categories=categories,
        derived=derived,
        target=target[usable],
        labels=labels,
        rows=rows[usable],
        times=frame.loc[usable, time].reset_index(drop=True) if time else None,
        groups=None if groups is None else groups[usable],
        last_seen=inputs.last_known,
        dropped=in_file - int(usable.sum()),
        dropped_reason=_dropped_reason(spec, missing=int((~usable).sum()), undated=in_file - len(frame)),
        notes=tuple(notes),
        step_seconds=step_seconds_of(frame, spec, profile),
        baseline_inputs=inputs,
        missing=_missing_rows(spec, frame, features, usable=usable, rows=rows, groups=groups),
        ages=_moments_before(frame, spec, groups, usable),
    )


def _refuse_too_few(usable: NDArray[np.bool_]) -> None:
    if int(usable.sum()) < 2:
        raise TrainingError("Fewer than two rows have a value in the target.", code="too_few_rows")


def _dropped_reason(spec: Spec, *, missing: int, undated: int) -> str:
    reasons = ((spec.task.target, missing), (spec.task.time_column, undated))
    return "; ".join(f"{column} is missing on {count:,} rows" for column, count in reasons if count)


def _missing_rows(
    spec: Spec,
    frame: pd.DataFrame,
    features: pd.DataFrame,
    *,
    usable: NDArray[np.bool_],
    rows: NDArray[np.intp],
    groups: NDArray[Any] | None,
) -> MissingRows | None:
    """Return the rows without a target where gaps are filled, None elsewhere."""
    time = spec.task.time_column
    if spec.task.purpose is not Purpose.FILL_GAPS or time is None:
        return None
    known = int(usable.sum())
    gone = features[~usable]
    return MissingRows(
        features=gone.set_axis(pd.RangeIndex(known, known + len(gone)), axis=0),
        rows=rows[~usable],
        times=frame.loc[~usable, time].reset_index(drop=True),
        groups=None if groups is None else groups[~usable],
    )


def _moments_before(
    frame: pd.DataFrame, spec: Spec, groups: NDArray[Any] | None, usable: NDArray[np.bool_]
) -> NDArray[np.intp] | None:
    """Return for each usable row how many earlier moments its group has; None where no warm-up asks for it."""
    if not spec.validation.warm_up or spec.task.time_column is None:
        return None
    moments = pd.Series(pd.factorize(frame[spec.task.time_column])[0], index=frame.index)
    ranked = moments.rank(method="dense") if groups is None else moments.groupby(groups).rank(method="dense")
    return ranked.to_numpy().astype(np.intp)[usable] - 1


def _left_out_columns(spec: Spec, columns: set[str]) -> list[str]:
    used_names = input_names(spec, columns)
    return [f"The derived feature {name} was left out: a column of the file has its name." for name in used_names]


def _refuse_absent(frame: pd.DataFrame, spec: Spec) -> None:
    needed = {spec.task.target, *spec.features.selected}
    needed |= {column for column in (spec.task.time_column, spec.task.group_column) if column}
    absent = sorted(needed - set(frame.columns))
    if absent:
        raise TrainingError(f"The dataset has no column named {absent[0]}.", code="column_missing")


def _refuse_without_time(spec: Spec) -> None:
    """Refuse what tells earlier from later where no time column does."""
    what = {Purpose.FORECAST: "A forecast", Purpose.FILL_GAPS: "Filling gaps"}.get(
        spec.task.purpose or Purpose.NEW_ROWS
    )
    if what is not None and spec.task.time_column is None:
        raise TrainingError(f"{what} needs a time column. Choose one on the Data step.", code="time_column_missing")


def _sort_by_time(frame: pd.DataFrame, spec: Spec) -> tuple[pd.DataFrame, NDArray[np.intp]]:
    """Return the rows that have a date, in the order of time, and the 1-based numbers they have in the file."""
    _refuse_without_time(spec)
    column, frame = spec.task.time_column, frame.reset_index(drop=True)
    if column is None:
        return frame, np.arange(1, len(frame) + 1)
    if not pd.api.types.is_datetime64_any_dtype(frame[column]):
        raise TrainingError(f"The time column {column} does not hold dates.", code="time_column_unreadable")
    known = frame[frame[column].notna()].sort_values(column, kind="stable")
    _refuse_mixed_series(known, spec)
    return known.reset_index(drop=True), known.index.to_numpy() + 1


def _refuse_mixed_series(frame: pd.DataFrame, spec: Spec) -> None:
    """Refuse to look along time over rows that share a moment and that no group column tells apart."""
    time, group = spec.task.time_column, spec.task.group_column
    fills = spec.task.purpose is Purpose.FILL_GAPS
    if time is None or group == time or not (fills or longest_memory(spec)):
        return
    groups = 1 if group is None else frame[group].nunique(dropna=False)
    repeats = count_repeats(len(frame), times=frame[time].nunique(), groups=groups)
    if mixes_series(len(frame), repeats):
        what = "what is filled from the values around it" if fills else "features that look back"
        remedy = "." if fills else ", or remove those features."
        raise TrainingError(
            f"Rows share a time in {time[:60]}, so {what} would mix different series. "
            f"Choose the group column that tells these rows apart{remedy}",
            code="times_repeat",
        )


def _first_of_each_time(frame: pd.DataFrame, spec: Spec) -> list[str]:
    """Return the first row of each time and group, and how many others were left out."""
    time, group = spec.task.time_column, spec.task.group_column
    if time is None or group == time or not longest_memory(spec):
        return []
    repeats = int(frame.duplicated([time, group] if group else [time]).sum())
    if not repeats:
        return []
    rows = "1 row shares its" if repeats == 1 else f"{repeats:,} rows share their"
    return [f"{rows} time with an earlier row. Features that look back use the first row of each time."]


def group_labels(values: pd.Series) -> NDArray[Any]:
    """Return the group of every row as text; rows without one form a group of their own."""
    return values.map(label_of, na_action="ignore").astype(object).fillna(MISSING_WORD).to_numpy(dtype=object)


def label_of(value: Any) -> str:
    """Return a class as text; a whole number loses its ".0"."""
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value)


def _prepare_target(frame: pd.DataFrame, spec: Spec) -> tuple[NDArray[Any], tuple[str, ...], NDArray[np.bool_]]:
    column = frame[spec.task.target]
    if not spec.task.kind.is_classification:
        numbers = pd.to_numeric(column, errors="coerce").to_numpy(dtype=float)
        usable = np.isfinite(numbers)
        if not usable.any():
            raise TrainingError(f"The target {spec.task.target} holds no numbers.", code="target_not_numeric")
        return numbers, (), usable
    usable = column.notna().to_numpy()
    values = [label_of(value) for value in column[usable]]
    labels = tuple(sorted(set(values), key=_label_order))
    if len(labels) < 2:
        raise TrainingError(f"The target {spec.task.target} has only one class.", code="target_one_class")
    place = {label: index for index, label in enumerate(labels)}
    codes = np.full(len(column), -1)
    codes[usable] = [place[value] for value in values]
    return codes, labels, usable


def _label_order(label: str) -> tuple[int, float, str]:
    try:
        number = float(label)
    except ValueError:
        return (1, 0.0, label)
    # "nan" is a word that Python takes for a number without a place among the others.
    return (0, number, label) if np.isfinite(number) else (1, 0.0, label)


def _prepare_features(
    frame: pd.DataFrame, *, spec: Spec, profile: DatasetProfile, derived: tuple[str, ...], notes: list[str]
) -> tuple[pd.DataFrame, tuple[str, ...], tuple[str, ...]]:
    numbers: dict[str, pd.Series] = {}
    categories: dict[str, pd.Series] = {}
    for column in spec.features.selected:
        kind = kind_of(spec, profile, column)
        values = frame[column]
        if kind is ColumnKind.DATETIME and pd.api.types.is_datetime64_any_dtype(values):
            numbers[column] = (values - pd.Timestamp(0)) / pd.Timedelta(days=1)
        elif _is_number(kind, values):
            numbers[column] = _as_number(values)
        else:
            categories[column] = values.map(label_of, na_action="ignore").fillna(MISSING_WORD).astype(object)
    notes += _keep_to_what_is_known(numbers, categories, frame=frame, spec=spec, profile=profile)
    for column in derived:
        numbers[column] = frame[column]
    if not numbers and not categories:
        raise TrainingError("No features are selected.", code="no_features")
    table = pd.DataFrame({**numbers, **categories}, index=frame.index)
    infinite = int(np.isinf(table[list(numbers)].to_numpy(dtype=float)).sum()) if numbers else 0
    if infinite:
        notes.append(f"{infinite:,} infinite values count as missing.")
        table = table.replace([np.inf, -np.inf], np.nan)
    return table, tuple(numbers), tuple(categories)


def _keep_to_what_is_known(
    numbers: dict[str, pd.Series],
    categories: dict[str, pd.Series],
    *,
    frame: pd.DataFrame,
    spec: Spec,
    profile: DatasetProfile,
) -> list[str]:
    """Replace the values of columns that are not known yet at a row by the last that are, and say of which."""
    late = {name: steps for name in (*numbers, *categories) if (steps := steps_before(spec.task, name))}
    if not late:
        return []
    earlier, changed = EarlierValues(frame, spec, profile), []
    for name, cutoff in late.items():
        columns = numbers if name in numbers else categories
        values = columns[name]
        known = earlier.known_values(values.where(values != MISSING_WORD), cutoff=cutoff)
        columns[name] = known if columns is numbers else known.fillna(MISSING_WORD).astype(object)
        changed += [] if columns[name].equals(values) else [name[:60]]
    if not changed:
        return []
    ahead = pluralise(max(late.values()), "step")
    return [f"Not known {ahead} ahead, so taken as {ahead} before: {join_words(changed, most=5)}."]


def _refuse_what_cannot_be_done(spec: Spec, numbers: tuple[str, ...], categories: tuple[str, ...]) -> None:
    """Refuse recipes for folds that do not fit the kind of a column, or one another."""
    for column, links in chains_of(spec.features.transforms).items():
        if column not in numbers and column not in categories:
            continue
        faults, is_number = [], column in numbers
        for link in links:
            faults.append(column_fault(link.entry, column, is_number=is_number, is_target=False))
            is_number = is_number or link.entry.role == "encode"
        clash = clash_of(column, links)
        faults.insert(0, clash.sentence if clash is not None and clash.severe else "")
        fault = next((text for text in faults if text), "")
        if fault:
            raise TrainingError(fault, code="transform_conflict")


def _is_number(kind: ColumnKind, values: pd.Series) -> bool:
    if kind is ColumnKind.CONSTANT:
        return bool(pd.api.types.is_numeric_dtype(values))
    return kind.is_number or kind is ColumnKind.BOOLEAN or bool(pd.api.types.is_bool_dtype(values))


def _as_number(values: pd.Series) -> pd.Series:
    if values.dtype == object:
        words = values.map(
            lambda value: {True: 1.0, False: 0.0}.get(value, value) if isinstance(value, bool) else value
        )
        return pd.to_numeric(words, errors="coerce").astype(float)
    return pd.to_numeric(values, errors="coerce").astype(float)
