"""Pages to sign in, redeem a sign-in link, and sign out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from flask import Blueprint, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.domain.errors import DomainError, NotFoundError
from app.services.accounts import accounts
from app.web import sessions
from app.web.access import safe_next
from app.web.errors import add_retry_after
from app.web.hypermedia import ViewContext, render_view, see_other

blueprint = Blueprint("sign_in", __name__)


@dataclass(frozen=True, kw_only=True)
class SignInContext(ViewContext):
    """The form to sign in; `dead` is why a one-time link does not work, and `next` where to go afterwards."""

    page_name: ClassVar[str] = "pages/sign_in.html"
    email: str = ""
    next: str
    page_problems: tuple[DomainError, ...] = ()
    dead: NotFoundError | None = None
    link_minutes: int = accounts.LINK_MINUTES


@dataclass(frozen=True, kw_only=True)
class LinkContext(ViewContext):
    """The button of a one-time link."""

    page_name: ClassVar[str] = "pages/sign_in_link.html"
    email: str
    code: str


@blueprint.get("/sign-in")
def show() -> BaseResponse:
    """Ask for address and password."""
    if sessions.find_user() is not None:
        return see_other(safe_next(request.args.get("next")))
    return render_view(SignInContext(next=safe_next(request.args.get("next"))))


@blueprint.post("/sign-in")
def save() -> BaseResponse:
    """Sign in with a password."""
    email, target = request.form.get("email", "")[:254], safe_next(request.form.get("next"))
    try:
        address = request.remote_addr or ""
        user = accounts.sign_in_with_password(email, request.form.get("password", ""), address=address)
        sessions.sign_in(user)
    except DomainError as fault:
        context = SignInContext(email=email, next=target, page_problems=(fault,))
        response = render_view(context, status=fault.status)
        add_retry_after(response, fault)
        return response
    return see_other(target)


@blueprint.get("/sign-in/<code>")
def ask_redeem(code: str) -> BaseResponse:
    """Ask before a one-time link is used: programs that look at links, and other sites, must not use it up."""
    try:
        target = accounts.find_link_target(code)
    except NotFoundError as fault:
        return _dead_link(fault)
    return render_view(LinkContext(email=target.email, code=code))


@blueprint.post("/sign-in/<code>")
def redeem(code: str) -> BaseResponse:
    """Sign in with a one-time link."""
    try:
        user = accounts.redeem_sign_in_link(code)
    except NotFoundError as fault:
        return _dead_link(fault)
    sessions.sign_in(user)
    if user.password_hash is None:
        sessions.set_reminder(True)
    return see_other(safe_next(None))


def _dead_link(fault: NotFoundError) -> BaseResponse:
    """Say how to come by another link; whoever is signed in needs none."""
    if sessions.find_user() is not None:
        return see_other(safe_next(None))
    return render_view(SignInContext(next=safe_next(None), dead=fault), status=fault.status)


@blueprint.post("/sign-out")
def sign_out() -> BaseResponse:
    """End the session for good."""
    return sessions.sign_out(see_other(url_for("sign_in.show")))
