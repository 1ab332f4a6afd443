"""The preview of a recipe: real rows before and after it, and the spread of their values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from app.domain.analysis.profiling.profile import DatasetProfile
from app.domain.errors import TrainingError
from app.domain.experiment import FeaturesPart, Spec, TransformPart
from app.domain.training.preprocessing.chains import Link, chains_of
from app.domain.training.preprocessing.knowledge import steps_before
from app.domain.training.preprocessing.output_units import units_of
from app.domain.training.preprocessing.preparation import MISSING_WORD, TrainingTable, prepare
from app.domain.training.preprocessing.step_context import StepContext
from app.domain.training.preprocessing.transforms import TransformEntry, derived_names, get, readable_recipes

BINS = 24
MAX_COLUMNS = 3
MAX_COORDINATES = 20
MAX_AFTER = 8
MAX_SHOWN_ROWS = 8
LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
# Beyond this a bin's width is no finite number.
MAX_ABSOLUTE = 1e150


@dataclass(frozen=True)
class Spread:
    """How a column is spread: counts in bins for numbers, the commonest words else (as a column's profile has them)."""

    name: str
    missing: int
    histogram_counts: tuple[int, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    quantiles: tuple[float, ...] = ()
    top_values: tuple[tuple[str, int], ...] = ()
    unit: str = ""


@dataclass(frozen=True)
class RealRow:
    """One row, with cells (None where missing) before and after; its 1-based number where all rows were read."""

    number: int | None
    moment: str
    before: tuple[Any, ...]
    after: tuple[Any, ...]


@dataclass(frozen=True)
class Preview:
    """A recipe on `rows_used` real rows. `comes` is how many columns the estimator gets from it, shown or not."""

    before: tuple[Spread, ...]
    after: tuple[Spread, ...]
    rows: tuple[RealRow, ...]
    rows_used: int
    comes: int
    earlier: tuple[str, ...] = ()


def columns_read(spec: Spec, part: TransformPart, profile: DatasetProfile) -> list[str]:
    """Return the columns of the file that a preview needs, the target and what orders the rows included."""
    small = preview_spec(spec, part, profile)
    task = small.task
    named = [name for transform in small.features.transforms for name in transform.columns]
    wanted = [task.target, task.time_column, task.group_column, *small.features.selected, *named]
    return list(dict.fromkeys(name for name in wanted if name is not None and profile.has(name)))


def needs_row_order(spec: Spec, part: TransformPart, profile: DatasetProfile) -> bool:
    """Return whether a preview needs rows that follow one another."""
    small = preview_spec(spec, part, profile)
    late = any(steps_before(small.task, name) for name in small.features.selected)
    return late or any(get(transform.kind).needs_time for transform in small.features.transforms)


def preview_spec(spec: Spec, part: TransformPart, profile: DatasetProfile) -> Spec:
    """Return the config with nothing but what a preview of one more recipe is about.

    That is the recipe, those before it that work on the same columns within folds, and those that derive its columns.
    """
    columns = part.columns[:MAX_COLUMNS]
    part = part.model_copy(update={"columns": columns})
    earlier = _makers_of(columns, spec, profile)
    selected = [name for name in columns if profile.has(name)]
    if get(part.kind).place == "fold":
        for transform, entry, _ in readable_recipes(spec.features.transforms):
            shared = [name for name in transform.columns if name in columns]
            if entry.place == "fold" and shared:
                earlier.append(transform.model_copy(update={"columns": shared}))
    if part.kind == "impute_nearest":
        selected += [name for name in spec.features.selected if name not in selected][:MAX_COORDINATES]
    selected = [name for name in selected if name != spec.task.target]
    features = FeaturesPart(selected=selected, transforms=[*earlier, part])
    return spec.model_copy(update={"features": features})


def _makers_of(columns: Sequence[str], spec: Spec, profile: DatasetProfile) -> list[TransformPart]:
    """Return the recipes that make these columns, after those that make what these work on, and so on."""
    wanted = {name for name in columns if not profile.has(name)}
    makers: list[TransformPart] = []
    for transform, entry, _ in reversed(list(readable_recipes(spec.features.transforms))):
        if entry.place == "before" and wanted & set(derived_names(transform, time_column=spec.task.time_column)):
            makers.insert(0, transform)
            wanted |= {name for name in transform.columns if not profile.has(name)}
    return makers


def preview(spec: Spec, part: TransformPart, frame: pd.DataFrame, profile: DatasetProfile) -> Preview:
    """Return the effect of one more recipe on some rows, fitted on those very rows.

    Parameters
    ----------
    spec, part
        The config as it is, and the recipe that is asked about.
    frame, profile
        Some rows of the dataset with at least `columns_read`, and what is known of it.

    Raises
    ------
    TrainingError
        With a sentence, where it cannot be followed.
    """
    small, entry = preview_spec(spec, part, profile), get(part.kind)
    table, complete = prepare(small, frame, profile), len(frame) == profile.rows
    if entry.place == "before":
        names = derived_names(small.features.transforms[-1], time_column=small.task.time_column)
        after = table.features[[name for name in names if name in table.features]]
        columns = small.features.transforms[-1].columns if entry.needs_columns else [str(small.task.time_column)]
        before = _input_columns(frame, table, columns)
        view = _build_preview(table, before, after, entry=entry, comes=len(names), complete=complete)
        units = units_of(small.features.transforms, profile, time_column=small.task.time_column)
        return replace(view, before=_add_units(view.before, units), after=_add_units(view.after, units))
    columns = [name for name in small.features.transforms[-1].columns if name in table.features]
    if not columns:
        raise TrainingError(f"{entry.title}: choose at least one column.", code="transform_invalid")
    links = chains_of(small.features.transforms)
    try:
        made = pd.concat([_apply_recipe(small, table, name, links[name]) for name in columns], axis=1)
    except (ValueError, FloatingPointError) as fault:
        raise TrainingError(f"{entry.title}: {str(fault).splitlines()[0][:200]}", code="transform_invalid") from fault
    earlier = dict.fromkeys(link.entry.title for name in columns for link in links[name][:-1])
    view = _build_preview(table, table.features[columns], made, entry=entry, comes=made.shape[1], complete=complete)
    return replace(view, earlier=tuple(earlier))


def _input_columns(frame: pd.DataFrame, table: TrainingTable, columns: Sequence[str]) -> pd.DataFrame:
    """Return the columns that a recipe works on: those of the file, and those that other recipes make."""
    rows = frame.reset_index(drop=True).iloc[table.rows - 1].reset_index(drop=True)
    return pd.DataFrame({name: rows[name] if name in rows else table.features[name] for name in columns})


def _add_units(spreads: Sequence[Spread], units: Mapping[str, str]) -> tuple[Spread, ...]:
    return tuple(replace(spread, unit=units.get(spread.name, "")) for spread in spreads)


def _apply_recipe(spec: Spec, table: TrainingTable, column: str, links: tuple[Link, ...]) -> pd.DataFrame:
    """Return the output of one column's chain, without what the estimator would want besides."""
    from app.domain.training.preprocessing.empty_columns import EmptyColumns
    from app.domain.training.preprocessing.fold_steps import step_of

    is_number = column in table.numbers
    needs = StepContext(classes=spec.task.kind.is_classification, words=not is_number, seed=spec.reproducibility.seed)
    nearest = any(link.entry.kind == "impute_nearest" for link in links)
    others = [name for name in table.numbers if name != column] if nearest else []
    values = table.features[[column, *others]].to_numpy(dtype=float if is_number else object)
    marks = links[-1].entry.role == "mark"
    step: Any = None
    work = links[-1:] if marks else [link for link in links if link.entry.role != "mark"]
    if is_number and not marks:
        values = EmptyColumns().fit_transform(values)
    for link in work:
        step = step_of(link, needs)
        values = np.asarray(step.fit_transform(values, table.target))
    if marks or values.shape[1] == 1:
        return pd.DataFrame(values, columns=[f"{column}_missing" if marks else column])
    if hasattr(step, "categories_"):
        names = [str(name).replace("x0_", f"{column} = ", 1) for name in step.get_feature_names_out()]
    else:
        names = [f"{column}: {label}" for label in table.labels][: values.shape[1]]
    return pd.DataFrame(values, columns=names)


def _build_preview(
    table: TrainingTable,
    before: pd.DataFrame,
    after: pd.DataFrame,
    *,
    entry: TransformEntry,
    comes: int,
    complete: bool,
) -> Preview:
    """Return the preview of these values."""
    after = after.iloc[:, :MAX_AFTER]
    places = _example_rows(before.iloc[:, 0], entry)
    rows = tuple(
        RealRow(
            number=int(table.rows[place]) if complete else None,
            moment="" if table.times is None else _cell_value(table.times.iloc[place]),
            before=tuple(_cell_value(value) for value in before.iloc[place]),
            after=tuple(_cell_value(value) for value in after.iloc[place]),
        )
        for place in places
    )
    spreads = [tuple(spread_of(frame[name], str(name)) for name in frame.columns) for frame in (before, after)]
    return Preview(spreads[0], spreads[1], rows, rows_used=len(before), comes=comes)


def _example_rows(values: pd.Series, entry: TransformEntry) -> NDArray[np.intp]:
    """Return the rows that are shown: the end of a series; gaps where they are filled; else small values to large."""
    known = np.flatnonzero(~_is_missing(values).to_numpy())
    if entry.needs_time:
        return np.arange(len(values))[-MAX_SHOWN_ROWS:]
    gaps = np.setdiff1d(np.arange(len(values)), known)[: MAX_SHOWN_ROWS // 2 if entry.role in ("fill", "mark") else 1]
    first = values.iloc[known].drop_duplicates().sort_values().index.to_numpy()
    wanted = np.linspace(0, len(first) - 1, min(MAX_SHOWN_ROWS - len(gaps), len(first))).astype(int)
    return np.sort(np.concatenate([gaps, first[wanted]])).astype(np.intp)


def _is_missing(values: pd.Series) -> pd.Series:
    return values.isna() | (values == MISSING_WORD)


def _cell_value(value: Any) -> Any:
    if isinstance(value, pd.Timestamp):
        return str(value).removesuffix(" 00:00:00")
    if value is None or value is pd.NaT or value == MISSING_WORD or (isinstance(value, float) and np.isnan(value)):
        return None
    return float(value) if isinstance(value, int | float | np.number) else str(value)


def spread_of(values: pd.Series, name: str) -> Spread:
    """Return how a column is spread; what is no finite number counts as missing in a column of numbers."""
    missing = int(_is_missing(values).sum())
    if pd.api.types.is_datetime64_any_dtype(values):
        return Spread(name, missing)
    if values.dtype == object and not _are_all_numbers(values):
        counts = values[~_is_missing(values)].astype(str).value_counts()
        return Spread(name, missing, top_values=tuple((str(word), int(count)) for word, count in counts.items())[:8])
    numbers = pd.to_numeric(values, errors="coerce").astype(float).to_numpy()
    known = numbers[np.isfinite(numbers) & (np.abs(numbers) < MAX_ABSOLUTE)]
    if not len(known):
        return Spread(name, len(numbers))
    bars = np.histogram(known, bins=BINS)[0]
    return Spread(
        name=name,
        missing=len(numbers) - len(known),
        histogram_counts=tuple(int(count) for count in bars),
        minimum=float(known.min()),
        maximum=float(known.max()),
        quantiles=tuple(float(value) for value in np.quantile(known, LEVELS)),
    )


def _are_all_numbers(values: pd.Series) -> bool:
    return bool(values.map(lambda value: isinstance(value, int | float | np.number)).all())
