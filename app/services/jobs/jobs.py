"""Jobs as their owner sees them: how far they are, what has come so far, and how to stop them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from app.domain.errors import NotFoundError
from app.domain.vocabulary import JobKind, RunState
from app.services import experiments
from app.services.datasets import analysis
from app.services.measurements import kinds, runner
from app.storage import jobs
from app.storage.db import transaction
from app.storage.tables import Job, User


@dataclass(frozen=True)
class JobView:
    """One job. `fraction` goes from 0 to 1, or is None where nobody can know."""

    id: uuid.UUID
    kind: JobKind
    state: RunState
    fraction: float | None
    message: str
    progress: dict[str, Any]
    partial: dict[str, Any] | None
    error_code: str | None
    error: str | None


def get_job(user: User, job_id: uuid.UUID) -> Job:
    """Return a job of the user, or raise NotFoundError."""
    row = jobs.get_job(job_id)
    if row.owner_id != user.id:
        raise NotFoundError("There is no such job.")
    return row


def view_of(row: Job) -> JobView:
    """Return what the owner of a job may know about it."""
    kind, state = JobKind(row.kind), RunState(row.state)
    fraction = 1.0 if state is RunState.FINISHED else row.progress.get("fraction")
    partial = runner.describe_job(kinds.MEASUREMENTS.get(kind), row)
    message = str(row.progress.get("message", ""))
    return JobView(row.id, kind, state, fraction, message, dict(row.progress), partial, row.error_code, row.error)


def cancel(user: User, job_id: uuid.UUID) -> Job:
    """Stop a job: one that waits at once, one that runs at its next chance; what it stored is kept."""
    row = get_job(user, job_id)
    if row.kind == JobKind.TRAIN.value:
        experiments.cancel(user, row.subject_id)
        return jobs.get_job(job_id)
    with transaction():
        if jobs.stop(job_id):
            _end_subject(row)
    if row.kind == JobKind.ANALYSE.value:
        analysis.drop_bytes(row.subject_id)
    return jobs.get_job(job_id)


def _end_subject(row: Job) -> None:
    if row.kind == JobKind.ANALYSE.value:
        analysis.mark_failed(row.subject_id, code="stopped", message="Reading was stopped.")
