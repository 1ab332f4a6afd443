"""The list of experiments and drafts."""

from __future__ import annotations

from flask import Blueprint, request
from werkzeug.wrappers import Response

from app.domain.training.validation import metrics
from app.services import experiments
from app.services.drafts import draft_summaries
from app.web.charts import verdict
from app.web.hypermedia import render, see_other
from app.web.sessions import current_user, take_reminder
from app.web.wording import changed

blueprint = Blueprint("experiments_list", __name__)
PER_PAGE = 25
DRAFTS_PER_PAGE = 10


def _metric_title(metric: str) -> str:
    return metrics.get(metric).title


@blueprint.get("/experiments")
def show() -> Response:
    """Show what was launched and what was begun."""
    user = current_user()
    page, drafts_page = (max(1, request.args.get(name, 1, type=int)) for name in ("page", "drafts"))
    rows, total = experiments.list_experiments(user, page=page, per_page=PER_PAGE)
    drafts, drafts_total = draft_summaries.list_begun(user, page=drafts_page, per_page=DRAFTS_PER_PAGE)
    if drafts_page > 1 and not drafts:
        # The last one of that page was discarded.
        return see_other("/experiments")
    return render(
        "pages/experiments.html",
        experiments=rows,
        total=total,
        page=page,
        pages=-(-total // PER_PAGE),
        drafts=drafts if page == 1 else [],
        drafts_page=drafts_page,
        drafts_pages=-(-drafts_total // DRAFTS_PER_PAGE),
        changed_words=changed,
        metric_title=_metric_title,
        verdict_of=verdict.of,
        reminds_of_password=take_reminder(),
    )
