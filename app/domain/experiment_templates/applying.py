"""Application of a template to a dataset: fit, problems with remedies, and the answers of the draft."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from app.domain.analysis.profiling.profile import DatasetProfile
from app.domain.checks.check_context import error, warning
from app.domain.estimators import registry
from app.domain.experiment_templates.matching import ColumnMatch, mapping_of_matches
from app.domain.experiment_templates.requirements import TASKS, NeedRole, Requirements
from app.domain.experiment_templates.template_config import TemplateConfig, rename_columns
from app.domain.experiment_templates.unit_settings import convert_units
from app.domain.json_values import JsonObject
from app.domain.problems import Problem, Remedy
from app.domain.purpose_words import duration_words
from app.domain.recommendation.from_config import (
    EMPTY,
    Answers,
    contest_answers_of,
    empty_if_none,
    holdout_answers,
    tuning_answers,
)
from app.domain.recommendation.task import infer_task
from app.domain.text.words import join_words, pluralise
from app.domain.training.preprocessing import transforms
from app.domain.training.selection_rules import to_answer
from app.domain.training.validation import splitting
from app.domain.vocabulary import Severity, TaskKind

MAP = Remedy("Choose a column for it, or answer it in the wizard.")
OTHER_DATA = Remedy("Use another template, or other data.")
# Steps of two series whose lengths are this close to a whole multiple are converted.
WHOLE = 1e-6


@dataclass(frozen=True)
class TemplateUse:
    """A template on a dataset: its config under the names of the dataset, the answers, and what does not fit."""

    config: TemplateConfig
    answers: Answers
    problems: tuple[Problem, ...]

    @property
    def fits(self) -> bool:
        """Return whether the dataset has all that the template cannot do without."""
        return not any(problem.severity is Severity.ERROR for problem in self.problems)


def apply_template(
    config: TemplateConfig, requirements: Requirements, matches: tuple[ColumnMatch, ...], profile: DatasetProfile
) -> TemplateUse:
    """Apply a template to a dataset: answers for a draft, and problems where it does not fit.

    Parameters
    ----------
    config, requirements
        The template.
    matches
        Which column stands for which, as proposed and as finished by a person.
    profile
        The dataset.

    Returns
    -------
    TemplateUse
        Always there: what does not fit is left to the suggestions, and a problem says so.
    """
    problems = list(check_requirements(requirements, matches, profile))
    named = rename_columns(config, mapping_of_matches(matches))
    in_steps, told = _convert_steps(named, requirements, profile)
    in_units, told_units = convert_units(in_steps, profile)
    kept, gone = _remove_unknown_parts(in_units)
    problems += [*told, *told_units, *gone]
    left_out = {problem.code for problem in problems}
    fitting = _remove_misfits(kept, left_out)
    return TemplateUse(fitting, answers_of_template(fitting, profile), tuple(problems))


def check_requirements(
    requirements: Requirements, matches: Iterable[ColumnMatch], profile: DatasetProfile
) -> Iterator[Problem]:
    """Yield what a dataset lacks for a template.

    Parameters
    ----------
    requirements
        What the template needs.
    matches
        The mapping.
    profile
        The dataset.

    Yields
    ------
    Problem
        An error for what the template cannot do without, a warning for what it does without.
    """
    column_matches = {match.need.name: match for match in matches}
    yield from _about_target(requirements, column_matches, profile)
    yield from _about_time(requirements, profile)
    yield from _about_groups(requirements, column_matches, profile)
    yield from _about_features(column_matches)
    if profile.rows < requirements.min_rows:
        rows = pluralise(profile.rows, "row")
        message = f"The template needs at least {requirements.min_rows:,} rows; this dataset has {rows}."
        yield warning("data", "", "template_few_rows", message, OTHER_DATA)


def _about_target(
    requirements: Requirements, matches: Mapping[str, ColumnMatch], profile: DatasetProfile
) -> Iterator[Problem]:
    need = requirements.need_of(NeedRole.TARGET)
    match = matches.get(need.name) if need is not None else None
    if match is None:
        return
    if not match.column:
        message = f"The template predicts {match.need.name[:60]}, and no column of this dataset looks like it."
        yield error("data", "target", "template_target_missing", message, MAP)
        return
    task = infer_task(profile.column(match.column), profile.column(match.column).kind)[0]
    if requirements.task is None or _goes_with(requirements.task, task, profile, match.column):
        return
    message = f"The template needs {TASKS[requirements.task]}; {match.column[:60]} is {TASKS[task]}."
    yield error("data", "target", "template_task_differs", message, OTHER_DATA)


def _goes_with(wanted: TaskKind, kind: TaskKind, profile: DatasetProfile, name: str) -> bool:
    """Return whether a column can be the target of this task: few numbers may be classes, or amounts."""
    column = profile.column(name)
    if wanted is TaskKind.REGRESSION:
        return kind is TaskKind.REGRESSION or column.kind.is_number
    if wanted is TaskKind.BINARY:
        return kind is TaskKind.BINARY or column.distinct == 2
    return kind.is_classification


def _about_time(requirements: Requirements, profile: DatasetProfile) -> Iterator[Problem]:
    if not requirements.needs_time:
        return
    axis = profile.time_axis
    if axis is None:
        message = "The template needs a time column, and no column of this dataset orders its rows in time."
        yield error("data", "time_column", "template_time_missing", message, OTHER_DATA)
        return
    wanted = requirements.step_seconds
    if wanted is not None and axis.step_seconds > 0 and abs(axis.step_seconds / wanted - 1) > 0.02:
        made, here = duration_words(1, wanted), duration_words(1, axis.step_seconds)
        message = f"The template was made for a step of {made}; the step of this dataset is {here}."
        yield warning("data", "time_column", "template_step_differs", message, Remedy("Check lags, windows and gap."))


def _about_groups(
    requirements: Requirements, matches: Mapping[str, ColumnMatch], profile: DatasetProfile
) -> Iterator[Problem]:
    if not requirements.min_groups:
        return
    need = requirements.need_of(NeedRole.GROUP)
    match = matches.get(need.name) if need is not None else None
    name = match.column if match is not None else profile.group
    if not name:
        message = "The template needs a column that names sites or groups, and this dataset has none."
        yield error("data", "group_column", "template_group_missing", message, OTHER_DATA)
    elif profile.column(name).distinct < requirements.min_groups:
        count = pluralise(profile.column(name).distinct, "group")
        message = f"The template needs at least {requirements.min_groups} groups; {name[:60]} names {count}."
        yield error("data", "group_column", "template_few_groups", message, OTHER_DATA)


def _about_features(matches: Mapping[str, ColumnMatch]) -> Iterator[Problem]:
    features = [match for match in matches.values() if match.need.role is NeedRole.FEATURE and not match.column]
    needed = [match.need.name[:60] for match in features if match.need.needed]
    others = [match.need.name[:60] for match in features if not match.need.needed]
    if needed:
        names = join_words(needed, most=5)
        message = f"The template needs {names}, which this dataset does not have. What is made of it is left out."
        yield warning("features", "", "template_column_missing", message, MAP)
    if others:
        names = join_words(others, most=5)
        message = f"Not in this dataset, and left out: {names}."
        yield Problem("features", "", Severity.NOTICE, "template_feature_left_out", message, MAP)


def _convert_steps(
    config: TemplateConfig, requirements: Requirements, profile: DatasetProfile
) -> tuple[TemplateConfig, list[Problem]]:
    """Return the config with its gap, warm-up and horizon in steps of the dataset, as long as before."""
    axis, made = profile.time_axis, requirements.step_seconds
    if made is None or axis is None or not axis.regular or axis.step_seconds <= 0:
        return config, []
    ratio = made / axis.step_seconds
    if abs(ratio - 1) < WHOLE or min(abs(ratio - round(ratio)), abs(1 / ratio - round(1 / ratio))) > WHOLE:
        return config, []
    validation, task = config.validation, config.task
    told = []
    gap, warm_up, horizon = validation.parameters.get("gap"), validation.warm_up, task.horizon
    changes: dict[str, int | JsonObject] = {}
    if isinstance(gap, int) and gap > 0:
        changes["parameters"] = {**validation.parameters, "gap": _convert_step_count(gap, ratio)}
        told.append(f"gap {gap:,} to {_convert_step_count(gap, ratio):,} steps")
    if warm_up:
        changes["warm_up"] = _convert_step_count(warm_up, ratio)
        told.append(f"warm-up {warm_up:,} to {_convert_step_count(warm_up, ratio):,} steps")
    config = config.model_copy(update={"validation": validation.model_copy(update=changes)})
    if horizon:
        config = config.model_copy(
            update={"task": task.model_copy(update={"horizon": _convert_step_count(horizon, ratio)})}
        )
        told.append(f"horizon {horizon:,} to {_convert_step_count(horizon, ratio):,} steps")
    if not told:
        return config, []
    message = f"Converted to the step of this dataset: {join_words(told)}. Lags and windows are counted in steps."
    return config, [Problem("validation", "", Severity.NOTICE, "template_steps_converted", message)]


def _convert_step_count(steps: int, ratio: float) -> int:
    return max(1, -round(-steps * ratio))


def _remove_unknown_parts(config: TemplateConfig) -> tuple[TemplateConfig, list[Problem]]:
    """Return the config without estimators, recipes and settings unknown to this version, and a note on each."""
    problems = []
    estimator = config.model.estimator
    if estimator is not None and not registry.has(estimator):
        message = f"This HydroML has no estimator {estimator[:60]}, so the suggested one takes its place."
        problems.append(warning("model", "estimator", "template_estimator_gone", message, Remedy("Choose another.")))
        config = config.model_copy(update={"model": config.model.model_copy(update={"estimator": None})})
    absent = list(
        dict.fromkeys(
            candidate.estimator for candidate in config.model.candidates if not registry.has(candidate.estimator)
        )
    )
    if absent:
        message = f"This HydroML has no estimator {join_words(absent, most=3)}, so these candidates are left out."
        problems.append(warning("model", "candidates", "template_estimator_gone", message, Remedy("Add another.")))
        there = [candidate for candidate in config.model.candidates if registry.has(candidate.estimator)]
        config = config.model_copy(update={"model": config.model.model_copy(update={"candidates": there})})
    known = {entry.kind for entry in transforms.TRANSFORMS}
    gone = list(
        dict.fromkeys(
            transform.kind[:60] for transform in config.features.transforms or () if transform.kind not in known
        )
    )
    if gone:
        message = f"This HydroML has no recipe {join_words(gone, most=3)}, so it is left out."
        problems.append(warning("features", "transforms", "template_recipe_gone", message, Remedy("Add another.")))
        kept = [transform for transform in config.features.transforms or () if transform.kind in known]
        config = config.model_copy(update={"features": config.features.model_copy(update={"transforms": kept})})
    return config, problems


def _remove_misfits(config: TemplateConfig, codes: set[str]) -> TemplateConfig:
    """Return a config without what a problem says that the dataset cannot have, so that suggestions take its place."""
    task, validation = config.task, config.validation
    if codes & {"template_task_differs", "template_target_missing"}:
        config = config.model_copy(
            update={
                "task": task.model_copy(update={"kind": None}),
                "model": config.model.model_copy(update={"estimator": None, "tuning": None, "candidates": []}),
                "metrics": config.metrics.model_copy(update={"primary": None, "others": None}),
            }
        )
    misses = {"template_time_missing", "template_group_missing", "template_few_groups"} & codes
    if misses or "template_task_differs" in codes:
        config = config.model_copy(update={"validation": validation.model_copy(update={"strategy": None})})
    if "template_time_missing" in codes:
        update = {"purpose": None, "horizon": None, "drivers_known_ahead": None}
        config = config.model_copy(update={"task": config.task.model_copy(update=update)})
    return config


def answers_of_template(config: TemplateConfig, profile: DatasetProfile) -> Answers:
    """Return the answers of a draft that has everything a template fixes; all else is left to the suggestions.

    Parameters
    ----------
    config
        The config of a template under the names of the dataset.
    profile
        The dataset.

    Returns
    -------
    dict
        step -> field -> answer.
    """
    results = {
        "data": _data_answers(config, profile),
        "features": _feature_answers(config, profile),
        "model": _model_answers(config),
        "validation": _validation_answers(config),
    }
    return {step: answers for step, answers in results.items() if answers}


def _data_answers(config: TemplateConfig, profile: DatasetProfile) -> JsonObject:
    task, given = config.task, config.task.model_fields_set
    answers: JsonObject = {}
    if task.target:
        answers["target"] = task.target
    if task.kind is not None:
        answers["task_kind"] = task.kind.value
    for field in ("time_column", "group_column"):
        name = getattr(task, field)
        # "No groups" is an answer of its own, where a column that is missing here is none.
        if name or (field == "group_column" and field in given and name is None and not profile.group):
            answers[field] = name or EMPTY
    if task.purpose is not None:
        answers["purpose"] = task.purpose.value
    values = {"horizon": task.horizon, "drivers_known_ahead": task.drivers_known_ahead}
    answers |= {name: value for name, value in values.items() if value is not None}
    kinds = {name: kind for name, kind in config.data.column_kinds.items() if profile.has(name)}
    return {**answers, **{f"kind.{profile.column(name).key}": kind.value for name, kind in kinds.items()}}


def _feature_answers(config: TemplateConfig, profile: DatasetProfile) -> JsonObject:
    features = config.features
    answers: JsonObject = {}
    if features.selected:
        selected = frozenset(features.selected)
        columns = (column for column in profile.columns if column.name != config.task.target)
        answers |= {f"column.{column.key}": column.name in selected for column in columns}
    if features.transforms is not None:
        answers["transforms"] = [recipe.model_dump(mode="json") for recipe in features.transforms]
    known = {name: answer for name, answer in config.leakage.answers.items() if profile.has(name)}
    answers |= {f"leak.{profile.column(name).key}": answer for name, answer in known.items()}
    return {**answers, "selection": to_answer(features.selection)} if features.selection else answers


def _model_answers(config: TemplateConfig) -> JsonObject:
    model = config.model
    if model.estimator is None:
        return contest_answers_of(model.candidates, model.blend)
    settings = {f"{model.estimator}.{name}": empty_if_none(value) for name, value in model.parameters.items()}
    answers: JsonObject = {"estimator": model.estimator, **settings}
    answers |= contest_answers_of(model.candidates, model.blend)
    return answers if model.tuning is None else {**answers, **tuning_answers(model.estimator, model.tuning)}


def _validation_answers(config: TemplateConfig) -> JsonObject:
    validation, metrics = config.validation, config.metrics
    answers: JsonObject = {}
    if validation.strategy is not None:
        strategy = splitting.get(validation.strategy)
        answers["strategy"] = validation.strategy.value
        answers |= {
            f"{validation.strategy.value}.{name}": empty_if_none(value)
            for name, value in validation.parameters.items()
            if strategy.parameter(name) is not None
        }
    if "holdout" in validation.model_fields_set:
        answers |= holdout_answers(validation.holdout)
    values = {
        "warm_up": validation.warm_up,
        "seed": config.reproducibility.seed,
        "primary_metric": metrics.primary,
    }
    answers |= {name: value for name, value in values.items() if value is not None}
    return answers if metrics.others is None else {**answers, "other_metrics": list(metrics.others)}
