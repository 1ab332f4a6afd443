"""Time an estimator on parts of the data, so that the estimate of a launch knows both."""

from __future__ import annotations

from app.domain.errors import StoppedError
from app.services.measurements import estimates
from app.services.measurements.measuring import Held
from workers.runtime import JobContext, job


@job
def calibrate(context: JobContext) -> None:
    """Time short fits; each is stored as it is done."""
    held = Held(context.job_id, context.attempt, context.should_stop)
    if not estimates.time_for_job(context.subject_id, context.arguments, held):
        raise StoppedError
