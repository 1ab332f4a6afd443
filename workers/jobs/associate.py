"""Measure how each column of a large dataset goes with the target, block by block."""

from __future__ import annotations

from app.domain.analysis.profiling.profile import Associations
from app.domain.errors import StoppedError
from app.domain.vocabulary import JobKind, RunState
from app.services.measurements import associations
from workers.runtime import JobContext, end_job_alone, job


@job(JobKind.ASSOCIATE)
def associate(context: JobContext) -> None:
    """Measure; every block is stored as it is done, and shown as it comes."""

    def go_on(part: Associations) -> bool:
        context.progress({"done": len(part.items), "complete": part.complete})
        return not context.should_stop()

    target, kinds = context.arguments["target"], context.arguments["kinds"]
    found = associations.measure_for_job(
        context.subject_id, target=target, kinds=kinds, go_on=go_on, arguments=context.arguments
    )
    context.writer.flush()
    if not found.complete:
        raise StoppedError
    end_job_alone(context, RunState.FINISHED, "", "")
