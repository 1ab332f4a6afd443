"""Setting the origin of each request, and returning its id in a header."""

from __future__ import annotations

from flask import Flask, Response, request

from app.storage.fault_reports import forget_crumbs
from app.storage.origin import NOWHERE, Origin, current_origin, new_request_id, set_origin
from app.web.hypermedia import is_api_request

HEADER = "X-Request-Id"


def init_app(app: Flask) -> None:
    """Register the origin of each request, and the headers of its answer."""

    @app.before_request
    def begin() -> None:
        channel = "api" if is_api_request() else "web"
        forget_crumbs()
        set_origin(Origin(channel, request_id=new_request_id(), address=request.remote_addr or ""))

    @app.teardown_request
    def end(_fault: BaseException | None) -> None:
        set_origin(NOWHERE)

    @app.after_request
    def name_request(response: Response) -> Response:
        response.headers[HEADER] = current_origin().request_id
        return response
