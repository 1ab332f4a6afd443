"""The `resolved` description of derived columns: which values of which column each uses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from app.domain.experiment import Spec, TransformPart
from app.domain.json_values import JsonObject
from app.domain.training.preprocessing.earlier_values import least_known
from app.domain.training.preprocessing.knowledge import column_cutoff, steps_before
from app.domain.training.preprocessing.preparation import TrainingTable
from app.domain.training.preprocessing.recipe_parameters import RecipeValues
from app.domain.training.preprocessing.transforms import (
    TransformEntry,
    derived_cutoffs,
    derived_names,
    readable_recipes,
)
from app.domain.training.preprocessing.water_makers import conversions_of
from app.domain.training.resolved.document import DerivedColumn
from app.domain.training.resolved.steps import parameter_json

# What each of the columns is that a recipe makes of one, where there are several.
OUTPUTS: dict[str, tuple[dict[str, str], ...]] = {
    "cyclic": ({"wave": "sine"}, {"wave": "cosine"}),
    "last_known": ({"gives": "value"}, {"gives": "age"}),
    "degree_day_snow": ({"gives": "store"}, {"gives": "melt"}, {"gives": "liquid"}),
}
# The list of a recipe that makes a column for each of its values, and what one of them is called.
LISTED = {
    "lag": ("steps", "step"),
    "date_parts": ("parts", "part"),
    "window_means": ("windows", "window"),
    "window_sums": ("windows", "window"),
    "exponential_memory": ("keeps", "keep"),
}
# Windows of which a share must be known; of others one value is enough.
MEANS = ("rolling_mean", "rolling_sum", "window_means", "window_sums")


def derived_columns(spec: Spec, table: TrainingTable) -> tuple[DerivedColumn, ...]:
    """Return the rule of every column that was derived before the rows were divided, in the order of the table.

    Selected columns that are known later than their row stand first: they enter as they were known.
    """
    rules: dict[str, DerivedColumn] = {}
    cutoffs = {name: cutoff for name, cutoff in _cutoffs(spec).items() if name in table.derived}
    for part, entry, parameters in readable_recipes(spec.features.transforms):
        if entry.place != "before":
            continue
        names = iter(derived_names(part, time_column=spec.task.time_column))
        for columns in _worked_on(spec, part, entry):
            for own, name in zip(_values_per_column(entry, parameters), names, strict=False):
                if name not in rules and name in table.derived:
                    rules[name] = _derived_column(
                        spec, table, entry, columns=columns, name=name, parameters=own, cutoffs=cutoffs
                    )
    return (*_shifted_columns(spec, table), *(rules[name] for name in table.derived if name in rules))


def _cutoffs(spec: Spec) -> dict[str, int]:
    return derived_cutoffs(spec.features.transforms, spec.task)


def _worked_on(spec: Spec, part: TransformPart, entry: TransformEntry) -> list[list[str]]:
    """Return the columns that a recipe works on, those together that it takes together."""
    if not entry.needs_columns:
        return [[str(spec.task.time_column)]]
    return [list(part.columns)] if entry.roles else [[column] for column in part.columns]


def _values_per_column(entry: TransformEntry, parameters: RecipeValues) -> Iterator[RecipeValues]:
    """Yield the parameters of each column that a recipe makes of one."""
    listed = LISTED.get(entry.kind)
    if listed is None:
        for more in OUTPUTS.get(entry.kind, ({},)):
            yield RecipeValues({**parameters, **more})
        return
    for value in parameters[listed[0]]:
        for wave in ("sine", "cosine") if str(value).endswith("_cyclic") else (None,):
            yield RecipeValues({listed[1]: value, **({"wave": wave} if wave else {})})


def _shifted_columns(spec: Spec, table: TrainingTable) -> Iterator[DerivedColumn]:
    """Yield a rule for each selected column that enters as it was known some steps before."""
    for name in dict.fromkeys(spec.features.selected):
        steps = steps_before(spec.task, name)
        if steps and name in (*table.numbers, *table.categories):
            yield _lagged_column(spec, table, name=name, kind="as_known", source=name, parameters={}, offset=steps)


def _derived_column(
    spec: Spec,
    table: TrainingTable,
    entry: TransformEntry,
    *,
    columns: list[str],
    name: str,
    parameters: RecipeValues,
    cutoffs: dict[str, int],
) -> DerivedColumn:
    task = spec.task
    cutoff = max((column_cutoff(task, column, cutoffs) or 0 for column in columns), default=0)
    values = {key: parameter_json(value) for key, value in parameters.items()}
    told = conversions_of(entry.kind, parameters, count=len(columns), step_seconds=table.step_seconds)
    values |= {key: parameter_json(value) for key, value in told.items()}
    sources = tuple(columns) if entry.roles else None
    if not entry.looks_back and not entry.dated and not cutoff:
        return DerivedColumn(
            name=name,
            kind=entry.kind,
            parameters=values,
            source=columns[0],
            sources=sources,
            offset=0,
            inclusive=True,
            by="row",
        )
    window = parameters.get("window")
    offset = int(parameters["step"]) if entry.kind == "lag" else cutoff
    rule = _lagged_column(spec, table, name=name, kind=entry.kind, source=columns[0], parameters=values, offset=offset)
    rule = replace(rule, sources=sources)
    if window is None:
        return rule
    least = least_known(int(window)) if entry.kind in MEANS else 1
    return replace(rule, window=int(window), minimum_known=least)


def _lagged_column(
    spec: Spec, table: TrainingTable, *, name: str, kind: str, source: str, parameters: JsonObject, offset: int
) -> DerivedColumn:
    return DerivedColumn(
        name=name,
        kind=kind,
        parameters=parameters,
        source=source,
        offset=offset,
        inclusive=offset == 0,
        by="moment" if table.step_seconds is None else "time",
        step_seconds=table.step_seconds,
        group=spec.task.group_column,
    )
