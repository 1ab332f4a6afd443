"""Subjects of jobs (dataset, experiment, measurement), and what happens to them as the job changes state."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass

from app.domain.job_states import Failure
from app.domain.usage.events import UsageKind
from app.domain.vocabulary import RunState
from app.services.datasets import originals
from app.services.usage.recording import count_event
from app.storage import experiments
from app.storage.db import now


@dataclass(frozen=True)
class JobSubject:
    """The hooks of one kind of subject.

    `start` says whether there is still anything to do, `requeue` follows a job back into the queue, `end` one that
    failed or, without a failure, was cancelled. `clean_up` comes after that is committed. A job that succeeds stores
    its result itself, in the transaction of `life_cycle.finish_job`.
    """

    start: Callable[[uuid.UUID], bool]
    requeue: Callable[[uuid.UUID], None]
    end: Callable[[uuid.UUID, Failure | None], None]
    clean_up: Callable[[uuid.UUID], None]


def start_experiment(experiment_id: uuid.UUID) -> bool:
    """Let an experiment run; False where it has ended already, or is gone."""
    row = experiments.find_experiment(experiment_id)
    if row is None or RunState(row.state).is_final:
        return False
    row.state, row.started_at = RunState.RUNNING.value, row.started_at or now()
    return True


def end_experiment(experiment_id: uuid.UUID, failure: Failure | None) -> None:
    """End an experiment without a result; an end that it has already stands."""
    row = experiments.find_experiment(experiment_id)
    if row is None or RunState(row.state).is_final:
        return
    row.state = (RunState.CANCELLED if failure is None else RunState.FAILED).value
    row.failure_code, row.failure = (None, None) if failure is None else (failure.code, failure.message)
    row.finished_at = now()
    kind = UsageKind.CANCELLED if failure is None else UsageKind.FAILED
    code = "" if failure is None else failure.code
    count_event(kind, person_id=row.owner_id, draft_id=row.draft_id, experiment_id=row.id, code=code)


def end_reading(dataset_id: uuid.UUID, failure: Failure | None) -> None:
    """Mark a dataset as failed when its reading ended without a result."""
    reason = failure or Failure("stopped", "Reading was stopped.")
    originals.mark_failed(dataset_id, code=reason.code, message=reason.message)


def _is_needed(_subject_id: uuid.UUID) -> bool:
    return True


def _leave(_subject_id: uuid.UUID, _failure: Failure | None = None) -> None:
    """Leave a subject as it is."""


EXPERIMENT = JobSubject(start_experiment, experiments.requeue_experiment, end_experiment, _leave)
# The dataset is being read while its job waits, runs and waits again.
DATASET = JobSubject(_is_needed, _leave, end_reading, originals.drop_bytes)
# What was measured stays, and the dataset is as it was.
MEASUREMENT = JobSubject(_is_needed, _leave, _leave, _leave)
