"""Have estimators show on growing parts of the rows which of them suit a dataset."""

from __future__ import annotations

from app.domain.errors import StoppedError
from app.services.measurements import recommendations
from app.services.measurements.measuring import Held
from workers.runtime import JobContext, job


@job
def recommend(context: JobContext) -> None:
    """Measure; what is known is stored after every fold."""
    held = Held(context.job_id, context.attempt, context.should_stop)
    if not recommendations.measure_for_job(context.subject_id, context.arguments, held):
        raise StoppedError
