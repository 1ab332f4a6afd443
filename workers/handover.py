"""Handing back the job of a process that ended, with the reason."""

from __future__ import annotations

import logging
import os
import uuid
from dataclasses import dataclass

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from app.domain.interruptions import MemoryUse, explain_exit
from app.services.jobs import life_cycle
from app.storage.db import db

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
    if end.planned and life_cycle.return_job(end.job_id, worker_id=holder):
        return
    exit_signal = os.WTERMSIG(end.status) if os.WIFSIGNALED(end.status) else None
    code = 0 if exit_signal is not None else os.waitstatus_to_exitcode(end.status)
    cause = explain_exit(exit_signal=exit_signal, exit_code=code, memory=end.memory)
    life_cycle.report_lost_process(end.job_id, worker_id=holder, cause=cause, is_planned=end.planned)
