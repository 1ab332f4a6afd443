"""One's own account."""

from __future__ import annotations

from flask import Blueprint, request
from werkzeug.wrappers import Response

from app.domain.errors import DomainError
from app.services import accounts
from app.web.access import safe_next
from app.web.hypermedia import render, see_other
from app.web.sessions import current_user, session_hash

blueprint = Blueprint("account", __name__, url_prefix="/account")


def _page(*, status: int = 200, fault: DomainError | None = None) -> Response:
    user = current_user()
    return render(
        "pages/account.html",
        status=status,
        shown_problems=(fault,) if fault else (),
        name=request.form.get("name", user.name),
        email=request.form.get("email", user.email),
        saved="saved" in request.args,
    )


@blueprint.get("")
def show() -> Response:
    """Show name, address and password."""
    return _page()


@blueprint.post("/profile")
def save_profile() -> Response:
    """Change name and address."""
    try:
        accounts.set_profile(current_user(), name=request.form.get("name", ""), email=request.form.get("email", ""))
    except DomainError as fault:
        return _page(status=fault.status, fault=fault)
    return see_other("/account?saved")


@blueprint.post("/password")
def save_password() -> Response:
    """Set or change the password."""
    current, new = request.form.get("current", ""), request.form.get("new", "")
    try:
        accounts.set_password(current_user(), current=current, new=new, session_hash=session_hash())
    except DomainError as fault:
        return _page(status=fault.status, fault=fault)
    return see_other("/account?saved")


@blueprint.post("/theme")
def save_theme() -> Response:
    """Choose the theme, and stay where one was."""
    accounts.set_theme(current_user(), request.form.get("theme", ""))
    came_from = (request.referrer or "").removeprefix(request.host_url.rstrip("/"))
    return see_other(safe_next(came_from))
