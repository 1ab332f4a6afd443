"""The page that lists experiments and drafts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import ClassVar

from flask import Blueprint, request, url_for
from werkzeug.wrappers import Response

from app.domain.text.numbers import format_score
from app.domain.training.headline import decimals_for
from app.domain.training.report.document import Headline
from app.domain.training.validation import metrics
from app.services import experiments
from app.services.drafts import draft_summaries
from app.storage.experiments import ExperimentSummary
from app.web.charts import verdict
from app.web.hypermedia import ViewContext, render_view, see_other
from app.web.sessions import current_user, take_reminder
from app.web.wording import describe_change

blueprint = Blueprint("experiments_list", __name__)
PER_PAGE = 25
DRAFTS_PER_PAGE = 10


@dataclass(frozen=True)
class ExperimentLine:
    """An experiment as the list shows it; one without a readable headline has no verdict."""

    row: ExperimentSummary
    headline: Headline | None
    metric_title: str = ""
    score: str = ""
    baseline_score: str = ""
    basis: str = ""
    verdict: verdict.VerdictWords | None = None


@dataclass(frozen=True, kw_only=True)
class ExperimentsContext(ViewContext):
    """A page of experiments, newest first, and a page of drafts."""

    page_name: ClassVar[str] = "pages/experiments.html"
    experiments: list[ExperimentLine]
    total: int
    page: int
    pages: int
    drafts: list[draft_summaries.DraftSummary]
    drafts_page: int
    drafts_pages: int
    changed_words: Callable[[Iterable[str]], str]
    reminds_of_password: bool


def _experiment_line(row: ExperimentSummary) -> ExperimentLine:
    headline = experiments.headline_of(row)
    if headline is None:
        return ExperimentLine(row, None)
    metric = metrics.get(headline.metric)
    scores = _format_scores(headline, metric)
    return ExperimentLine(
        row, headline, metric.title, *scores, _score_basis(headline, metric), verdict.verdict_of(headline)
    )


def _format_scores(headline: Headline, metric: metrics.Metric) -> tuple[str, str]:
    """Return the score and that of the baseline, with as many decimals as tell them apart."""
    pair = (headline.score, headline.baseline_score)
    best = 1.0 if metric.greater_is_better else None
    usual = 1 if metric.unit_kind == "percent" else 2
    decimals = decimals_for([pair], decimals=usual, most=4, best=best)
    return format_score(pair[0], decimals), format_score(pair[1], decimals)


def _score_basis(headline: Headline, metric: metrics.Metric) -> str:
    """Return the rows that a score rests on: those held out, or the folds that decide."""
    if headline.basis == "holdout":
        return "rows held out"
    if headline.cuts == 1:
        return "one split"
    return "mean absolute of the folds" if metric.signed else "mean of the folds"


@blueprint.get("/experiments")
def show() -> Response:
    """Show what was launched and what was begun."""
    user = current_user()
    page, drafts_page = (max(1, request.args.get(name, 1, type=int)) for name in ("page", "drafts"))
    rows, total = experiments.list_experiments(user, page=page, per_page=PER_PAGE)
    drafts, drafts_total = draft_summaries.list_draft_summaries(user, page=drafts_page, per_page=DRAFTS_PER_PAGE)
    if drafts_page > 1 and not drafts:
        # The last one of that page was discarded.
        return see_other(url_for("experiments_list.show"))
    context = ExperimentsContext(
        experiments=[_experiment_line(row) for row in rows],
        total=total,
        page=page,
        pages=-(-total // PER_PAGE),
        drafts=drafts if page == 1 else [],
        drafts_page=drafts_page,
        drafts_pages=-(-drafts_total // DRAFTS_PER_PAGE),
        changed_words=describe_change,
        reminds_of_password=take_reminder(),
    )
    return render_view(context)
