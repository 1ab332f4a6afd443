"""Progress of a waiting or running experiment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.domain.text.numbers import format_number
from app.domain.training.report.outcome import FoldScore, JobProgress
from app.domain.training.validation import metrics
from app.web.charts import contest
from app.web.charts.trials import SearchUnderWay, search_under_way

MAX_FOLDS = 30


@dataclass(frozen=True)
class FoldLine:
    """A fold that was judged."""

    fold: str
    score: str
    baseline: str
    baseline_title: str
    beats: bool
    train_rows: str
    judged_rows: str


@dataclass(frozen=True)
class ExperimentProgress:
    """Where it stands; `fraction` is None where nobody knows."""

    running: bool
    stopping: bool
    message: str
    fraction: float | None
    time: str
    ahead: int
    metric: str
    folds: tuple[FoldLine, ...]
    folds_before: int
    poll_seconds: int
    search: SearchUnderWay | None
    contest: contest.LiveContest | None


@dataclass(frozen=True)
class JobFacts:
    """What is known about the job."""

    progress: JobProgress
    created_at: datetime
    started_at: datetime | None
    running: bool
    stopping: bool
    ahead: int = 0
    # Why a job that was at work before waits again, and for how long; empty where it just waits for its turn.
    reason: str = ""
    seconds_to_wait: float = 0.0


def poll_seconds(age_seconds: float) -> int:
    """Return how long to wait before asking again: the older the job, the longer."""
    return 1 if age_seconds < 30 else 2 if age_seconds < 300 else 5


def build(job: JobFacts, *, estimate: dict[str, Any] | None, now: datetime) -> ExperimentProgress:
    """Return the state of a job at this moment."""
    age = max((now - job.created_at).total_seconds(), 0.0)
    gone = max((now - (job.started_at or job.created_at)).total_seconds(), 0.0)
    lines = job.progress.folds
    fraction = job.progress.fraction if job.running else None
    return ExperimentProgress(
        running=job.running,
        stopping=job.stopping,
        message=_job_message(job),
        fraction=None if fraction is None else min(max(fraction, 0.0), 1.0),
        time=_time_words(job, gone=gone, fraction=fraction, estimate=estimate),
        ahead=0 if job.running else job.ahead,
        metric=metrics.get(lines[0].metric).title if lines else "",
        folds=tuple(_fold_line(line) for line in lines[-MAX_FOLDS:]),
        folds_before=max(len(lines) - MAX_FOLDS, 0),
        poll_seconds=poll_seconds(age),
        search=search_under_way(job.progress.search) if job.running else None,
        contest=contest.live(job.progress.contest) if job.running else None,
    )


def judged_before_end(progress: JobProgress) -> tuple[str, tuple[FoldLine, ...]]:
    """Return the metric and the last folds that were judged before an experiment ended without a result."""
    lines = progress.folds
    return (metrics.get(lines[0].metric).title if lines else ""), tuple(_fold_line(line) for line in lines[-MAX_FOLDS:])


def _job_message(job: JobFacts) -> str:
    if job.stopping:
        return "Stopping after the current fit."
    if not job.running:
        return f"{job.reason} {_retry_words(job)}" if job.reason else "Waiting for a worker."
    return f"{job.progress.message or 'Starting'}."


def _retry_words(job: JobFacts) -> str:
    if job.seconds_to_wait <= 0:
        return "It starts again as soon as a worker is free."
    return f"It is tried again in {seconds_words(job.seconds_to_wait)}."


def seconds_words(seconds: float) -> str:
    """Write a length of time that need not be exact."""
    if seconds < 120:
        return f"{max(seconds, 1):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def range_words(low: float, high: float) -> str:
    """Write a range of time, its unit once where both ends share it."""
    first, last = seconds_words(low), seconds_words(high)
    if first == last:
        return first
    return f"{first.split()[0]} to {last}" if first.split()[1] == last.split()[1] else f"{first} to {last}"


def _time_words(job: JobFacts, *, gone: float, fraction: float | None, estimate: dict[str, Any] | None) -> str:
    past = f"{seconds_words(gone)} elapsed" if job.running else f"Waiting for {seconds_words(gone)}"
    if job.running and fraction is not None and 0.05 <= fraction < 1:
        return f"{past}, about {seconds_words(gone * (1 - fraction) / fraction)} left."
    if estimate:
        words = range_words(estimate["seconds_low"], estimate["seconds_high"])
        if estimate.get("processes", 1) > 1:
            return f"{past}; estimated {words}."
        return f"{past}; estimated {words} of processor time."
    return f"{past}."


def _fold_line(line: FoldScore) -> FoldLine:
    metric, score, baseline = metrics.get(line.metric), line.score, line.baseline
    return FoldLine(
        fold=line.fold.capitalize(),
        score=format_number(score, 3) or "not defined",
        baseline=format_number(baseline, 3) or "not defined",
        baseline_title=line.baseline_title,
        beats=score is not None and baseline is not None and metric.better(score, baseline),
        train_rows=f"{line.train_rows:,}",
        judged_rows=f"{line.validation_rows:,}",
    )
