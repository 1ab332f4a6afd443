"""The account page: name, password, theme, sessions and tokens."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from flask import Blueprint, request, url_for
from werkzeug.wrappers import Response

from app.domain.errors import DomainError
from app.services.accounts import accounts, sessions, tokens
from app.storage.tables import ApiToken, WebSession
from app.web.access import safe_next
from app.web.browsers import browser_name
from app.web.errors import add_retry_after
from app.web.hypermedia import ViewContext, render_view, see_other
from app.web.sessions import current_user, session_hash, sign_out

blueprint = Blueprint("account", __name__, url_prefix="/account")
NOTICES = {"saved": "Saved.", "ended": "The session has ended.", "revoked": "The token is revoked."}


@dataclass(frozen=True, kw_only=True)
class AccountContext(ViewContext):
    """The page of one's own account; `own_session` is what the table knows this browser by."""

    page_name: ClassVar[str] = "pages/account.html"
    page_problems: tuple[DomainError, ...]
    name: str
    notice: str
    sessions: list[WebSession]
    own_session: str
    browser_name: Callable[[str | None], str]
    tokens: list[ApiToken]


def _account_page(*, status: int = 200, fault: DomainError | None = None) -> Response:
    user = current_user()
    active = [row for row in tokens.list_tokens(user) if tokens.state_of(row) is tokens.TokenState.ACTIVE]
    context = AccountContext(
        page_problems=(fault,) if fault else (),
        name=request.form.get("name", user.name),
        notice=next((words for name, words in NOTICES.items() if name in request.args), ""),
        sessions=sessions.list_sessions(user),
        own_session=session_hash(),
        browser_name=browser_name,
        tokens=active,
    )
    return render_view(context, status=status)


@blueprint.get("")
def show() -> Response:
    """Show name, address, password, sessions and tokens."""
    return _account_page()


@blueprint.post("/profile")
def save_profile() -> Response:
    """Change the name; the address is for an administrator to change."""
    try:
        accounts.set_name(current_user(), request.form.get("name", ""))
    except DomainError as fault:
        return _account_page(status=fault.status, fault=fault)
    return see_other(url_for("account.show") + "?saved")


@blueprint.post("/password")
def save_password() -> Response:
    """Set or change the password."""
    current, new = request.form.get("current", ""), request.form.get("new", "")
    try:
        accounts.set_password(current_user(), current=current, new=new, session_hash=session_hash())
    except DomainError as fault:
        response = _account_page(status=fault.status, fault=fault)
        add_retry_after(response, fault)
        return response
    return see_other(url_for("account.show") + "?saved")


@blueprint.post("/sessions/<session_id>/end")
def end_session(session_id: str) -> Response:
    """End a session; to end one's own is to sign out."""
    if session_id == session_hash():
        return sign_out(see_other(url_for("sign_in.show")))
    sessions.end_session(current_user(), session_id)
    return see_other(url_for("account.show") + "?ended")


@blueprint.post("/tokens/<uuid:token_id>/revoke")
def revoke_token(token_id: uuid.UUID) -> Response:
    """Revoke a token."""
    tokens.revoke_token(current_user(), token_id)
    return see_other(url_for("account.show") + "?revoked")


@blueprint.post("/theme")
def save_theme() -> Response:
    """Choose the theme, and stay where one was."""
    accounts.set_theme(current_user(), request.form.get("theme", ""))
    came_from = (request.referrer or "").removeprefix(request.host_url.rstrip("/"))
    return see_other(safe_next(came_from))
