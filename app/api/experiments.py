"""API endpoints for experiments: launch, state, results, cancel and downloads."""

from __future__ import annotations

import hashlib
import uuid
from typing import Any

from flask import Blueprint, Response, jsonify, request, send_file
from pydantic import BaseModel, ConfigDict, StrictInt, model_validator
from pydantic_core import PydanticCustomError

from app.api.config import problem_json
from app.api.experiment_json import experiment_json, state_json, summary_json
from app.domain.errors import FieldFault, InvalidBodyError, LaunchRefusedError
from app.services import config_launch, contests, experiments
from app.services.idempotency import Answer
from app.services.predictions import list_predictions
from app.storage.tables import Experiment, User
from app.web.errors import error_response
from app.web.jsonapi import allow_config, body_of, idempotent, page_json, read_page_request
from app.web.sessions import current_user

blueprint = Blueprint("api_experiments", __name__, url_prefix="/api/experiments")


class LaunchRequest(BaseModel):
    """What is launched: a config, or a draft of the wizard as it stands (at `version`, where that is said)."""

    model_config = ConfigDict(extra="forbid")

    config: dict[str, Any] | None = None
    draft_id: uuid.UUID | None = None
    version: StrictInt | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> LaunchRequest:
        if (self.config is None) == (self.draft_id is None):
            raise PydanticCustomError("launch_unclear", "Send either a config or a draft_id")
        if self.config is not None and self.version is not None:
            raise PydanticCustomError("launch_unclear", "A version belongs to a draft_id")
        return self


@blueprint.post("/")
def launch() -> Response:
    """Freeze a config or a draft into an experiment, and have it trained."""
    allow_config()
    user, body = current_user(), body_of(LaunchRequest)
    sent = request.headers.get("Idempotency-Key")
    # With the key on the experiment itself, one that was launched just before a crash is not launched again.
    key = f"api:{hashlib.sha256(sent.encode()).hexdigest() if sent else uuid.uuid4().hex}"
    try:
        return idempotent(user, request.get_data(), lambda: _launch_answer(_launch(user, body, key)))
    except LaunchRefusedError as refusal:
        return _refusal_response(refusal)


def _launch(user: User, body: LaunchRequest, key: str) -> Experiment:
    if body.draft_id is not None:
        return config_launch.launch_draft(user, body.draft_id, version=body.version, idempotency_key=key)
    return config_launch.launch_config(user, body.config or {}, idempotency_key=key)


def _launch_answer(row: Experiment) -> Answer:
    job = experiments.job_of(row)
    return Answer(202, state_json(row), location=None if job is None else f"/api/jobs/{job.id}/")


def _refusal_response(refusal: LaunchRefusedError) -> Response:
    """Answer with the faults of every error, and all problems as validate-config tells them."""
    problems = [problem_json(problem) for problem in refusal.problems]
    return error_response(refusal.status, refusal.message, code=refusal.code, faults=refusal.faults, problems=problems)


@blueprint.get("/")
def show_all() -> Response:
    """List the experiments of the account, newest first."""
    page_request = read_page_request()
    rows, total = experiments.list_experiments(current_user(), page=page_request.page, per_page=page_request.per_page)
    return page_json([summary_json(row) for row in rows], page_request, total=total)


@blueprint.get("/<uuid:experiment_id>/")
def show(experiment_id: uuid.UUID) -> Response:
    """Show one experiment, whatever its state."""
    return jsonify(experiment_json(experiments.get_experiment(current_user(), experiment_id)))


@blueprint.post("/<uuid:experiment_id>/cancel/")
def cancel(experiment_id: uuid.UUID) -> Response:
    """Stop it: at once where it waits, at the next chance where it runs; one that has ended stays as it is."""
    return jsonify(experiment_json(experiments.cancel(current_user(), experiment_id)))


@blueprint.post("/<uuid:experiment_id>/candidates/<key>/end/")
def end_candidate(experiment_id: uuid.UUID, key: str) -> Response:
    """End one candidate of a contest that runs; the others go on."""
    return jsonify(experiment_json(contests.end_candidate(current_user(), experiment_id, key)))


@blueprint.post("/<uuid:experiment_id>/finish-early/")
def finish_early(experiment_id: uuid.UUID) -> Response:
    """Finish a contest that runs with its best candidate so far."""
    return jsonify(experiment_json(contests.finish_early(current_user(), experiment_id)))


@blueprint.get("/<uuid:experiment_id>/candidates/<key>/config/")
def candidate_config(experiment_id: uuid.UUID, key: str) -> Response:
    """Return the config in which one candidate of a contest is the only estimator."""
    experiment = experiments.get_experiment(current_user(), experiment_id)
    candidate = contests.config_of_candidate(experiment, key)
    experiments.record_export(current_user(), experiment, f"config of candidate {key}")
    return jsonify(candidate)


@blueprint.get("/<uuid:experiment_id>/config/")
def config(experiment_id: uuid.UUID) -> Response:
    """Return the config, with all that was worked out once it has finished."""
    experiment = experiments.get_experiment(current_user(), experiment_id)
    experiments.record_export(current_user(), experiment, "config")
    return jsonify(experiments.exported_config_of(experiment))


@blueprint.get("/<uuid:experiment_id>/predictions/")
def predictions(experiment_id: uuid.UUID) -> Response:
    """Return every judged row: a page as JSON, or all of them as CSV where that is asked for."""
    experiment = experiments.get_experiment(current_user(), experiment_id)
    if _wants_csv():
        experiments.record_export(current_user(), experiment, "predictions")
        return send_file(experiments.predictions_file(experiment), mimetype="text/csv")
    page_request = read_page_request()
    classes = experiments.spec_of(experiment).task.kind.is_classification
    rows, total = list_predictions(experiment, classes=classes, limit=page_request.per_page, offset=page_request.offset)
    return page_json(rows, page_request, total=total)


def _wants_csv() -> bool:
    """Return whether CSV is asked for, by `?format=` or else by the header."""
    form = request.args.get("format")
    if form not in (None, "csv", "json"):
        raise InvalidBodyError((FieldFault("format", "literal_error", "This must be csv or json."),))
    best = request.accept_mimetypes.best_match(["application/json", "text/csv"], default="application/json")
    return form == "csv" or (form is None and best == "text/csv")
