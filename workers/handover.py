"""What a worker does with a job whose process ended: it hands it back, or says why it ended."""

from __future__ import annotations

import logging
import os
import uuid
from dataclasses import dataclass

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from app import queue
from app.domain.interruptions import MemoryUse, explain_exit
from app.domain.vocabulary import JobKind
from app.storage import experiments, jobs
from app.storage.db import db, transaction

log = logging.getLogger("workers.handover")


def name_of_process(pid: int) -> str:
    """Return the name under which a process of this machine holds a job."""
    return f"{os.uname().nodename}-{pid}"


@dataclass(frozen=True)
class EndOfProcess:
    """How the process of a job ended. `planned` is one that its worker ended because it was told to stop."""

    job_id: uuid.UUID
    pid: int
    status: int
    memory: MemoryUse
    planned: bool


def after_end(app: Flask, end: EndOfProcess) -> None:
    """Give a job back whose process ended before it did; a database that is away leaves that to the next sweep."""
    try:
        with app.app_context():
            _give_back(end)
            db.session.remove()
    except SQLAlchemyError as fault:
        log.warning("the job %s cannot be given back now: %s", end.job_id, fault)


def _give_back(end: EndOfProcess) -> None:
    holder = name_of_process(end.pid)
    with transaction():
        handed_back = end.planned and jobs.hand_back(end.job_id, worker_id=holder)
        if handed_back:
            wait_again(end.job_id)
        else:
            _note(end, holder)
    if handed_back:
        row = jobs.get_job(end.job_id)
        queue.ring(row.id, JobKind(row.kind), seconds=row.time_limit_seconds)


def wait_again(job_id: uuid.UUID) -> None:
    """Let what a job is about wait as well, in the caller's transaction."""
    row = jobs.get_job(job_id)
    if row.kind == JobKind.TRAIN.value:
        experiments.wait_again(row.subject_id)


def _note(end: EndOfProcess, holder: str) -> None:
    """Leave the reason in the row, and the job to the next sweep."""
    exit_signal = os.WTERMSIG(end.status) if os.WIFSIGNALED(end.status) else None
    code = 0 if exit_signal is not None else os.waitstatus_to_exitcode(end.status)
    found = explain_exit(exit_signal=exit_signal, exit_code=code, memory=end.memory)
    if not end.planned:
        # One that ended before it took the job, for want of memory perhaps, would else be started for ever.
        jobs.claim(end.job_id, worker_id=holder, lease_seconds=0)
    jobs.give_up_lease(end.job_id, worker_id=holder, code=found.code, reason=found.sentence)
