"""Pages to apply an experiment template: choose data, map columns, start a draft."""

from __future__ import annotations

import uuid

from flask import Blueprint, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.domain.errors import DomainError, InvalidBodyError
from app.domain.experiment_templates.requirements import ROLE_WORDS
from app.pages.template_contexts import Faults, TemplateMappingContext, TemplateSourceContext
from app.services.datasets import datasets
from app.services.experiment_templates import policy, using
from app.services.experiment_templates.using import TemplateOnData
from app.storage.tables import Dataset
from app.web.columns import MAX_OPTIONS
from app.web.hypermedia import leave_for, render_view, see_other
from app.web.sessions import current_user
from app.web.upload_progress import take_upload

blueprint = Blueprint("template_use", __name__, url_prefix="/experiment-templates/<uuid:template_id>/apply")
SEVERITY_WORDS = {"error": "Error", "warning": "Warning", "notice": "Notice"}


def _source_page(template_id: uuid.UUID, *, status: int = 200, fault: DomainError | None = None) -> BaseResponse:
    user = current_user()
    row = policy.get_current(user, template_id)
    context = TemplateSourceContext(
        template=row,
        address=url_for("template_use.show", template_id=row.id),
        samples=datasets.SAMPLES,
        owned=datasets.list_own_ready(user),
        needs=tuple(row.needs),
        page_problems=(fault,) if fault else (),
    )
    return render_view(context, status=status)


def _id_of(text: str | None) -> uuid.UUID | None:
    try:
        return uuid.UUID(text or "")
    except ValueError:
        return None


@blueprint.get("")
def show(template_id: uuid.UUID) -> BaseResponse:
    """Show the mapping for the data that the address names, or offer data."""
    dataset_id = _id_of(request.args.get("dataset_id"))
    if dataset_id is None:
        return _source_page(template_id)
    data = using.try_template(current_user(), template_id, dataset_id)
    return _mapping_page(data, draft_id=str(_id_of(request.args.get("draft_id")) or ""))


def _go_on(template_id: uuid.UUID, dataset: Dataset) -> BaseResponse:
    return leave_for(url_for("template_use.show", template_id=template_id, dataset_id=dataset.id))


@blueprint.post("/sample")
def use_sample(template_id: uuid.UUID) -> BaseResponse:
    """Use it on a sample."""
    policy.get_current(current_user(), template_id)
    return _go_on(template_id, datasets.use_sample(current_user(), request.form.get("sample", "")))


@blueprint.post("/upload")
def upload(template_id: uuid.UUID) -> BaseResponse:
    """Use it on a file; one that takes long to be read is waited for on the page of datasets."""
    policy.get_current(current_user(), template_id)
    try:
        dataset, _ = take_upload(current_user())
    except DomainError as fault:
        return _source_page(template_id, status=fault.status, fault=fault)
    if datasets.profile_of(dataset) is None:
        return leave_for(url_for("datasets.show", dataset_id=dataset.id))
    return _go_on(template_id, dataset)


def _mapping_page(
    data: TemplateOnData, *, draft_id: str, status: int = 200, faults: Faults = (), typed: dict[str, str] | None = None
) -> BaseResponse:
    names = data.profile.names
    values = {f"column.{place}": match.column for place, match in enumerate(data.matches)}
    context = TemplateMappingContext(
        address=url_for("template_use.show", template_id=data.template.id),
        template_fit=data,
        roles={role.value: words for role, words in ROLE_WORDS.items()},
        values=typed or values,
        options=names if len(names) <= MAX_OPTIONS else (),
        problems=[(SEVERITY_WORDS[problem.severity.value], problem) for problem in data.use.problems],
        fits=data.use.fits,
        draft_id=draft_id,
        page_problems=faults,
    )
    return render_view(context, status=status)


@blueprint.post("")
def save(template_id: uuid.UUID) -> BaseResponse:
    """Make the draft of a finished mapping, or show what comes of it where only that is asked for."""
    user, dataset_id = current_user(), _id_of(request.form.get("dataset_id"))
    if dataset_id is None:
        return _source_page(template_id, status=422, fault=DomainError("Choose data first.", field="dataset_id"))
    draft_id = _id_of(request.form.get("draft_id"))
    first = using.try_template(user, template_id, dataset_id)
    typed = {name: request.form[name].strip() for name in request.form if name.startswith("column.")}
    mapping = {
        match.need.name: typed[f"column.{place}"] or None
        for place, match in enumerate(first.matches)
        if f"column.{place}" in typed
    }
    try:
        data = using.try_template(user, template_id, dataset_id, mapping=mapping)
    except InvalidBodyError as fault:
        return _mapping_page(first, draft_id=str(draft_id or ""), status=422, faults=fault.faults, typed=typed)
    if "check" in request.form:
        return _mapping_page(data, draft_id=str(draft_id or ""))
    return see_other(url_for("review.show", draft_id=using.use_template(user, data, draft_id=draft_id).draft.id))
