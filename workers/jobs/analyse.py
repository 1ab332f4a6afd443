"""Read a file that is too large to be read while the browser waits."""

from __future__ import annotations

from app.domain.vocabulary import JobKind, RunState
from app.services.datasets import analysis
from app.services.drafts import drafts
from app.storage import jobs
from app.storage.db import transaction
from workers.runtime import JobContext, end_job_alone, job


def _end(context: JobContext, state: RunState, code: str, message: str) -> None:
    with transaction():
        mine = jobs.end(context.job_id, attempt=context.attempt, state=state, error_code=code, error=message)
        # Whoever holds the job now reads the file still.
        if mine:
            analysis.mark_failed(context.subject_id, code=code or "stopped", message=message or "Reading was stopped.")
    if mine:
        analysis.drop_bytes(context.subject_id)


@job(JobKind.ANALYSE, end=_end)
def analyse(context: JobContext) -> None:
    """Read the file; the dataset says ready only when everything is in place."""
    dataset = analysis.read_dataset(context.subject_id)
    drafts.follow(dataset)
    end_job_alone(context, RunState.FINISHED, "", "")
