"""Choosing features over the API: how columns go together, and what each tells about the target."""

from __future__ import annotations

import uuid

from flask import Blueprint, Response, jsonify
from pydantic import BaseModel, ConfigDict

from app.domain.analysis.associations.correlation import Method
from app.domain.errors import DomainError
from app.services.datasets import datasets
from app.services.jobs import jobs
from app.services.measurements import correlations, rankings
from app.web.jsonapi import accepted_response, body_of
from app.web.sessions import current_user

blueprint = Blueprint("api_features", __name__, url_prefix="/api/experiments/wizard")
FORBID = ConfigDict(extra="forbid")


class CorrelationsRequest(BaseModel):
    """Which columns are to be set against each other, and how."""

    model_config = FORBID

    dataset_id: uuid.UUID
    columns: list[str] | None = None
    method: Method = Method.AUTO


class ImportanceRequest(BaseModel):
    """Which columns are to be ranked for which target."""

    model_config = FORBID

    dataset_id: uuid.UUID
    target: str
    columns: list[str] | None = None


@blueprint.post("/correlations/")
def correlate() -> Response:
    """Measure a matrix, or say how far the measuring is."""
    asked = body_of(CorrelationsRequest)
    dataset = datasets.get_dataset(current_user(), asked.dataset_id)
    state = correlations.start(dataset, columns=asked.columns, method=asked.method)
    if not state.complete and state.job_id is not None:
        return accepted_response(jobs.get_job(current_user(), state.job_id))
    return jsonify(correlations.as_json(state))


@blueprint.post("/feature-importance/")
def rank() -> Response:
    """Rank columns, or say how far the ranking is."""
    asked = body_of(ImportanceRequest)
    dataset = datasets.get_dataset(current_user(), asked.dataset_id)
    rankings.refuse_unknown(dataset, target=asked.target, columns=asked.columns)
    state = rankings.ranking_for(dataset, asked.target, columns=asked.columns)
    if state.state in ("queued", "running") and state.job_id is not None:
        return accepted_response(jobs.get_job(current_user(), state.job_id))
    if state.state in ("failed", "cancelled"):
        raise DomainError(state.reason or "The ranking was stopped.", code="ranking_stopped")
    return jsonify(rankings.as_json(state))
