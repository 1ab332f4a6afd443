"""Administration pages of all experiment templates."""

from __future__ import annotations

import uuid

from flask import Blueprint, request, url_for
from werkzeug.wrappers import Response

from app.domain.errors import DomainError
from app.pages.experiment_templates import query_of, search_of_request
from app.pages.template_contexts import TemplateActsContext, TemplateAdminContext
from app.services.experiment_templates import curation, listing, policy
from app.storage import experiment_templates as rows
from app.storage.tables import ExperimentTemplate
from app.web.hypermedia import render_view, see_other
from app.web.sessions import current_user

blueprint = Blueprint("template_admin", __name__, url_prefix="/admin/experiment-templates")
PER_PAGE = 50


@blueprint.get("")
def show_all() -> Response:
    """Show every template, with whose it is and how much it is used."""
    user, (search, page) = current_user(), search_of_request()
    templates, total = listing.find_templates(user, search, limit=PER_PAGE, offset=(page - 1) * PER_PAGE)
    context = TemplateAdminContext(
        rows=templates,
        owners=listing.owner_names(templates),
        addresses=listing.owner_addresses(user, templates),
        total=total,
        page=page,
        pages=max(1, -(-total // PER_PAGE)),
        search=search,
        query=query_of(search),
    )
    return render_view(context)


def _possible_acts(row: ExperimentTemplate) -> list[tuple[str, str]]:
    """Return the acts that change something, each with the words of its button."""
    return [
        ("unfeature", "Stop featuring") if row.featured_at else ("feature", "Feature"),
        ("uncurate", "Take out of the library") if row.curated_at else ("curate", "Take into the library"),
        ("unarchive", "Restore") if row.archived_at else ("archive", "Archive"),
        *([("unretire", "Bring back into use")] if row.retired_at else []),
    ]


@blueprint.get("/<uuid:template_id>")
def show(template_id: uuid.UUID) -> Response:
    """Show what can be done with a template, and what was done."""
    return _acts_page(policy.get_template(current_user(), template_id))


def _acts_page(row: ExperimentTemplate, *, fault: DomainError | None = None) -> Response:
    events, user = rows.list_template_events(row.id), current_user()
    context = TemplateActsContext(
        template=row,
        owner=listing.owner_names([row])[row.id],
        address=listing.owner_addresses(user, [row]).get(row.id, ""),
        acts=_possible_acts(row),
        events=events,
        words=curation.WORDS,
        usage=listing.list_usage(user, row),
        can_undo=any(event.act in curation.ACTS and event.undone_at is None for event in events),
        values={name: request.form.get(name, "") for name in ("email", "successor")},
        page_problems=(fault,) if fault else (),
    )
    return render_view(context, status=fault.status if fault else 200)


@blueprint.post("/<uuid:template_id>")
def act(template_id: uuid.UUID) -> Response:
    """Do one thing with it."""
    user = current_user()
    row = policy.get_template(user, template_id)
    try:
        successor = _parse_successor(request.form.get("successor", "").strip())
        email, chosen = request.form.get("email", "").strip(), request.form.get("act", "")
        curation.curate_template(user, row.id, chosen, email=email, successor_id=successor)
    except DomainError as fault:
        return _acts_page(row, fault=fault)
    return see_other(url_for("template_admin.show", template_id=row.id))


def _parse_successor(text: str) -> uuid.UUID | None:
    """Return the template that a typed id or address names."""
    if not text:
        return None
    try:
        return uuid.UUID(text.rstrip("/").rsplit("/", maxsplit=1)[-1])
    except ValueError:
        message = "Write the address of the template that follows."
        raise DomainError(message, code="successor_unknown", field="successor") from None


@blueprint.post("/<uuid:template_id>/undo")
def undo(template_id: uuid.UUID) -> Response:
    """Undo what was done last."""
    user = current_user()
    row = policy.get_template(user, template_id)
    try:
        curation.undo_last_act(user, row.id)
    except DomainError as fault:
        return _acts_page(row, fault=fault)
    return see_other(url_for("template_admin.show", template_id=row.id))
