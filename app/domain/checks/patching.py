"""Remedies of all steps as merge patches of the config, for programs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.domain.analysis.profiling.profile import Associations, DatasetProfile
from app.domain.checks.about_goal import NO_FORECAST
from app.domain.checks.merging import merge_patch, merge_patches
from app.domain.checks.model_patch import patch_model
from app.domain.checks.rules import check_spec
from app.domain.experiment import Spec, StepAnswers
from app.domain.json_values import JsonObject
from app.domain.problems import Problem
from app.domain.recommendation.task import infer_task
from app.domain.training.validation import splitting
from app.domain.vocabulary import Purpose, Severity, SplitStrategy

Patch = JsonObject
PatchAnswers = Callable[[StepAnswers, Spec, DatasetProfile], Patch]
# A merge patch holds a list as a whole; a longer list of features is not written out for each of its columns.
MAX_LISTED = 500
# One change brings few errors; each round removes one.
MAX_ROUNDS = 8


def patch_of(problem: Problem, spec: Spec, profile: DatasetProfile, known: Associations | None = None) -> Patch:
    """Return the merge patch of the config that does what a remedy's button does; empty where it is only a sentence.

    In a draft, what nobody answered follows what was changed; a config says everything. So where a change of the task
    or the split brings errors, the patch removes these too.

    Parameters
    ----------
    problem
        A problem of this config.
    spec, profile, known
        The config, and what is known of its dataset and of the columns beside the target.
    """
    patch = _own_patch(problem, spec, profile)
    if not {"task", "validation"} & set(patch):
        return patch
    before = {_place(item) for item in check_spec(spec, profile, known)}
    for _ in range(MAX_ROUNDS):
        after = Spec.model_validate(merge_patch(spec.to_json(), patch))
        problems = check_spec(after, profile, known)
        come = [item for item in problems if item.severity is Severity.ERROR and _place(item) not in before]
        more = next((more for item in come if (more := _own_patch(item, after, profile))), None)
        if more is None:
            break
        patch = merge_patches(patch, more)
    return patch


def _place(problem: Problem) -> tuple[str, str, str]:
    return problem.step, problem.field, problem.code


def _own_patch(problem: Problem, spec: Spec, profile: DatasetProfile) -> Patch:
    if problem.remedy is None:
        return {}
    patch: Patch = merge_patches({}, problem.remedy.patch)
    ways: dict[str, PatchAnswers] = {
        "data": _data_patch,
        "features": _features_patch,
        "model": patch_model,
        "validation": _validation_patch,
    }
    for step, fields in problem.remedy.changes.items():
        patch = merge_patches(patch, ways[step](fields, spec, profile))
    return patch


def _data_patch(fields: StepAnswers, spec: Spec, profile: DatasetProfile) -> Patch:
    patch: Patch = {}
    for field, value in fields.items():
        if field == "task_kind":
            target = profile.column(spec.task.target)
            kind = value or infer_task(target, spec.data.column_kinds.get(target.name, target.kind))[0].value
            patch = merge_patches(patch, {"task": {"kind": kind}})
        elif field in ("time_column", "group_column"):
            patch = merge_patches(patch, {"task": {field: value or None}})
        elif field in ("purpose", "horizon"):
            lost = NO_FORECAST if field == "purpose" and value != Purpose.FORECAST else {}
            patch = merge_patches(patch, {"task": {field: value, **lost}})
        elif field.startswith("kind."):
            kinds = {_name(field, profile): value or None}
            patch = merge_patches(patch, {"data": {"column_kinds": kinds}})
    # Another target is for a person to choose, so that taking it back changes nothing by itself.
    return patch


def _features_patch(fields: StepAnswers, spec: Spec, profile: DatasetProfile) -> Patch:
    patch: Patch = {}
    selected = list(spec.features.selected)
    for field, value in fields.items():
        if field in ("transforms", "selection"):
            patch[field] = value
        elif field.startswith("column."):
            name = _name(field, profile)
            selected = [text for text in selected if text != name] + ([name] if value else [])
            patch["selected"] = [*selected]
    if len(selected) > MAX_LISTED:
        patch.pop("selected", None)
    answers = {_name(field, profile): value for field, value in fields.items() if field.startswith("leak.")}
    whole: Patch = {"features": patch} if patch else {}
    return {**whole, "leakage": {"answers": answers}} if answers else whole


def _name(field: str, profile: DatasetProfile) -> str:
    """Return the column that a field such as "column.c3" is about."""
    key = field.partition(".")[2]
    return next(column.name for column in profile.columns if column.key == key)


def _holdout_patch(field: str, value: Any, start: Any) -> Patch | None:
    """Return the hold-out as a share, or from or to a date; each of them clears the others."""
    if field == "holdout_percent":
        return {"fraction": value / 100, "from": None, "to": None} if value else None
    return {**(start or {}), "fraction": None, field.removeprefix("holdout_"): value or None}


def _validation_patch(fields: StepAnswers, spec: Spec, _profile: DatasetProfile) -> Patch:
    chosen = SplitStrategy(fields.get("strategy") or spec.validation.strategy)
    own = {parameter.name for parameter in splitting.get(chosen).parameters}
    lost = [name for name in spec.validation.parameters if name not in own]
    validation: Patch = {}
    metrics: Patch = {}
    if chosen is not spec.validation.strategy:
        validation = {"strategy": chosen.value, "parameters": dict.fromkeys(lost)}
    for field, value in fields.items():
        head, _, name = field.partition(".")
        if field in ("holdout_percent", "holdout_from", "holdout_to"):
            validation["holdout"] = _holdout_patch(field, value, validation.get("holdout"))
        elif field == "warm_up":
            validation[field] = value or None
        elif field in ("primary_metric", "other_metrics"):
            metrics["primary" if field == "primary_metric" else "others"] = value
        elif name and head == chosen.value:
            validation = merge_patches(validation, {"parameters": {name: value}})
    parts = {"validation": validation, "metrics": metrics}
    return {name: part for name, part in parts.items() if part}
