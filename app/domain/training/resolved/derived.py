"""The rules of derived columns: which values of which column each of them looks at."""

from __future__ import annotations

from collections.abc import Iterator

from app.domain.experiment import Spec
from app.domain.training.preprocessing.derivation import least_known
from app.domain.training.preprocessing.preparation import TrainingTable
from app.domain.training.preprocessing.recipe_parameters import RecipeValues
from app.domain.training.preprocessing.transforms import TransformEntry, derived_names, readable
from app.domain.training.resolved.document import DerivedColumn
from app.domain.training.resolved.knowledge import cutoff_of
from app.domain.training.resolved.steps import plain


def derived_columns(spec: Spec, table: TrainingTable) -> tuple[DerivedColumn, ...]:
    """Return the rule of every column that was derived before the rows were divided, in the order of the table."""
    rules: dict[str, DerivedColumn] = {}
    for part, entry, parameters in readable(spec.features.transforms):
        if entry.place != "before":
            continue
        names = iter(derived_names(part, time_column=spec.task.time_column))
        for column in part.columns if entry.needs_columns else [str(spec.task.time_column)]:
            for own, name in zip(_own(entry, parameters, column), names, strict=False):
                rules.setdefault(name, _rule(spec, table, entry, column=column, name=name, parameters=own))
    return tuple(rules[name] for name in table.derived if name in rules)


def _own(entry: TransformEntry, parameters: RecipeValues, column: str) -> Iterator[RecipeValues]:
    """Yield the parameters of each column that a recipe makes of one."""
    listed = {"lag": ("steps", "step"), "date_parts": ("parts", "part")}.get(entry.kind)
    if listed is None:
        for wave in ("sine", "cosine") if entry.kind == "cyclic" else (None,):
            yield RecipeValues({**parameters, **({"wave": wave} if wave else {})})
        return
    for value in parameters[listed[0]]:
        for wave in ("sine", "cosine") if str(value).endswith("_cyclic") else (None,):
            yield RecipeValues({listed[1]: value, **({"wave": wave} if wave else {})})


def _rule(
    spec: Spec, table: TrainingTable, entry: TransformEntry, *, column: str, name: str, parameters: RecipeValues
) -> DerivedColumn:
    cutoff = cutoff_of(spec.task, column) or 0 if entry.looks_back else 0
    offset = int(parameters["step"]) if entry.kind == "lag" else cutoff
    window = parameters.get("window")
    seconds = table.step_seconds if entry.looks_back else None
    return DerivedColumn(
        name=name,
        kind=entry.kind,
        parameters={key: plain(value) for key, value in parameters.items()},
        source=column,
        offset=offset,
        inclusive=offset == 0,
        by="row" if not entry.looks_back else "moment" if seconds is None else "time",
        window=window,
        minimum_known=None if window is None else least_known(int(window)),
        step_seconds=seconds,
        group=spec.task.group_column if entry.looks_back else None,
    )
