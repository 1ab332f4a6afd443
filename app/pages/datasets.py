"""Dataset pages: list, one dataset, one column, import options, upload, delete and restore."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from flask import Blueprint, Response, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.domain.analysis.profiling.profile import FindingRemedy
from app.domain.errors import DomainError, NotFoundError
from app.pages.dataset_contexts import ColumnContext, DatasetContext, DatasetsContext
from app.services import experiments
from app.services.datasets import datasets, partial_import
from app.services.datasets.outdated import changes_when_read_again
from app.storage.tables import Dataset, User
from app.web import dataset_actions, import_options_form, remedies
from app.web.charts.column import column_view
from app.web.columns import table_of
from app.web.dataset_actions import take_dataset
from app.web.dataset_reading import (
    Done,
    Look,
    arrival_values,
    done_to,
    panel_for,
    show_moving,
)
from app.web.hypermedia import leave_for, render_view, retarget, see_other
from app.web.sessions import current_user
from app.web.shared_views import ConfirmContext
from app.web.upload_progress import MOVING, take_in_part, take_upload

blueprint = Blueprint("datasets", __name__, url_prefix="/datasets")
# Without a draft there are no answers to set, so only another reading can be had by one click.
KINDS = (remedies.READING,)
PREVIEW_ROWS = 12
PREVIEW_COLUMNS = 60


def _dataset_address(dataset_id: uuid.UUID, *, done: str | None = None) -> str:
    """Return the address of a dataset's page, which says what was just `done`."""
    return url_for("datasets.show", dataset_id=dataset_id, done=done)


def _list(*, status: int = 200, fault: DomainError | None = None) -> BaseResponse:
    user = current_user()
    context = DatasetsContext(
        datasets=datasets.list_datasets(user),
        uses=experiments.count_by_dataset(user),
        titles=import_options_form.FORMATS,
        deleted=datasets.list_deleted(user),
        just_deleted=_just_deleted(),
        page_problems=(fault,) if fault else (),
    )
    return retarget("#datasets-page", render_view(context, status=status))


def _just_deleted() -> Dataset | None:
    wanted = request.args.get("deleted", "")
    return next((dataset for dataset in datasets.list_deleted(current_user()) if str(dataset.id) == wanted), None)


@blueprint.get("")
def show_all() -> BaseResponse:
    """List what was uploaded and which samples are in use."""
    return _list()


@blueprint.post("/upload")
def upload() -> BaseResponse:
    """Take a file."""
    return _take(take_upload)


@blueprint.post("/in-part")
def in_part() -> BaseResponse:
    """Read a file that was refused without the rows that do not fit."""
    return _take(take_in_part)


def _take(find: Callable[[User], tuple[Dataset, str]]) -> BaseResponse:
    user = current_user()
    return take_dataset(
        lambda: find(user),
        lead=lambda dataset, query: leave_for(_dataset_address(dataset.id) + query),
        refuse=lambda fault: _list(status=fault.status, fault=fault),
    )


def _dataset_page(
    dataset: Dataset,
    *,
    status: int = 200,
    form: Mapping[str, str] | None = None,
    fault: DomainError | None = None,
    look: dict[str, Any] | None = None,
) -> Response:
    """Answer with the page of a dataset, or where htmx asks with its table of columns."""
    profile = datasets.profile_of(dataset)
    address = _dataset_address(dataset.id)
    notable, more = remedies.finding_views(profile, kinds=KINDS) if profile else ([], 0)
    damage = datasets.damage_of(dataset) if profile else None
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
        done=_remedy_notice(dataset),
        address=address,
        panel=panel_for(dataset, profile, address=f"{address}/reading", form=form) if profile else None,
        outdated=changes_when_read_again(dataset),
        look=look,
        fault=fault.message if fault else "",
        page_problems=(fault,) if fault else (),
        readable_in_part=partial_import.can_be_read_in_part(dataset),
        arrival=arrival_values(current_user(), _dataset_under_way(dataset)),
    )
    whole = profile is None or request.method != "GET"
    return render_view(context, status=status, push=True, whole=whole)


def _remedy_notice(dataset: Dataset) -> Done | None:
    """Say what the button did that led here; the earlier reading is a page away."""
    find = partial(remedies.selected_remedy, kinds=KINDS)
    return done_to(current_user(), dataset, find=find, became="The file was read again with what you chose.")


def _dataset_under_way(dataset: Dataset) -> Dataset | None:
    return dataset if dataset.state in MOVING else None


@blueprint.get("/<uuid:dataset_id>")
def show(dataset_id: uuid.UUID) -> Response:
    """Show one dataset: what was read, what is in it, what was noticed."""
    return _dataset_page(datasets.get_dataset(current_user(), dataset_id))


@blueprint.get("/<uuid:dataset_id>/columns/<key>")
def column(dataset_id: uuid.UUID, key: str) -> Response:
    """Show one column in full: its numbers, its spread, what was found about it and why it is of its kind."""
    dataset = datasets.get_dataset(current_user(), dataset_id)
    profile = datasets.profile_of(dataset)
    wanted = (
        next((column_profile for column_profile in profile.columns if column_profile.key == key), None)
        if profile
        else None
    )
    if profile is None or wanted is None:
        raise NotFoundError("This dataset has no such column.")
    views, _ = remedies.finding_views(profile, kinds=KINDS, about=wanted.name)
    view = column_view(profile, wanted)
    return render_view(ColumnContext(dataset=dataset, column=wanted, view=view, findings=views))


@blueprint.get("/<uuid:dataset_id>/reading")
def reading(dataset_id: uuid.UUID) -> BaseResponse:
    """Show the progress of reading a large file."""
    dataset = datasets.get_dataset(current_user(), dataset_id)
    return show_moving(_dataset_under_way(dataset), address=_dataset_address(dataset.id))


@dataclass(frozen=True)
class OwnPage:
    """The page of a dataset by itself: another reading of its file is another dataset, with a page of its own."""

    user: User
    dataset: Dataset
    gone = "There is no such finding any more, so nothing was done."

    def address_of(self, dataset: Dataset, *, done: str | None = None) -> str:
        """Return the address of a dataset's page."""
        return _dataset_address(dataset.id, done=done)

    def draw_reading(self, look: Look | None, fault: DomainError | None) -> BaseResponse:
        """Draw the page with the panel open and what was chosen in it."""
        return _dataset_page(
            self.dataset, status=fault.status if fault else 200, form=request.form, fault=fault, look=look
        )

    def refuse(self, fault: DomainError) -> BaseResponse:
        """Draw the page with the sentence that says why nothing was done."""
        return _dataset_page(self.dataset, status=fault.status, fault=fault)

    def reread(self, changes: dict[str, Any]) -> Dataset:
        """Read the file again."""
        return datasets.reread(self.user, self.dataset.id, changes)

    def find_remedy(self, button: str) -> remedies.SelectedRemedy | None:
        """Return the remedy that a button names; without a draft that is another reading always."""
        return remedies.selected_remedy(datasets.profile_of(self.dataset), button, kinds=KINDS)

    def answer(self, remedy: FindingRemedy) -> None:
        """Do nothing: without a draft there is nothing to answer."""


def _place(dataset_id: uuid.UUID) -> OwnPage:
    user = current_user()
    return OwnPage(user, datasets.get_dataset(user, dataset_id))


@blueprint.post("/<uuid:dataset_id>/reading/preview")
def preview_reading(dataset_id: uuid.UUID) -> BaseResponse:
    """Show the first rows as they would be read with other choices; nothing is stored."""
    return dataset_actions.preview_reading(_place(dataset_id))


@blueprint.post("/<uuid:dataset_id>/reading/reread")
def reread(dataset_id: uuid.UUID) -> BaseResponse:
    """Read the file again with other choices; it becomes a dataset of its own."""
    return dataset_actions.reread(_place(dataset_id))


@blueprint.post("/<uuid:dataset_id>/mend")
def apply_remedy(dataset_id: uuid.UUID) -> BaseResponse:
    """Do what a finding offers, by another reading of the file."""
    return dataset_actions.follow_remedy(_place(dataset_id))


@blueprint.get("/<uuid:dataset_id>/delete")
def ask_delete(dataset_id: uuid.UUID) -> Response:
    """Ask before a dataset goes."""
    dataset = datasets.get_dataset(current_user(), dataset_id)
    context = ConfirmContext(
        question=f"Delete {dataset.name}?",
        consequence="Drafts on it lose their data. Launched experiments keep their results. It can be brought back.",
        action=url_for("datasets.delete", dataset_id=dataset.id),
        button="Delete dataset",
        back=_dataset_address(dataset.id),
    )
    return render_view(context)


@blueprint.post("/<uuid:dataset_id>/delete")
def delete(dataset_id: uuid.UUID) -> BaseResponse:
    """Take a dataset off the lists."""
    datasets.delete_dataset(current_user(), dataset_id)
    return see_other(url_for("datasets.show_all", deleted=dataset_id))


@blueprint.post("/<uuid:dataset_id>/restore")
def restore(dataset_id: uuid.UUID) -> BaseResponse:
    """Bring a deleted dataset back."""
    datasets.restore_dataset(current_user(), dataset_id)
    return see_other(_dataset_address(dataset_id))
