"""Pages of one experiment: progress, result, name and notes, and downloads."""

from __future__ import annotations

import json
import re
import uuid
from typing import Any

from flask import Blueprint, Response, request, send_file, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.domain.errors import DomainError
from app.domain.training.report.outcome import JobProgress
from app.domain.vocabulary import RunState
from app.pages.experiment_contexts import ExperimentContext, ExperimentWordsContext, ProgressContext
from app.services import contests, experiments
from app.services.drafts import reruns
from app.services.experiment_templates.using import origin_of_experiment
from app.storage import jobs
from app.storage.db import now
from app.storage.tables import Experiment
from app.web.charts import expected, facts, listing, result_page, waiting
from app.web.hypermedia import leave_for, render_view, see_other, wants_fragment
from app.web.sessions import current_user

blueprint = Blueprint("experiments", __name__, url_prefix="/experiments")
MAX_CHANGES = 300
CHIPS = {
    RunState.QUEUED: ("", "Queued"),
    RunState.RUNNING: ("info", "Running"),
    RunState.FINISHED: ("success", "✓ Finished"),
    RunState.FAILED: ("danger", "! Failed"),
    RunState.CANCELLED: ("", "Cancelled"),
}


@blueprint.get("/<uuid:experiment_id>")
def show(experiment_id: uuid.UUID) -> Response:
    """Show it, whatever its state."""
    return render_view(_experiment_context(experiments.get_experiment(current_user(), experiment_id)))


def _experiment_context(experiment: Experiment) -> ExperimentContext:
    state, spec = RunState(experiment.state), experiments.spec_of(experiment)
    report = experiments.report_of(experiment)
    title, estimator = facts.model_title(spec, report), facts.winning_estimator(spec, report)
    lines, rest = listing.first_lines(experiments.config_of(experiment))
    changes = facts.answer_history(experiment.config_changes)
    return ExperimentContext(
        experiment=experiment,
        address=_experiment_address(experiment),
        chip=CHIPS[state],
        lead=facts.lead_sentence(spec, report),
        waiting=None if state.is_final else _experiment_progress(experiment),
        expected=expected.build(experiment.estimate, experiment.actual),
        waited=expected.format_waiting(experiment.created_at, experiment.finished_at),
        has_data=reruns.dataset_of(current_user(), experiment) is not None,
        judged=_judged_folds(experiment),
        report=report,
        board=result_page.build_result_page(report, model_title=title, estimator=estimator) if report else None,
        facts=facts.facts(spec),
        dataset_name=experiments.dataset_name(experiment),
        origin=origin_of_experiment(current_user(), experiment),
        listing=lines,
        listing_rest=rest,
        history=changes[:MAX_CHANGES],
        history_rest=max(len(changes) - MAX_CHANGES, 0),
    )


def _experiment_address(experiment: Experiment) -> str:
    return url_for("experiments.show", experiment_id=experiment.id)


def _experiment_progress(experiment: Experiment) -> waiting.ExperimentProgress:
    job = experiments.job_of(experiment)
    running, moment = job is not None and job.state == RunState.RUNNING.value, now()
    known = waiting.JobFacts(
        progress=JobProgress.from_json(job.progress) if job else JobProgress(),
        created_at=experiment.created_at,
        started_at=job.started_at if job and running else None,
        running=running,
        stopping=job is not None and job.cancel_requested_at is not None,
        ahead=jobs.count_ahead(job) if job and not running else 0,
        reason=job.error or "" if job and not running else "",
        seconds_to_wait=(job.not_before - moment).total_seconds() if job and job.not_before else 0.0,
    )
    return waiting.build(known, estimate=experiment.estimate, now=moment)


def _judged_folds(experiment: Experiment) -> tuple[str, tuple[waiting.FoldLine, ...]]:
    """Return metric and folds that were judged, for one that ended without a result."""
    job = experiments.job_of(experiment)
    return waiting.judged_before_end(JobProgress.from_json(job.progress)) if job is not None else ("", ())


@blueprint.get("/<uuid:experiment_id>/progress")
def progress(experiment_id: uuid.UUID) -> BaseResponse:
    """Show the progress of an experiment; once it has ended, send the browser to the result."""
    experiment = experiments.get_experiment(current_user(), experiment_id)
    if RunState(experiment.state).is_final or not wants_fragment():
        return leave_for(_experiment_address(experiment))
    chip = CHIPS[RunState(experiment.state)]
    return render_view(
        ProgressContext(address=_experiment_address(experiment), waiting=_experiment_progress(experiment), chip=chip)
    )


@blueprint.post("/<uuid:experiment_id>/cancel")
def cancel(experiment_id: uuid.UUID) -> BaseResponse:
    """Stop it."""
    return see_other(_experiment_address(experiments.cancel(current_user(), experiment_id)))


@blueprint.post("/<uuid:experiment_id>/run-again")
def run_again(experiment_id: uuid.UUID) -> BaseResponse:
    """Start a draft with the answers of this experiment, and show all of them."""
    row = reruns.start_again(current_user(), experiment_id)
    return see_other(url_for("review.show", draft_id=row.id))


@blueprint.post("/<uuid:experiment_id>/keep-best")
def keep_best(experiment_id: uuid.UUID) -> BaseResponse:
    """End the search early, keep the best so far and go on to judge it."""
    return see_other(_experiment_address(experiments.keep_best(current_user(), experiment_id)))


@blueprint.post("/<uuid:experiment_id>/end-candidate")
def end_candidate(experiment_id: uuid.UUID) -> BaseResponse:
    """End one candidate of a contest; the others go on."""
    key = request.form.get("candidate", "")
    return see_other(_experiment_address(contests.end_candidate(current_user(), experiment_id, key)))


@blueprint.post("/<uuid:experiment_id>/finish-early")
def finish_early(experiment_id: uuid.UUID) -> BaseResponse:
    """Finish a contest with its best candidate so far."""
    return see_other(_experiment_address(contests.finish_early(current_user(), experiment_id)))


@blueprint.post("/<uuid:experiment_id>/continue-candidate")
def continue_candidate(experiment_id: uuid.UUID) -> BaseResponse:
    """Start a draft with one candidate of a contest as its only estimator, and show all of it."""
    row = reruns.start_with_candidate(current_user(), experiment_id, request.form.get("candidate", ""))
    return see_other(url_for("review.show", draft_id=row.id))


def _edit_page(experiment: Experiment, *, values: dict[str, str], fault: DomainError | None = None) -> Response:
    context = ExperimentWordsContext(
        experiment=experiment,
        address=_experiment_address(experiment),
        values=values,
        page_problems=(fault,) if fault else (),
    )
    return render_view(context, status=fault.status if fault else 200)


@blueprint.get("/<uuid:experiment_id>/edit")
def edit(experiment_id: uuid.UUID) -> Response:
    """Offer name, description, tags and notes for change."""
    experiment = experiments.get_experiment(current_user(), experiment_id)
    values = {name: getattr(experiment, name) for name in ("name", "description", "notes")}
    return _edit_page(experiment, values={**values, "tags": ", ".join(experiment.tags)})


@blueprint.post("/<uuid:experiment_id>/edit")
def save_words(experiment_id: uuid.UUID) -> BaseResponse:
    """Store them."""
    user = current_user()
    experiment = experiments.get_experiment(user, experiment_id)
    values = {
        name: request.form.get(name, "").replace("\r\n", "\n") for name in ("name", "description", "tags", "notes")
    }
    try:
        experiments.update_words(user, experiment_id, **values)
    except DomainError as fault:
        return _edit_page(experiment, values=values, fault=fault)
    return see_other(_experiment_address(experiment))


def _file_name(experiment: Experiment, ending: str) -> str:
    """Return a name that every system takes, whatever the experiment is called."""
    words = re.sub(r"[^a-z0-9]+", "-", experiment.name.lower()).strip("-")[:60].rstrip("-")
    return f"{words or 'experiment'}-{str(experiment.id)[:8]}-{ending}"


@blueprint.get("/<uuid:experiment_id>/predictions.csv")
def predictions(experiment_id: uuid.UUID) -> Response:
    """Hand out every judged row."""
    experiment = experiments.get_experiment(current_user(), experiment_id)
    path = experiments.predictions_file(experiment)
    name = _file_name(experiment, "predictions.csv")
    experiments.record_export(current_user(), experiment, "predictions")
    return send_file(path, mimetype="text/csv", as_attachment=True, download_name=name)


@blueprint.get("/<uuid:experiment_id>/config.json")
def config(experiment_id: uuid.UUID) -> Response:
    """Hand out the config."""
    experiment = experiments.get_experiment(current_user(), experiment_id)
    values: dict[str, Any] = experiments.exported_config_of(experiment)
    experiments.record_export(current_user(), experiment, "config")
    response = Response(json.dumps(values, indent=2, ensure_ascii=False) + "\n", mimetype="application/json")
    response.headers.set("Content-Disposition", "attachment", filename=_file_name(experiment, "config.json"))
    return response
