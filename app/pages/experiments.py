"""One experiment."""

from __future__ import annotations

import uuid

from flask import Blueprint, Response

from app.web.hypermedia import render

blueprint = Blueprint("experiments", __name__, url_prefix="/experiments")


@blueprint.get("/<uuid:experiment_id>")
def show(experiment_id: uuid.UUID) -> Response:
    """Show it."""
    return render("errors/fault.html", title="x", message=str(experiment_id), status=200)
