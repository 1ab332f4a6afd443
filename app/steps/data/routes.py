"""Routes of the Data step: sample, upload, import options, remedies and columns."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from flask import request, url_for
from werkzeug.wrappers import Response

from app.domain.analysis.profiling.profile import FindingRemedy
from app.domain.errors import ConflictError, DomainError
from app.services.datasets import datasets
from app.services.drafts import drafts
from app.steps import flow
from app.steps.context import DraftContext, load, step_url
from app.steps.data.contexts import (
    COLUMN_KINDS,
    ColumnsContext,
    DataSection,
    DataStepContext,
    columns_table,
    data_values,
    goal_values,
    moving_of,
    pressed_in,
    reading_values,
)
from app.steps.data.form import BOX, FIELDS, read
from app.steps.page_contexts import PageState
from app.steps.views import StepView
from app.storage.tables import Dataset, User
from app.web import dataset_actions, import_options_form, remedies
from app.web.columns import names_with
from app.web.dataset_actions import posted_dataset, posted_sample, take_dataset
from app.web.dataset_reading import Look, show_moving
from app.web.hypermedia import leave_for, render_view, retarget, see_other, wants_fragment
from app.web.shared_views import NamesContext
from app.web.upload_progress import take_in_part, take_upload

VIEW = StepView(
    "data",
    read,
    page=DataStepContext,
    answers=data_values,
    section=DataSection,
    part=goal_values,
    reshapes=(*FIELDS, BOX, "dataset_id", "kind."),
)
PAGE = flow.step_page(VIEW)
blueprint = flow.blueprint_for(PAGE)


def _take(draft_id: uuid.UUID, find: Callable[[User], tuple[Dataset, str]]) -> Response:
    """Stand the draft on a dataset, with what its address says was done; where there is none, say why on the step."""
    draft = load(draft_id)

    def lead(dataset: Dataset, query: str) -> Response:
        changes = datasets.first_answers(dataset)
        drafts.save_answers(draft.user, draft_id, step="data", changes=changes, version=draft.version)
        return leave_for(step_url(draft_id, "data") + query)

    return take_dataset(lambda: find(draft.user), lead=lead, refuse=partial(_refuse, draft_id))


def _refuse(draft_id: uuid.UUID, fault: DomainError) -> Response:
    return flow.refuse(PAGE, load(draft_id), fault)


@blueprint.post("/sample")
def use_sample(draft_id: uuid.UUID) -> Response:
    """Stand the draft on a sample."""
    return _take(draft_id, posted_sample)


@blueprint.post("/dataset")
def use_dataset(draft_id: uuid.UUID) -> Response:
    """Stand the draft on a dataset that was uploaded before."""
    return _take(draft_id, posted_dataset)


@blueprint.post("/restore")
def restore(draft_id: uuid.UUID) -> Response:
    """Bring the deleted dataset back on which the draft stands; its answers hold again with it."""
    draft = load(draft_id)
    try:
        if draft.gone is not None:
            datasets.restore_dataset(draft.user, draft.gone.id)
    except DomainError as fault:
        return _refuse(draft_id, fault)
    return see_other(step_url(draft.id, "data"))


@blueprint.post("/upload")
def upload(draft_id: uuid.UUID) -> Response:
    """Stand the draft on a new file; a bad one is refused and the draft keeps what it had."""
    return _take(draft_id, take_upload)


@blueprint.post("/in-part")
def in_part(draft_id: uuid.UUID) -> Response:
    """Stand the draft on a file that was refused, read without the rows that do not fit."""
    return _take(draft_id, take_in_part)


@blueprint.get("/reading")
def reading(draft_id: uuid.UUID) -> Response:
    """Say how far a large file is; when it is done, the whole step is shown again."""
    draft = load(draft_id)
    return show_moving(moving_of(draft), address=step_url(draft.id, "data"))


@blueprint.get("/columns")
def columns(draft_id: uuid.UUID) -> Response:
    """Show a page of the columns, as they are searched, filtered and ordered."""
    draft = load(draft_id)
    address = step_url(draft.id, "data")
    if draft.profile is None or not wants_fragment():
        return leave_for(f"{address}?{request.query_string.decode()}")
    context = ColumnsContext(
        fragment=f"{address}/columns",
        profile=draft.profile,
        table=columns_table(draft),
        kinds=COLUMN_KINDS,
        values=draft.plan.values["data"],
    )
    return render_view(context)


@blueprint.get("/names")
def names(draft_id: uuid.UUID) -> Response:
    """Offer names of columns that hold what is typed into one of the fields."""
    profile = load(draft_id).profile
    word = request.args.get(request.args.get("asked", ""), "")[:200]
    return render_view(NamesContext(names=names_with(profile, word) if profile else []))


@dataclass(frozen=True)
class StepPlace:
    """The Data step of a draft that stands on a dataset: another reading of the file keeps the answers."""

    draft: DraftContext
    dataset: Dataset
    gone = "The data of this draft changed meanwhile, so nothing was done."

    @property
    def user(self) -> User:
        """Return whose draft it is."""
        return self.draft.user

    def address_of(self, dataset: Dataset, *, done: str | None = None) -> str:
        """Return the address of the step, whatever dataset the draft moved to."""
        return url_for("data.show", draft_id=self.draft.id, done=done)

    def draw_reading(self, look: Look | None, fault: DomainError | None) -> Response:
        """Draw the step with the panel open and what was chosen in it; a draft that moved on is shown as it is now."""
        if isinstance(fault, ConflictError):
            return see_other(step_url(self.draft.id, "data"))
        reading = reading_values(self.draft, request.form, fault=fault, look=look)
        problems = (fault,) if fault and fault.field and fault.field.startswith(import_options_form.PREFIX) else ()
        status, state = fault.status if fault else 200, PageState(page_problems=problems)
        answers = replace(data_values(self.draft), reading=reading)
        return retarget("#wizard", PAGE.draw(self.draft, status=status, state=state, answers=answers))

    def refuse(self, fault: DomainError) -> Response:
        """Draw the step as it is now, with the sentence that says why nothing was done."""
        return _refuse(self.draft.id, fault)

    def reread(self, changes: dict[str, Any]) -> Dataset:
        """Read the file again; the draft moves to the new dataset as soon as that is ready."""
        return drafts.reread(self.user, self.draft.id, changes, version=self.draft.version)

    def find_remedy(self, button: str) -> remedies.SelectedRemedy | None:
        """Return the remedy that a button names, unless the page was drawn for another dataset."""
        if request.form.get("dataset") != str(self.dataset.id):
            return None
        return pressed_in(self.draft, self.draft.profile, button)

    def answer(self, remedy: FindingRemedy) -> None:
        """Save the answers that a remedy gives."""
        if self.draft.profile is not None:
            changes = remedies.answers_of(self.draft.profile, remedy)
            drafts.save_many(self.user, self.draft.id, changes=changes, version=self.draft.version)


def _on_dataset(draft_id: uuid.UUID, act: Callable[[StepPlace], Response]) -> Response:
    draft = load(draft_id)
    if draft.dataset is None:
        return _refuse(draft_id, ConflictError(StepPlace.gone))
    return act(StepPlace(draft, draft.dataset))


@blueprint.post("/reading/preview")
def preview_reading(draft_id: uuid.UUID) -> Response:
    """Show the first rows as they would be read with other choices; nothing is stored."""
    return _on_dataset(draft_id, dataset_actions.preview_reading)


@blueprint.post("/reading/reread")
def reread(draft_id: uuid.UUID) -> Response:
    """Read the file again with other choices; the draft moves to the new dataset and keeps its answers."""
    return _on_dataset(draft_id, dataset_actions.reread)


@blueprint.post("/mend")
def apply_remedy(draft_id: uuid.UUID) -> Response:
    """Do what a finding offers: read the file again, answer something, or leave columns out."""
    return _on_dataset(draft_id, dataset_actions.follow_remedy)
