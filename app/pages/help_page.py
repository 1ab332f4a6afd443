"""What the words mean, how metrics are computed, what files can be read."""

from __future__ import annotations

from dataclasses import fields

from flask import Blueprint, Response

from app.domain.training.validation import baselines, metrics, splitting
from app.services.context import current_settings
from app.web.hypermedia import render

blueprint = Blueprint("help", __name__)


@blueprint.get("/help")
def show() -> Response:
    """Show the help."""
    limits = current_settings().limits
    rivals = (baselines.PERSISTENCE, baselines.DAY_OF_YEAR, baselines.MEAN, baselines.MAJORITY)
    return render(
        "pages/help.html",
        metrics=metrics.METRICS,
        strategies=splitting.STRATEGIES,
        baselines=rivals,
        limit_values=[(one.name, one.metadata["says"], getattr(limits, one.name)) for one in fields(limits)],
    )
