"""The part of a config that a template fixes; everything else is suggested for the new data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, StrictBool, ValidationError

from app.domain.checks.schema import BESIDE
from app.domain.errors import FieldFault, InvalidBodyError
from app.domain.estimators import registry
from app.domain.estimators.parameters import Parameter
from app.domain.experiment import (
    MAX_HORIZON,
    MAX_SELECTION_RULES,
    MAX_WARM_UP,
    MOST_CANDIDATES_READ,
    MOST_METRICS,
    MOST_RECIPES,
    SCHEMA_VERSION,
    CandidatePart,
    ColumnName,
    DataPart,
    HoldoutPart,
    LeakagePart,
    SelectionPart,
    Spec,
    TransformPart,
    TuningPart,
    Whole,
)
from app.domain.json_values import JsonObject
from app.domain.schema_words import sentence_of
from app.domain.training.preprocessing import transforms
from app.domain.training.validation import splitting
from app.domain.vocabulary import Purpose, SplitStrategy, TaskKind

# What a config says of one experiment alone; a template has a name and a description of its own.
OF_ONE_EXPERIMENT = (*BESIDE, "name", "description", "tags")
MAX_SELECTED = 20_000
MAX_NUMBER = 1e300


class _TemplatePart(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TemplateTask(_TemplatePart):
    """What is predicted and what for, as far as the template says it; columns have the names of the template."""

    target: ColumnName | None = None
    kind: TaskKind | None = None
    time_column: ColumnName | None = None
    group_column: ColumnName | None = None
    purpose: Purpose | None = None
    horizon: Annotated[Whole | None, Field(ge=1, le=MAX_HORIZON)] = None
    drivers_known_ahead: StrictBool | None = None


class TemplateFeatures(_TemplatePart):
    """Features and recipes; None leaves them to the suggestions, an empty list means none."""

    selected: Annotated[list[ColumnName], Field(max_length=MAX_SELECTED)] | None = None
    transforms: Annotated[list[TransformPart], Field(max_length=MOST_RECIPES)] | None = None
    selection: list[SelectionPart] = Field(default=[], max_length=MAX_SELECTION_RULES)


class TemplateModel(_TemplatePart):
    """The estimator and those hyperparameters that the template fixes; the others are as recommended.

    With `candidates` several compete, whatever `estimator` says.
    """

    estimator: Annotated[str, Field(max_length=100)] | None = None
    parameters: JsonObject = {}
    tuning: TuningPart | None = None
    candidates: list[CandidatePart] = Field(default=[], max_length=MOST_CANDIDATES_READ)
    blend: StrictBool = False


class TemplateValidation(_TemplatePart):
    """How rows are divided; what is None is suggested."""

    strategy: SplitStrategy | None = None
    parameters: JsonObject = {}
    holdout: HoldoutPart | None = None
    warm_up: Annotated[Whole | None, Field(ge=0, le=MAX_WARM_UP)] = None


class TemplateMetrics(_TemplatePart):
    """What is measured; what is None is suggested."""

    primary: Annotated[str, Field(max_length=100)] | None = None
    others: Annotated[list[str], Field(max_length=MOST_METRICS)] | None = None


class TemplateSeed(_TemplatePart):
    """The seed of every random act; None takes that of a new experiment."""

    seed: Annotated[Whole | None, Field(ge=0, le=2**32 - 1)] = None


class TemplateConfig(_TemplatePart):
    """The config of a template: the config of an experiment, of which any part may be left out."""

    schema_version: Annotated[Literal[1], BeforeValidator(lambda raw: raw)] = 1
    data: DataPart = DataPart()
    task: TemplateTask = TemplateTask()
    features: TemplateFeatures = TemplateFeatures()
    leakage: LeakagePart = LeakagePart()
    model: TemplateModel = TemplateModel()
    validation: TemplateValidation = TemplateValidation()
    metrics: TemplateMetrics = TemplateMetrics()
    reproducibility: TemplateSeed = TemplateSeed()

    def to_json(self) -> JsonObject:
        """Return the config as plain JSON values, without what it leaves out."""
        json_object: JsonObject = self.model_dump(mode="json", exclude_unset=True)
        return {"schema_version": SCHEMA_VERSION, **json_object}


def read_template_config(raw: Mapping[str, JsonValue]) -> TemplateConfig:
    """Return the config of a template from JSON values.

    Parameters
    ----------
    raw
        A whole config of an experiment, or some parts of one. What belongs to one experiment alone (its dataset, what
        was worked out, its name) is passed over.

    Returns
    -------
    TemplateConfig
        What the template fixes.

    Raises
    ------
    InvalidBodyError
        With one fault for each field that does not fit.
    """
    version = raw.get("schema_version", SCHEMA_VERSION)
    if isinstance(version, int) and version > SCHEMA_VERSION:
        message = f"This config has schema version {version}; this HydroML reads version {SCHEMA_VERSION}."
        raise InvalidBodyError((FieldFault("config.schema_version", "schema_newer", message),))
    try:
        return TemplateConfig.model_validate({name: raw[name] for name in raw if name not in OF_ONE_EXPERIMENT})
    except ValidationError as fault:
        faults = fault.errors(include_url=False, include_input=False)[:50]
        raise InvalidBodyError(
            tuple(
                FieldFault(
                    f"config.{'.'.join(str(part) for part in item['loc'])}"[:200], item["type"], sentence_of(item)
                )
                for item in faults
            )
        ) from None


def read_sent_config(raw: Mapping[str, JsonValue]) -> TemplateConfig:
    """Return the config of a template that somebody sent, whose numbers are all finite.

    Parameters
    ----------
    raw
        As for `read_template_config`.

    Raises
    ------
    InvalidBodyError
        With one fault for each field that does not fit.
    """
    config = read_template_config(raw)
    fault = next(_odd_numbers(config.model_dump(exclude_unset=True), "config"), None)
    if fault is not None:
        raise InvalidBodyError((FieldFault(fault[:200], "finite_number", "This must be a finite number."),))
    return config


def parameter_faults(config: TemplateConfig) -> Iterator[FieldFault]:
    """Yield the settings of a config that its split, its estimator or a recipe does not take, each with a sentence.

    Parameters
    ----------
    config
        The config of a template. What this version does not know is passed over: it is said when it is used.
    """
    model, validation = config.model, config.validation
    if validation.strategy is not None:
        entry = splitting.get(validation.strategy)
        yield from _faults_of(entry.parameters, validation.parameters, "config.validation.parameters")
    if model.estimator is not None and registry.has(model.estimator):
        parameters = registry.get(model.estimator).parameters
        yield from _faults_of(parameters, model.parameters, "config.model.parameters")
    known = {entry.kind for entry in transforms.TRANSFORMS}
    for place, recipe in enumerate(config.features.transforms or ()):
        if recipe.kind in known:
            try:
                transforms.get(recipe.kind).parse(recipe.parameters)
            except ValueError as fault:
                field = f"config.features.transforms.{place}.parameters"
                yield FieldFault(field, "parameter_invalid", f"{str(fault).rstrip('.')}.")


def _faults_of(parameters: Iterable[Parameter], values: JsonObject, place: str) -> Iterator[FieldFault]:
    for parameter in parameters:
        if parameter.name in values:
            try:
                parameter.parse(values[parameter.name])
            except (ValueError, TypeError, OverflowError) as fault:
                message = f"{parameter.title}: {str(fault).rstrip('.')}."
                yield FieldFault(f"{place}.{parameter.name}", "parameter_invalid", message)


def _odd_numbers(value: JsonValue, place: str) -> Iterator[str]:
    """Yield the places of numbers that are none, or too large to be drawn or counted."""
    if isinstance(value, dict):
        for name, part in value.items():
            yield from _odd_numbers(part, f"{place}.{name}")
    elif isinstance(value, list):
        for number, part in enumerate(value):
            yield from _odd_numbers(part, f"{place}.{number}")
    elif isinstance(value, int | float) and not abs(value) <= MAX_NUMBER:
        yield place


def config_of_spec(spec: Spec) -> TemplateConfig:
    """Return the config of a template that fixes everything that an experiment fixes.

    Parameters
    ----------
    spec
        The config of an experiment. Hyperparameters and settings of recipes that it leaves out are written out with
        the defaults of the registries, so that the template keeps them when the defaults change.
    """
    config = spec.to_json()
    model = dict(config["model"]) if isinstance(config["model"], dict) else {}
    if registry.has(spec.model.estimator):
        defaults = dict(registry.get(spec.model.estimator).defaults(spec.task.kind))
        model["parameters"] = {**defaults, **spec.model.parameters}
    read = read_template_config({**config, "model": model})
    recipes = [_fill_in_settings(recipe) for recipe in spec.features.transforms]
    return read.model_copy(update={"features": read.features.model_copy(update={"transforms": recipes})})


def _fill_in_settings(recipe: TransformPart) -> TransformPart:
    try:
        parameters = dict(transforms.get(recipe.kind).parse(recipe.parameters))
    except (KeyError, ValueError):
        return recipe
    return recipe.model_copy(update={"parameters": parameters})


def named_columns(config: TemplateConfig) -> tuple[str, ...]:
    """Return the columns of the file that a template names: target, time, group, features, then what recipes use."""
    task, features = config.task, config.features
    named = [task.target, task.time_column, task.group_column, *(features.selected or ())]
    named += recipe_columns(config)
    named += [column for rule in features.selection for column in rule.columns]
    named += [*config.leakage.answers, *config.data.column_kinds]
    return tuple(dict.fromkeys(name for name in named if name))


def recipe_columns(config: TemplateConfig) -> tuple[str, ...]:
    """Return the columns of the file that recipes use; a column that an earlier recipe made is none of them."""
    made: set[str] = set()
    used: list[str] = []
    for recipe in config.features.transforms or ():
        used += [name for name in recipe.columns if name not in made]
        made |= set(_made_by(recipe, config.task.time_column))
    return tuple(dict.fromkeys(used))


def _made_by(recipe: TransformPart, time_column: str | None) -> list[str]:
    try:
        return transforms.derived_names(recipe, time_column=time_column)
    except (KeyError, ValueError):
        return []


def rename_columns(config: TemplateConfig, mapping: Mapping[str, str]) -> TemplateConfig:
    """Return a config whose columns have the names of a dataset.

    Parameters
    ----------
    config
        The config of a template.
    mapping
        Column of the template -> column of the dataset. What a column without an entry takes part in is left out: the
        feature, a recipe that needs it, the rule about it.
    """
    task = config.task
    names = {"target": task.target, "time_column": task.time_column, "group_column": task.group_column}
    changes = {field: mapping.get(name) for field, name in names.items() if name is not None}
    features = config.features
    updates: dict[str, list[str] | list[TransformPart] | list[SelectionPart]] = {}
    if features.selected is not None:
        updates["selected"] = list(dict.fromkeys(_map_names(features.selected, mapping)))
    if features.transforms is not None:
        updates["transforms"] = list(_renamed_recipes(features.transforms, mapping, task.time_column))
    updates["selection"] = list(_renamed_rules(features.selection, mapping))
    kinds = {mapping[name]: kind for name, kind in config.data.column_kinds.items() if name in mapping}
    answers = {mapping[name]: answer for name, answer in config.leakage.answers.items() if name in mapping}
    return config.model_copy(
        update={
            "task": task.model_copy(update=changes),
            "features": features.model_copy(update=updates),
            "data": DataPart(column_kinds=kinds),
            "leakage": LeakagePart(answers=answers),
        }
    )


def _map_names(names: Sequence[str], mapping: Mapping[str, str]) -> list[str]:
    return [mapping[name] for name in names if name in mapping]


def _renamed_rules(rules: Sequence[SelectionPart], mapping: Mapping[str, str]) -> Iterator[SelectionPart]:
    for rule in rules:
        renamed = rule.model_copy(update={"columns": _map_names(rule.columns, mapping)})
        if renamed.columns or not rule.columns:
            yield renamed


def _renamed_recipes(
    recipes: Sequence[TransformPart], mapping: Mapping[str, str], time_column: str | None
) -> Iterator[TransformPart]:
    """Yield the recipes that can still be followed; what a recipe makes has a new name where its column has one."""
    known = dict(mapping)
    for recipe in recipes:
        if not recipe.columns:
            yield recipe
            continue
        several = _takes_any_number(recipe)
        columns = _map_names(recipe.columns, known)
        if not columns or (not several and len(columns) < len(recipe.columns)):
            continue
        renamed = recipe.model_copy(update={"columns": columns})
        kept = recipe.model_copy(update={"columns": [name for name in recipe.columns if name in known]})
        before, after = _made_by(kept, time_column), _made_by(renamed, known.get(time_column or "", time_column))
        known.update(zip(before, after, strict=False))
        yield renamed


def _takes_any_number(recipe: TransformPart) -> bool:
    """Return whether a recipe treats its columns one by one, so that it can do without some of them."""
    try:
        entry = transforms.get(recipe.kind)
        parameters = entry.parse(recipe.parameters)
        alone = [name for column in recipe.columns for name in entry.names(column, parameters)]
        return entry.place == "fold" or transforms.derived_names(recipe, time_column=None) == alone
    except (KeyError, ValueError):
        return True
