"""Health endpoints for monitors: /health/live and /health/ready."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from app.services.system import diagnostics

blueprint = Blueprint("health", __name__, url_prefix="/health")


@blueprint.get("/live")
def live() -> Response:
    """Answer that the process is alive."""
    return jsonify(status="ok")


@blueprint.get("/ready")
def ready() -> tuple[Response, int]:
    """Return whether the parts do, each by its name."""
    is_ready, parts = diagnostics.readiness()
    return jsonify(status="ok" if is_ready else "unready", **parts), 200 if is_ready else 503
