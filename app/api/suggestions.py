"""API endpoint that returns a complete config in which every suggestion is accepted."""

from __future__ import annotations

import math
import uuid
from typing import Annotated, Any

from flask import Blueprint, Response, jsonify
from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, field_validator
from pydantic_core import PydanticCustomError

from app.api.config import problem_json
from app.domain.experiment import MAX_HORIZON
from app.domain.vocabulary import Purpose
from app.services.drafts.suggested_configs import SuggestionRequest, suggest_config
from app.web.jsonapi import accepted_response, body_of
from app.web.sessions import current_user

blueprint = Blueprint("api_suggestions", __name__, url_prefix="/api/experiments/wizard")
Name = Annotated[str, Field(max_length=1000)]


class HoldoutRequest(BaseModel):
    """What is held out: a share of the rows (0 for nothing), or all from a date on."""

    model_config = ConfigDict(extra="forbid")

    fraction: float | None = Field(default=None, ge=0, lt=0.9, strict=True)
    from_date: Annotated[str | None, Field(max_length=40, alias="from")] = None
    to_date: Annotated[str | None, Field(max_length=40, alias="to")] = None

    def to_config(self) -> dict[str, Any]:
        """Return it as a config says it."""
        return self.model_dump(by_alias=True, exclude_none=True)


class SuggestionBody(BaseModel):
    """For which dataset a config is suggested, and what of it is asked for."""

    model_config = ConfigDict(extra="forbid")

    dataset_id: uuid.UUID
    target: Annotated[Name | None, Field(min_length=1)] = None
    purpose: Purpose | None = None
    horizon: Annotated[StrictInt | None, Field(ge=1, le=MAX_HORIZON)] = None
    drivers_known_ahead: StrictBool | None = None
    group_column: Name | None = None
    holdout: HoldoutRequest | None = None

    @field_validator("holdout")
    @classmethod
    def _one_way(cls, request: HoldoutRequest | None) -> HoldoutRequest | None:
        """Refuse a share beside a date, and neither of both."""
        if request is not None and (request.fraction is None) == (request.from_date is None):
            raise PydanticCustomError("holdout_unclear", "This must have either a fraction or a date from which")
        if request is not None and request.fraction is not None and not math.isfinite(request.fraction):
            raise PydanticCustomError("finite_number", "This must be a finite number")
        return request


@blueprint.post("/suggest-config/")
def suggest() -> Response:
    """Return the config with every suggestion accepted; while data are read or measured, the job to wait for."""
    body = body_of(SuggestionBody)
    query = {name: getattr(body, name) for name in SuggestionBody.model_fields if name != "holdout"}
    current_values = None if body.holdout is None else body.holdout.to_config()
    config = suggest_config(current_user(), SuggestionRequest(**query, holdout=current_values))
    if config.job is not None:
        return accepted_response(config.job, dataset_id=str(body.dataset_id), state=config.dataset.state)
    problems = [problem_json(problem) for problem in config.problems]
    return jsonify({"config": config.config, "reasons": dict(config.reasons), "problems": problems})
