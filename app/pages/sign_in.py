"""Signing in and out."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as BaseResponse

from app.domain.errors import DomainError, NotFoundError
from app.services import accounts
from app.web import sessions
from app.web.access import safe_next
from app.web.hypermedia import render, see_other

blueprint = Blueprint("sign_in", __name__)
PAGE = "pages/sign_in.html"


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
    except DomainError as fault:
        response = render(PAGE, status=fault.status, email=email, next=target, shown_problems=(fault,))
        return _with_wait(response, fault)
    sessions.sign_in(user)
    return see_other(target)


def _with_wait(response: Response, fault: DomainError) -> Response:
    wait = getattr(fault, "retry_after_seconds", None)
    if wait is not None:
        response.headers["Retry-After"] = str(wait)
    return response


@blueprint.get("/sign-in/<code>")
def redeem(code: str) -> BaseResponse:
    """Sign in with a one-time link; one that opens nothing says how to come by another."""
    try:
        sessions.sign_in(accounts.redeem_sign_in_link(code))
    except NotFoundError as fault:
        if sessions.find_user() is None:
            more: dict[str, Any] = {"dead": fault, "link_minutes": accounts.LINK_MINUTES}
            return render(PAGE, status=fault.status, email="", next="/experiments", shown_problems=(), **more)
    return see_other("/experiments")


@blueprint.post("/sign-out")
def sign_out() -> BaseResponse:
    """End the session for good."""
    sessions.sign_out()
    return see_other("/sign-in")
