"""API endpoints that measure correlations between columns and rank columns by their importance to a target."""

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
    request = body_of(CorrelationsRequest)
    dataset = datasets.get_dataset(current_user(), request.dataset_id)
    state = correlations.start(dataset, columns=request.columns, method=request.method)
    if not state.complete and state.job_id is not None:
        return accepted_response(jobs.get_job(current_user(), state.job_id))
    return jsonify(correlations.matrix_json(state))


@blueprint.post("/feature-importance/")
def rank() -> Response:
    """Rank columns, or say how far the ranking is."""
    request = body_of(ImportanceRequest)
    dataset = datasets.get_dataset(current_user(), request.dataset_id)
    rankings.refuse_unknown(dataset, target=request.target, columns=request.columns)
    state = rankings.ranking_for(dataset, request.target, columns=request.columns)
    if state.state in ("queued", "running") and state.job_id is not None:
        return accepted_response(jobs.get_job(current_user(), state.job_id))
    if state.state in ("failed", "cancelled"):
        raise DomainError(state.reason or "The ranking was stopped.", code="ranking_stopped")
    return jsonify(rankings.ranking_json(state))
