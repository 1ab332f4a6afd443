"""The registry of measurements, by job kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.domain.vocabulary import JobKind
from app.services.measurements import (
    associations,
    correlations,
    derived_rankings,
    estimates,
    memory,
    rankings,
    recommendations,
    runner,
    split_comparisons,
)
from app.services.measurements.runner import Measurement
from app.storage.tables import Job

MEASUREMENTS: Mapping[JobKind, Measurement[Any, Any]] = {
    service.MEASUREMENT.kind: service.MEASUREMENT
    for service in (
        associations,
        correlations,
        derived_rankings,
        estimates,
        memory,
        rankings,
        recommendations,
        split_comparisons,
    )
}


def describe_job(job: Job) -> dict[str, Any] | None:
    """Return the result of a measurement's job so far, as programs see it."""
    return runner.describe_job(MEASUREMENTS[JobKind(job.kind)], job)
