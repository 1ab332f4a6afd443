"""Who may do what with experiment templates: every route of pages and API, and every kind of visitor."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from app.domain.vocabulary import Scope
from app.services.accounts import tokens
from app.services.experiment_templates import curation, versions
from app.services.experiment_templates.edits import TemplateEdit
from app.storage.db import db, now, transaction
from app.storage.tables import ApiToken, ExperimentTemplate, User
from tests.api.program import Program
from tests.web.client import Browser

VISITORS = ("anonymous", "other", "owner", "admin", "read token", "write token", "expired token")
STATES = ("private", "by name", "everyone", "archived")
# A word for what the seven visitors get, in their order; the tokens are the owner's. Pages ask everybody without a
# session to sign in (303), whatever token they show; the API says 401.
PAGE, API = "page", "api"


@dataclass(frozen=True)
class Route:
    """One route, what is sent to it, and what it answers when it is reached: to whoever sees, and to whoever changes.

    `changes` says that only owner and administrators get there; `admin` that only administrators do. `archived` is
    what it answers of an archived template to those who may change it.
    """

    method: str
    path: str
    answer: int
    changes: bool = False
    admin: bool = False
    archived: int = 0
    body: dict[str, Any] | None = None

    @property
    def has_id(self) -> bool:
        """Return whether the route names one template."""
        return "<uuid:template_id>" in self.path

    @property
    def kind(self) -> str:
        """Return whether the route is one of the API."""
        return API if self.path.startswith("/api/") else PAGE


PAGES, ONE = "/experiment-templates", "/experiment-templates/<uuid:template_id>"
ADMIN, VERSION = "/admin/experiment-templates", "versions/<int:version>/"
# A hidden template is 404 everywhere, one that is seen and not theirs to change 403.
TABLE = (
    Route("GET", PAGES, 200),
    Route("GET", ONE, 200),
    Route("GET", f"{ONE}/diff", 200),
    Route("GET", f"{ONE}/template.json", 200),
    Route("GET", f"{ONE}/apply", 200, archived=404),
    Route("POST", f"{ONE}/apply", 422, archived=404),
    Route("POST", f"{ONE}/apply/sample", 404),
    Route("POST", f"{ONE}/apply/upload", 422, archived=404),
    Route("POST", f"{ONE}/duplicate", 303),
    Route("GET", f"{ONE}/edit", 200, changes=True, archived=404),
    Route("POST", f"{ONE}/edit", 422, changes=True),
    Route("POST", f"{ONE}/{VERSION}restore", 409, changes=True, archived=404),
    Route("POST", f"{ONE}/restore", 303, changes=True),
    Route("POST", f"{ONE}/archive", 303, changes=True),
    Route("GET", f"{PAGES}/new", 422),
    Route("POST", f"{PAGES}/new", 422),
    Route("POST", f"{PAGES}/import", 422),
    Route("GET", ADMIN, 200, admin=True),
    Route("GET", f"{ADMIN}/<uuid:template_id>", 200, admin=True),
    Route("POST", f"{ADMIN}/<uuid:template_id>", 422, admin=True),
    Route("POST", f"{ADMIN}/<uuid:template_id>/undo", 409, admin=True, archived=303),
    Route("GET", f"/api{PAGES}/", 200),
    Route("POST", f"/api{PAGES}/", 422),
    Route("POST", f"/api{PAGES}/import/", 422),
    Route("GET", f"/api{ONE}/", 200, archived=404),
    Route("GET", f"/api{ONE}/versions/", 200),
    Route("GET", f"/api{ONE}/{VERSION}", 200),
    Route("GET", f"/api{ONE}/diff/", 422),
    Route("GET", f"/api{ONE}/export/", 200),
    Route("POST", f"/api{ONE}/apply/", 422, archived=404),
    Route("POST", f"/api{ONE}/duplicate/", 201),
    Route("PUT", f"/api{ONE}/", 409, changes=True, archived=404, body={"version": 9}),
    Route("POST", f"/api{ONE}/{VERSION}restore/", 409, changes=True, archived=404, body={"version": 9}),
    Route("POST", f"/api{ONE}/restore/", 200, changes=True),
    Route("DELETE", f"/api{ONE}/", 204, changes=True),
)


def wanted(route: Route, visitor: str, state: str) -> int:
    """Return the status that the policy says."""
    if route.kind is PAGE and visitor not in ("other", "owner", "admin"):
        return 303
    if visitor in ("anonymous", "expired token"):
        return 401
    if visitor == "read token" and route.method != "GET":
        return 403
    theirs = visitor in ("owner", "admin", "read token", "write token")
    if route.admin and visitor != "admin":
        return 404
    if not route.has_id:
        return route.answer
    if not theirs and state in ("private", "archived"):
        return 404
    if not theirs and route.changes:
        return 403
    if state == "archived":
        # What an administrator archived, its owner does not bring back.
        by_admin = route.path.strip("/").endswith("restore") and VERSION not in route.path and visitor != "admin"
        return 403 if by_admin else route.archived or route.answer
    return route.answer


@dataclass
class Visitor:
    """Somebody who sends requests, with a session or a token, or with neither."""

    app: Flask
    person: User | None = None
    token: str = ""

    def __post_init__(self) -> None:
        """Sign in where there is a person."""
        self.browser = Browser(self.app)
        self.csrf = ""
        if self.person is not None:
            self.csrf = self.browser.sign_in(self.person).get("/account").token

    def send(self, route: Route, row: ExperimentTemplate) -> int:
        """Send a request, and return the status."""
        path = route.path.replace("<uuid:template_id>", str(row.id)).replace("<int:version>", "1")
        more: dict[str, Any] = {}
        if route.kind is API and route.method in ("POST", "PUT"):
            more["json"] = route.body or {}
        elif route.kind is PAGE and route.method == "POST":
            more["data"] = {"csrf_token": self.csrf}
        if self.person is None:
            return Program(self.app, self.token).send(route.method, path, **more).status_code
        headers = {"X-CSRFToken": self.csrf} if route.kind is API else {}
        return self.browser.send(route.method, path, headers=headers, **more).status


def _visitor(app: Flask, name: str, people: dict[str, User]) -> Visitor:
    if name == "anonymous":
        return Visitor(app)
    if name in people:
        return Visitor(app, people[name])
    scope = Scope.READ if name == "read token" else Scope.WRITE
    secret = tokens.create_token(people["owner"].email, name=name, scope=scope)
    if name == "expired token":
        with transaction():
            row = db.session.query(ApiToken).filter_by(name=name).one()
            row.expires_at = now() - timedelta(seconds=1)
    return Visitor(app, token=secret)


def _template(state: str, people: dict[str, User]) -> ExperimentTemplate:
    config = {"task": {"target": "flow", "kind": "regression"}, "model": {"estimator": "ridge"}}
    shared = {"by name": "people", "archived": "everyone"}.get(state, state)
    named = (people["other"].email,) if state == "by name" else None
    edit = TemplateEdit(name="Flow", config=config, visibility=shared, people=named)
    row = versions.create_template(people["owner"], edit)
    if state == "archived":
        curation.curate_template(people["admin"], row.id, "archive")
    return row


@pytest.mark.parametrize("name", VISITORS)
def test_every_route_answers_each_visitor_as_the_policy_says(
    app: Flask, user: User, other_user: User, admin: User, name: str
) -> None:
    people = {"other": other_user, "owner": user, "admin": admin}
    visitor, differ = _visitor(app, name, people), {}
    for state in STATES:
        row = _template(state, people)
        for route in TABLE:
            status, right = visitor.send(route, row), wanted(route, name, state)
            if status != right:
                differ[route.method, route.path, state] = (status, right)
            if route.has_id and route.method in ("POST", "DELETE") and status < 400:
                row = _template(state, people)
    assert differ == {}


def test_a_template_that_never_was_is_hidden_from_everybody(
    app: Flask, user: User, other_user: User, admin: User
) -> None:
    people = {"other": other_user, "owner": user, "admin": admin}
    missing = ExperimentTemplate(id=uuid.uuid4())
    for name in ("owner", "admin", "write token"):
        visitor = _visitor(app, name, people)
        for route in TABLE:
            if route.has_id and not (route.kind is PAGE and name == "write token"):
                assert visitor.send(route, missing) == 404, (name, route)


def test_the_table_holds_every_route(app: Flask) -> None:
    result = {
        (method, rule.rule)
        for rule in app.url_map.iter_rules()
        if "experiment-templates" in rule.rule
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert {(route.method, route.path) for route in TABLE} == result
    assert len(TABLE) == len(result)
