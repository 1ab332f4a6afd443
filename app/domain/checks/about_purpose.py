"""Rules about prediction time: features may only use values that are known by then."""

from __future__ import annotations

from collections.abc import Iterator

from app.domain.checks.check_context import CheckContext, error
from app.domain.experiment import MOST_RECIPES, RecipeJson
from app.domain.problems import Problem, Remedy
from app.domain.text.messages import fill_count
from app.domain.text.words import pluralise
from app.domain.training.preprocessing.knowledge import (
    DRIVER_NOT_YET,
    NO_EARLIER_ROWS,
    TARGET_NEVER,
    TARGET_NOT_YET,
    RecipeFault,
    raise_steps,
    recipe_faults,
)
from app.domain.training.preprocessing.transforms import derived_cutoffs, readable_recipes

FIELD = "transforms"


def target_is_known(subject: CheckContext) -> Iterator[Problem]:
    """No recipe uses the target where it is not known at any step, and none looks back where rows stand alone."""
    for code in (TARGET_NEVER, NO_EARLIER_ROWS):
        faults = {place: fault for place, fault in _recipe_faults(subject) if fault.code == code}
        if not faults:
            continue
        kept = [
            left
            for place, recipe in enumerate(_recipes_json(subject))
            for left in _drop_unknown_columns(recipe, faults.get(place))
        ]
        first, more = next(iter(faults.values())), len(faults) - 1
        message = first.message + (f" The same goes for {pluralise(more, 'more derived feature')}." if more else "")
        shortened = len(kept) > len(subject.recipes) - len(faults)
        them = "them" if more else "it"
        label = f"Leave {first.columns[0][:40]} out of {them}" if shortened else f"Remove {them}"
        yield error("features", FIELD, code, message, Remedy(label, {"features": {FIELD: kept}}))


def _drop_unknown_columns(recipe: RecipeJson, fault: RecipeFault | None) -> list[RecipeJson]:
    """Return a recipe without the columns of which nothing is known; nothing where none is left."""
    if fault is None:
        return [recipe]
    columns = [column for column in recipe["columns"] if column not in fault.columns]
    return [{**recipe, "columns": columns}] if columns else []


def steps_are_known(subject: CheckContext) -> Iterator[Problem]:
    """No recipe names a step that is nearer to the row than what is known when the forecast is made."""
    for place, fault in _recipe_faults(subject):
        if fault.code not in (TARGET_NOT_YET, DRIVER_NOT_YET) or fault.cutoff is None:
            continue
        recipes = _recipes_json(subject)
        recipe = recipes[place]
        steps = raise_steps(_steps_of(subject, place), fault.cutoff)
        others = [column for column in recipe["columns"] if column not in fault.columns]
        late: RecipeJson = {
            **recipe,
            "columns": list(fault.columns),
            "parameters": {**recipe["parameters"], "steps": steps},
        }
        changed: list[RecipeJson] = [{**recipe, "columns": others}, late] if others else [late]
        if len(recipes) + len(changed) - 1 > MOST_RECIPES:
            changed = [{**late, "columns": recipe["columns"]}]
        recipes[place : place + 1] = changed
        text = ", ".join(str(step) for step in steps[:6]) + (", …" if len(steps) > 6 else "")
        item, many = ("Use step {steps}", "Use steps {steps}")
        if others:
            item, many = "Use step {steps} for {column}", "Use steps {steps} for {column}"
        label = fill_count(len(steps), item, many, steps=text, column=late["columns"][0][:40])
        yield error("features", FIELD, fault.code, fault.message, Remedy(label, {"features": {FIELD: recipes}}))


def _recipes_json(subject: CheckContext) -> list[RecipeJson]:
    parts = subject.spec.features.transforms
    return [{"columns": [*part.columns], "kind": part.kind, "parameters": part.parameters} for part in parts]


def _steps_of(subject: CheckContext, place: int) -> tuple[int, ...]:
    part = subject.spec.features.transforms[place]
    return next((entry.single_steps(parameters) for _, entry, parameters in readable_recipes([part])), ())


def _recipe_faults(subject: CheckContext) -> Iterator[tuple[int, RecipeFault]]:
    """Yield the faults of each recipe that can be read, with its place in the list."""
    parts, task = subject.spec.features.transforms, subject.spec.task
    derived = derived_cutoffs(parts, task, file=[column.name for column in subject.profile.columns])
    for place, part in enumerate(parts):
        for _, entry, parameters in readable_recipes([part]):
            for fault in recipe_faults(part, entry, parameters, task=task, derived=derived):
                yield place, fault
