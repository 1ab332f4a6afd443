"""API endpoints for background jobs: progress and cancellation."""

from __future__ import annotations

import uuid

from flask import Blueprint, Response, jsonify

from app.services.jobs import jobs
from app.web.jsonapi import job_json
from app.web.sessions import current_user

blueprint = Blueprint("api_jobs", __name__, url_prefix="/api/jobs")


def _job_response(job_id: uuid.UUID) -> Response:
    current_values = job_json(jobs.get_job(current_user(), job_id))
    # As an answer of its own a job stands both by itself and under the name it has in every other answer.
    return jsonify({**current_values, "job": current_values})


@blueprint.get("/<uuid:job_id>/")
def show(job_id: uuid.UUID) -> Response:
    """Say how far a job is, and what has come so far."""
    return _job_response(job_id)


@blueprint.post("/<uuid:job_id>/cancel/")
def cancel(job_id: uuid.UUID) -> Response:
    """Stop a job."""
    jobs.cancel(current_user(), job_id)
    return _job_response(job_id)
