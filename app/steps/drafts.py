"""Routes of drafts as a whole: start, resume, undo, redo, discard, apply a remedy."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from flask import Blueprint, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.domain import wizard
from app.domain.errors import DomainError
from app.domain.vocabulary import DatasetState
from app.services.datasets import datasets
from app.services.datasets.samples import Sample
from app.services.drafts import draft_history, drafts
from app.services.experiment_templates import listing
from app.services.experiment_templates.listing import TemplateSearch
from app.services.measurements import leakage
from app.steps.context import load, step_url
from app.steps.start_measurements import ON_ONE_PAGE, begin
from app.storage.tables import Dataset, User
from app.web.dataset_actions import posted_dataset, posted_sample, take_dataset
from app.web.hypermedia import ViewContext, leave_for, render_view, retarget, see_other
from app.web.sessions import current_user
from app.web.shared_views import ConfirmContext
from app.web.template_cards import TemplateCard, cards_of
from app.web.upload_progress import take_in_part, take_upload

blueprint = Blueprint("drafts", __name__, url_prefix="/experiments")


@dataclass(frozen=True, kw_only=True)
class NewExperimentContext(ViewContext):
    """The sources an experiment may start from; `action` is where their forms lead, without the last word."""

    page_name: ClassVar[str] = "pages/new_experiment.html"
    fragment_name: ClassVar[str] = "partials/wizard/new.html"
    samples: tuple[Sample, ...]
    owned: list[Dataset]
    templates: tuple[TemplateCard, ...]
    page_problems: tuple[DomainError, ...]
    action: str
    on_one_page: bool


def _offered_templates() -> tuple[TemplateCard, ...]:
    """Return the templates that are used most, for whoever has not chosen data yet."""
    templates, _ = listing.find_templates(current_user(), TemplateSearch(), limit=6)
    return cards_of(templates)


def _wants_single_page() -> bool:
    return request.path.startswith(url_for("drafts.new_on_one_page"))


def _new_page(*, status: int = 200, fault: DomainError | None = None) -> BaseResponse:
    context = NewExperimentContext(
        samples=datasets.SAMPLES,
        owned=datasets.list_own_ready(current_user()),
        templates=_offered_templates(),
        page_problems=(fault,) if fault else (),
        action=url_for("drafts.new_on_one_page" if _wants_single_page() else "drafts.new"),
        on_one_page=_wants_single_page(),
    )
    return retarget("#wizard", render_view(context, status=status))


@blueprint.get("/new")
@blueprint.get(f"/new/{ON_ONE_PAGE}", endpoint="new_on_one_page")
def new() -> BaseResponse:
    """Offer files and samples; nothing is stored before one is chosen."""
    return _new_page()


def _begin(dataset: Dataset, query: str) -> BaseResponse:
    user = current_user()
    row = drafts.create_draft(user)
    changes = datasets.first_answers(dataset)
    drafts.save_answers(user, row.id, step="data", changes=changes, version=row.version)
    # What is still being read has nothing to show but how far it is, which the Data step does.
    ready = dataset.state == DatasetState.READY.value
    endpoint = "single_page.show" if _wants_single_page() and ready else "data.show"
    return leave_for(url_for(endpoint, draft_id=row.id) + (query if endpoint == "data.show" else ""))


@blueprint.post("/new/sample")
@blueprint.post(f"/new/{ON_ONE_PAGE}/sample", endpoint="new_sample_on_one_page")
def new_sample() -> BaseResponse:
    """Start a draft on a sample, or on a dataset that is there already."""
    return _begin_with(posted_dataset if request.form.get("dataset_id") else posted_sample)


@blueprint.post("/new/upload")
@blueprint.post(f"/new/{ON_ONE_PAGE}/upload", endpoint="new_upload_on_one_page")
def new_upload() -> BaseResponse:
    """Start a draft on a file."""
    return _begin_with(take_upload)


@blueprint.post("/new/in-part")
@blueprint.post(f"/new/{ON_ONE_PAGE}/in-part", endpoint="new_in_part_on_one_page")
def new_in_part() -> BaseResponse:
    """Start a draft on a file that was refused, read without the rows that do not fit."""
    return _begin_with(take_in_part)


def _begin_with(find: Callable[[User], tuple[Dataset, str]]) -> BaseResponse:
    user = current_user()
    return take_dataset(
        lambda: find(user), lead=_begin, refuse=lambda fault: _new_page(status=fault.status, fault=fault)
    )


@blueprint.get("/drafts/<uuid:draft_id>")
def resume(draft_id: uuid.UUID) -> BaseResponse:
    """Go on where one left."""
    draft = load(draft_id)
    slug = draft.row.reached if draft.plan.spec is not None else "data"
    return see_other(step_url(draft.id, slug))


@blueprint.get("/drafts/<uuid:draft_id>/discard")
def ask_discard(draft_id: uuid.UUID) -> BaseResponse:
    """Ask before a draft is thrown away."""
    row = drafts.get_draft(current_user(), draft_id)
    context = ConfirmContext(
        question="Discard this draft?",
        consequence="Its answers and their history go. The dataset and launched experiments stay.",
        action=url_for("drafts.discard", draft_id=row.id),
        button="Discard draft",
        back=url_for("experiments_list.show"),
    )
    return render_view(context)


@blueprint.post("/drafts/<uuid:draft_id>/discard")
def discard(draft_id: uuid.UUID) -> BaseResponse:
    """Throw a draft away."""
    drafts.discard_draft(current_user(), draft_id)
    return see_other(url_for("experiments_list.show"))


def _came_from() -> str:
    slug = request.form.get("from", "data")
    return slug if slug in (*wizard.SLUGS, ON_ONE_PAGE) else "data"


@blueprint.post("/drafts/<uuid:draft_id>/undo")
def undo(draft_id: uuid.UUID) -> BaseResponse:
    """Take back the last change that stands, and show the step where it is seen."""
    return _show_change(draft_id, draft_history.undo(current_user(), draft_id))


@blueprint.post("/drafts/<uuid:draft_id>/redo")
def redo(draft_id: uuid.UUID) -> BaseResponse:
    """Bring back what was undone last, and show the step where it is seen."""
    return _show_change(draft_id, draft_history.redo(current_user(), draft_id))


def _show_change(draft_id: uuid.UUID, outcome: draft_history.UndoOutcome) -> BaseResponse:
    origin = _came_from()
    stays = origin == ON_ONE_PAGE or "stay" in request.form or not outcome.step
    slug = origin if stays else outcome.step
    return see_other(step_url(draft_id, slug))


@blueprint.post("/drafts/<uuid:draft_id>/remedy")
def remedy(draft_id: uuid.UUID) -> BaseResponse:
    """Do what a problem suggests. The problem is looked up again, so only a remedy of ours is ever applied."""
    draft = load(draft_id)
    wanted = (request.form.get("problem_step"), request.form.get("problem_field"), request.form.get("problem_code"))
    for problem in draft.plan.problems:
        if (problem.step, problem.field, problem.code) == wanted and problem.remedy and problem.remedy.changes:
            drafts.save_many(draft.user, draft_id, changes=problem.remedy.changes, version=draft.version)
            break
    return see_other(step_url(draft_id, _came_from()))


@blueprint.post("/drafts/<uuid:draft_id>/measure")
def measure(draft_id: uuid.UUID) -> BaseResponse:
    """Have leaks looked for once more where that failed or was stopped."""
    draft, page = load(draft_id), _came_from()
    begin(draft, page)
    if draft.dataset is not None:
        leakage.search_again(draft.dataset, draft.plan)
    return see_other(step_url(draft_id, page))
