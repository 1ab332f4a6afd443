"""The help page: terms, metrics, file formats and limits."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import ClassVar

from flask import Blueprint, Response

from app.domain.training.validation import baselines, metrics, splitting
from app.services.context import current_settings
from app.web.hypermedia import ViewContext, render_view

blueprint = Blueprint("help", __name__)


@dataclass(frozen=True, kw_only=True)
class HelpContext(ViewContext):
    """The help; each limit is its name, what it says and its value."""

    page_name: ClassVar[str] = "pages/help.html"
    metrics: tuple[metrics.Metric, ...]
    strategies: tuple[splitting.StrategyEntry, ...]
    baselines: tuple[baselines.BaselineEntry, ...]
    limit_values: list[tuple[str, str, int]]


@blueprint.get("/help")
def show() -> Response:
    """Show the help."""
    limits = current_settings().limits
    context = HelpContext(
        metrics=metrics.METRICS,
        strategies=splitting.STRATEGIES,
        baselines=baselines.BASELINES,
        limit_values=[(field.name, field.metadata["says"], getattr(limits, field.name)) for field in fields(limits)],
    )
    return render_view(context)
