"""The administration page of usage figures, from the product's own events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import ClassVar
from urllib.parse import urlencode

from flask import Blueprint, Response, request, stream_with_context

from app.domain.errors import DomainError
from app.domain.usage.figures import PEOPLE
from app.services.usage import reporting
from app.services.usage.reporting import UsageQuery, UsageReport
from app.storage.db import now
from app.web.charts.usage import DaysChart, FunnelChart, draw_days, draw_funnel
from app.web.hypermedia import ViewContext, render_view
from app.web.sessions import current_user

blueprint = Blueprint("analytics", __name__, url_prefix="/admin/analytics")


@dataclass(frozen=True, kw_only=True)
class AnalyticsContext(ViewContext):
    """The figures of a period; without a report the period could not be read."""

    page_name: ClassVar[str] = "pages/analytics.html"
    search: UsageQuery
    people: Sequence[str]
    report: UsageReport | None
    days: DaysChart | None
    funnel: FunnelChart | None
    is_recorded: bool
    query: str
    page_problems: Sequence[DomainError]


def _posted_query() -> UsageQuery:
    if not request.args:
        return reporting.default_query()
    values = {name: request.args.get(name, "")[:40] for name in ("since", "until")}
    return UsageQuery(**values, people=request.args.get("people", PEOPLE[0])[:40])


@blueprint.get("")
def show() -> Response:
    """Show the figures of a period."""
    search, faults = _posted_query(), list[DomainError]()
    report: UsageReport | None = None
    try:
        report = reporting.report(search)
    except DomainError as fault:
        faults.append(fault)
    figures = None if report is None else report.figures
    context = AnalyticsContext(
        search=search,
        people=PEOPLE,
        report=report,
        days=None if figures is None else draw_days(figures.days),
        funnel=None if figures is None else draw_funnel(figures.steps, started=figures.started),
        is_recorded=reporting.is_recorded(),
        query=urlencode(asdict(search)),
        page_problems=faults,
    )
    return render_view(context, status=faults[0].status if faults else 200)


@blueprint.get("/export.csv")
def export() -> Response:
    """Hand out every figure of a period as CSV."""
    pieces = reporting.export_figures(current_user(), _posted_query())
    response = Response(stream_with_context(pieces), mimetype="text/csv")
    response.headers.set("Content-Disposition", "attachment", filename=f"usage-{now():%Y-%m-%d}.csv")
    return response
