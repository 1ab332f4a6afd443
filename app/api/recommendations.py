"""Recommendations over the API: the first list at once, and what short fits say as it comes."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Literal

from flask import Blueprint, Response, jsonify
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from app.services.datasets import datasets
from app.services.jobs import jobs
from app.services.measurements import recommendations
from app.web.jsonapi import accepted_response, body_of
from app.web.sessions import current_user

blueprint = Blueprint("api_recommendations", __name__, url_prefix="/api/experiments/wizard")


def _listed(said: Any) -> Any:
    """Return a name that the query holds once as a list of one."""
    return [said] if isinstance(said, str) else said


class RecommendationsRequest(BaseModel):
    """For which dataset, target and features; `evidence=measured` asks to be told when the short fits are done."""

    model_config = ConfigDict(extra="forbid")

    dataset_id: uuid.UUID
    target: str | None = None
    features: Annotated[list[str], BeforeValidator(_listed), Field(max_length=10_000)] = []
    goal: Literal["accuracy", "speed", "explanation"] = "accuracy"
    evidence: Literal["any", "measured"] = "any"


@blueprint.get("/model-recommendations/")
def show() -> Response:
    """Rank the estimators; the short fits begin with the first question and go on by themselves."""
    asked = body_of(RecommendationsRequest)
    dataset = datasets.get_dataset(current_user(), asked.dataset_id)
    found = recommendations.recommend_for(dataset, target=asked.target, features=asked.features)
    if asked.evidence == "measured" and found.busy and found.job_id is not None:
        return accepted_response(jobs.get_job(current_user(), found.job_id))
    answer: dict[str, Any] = recommendations.as_json(recommendations.by_goal(found, asked.goal))
    answer["job"] = f"/api/jobs/{found.job_id}/" if found.busy else None
    return jsonify(answer)
