"""API endpoints for experiment templates: list, create, change, apply, compare versions, export and import."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

from flask import Blueprint, Response, jsonify, request
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StrictInt

from app.api.config import problem_json
from app.api.template_json import (
    changes_json,
    mapping_json,
    template_json,
    template_summary,
    version_json,
    version_summary,
)
from app.domain.errors import FieldFault, InvalidBodyError, TemplateConflictError
from app.domain.experiment_templates.requirements import Requirements
from app.domain.experiment_templates.sent_requirements import read_requirements
from app.services.experiment_templates import archiving, exchange, listing, policy, sources, using, versions
from app.services.experiment_templates.edits import TemplateEdit
from app.services.experiment_templates.listing import TemplateSearch
from app.services.idempotency import Answer
from app.storage.tables import ExperimentTemplate, User
from app.web.errors import error_response
from app.web.json_input import parse_strict_json
from app.web.jsonapi import allow_config, body_of, idempotent, json_fault, page_json, read_page_request
from app.web.sessions import current_user

blueprint = Blueprint("api_experiment_templates", __name__, url_prefix="/api/experiment-templates")
MAX_TEXT = 100_000


class TemplateBody(BaseModel):
    """What a template shall hold. What is left out stays as it is, or is empty in a new one."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(max_length=MAX_TEXT)] | None = None
    description: Annotated[str, Field(max_length=MAX_TEXT)] | None = None
    category: Annotated[str, Field(max_length=MAX_TEXT)] | None = None
    tags: Annotated[list[str], Field(max_length=1000)] | None = None
    visibility: str | None = None
    people: Annotated[list[str], Field(max_length=1000)] | None = None
    config: dict[str, Any] | None = None
    requirements: dict[str, Any] | None = None
    comment: Annotated[str, Field(max_length=MAX_TEXT)] = ""

    def to_edit(self, user: User) -> TemplateEdit:
        """Return it for the services; the dataset that the config names tells units and kinds, where it is there."""
        values = self.model_dump(exclude={"requirements", "tags", "people"})
        return TemplateEdit(
            **values,
            tags=None if self.tags is None else tuple(self.tags),
            people=None if self.people is None else tuple(self.people),
            requirements=None if self.requirements is None else _requirements(self.requirements),
            profile=sources.profile_of_config(user, self.config),
        )


class NewTemplate(TemplateBody):
    """A new template: of a config, or of an experiment or a draft of one's own."""

    experiment_id: uuid.UUID | None = None
    draft_id: uuid.UUID | None = None


class ChangedTemplate(TemplateBody):
    """A changed template, and the version that was edited."""

    version: StrictInt


class RestoreRequest(BaseModel):
    """Which version is the newest as far as the program knows."""

    model_config = ConfigDict(extra="forbid")

    version: StrictInt


def _column_of(raw: Any) -> Any:
    return raw.get("column") if isinstance(raw, dict) else raw


class ApplyRequest(BaseModel):
    """On which dataset a template is used. `preview` makes no draft; `mapping` may be as an earlier answer gave it."""

    model_config = ConfigDict(extra="forbid")

    dataset_id: uuid.UUID
    mapping: dict[str, Annotated[str | None, BeforeValidator(_column_of)]] = {}
    version: StrictInt | None = None
    draft_id: uuid.UUID | None = None
    preview: StrictBool = False


class DiffRequest(BaseModel):
    """Which two versions are compared."""

    before: int = Field(alias="from")
    after: int = Field(alias="to")


def _requirements(values: dict[str, Any]) -> Requirements:
    try:
        return read_requirements(values)
    except ValueError:
        message = "These requirements cannot be read. Send them as a template shows them."
        raise InvalidBodyError((FieldFault("requirements", "requirements_invalid", message),)) from None


@blueprint.errorhandler(TemplateConflictError)
def _conflict_response(fault: TemplateConflictError) -> Response:
    """Answer that somebody else changed the template, with its current version."""
    more = {"version": fault.version, "diff": changes_json(fault.changes)}
    return error_response(fault.status, fault.message, code=fault.code, more=more)


@blueprint.get("/")
def show_all() -> Response:
    """List the templates that the account sees."""
    user, page_request = current_user(), read_page_request()
    told = {name: request.args.get(name, "") for name in ("category", "tag", "sort")}
    search = TemplateSearch(
        request.args.get("q", ""), **told, owned="owned" in request.args, archived="archived" in request.args
    )
    templates, total = listing.find_templates(user, search, limit=page_request.per_page, offset=page_request.offset)
    owners = listing.owner_names(templates)
    return page_json([template_summary(user, row, owners[row.id]) for row in templates], page_request, total=total)


@blueprint.post("/")
def create() -> Response:
    """Make a template of one's own."""
    allow_config()
    user, body = current_user(), body_of(NewTemplate)
    return idempotent(user, request.get_data(), lambda: _creation_answer(user, _create(user, body)))


def _create(user: User, body: NewTemplate) -> ExperimentTemplate:
    given = [body.config, body.experiment_id, body.draft_id]
    if sum(row is not None for row in given) != 1:
        message = "Send one of config, experiment_id and draft_id."
        raise InvalidBodyError((FieldFault("config", "template_unclear", message),))
    source = sources.source_of(user, experiment_id=body.experiment_id, draft_id=body.draft_id)
    plain = TemplateBody.model_validate(body.model_dump(exclude={"experiment_id", "draft_id"}))
    return versions.create_template(user, sources.fill_from_source(plain.to_edit(user), source))


def _creation_answer(user: User, row: ExperimentTemplate) -> Answer:
    return Answer(201, template_json(user, row), location=f"/api/experiment-templates/{row.id}/")


@blueprint.get("/<uuid:template_id>/")
def show(template_id: uuid.UUID) -> Response:
    """Show a template, as its newest version has it."""
    user = current_user()
    return jsonify(template_json(user, policy.get_current(user, template_id)))


@blueprint.put("/<uuid:template_id>/")
def update(template_id: uuid.UUID) -> Response:
    """Make the next version of a template, based on the one that is named."""
    policy.get_template(current_user(), template_id)
    allow_config()
    user, body = current_user(), body_of(ChangedTemplate)
    edit = TemplateBody.model_validate(body.model_dump(exclude={"version"})).to_edit(user)
    return jsonify(template_json(user, versions.update_template(user, template_id, edit, version=body.version)))


@blueprint.delete("/<uuid:template_id>/")
def delete(template_id: uuid.UUID) -> tuple[str, int]:
    """Archive a template; it can be restored, and nothing made of it changes."""
    archiving.archive_template(current_user(), template_id)
    return "", 204


@blueprint.post("/<uuid:template_id>/restore/")
def restore(template_id: uuid.UUID) -> Response:
    """Bring an archived template back."""
    user = current_user()
    return jsonify(template_json(user, archiving.unarchive_template(user, template_id)))


@blueprint.post("/<uuid:template_id>/duplicate/")
def duplicate(template_id: uuid.UUID) -> Response:
    """Make a private copy of one's own."""
    user = current_user()
    return idempotent(user, "", lambda: _creation_answer(user, versions.duplicate_template(user, template_id)))


@blueprint.post("/<uuid:template_id>/apply/")
def apply(template_id: uuid.UUID) -> Response:
    """Use a template on a dataset: a draft with its answers, the mapping, and what does not fit."""
    policy.get_current(current_user(), template_id)
    user, body = current_user(), body_of(ApplyRequest)
    data = using.try_template(user, template_id, body.dataset_id, version=body.version, mapping=body.mapping)
    problems = [problem_json(problem) for problem in data.use.problems]
    told = {"mapping": mapping_json(data.matches), "template": {"id": str(template_id), "version": data.version}}
    if body.preview:
        return jsonify({"draft_id": None, "config": data.use.config.to_json(), "problems": problems, **told})
    return idempotent(user, request.get_data(), lambda: _application_answer(user, data, body.draft_id, told))


def _application_answer(
    user: User, data: using.TemplateOnData, draft_id: uuid.UUID | None, told: dict[str, Any]
) -> Answer:
    draft = using.use_template(user, data, draft_id=draft_id).draft
    spec = draft.plan.spec
    config = None
    if spec is not None:
        dataset = {"id": str(data.dataset.id), "sha256": data.dataset.sha256 or ""}
        config = {**spec.to_json(), "dataset": dataset, "template": told["template"]}
    problems = [problem_json(problem) for problem in (*data.use.problems, *draft.plan.problems)]
    return Answer(201, {"draft_id": str(draft.id), "config": config, "problems": problems, **told})


@blueprint.get("/<uuid:template_id>/versions/")
def show_versions(template_id: uuid.UUID) -> Response:
    """List the versions of a template, newest first."""
    user, page_request = current_user(), read_page_request()
    row = policy.get_template(user, template_id)
    result, total = listing.list_history(user, row, limit=page_request.per_page, offset=page_request.offset)
    return page_json([version_summary(row, version) for version in result], page_request, total=total)


@blueprint.get("/<uuid:template_id>/versions/<int:version>/")
def show_version(template_id: uuid.UUID, version: int) -> Response:
    """Show one version."""
    user = current_user()
    row = policy.get_template(user, template_id)
    return jsonify(version_json(row, policy.get_version(user, row, version)))


@blueprint.post("/<uuid:template_id>/versions/<int:version>/restore/")
def restore_version(template_id: uuid.UUID, version: int) -> Response:
    """Make a new version that holds what this one held."""
    policy.get_template(current_user(), template_id)
    user, body = current_user(), body_of(RestoreRequest)
    return jsonify(template_json(user, versions.restore_version(user, template_id, version, based_on=body.version)))


@blueprint.get("/<uuid:template_id>/diff/")
def diff(template_id: uuid.UUID) -> Response:
    """Say in words what differs between two versions."""
    policy.get_template(current_user(), template_id)
    diff_request = body_of(DiffRequest)
    changes = versions.diff_versions(current_user(), template_id, diff_request.before, diff_request.after)
    return jsonify({"from": diff_request.before, "to": diff_request.after, "changes": changes_json(changes)})


@blueprint.get("/<uuid:template_id>/export/")
def export(template_id: uuid.UUID) -> Response:
    """Return a template as one file with its history."""
    return jsonify(exchange.export_template(current_user(), template_id))


@blueprint.post("/import/")
def take_import() -> Response:
    """Make a private template of one's own from such a file."""
    allow_config(exchange.MAX_FILE_BYTES)
    user = current_user()
    try:
        sent = parse_strict_json(request.get_data())
    except ValueError as fault:
        raise InvalidBodyError((json_fault("file", fault),)) from None
    return idempotent(user, request.get_data(), lambda: _creation_answer(user, exchange.import_template(user, sent)))
