"""Experiments: launch, list, report, cancel, edit the text, and export."""

from __future__ import annotations

import csv
import io
import logging
import math
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy.exc import IntegrityError

from app.domain.audit.acts import AuditAct
from app.domain.checks import about_leaks
from app.domain.checks.schema import BESIDE
from app.domain.errors import (
    ConflictError,
    DamagedFileError,
    DomainError,
    LaunchRefusedError,
    NotFoundError,
)
from app.domain.experiment import NAME_LENGTH, Spec, is_contest
from app.domain.json_values import from_json
from app.domain.problems import Problem
from app.domain.recommendation.plan import Plan
from app.domain.training.report.document import Headline, OpenQuestion, Report
from app.domain.training.report.outcome import JobProgress
from app.domain.usage.events import UsageKind
from app.domain.vocabulary import JobKind, RunState, Severity
from app.services.audit.trail import record, record_alone
from app.services.context import current_settings
from app.services.datasets import datasets
from app.services.drafts import draft_context
from app.services.drafts.draft_context import DraftContext
from app.services.jobs import life_cycle
from app.services.measurements import leakage
from app.services.measurements.leakage import LeakSearch
from app.services.usage.recording import count_event
from app.storage import drafts as draft_rows
from app.storage import experiments, files, integrity, jobs
from app.storage.datasets import find_dataset
from app.storage.db import transaction
from app.storage.experiments import ExperimentSummary
from app.storage.integrity import Soundness
from app.storage.tables import Dataset, Experiment, Job, User

T = TypeVar("T")
log = logging.getLogger(__name__)

PREDICTIONS, RESOLVED = "predictions.csv", "resolved"
MOVED = "The draft changed in another tab. Look at it once more, then launch."
# A cell that begins with one of these is a formula to a spreadsheet.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def launch(user: User, draft_id: uuid.UUID, *, version: int, idempotency_key: str) -> Experiment:
    """Freeze a draft that has this version; see `launch_context`.

    Raises
    ------
    ConflictError
        If another tab changed the draft after the page was shown.
    """
    context = draft_context.load(user, draft_id)
    known = experiments.find_by_key(user.id, idempotency_key)
    if known is not None:
        return known
    if context.version != version:
        raise ConflictError(MOVED, code="draft_moved")
    return launch_context(context, idempotency_key=idempotency_key)


def launch_context(context: DraftContext, *, idempotency_key: str) -> Experiment:
    """Freeze a draft as it was loaded into an experiment, and ask a worker to train it.

    Asking twice gives the same experiment, whether with one key or for one draft.

    Raises
    ------
    LaunchRefusedError
        If the draft has errors.
    ConflictError
        If another tab changed the draft meanwhile.
    TooManyError
        If too many of the user's jobs wait already.
    DamagedFileError
        If the stored rows are not what was stored.
    """
    user, launched_as = context.user, context.row.launched_experiment_id
    if launched_as is not None:
        known = experiments.find_by_key(user.id, idempotency_key)
        return known or experiments.get_experiment(launched_as, owner_id=user.id)
    plan, dataset = context.plan, context.dataset
    if not plan.launchable or plan.spec is None or dataset is None:
        known = experiments.find_by_key(user.id, idempotency_key)
        if known is not None:
            return known
        raise LaunchRefusedError(tuple(plan.problems))
    datasets.sound_rows_of(dataset)
    try:
        with transaction():
            # Looked for where it would be written: what is not there then cannot come in between.
            known = experiments.find_by_key(user.id, idempotency_key)
            return known or _store_experiment(context, spec=plan.spec, dataset=dataset, key=idempotency_key)
    except IntegrityError:
        # Two requests with one key came at the same moment; the other was first.
        known = experiments.find_by_key(user.id, idempotency_key)
        if known is None:
            raise
        return known
    except _FasterError as faster:
        return experiments.get_experiment(faster.experiment_id, owner_id=user.id)


class _FasterError(Exception):
    """Another tab launched the same draft a moment ago."""

    def __init__(self, experiment_id: uuid.UUID) -> None:
        super().__init__()
        self.experiment_id = experiment_id


def _store_experiment(context: DraftContext, *, spec: Spec, dataset: Dataset, key: str) -> Experiment:
    """Make the experiment and its job, in the caller's transaction."""
    current = find_dataset(dataset.id)
    if current is None or current.deleted_at is not None:
        raise ConflictError("The dataset was deleted meanwhile. Choose another one.", code="dataset_gone")
    life_cycle.refuse_if_full(context.user.id)
    experiment = _add(context, spec=spec, dataset=dataset, key=key)
    if not draft_rows.mark_launched(context.id, version=context.version, experiment_id=experiment.id):
        launched_as = draft_rows.get_draft(context.id, owner_id=context.user.id).launched_experiment_id
        if launched_as is not None:
            raise _FasterError(launched_as)
        raise ConflictError(MOVED, code="draft_moved")
    life_cycle.enqueue_job(JobKind.TRAIN, subject_id=experiment.id, owner_id=context.user.id)
    record_launch(context.user, experiment, spec)
    return experiment


def record_launch(user: User, experiment: Experiment, spec: Spec) -> None:
    """Record a launch, with the settings that name no column, in the caller's transaction."""
    draft_id = experiment.draft_id
    after: dict[str, object] = {
        **({"candidates": len(spec.model.candidates)} if is_contest(spec) else {"estimator": spec.model.estimator}),
        "strategy": spec.validation.strategy.value,
        "task": spec.task.kind.value,
        "metric": spec.metrics.primary,
    }
    before = {} if draft_id is None else {"draft_id": str(draft_id)}
    record(AuditAct.LAUNCH, actor=user, subject_id=experiment.id, before=before, after=after)
    count_event(
        UsageKind.LAUNCHED,
        person_id=user.id,
        draft_id=draft_id,
        experiment_id=experiment.id,
        template_id=experiment.template_id,
    )


def record_export(user: User, experiment: Experiment, what: str) -> None:
    """Record that something of an experiment is sent to its owner."""
    record_alone(AuditAct.EXPORT_EXPERIMENT, actor=user, subject_id=experiment.id, part=what)


def _add(context: DraftContext, *, spec: Spec, dataset: Dataset, key: str) -> Experiment:
    row, plan = context.row, context.plan
    history = [
        {"version": event.version, "step": event.step, "at": event.at.isoformat(), "changes": event.changes}
        for event in draft_rows.list_events(row.id)
    ]
    config: dict[str, Any] = {**spec.to_json(), "dataset": {"id": str(dataset.id), "sha256": dataset.sha256 or ""}}
    if row.template_id is not None:
        config["template"] = {"id": str(row.template_id), "version": row.template_version}
    return experiments.add_experiment(
        owner_id=context.user.id,
        dataset_id=dataset.id,
        draft_id=row.id,
        parent_id=row.parent_experiment_id,
        template_id=row.template_id,
        template_version=row.template_version,
        idempotency_key=key[:100],
        name=spec.name,
        description=spec.description,
        tags=list(spec.tags),
        notes=str(plan.values.get("review", {}).get("notes") or "")[:20_000],
        config=config,
        config_changes=history,
        dataset_sha256=dataset.sha256 or "",
        estimate=asdict(plan.estimate) if plan.estimate else None,
        warnings=_open_questions(plan, dataset),
    )


def _open_questions(plan: Plan, dataset: Dataset) -> list[dict[str, str]]:
    """Return the open questions of a draft at its launch."""
    search = leakage.search_for(dataset, plan)
    return open_questions(plan.problems, search=search)


def open_questions(problems: Iterable[Problem], *, search: LeakSearch) -> list[dict[str, str]]:
    """Return the unheeded warnings and the unanswered questions about leaks."""
    results = [
        {"step": problem.step, "code": problem.code, "message": problem.message, "severity": problem.severity.value}
        for problem in problems
        if problem.severity is Severity.WARNING or problem.code in about_leaks.QUESTIONS
    ]
    if search.state != "measured":
        message = f"Leaks had been looked for in {search.measured:,} of {search.columns:,} columns."
        unmeasured = {"step": "features", "code": "leaks_not_measured", "message": message}
        results.append({**unmeasured, "severity": Severity.NOTICE.value})
    return results


def open_questions_of(experiment: Experiment) -> tuple[OpenQuestion, ...]:
    """Return the questions that stood open at the launch; those kept before severities existed are warnings."""
    return tuple(from_json(OpenQuestion, question) for question in experiment.warnings or ())


def get_experiment(user: User, experiment_id: uuid.UUID) -> Experiment:
    """Return the user's experiment, or raise NotFoundError."""
    return experiments.get_experiment(experiment_id, owner_id=user.id)


def list_experiments(user: User, *, page: int, per_page: int = 25) -> tuple[list[ExperimentSummary], int]:
    """Return a page of the user's experiments, newest first, and how many there are."""
    page = max(1, min(page, 1_000_000))
    return experiments.list_experiments(user.id, page=page, per_page=per_page), experiments.count_experiments(user.id)


def count_by_dataset(user: User) -> dict[uuid.UUID, int]:
    """Return how many of the user's experiments stand on each dataset that has any."""
    return experiments.count_by_dataset(user.id)


def job_of(experiment: Experiment) -> Job | None:
    """Return the job that trains it."""
    return jobs.find_job(experiment.id, JobKind.TRAIN)


def report_of(experiment: Experiment) -> Report | None:
    """Return the report of a finished experiment; None where there is none, or none that can be read."""
    if experiment.state != RunState.FINISHED.value:
        return None
    stored = experiments.load_report(experiment.id)
    return _open_artefact(experiment, "report", Report.from_json, stored)


def headline_of(experiment: Experiment | ExperimentSummary) -> Headline | None:
    """Return the headline of a finished experiment; None where there is none, or none that can be read."""
    return _open_artefact(experiment, "headline", Headline.from_json, experiment.headline)


def _open_artefact(
    experiment: Experiment | ExperimentSummary, name: str, read: Callable[[dict[str, Any]], T], stored: Any
) -> T | None:
    try:
        return None if stored is None else read(stored)
    except ValueError:
        # The page says that it cannot be read; why stands in the log alone.
        log.exception("the %s of experiment %s cannot be read", name, experiment.id)
        return None


def spec_of(experiment: Experiment) -> Spec:
    """Return the frozen config."""
    return Spec.model_validate({key: value for key, value in experiment.config.items() if key not in BESIDE})


def dataset_name(experiment: Experiment) -> str:
    """Return the name of the dataset, deleted or not."""
    row = find_dataset(experiment.dataset_id)
    return row.name if row else "a deleted dataset"


def cancel(user: User, experiment_id: uuid.UUID) -> Experiment:
    """Stop an experiment: one that waits at once, one that runs at its next chance."""
    with transaction():
        row = experiments.get_experiment(experiment_id, owner_id=user.id)
        job = jobs.find_job(row.id, JobKind.TRAIN)
        if job is not None and not RunState(row.state).is_final:
            life_cycle.cancel_job(job.id)
            record(AuditAct.CANCEL, actor=user, subject_id=row.id, before={"state": row.state})
    return row


def keep_best(user: User, experiment_id: uuid.UUID) -> Experiment:
    """End the running search at the trials it has reached; those of later folds end there too."""
    with transaction():
        row = experiments.get_experiment(experiment_id, owner_id=user.id)
        job = jobs.find_job(row.id, JobKind.TRAIN)
        search = JobProgress.from_json(job.progress).search if job is not None else None
        if job is not None and search is not None and not RunState(row.state).is_final:
            jobs.limit_trials(job, max(search.done, 1))
    return row


def update_words(
    user: User, experiment_id: uuid.UUID, *, name: str, description: str, tags: str, notes: str
) -> Experiment:
    """Change what may change after the launch: name, description, tags and notes."""
    words = list(dict.fromkeys(word.strip() for word in tags.split(",") if word.strip()))
    if not 1 <= len(name.strip()) <= NAME_LENGTH:
        raise DomainError(f"Give it a name of 1 to {NAME_LENGTH} characters.", code="name_invalid", field="name")
    if len(words) > 20 or any(len(word) > 50 for word in words):
        raise DomainError("Up to 20 tags of 50 characters each.", code="tags_invalid", field="tags")
    if len(description) > 5000:
        raise DomainError("The description may have 5,000 characters.", code="too_long", field="description")
    if len(notes) > 20_000:
        raise DomainError("The notes may have 20,000 characters.", code="too_long", field="notes")
    with transaction():
        row = experiments.get_experiment(experiment_id, owner_id=user.id)
        wanted = {"name": name.strip(), "description": description, "tags": words, "notes": notes}
        changed = [field for field, value in wanted.items() if getattr(row, field) != value]
        row.name, row.description, row.tags, row.notes = name.strip(), description, words, notes
        if changed:
            record(AuditAct.CHANGE_NOTES, actor=user, subject_id=row.id, after={"fields": changed})
    return row


def config_of(experiment: Experiment) -> dict[str, Any]:
    """Return the config as it was launched, under its present name, description and tags."""
    words = {"name": experiment.name, "description": experiment.description, "tags": list(experiment.tags)}
    return {**{key: value for key, value in experiment.config.items() if key != RESOLVED}, **words}


def exported_config_of(experiment: Experiment) -> dict[str, Any]:
    """Return the config with all that was worked out, once the experiment has finished."""
    report = report_of(experiment)
    resolved = None if report is None else report.resolved
    return {**config_of(experiment), **({} if resolved is None else {RESOLVED: resolved})}


def predictions_file(experiment: Experiment) -> Path:
    """Return where the predictions of a finished experiment lie.

    Raises
    ------
    NotFoundError, DamagedFileError
        If there are none, or they are not what was stored.
    """
    folder = files.experiment_dir(current_settings().data, experiment.id) / (experiment.artefacts or "none")
    path = folder / PREDICTIONS
    if experiment.state != RunState.FINISHED.value or not path.exists():
        raise NotFoundError("There are no predictions yet.")
    if integrity.examine(path) is Soundness.DAMAGED:
        message = (
            f"The stored file {PREDICTIONS} of this experiment is damaged. Run the experiment again to have it back."
        )
        raise DamagedFileError(message)
    return path


def safe_cell(value: Any) -> str:
    """Write one cell so that a spreadsheet does not take a text for a formula."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        text = value.isoformat(sep=" ")
        return text.removesuffix(" 00:00:00")
    if isinstance(value, int | float):
        return f"{value:.10g}" if isinstance(value, float) else str(value)
    text = str(value)
    return f"'{text}" if text.startswith(FORMULA) and not _is_number(text) else text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def csv_lines(names: list[str], rows: Iterator[tuple[Any, ...]]) -> Iterator[str]:
    """Yield CSV lines, header first."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow([safe_cell(name) for name in names])
    for row in rows:
        writer.writerow([safe_cell(cell) for cell in row])
        if buffer.tell() > 60_000:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()
