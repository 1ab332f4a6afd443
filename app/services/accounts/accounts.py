"""Accounts: creation, one-time sign-in links, passwords, roles and disabling."""

from __future__ import annotations

import hashlib
import re
import secrets
import uuid
from dataclasses import dataclass
from datetime import timedelta

from app.domain.audit.acts import AuditAct
from app.domain.errors import ConflictError, DomainError, NotFoundError
from app.domain.text.messages import fill
from app.domain.text.plain_text import clean_line
from app.domain.vocabulary import Role
from app.services.accounts import limiting, passwords
from app.services.accounts.sessions import IDLE
from app.services.audit.trail import record, record_failed_sign_in
from app.storage import accounts, sessions
from app.storage.db import now, transaction
from app.storage.tables import User

LINK_MINUTES = 30
FIRST_ADMIN = "owner@localhost"
EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,189}")
THEMES = ("auto", "light", "dark")
KNOWN_ADDRESS = timedelta(days=90)


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()


def create_user(email: str, *, role: Role = Role.MEMBER, name: str = "", actor: User | None = None) -> User:
    """Add an account, which only a one-time link opens until it has a password.

    Raises
    ------
    DomainError, ConflictError
        If the address is none, or has an account.
    """
    address = _checked_email(email)
    with transaction():
        if accounts.find_user(address):
            raise ConflictError(f"There is an account for {address}.", code="email_taken", field="email")
        user = accounts.add_user(email=address, role=role.value, name=clean_line(name)[:200])
        record(AuditAct.CREATE_ACCOUNT, actor=actor, subject_id=user.id, after={"role": role.value})
    return user


def _checked_email(email: str) -> str:
    address = email.strip().lower()
    # Signs that nobody sees, or that turn the direction, would make one address look like another.
    if not EMAIL.fullmatch(address) or not address.isprintable():
        raise DomainError("Write an e-mail address, such as name@example.org.", code="email_invalid", field="email")
    return address


def make_sign_in_link(email: str | None, *, minutes: int = LINK_MINUTES, actor: User | None = None) -> str:
    """Return a one-time code for an account; older codes that were not used stop working.

    Without an address it is for the first admin: it signs the oldest one in, and makes one where there is none yet.
    Only the command line can ask for that.
    """
    code = secrets.token_urlsafe(32)
    with transaction():
        user = accounts.find_first_admin() if email is None else accounts.get_user_by_email(email)
        if user is not None and user.disabled_at is not None:
            raise ConflictError(f"The account {user.email} is disabled. Enable it first.", code="account_disabled")
        user_id = user.id if user else None
        accounts.drop_open_links(user_id)
        accounts.add_link(code_hash=_hash(code), user_id=user_id, minutes=minutes)
        record(AuditAct.MAKE_SIGN_IN_LINK, actor=actor, subject_id=user_id, after={"minutes": minutes})
    return code


def make_first_link() -> str | None:
    """Return a one-time code for the first admin; None once an admin can sign in with a password."""
    return None if accounts.find_admin_with_password() is not None else make_sign_in_link(None)


@dataclass(frozen=True)
class LinkTarget:
    """Whom a one-time link signs in; an empty address stands for the first admin, who does not exist yet."""

    email: str = ""


def find_link_target(code: str) -> LinkTarget:
    """Return whom a one-time code signs in, and leave the code as it is.

    Raises
    ------
    NotFoundError
        If the code opens nothing.
    """
    link = accounts.find_link(_hash(code[:200]))
    user = accounts.get_user(link.user_id) if link is not None and link.user_id is not None else None
    makes_admin = link is not None and user is None and accounts.find_first_admin() is None
    if makes_admin or (user is not None and user.disabled_at is None):
        return LinkTarget(user.email if user else "")
    raise _unusable_link()


def redeem_sign_in_link(code: str) -> User:
    """Return the account that a one-time code opens; the code works once.

    Raises
    ------
    NotFoundError
        If the code is unknown, used or too old: all look the same.
    """
    with transaction():
        link = accounts.use_link(_hash(code[:200]))
        if link is None:
            raise _unusable_link()
        if link.user_id is not None:
            user = accounts.get_user(link.user_id)
        elif accounts.find_first_admin() is None:
            user = _add_first_admin()
        else:
            raise _unusable_link()
        if user.disabled_at is not None:
            raise _unusable_link()
        return user


def _unusable_link() -> NotFoundError:
    return NotFoundError("It was already used, or it is too old.", code="link_unusable")


def _add_first_admin() -> User:
    """Add the first admin as a new account: whoever holds its usual address already stays what they are."""
    name, _, host = FIRST_ADMIN.partition("@")
    email, number = FIRST_ADMIN, 1
    while accounts.find_user(email) is not None:
        number += 1
        email = f"{name}-{number}@{host}"
    user = accounts.add_user(email=email, name="Owner", role=Role.ADMIN.value)
    record(AuditAct.CREATE_ACCOUNT, actor=None, subject_id=user.id, after={"role": Role.ADMIN.value})
    return user


def sign_in_with_password(email: str, password: str, *, address: str) -> User:
    """Return the account, or refuse with one and the same sentence whatever was wrong.

    Raises
    ------
    TooManyError
        After too many failures for an account from one network, or from all networks that never opened it.
    DomainError
        If address and password do not belong together.
    """
    email, network = email.strip().lower(), limiting.network_of(address)
    with transaction():
        user = accounts.find_user(email)
        limiting.count_try(limiting.SIGN_IN, email, network)
        if user is None or not accounts.is_known_address(user.id, network):
            limiting.count_try(limiting.SIGN_IN_ELSEWHERE, email)
    is_right = passwords.verify_password(user.password_hash if user else None, password)
    if user is None or not is_right or user.disabled_at is not None:
        record_failed_sign_in(user)
        raise DomainError("The address or the password is wrong.", code="sign_in_failed", field="password")
    with transaction():
        limiting.forget_tries(limiting.SIGN_IN, email, network)
        accounts.remember_address(user.id, network)
    return user


def set_password(user: User, *, current: str, new: str, session_hash: str = "") -> None:
    """Set or change a password; every other session of the account ends.

    Raises
    ------
    TooManyError
        After too many wrong current passwords.
    DomainError
        If the current one is wrong, or the new one too short, too long or easy to guess.
    """
    if user.password_hash:
        with transaction():
            limiting.count_try(limiting.CURRENT_PASSWORD, str(user.id))
        if not passwords.verify_password(user.password_hash, current):
            raise DomainError("The current password is wrong.", code="password_wrong", field="current")
        with transaction():
            limiting.forget_tries(limiting.CURRENT_PASSWORD, str(user.id))
    passwords.refuse_weak(new, user)
    hashed = passwords.hash_password(new)
    with transaction():
        accounts.get_user(user.id).password_hash = hashed
        sessions.drop_sessions_of(user.id, except_hash=session_hash)
        record(AuditAct.CHANGE_PASSWORD, actor=user, subject_id=user.id)


def set_theme(user: User, theme: str) -> None:
    """Choose light, dark, or what the system says."""
    if theme not in THEMES:
        raise DomainError("Choose auto, light or dark.", code="theme_unknown", field="theme")
    with transaction():
        accounts.get_user(user.id).theme = theme


def set_name(user: User, name: str) -> None:
    """Change the name of an account."""
    plain = clean_line(name)
    if len(plain) > 200:
        raise DomainError("The name may have 200 characters.", code="name_too_long", field="name")
    with transaction():
        accounts.get_user(user.id).name = plain


def set_email(old: str, new: str) -> User:
    """Change the address of an account; only the command line can ask for it.

    Raises
    ------
    NotFoundError, DomainError, ConflictError
        If there is no such account, or the new address is none or has an account.
    """
    address = _checked_email(new)
    with transaction():
        user = accounts.get_user_by_email(old)
        other = accounts.find_user(address)
        if other is not None and other.id != user.id:
            raise ConflictError(f"There is an account for {address}.", code="email_taken", field="email")
        user.email = address
        record(AuditAct.CHANGE_EMAIL, actor=None, subject_id=user.id)
    return user


def disable_user(email: str, *, actor: User | None = None) -> User:
    """Disable an account: its sessions and links end, and its tokens open nothing until it is enabled again.

    Raises
    ------
    NotFoundError, ConflictError
        If there is no such account, or it is the last administrator.
    """
    with transaction():
        user = accounts.get_user_by_email(email)
        if user.disabled_at is None:
            _refuse_last_admin(user)
            user.disabled_at = now()
            record(AuditAct.DISABLE_ACCOUNT, actor=actor, subject_id=user.id)
        sessions.drop_sessions_of(user.id)
        accounts.drop_open_links(user.id)
    return user


def _refuse_last_admin(user: User) -> None:
    """Refuse what would leave nobody to administer; the accounts of administrators stay locked until the commit.

    Whoever was invited and never came, or has no password and no open session, would come in by no door.
    """
    admins = accounts.lock_open_admins()
    others = [admin for admin in admins if admin.id != user.id]
    if user.id not in {admin.id for admin in admins}:
        return
    if not others:
        message = f"{user.email} is the last administrator. Add another one first."
        raise ConflictError(message, code="last_admin")
    if _can_come_in(user) and not any(_can_come_in(admin) for admin in others):
        message = fill(
            "{email} is the last administrator who can sign in. Another one must set a password first.",
            email=user.email,
        )
        raise ConflictError(message, code="last_admin")


def _can_come_in(user: User) -> bool:
    """Return whether an account can be opened without a new link."""
    return user.password_hash is not None or sessions.has_open_session(user.id, idle_before=now() - IDLE)


def enable_user(email: str, *, actor: User | None = None) -> User:
    """Enable an account again; its tokens work as before, its sessions stay ended."""
    with transaction():
        user = accounts.get_user_by_email(email)
        if user.disabled_at is not None:
            user.disabled_at = None
            record(AuditAct.ENABLE_ACCOUNT, actor=actor, subject_id=user.id)
    return user


def change_role(email: str, role: Role, *, actor: User | None = None) -> User:
    """Give an account another role.

    Raises
    ------
    NotFoundError, ConflictError
        If there is no such account, or it is the last administrator.
    """
    with transaction():
        user = accounts.get_user_by_email(email)
        before = user.role
        if before != role.value:
            if role is not Role.ADMIN and user.disabled_at is None:
                _refuse_last_admin(user)
            user.role = role.value
            record(
                AuditAct.CHANGE_ROLE,
                actor=actor,
                subject_id=user.id,
                before={"role": before},
                after={"role": role.value},
            )
    return user


def end_sessions(email: str, *, actor: User | None = None) -> User:
    """End every session of an account: it is signed out everywhere."""
    with transaction():
        user = accounts.get_user_by_email(email)
        sessions.drop_sessions_of(user.id)
        record(AuditAct.END_SESSIONS, actor=actor, subject_id=user.id)
    return user


def get_account(user_id: uuid.UUID) -> User:
    """Return an account."""
    return accounts.get_user(user_id)
