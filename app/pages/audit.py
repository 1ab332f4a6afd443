"""The administration page of the audit trail, with filters and export."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import ClassVar
from urllib.parse import urlencode

from flask import Blueprint, Response, request, stream_with_context

from app.domain.audit.acts import KINDS, TITLES, AuditAct, title_of
from app.domain.errors import DomainError
from app.services.audit import listing
from app.services.audit.listing import AuditQuery
from app.storage.audit import AuditLine
from app.storage.db import now
from app.web.hypermedia import ViewContext, render_view
from app.web.sessions import current_user

blueprint = Blueprint("audit", __name__, url_prefix="/admin/audit")
TYPES = {"csv": "text/csv", "json": "application/json"}


@dataclass(frozen=True)
class AuditRow:
    """One entry in words; `changes` are its settings, each with what it was and what it became."""

    line: AuditLine
    title: str
    changes: Sequence[tuple[str, str, str]]


@dataclass(frozen=True, kw_only=True)
class AuditContext(ViewContext):
    """A page of the trail; `query` is the filter as part of an address, without the page."""

    page_name: ClassVar[str] = "pages/audit.html"
    rows: Sequence[AuditRow]
    total: int
    page: int
    pages: int
    search: AuditQuery
    query: str
    kinds: Sequence[str]
    acts: Mapping[AuditAct, str]
    page_problems: Sequence[DomainError]


def _posted_query() -> AuditQuery:
    return AuditQuery(**{name: request.args.get(name, "")[:254] for name in AuditQuery.__dataclass_fields__})


def _page_number() -> int:
    text = request.args.get("page", "")
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 9 else 1


def query_of(search: AuditQuery) -> str:
    """Return a filter as part of an address; what is empty is left out."""
    return urlencode({name: value for name, value in asdict(search).items() if value})


@blueprint.get("")
def show() -> Response:
    """Show what a filter lets through, newest first."""
    search, page = _posted_query(), _page_number()
    try:
        lines, total = listing.find_entries(search.read(), page=page)
    except DomainError as fault:
        return _page([], 0, search, page, fault=fault)
    return _page(lines, total, search, page)


def _page(
    lines: Sequence[AuditLine], total: int, search: AuditQuery, page: int, *, fault: DomainError | None = None
) -> Response:
    context = AuditContext(
        rows=[AuditRow(line, title_of(line.act), _changes(line)) for line in lines],
        total=total,
        page=page,
        pages=max(1, -(-total // listing.PER_PAGE)),
        search=search,
        query=query_of(search),
        kinds=KINDS,
        acts=TITLES,
        page_problems=(fault,) if fault else (),
    )
    return render_view(context, status=fault.status if fault else 200)


def _changes(line: AuditLine) -> list[tuple[str, str, str]]:
    changes = listing.changes_of(line)
    before, after = changes.get("before", {}), changes.get("after", {})
    names = list(dict.fromkeys((*before, *after)))
    return [(name.replace("_", " "), _words(before.get(name)), _words(after.get(name))) for name in names]


def _words(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    return "" if value is None else str(value)


@blueprint.get("/export.<form>")
def export(form: str) -> Response:
    """Hand out all entries that a filter lets through, as CSV or JSON."""
    pieces = listing.export_entries(current_user(), _posted_query().read(), form)
    response = Response(stream_with_context(pieces), mimetype=TYPES[form])
    name = f"audit-{now():%Y-%m-%d}.{form}"
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response
