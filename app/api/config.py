"""API endpoint that validates a config without launching it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, jsonify, request

from app.domain.errors import FieldFault, InvalidBodyError
from app.domain.problems import Problem
from app.services.drafts import configs
from app.web.json_input import parse_json
from app.web.jsonapi import allow_config, json_fault
from app.web.sessions import current_user

blueprint = Blueprint("api_config", __name__, url_prefix="/api/experiments/wizard")


def problem_json(problem: Problem) -> dict[str, Any]:
    """Return a problem as programs see it.

    The changes of a remedy are step -> field -> value of the wizard, where null takes an answer back; the patch is a
    merge patch (RFC 7396) of the config that was sent.
    """
    remedy = problem.remedy
    return {
        "step": problem.step,
        "field": problem.field,
        "severity": problem.severity.value,
        "code": problem.code,
        "message": problem.message,
        "remedy": None if remedy is None else asdict(remedy),
    }


def _sent_config() -> Mapping[str, Any]:
    """Return the config that was sent: the body, or `?config=` of a GET."""
    allow_config()
    raw = request.args.get("config", "") if request.method == "GET" else request.get_data()
    try:
        config = parse_json(raw)
    except ValueError as fault:
        raise InvalidBodyError((json_fault("config", fault),)) from None
    if not isinstance(config, dict):
        raise InvalidBodyError((FieldFault("config", "model_type", "This must be an object."),))
    return config


@blueprint.route("/validate-config/", methods=["GET", "POST"])
def validate() -> Response:
    """Return whether a config could be launched, what is wrong with it, and what it would take."""
    verdict = configs.validate(current_user(), _sent_config())
    return jsonify(
        {
            "valid": verdict.valid,
            "problems": [problem_json(problem) for problem in verdict.problems],
            "estimate": None if verdict.estimate is None else asdict(verdict.estimate),
        }
    )
