"""Error handlers: every exception as a page, a fragment or JSON."""

from __future__ import annotations

import logging
import secrets
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from flask import Flask, Response, jsonify, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from app.domain.errors import DatabaseBusyError, DomainError, FieldFault, ObstacleError, TooManyError
from app.storage.fault_reports import leave_crumb
from app.storage.transient_faults import obstacle_of
from app.web.hypermedia import ViewContext, is_api_request, render_view, retarget, wants_fragment

log = logging.getLogger(__name__)
RETRY_SECONDS = 5


@dataclass(frozen=True, kw_only=True)
class NoticeContext(ViewContext):
    """A fault as a notice on the page that stays."""

    fragment_name: ClassVar[str] = "partials/shared/notice.html"
    title: str
    message: str


@dataclass(frozen=True, kw_only=True)
class FaultContext(ViewContext):
    """A fault as a page of its own."""

    page_name: ClassVar[str] = "errors/fault.html"
    title: str
    message: str
    status: int


@dataclass(frozen=True)
class ErrorWords:
    """What a page of this status says."""

    title: str
    message: str


SAID = {
    400: ErrorWords("This request could not be understood", "Go back and try again."),
    401: ErrorWords("Not signed in", "Send a token, as in Authorization: Bearer hyd_…, or sign in."),
    403: ErrorWords("Not allowed", "Your account does not have the right to do this."),
    404: ErrorWords("Page not found", "The address is wrong, the page was removed, or you have no access to it."),
    405: ErrorWords("Not possible here", "This address does not accept this kind of request."),
    409: ErrorWords("This page is out of date", "Something has changed. Reload the page before you go on."),
    413: ErrorWords("Too large", "The request is larger than the server accepts."),
    415: ErrorWords("Wrong kind of file", "This kind of file cannot be read."),
    422: ErrorWords("There is a problem", "Some values could not be accepted."),
    429: ErrorWords("Too many requests", "Wait a moment and try again."),
    500: ErrorWords("Something went wrong", "The error is on our side. What you saved is safe."),
    503: ErrorWords("Busy right now", "Nothing was lost. Try again in a few seconds."),
    507: ErrorWords("No space left", "The server has no space for this. Nothing was changed."),
}


def init_app(app: Flask) -> None:
    """Attach the handlers."""
    app.register_error_handler(DomainError, _handle_domain_error)
    app.register_error_handler(CSRFError, _handle_csrf_error)
    app.register_error_handler(HTTPException, _handle_http_error)
    app.register_error_handler(OperationalError, _handle_database_error)
    app.register_error_handler(Exception, _handle_unexpected_error)

    @app.after_request
    def say_when(response: Response) -> Response:
        if response.status_code == 503 and "Retry-After" not in response.headers:
            response.headers["Retry-After"] = str(RETRY_SECONDS)
        return response


def _handle_domain_error(fault: DomainError) -> Response:
    leave_crumb("submission", f"{request.endpoint} {fault.status} {fault.code}")
    response = error_response(fault.status, fault.message, code=fault.code, faults=fault.faults)
    add_retry_after(response, fault)
    if fault.status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def add_retry_after(response: BaseResponse, fault: DomainError) -> None:
    """Add the header that tells when to try again, where the fault knows."""
    if isinstance(fault, TooManyError):
        response.headers["Retry-After"] = str(fault.retry_after_seconds)


def _handle_csrf_error(_fault: CSRFError) -> Response:
    return error_response(400, "The page was open too long, or cookies are off. Reload it and try again.", code="csrf")


def _handle_http_error(fault: HTTPException) -> Response:
    status = fault.code or 500
    # What fails after the answer was made, such as storing the session, comes wrapped.
    original: BaseException | None = getattr(fault, "original_exception", None)
    obstacle = None if original is None else obstacle_of(original)
    if obstacle is not None:
        return _kept_out(obstacle, original or fault)
    own = fault.description if status in (400, 403) and fault.description and "browser" not in fault.description else ""
    response = error_response(status, own or SAID.get(status, SAID[400]).message)
    if status == 405 and getattr(fault, "valid_methods", None):
        response.headers["Allow"] = ", ".join(sorted(fault.valid_methods or ()))  # type: ignore[attr-defined]
    return response


def _handle_database_error(fault: OperationalError) -> Response:
    return _kept_out(obstacle_of(fault) or DatabaseBusyError(), fault)


def _handle_unexpected_error(fault: Exception) -> Response:
    obstacle = obstacle_of(fault)
    if obstacle is not None:
        return _kept_out(obstacle, fault)
    reference = secrets.token_hex(4)
    # Not the address as it was sent: it may hold a one-time code, or lines of its own for the log.
    ids = [str(value) for value in (request.view_args or {}).values() if isinstance(value, uuid.UUID)]
    log.error("unexpected fault %s on %s %s", reference, request.url_rule, " ".join(ids), exc_info=fault)
    return error_response(500, f"{SAID[500].message} Reference: {reference}.")


def _kept_out(obstacle: ObstacleError, fault: BaseException) -> Response:
    """Answer a request that could not be stored for now, which is no fault of ours."""
    log.warning("%s is kept out: %s (%s)", request.url_rule, obstacle.message, fault)
    return error_response(obstacle.status, SAID[obstacle.status].message)


def error_response(
    status: int,
    message: str,
    *,
    code: str = "",
    faults: tuple[FieldFault, ...] = (),
    problems: list[dict[str, Any]] | None = None,
    more: Mapping[str, Any] | None = None,
) -> Response:
    """Return the fault in the shape the caller asked for; only programs are told of `problems` and what is `more`."""
    words = SAID.get(status, SAID[400])
    if request.accept_mimetypes.best == "application/json" or is_api_request():
        body: dict[str, Any] = {"type": "about:blank", "title": words.title, "status": status, "detail": message}
        told = {"code": code, "errors": [asdict(fault) for fault in faults], "problems": problems, **(more or {})}
        response = jsonify({**body, **{name: value for name, value in told.items() if value}})
        response.status_code, response.mimetype = status, "application/problem+json"
        return response
    if wants_fragment():
        # Where a form would be replaced by a notice, what was typed in it would be lost.
        page = render_view(NoticeContext(title=words.title, message=message), status=status)
        retarget("#notice", page)
        return page
    return render_view(FaultContext(title=words.title, message=message, status=status), status=status)
