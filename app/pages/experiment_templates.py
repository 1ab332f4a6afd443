"""Pages of experiment templates: gallery, one template, comparison of versions, and one-click actions."""

from __future__ import annotations

import json
import re
import uuid
from urllib.parse import urlencode

from flask import Blueprint, Response, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.domain.errors import DomainError, InvalidBodyError, NotFoundError
from app.domain.experiment_templates.describing import describe_config
from app.domain.experiment_templates.library import find_entry
from app.domain.experiment_templates.requirements import ROLE_WORDS
from app.pages.template_contexts import Faults, TemplateContext, TemplateDiffContext, TemplateGalleryContext
from app.services.accounts.names import display_name
from app.services.experiment_templates import archiving, exchange, listing, policy, versions
from app.services.experiment_templates.listing import SORTS, TemplateSearch
from app.storage import experiment_templates as rows
from app.storage.tables import ExperimentTemplate, User
from app.web.hypermedia import render_view, see_other
from app.web.json_input import JsonRefusedError, parse_strict_json
from app.web.sessions import current_user
from app.web.template_cards import card_of, cards_of, config_picture

blueprint = Blueprint("experiment_templates", __name__, url_prefix="/experiment-templates")
PER_PAGE, MAX_DIGITS = 24, 10


def search_of_request() -> tuple[TemplateSearch, int]:
    """Read the search for templates from the address, and the number of the page."""
    text, category, tag, sort = (request.args.get(name, "").strip() for name in ("q", "category", "tag", "sort"))
    owned, archived = (request.args.get(name) == "1" for name in ("owned", "archived"))
    page = max(1, min(request.args.get("page", 1, type=int), 100_000))
    return TemplateSearch(text, category, tag, sort, owned=owned, archived=archived), page


def query_of(search: TemplateSearch) -> str:
    """Return a search as part of an address."""
    told = {"q": search.text, "category": search.category, "tag": search.tag, "sort": search.sort}
    told |= {name: "1" for name in ("owned", "archived") if getattr(search, name)}
    return urlencode({name: value for name, value in told.items() if value})


def _gallery_page(*, status: int = 200, faults: Faults = ()) -> Response:
    user, (search, page) = current_user(), search_of_request()
    templates, total = listing.find_templates(user, search, limit=PER_PAGE, offset=(page - 1) * PER_PAGE)
    context = TemplateGalleryContext(
        cards=cards_of(templates),
        total=total,
        page=page,
        pages=max(1, -(-total // PER_PAGE)),
        search=search,
        query=query_of(search),
        categories=[("", "All"), *((name, name) for name in listing.list_categories(user))],
        sorts=list(SORTS.items()),
        is_admin=policy.is_admin(user),
        page_problems=faults,
    )
    return render_view(context, status=status)


@blueprint.get("")
def show_all() -> Response:
    """Show the templates that are looked for."""
    return _gallery_page()


@blueprint.get("/<uuid:template_id>")
def show(template_id: uuid.UUID) -> Response:
    """Show a template with its history."""
    user = current_user()
    return render_view(_template_context(user, policy.get_template(user, template_id)))


def _template_context(user: User, row: ExperimentTemplate) -> TemplateContext:
    content, owner = versions.newest_content(row), listing.owner_names([row])[row.id]
    may_edit = policy.may_edit(user, row)
    history, versions_total = listing.list_history(user, row)
    return TemplateContext(
        template=row,
        owner=owner,
        card=card_of(row, owner),
        picture=config_picture(content.config),
        statements=describe_config(content.config, step_seconds=content.requirements.step_seconds),
        requirements=content.requirements,
        roles={role.value: words for role, words in ROLE_WORDS.items()},
        history=history,
        versions_total=versions_total,
        is_imported=versions.is_imported,
        usage=listing.list_usage(user, row),
        people_using=listing.count_people_using(row),
        may_edit=may_edit,
        is_admin=policy.is_admin(user),
        people=[display_name(person) for person in listing.list_people(row)] if may_edit else [],
        entry=find_entry(row.library_key),
        successor=listing.successor_for(user, row),
        may_restore=row.archived_at is not None and policy.may_restore(user, row),
    )


@blueprint.get("/<uuid:template_id>/diff")
def diff(template_id: uuid.UUID) -> Response:
    """Show what two versions differ in."""
    user = current_user()
    row = policy.get_template(user, template_id)
    after = _version_named("to", row.version)
    before = _version_named("from", max(policy.first_shown_version(user, row), after - 1))
    context = TemplateDiffContext(
        template=row,
        before=before,
        after=after,
        changes=versions.diff_versions(user, row.id, before, after),
        versions=[(str(item.version), f"Version {item.version}") for item in listing.list_history(user, row)[0]],
    )
    return render_view(context)


def _version_named(name: str, default: int) -> int:
    """Return the version that the address names; what is no number names none."""
    text = request.args.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS):
        raise NotFoundError(rows.NO_VERSION)
    return int(text)


def address_of(row: ExperimentTemplate) -> str:
    """Return the address of a template."""
    return url_for("experiment_templates.show", template_id=row.id)


@blueprint.post("/<uuid:template_id>/duplicate")
def duplicate(template_id: uuid.UUID) -> BaseResponse:
    """Make a private copy."""
    return see_other(address_of(versions.duplicate_template(current_user(), template_id)))


@blueprint.post("/<uuid:template_id>/archive")
def archive(template_id: uuid.UUID) -> BaseResponse:
    """Take it out of all lists; its page offers to bring it back."""
    archiving.archive_template(current_user(), template_id)
    return see_other(url_for("experiment_templates.show", template_id=template_id))


@blueprint.post("/<uuid:template_id>/restore")
def restore(template_id: uuid.UUID) -> BaseResponse:
    """Bring it back."""
    return see_other(address_of(archiving.unarchive_template(current_user(), template_id)))


@blueprint.post("/<uuid:template_id>/versions/<int:version>/restore")
def restore_version(template_id: uuid.UUID, version: int) -> BaseResponse:
    """Make a new version that holds what this one held."""
    based_on = request.form.get("version", 0, type=int)
    return see_other(address_of(versions.restore_version(current_user(), template_id, version, based_on=based_on)))


@blueprint.get("/<uuid:template_id>/template.json")
def export(template_id: uuid.UUID) -> Response:
    """Hand out a template with its history as one file."""
    values = exchange.export_template(current_user(), template_id)
    text = json.dumps(values, indent=2, ensure_ascii=False) + "\n"
    response = Response(text, mimetype="application/json")
    name = versions_name(values)
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


def versions_name(values: object) -> str:
    """Return a name for an exported file that every system takes."""
    history = values.get("versions") if isinstance(values, dict) else None
    last = history[-1] if isinstance(history, list) and history else {}
    words = re.sub(r"[^a-z0-9]+", "-", str(last.get("name", "")).lower()).strip("-")[:60]
    return f"{words or 'template'}-template.json"


@blueprint.post("/import")
def take_import() -> BaseResponse:
    """Make a private template of a file that was exported."""
    sent = request.files.get("file")
    content = sent.read() if sent is not None else b""
    try:
        if not content:
            raise DomainError("Choose a file first.", code="file_missing", field="file")
        return see_other(address_of(exchange.import_template(current_user(), parse_strict_json(content))))
    except InvalidBodyError as fault:
        return _gallery_page(status=fault.status, faults=fault.faults)
    except DomainError as fault:
        return _gallery_page(status=fault.status, faults=(fault,))
    except ValueError as fault:
        message = str(fault) if isinstance(fault, JsonRefusedError) else "This is no exported template."
        refusal = DomainError(message, code="not_a_template", field="file")
        return _gallery_page(status=refusal.status, faults=(refusal,))
