"""The Data step: sample, upload, how the file was read, what was found in it, target, task, kinds."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from flask import request
from werkzeug.wrappers import Response

from app.domain.errors import ConflictError, DomainError
from app.services.datasets import datasets
from app.services.drafts import drafts
from app.steps import flow
from app.steps.context import DraftContext, load, step_url
from app.steps.data.form import BOX, FIELDS, read
from app.steps.data.showing import (
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
from app.steps.page_contexts import PageState
from app.steps.views import StepView
from app.storage.tables import Dataset
from app.web import remedies, rereading
from app.web.arriving import MOVING, take_in_part, take_upload
from app.web.columns import names_with
from app.web.dataset_reading import Look, posted_choices, show_look, show_moving
from app.web.hypermedia import into, leave_for, render_view, see_other, wants_fragment
from app.web.sessions import current_user
from app.web.shared_views import NamesContext

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


def _choose(draft_id: uuid.UUID, find: Callable[[], tuple[Dataset, str]]) -> Response:
    """Stand the draft on a dataset, with what its address says was done; where there is none, say why on the step."""
    draft = load(draft_id)
    try:
        dataset, done = find()
    except ValueError:
        return _refuse(draft_id, DomainError("Choose one of your datasets.", field="dataset_id"))
    except DomainError as fault:
        return _refuse(draft_id, fault)
    changes = datasets.first_answers(dataset)
    drafts.save_answers(draft.user, draft_id, step="data", changes=changes, version=draft.version)
    return leave_for(step_url(draft_id, "data") + done)


def _refuse(draft_id: uuid.UUID, fault: DomainError) -> Response:
    return flow.refuse(PAGE, load(draft_id), fault)


@blueprint.post("/sample")
def use_sample(draft_id: uuid.UUID) -> Response:
    """Stand the draft on a sample."""
    return _choose(draft_id, lambda: (datasets.use_sample(current_user(), request.form.get("sample", "")), ""))


@blueprint.post("/dataset")
def use_dataset(draft_id: uuid.UUID) -> Response:
    """Stand the draft on a dataset that was uploaded before."""

    def find() -> tuple[Dataset, str]:
        return datasets.get_dataset(current_user(), uuid.UUID(request.form.get("dataset_id", ""))), ""

    return _choose(draft_id, find)


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
    return _choose(draft_id, lambda: take_upload(current_user()))


@blueprint.post("/in-part")
def in_part(draft_id: uuid.UUID) -> Response:
    """Stand the draft on a file that was refused, read without the rows that do not fit."""
    return _choose(draft_id, lambda: take_in_part(current_user()))


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


def _show_reading(draft: DraftContext, fault: DomainError | None, look: Look | None = None) -> Response:
    """Show the step with the panel open and what was chosen in it."""
    answers = replace(data_values(draft), reading=reading_values(draft, request.form, fault=fault, look=look))
    problems = (fault,) if fault and fault.field and fault.field.startswith(rereading.PREFIX) else ()
    status, state = fault.status if fault else 200, PageState(shown_problems=problems)
    return into("#wizard", PAGE.draw(draft, status=status, state=state, answers=answers))


@blueprint.post("/reading/preview")
def preview_reading(draft_id: uuid.UUID) -> Response:
    """Show the first rows as they would be read with other choices; nothing is stored."""
    draft = load(draft_id)
    if draft.dataset is None:
        return see_other(step_url(draft.id, "data"))
    return show_look(draft.user, draft.dataset, lambda look, fault: _show_reading(draft, fault, look))


@blueprint.post("/reading/reread")
def reread(draft_id: uuid.UUID) -> Response:
    """Read the file again with other choices; the draft moves to the new dataset and keeps its answers."""
    draft = load(draft_id)
    if draft.dataset is None:
        return see_other(step_url(draft.id, "data"))
    try:
        return _read_again(draft, posted_choices(draft.dataset), done="read")
    except ConflictError:
        return see_other(step_url(draft.id, "data"))
    except DomainError as fault:
        return _show_reading(draft, fault)


def _read_again(draft: DraftContext, changes: dict[str, Any], *, done: str) -> Response:
    address, before = step_url(draft.id, "data"), draft.dataset
    after = drafts.reread(draft.user, draft.row.id, changes, version=draft.version)
    if before is None or after.id == before.id or after.state in MOVING:
        return see_other(address)
    return see_other(f"{address}?done={before.id}.{done}")


@blueprint.post("/mend")
def mend(draft_id: uuid.UUID) -> Response:
    """Do what a finding offers: read the file again, answer something, or leave columns out."""
    draft = load(draft_id)
    dataset, profile = draft.dataset, draft.profile
    button = request.form.get("remedy", "")[:30]
    one = pressed_in(draft, profile, button)
    if dataset is None or profile is None or one is None or request.form.get("dataset") != str(dataset.id):
        return _refuse(draft_id, ConflictError("The data of this draft changed meanwhile, so nothing was done."))
    if one.remedy.kind != remedies.READING:
        changes = remedies.answers_of(profile, one.remedy)
        drafts.save_many(draft.user, draft_id, changes=changes, version=draft.version)
        return see_other(f"{step_url(draft.id, 'data')}?done={dataset.id}.{button}")
    try:
        return _read_again(draft, one.remedy.changes, done=button)
    except DomainError as fault:
        return _refuse(draft_id, fault)
