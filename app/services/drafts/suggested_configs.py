"""The config that accepts every suggestion, after the short fits are finished."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.domain.analysis.profiling.profile import DatasetProfile
from app.domain.checks.check_context import warning
from app.domain.errors import DomainError, UnavailableError, UnreadableFileError
from app.domain.experiment import Draft, Spec
from app.domain.problems import Problem, Remedy
from app.domain.recommendation.goal import Goal, goal_of
from app.domain.recommendation.holdout import holdout_of
from app.domain.recommendation.plan import Plan
from app.domain.recommendation.propose import make_plan
from app.domain.training.development import HoldoutRule
from app.domain.vocabulary import DatasetState, Purpose
from app.services.context import current_settings
from app.services.datasets import analysis, datasets
from app.services.jobs import jobs as job_views
from app.services.measurements import associations, estimates, recommendations, runner
from app.services.measurements.recommendations import Recommendation
from app.services.measurements.request import require_columns
from app.storage import jobs
from app.storage.tables import Dataset, Job, User

Answers = dict[str, dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class SuggestionRequest:
    """What is asked for; what is None is left to the suggestions. `holdout` is as in a config."""

    dataset_id: uuid.UUID
    target: str | None = None
    purpose: Purpose | None = None
    horizon: int | None = None
    drivers_known_ahead: bool | None = None
    group_column: str | None = None
    holdout: Mapping[str, Any] | None = None

    def answers(self) -> Answers:
        """Return the answers that a person would have given in the wizard."""
        data = {"target": self.target, "horizon": self.horizon, "drivers_known_ahead": self.drivers_known_ahead}
        data |= {"group_column": self.group_column, "purpose": None if self.purpose is None else self.purpose.value}
        answers: Answers = {"data": {name: value for name, value in data.items() if value is not None}}
        current_values = self.holdout
        if current_values is None:
            return answers
        if current_values.get("fraction") is not None:
            return {**answers, "validation": {"holdout_percent": round(100 * float(current_values["fraction"]), 4)}}
        dates = {
            "holdout_by": "date",
            "holdout_from": current_values.get("from"),
            "holdout_to": current_values.get("to") or "",
        }
        return {**answers, "validation": dates}


@dataclass(frozen=True)
class SuggestedConfig:
    """The config with why and what is wrong with it; or the job to wait for, and the dataset that it is about."""

    dataset: Dataset
    job: Job | None = None
    config: dict[str, Any] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


def suggest_config(user: User, request: SuggestionRequest) -> SuggestedConfig:
    """Return the config of a dataset that accepts every suggestion, or the job that still reads or measures.

    Raises
    ------
    NotFoundError
        If there is no such dataset of the user's.
    UnreadableFileError, DomainError, DamagedFileError
        If the file could not be read, a column is not there, nothing can be predicted, or the rows are damaged.
    """
    dataset = datasets.get_dataset(user, request.dataset_id)
    waiting = _job_of_reading(dataset)
    if waiting is not None:
        return SuggestedConfig(dataset, job=waiting)
    profile = datasets.require_profile(dataset)
    datasets.sound_rows_of(dataset)
    for name in ("target", "group_column"):
        named = getattr(request, name)
        require_columns(profile, [named] if named else [], field=name)
    return _suggest_after_fits(user, dataset, profile, request)


def _job_of_reading(dataset: Dataset) -> Job | None:
    if dataset.state == DatasetState.FAILED.value:
        message = dataset.reason or "The file could not be read."
        raise UnreadableFileError(message, code=dataset.reason_code or "unreadable")
    if dataset.state == DatasetState.READY.value:
        return None
    job = analysis.analysis_job(dataset)
    if job is None:
        raise UnavailableError("The file is still arriving or being read. Ask again in a moment.")
    return job


def _suggest_after_fits(
    user: User, dataset: Dataset, profile: DatasetProfile, request: SuggestionRequest
) -> SuggestedConfig:
    answers = request.answers()
    goal = goal_of(Draft(answers), profile)
    if goal is not None:
        job = _job_of_comparison(dataset, goal, holdout_of(Draft(answers), profile, goal))
        if job is not None:
            return SuggestedConfig(dataset, job=job)
    plan = _plan(dataset, profile, answers)
    result = recommendations.recommend(dataset, plan)
    if result is not None and result.busy and result.job_id is not None:
        return SuggestedConfig(dataset, job=job_views.get_job(user, result.job_id))
    best = None if result is None else _best_recommendation(result.items)
    reasons = dict(plan.reasons)
    if best is not None:
        # Taken even where the rules had suggested it, with the values that were fitted and the reasons that won.
        plan = _plan(dataset, profile, {**answers, "model": {"estimator": best.ranked.entry.id}})
        reasons = {**plan.reasons, "model.estimator": f"{best.ranked.why}."}
    spec = _spec_of(plan)
    problems = (*plan.problems, *unfollowed_requests(request, spec))
    config = {**spec.to_json(), "dataset": {"id": str(dataset.id), "sha256": dataset.sha256 or ""}}
    return SuggestedConfig(dataset, None, config, reasons, problems)


def _job_of_comparison(dataset: Dataset, goal: Goal, rule: HoldoutRule | None) -> Job | None:
    """Start comparing every column with the target; return the job that still does so, None where none does."""
    associations.associations_for(dataset, goal.target, goal.kinds, rule)
    for request in associations.open_requests_for(dataset, goal.target, goal.kinds, rule):
        job = runner.find_job(associations.MEASUREMENT, request)
        if job is not None and job.state in jobs.OPEN:
            return job
    return None


def _plan(dataset: Dataset, profile: DatasetProfile, answers: Answers) -> Plan:
    """Return the plan with all that is measured so far, which for a goal of its own may be looked up anew."""
    draft = Draft(answers)
    goal = goal_of(draft, profile)
    known = None
    if goal is not None:
        known = associations.known_for(dataset, goal.target, goal.kinds, holdout_of(draft, profile, goal))
    limit = current_settings().limits.train_seconds
    return make_plan(draft, profile, known, machine=estimates.learned_machine(), limit_seconds=limit)


def _best_recommendation(items: tuple[Recommendation, ...]) -> Recommendation | None:
    """Return the recommendation that short fits put first; None where there were none."""
    first = next((item for item in items if item.ranked.entry.competes), None)
    return first if first is not None and first.measured is not None else None


def _spec_of(plan: Plan) -> Spec:
    if plan.spec is None:
        raise DomainError(plan.problems[0].message, code=plan.problems[0].code, field=plan.problems[0].field or None)
    return plan.spec


def unfollowed_requests(request: SuggestionRequest, spec: Spec) -> Iterator[Problem]:
    """Yield a warning for everything that was asked for and is otherwise in the config."""
    task, holdout = spec.task, spec.validation.holdout
    got = {name: getattr(task, name) for name in ("target", "purpose", "horizon", "drivers_known_ahead")}
    got |= {
        "group_column": task.group_column or "",
        "holdout": None if holdout is None else holdout.model_dump(mode="json"),
    }
    for name, value in got.items():
        wanted = getattr(request, name)
        if wanted is None or wanted == value or (name == "holdout" and _holds_same(wanted, value)):
            continue
        step, label = ("validation", "Set it in the config.") if name == "holdout" else ("data", "Change it.")
        message = f"{name} was asked for and could not be followed."
        yield warning(step, name, "not_followed", message, Remedy(label))


def _holds_same(wanted: Mapping[str, Any], got: Mapping[str, Any] | None) -> bool:
    if got is None:
        return wanted.get("fraction") == 0
    if wanted.get("fraction") is not None:
        return abs(float(wanted["fraction"]) - float(got.get("fraction") or 0)) < 1e-4
    return wanted.get("from") == got.get("from") and (wanted.get("to") or None) == (got.get("to") or None)
