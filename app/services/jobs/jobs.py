"""Jobs as their owner sees them: state, progress, partial results and cancel."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, cast

from app.domain.errors import NotFoundError
from app.domain.vocabulary import JobKind, RunState
from app.services.jobs import life_cycle
from app.services.jobs.kinds import KINDS
from app.storage import jobs
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
    """Return the view of a job for its owner."""
    kind, state = JobKind(row.kind), RunState(row.state)
    fraction = 1.0 if state is RunState.FINISHED else row.progress.get("fraction")
    partial = _partial_of(row, kind)
    message = str(row.progress.get("message", ""))
    return JobView(row.id, kind, state, fraction, message, dict(row.progress), partial, row.error_code, row.error)


def _partial_of(row: Job, kind: JobKind) -> dict[str, Any] | None:
    name = KINDS[kind].partial
    if name is None:
        return None
    module, _, function = name.rpartition(".")
    return cast("Callable[[Job], dict[str, Any] | None]", getattr(import_module(module), function))(row)


def cancel(user: User, job_id: uuid.UUID) -> Job:
    """Stop a job: one that waits at once, one that runs at its next chance; what it stored is kept."""
    life_cycle.cancel_job(get_job(user, job_id).id)
    return jobs.get_job(job_id)
