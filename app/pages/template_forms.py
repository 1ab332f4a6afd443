"""Pages to create an experiment template and to edit its text, sharing and requirements."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace

from flask import Blueprint, request, url_for
from werkzeug.wrappers import Response

from app.domain.errors import DomainError, InvalidBodyError, TemplateConflictError
from app.domain.experiment_templates.describing import VISIBILITY_WORDS, describe_config
from app.domain.experiment_templates.requirements import Requirements
from app.pages.experiment_templates import address_of
from app.pages.template_contexts import Faults, TemplateFormContext
from app.services.drafts import draft_context
from app.services.experiment_templates import listing, policy, sources, using, versions
from app.services.experiment_templates.edits import TemplateEdit
from app.services.experiment_templates.sources import TemplateSource
from app.services.experiment_templates.using import DraftOrigin
from app.storage.tables import ExperimentTemplate, User
from app.web.hypermedia import render_view, see_other
from app.web.sessions import current_user

blueprint = Blueprint("template_forms", __name__, url_prefix="/experiment-templates")
# So many columns can be ticked as needed; those of a target, of time and of groups stand first.
MAX_LISTED = 60
FIELDS = ("name", "description", "category", "tags", "visibility", "people", "comment")
VISIBILITIES = [(value, words[:1].upper() + words[1:]) for value, words in VISIBILITY_WORDS.items()]


def _id_of(name: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(request.values.get(name, ""))
    except ValueError:
        return None


def _template_sources(user: User) -> tuple[TemplateSource, DraftOrigin | None, str]:
    """Return the source that the address names, the template that it came from, and the way back.

    Raises
    ------
    DomainError
        If it names neither an experiment nor a draft.
    """
    experiment_id, draft_id = _id_of("experiment"), _id_of("draft")
    source = sources.source_of(user, experiment_id=experiment_id, draft_id=draft_id)
    if source is None:
        raise DomainError("Open an experiment or a draft, and save it as a template there.", code="source_missing")
    if draft_id is None:
        return source, None, url_for("experiments.show", experiment_id=experiment_id)
    origin = using.origin_of(draft_context.load(user, draft_id))
    mine = origin if origin is not None and origin.may_edit else None
    return source, mine, url_for("review.show", draft_id=draft_id)


@blueprint.get("/new")
def new() -> Response:
    """Offer to make a template of an experiment or a draft."""
    source, origin, back = _template_sources(current_user())
    values = {"name": source.name, "description": source.description, "tags": ", ".join(source.tags)}
    return _new_page(source, origin, back, values=values)


def _new_page(
    source: TemplateSource,
    origin: DraftOrigin | None,
    back: str,
    *,
    values: Mapping[str, str],
    status: int = 200,
    faults: Faults = (),
) -> Response:
    context = TemplateFormContext(
        title="Save as template",
        lead="It keeps every choice, and none of the data. Others map its columns to their own.",
        action=f"{url_for('template_forms.new')}?{request.query_string.decode('ascii', 'ignore')}",
        back=back,
        button="Save template",
        values={**_empty_form(), **values},
        categories=listing.list_categories(current_user()),
        visibilities=VISIBILITIES,
        based_on=0,
        origin_name=origin.name if origin is not None else "",
        requirements=None,
        listed_needs=(),
        statements=describe_config(source.config),
        changes=(),
        page_problems=faults,
    )
    return render_view(context, status=status)


def _empty_form() -> dict[str, str]:
    return {**dict.fromkeys(FIELDS, ""), "visibility": "private", "save_as": "new"}


def _posted_form() -> dict[str, str]:
    return {name: request.form.get(name, "").replace("\r\n", "\n") for name in (*FIELDS, "save_as")}


def _edit_of(values: Mapping[str, str]) -> TemplateEdit:
    return TemplateEdit(
        name=values["name"],
        description=values["description"],
        category=values["category"],
        tags=tuple(values["tags"].split(",")),
        visibility=values["visibility"],
        people=tuple(values["people"].replace("\n", ",").split(",")),
        comment=values["comment"],
    )


@blueprint.post("/new")
def create() -> Response:
    """Store the template, or the next version of the one that the draft came from."""
    user, values = current_user(), _posted_form()
    source, origin, back = _template_sources(user)
    try:
        if values["save_as"] == "version" and origin is not None:
            edit = TemplateEdit(config=source.config, profile=source.profile, comment=values["comment"])
            row = versions.update_template(user, origin.template_id, edit, version=origin.newest)
        else:
            row = versions.create_template(user, sources.fill_from_source(_edit_of(values), source))
    except InvalidBodyError as fault:
        return _new_page(source, origin, back, values=values, status=422, faults=fault.faults)
    except DomainError as fault:
        return _new_page(source, origin, back, values=values, status=fault.status, faults=(fault,))
    return see_other(address_of(row))


@blueprint.get("/<uuid:template_id>/edit")
def edit(template_id: uuid.UUID) -> Response:
    """Offer words, sharing and requirements for change."""
    row = policy.get_changeable(current_user(), template_id)
    needs = versions.newest_content(row).requirements
    values = {
        "name": row.name,
        "description": row.description,
        "category": row.category,
        "tags": ", ".join(row.tags),
        "visibility": row.visibility,
        "people": ", ".join(person.email for person in listing.list_people(row)),
        "min_rows": str(needs.min_rows),
        "min_groups": str(needs.min_groups),
    }
    return _edit_page(row, values=values, needs=needs)


def _edit_page(
    row: ExperimentTemplate,
    *,
    values: Mapping[str, str],
    needs: Requirements,
    conflict: TemplateConflictError | None = None,
    status: int = 200,
    faults: Faults = (),
) -> Response:
    content = versions.newest_content(row)
    context = TemplateFormContext(
        title=f"Edit {row.name}",
        lead="A save makes the next version. Experiments made of earlier versions stay as they are.",
        action=url_for("template_forms.save", template_id=row.id),
        back=address_of(row),
        button="Save next version",
        values={**_empty_form(), **values},
        categories=listing.list_categories(current_user()),
        visibilities=VISIBILITIES,
        based_on=row.version if conflict is None else conflict.version,
        origin_name="",
        requirements=needs,
        listed_needs=needs.columns[:MAX_LISTED],
        statements=describe_config(content.config, step_seconds=needs.step_seconds),
        changes=conflict.changes if conflict is not None else (),
        page_problems=faults,
    )
    return render_view(context, status=status)


@blueprint.post("/<uuid:template_id>/edit")
def save(template_id: uuid.UUID) -> Response:
    """Make the next version, or say what somebody else saved meanwhile."""
    user = current_user()
    row = policy.get_editable(user, template_id)
    needs = versions.newest_content(row).requirements
    values = {**_posted_form(), **{name: request.form.get(name, "") for name in ("min_rows", "min_groups")}}
    try:
        wanted = _posted_requirements(needs, values)
        changed = replace(_edit_of(values), requirements=wanted)
        based_on = request.form.get("version", 0, type=int)
        stored = versions.update_template(user, template_id, changed, version=based_on)
    except TemplateConflictError as fault:
        return _edit_page(row, values=values, needs=needs, conflict=fault, status=fault.status, faults=(fault,))
    except InvalidBodyError as fault:
        return _edit_page(row, values=values, needs=needs, status=422, faults=fault.faults)
    except DomainError as fault:
        return _edit_page(row, values=values, needs=needs, status=fault.status, faults=(fault,))
    return see_other(address_of(stored))


def _posted_requirements(needs: Requirements, values: Mapping[str, str]) -> Requirements:
    """Return the requirements with what the form says; what differs from what follows by itself is remembered."""
    rows, groups = (_count(name, values[name]) for name in ("min_rows", "min_groups"))
    needed = frozenset(request.form.getlist("needed"))
    listed = tuple(replace(need, needed=need.name in needed) for need in needs.columns[:MAX_LISTED])
    columns = (*listed, *needs.columns[MAX_LISTED:])
    changed = replace(needs, columns=columns, min_rows=rows, min_groups=groups)
    names = ("min_rows", "min_groups", "columns")
    edited = {name for name in names if getattr(changed, name) != getattr(needs, name)}
    return replace(changed, edited=tuple(sorted({*needs.edited, *edited})))


def _count(name: str, text: str) -> int:
    plain = text.strip().replace(",", "")
    if not (plain.isascii() and plain.isdigit() and len(plain) < 10):
        raise DomainError("Write a whole number of 0 or more.", code="not_a_count", field=name)
    return int(plain)
