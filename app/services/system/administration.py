"""The system overview for administrators, and their acts on jobs."""

from __future__ import annotations

import importlib.metadata
import sys
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError

from app.domain.audit.acts import AuditAct
from app.domain.errors import ConflictError, DomainError
from app.domain.vocabulary import RunState
from app.services.audit.trail import record
from app.services.context import current_settings
from app.services.jobs import life_cycle
from app.services.system import measures, system_state
from app.services.system.diagnostics import PACKAGES
from app.services.system.measures import SystemMeasures
from app.services.system.system_state import PartState
from app.storage import accounts, engine, job_figures, jobs
from app.storage.db import db, transaction
from app.storage.job_figures import OpenJob
from app.storage.tables import Job, User, WorkerBeat
from config import VERSION

MAX_JOBS = 100
MAX_FAILED = 20


@dataclass(frozen=True)
class SystemOverview:
    """The state of all parts; jobs and workers are empty while the database is away."""

    parts: Sequence[PartState]
    measures: SystemMeasures
    jobs: Sequence[OpenJob]
    failed: Sequence[OpenJob]
    workers: Sequence[WorkerBeat]
    versions: Sequence[tuple[str, str]]


def overview() -> SystemOverview:
    """Look at everything now."""
    state, usage = system_state.current_state(), measures.current_measures()
    try:
        waiting = job_figures.list_open_jobs(limit=MAX_JOBS)
        failed = job_figures.list_failed_jobs(limit=MAX_FAILED)
        workers = job_figures.list_workers()
    except SQLAlchemyError:
        db.session.rollback()
        waiting, failed, workers = [], [], []
    return SystemOverview(state.parts, usage, waiting, failed, workers, _versions())


def _versions() -> list[tuple[str, str]]:
    result = [("HydroML", VERSION), ("Python", sys.version.split()[0])]
    result += [(name, importlib.metadata.version(name)) for name in PACKAGES]
    _is_safe, words = engine.sqlite_report(current_settings().database_url)
    return [*result, ("Database", words)]


@dataclass(frozen=True)
class JobReport:
    """One job with whose it is, for administrators."""

    job: Job
    owner: User
    is_open: bool


def job_report(job_id: uuid.UUID) -> JobReport:
    """Return all that is known of a job.

    Raises
    ------
    NotFoundError
        If there is none.
    """
    row = jobs.get_job(job_id)
    return JobReport(row, accounts.get_user(row.owner_id), is_open=not RunState(row.state).is_final)


def act_on_job(admin: User, job_id: uuid.UUID, act: str) -> None:
    """Requeue or stop a job of anybody.

    Raises
    ------
    NotFoundError, ConflictError, DomainError
        If there is none, it has ended, or the act is none.
    """
    acts = {"requeue": AuditAct.REQUEUE_JOB, "stop": AuditAct.STOP_JOB}
    if act not in acts:
        raise DomainError("There is no such act.", code="act_unknown", field="act")
    with transaction():
        row = jobs.get_job(job_id)
        if RunState(row.state).is_final:
            raise ConflictError("This job has ended already.", code="job_ended")
        before = {"state": row.state, "attempt": row.attempt}
        record(acts[act], actor=admin, subject_id=job_id, part=row.kind, before=before)
        if act == "stop":
            life_cycle.cancel_job(job_id)
        elif row.state == RunState.RUNNING.value and row.worker_id is not None:
            # Whoever works on it loses it, and notices within a second; the attempt does not count.
            life_cycle.return_job(job_id, worker_id=row.worker_id)
        else:
            life_cycle.wake_again(row)
