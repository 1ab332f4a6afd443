"""The datasets: list, one of them, its columns, how it was read, upload, delete and restore."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as BaseResponse

from app.domain.analysis.profiling.profile import DatasetProfile
from app.domain.errors import ConflictError, DomainError, NotFoundError
from app.pages.dataset_contexts import ColumnContext, DatasetContext, DatasetsContext, DoneNotice
from app.services import experiments
from app.services.datasets import datasets, partial_import
from app.services.datasets.outdated import changes_when_read_again
from app.storage.db import now
from app.storage.tables import Dataset
from app.web import remedies, rereading
from app.web.arriving import MOVING, how_far, kept_words, landing, landing_in_part, read_refused
from app.web.charts.column import column_view
from app.web.columns import table_of
from app.web.filters import moment
from app.web.hypermedia import into, leave_for, render_view, see_other, wants_fragment
from app.web.sessions import current_user
from app.web.shared_views import ConfirmContext, ReadingContext
from app.web.unit_answers import measured_options
from app.web.uploads import receive_upload

blueprint = Blueprint("datasets", __name__, url_prefix="/datasets")
# Without a draft there are no answers to set, so only another reading can be had by one click.
KINDS = (remedies.READING,)
PREVIEW_ROWS = 12
PREVIEW_COLUMNS = 60


def _list(*, status: int = 200, fault: DomainError | None = None) -> BaseResponse:
    user = current_user()
    context = DatasetsContext(
        datasets=datasets.list_datasets(user),
        uses=experiments.count_by_dataset(user),
        titles=rereading.FORMATS,
        deleted=datasets.list_deleted(user),
        just_deleted=_just_deleted(),
        shown_problems=(fault,) if fault else (),
    )
    return into("#datasets-page", render_view(context, status=status))


def _just_deleted() -> Dataset | None:
    wanted = request.args.get("deleted", "")
    return next((one for one in datasets.list_deleted(current_user()) if str(one.id) == wanted), None)


@blueprint.get("")
def show_all() -> BaseResponse:
    """List what was uploaded and which samples are in use."""
    return _list()


@blueprint.post("/upload")
def upload() -> BaseResponse:
    """Take a file."""
    try:
        arrival = receive_upload(current_user())
    except DomainError as fault:
        return _list(status=fault.status, fault=fault)
    return leave_for(f"/datasets/{arrival.dataset.id}{landing(arrival)}")


@blueprint.post("/in-part")
def in_part() -> BaseResponse:
    """Read a file that was refused without the rows that do not fit."""
    try:
        dataset = read_refused(current_user())
    except DomainError as fault:
        return _list(status=fault.status, fault=fault)
    return see_other(f"/datasets/{dataset.id}{landing_in_part(dataset)}")


def _page(
    dataset: Dataset,
    *,
    status: int = 200,
    form: Mapping[str, str] | None = None,
    fault: DomainError | None = None,
    look: dict[str, Any] | None = None,
) -> Response:
    """Answer with the page of a dataset, or where htmx asks with its table of columns."""
    profile = datasets.profile_of(dataset)
    address = f"/datasets/{dataset.id}"
    notable, more = remedies.shown(profile, kinds=KINDS) if profile else ([], 0)
    damage = datasets.damage_of(dataset) if profile else None
    is_moving = dataset.state in MOVING
    context = DatasetContext(
        dataset=dataset,
        profile=profile,
        table=table_of(profile, dataset.id, address=address) if profile else None,
        fragment=address,
        notable=notable,
        notable_more=more,
        names=[column.name for column in profile.columns[:PREVIEW_COLUMNS]] if profile else [],
        preview=[] if damage else datasets.preview_rows(dataset, limit=PREVIEW_ROWS),
        damage=damage,
        done=_done(dataset),
        address=address,
        panel=_panel(dataset, profile, form),
        outdated=changes_when_read_again(dataset),
        look=look,
        fault=fault.message if fault else "",
        shown_problems=(fault,) if fault else (),
        readable_in_part=partial_import.can_be_read_in_part(dataset),
        arrival=how_far(dataset, now=now()) if is_moving else None,
        first_look=rereading.first_look(current_user(), dataset) if is_moving else None,
    )
    whole = profile is None or request.method != "GET"
    return render_view(context, status=status, push=True, whole=whole)


def _panel(dataset: Dataset, profile: DatasetProfile | None, form: Mapping[str, str] | None) -> rereading.Panel | None:
    if profile is None:
        return None
    dialect, choices = rereading.dialect_of(profile.report), datasets.choices_of(dataset)
    measured, address = measured_options(profile), f"/datasets/{dataset.id}/reading"
    return rereading.panel_of(dialect, choices, address=address, form=form, measured=measured, profile=profile)


def _done(dataset: Dataset) -> DoneNotice | None:
    """Say what the button did that led here; the earlier reading is a page away."""
    source_id, button = remedies.dataset_in(request.args.get("done", ""))
    if button == "known":
        message = f"It was read on {moment(dataset.created_at)} and is not stored a second time."
        return DoneNotice("You already have this file", message)
    if button == "restored" and source_id == dataset.id:
        return DoneNotice("Read again from the original", "The rows are what they were.")
    profile = datasets.profile_of(dataset)
    if button == "part" and source_id == dataset.id and profile is not None:
        return DoneNotice("Read without the rows that do not fit", kept_words(profile))
    try:
        source = datasets.get_dataset(current_user(), source_id) if source_id else None
    except NotFoundError:
        source = None
    pressed = remedies.pressed(datasets.profile_of(source), button, kinds=KINDS) if source else None
    if source is None or (button != "read" and pressed is None):
        return None
    title = f"Done: {pressed.remedy.label}" if pressed else "Read again"
    message = f"{pressed.finding.message} The file was read again." if pressed else "With what you chose."
    return DoneNotice(title, message, f"/datasets/{source.id}")


@blueprint.get("/<uuid:dataset_id>")
def show(dataset_id: uuid.UUID) -> Response:
    """Show one dataset: what was read, what is in it, what was noticed."""
    return _page(datasets.get_dataset(current_user(), dataset_id))


@blueprint.get("/<uuid:dataset_id>/columns/<key>")
def column(dataset_id: uuid.UUID, key: str) -> Response:
    """Show one column in full: its numbers, its spread, what was found about it and why it is of its kind."""
    dataset = datasets.get_dataset(current_user(), dataset_id)
    profile = datasets.profile_of(dataset)
    wanted = next((one for one in profile.columns if one.key == key), None) if profile else None
    if profile is None or wanted is None:
        raise NotFoundError("This dataset has no such column.")
    found, _ = remedies.shown(profile, kinds=KINDS, about=wanted.name)
    view = column_view(profile, wanted)
    return render_view(ColumnContext(dataset=dataset, column=wanted, view=view, found=found))


@blueprint.get("/<uuid:dataset_id>/reading")
def reading(dataset_id: uuid.UUID) -> BaseResponse:
    """Say how far a large file is."""
    dataset = datasets.get_dataset(current_user(), dataset_id)
    if dataset.state not in MOVING or not wants_fragment():
        return leave_for(f"/datasets/{dataset.id}")
    arrival = how_far(dataset, now=now())
    return render_view(ReadingContext(waiting=arrival, address=f"/datasets/{dataset.id}/reading"))


@blueprint.post("/<uuid:dataset_id>/reading/preview")
def preview_reading(dataset_id: uuid.UUID) -> Response:
    """Show the first rows as they would be read with other choices; nothing is stored."""
    user = current_user()
    dataset = datasets.get_dataset(user, dataset_id)
    look, fault = rereading.try_reading(user, dataset, request.form)
    if wants_fragment():
        return rereading.look_fragment(look, fault)
    return _page(dataset, status=fault.status if fault else 200, form=request.form, fault=fault, look=look)


@blueprint.post("/<uuid:dataset_id>/reading/reread")
def reread(dataset_id: uuid.UUID) -> BaseResponse:
    """Read the file again with other choices; it becomes a dataset of its own."""
    user = current_user()
    dataset = datasets.get_dataset(user, dataset_id)
    was_damaged = datasets.damage_of(dataset) is not None
    try:
        profile = datasets.profile_of(dataset)
        names = profile.names if profile is not None else None
        changes = rereading.changes_from(request.form, datasets.choices_of(dataset), names=names)
        read_again = datasets.reread(user, dataset_id, changes)
    except DomainError as fault:
        return _page(dataset, status=fault.status, form=request.form, fault=fault)
    if read_again.id != dataset_id:
        return see_other(f"/datasets/{read_again.id}?done={dataset_id}.read")
    restored = was_damaged and datasets.damage_of(read_again) is None
    return see_other(f"/datasets/{dataset_id}{f'?done={dataset_id}.restored' if restored else ''}")


@blueprint.post("/<uuid:dataset_id>/mend")
def mend(dataset_id: uuid.UUID) -> BaseResponse:
    """Do what a finding offers, by another reading of the file."""
    user = current_user()
    dataset = datasets.get_dataset(user, dataset_id)
    one = remedies.pressed(datasets.profile_of(dataset), request.form.get("remedy", ""), kinds=KINDS)
    if one is None:
        raise ConflictError("There is no such finding any more, so nothing was done.")
    try:
        read_again = datasets.reread(user, dataset_id, one.remedy.changes)
    except DomainError as fault:
        return _page(dataset, status=fault.status, fault=fault)
    return see_other(f"/datasets/{read_again.id}?done={dataset_id}.{one.token}")


@blueprint.get("/<uuid:dataset_id>/delete")
def ask_delete(dataset_id: uuid.UUID) -> Response:
    """Ask before a dataset goes."""
    dataset = datasets.get_dataset(current_user(), dataset_id)
    context = ConfirmContext(
        question=f"Delete {dataset.name}?",
        consequence="Drafts on it lose their data. Launched experiments keep their results. It can be brought back.",
        action=f"/datasets/{dataset.id}/delete",
        button="Delete dataset",
        back=f"/datasets/{dataset.id}",
    )
    return render_view(context)


@blueprint.post("/<uuid:dataset_id>/delete")
def delete(dataset_id: uuid.UUID) -> BaseResponse:
    """Take a dataset off the lists."""
    datasets.delete_dataset(current_user(), dataset_id)
    return see_other(f"/datasets?deleted={dataset_id}")


@blueprint.post("/<uuid:dataset_id>/restore")
def restore(dataset_id: uuid.UUID) -> BaseResponse:
    """Bring a deleted dataset back."""
    datasets.restore_dataset(current_user(), dataset_id)
    return see_other(f"/datasets/{dataset_id}")
