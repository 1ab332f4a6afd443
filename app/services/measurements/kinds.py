"""Every kind of measurement, by the kind of its job."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from app.domain.vocabulary import JobKind
from app.services.measurements import associations, correlations, estimates, rankings, recommendations, runner
from app.services.measurements.runner import JobLease, Measurement
from app.storage.tables import Job

MEASUREMENTS: Mapping[JobKind, Measurement[Any, Any]] = {
    service.MEASUREMENT.kind: service.MEASUREMENT
    for service in (associations, correlations, estimates, rankings, recommendations)
}


def run_job(kind: JobKind, dataset_id: uuid.UUID, arguments: Mapping[str, Any], lease: JobLease) -> None:
    """Measure for a worker.

    Raises
    ------
    StoppedError
        If it was to stop before all was measured, or the lease was lost.
    """
    runner.run_job(MEASUREMENTS[kind], dataset_id, arguments, lease)


def describe_job(job: Job) -> dict[str, Any] | None:
    """Return what a job has found so far, as programs see it; None before the first part, and for other kinds."""
    measurement = MEASUREMENTS.get(JobKind(job.kind))
    return None if measurement is None else runner.describe_job(measurement, job)
