"""API endpoint that describes a dataset and, where one is named, its target."""

from __future__ import annotations

import uuid

from flask import Blueprint, Response, jsonify
from pydantic import BaseModel, ConfigDict, Field

from app.services.datasets.descriptions import describe_dataset
from app.web.jsonapi import accepted_response, body_of
from app.web.sessions import current_user

blueprint = Blueprint("api_analysis", __name__, url_prefix="/api/experiments/wizard")


class DescriptionRequest(BaseModel):
    """Which dataset is to be described, and what is to be estimated."""

    model_config = ConfigDict(extra="forbid")

    dataset_id: uuid.UUID
    target: str | None = Field(default=None, max_length=1000)


@blueprint.post("/dataset-analysis/")
def describe() -> Response:
    """Describe a dataset; while its file is read or its columns are measured, say which job to wait for."""
    request = body_of(DescriptionRequest)
    description = describe_dataset(current_user(), request.dataset_id, target=request.target)
    if description.job is not None:
        return accepted_response(description.job, dataset_id=str(request.dataset_id), state=description.dataset.state)
    more = {
        "dataset_id": str(request.dataset_id),
        "cached": description.cached,
        "elapsed_ms": round(description.elapsed_ms, 2),
    }
    return jsonify({**(description.values or {}), **more})
