"""Recipes on the Features step: the form that adds one, and the list of those in use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from app.domain.errors import DomainError
from app.domain.experiment import MOST_RECIPES, Spec, TransformPart
from app.domain.recommendation.plan import Plan
from app.domain.training.preprocessing import transforms
from app.domain.training.preprocessing.recipe_parameters import ListParameter, RecipeError
from app.domain.training.preprocessing.recipes import TRANSFORMS, TransformEntry
from app.domain.vocabulary import ColumnKind
from app.steps.views import Form

PREFIX = "new."

# A list of a few thousand options is longer than a page may be, and nobody reads it.
MAX_OPTIONS = 200


@dataclass(frozen=True)
class RecipeQuestion:
    """The recipe that is asked about: what was typed, and what is wrong with it by the name of its field.

    `chosen` is the column of each role where the recipe has roles, "" where none was chosen.
    """

    entry: TransformEntry
    columns: tuple[str, ...]
    values: Mapping[str, Any]
    named: str = ""
    faults: Mapping[str, str] = field(default_factory=dict)
    part: TransformPart | None = None
    chosen: tuple[str, ...] = ()


def recipe_question(form: Form, plan: Plan) -> RecipeQuestion:
    """Return the recipe of the fields that begin with "new."; fields of another kind of recipe are not looked at."""
    wanted = form.get("new.kind", "")
    entry = next((transform for transform in TRANSFORMS if transform.kind == wanted), _first_offered(plan))
    named = form.get("new.named", "").strip()
    listed = [name.strip() if entry.roles else name for name in form.getlist("new.column")]
    chosen = tuple([*listed, *[""] * len(entry.roles)][: len(entry.roles)])
    columns = tuple(name for name in chosen if name)
    if not entry.roles:
        columns = tuple(dict.fromkeys(name for name in [*listed, named] if name))
    values: dict[str, Any] = {}
    for parameter in entry.parameters:
        there = form.get("new.fields") == entry.kind
        lists = parameter.type == "parts"
        typed = form.getlist(PREFIX + parameter.name) if lists else form.get(PREFIX + parameter.name, "")
        given = there or PREFIX + parameter.name in form
        values[parameter.name] = (
            typed if given else list(parameter.default) if isinstance(parameter, ListParameter) else parameter.default
        )
    columns = columns if entry.needs_columns else ()
    return _check_question(RecipeQuestion(entry, columns, values, named, chosen=chosen), plan)


def _first_offered(plan: Plan) -> TransformEntry:
    """Return the recipe that the list begins with: without a time column, the first that needs none."""
    timeless = plan.spec is None or plan.spec.task.time_column is None
    return next(transform for transform in TRANSFORMS if not (timeless and transform.needs_time))


def _check_question(question: RecipeQuestion, plan: Plan) -> RecipeQuestion:
    faults: dict[str, str] = {}
    try:
        question.entry.parse(question.values)
    except RecipeError as fault:
        faults[PREFIX + fault.field] = str(fault)
    unfit = _columns_fault(question, plan) if plan.spec else ""
    if unfit:
        faults["new.column"] = unfit
    if question.entry.needs_time and plan.spec is not None and plan.spec.task.time_column is None:
        faults["new.kind"] = f"{question.entry.title} needs a time column. Choose one on the Data step."
    part = None
    if not faults:
        parameters = question.entry.parse(question.values)
        part = TransformPart(columns=list(question.columns), kind=question.entry.kind, parameters=dict(parameters))
    return replace(question, faults=faults, part=part)


def _columns_fault(question: RecipeQuestion, plan: Plan) -> str:
    """Check the columns of a recipe; those in roles are checked role by role."""
    entry, inventory = question.entry, available_columns(plan)
    if not entry.roles or not question.columns:
        return transforms.columns_fault(entry, question.columns, inventory)
    empty = [
        role.title for role, name in zip(entry.roles, question.chosen, strict=True) if not name and not role.optional
    ]
    if empty:
        return f"{entry.title}: choose a column for {empty[0][0].lower()}{empty[0][1:]}."
    try:
        parameters = entry.parse(question.values)
    except RecipeError:
        return transforms.columns_fault(entry, question.columns, inventory)
    fault = entry.check_roles([bool(name) for name in question.chosen], parameters)
    return (
        f"{entry.title}: {fault}" if fault else transforms.columns_fault(entry, question.columns, inventory, parameters)
    )


def available_columns(plan: Plan) -> transforms.ColumnInventory:
    """Return the columns that recipes of a draft may work on; there must be a config."""
    spec = _require_spec(plan)
    kinds = {choice.profile.name: ColumnKind(choice.kind) for choice in plan.columns}
    kinds[spec.task.target] = ColumnKind.CATEGORICAL if spec.task.kind.is_classification else ColumnKind.NUMERIC
    return transforms.column_inventory(
        [choice.profile for choice in plan.columns],
        kinds,
        target=spec.task.target,
        task=spec.task.kind,
        time_column=spec.task.time_column,
        parts=spec.features.transforms,
    )


def _require_spec(plan: Plan) -> Spec:
    if plan.spec is None:
        raise DomainError("Choose a dataset and a target on the Data step first.", code="dataset_missing")
    return plan.spec


def options_of(plan: Plan, entry: TransformEntry) -> list[str]:
    """Return the columns that a recipe can work on: ticked ones first, then what others derive, then all others."""
    inventory, spec = available_columns(plan), _require_spec(plan)
    ticked = [choice.profile.name for choice in plan.columns if choice.selected]
    made = transforms.output_names(spec)
    rest = [choice.profile.name for choice in plan.columns if not choice.selected]
    order = dict.fromkeys([*ticked, *([spec.task.target] if entry.looks_back else []), *made, *rest])
    return [name for name in order if not transforms.columns_fault(entry, [name], inventory)]


def add_recipe(form: Form, plan: Plan) -> list[dict[str, Any]]:
    """Return the list of recipes with the one that was asked for at its end.

    Raises
    ------
    DomainError
        At the field that is wrong.
    """
    question, current = recipe_question(form, plan), raw_recipes(plan)
    for name, sentence in question.faults.items():
        raise DomainError(sentence, code="transform_invalid", field=name)
    if len(current) >= MOST_RECIPES:
        raise DomainError(f"A draft keeps {MOST_RECIPES} of them.", code="too_many_transforms", field="new.kind")
    recipe = question.part.model_dump(mode="json") if question.part else {}
    if recipe in current:
        raise DomainError("This one is there already.", code="transform_again", field="new.kind")
    return [*current, recipe]


def raw_recipes(plan: Plan) -> list[Any]:
    """Return the recipes of a draft as they were answered or suggested."""
    current_values = plan.values["features"].get("transforms")
    return list(current_values) if isinstance(current_values, list) else []


def move_recipe_up(current: list[Any], place: int) -> list[Any]:
    """Return the list with the recipe at `place` before the nearest earlier one that shares a column with it."""
    earlier = partner_of(current, place)
    if earlier is None:
        return current
    return [*current[:earlier], current[place], *current[earlier:place], *current[place + 1 :]]


def partner_of(current: list[Any], place: int) -> int | None:
    """Return where the recipe stands that works on a column before this one does, within a fold; None without one."""
    if not 0 < place < len(current):
        return None
    here = _fold_columns(current[place])
    return next((position for position in range(place - 1, -1, -1) if here & _fold_columns(current[position])), None)


def _fold_columns(raw: Any) -> set[str]:
    try:
        part = TransformPart(**raw)
        entry = transforms.get(part.kind)
    except (KeyError, TypeError, ValueError):
        return set()
    return set(part.columns) if entry.place == "fold" and entry.role != "mark" else set()


@dataclass(frozen=True)
class RecipeLine:
    """A recipe as the page lists it: what it works on, what it makes, and whether it can be moved before another."""

    title: str
    columns: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)
    place: str = ""
    movable: bool = False
    fault: str = ""


def lines_of(plan: Plan) -> list[RecipeLine]:
    """Return each recipe of a draft as the page lists it."""
    time_column = plan.spec.task.time_column if plan.spec else None
    current = raw_recipes(plan)
    return [
        _recipe_line(raw, time_column, movable=partner_of(current, index) is not None)
        for index, raw in enumerate(current)
    ]


def _recipe_line(raw: Any, time_column: str | None, *, movable: bool) -> RecipeLine:
    try:
        part = TransformPart(**raw)
        entry, names = transforms.get(part.kind), transforms.derived_names(part, time_column=time_column)
        parameters = entry.parse(part.parameters)
    except (KeyError, TypeError, ValueError) as fault:
        return RecipeLine("Not understood", fault=str(fault)[:200])
    titles = {parameter.name: parameter.title for parameter in entry.parameters}
    answers = {} if names else {titles[name]: value for name, value in parameters.items()}
    return RecipeLine(entry.title, tuple(part.columns), tuple(names), answers, entry.place, movable)
