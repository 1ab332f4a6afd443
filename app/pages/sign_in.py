"""Signing in and out."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request
from werkzeug.wrappers import Response as BaseResponse

from app.domain.errors import DomainError, NotFoundError
from app.services.accounts import accounts
from app.web import sessions
from app.web.access import safe_next
from app.web.errors import add_retry_after
from app.web.hypermedia import render, see_other

blueprint = Blueprint("sign_in", __name__)
PAGE = "pages/sign_in.html"
LINK_PAGE = "pages/sign_in_link.html"


@blueprint.get("/sign-in")
def show() -> BaseResponse:
    """Ask for address and password."""
    if sessions.find_user() is not None:
        return see_other(safe_next(request.args.get("next")))
    return render(PAGE, email="", next=safe_next(request.args.get("next")), shown_problems=())


@blueprint.post("/sign-in")
def save() -> BaseResponse:
    """Sign in with a password."""
    email, target = request.form.get("email", "")[:254], safe_next(request.form.get("next"))
    try:
        address = request.remote_addr or ""
        user = accounts.sign_in_with_password(email, request.form.get("password", ""), address=address)
        sessions.sign_in(user)
    except DomainError as fault:
        response = render(PAGE, status=fault.status, email=email, next=target, shown_problems=(fault,))
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
    return render(LINK_PAGE, email=target.email, code=code)


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
    return see_other("/experiments")


def _dead_link(fault: NotFoundError) -> BaseResponse:
    """Say how to come by another link; whoever is signed in needs none."""
    if sessions.find_user() is not None:
        return see_other("/experiments")
    more: dict[str, Any] = {"dead": fault, "link_minutes": accounts.LINK_MINUTES}
    return render(PAGE, status=fault.status, email="", next="/experiments", shown_problems=(), **more)


@blueprint.post("/sign-out")
def sign_out() -> BaseResponse:
    """End the session for good."""
    return sessions.sign_out(see_other("/sign-in"))
