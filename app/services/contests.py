"""Requests of an owner to a running contest, and the config of one of its candidates."""

from __future__ import annotations

import uuid
from typing import Any

from app.domain.audit.acts import AuditAct
from app.domain.errors import DomainError, NotFoundError
from app.domain.experiment import candidates_of, is_contest
from app.domain.training.report.outcome import JobProgress
from app.domain.vocabulary import JobKind, RunState
from app.services.audit.trail import record
from app.services.experiments import config_of, report_of, spec_of
from app.storage import experiments, jobs
from app.storage.db import transaction
from app.storage.tables import Experiment, Job, User


def end_candidate(user: User, experiment_id: uuid.UUID, key: str) -> Experiment:
    """End one candidate of a contest that runs; the others go on. One that has ended stays as it is.

    Raises
    ------
    DomainError
        If there is no such candidate, or it is the last one left.
    """
    with transaction():
        row, job = _running_contest(user, experiment_id)
        if job is not None:
            _refuse_last(row, job, key)
            if key not in jobs.contest_wishes_of(job.id).ended:
                jobs.end_candidate(job, key)
                record(AuditAct.END_CANDIDATE, actor=user, subject_id=row.id, part=key)
    return row


def finish_early(user: User, experiment_id: uuid.UUID) -> Experiment:
    """Finish a contest that runs with its best candidate so far; all others end where they are."""
    with transaction():
        row, job = _running_contest(user, experiment_id)
        if job is not None and not jobs.contest_wishes_of(job.id).finish:
            jobs.finish_early(job)
            record(AuditAct.FINISH_EARLY, actor=user, subject_id=row.id)
    return row


def _running_contest(user: User, experiment_id: uuid.UUID) -> tuple[Experiment, Job | None]:
    """Return a contest and its job; None where it has ended."""
    row = experiments.get_experiment(experiment_id, owner_id=user.id)
    if not is_contest(spec_of(row)):
        raise DomainError("This experiment has one estimator, so no candidate can end.", code="no_contest")
    job = jobs.find_job(row.id, JobKind.TRAIN)
    return row, None if RunState(row.state).is_final else job


def _refuse_last(row: Experiment, job: Job, key: str) -> None:
    keys = {str(number) for number, _ in enumerate(candidates_of(spec_of(row)), start=1)}
    if key not in keys:
        raise DomainError("There is no such candidate.", code="candidate_unknown", field="candidate")
    progress = JobProgress.from_json(job.progress).contest
    ended = jobs.contest_wishes_of(job.id).ended
    if progress is not None:
        ended |= {line.key for line in progress.candidates if line.state in ("ended_early", "ended_by_user", "failed")}
    if not keys - ended - {key}:
        message = "This is the last candidate. Cancel the experiment to stop it."
        raise DomainError(message, code="last_candidate", field="candidate")


def config_of_candidate(experiment: Experiment, key: str) -> dict[str, Any]:
    """Return the config in which one candidate of a contest is the only estimator.

    Raises
    ------
    NotFoundError
        If there is no such candidate; the blend is none.
    """
    specs = candidates_of(spec_of(experiment))
    numbered = {str(number): spec for number, spec in enumerate(specs, start=1)}
    if key not in numbered:
        raise NotFoundError("There is no such candidate.")
    spec = numbered[key]
    report = report_of(experiment)
    title = report.contest.entry(key).title if report is not None and report.contest is not None else ""
    name = f"{experiment.name}: {title or spec.model.estimator}"[:200]
    return {**config_of(experiment), "name": name, "model": spec.model.model_dump(mode="json")}
