"""The job that trains an experiment."""

from __future__ import annotations

from app.domain.contest.executor import ContestMeans
from app.domain.training.report.outcome import Progress
from app.services.jobs import training
from workers.runtime import JobContext, run_as_job
from workers.task_pool import TaskPool


@run_as_job
def train(context: JobContext) -> None:
    """Train, and store the result if the job is still ours then."""

    def say(progress: Progress) -> None:
        context.progress(progress.to_json())

    training.run(
        context.subject_id,
        job_id=context.job_id,
        attempt=context.attempt,
        on_progress=say,
        should_stop=context.should_stop,
        most_trials=lambda: context.max_trials,
        store=context.store,
        means=ContestMeans(lambda processes: TaskPool(processes, context.fork_lock), lambda: context.wishes),
    )
