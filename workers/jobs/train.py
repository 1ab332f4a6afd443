"""Train an experiment."""

from __future__ import annotations

from app.domain.training.report.outcome import Progress
from app.domain.vocabulary import JobKind, RunState
from app.services.jobs import training
from workers.runtime import JobContext, job


def _end(context: JobContext, state: RunState, code: str, message: str) -> None:
    training.fail(
        context.subject_id, job_id=context.job_id, attempt=context.attempt, state=state, code=code, message=message
    )


@job(JobKind.TRAIN, end=_end)
def train(context: JobContext) -> None:
    """Train, and store the result if the job is still ours then."""
    if not training.begin(context.subject_id):
        _end(context, RunState.CANCELLED, "", "")
        return

    def say(progress: Progress) -> None:
        context.progress(progress.to_json())

    training.run(
        context.subject_id,
        job_id=context.job_id,
        attempt=context.attempt,
        on_progress=say,
        should_stop=context.should_stop,
        most_trials=lambda: context.most_trials,
        store=context.store,
    )
