"""Rank the columns of a large table by what they tell about the target, on more and more rows."""

from __future__ import annotations

from app.domain.errors import StoppedError
from app.services.measurements import rankings
from app.services.measurements.measuring import Held
from workers.runtime import JobContext, job


@job
def rank(context: JobContext) -> None:
    """Rank; every block of columns is stored as it is done, and refined in the next round."""
    held = Held(context.job_id, context.attempt, context.should_stop)
    if not rankings.measure_for_job(context.subject_id, context.arguments, held):
        raise StoppedError
