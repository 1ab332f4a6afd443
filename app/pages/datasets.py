"""The datasets: list, one of them, upload, delete."""

from __future__ import annotations

import uuid

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as BaseResponse

from app.domain.errors import DomainError
from app.domain.vocabulary import DatasetState
from app.services import datasets
from app.web.hypermedia import fragment, into, leave_for, render, see_other
from app.web.sessions import current_user
from app.web.uploads import receive_upload

blueprint = Blueprint("datasets", __name__, url_prefix="/datasets")
PER_PAGE = 200


def _list(*, status: int = 200, fault: DomainError | None = None) -> BaseResponse:
    rows = datasets.list_datasets(current_user())
    problems = (fault,) if fault else ()
    page = render(
        "pages/datasets.html", "partials/datasets/list.html", status=status, datasets=rows, shown_problems=problems
    )
    return into("#datasets-page", page)


@blueprint.get("")
def show_all() -> BaseResponse:
    """List what was uploaded and which samples are in use."""
    return _list()


@blueprint.post("/upload")
def upload() -> BaseResponse:
    """Take a file."""
    try:
        dataset = receive_upload(current_user()).dataset
    except DomainError as fault:
        return _list(status=fault.status, fault=fault)
    return leave_for(f"/datasets/{dataset.id}")


@blueprint.get("/<uuid:dataset_id>")
def show(dataset_id: uuid.UUID) -> Response:
    """Show one dataset: what was read, what is in it, what was noticed."""
    dataset = datasets.get_dataset(current_user(), dataset_id)
    profile = datasets.profile_of(dataset)
    page = max(1, request.args.get("page", 1, type=int))
    columns = profile.columns if profile else ()
    return render(
        "pages/dataset.html",
        dataset=dataset,
        profile=profile,
        columns=columns[(page - 1) * PER_PAGE : page * PER_PAGE],
        page=page,
        pages=-(-len(columns) // PER_PAGE),
        preview=datasets.preview_rows(dataset, limit=12),
        preview_names=[column.name for column in columns[:60]],
        address=f"/datasets/{dataset.id}/reading",
    )


@blueprint.get("/<uuid:dataset_id>/reading")
def reading(dataset_id: uuid.UUID) -> BaseResponse:
    """Say how far a large file is."""
    dataset = datasets.get_dataset(current_user(), dataset_id)
    if dataset.state in (DatasetState.READY.value, DatasetState.FAILED.value):
        return leave_for(f"/datasets/{dataset.id}")
    return fragment("partials/datasets/reading.html", dataset=dataset, address=f"/datasets/{dataset.id}/reading")


@blueprint.get("/<uuid:dataset_id>/delete")
def ask_delete(dataset_id: uuid.UUID) -> Response:
    """Ask before a dataset goes."""
    dataset = datasets.get_dataset(current_user(), dataset_id)
    return render(
        "pages/confirm.html",
        question=f"Delete {dataset.name}?",
        consequence="Drafts on it lose their data. Launched experiments keep their results.",
        action=f"/datasets/{dataset.id}/delete",
        button="Delete dataset",
        back=f"/datasets/{dataset.id}",
    )


@blueprint.post("/<uuid:dataset_id>/delete")
def delete(dataset_id: uuid.UUID) -> BaseResponse:
    """Take a dataset off the lists."""
    datasets.delete_dataset(current_user(), dataset_id)
    return see_other("/datasets")
