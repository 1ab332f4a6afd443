"""Administration pages for the state of the instance and for single jobs."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import ClassVar

from flask import Blueprint, request, url_for
from werkzeug.wrappers import Response

from app.domain.errors import DomainError
from app.services.context import current_settings
from app.services.system import administration
from app.services.system.administration import JobReport, SystemOverview
from app.web.hypermedia import ViewContext, render_view, see_other
from app.web.sessions import current_user

blueprint = Blueprint("admin", __name__, url_prefix="/admin")


@dataclass(frozen=True, kw_only=True)
class AdminContext(ViewContext):
    """The state of all parts, and the limits in force: each its name, what it says and its value."""

    page_name: ClassVar[str] = "pages/admin.html"
    system: SystemOverview
    limit_values: Sequence[tuple[str, str, int]]


@dataclass(frozen=True, kw_only=True)
class JobContextView(ViewContext):
    """What is known of one job."""

    page_name: ClassVar[str] = "pages/admin_job.html"
    report: JobReport
    notice: str
    page_problems: Sequence[DomainError]


@blueprint.get("")
def show() -> Response:
    """Show the state of all parts."""
    limits = current_settings().limits
    values = [(field.name, field.metadata["says"], getattr(limits, field.name)) for field in fields(limits)]
    return render_view(AdminContext(system=administration.overview(), limit_values=values))


@blueprint.get("/jobs/<uuid:job_id>")
def show_job(job_id: uuid.UUID) -> Response:
    """Show what is known of a job."""
    return _job_page(job_id)


NOTICES = {"requeue": "The job waits in the queue.", "stop": "The job stops at its next chance."}


def _job_page(job_id: uuid.UUID, *, fault: DomainError | None = None) -> Response:
    context = JobContextView(
        report=administration.job_report(job_id),
        notice=NOTICES.get(request.args.get("done", ""), ""),
        page_problems=(fault,) if fault else (),
    )
    return render_view(context, status=fault.status if fault else 200)


@blueprint.post("/jobs/<uuid:job_id>")
def act_on_job(job_id: uuid.UUID) -> Response:
    """Requeue or stop a job."""
    administration.job_report(job_id)
    act = request.form.get("act", "")
    try:
        administration.act_on_job(current_user(), job_id, act)
    except DomainError as fault:
        return _job_page(job_id, fault=fault)
    return see_other(url_for("admin.show_job", job_id=job_id, done=act))
