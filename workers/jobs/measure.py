"""The job that runs any kind of measurement."""

from __future__ import annotations

from app.services.measurements import kinds, runner
from workers.runtime import JobContext, run_as_job


@run_as_job
def measure(context: JobContext) -> None:
    """Measure what the job's kind and arguments name; every part is stored as it is done, and shown as it comes."""
    lease = runner.JobLease(context.job_id, context.attempt, context.should_stop)
    runner.run_job(kinds.MEASUREMENTS[context.kind], context.subject_id, context.arguments, lease)
