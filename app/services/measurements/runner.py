"""The runner of measurements: look up, compute here or in a worker, store part by part.

What a kind of measurement has of its own stands in its `Measurement`; all that they share stands here.
"""

from __future__ import annotations

import uuid
from collections import OrderedDict
from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from app.domain.analysis.profiling.profile import DatasetProfile
from app.domain.errors import StoppedError
from app.domain.vocabulary import JobKind, RunState
from app.services.datasets.datasets import profile_of, require_profile
from app.services.jobs import life_cycle
from app.services.measurements.request import MeasurementRequest
from app.storage import datasets, jobs, measurements
from app.storage.db import transaction
from app.storage.tables import Dataset, Job, JsonResult

# A table of up to this many values is measured while the user waits; starting a worker alone takes a second.
INLINE_CELLS = 150_000
# Complete results of one kind that stay in memory.
MAX_REMEMBERED = 32


class MeasurementResult(Protocol):
    """What is known of a measurement; a partial result has the same shape as the whole one."""

    @property
    def complete(self) -> bool:
        """Return whether nothing is left to measure."""


RequestT = TypeVar("RequestT", bound=MeasurementRequest)
ResultT = TypeVar("ResultT", bound=MeasurementResult)
# Each part of a result, with how far the work is, as the row of the job tells it.
Parts = Generator[tuple[ResultT, dict[str, Any]], None, None]


@dataclass(frozen=True)
class JsonStore(Generic[ResultT]):
    """Keep a result as JSON, each part in place of the one before. The latest complete ones stay in memory."""

    table: type[JsonResult]
    to_json: Callable[[ResultT], dict[str, Any]]
    from_json: Callable[[dict[str, Any]], ResultT]
    _complete: OrderedDict[tuple[uuid.UUID, str], ResultT] = field(default_factory=OrderedDict)

    def find(self, request: MeasurementRequest) -> ResultT | None:
        """Return the result as far as it goes, or None."""
        place = (request.dataset.id, request.key)
        known = self._complete.get(place)
        if known is not None:
            return known
        payload = measurements.find_payload(self.table, *place)
        result = None if payload is None else self.from_json(payload)
        if result is not None and result.complete:
            self._complete[place] = result
            while len(self._complete) > MAX_REMEMBERED:
                self._complete.popitem(last=False)
        return result

    def save(self, request: MeasurementRequest, part: ResultT) -> None:
        """Store a part, in the caller's transaction."""
        measurements.save_payload(self.table, request.dataset.id, request.key, self.to_json(part))


@dataclass(frozen=True, kw_only=True)
class WorkState:
    """How the work on a measurement stands.

    `state` is "none" (nobody asked for it), "queued", "running", "finished", "cancelled" or "failed"; `reason` says in
    a sentence why there is nothing to see. Parts that came stay, whatever became of the work.
    """

    state: str
    reason: str = ""
    seconds_left: float | None = None
    fraction: float = 1.0
    job_id: uuid.UUID | None = None

    @property
    def busy(self) -> bool:
        """Return whether more is on its way."""
        return self.state in jobs.OPEN


@dataclass(frozen=True)
class Measurement(Generic[RequestT, ResultT]):
    """One kind of measurement.

    `compute` yields each part, and goes on only after that part is stored. `find` returns what is stored, and `save`
    stores a part in the caller's transaction. `restore_request` builds the request from the arguments of a job.
    `describe` shows programs what a job has found so far.
    """

    kind: JobKind
    find: Callable[[RequestT], ResultT | None]
    save: Callable[[RequestT, ResultT], None]
    compute: Callable[[RequestT], Parts[ResultT]]
    restore_request: Callable[[Dataset, DatasetProfile, Mapping[str, Any]], RequestT]
    describe: Callable[[RequestT, ResultT, WorkState], dict[str, Any] | None] = lambda *_: None


@dataclass(frozen=True)
class JobLease:
    """A worker's hold on a job. Whoever lost it stores nothing any more."""

    job_id: uuid.UUID
    attempt: int
    should_stop: Callable[[], bool]

    def write_progress(self, progress: dict[str, Any]) -> bool:
        """Write how far the job is, in the caller's transaction; False when the job was given to somebody else."""
        return jobs.write_progress(self.job_id, attempt=self.attempt, progress=progress)


def is_complete(result: MeasurementResult | None) -> bool:
    """Return whether there is a result to which nothing will be added."""
    return result is not None and result.complete


def look(measurement: Measurement[RequestT, ResultT], request: RequestT) -> tuple[ResultT | None, WorkState]:
    """Return a measurement as far as it goes, and the state of the work; nothing is started."""
    result = measurement.find(request)
    return result, work_on(measurement, request, result)


def work_on(measurement: Measurement[RequestT, ResultT], request: RequestT, result: ResultT | None) -> WorkState:
    """Return the state of the work on a measurement of which this is known."""
    return _work_state(result, None if is_complete(result) else find_job(measurement, request))


def ensure(
    measurement: Measurement[RequestT, ResultT], request: RequestT, *, again: bool = False
) -> tuple[ResultT | None, WorkState]:
    """Return a measurement, and complete it: a small table here and now, a large one by a worker.

    What failed or was stopped is tried again only with `again`.
    """
    result, job = measurement.find(request), None
    if not is_complete(result):
        if is_small(request):
            result = measure_here(measurement, request)
        else:
            job = enqueue(measurement, request, again=again)
            # A job that has ended meanwhile has stored more than was there a moment ago.
            result = result if job.state in jobs.OPEN else measurement.find(request)
    return result, _work_state(result, job)


def is_small(request: MeasurementRequest) -> bool:
    """Return whether a request is measured while the user waits."""
    return request.cells is not None and request.cells <= INLINE_CELLS


def enqueue(measurement: Measurement[RequestT, ResultT], request: RequestT, *, again: bool = False) -> Job:
    """Return the job that measures this; it is made where there is none.

    What failed once would fail again, and what was stopped was not wanted: neither is made a second time unless `again`
    says that somebody wants it now.
    """
    job = find_job(measurement, request)
    if job is not None and (job.state in jobs.OPEN or not again):
        return job
    with transaction():
        # Somebody else may have been quicker; now nobody else can write.
        job = find_job(measurement, request)
        if job is not None and (job.state in jobs.OPEN or not again):
            return job
        return life_cycle.enqueue_job(
            measurement.kind,
            subject_id=request.dataset.id,
            owner_id=request.dataset.owner_id,
            arguments={**request.arguments, "key": request.key},
        )


def find_job(measurement: Measurement[Any, Any], request: MeasurementRequest) -> Job | None:
    """Return the newest job of a measurement, or None."""
    return jobs.find_job(request.dataset.id, measurement.kind, key=request.key)


def cancel(measurement: Measurement[RequestT, ResultT], request: RequestT) -> None:
    """Stop the job of a measurement: at once where it waits, after the part at hand where it runs."""
    job = find_job(measurement, request)
    if job is not None:
        life_cycle.cancel_job(job.id)


def measure(
    measurement: Measurement[RequestT, ResultT], request: RequestT, *, lease: JobLease | None = None
) -> Generator[ResultT, None, None]:
    """Compute a measurement, store each part as it comes, and yield it.

    Raises
    ------
    StoppedError
        If the lease was lost; nothing more is stored then.
    """
    with closing(measurement.compute(request)) as parts:
        for part, progress in parts:
            with transaction():
                # The job is named in the transaction that stores, so a worker that lost it stores nothing.
                if lease is not None and not lease.write_progress(progress):
                    raise StoppedError
                measurement.save(request, part)
            yield part


def measure_here(measurement: Measurement[RequestT, ResultT], request: RequestT) -> ResultT | None:
    """Compute and store all of a measurement, and return it."""
    for _ in measure(measurement, request):
        pass
    return measurement.find(request)


def run_job(
    measurement: Measurement[Any, Any], dataset_id: uuid.UUID, arguments: Mapping[str, Any], lease: JobLease
) -> None:
    """Measure for a worker, which knows ids and plain values only.

    Raises
    ------
    StoppedError
        If it was to stop before all was measured, or the lease was lost.
    """
    dataset = datasets.get_dataset(dataset_id)
    request = measurement.restore_request(dataset, require_profile(dataset), arguments)
    with closing(measure(measurement, request, lease=lease)) as parts:
        for _ in parts:
            if lease.should_stop() and not is_complete(measurement.find(request)):
                raise StoppedError


def describe_job(measurement: Measurement[Any, Any], job: Job) -> dict[str, Any] | None:
    """Return the result of a job so far, as programs see it; None before the first part."""
    dataset = datasets.find_dataset(job.subject_id)
    profile = profile_of(dataset) if dataset is not None and dataset.deleted_at is None else None
    # A job whose row could not be understood was ended, and has no arguments.
    if dataset is None or profile is None or "key" not in job.arguments:
        return None
    request = measurement.restore_request(dataset, profile, job.arguments)
    result = measurement.find(request)
    return None if result is None else measurement.describe(request, result, _work_state(result, job))


def explain_waiting(job: Job | None) -> str:
    """Return why a job waits again that ran before; empty for one that just waits for its turn."""
    if job is None or job.state != RunState.QUEUED.value or not job.error:
        return ""
    return f"{job.error} It is retried automatically."


def _work_state(result: MeasurementResult | None, job: Job | None) -> WorkState:
    if job is None:
        return WorkState(state=RunState.FINISHED.value if is_complete(result) else "none")
    state, reason = RunState.FINISHED.value if is_complete(result) else job.state, ""
    if state == RunState.FAILED.value:
        reason = job.error or "The measurement failed."
    elif state == RunState.QUEUED.value:
        reason = explain_waiting(job)
    return WorkState(
        state=state,
        reason=reason,
        seconds_left=job.progress.get("seconds_left") if state == RunState.RUNNING.value else None,
        fraction=float(job.progress.get("fraction") or 0),
        job_id=job.id,
    )
