"""The registry of job kinds: queue, function, limits and subject of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app.domain.vocabulary import JobKind
from app.queue import ANALYSIS, MEASURE, QUICK, TRAIN
from app.services.jobs.job_subjects import DATASET, EXPERIMENT, MEASUREMENT, JobSubject
from app.storage.jobs import MAX_ATTEMPTS
from config import Limits


@dataclass(frozen=True)
class JobType:
    """One kind of job.

    `function` is what a worker calls, by dotted name, since the application imports no worker. `seconds` and
    `memory_mb` are its limits on this server. `partial` names what returns the results that have come so far, for kinds
    that store them piece by piece; by dotted name too, since whoever measures enqueues jobs. With `is_counted` it
    counts among the jobs that an account may have waiting.
    """

    queue: str
    function: str
    subject: JobSubject
    seconds: Callable[[Limits], int]
    memory_mb: Callable[[Limits], int] | None = None
    max_attempts: int = MAX_ATTEMPTS
    partial: str | None = None
    is_counted: bool = True


def _fixed_limit(seconds: int) -> Callable[[Limits], int]:
    return lambda _limits: seconds


def _read_seconds(limits: Limits) -> int:
    # The reading child is ended by its own limit, and says then what was wrong.
    return limits.read_seconds + 60


MEASURE_FUNCTION = "workers.jobs.measure.measure"
DESCRIBE_MEASUREMENT = "app.services.measurements.kinds.describe_job"

KINDS: dict[JobKind, JobType] = {
    JobKind.ANALYSE: JobType(ANALYSIS, "workers.jobs.analyse.analyse", DATASET, _read_seconds),
    JobKind.ASSOCIATE: JobType(
        QUICK,
        MEASURE_FUNCTION,
        MEASUREMENT,
        _fixed_limit(900),
        partial=DESCRIBE_MEASUREMENT,
    ),
    # Nobody asked for timed fits by name, so they keep nobody from a launch.
    JobKind.CALIBRATE: JobType(QUICK, MEASURE_FUNCTION, MEASUREMENT, _fixed_limit(60), is_counted=False),
    JobKind.COMPARE_SPLITS: JobType(
        MEASURE,
        MEASURE_FUNCTION,
        MEASUREMENT,
        _fixed_limit(600),
        partial=DESCRIBE_MEASUREMENT,
    ),
    JobKind.CORRELATE: JobType(
        MEASURE,
        MEASURE_FUNCTION,
        MEASUREMENT,
        _fixed_limit(3600),
        partial=DESCRIBE_MEASUREMENT,
    ),
    JobKind.RANK: JobType(
        MEASURE,
        MEASURE_FUNCTION,
        MEASUREMENT,
        _fixed_limit(1800),
        partial=DESCRIBE_MEASUREMENT,
    ),
    # Both take a few seconds at most, whatever the table: rows and columns are bounded.
    **{
        kind: JobType(QUICK, MEASURE_FUNCTION, MEASUREMENT, _fixed_limit(120), partial=DESCRIBE_MEASUREMENT)
        for kind in (JobKind.MEASURE_MEMORY, JobKind.RANK_DERIVED)
    },
    JobKind.RECOMMEND: JobType(
        QUICK,
        MEASURE_FUNCTION,
        MEASUREMENT,
        _fixed_limit(120),
        partial=DESCRIBE_MEASUREMENT,
    ),
    JobKind.TRAIN: JobType(
        TRAIN,
        "workers.jobs.train.train",
        EXPERIMENT,
        lambda limits: limits.train_seconds,
        lambda limits: limits.train_memory_mb,
    ),
}
UNCOUNTED_KINDS = frozenset(kind for kind, job_type in KINDS.items() if not job_type.is_counted)
