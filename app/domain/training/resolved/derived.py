"""The rules of derived columns: which values of which column each of them looks at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from app.domain.experiment import Spec
from app.domain.json_values import JsonObject
from app.domain.training.preprocessing.earlier_values import least_known
from app.domain.training.preprocessing.knowledge import column_cutoff, steps_before
from app.domain.training.preprocessing.preparation import TrainingTable
from app.domain.training.preprocessing.recipe_parameters import RecipeValues
from app.domain.training.preprocessing.transforms import TransformEntry, derived_names, readable
from app.domain.training.resolved.document import DerivedColumn
from app.domain.training.resolved.steps import plain

# What each of the columns is that a recipe makes of one, where there are two.
OUTPUTS: dict[str, tuple[dict[str, str], ...]] = {
    "cyclic": ({"wave": "sine"}, {"wave": "cosine"}),
    "last_known": ({"gives": "value"}, {"gives": "age"}),
}
# Windows of which a share must be known; of others one value is enough.
MEANS = ("rolling_mean", "rolling_sum")


def derived_columns(spec: Spec, table: TrainingTable) -> tuple[DerivedColumn, ...]:
    """Return the rule of every column that was derived before the rows were divided, in the order of the table.

    Selected columns that are known later than their row stand first: they enter as they were known.
    """
    rules: dict[str, DerivedColumn] = {}
    for part, entry, parameters in readable(spec.features.transforms):
        if entry.place != "before":
            continue
        names = iter(derived_names(part, time_column=spec.task.time_column))
        for column in part.columns if entry.needs_columns else [str(spec.task.time_column)]:
            for own, name in zip(_own(entry, parameters, column), names, strict=False):
                rules.setdefault(name, _rule(spec, table, entry, column=column, name=name, parameters=own))
    return (*_shifted(spec, table), *(rules[name] for name in table.derived if name in rules))


def _own(entry: TransformEntry, parameters: RecipeValues, column: str) -> Iterator[RecipeValues]:
    """Yield the parameters of each column that a recipe makes of one."""
    listed = {"lag": ("steps", "step"), "date_parts": ("parts", "part")}.get(entry.kind)
    if listed is None:
        for more in OUTPUTS.get(entry.kind, ({},)):
            yield RecipeValues({**parameters, **more})
        return
    for value in parameters[listed[0]]:
        for wave in ("sine", "cosine") if str(value).endswith("_cyclic") else (None,):
            yield RecipeValues({listed[1]: value, **({"wave": wave} if wave else {})})


def _shifted(spec: Spec, table: TrainingTable) -> Iterator[DerivedColumn]:
    """Yield a rule for each selected column that enters as it was known some steps before."""
    for name in dict.fromkeys(spec.features.selected):
        steps = steps_before(spec.task, name)
        if steps and name in (*table.numbers, *table.categories):
            yield _looking_back(spec, table, name=name, kind="as_known", source=name, parameters={}, offset=steps)


def _rule(
    spec: Spec, table: TrainingTable, entry: TransformEntry, *, column: str, name: str, parameters: RecipeValues
) -> DerivedColumn:
    cutoff = column_cutoff(spec.task, column) or 0
    values = {key: plain(value) for key, value in parameters.items()}
    if not entry.looks_back and not cutoff:
        return DerivedColumn(
            name=name, kind=entry.kind, parameters=values, source=column, offset=0, inclusive=True, by="row"
        )
    window = parameters.get("window")
    rule = _looking_back(
        spec,
        table,
        name=name,
        kind=entry.kind,
        source=column,
        parameters=values,
        offset=int(parameters["step"]) if entry.kind == "lag" else cutoff,
    )
    if window is None:
        return rule
    least = least_known(int(window)) if entry.kind in MEANS else 1
    return replace(rule, window=int(window), minimum_known=least)


def _looking_back(
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
