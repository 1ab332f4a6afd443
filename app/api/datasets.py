"""API endpoints for datasets: upload, list, preview, read again, delete and restore."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, Response, jsonify, request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.domain.analysis.import_options.import_choices import ReadingChoices
from app.domain.analysis.profiling.describing import report_json
from app.domain.errors import InvalidBodyError
from app.services.datasets import analysis, datasets
from app.services.idempotency import Answer
from app.storage.tables import Dataset
from app.web.jsonapi import body_of, faults_of, idempotent, json_field, page_json, read_page_request
from app.web.sessions import current_user
from app.web.uploads import hash_received_file, receive_upload

blueprint = Blueprint("api_datasets", __name__, url_prefix="/api/datasets")
MAX_ROWS = 200


class RereadRequest(BaseModel):
    """How a file is to be read: changes of the choices, as `ReadingChoices` names them; null takes one back."""

    model_config = ConfigDict(extra="forbid")

    choices: dict[str, Any] = {}


class PreviewRequest(BaseModel):
    """Which rows are shown."""

    limit: int = Field(default=20, ge=1, le=MAX_ROWS)
    offset: int = Field(default=0, ge=0, le=1_000_000_000)


def dataset_summary_json(row: Dataset) -> dict[str, Any]:
    """Return the summary of a dataset for lists."""
    return {
        "id": str(row.id),
        "name": row.name,
        "file_name": row.file_name,
        "state": row.state,
        "reason": row.reason,
        "reason_code": row.reason_code,
        "format": row.format,
        "rows": row.rows,
        "columns": row.column_count,
        "size_bytes": row.size_bytes,
        "expected_bytes": row.expected_bytes,
        "sha256": row.sha256,
        "choices": row.choices or {},
        "source_id": None if row.source_id is None else str(row.source_id),
        "created_at": f"{row.created_at.isoformat(timespec='seconds')}Z",
    }


def dataset_json(row: Dataset) -> dict[str, Any]:
    """Return all there is to say about one dataset but its columns' statistics, which the analysis gives."""
    profile = analysis.profile_of(row)
    names = [column.name for column in profile.columns] if profile else []
    report = report_json(profile.report) if profile else None
    return {**dataset_summary_json(row), "column_names": names, "import_report": report}


def _creation_response(row: Dataset, **more: Any) -> Answer:
    return Answer(201, {**dataset_json(row), **more}, location=f"/api/datasets/{row.id}/")


@blueprint.post("/")
def create() -> Response:
    """Take a file; one that is known already, read the same way, answers with the dataset there is."""
    user, name = current_user(), request.form.get("name", "").strip()[:200]
    try:
        choices = ReadingChoices.model_validate(json_field("choices") or {})
    except ValidationError as fault:
        raise InvalidBodyError(faults_of(fault)) from None

    def make() -> Answer:
        arrival = receive_upload(user, choices, name=name, keeps_refused=False)
        return _creation_response(arrival.dataset, known=arrival.known)

    return idempotent(user, f"{hash_received_file()} {name} {choices.fingerprint()}", make)


@blueprint.get("/")
def show_all() -> Response:
    """List the datasets of the account, newest first."""
    user, page_request = current_user(), read_page_request()
    rows = datasets.list_datasets(user, limit=page_request.per_page, offset=page_request.offset)
    return page_json([dataset_summary_json(row) for row in rows], page_request, total=datasets.count_datasets(user))


@blueprint.get("/<uuid:dataset_id>/")
def show(dataset_id: uuid.UUID) -> Response:
    """Show one dataset and how its file was read."""
    return jsonify(dataset_json(datasets.get_dataset(current_user(), dataset_id)))


@blueprint.delete("/<uuid:dataset_id>/")
def delete(dataset_id: uuid.UUID) -> tuple[str, int]:
    """Delete a dataset; it can be restored for 30 days."""
    datasets.delete_dataset(current_user(), dataset_id)
    return "", 204


@blueprint.post("/<uuid:dataset_id>/restore/")
def restore(dataset_id: uuid.UUID) -> Response:
    """Bring a deleted dataset back."""
    return jsonify(dataset_json(datasets.restore_dataset(current_user(), dataset_id)))


@blueprint.get("/<uuid:dataset_id>/preview/")
def preview(dataset_id: uuid.UUID) -> Response:
    """Show rows as texts, an empty text for a missing value; while the file is read, those of the first look."""
    preview_request = body_of(PreviewRequest)
    row = datasets.get_dataset(current_user(), dataset_id)
    profile = analysis.profile_of(row)
    if profile is None:
        peek = analysis.peek_of(row)
        names = list(peek.names) if peek else []
        rows = [list(item) for item in peek.rows[preview_request.offset :][: preview_request.limit]] if peek else []
        return jsonify(
            {"state": row.state, "columns": names, "rows": rows, "total": None, "offset": preview_request.offset}
        )
    names = [column.name for column in profile.columns]
    rows = analysis.preview_rows(
        row, limit=preview_request.limit, offset=preview_request.offset, most_columns=len(names)
    )
    return jsonify(
        {"state": row.state, "columns": names, "rows": rows, "total": row.rows, "offset": preview_request.offset}
    )


@blueprint.post("/<uuid:dataset_id>/preview/")
def preview_reading(dataset_id: uuid.UUID) -> Response:
    """Show the first rows as the file would be read with changed choices; nothing is kept."""
    peek = datasets.preview_reading(current_user(), dataset_id, body_of(RereadRequest).choices)
    return jsonify(peek.model_dump(mode="json"))


@blueprint.post("/<uuid:dataset_id>/readings/")
def read_again(dataset_id: uuid.UUID) -> Response:
    """Read the file again with changed choices: a new dataset, or the one that was read so before."""
    user, body = current_user(), body_of(RereadRequest)

    def make() -> Answer:
        return _creation_response(datasets.reread(user, dataset_id, body.choices))

    return idempotent(user, request.get_data(), make)
