"""Conversion of a config back into the answers of a draft, to change and run it again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import JsonValue

from app.domain.analysis.profiling.profile import Associations, DatasetProfile
from app.domain.estimators import registry
from app.domain.experiment import CandidatePart, Draft, HoldoutPart, SpacePart, Spec, TuningPart
from app.domain.json_values import JsonObject
from app.domain.recommendation.holdout_answers import BY_DATE
from app.domain.recommendation.propose import make_plan
from app.domain.recommendation.tuning import form_value
from app.domain.training.selection_rules import to_answer
from app.domain.training.validation import splitting

Answers = dict[str, JsonObject]
# An empty text is an answer, "none of them"; None would leave the field to the suggestion.
EMPTY = ""


def answers_of_config(spec: Spec, profile: DatasetProfile, associations: Associations | None = None) -> Answers:
    """Return the answers of a draft that `make_plan` completes to this config.

    Parameters
    ----------
    spec
        A config whose columns are those of the profile. Parameters that it leaves out have the registry's defaults.
    profile
        The dataset it was made on.
    associations
        What is known of the columns and the target. With it, only columns that differ from the suggestion are
        answered; without it every column is, since a suggestion may change when the associations come.

    Returns
    -------
    dict
        step -> field -> answer, as a form would send it or as its JSON value. Columns that the profile does not have
        are left out.
    """
    answers: Answers = {
        "data": _data_answers(spec, profile),
        "features": _features_answers(spec, profile),
        "model": _model_answers(spec),
        "validation": _validation_answers(spec),
        "review": {"name": spec.name, "description": spec.description, "tags": ", ".join(spec.tags)},
    }
    if associations is not None:
        plan = make_plan(Draft(answers), profile, associations)
        alike = {f"column.{choice.profile.key}" for choice in plan.columns if choice.selected == choice.ruled}
        answers["features"] = {name: value for name, value in answers["features"].items() if name not in alike}
    return answers


def _data_answers(spec: Spec, profile: DatasetProfile) -> JsonObject:
    kinds = {
        f"kind.{profile.column(name).key}": kind.value
        for name, kind in spec.data.column_kinds.items()
        if profile.has(name)
    }
    return {
        "target": spec.task.target,
        "task_kind": spec.task.kind.value,
        "time_column": spec.task.time_column or EMPTY,
        "group_column": spec.task.group_column or EMPTY,
        **_purpose_answers(spec),
        **kinds,
    }


def _purpose_answers(spec: Spec) -> JsonObject:
    """Return the answers about the purpose; a config without one leads to a draft without one."""
    task = spec.task
    answers: JsonObject = {"purpose": EMPTY if task.purpose is None else task.purpose.value}
    given = {"horizon": task.horizon, "drivers_known_ahead": task.drivers_known_ahead}
    return {**answers, **{name: value for name, value in given.items() if value is not None}}


def _features_answers(spec: Spec, profile: DatasetProfile) -> JsonObject:
    selected = frozenset(spec.features.selected)
    leaks = {
        f"leak.{profile.column(name).key}": answer for name, answer in spec.leakage.answers.items() if profile.has(name)
    }
    columns = {
        f"column.{column.key}": column.name in selected for column in profile.columns if column.name != spec.task.target
    }
    transforms: list[JsonValue] = [recipe.model_dump(mode="json") for recipe in spec.features.transforms]
    answers: JsonObject = {**columns, **leaks, "transforms": transforms}
    rules = spec.features.selection
    kept = [rule.model_copy(update={"columns": [name for name in rule.columns if profile.has(name)]}) for rule in rules]
    named = [new for new, old in zip(kept, rules, strict=True) if new.columns or not old.columns]
    return {**answers, "selection": to_answer(named)} if named else answers


def _model_answers(spec: Spec) -> JsonObject:
    model, task = spec.model, spec.task.kind
    entry = registry.get(model.estimator)
    parameters = {**entry.defaults(task), **model.parameters}
    settings = {f"{entry.id}.{name}": empty_if_none(value) for name, value in parameters.items()}
    answers: JsonObject = {"estimator": entry.id, **settings, **contest_answers_of(model.candidates, model.blend)}
    return {**answers, **tuning_answers(entry.id, model.tuning)}


def contest_answers_of(candidates: Sequence[CandidatePart], blend: bool) -> JsonObject:
    """Return the answers that let candidates compete; none where there are none."""
    if not candidates:
        return {}
    listed: list[JsonValue] = [part.model_dump(mode="json") for part in candidates]
    return {"candidates": listed, "blend": blend}


def tuning_answers(estimator: str, tuning: TuningPart) -> JsonObject:
    """Return the answers that search for hyperparameters as a config does."""
    if not tuning.enabled:
        return {"tuning.enabled": False}
    method = tuning.model_dump(mode="json", include={"enabled", "trials", "inner", "sampler", "pruning"})
    answers: JsonObject = {f"tuning.{name}": value for name, value in method.items()}
    answers["tuning.metric"] = tuning.metric or EMPTY
    for name, part in tuning.space.items():
        answers |= _space_answers(f"space.{estimator}.{name}", part)
    return answers


def _space_answers(field: str, part: SpacePart) -> JsonObject:
    answers: JsonObject = {f"{field}.search": not part.fixed}
    if part.low is not None:
        answers[f"{field}.low"] = part.low
    if part.high is not None:
        answers[f"{field}.high"] = part.high
    if part.log is not None:
        answers[f"{field}.scale"] = "log" if part.log else "linear"
    if part.choices is not None:
        answers[f"{field}.choices"] = [form_value(choice) for choice in part.choices]
    return answers


def empty_if_none(value: Any) -> Any:
    """Return a setting as a form sends it, where an empty field stands for None."""
    return EMPTY if value is None else value


def holdout_answers(holdout: HoldoutPart | None) -> JsonObject:
    """Return the answers that hold out what a config holds out."""
    if holdout is None or holdout.fraction is not None:
        return {"holdout_percent": round(100 * holdout.fraction, 4) if holdout and holdout.fraction else 0}
    return {"holdout_by": BY_DATE, "holdout_from": holdout.from_date, "holdout_to": holdout.to_date or ""}


def _validation_answers(spec: Spec) -> JsonObject:
    strategy, given = spec.validation.strategy, spec.validation.parameters
    settings = {
        f"{strategy.value}.{parameter.name}": empty_if_none(given.get(parameter.name, parameter.default))
        for parameter in splitting.get(strategy).parameters
    }
    return {
        "strategy": strategy.value,
        **settings,
        **holdout_answers(spec.validation.holdout),
        # Without an answer, a warm-up is suggested that the config does not have.
        **({"warm_up": spec.validation.warm_up} if spec.task.time_column else {}),
        "seed": spec.reproducibility.seed,
        "primary_metric": spec.metrics.primary,
        "other_metrics": list(spec.metrics.others),
    }
