"""Accounts as administrators list, invite and change them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from app.domain.errors import DomainError, NotFoundError
from app.domain.vocabulary import Role
from app.services.accounts import accounts, tokens
from app.services.accounts.sessions import IDLE
from app.storage import people
from app.storage.db import now
from app.storage.people import PersonLine
from app.storage.tables import ApiToken, User

PER_PAGE = 50


@dataclass(frozen=True)
class Invitation:
    """An account and the one-time code that opens it, which is never shown again."""

    person: User
    code: str


def find_people(text: str, *, page: int) -> tuple[list[PersonLine], int]:
    """Return a page of accounts whose name or address holds a text, and how many there are."""
    offset = (max(1, min(page, 1_000_000)) - 1) * PER_PAGE
    result = people.list_people(text.strip()[:254], idle_before=now() - IDLE, limit=PER_PAGE, offset=offset)
    return result, people.count_people(text.strip()[:254])


def get_person(person_id: uuid.UUID) -> tuple[PersonLine, list[ApiToken]]:
    """Return an account and its tokens.

    Raises
    ------
    NotFoundError
        If there is none.
    """
    person = people.find_person(person_id, idle_before=now() - IDLE)
    if person is None:
        raise NotFoundError("There is no such account.")
    return person, tokens.list_tokens(accounts.get_account(person_id))


def invite(admin: User, email: str, *, role: str) -> Invitation:
    """Add an account and make its one-time link.

    Raises
    ------
    DomainError, ConflictError
        If the address is none or has an account, or the role is none.
    """
    person = accounts.create_user(email, role=_role(role), actor=admin)
    return Invitation(person, accounts.make_sign_in_link(person.email, actor=admin))


def change_person(admin: User, person_id: uuid.UUID, act: str, *, role: str = "") -> Invitation | None:
    """Do one thing to an account; returns the code where a sign-in link was asked for.

    Raises
    ------
    NotFoundError, ConflictError, DomainError
        If there is no such account or act, or nobody would be left to administer.
    """
    email = accounts.get_account(person_id).email
    if act == "role":
        accounts.change_role(email, _role(role), actor=admin)
    elif act == "disable":
        accounts.disable_user(email, actor=admin)
    elif act == "enable":
        accounts.enable_user(email, actor=admin)
    elif act == "end_sessions":
        accounts.end_sessions(email, actor=admin)
    elif act == "link":
        return Invitation(accounts.get_account(person_id), accounts.make_sign_in_link(email, actor=admin))
    else:
        raise DomainError("There is no such act.", code="act_unknown", field="act")
    return None


def _role(text: str) -> Role:
    try:
        return Role(text)
    except ValueError:
        raise DomainError("Choose member or administrator.", code="role_unknown", field="role") from None
