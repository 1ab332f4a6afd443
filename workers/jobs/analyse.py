"""The job that reads a file too large to read within a request."""

from __future__ import annotations

import functools

from app.domain.errors import NotFoundError, StoppedError
from app.services.datasets import analysis
from app.services.drafts import drafts
from app.services.jobs import life_cycle
from workers.runtime import JobContext, run_as_job


@run_as_job
def analyse(context: JobContext) -> None:
    """Read the file; the dataset says ready only when everything is in place."""
    may_store = functools.partial(life_cycle.has_lease, context.job_id, attempt=context.attempt)
    try:
        dataset = analysis.read_dataset(context.subject_id, may_store=may_store)
    except NotFoundError as fault:
        # Its owner deleted it, or the upload was taken back on a full disk: nothing failed, there is nothing to read.
        raise StoppedError from fault
    drafts.follow(dataset)
