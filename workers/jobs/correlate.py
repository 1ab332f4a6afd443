"""Measure how all columns of a large table go with one another, block by block."""

from __future__ import annotations

from app.domain.errors import StoppedError
from app.services.measurements import correlations
from app.services.measurements.measuring import Held
from workers.runtime import JobContext, job


@job
def correlate(context: JobContext) -> None:
    """Measure what is not there yet; every block is stored as it is done, and shown as it comes."""
    held = Held(context.job_id, context.attempt, context.should_stop)
    if not correlations.measure_for_job(context.subject_id, context.arguments, held):
        raise StoppedError
