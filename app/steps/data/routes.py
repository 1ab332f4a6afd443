"""The Data step: sample, upload, how the file was read, what was found in it, target, task, kinds."""

from __future__ import annotations

import uuid
from typing import Any

from flask import request
from werkzeug.wrappers import Response

from app.domain.errors import ConflictError, DomainError, DraftConflictError
from app.services.datasets import datasets
from app.services.drafts import drafts
from app.steps import flow
from app.steps.data.form import read
from app.steps.data.showing import column_values, context, pressed_in, reading_values
from app.storage.tables import Dataset
from app.web import remedies, rereading
from app.web.arriving import MOVING, landing, landing_in_part, read_refused
from app.web.columns import names_with
from app.web.hypermedia import fragment, into, leave_for, render_view, see_other, wants_fragment
from app.web.sessions import current_user
from app.web.shared_views import NamesContext, ReadingContext
from app.web.uploads import receive_upload

VIEW = flow.StepView(
    "data", read, context, reshapes=("target", "task_kind", "time_column", "group_column", "dataset_id", "kind.")
)
blueprint = flow.blueprint_for(VIEW)


def _choose(draft_id: uuid.UUID, dataset: Dataset, *, done: str = "") -> Response:
    user = current_user()
    row = drafts.get_draft(user, draft_id)
    address = flow.step_url(row, "data")
    try:
        changes = datasets.first_answers(dataset)
        drafts.save_answers(user, draft_id, step="data", changes=changes, version=row.version)
    except DraftConflictError:
        return see_other(address)
    return leave_for(address + done)


def _refuse(draft_id: uuid.UUID, fault: DomainError) -> Response:
    answer = flow.show_step(VIEW, flow.situation_of(draft_id), status=fault.status, shown_problems=(fault,))
    return into("#wizard", answer)


@blueprint.post("/sample")
def use_sample(draft_id: uuid.UUID) -> Response:
    """Stand the draft on a sample."""
    drafts.get_draft(current_user(), draft_id)
    try:
        return _choose(draft_id, datasets.use_sample(current_user(), request.form.get("sample", "")))
    except DomainError as fault:
        return _refuse(draft_id, fault)


@blueprint.post("/dataset")
def use_dataset(draft_id: uuid.UUID) -> Response:
    """Stand the draft on a dataset that was uploaded before."""
    try:
        chosen = uuid.UUID(request.form.get("dataset_id", ""))
        return _choose(draft_id, datasets.get_dataset(current_user(), chosen))
    except ValueError:
        return _refuse(draft_id, DomainError("Choose one of your datasets.", field="dataset_id"))


@blueprint.post("/restore")
def restore(draft_id: uuid.UUID) -> Response:
    """Bring the deleted dataset back on which the draft stands; its answers hold again with it."""
    situation = flow.situation_of(draft_id)
    gone = drafts.deleted_dataset_of(situation.user, situation.row)
    try:
        if gone is not None:
            datasets.restore_dataset(situation.user, gone.id)
    except DomainError as fault:
        return _refuse(draft_id, fault)
    return see_other(flow.step_url(situation.row, "data"))


@blueprint.post("/upload")
def upload(draft_id: uuid.UUID) -> Response:
    """Stand the draft on a new file; a bad one is refused and the draft keeps what it had."""
    drafts.get_draft(current_user(), draft_id)
    try:
        arrival = receive_upload(current_user())
        return _choose(draft_id, arrival.dataset, done=landing(arrival))
    except DomainError as fault:
        return _refuse(draft_id, fault)


@blueprint.post("/in-part")
def in_part(draft_id: uuid.UUID) -> Response:
    """Stand the draft on a file that was refused, read without the rows that do not fit."""
    drafts.get_draft(current_user(), draft_id)
    try:
        dataset = read_refused(current_user())
        return _choose(draft_id, dataset, done=landing_in_part(dataset))
    except DomainError as fault:
        return _refuse(draft_id, fault)


@blueprint.get("/reading")
def reading(draft_id: uuid.UUID) -> Response:
    """Say how far a large file is; when it is done, the whole step is shown again."""
    situation = flow.situation_of(draft_id)
    address = flow.step_url(situation.row, "data")
    arrival = reading_values(situation)["arrival"]
    if arrival is None or not wants_fragment():
        return leave_for(address)
    return render_view(ReadingContext(waiting=arrival, address=f"{address}/reading"))


@blueprint.get("/columns")
def columns(draft_id: uuid.UUID) -> Response:
    """Show a page of the columns, as they are searched, filtered and ordered."""
    situation = flow.situation_of(draft_id)
    address = flow.step_url(situation.row, "data")
    if situation.profile is None or not wants_fragment():
        return leave_for(f"{address}?{request.query_string.decode()}")
    values = {**column_values(situation), "profile": situation.profile}
    return fragment("partials/datasets/columns.html", fragment=f"{address}/columns", **values)


@blueprint.get("/names")
def names(draft_id: uuid.UUID) -> Response:
    """Offer names of columns that hold what is typed into one of the fields."""
    profile = flow.situation_of(draft_id).profile
    word = request.args.get(request.args.get("asked", ""), "")[:200]
    return render_view(NamesContext(names=names_with(profile, word) if profile else []))


def _show_reading(situation: flow.Situation, fault: DomainError | None, look: Any = None) -> Response:
    """Show the step with the panel open and what was chosen in it."""
    values = {**reading_values(situation, request.form, fault), "look": look}
    problems = (fault,) if fault and fault.field and fault.field.startswith(rereading.PREFIX) else ()
    status = fault.status if fault else 200
    return into("#wizard", flow.show_step(VIEW, situation, status=status, shown_problems=problems, **values))


@blueprint.post("/reading/preview")
def preview_reading(draft_id: uuid.UUID) -> Response:
    """Show the first rows as they would be read with other choices; nothing is stored."""
    situation = flow.situation_of(draft_id)
    if situation.dataset is None:
        return see_other(flow.step_url(situation.row, "data"))
    look, fault = rereading.try_reading(situation.user, situation.dataset, request.form)
    if not wants_fragment():
        return _show_reading(situation, fault, look)
    return rereading.look_fragment(look, fault)


@blueprint.post("/reading/reread")
def reread(draft_id: uuid.UUID) -> Response:
    """Read the file again with other choices; the draft moves to the new dataset and keeps its answers."""
    situation = flow.situation_of(draft_id)
    if situation.dataset is None:
        return see_other(flow.step_url(situation.row, "data"))
    try:
        names = situation.profile.names if situation.profile is not None else None
        changes = rereading.changes_from(request.form, datasets.choices_of(situation.dataset), names=names)
        return _read_again(situation, changes, done="read")
    except ConflictError:
        return see_other(flow.step_url(situation.row, "data"))
    except DomainError as fault:
        return _show_reading(situation, fault)


def _read_again(situation: flow.Situation, changes: dict[str, Any], *, done: str) -> Response:
    address, before = flow.step_url(situation.row, "data"), situation.dataset
    after = drafts.reread(situation.user, situation.row.id, changes, version=situation.row.version)
    if before is None or after.id == before.id or after.state in MOVING:
        return see_other(address)
    return see_other(f"{address}?done={before.id}.{done}")


@blueprint.post("/mend")
def mend(draft_id: uuid.UUID) -> Response:
    """Do what a finding offers: read the file again, answer something, or leave columns out."""
    situation = flow.situation_of(draft_id)
    dataset, profile = situation.dataset, situation.profile
    button = request.form.get("remedy", "")[:30]
    one = pressed_in(situation, profile, button)
    if dataset is None or profile is None or one is None or request.form.get("dataset") != str(dataset.id):
        return _refuse(draft_id, ConflictError("The data of this draft changed meanwhile, so nothing was done."))
    try:
        if one.remedy.kind == remedies.READING:
            return _read_again(situation, one.remedy.changes, done=button)
        changes = remedies.answers_of(profile, one.remedy)
        drafts.save_many(situation.user, draft_id, changes=changes, version=situation.row.version)
    except DomainError as fault:
        return _refuse(draft_id, fault)
    return see_other(f"{flow.step_url(situation.row, 'data')}?done={dataset.id}.{button}")
