"""API endpoint for recommended estimators: by rules at once, by short fits as they finish."""

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


def _as_list(answer: Any) -> Any:
    """Return a name that the query holds once as a list of one."""
    return [answer] if isinstance(answer, str) else answer


class RecommendationsRequest(BaseModel):
    """For which dataset, target and features; `evidence=measured` asks to be told when the short fits are done."""

    model_config = ConfigDict(extra="forbid")

    dataset_id: uuid.UUID
    target: str | None = None
    features: Annotated[list[str], BeforeValidator(_as_list), Field(max_length=10_000)] = []
    goal: Literal["accuracy", "speed", "explanation"] = "accuracy"
    evidence: Literal["any", "measured"] = "any"


@blueprint.get("/model-recommendations/")
def show() -> Response:
    """Rank the estimators; the short fits begin with the first question and go on by themselves."""
    request = body_of(RecommendationsRequest)
    dataset = datasets.get_dataset(current_user(), request.dataset_id)
    result = recommendations.recommend_for(dataset, target=request.target, features=request.features)
    if request.evidence == "measured" and result.busy and result.job_id is not None:
        return accepted_response(jobs.get_job(current_user(), result.job_id))
    answer: dict[str, Any] = recommendations.recommendations_json(recommendations.sort_by_goal(result, request.goal))
    answer["job"] = f"/api/jobs/{result.job_id}/" if result.busy else None
    return jsonify(answer)
