"""Administration pages of accounts: invite, disable, change role, end sessions."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import urlencode

from flask import Blueprint, request, url_for
from werkzeug.wrappers import Response

from app.domain.errors import DomainError
from app.services.accounts import accounts, administration, tokens
from app.services.accounts.administration import Invitation
from app.storage.people import PersonLine
from app.storage.tables import ApiToken
from app.web.hypermedia import ViewContext, render_view, see_other
from app.web.sessions import current_user

blueprint = Blueprint("people", __name__, url_prefix="/admin/people")
ROLES = (("member", "Member"), ("admin", "Administrator"))
NOTICES = {
    "role": "The role was changed.",
    "disable": "The account is disabled and signed out.",
    "enable": "The account is enabled.",
    "end_sessions": "Every session of the account has ended.",
    "revoke": "The token is revoked.",
}


@dataclass(frozen=True, kw_only=True)
class PeopleContext(ViewContext):
    """A page of accounts; `link` is the one-time link of a new one, shown once, with its address and minutes."""

    page_name: ClassVar[str] = "pages/people.html"
    people: Sequence[PersonLine]
    total: int
    page: int
    pages: int
    text: str
    query: str
    values: dict[str, str]
    roles: Sequence[tuple[str, str]]
    link: str
    link_email: str
    link_minutes: int
    page_problems: Sequence[DomainError]


@dataclass(frozen=True, kw_only=True)
class PersonContext(ViewContext):
    """One account with its tokens."""

    page_name: ClassVar[str] = "pages/person.html"
    person: PersonLine
    tokens: Sequence[ApiToken]
    roles: Sequence[tuple[str, str]]
    notice: str
    link: str
    link_email: str
    link_minutes: int
    page_problems: Sequence[DomainError]


def _address_of(invitation: Invitation | None) -> str:
    return "" if invitation is None else url_for("sign_in.ask_redeem", code=invitation.code, _external=True)


@blueprint.get("")
def show_all() -> Response:
    """Show every account."""
    return _people_page()


def _people_page(*, fault: DomainError | None = None, invitation: Invitation | None = None) -> Response:
    text, raw = request.args.get("q", "")[:254], request.args.get("page", "")
    page = max(1, int(raw)) if raw.isascii() and raw.isdigit() and len(raw) < 7 else 1
    result, total = administration.find_people(text, page=page)
    kept = {name: request.form.get(name, "") if fault else "" for name in ("email", "role")}
    context = PeopleContext(
        people=result,
        total=total,
        page=page,
        pages=max(1, -(-total // administration.PER_PAGE)),
        text=text,
        query=urlencode({"q": text}) if text else "",
        values=kept,
        roles=ROLES,
        link=_address_of(invitation),
        link_email="" if invitation is None else invitation.person.email,
        link_minutes=accounts.LINK_MINUTES,
        page_problems=(fault,) if fault else (),
    )
    return render_view(context, status=fault.status if fault else 200)


@blueprint.post("")
def invite() -> Response:
    """Add an account and show its one-time link, once."""
    email, role = request.form.get("email", "")[:300], request.form.get("role", "")
    try:
        return _people_page(invitation=administration.invite(current_user(), email, role=role))
    except DomainError as fault:
        return _people_page(fault=fault)


@blueprint.get("/<uuid:person_id>")
def show(person_id: uuid.UUID) -> Response:
    """Show one account."""
    return _person_page(person_id)


def _person_page(
    person_id: uuid.UUID, *, fault: DomainError | None = None, invitation: Invitation | None = None
) -> Response:
    person, current = administration.get_person(person_id)
    context = PersonContext(
        person=person,
        tokens=[row for row in current if tokens.state_of(row) is tokens.TokenState.ACTIVE],
        roles=ROLES,
        notice=NOTICES.get(request.args.get("done", ""), ""),
        link=_address_of(invitation),
        link_email=person.email,
        link_minutes=accounts.LINK_MINUTES,
        page_problems=(fault,) if fault else (),
    )
    return render_view(context, status=fault.status if fault else 200)


@blueprint.post("/<uuid:person_id>")
def act(person_id: uuid.UUID) -> Response:
    """Do one thing to an account."""
    chosen, role = request.form.get("act", ""), request.form.get("role", "")
    administration.get_person(person_id)
    try:
        invitation = administration.change_person(current_user(), person_id, chosen, role=role)
    except DomainError as fault:
        return _person_page(person_id, fault=fault)
    if invitation is not None:
        return _person_page(person_id, invitation=invitation)
    return see_other(url_for("people.show", person_id=person_id, done=chosen))


@blueprint.post("/<uuid:person_id>/tokens/<uuid:token_id>/revoke")
def revoke_token(person_id: uuid.UUID, token_id: uuid.UUID) -> Response:
    """Revoke a token of an account."""
    tokens.revoke_token(accounts.get_account(person_id), token_id, actor=current_user())
    return see_other(url_for("people.show", person_id=person_id, done="revoke"))
