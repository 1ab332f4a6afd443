"""The list of experiments and drafts."""

from __future__ import annotations

from flask import Blueprint, Response, request

from app.domain.training import metrics
from app.services import begun, experiments
from app.web.charts import verdict
from app.web.hypermedia import render
from app.web.sessions import current_user
from app.web.wording import changed

blueprint = Blueprint("experiments_list", __name__)
PER_PAGE = 25


def _metric_title(metric: str) -> str:
    return metrics.get(metric).title


@blueprint.get("/experiments")
def show() -> Response:
    """Show what was launched and what was begun."""
    user = current_user()
    page = max(1, request.args.get("page", 1, type=int))
    rows, total = experiments.list_experiments(user, page=page, per_page=PER_PAGE)
    return render(
        "pages/experiments.html",
        experiments=rows,
        total=total,
        page=page,
        pages=-(-total // PER_PAGE),
        drafts=begun.list_begun(user) if page == 1 else [],
        changed_words=changed,
        metric_title=_metric_title,
        verdict_of=verdict.of,
    )
