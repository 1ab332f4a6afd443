"""The training job: read rows, train, and store the result in one fenced transaction."""

from __future__ import annotations

import functools
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from app.domain.analysis.profiling.profile import DatasetProfile
from app.domain.checks.about_resolved import DIFFERS
from app.domain.contest.executor import ContestMeans
from app.domain.errors import DomainError, TrainingError
from app.domain.estimation.contest import processes_for
from app.domain.experiment import Spec, is_contest
from app.domain.json_values import to_json
from app.domain.training.preprocessing.preparation import columns_read
from app.domain.training.report.clock import Clock
from app.domain.training.report.document import LaunchWarning, Report
from app.domain.training.report.outcome import MostTrials, OnProgress, ShouldStop, TrainingResult
from app.domain.training.resolved.differences import fitted_differences, unfitted_differences
from app.domain.usage.events import UsageKind
from app.domain.vocabulary import RunState, Severity
from app.services.context import current_settings
from app.services.datasets import datasets
from app.services.experiments import PREDICTIONS, RESOLVED, csv_lines, open_questions_of, spec_of
from app.services.jobs import life_cycle
from app.services.measurements import estimates
from app.services.usage.recording import count_event
from app.storage import columnar, experiments, files
from app.storage import datasets as dataset_rows
from app.storage.db import now
from app.storage.process_memory import forget_peak, peak_memory_mb
from app.storage.tables import Experiment

if TYPE_CHECKING:
    import pandas as pd

T = TypeVar("T")
# What the config says that was worked out, None where it says nothing.
Given = Mapping[str, Any] | None


class Store(Protocol):
    """Do something that stores, as often as it takes."""

    def __call__(self, act: Callable[[], T], /) -> T:
        """Do it."""


def store_once(act: Callable[[], T], /) -> T:
    """Do it once, for callers that wait for nothing."""
    return act()


@dataclass(frozen=True)
class EndedTraining:
    """A training that came to its end, and what it took."""

    spec: Spec
    profile: DatasetProfile
    result: TrainingResult
    usage: estimates.ResourceUsage


def run(
    experiment_id: uuid.UUID,
    *,
    job_id: uuid.UUID,
    attempt: int,
    on_progress: OnProgress,
    should_stop: ShouldStop,
    most_trials: MostTrials = lambda: None,
    store: Store = store_once,
    means: ContestMeans | None = None,
) -> bool:
    """Train an experiment and store its result; False when the job was given to somebody else meanwhile."""
    from app.domain.training.run import load_libraries, train

    forget_peak()
    clock = Clock()
    load_libraries()
    idle_mb = peak_memory_mb()
    spec, profile, frame, given = _read_inputs(experiment_id)
    _refuse_differences(given, spec, frame, profile)
    start_seconds = clock.total_work()
    means = _means_for(spec, profile, means or ContestMeans())
    result = train(
        spec,
        frame,
        profile,
        on_progress=on_progress,
        should_stop=should_stop,
        most_trials=most_trials,
        peak_memory_mb=lambda: _peak_of(means),
        means=means,
    )
    result = replace(result, report=_note_differences(result.report, given))
    folder = store(lambda: _write(experiment_id, attempt, result))
    most_mb = max(_peak_of(means), idle_mb)
    one_mb = most_mb - means.executor.grown_mb * (1 - 1 / means.executor.processes)
    usage = estimates.ResourceUsage(clock.total(), clock.total_work(), start_seconds, most_mb, idle_mb, one_mb)
    ended = EndedTraining(spec, profile, result, usage)
    put_result = functools.partial(_store, experiment_id, attempt=attempt, ended=ended)
    return _finish(job_id, attempt, put_result, folder=folder, store=store)


def _peak_of(means: ContestMeans) -> float:
    """Return the most memory that this process and those of the contest took, in MB."""
    return peak_memory_mb() + means.executor.grown_mb


def _finish(job_id: uuid.UUID, attempt: int, put_result: Callable[[], bool], *, folder: Path, store: Store) -> bool:
    """End the job with its result; where somebody else has the job by now, take the files away."""
    is_stored = store(lambda: life_cycle.finish_job(job_id, attempt=attempt, store=put_result))
    if not is_stored:
        files.remove_folder(folder)
    return is_stored


def _means_for(spec: Spec, profile: DatasetProfile, means: ContestMeans) -> ContestMeans:
    """Return the means with as many processes as a launch may have."""
    return means.with_processes(processes_for(spec, profile, estimates.learned_machine()))


def _refuse_differences(given: Given, spec: Spec, frame: pd.DataFrame, profile: DatasetProfile) -> None:
    """Refuse to train where the config says that something is worked out which is worked out otherwise."""
    if given is None:
        return
    from app.domain.training.resolved.build import resolve_unfitted

    for difference in unfitted_differences(given, resolve_unfitted(spec, frame, profile, given=given).to_json()):
        raise TrainingError(f"{difference.sentence} Launch it without `resolved`.", code=DIFFERS)


def _note_differences(report: Report, given: Given) -> Report:
    """Add to the notes where columns were chosen or settings found that are not those given."""
    if given is None:
        return report
    notes = tuple(difference.sentence for difference in fitted_differences(given, report.resolved or {}))
    return replace(report, notes=(*report.notes, *notes))


def _read_inputs(experiment_id: uuid.UUID) -> tuple[Spec, DatasetProfile, pd.DataFrame, Given]:
    row = experiments.find_experiment(experiment_id)
    if row is None:
        raise DomainError("The experiment is gone.", code="experiment_gone")
    dataset = dataset_rows.find_dataset(row.dataset_id)
    profile = datasets.profile_of(dataset) if dataset is not None else None
    if dataset is None or profile is None:
        raise DomainError("The dataset of this experiment is gone.", code="dataset_gone")
    spec = spec_of(row)
    path = datasets.sound_rows_of(dataset, fresh=True)
    return spec, profile, columnar.read_frame(path, profile, columns_read(spec, profile)), row.config.get(RESOLVED)


def _write(experiment_id: uuid.UUID, attempt: int, result: TrainingResult) -> Path:
    target = files.experiment_dir(current_settings().data, experiment_id) / f"attempt-{attempt}"
    aside = target.with_name(f"{target.name}.{uuid.uuid4().hex}.part")
    table = result.predictions
    rows = table.itertuples(index=False, name=None)
    try:
        aside.mkdir(parents=True, mode=0o700)
        with (aside / PREDICTIONS).open("w", encoding="utf-8", newline="") as handle:
            handle.writelines(csv_lines([str(name) for name in table.columns], rows))
        files.publish_folder(aside, target)
    except OSError:
        # On a full disk, half a file would take the room that the next try needs.
        files.remove_folder(aside)
        raise
    return target


def _store(experiment_id: uuid.UUID, *, attempt: int, ended: EndedTraining) -> bool:
    """Give an experiment its result, in the transaction that finishes its job; False where it is gone."""
    row = experiments.find_experiment(experiment_id)
    if row is None:
        return False
    _fill(row, attempt=attempt, report=ended.result.report)
    count_event(UsageKind.FINISHED, person_id=row.owner_id, draft_id=row.draft_id, experiment_id=row.id)
    row.actual = ended.usage.actual()
    work = ended.result.report.timing.work
    if is_contest(ended.spec):
        estimates.learn_contest(experiment_id, ended.spec, ended.profile, ended.result.report.contest)
    else:
        estimates.record_usage(experiment_id, ended.spec, ended.profile, work=work, usage=ended.usage)
    return True


def _fill(row: Experiment, *, attempt: int, report: Report) -> None:
    row.state, row.finished_at, row.artefacts = RunState.FINISHED.value, now(), f"attempt-{attempt}"
    questions = open_questions_of(row)
    warnings = tuple(
        LaunchWarning(step=question.step, code=question.code, message=question.message)
        for question in questions
        if question.severity == Severity.WARNING
    )
    row.report = replace(report, warnings=warnings, open_questions=questions).to_json()
    row.scores = {metric: to_json(scores) for metric, scores in report.scores.items()}
    row.headline, row.environment = report.headline.to_json(), to_json(report.environment)
    row.failure_code = row.failure = None
