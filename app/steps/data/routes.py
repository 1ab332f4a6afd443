"""The Data step: sample, upload, preview, target, task, kinds."""

from __future__ import annotations

import uuid
from typing import Any

from flask import request
from werkzeug.wrappers import Response

from app.domain.errors import DomainError, DraftConflictError
from app.domain.vocabulary import ColumnKind, DatasetState
from app.services import datasets, drafts
from app.steps import flow
from app.steps.data.form import read
from app.storage.tables import Dataset
from app.web.hypermedia import fragment, into, leave_for, see_other
from app.web.sessions import current_user
from app.web.uploads import receive_upload

PER_PAGE = 100
PREVIEW_ROWS = 8
PREVIEW_COLUMNS = 60


def context(situation: flow.Situation) -> dict[str, Any]:
    """Return what the Data fragment needs."""
    profile, dataset = situation.profile, situation.dataset
    names = [column.name for column in profile.columns] if profile else []
    word = request.args.get("q", "").strip().lower()
    columns = [column for column in profile.columns if word in column.name.lower()] if profile else []
    page = max(1, request.args.get("page", 1, type=int))
    target = str(situation.plan.values["data"].get("target") or "")
    return {
        "samples": datasets.SAMPLES,
        "owned": [one for one in datasets.list_datasets(situation.user) if one.state == "ready" and not one.sample],
        "names": names,
        "columns": columns[(page - 1) * PER_PAGE : page * PER_PAGE],
        "found": len(columns),
        "word": word,
        "page": page,
        "pages": -(-len(columns) // PER_PAGE),
        "kinds": [kind.value for kind in ColumnKind],
        "preview": datasets.preview_rows(dataset, limit=PREVIEW_ROWS) if dataset and profile else [],
        "preview_names": names[:PREVIEW_COLUMNS],
        "chosen_target": profile.column(target) if profile and profile.has(target) else None,
        "values": situation.plan.values["data"],
        "suggestions": situation.plan.suggestions["data"],
        "reasons": situation.plan.reasons,
    }


VIEW = flow.StepView(
    "data", read, context, reshapes=("target", "task_kind", "time_column", "group_column", "dataset_id", "kind.")
)
blueprint = flow.blueprint_for(VIEW)


def _choose(draft_id: uuid.UUID, dataset: Dataset) -> Response:
    user = current_user()
    row = drafts.get_draft(user, draft_id)
    try:
        changes = datasets.first_answers(dataset)
        drafts.save_answers(user, draft_id, step="data", changes=changes, version=row.version)
    except DraftConflictError:
        return see_other(flow.step_url(row, "data"))
    return leave_for(flow.step_url(row, "data"))


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


@blueprint.post("/upload")
def upload(draft_id: uuid.UUID) -> Response:
    """Stand the draft on a new file; a bad one is refused and the draft keeps what it had."""
    drafts.get_draft(current_user(), draft_id)
    try:
        return _choose(draft_id, receive_upload(current_user()).dataset)
    except DomainError as fault:
        return _refuse(draft_id, fault)


@blueprint.get("/reading")
def reading(draft_id: uuid.UUID) -> Response:
    """Say how far a large file is; when it is done, the whole step is shown again."""
    situation = flow.situation_of(draft_id)
    dataset = situation.dataset
    if dataset is None or dataset.state in (DatasetState.READY.value, DatasetState.FAILED.value):
        return leave_for(flow.step_url(situation.row, "data"))
    address = f"{flow.step_url(situation.row, 'data')}/reading"
    return fragment("partials/datasets/reading.html", dataset=dataset, address=address)
