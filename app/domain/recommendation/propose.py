"""The function that makes a plan from a draft, for pages, workers and command line."""

from __future__ import annotations

from math import inf
from typing import Any

from pydantic import ValidationError

from app.domain.analysis.profiling.profile import Associations, DatasetProfile
from app.domain.checks import check_spec
from app.domain.checks.about_machine import launch_ends_in_time, memory_fits
from app.domain.checks.about_tuning import search_ends_in_time
from app.domain.estimation import Machine, estimate, this_machine
from app.domain.experiment import MOST_RECIPES, DataPart, Draft, FeaturesPart, RecipeJson, Spec, TaskPart, TransformPart
from app.domain.json_values import JsonObject
from app.domain.problems import Problem, Remedy
from app.domain.recommendation.answers import AnswerReader
from app.domain.recommendation.column_selection import choose_columns
from app.domain.recommendation.config_parts import ConfigParts, FeaturesJson
from app.domain.recommendation.contest_answers import fill_candidates
from app.domain.recommendation.derived_features import suggest_transforms
from app.domain.recommendation.features import FeatureContext, read_leak_answers
from app.domain.recommendation.goal import read_goal
from app.domain.recommendation.later_steps import fill_model, fill_review, fill_validation
from app.domain.recommendation.plan import ColumnChoice, Plan
from app.domain.recommendation.suggested_set import DerivedConfig, read_recipes
from app.domain.recommendation.verdict import ShortFitEvidence
from app.domain.training.preprocessing.transforms import ColumnInventory, column_inventory, columns_fault
from app.domain.training.preprocessing.transforms import get as get_transform
from app.domain.training.selection_rules import read_rules as read_selection
from app.domain.vocabulary import DatasetState, Severity
from app.domain.wizard import SLUGS

NOT_CHOSEN = ("dataset_missing", "Choose a file or a sample first.", "Choose one on the Data step.")
READING = "dataset_reading"
_MOVING = (READING, "{name} is still being read.", "The Data step shows how far it is.")
# What became of the chosen dataset: code, sentence and remedy.
NOT_THERE = {
    "deleted": ("dataset_deleted", "{name} was deleted.", "Restore it or choose other data on the Data step."),
    DatasetState.RECEIVING.value: _MOVING,
    DatasetState.READING.value: _MOVING,
    DatasetState.FAILED.value: (
        "dataset_failed",
        "{name} could not be read.",
        "The Data step says why, and takes other data.",
    ),
}


def make_plan(
    draft: Draft,
    profile: DatasetProfile | None,
    associations: Associations | None,
    *,
    file_name: str = "",
    file_state: str = "",
    machine: Machine | None = None,
    limit_seconds: float | None = None,
    evidence: ShortFitEvidence | None = None,
) -> Plan:
    """Complete a draft, say why, and list everything that is wrong with it.

    Parameters
    ----------
    draft
        The user's raw answers.
    profile, associations
        What is known of the dataset and of each column beside the target so far, None before.
    file_name, file_state
        Where `profile` is None though a dataset was chosen: its file, and what became of it, a key of `NOT_THERE`.
    machine, limit_seconds
        Where a launch would run (this machine by default), and how long it may run, where that is to be looked at.
    evidence
        What finished short fits say about the estimators of this very plan; the suggested estimator follows it.

    Returns
    -------
    Plan
        Never raises for any answer, however odd: what cannot be understood becomes a problem at its field.
    """
    reader = AnswerReader(draft)
    if profile is None:
        return Plan(None, reader.values, reader.suggestions, problems=(_no_data_problem(file_name, file_state),))
    goal = read_goal(reader, profile, associations)
    if goal is None:
        return Plan(None, reader.values, reader.suggestions, reader.reasons, problems=_is_time_ordered(reader.problems))
    answers = read_leak_answers(reader, profile)
    context = FeatureContext(profile=profile, associations=associations, answers=answers, **vars(goal))
    return _complete_config(reader, context, machine or this_machine(), limit_seconds, evidence)


def _no_data_problem(file_name: str, state: str) -> Problem:
    code, words, label = NOT_THERE.get(state, NOT_CHOSEN)
    return Problem("data", "dataset_id", Severity.ERROR, code, words.format(name=file_name), Remedy(label))


def _complete_config(
    reader: AnswerReader,
    context: FeatureContext,
    machine: Machine,
    limit_seconds: float | None,
    evidence: ShortFitEvidence | None,
) -> Plan:
    """Return the plan of a draft whose data and target are known."""
    columns, selected, transforms = _choose_features(reader, context)
    rules = _selection_rules(reader, context)
    config = _begin_config(context, {"selected": selected, "transforms": transforms, "selection": rules})
    ranking = fill_model(reader, config, context, evidence)
    fill_candidates(reader, config, ranking)
    fill_validation(reader, config, context)
    fill_review(reader, config, context)
    spec = _parse_spec(reader, config)
    problems = [*reader.problems, *(check_spec(spec, context.profile, context.associations) if spec else ())]
    forecast = estimate(spec, context.profile, machine) if spec and (selected or transforms) else None
    if spec is not None and forecast is not None:
        problems += memory_fits(forecast, machine, spec, context.profile)
        problems += search_ends_in_time(spec, forecast, limit_seconds or inf)
        problems += launch_ends_in_time(forecast, machine, spec, context.profile, limit_seconds=limit_seconds or inf)
    return Plan(
        spec=spec,
        values=reader.values,
        suggestions=reader.suggestions,
        reasons=reader.reasons,
        columns=columns,
        problems=_is_time_ordered(problems),
        ranking=ranking,
        estimate=forecast,
        columns_measured=context.associations is not None and context.associations.complete,
    )


def derived_config_of(draft: Draft, profile: DatasetProfile, associations: Associations | None) -> DerivedConfig | None:
    """Work out what decides about the derived features of a draft, and nothing else of its plan.

    Parameters
    ----------
    draft, profile, associations
        As `make_plan` takes them.

    Returns
    -------
    DerivedConfig or None
        None where nothing can be predicted yet, or the config is not valid.
    """
    reader = AnswerReader(draft)
    goal = read_goal(reader, profile, associations)
    if goal is None:
        return None
    answers = read_leak_answers(reader, profile)
    context = FeatureContext(profile=profile, associations=associations, answers=answers, **vars(goal))
    _, _, transforms = _choose_features(reader, context)
    config = _begin_config(context, {"selected": [], "transforms": transforms, "selection": []})
    try:
        data, task = DataPart.model_validate(config["data"]), TaskPart.model_validate(config["task"])
        features = FeaturesPart.model_validate(config["features"])
    except ValidationError:
        return None
    suggested = tuple(read_recipes(reader.suggestions["features"].get("transforms")))
    return DerivedConfig(data, task, tuple(features.transforms), suggested)


def _choose_features(
    reader: AnswerReader, context: FeatureContext
) -> tuple[tuple[ColumnChoice, ...], list[str], list[RecipeJson]]:
    """Return the columns, the names of those that are selected, and the recipes."""
    columns = choose_columns(reader, context)
    selected = [choice.profile.name for choice in columns if choice.selected]
    return columns, selected, _choose_recipes(reader, context, selected)


def _begin_config(context: FeatureContext, features: FeaturesJson) -> ConfigParts:
    kinds = {column.name: column.kind for column in context.profile.columns}
    return {
        "data": {"column_kinds": {name: kind for name, kind in context.kinds.items() if kind != kinds[name]}},
        "task": {
            "target": context.target,
            "kind": context.task,
            "time_column": context.time_column or None,
            "group_column": context.group_column or None,
            "purpose": context.purpose,
            "horizon": context.horizon,
            "drivers_known_ahead": context.drivers_known_ahead,
        },
        "features": features,
        "leakage": {"answers": {name: answer for name, answer in context.answers.items() if name != context.target}},
    }


def _choose_recipes(reader: AnswerReader, context: FeatureContext, selected: list[str]) -> list[RecipeJson]:
    suggested, why = suggest_transforms(context, selected)
    reader.suggest("features", "transforms", suggested, why)
    raw = reader.raw("features", "transforms")
    if not isinstance(raw, list):
        if raw is not None:
            reader.values["features"]["transforms"] = suggested
            remedy = Remedy("Use the suggested ones", {"features": {"transforms": None}})
            message = "The derived features could not be understood."
            reader.wrong("features", "transforms", message, code="transform_invalid", remedy=remedy)
        return suggested
    kept: list[RecipeJson] = []
    for item in raw[:MOST_RECIPES]:
        fault = _transform_fault(item, _column_inventory(context, kept))
        if fault:
            reader.wrong("features", "transforms", fault, code="transform_invalid")
        else:
            parameters = get_transform(item["kind"]).parse(item.get("parameters") or {})
            kept.append(
                {"columns": list(item.get("columns") or []), "kind": item["kind"], "parameters": dict(parameters)}
            )
    return kept


def _selection_rules(reader: AnswerReader, context: FeatureContext) -> list[JsonObject]:
    """Return the rules that choose among the selected columns in each fold; nothing is suggested."""
    reader.suggest("features", "selection", [])
    rules, fault = read_selection(reader.raw("features", "selection"))
    unknown = next((name for rule in rules for name in rule.columns if not context.profile.has(name)), None)
    if unknown is not None:
        fault = f"A rule that chooses columns in each fold names {unknown[:60]}, which is not there."
    if fault:
        remedy = Remedy("Forget these rules", {"features": {"selection": None}})
        reader.wrong("features", "selection", fault, code="selection_invalid", remedy=remedy)
    return [rule.model_dump(mode="json") for rule in rules]


def _transform_fault(item: Any, inventory: ColumnInventory) -> str:
    odd = "A derived feature could not be understood. Remove it and add it again."
    if not isinstance(item, dict) or not isinstance(item.get("kind"), str):
        return odd
    columns, parameters = item.get("columns") or [], item.get("parameters") or {}
    if not isinstance(columns, list) or not all(isinstance(name, str) and name for name in columns):
        return odd
    if not isinstance(parameters, dict):
        return odd
    try:
        entry = get_transform(item["kind"])
        clean = entry.parse(parameters)
    except KeyError:
        return f"There is no derived feature of the kind {item['kind'][:40]}."
    except ValueError as fault:
        return str(fault)
    return columns_fault(entry, columns, inventory, clean)


def _column_inventory(context: FeatureContext, recipes: list[RecipeJson]) -> ColumnInventory:
    """Return the columns that a recipe may work on that comes after these."""
    return column_inventory(
        context.profile.columns,
        context.kinds,
        target=context.target,
        task=context.task,
        time_column=context.time_column,
        parts=[TransformPart(**recipe) for recipe in recipes],
    )


def _parse_spec(reader: AnswerReader, config: ConfigParts) -> Spec | None:
    try:
        return Spec.model_validate(config)
    except ValidationError as fault:
        for item in fault.errors(include_url=False, include_input=False):
            where = ".".join(str(part) for part in item["loc"])
            remedy = Remedy("Correct the config there.")
            reader.wrong("review", "", f"The config is not valid at {where}.", code="config_invalid", remedy=remedy)
        return None


def _is_time_ordered(problems: list[Problem]) -> tuple[Problem, ...]:
    rank = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTICE: 2}
    once = {(problem.step, problem.field, problem.code, problem.message): problem for problem in problems}
    return tuple(sorted(once.values(), key=lambda item: (SLUGS.index(item.step), rank[item.severity])))
