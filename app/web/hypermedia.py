"""View contexts and htmx: render a page or its fragment, and all HX-* headers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar

from flask import Flask, Response, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse


def init_app(app: Flask) -> None:
    """Mark every answer as depending on whether htmx asks."""

    @app.after_request
    def vary(response: Response) -> Response:
        response.vary.add("HX-Request")
        return response


def is_api_request() -> bool:
    """Return whether the address is one of the JSON API."""
    return request.path.startswith("/api/")


def wants_fragment() -> bool:
    """Return whether htmx asks, and not for a page of its history, which must be whole."""
    return "HX-Request" in request.headers and "HX-History-Restore-Request" not in request.headers


def _make_answer(page: str, partial: str | None, values: dict[str, Any], *, status: int, push: bool) -> Response:
    if partial is None or not wants_fragment():
        return make_response(render_template(page, partial=partial, **values), status)
    response = make_response(render_template(partial, partial=partial, **values), status)
    if push:
        response.headers["HX-Push-Url"] = request.full_path.removesuffix("?")
    return response


@dataclass(frozen=True, kw_only=True)
class ContextPart:
    """Names that several contexts have in common; a template reads them as if they stood in its context itself."""

    def by_name(self) -> dict[str, Any]:
        """Return the fields by name, each as it is; those of a part stand among them."""
        results: dict[str, Any] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            results |= value.by_name() if isinstance(value, ContextPart) else {field.name: value}
        return results


@dataclass(frozen=True, kw_only=True)
class ViewContext(ContextPart):
    """All that a page or a fragment reads by name, beside what every template knows.

    `page_name` is the whole document and `fragment_name` the part that htmx gets alone; either may be missing.
    `included` are the templates that it includes by a name, such as `{% include follows %}`. A house test holds that
    every field is read, and that everything that is read is a field.
    """

    page_name: ClassVar[str] = ""
    fragment_name: ClassVar[str] = ""
    included: ClassVar[Mapping[str, str]] = {}

    def by_name(self) -> dict[str, Any]:
        """Return all that its templates read by name."""
        return {**super().by_name(), **self.included}


def render_view(view: ViewContext, /, *, status: int = 200, push: bool = False, whole: bool = False) -> Response:
    """Answer with a page, or with its fragment alone where htmx asks, unless the page is wanted `whole`."""
    if not view.page_name:
        return make_response(render_template(view.fragment_name, **view.by_name()), status)
    partial = None if whole else view.fragment_name or None
    return _make_answer(view.page_name, partial, view.by_name(), status=status, push=push)


def retarget(target: str, response: BaseResponse) -> BaseResponse:
    """Let htmx put a fragment into this element, whichever element asked and whatever the status is."""
    if wants_fragment():
        response.headers["HX-Retarget"] = target
        response.headers["HX-Reswap"] = "innerHTML"
    return response


def see_other(url: str) -> BaseResponse:
    """Send the browser on after a change (303); htmx follows by itself and gets the fragment."""
    return redirect(url, 303)


def leave_for(url: str) -> BaseResponse:
    """Send the browser to another page as a whole, also from within a fragment."""
    if wants_fragment():
        response = make_response("", 204)
        response.headers["HX-Redirect"] = url
        return response
    return redirect(url, 303)
