"""Who may open and press what on the pages of experiment templates: every route and every kind of visitor."""

from __future__ import annotations

import pytest
from flask import Flask

from app.services.experiment_templates import versions
from app.services.experiment_templates.versions import TemplateEdit
from app.storage.tables import ExperimentTemplate, User
from tests.web.client import Browser

URL = "/experiment-templates"
VISITORS = ("anonymous", "other", "owner", "admin")
# Route -> what each visitor gets: of a private template, then of one shared with everyone. 303 leads on.
PRIVATE, SHARED = "private", "everyone"
TABLE = (
    ("GET", "/{id}", (303, 404, 200, 200), (303, 200, 200, 200)),
    ("GET", "/{id}/diff?from=1&to=1", (303, 404, 200, 200), (303, 200, 200, 200)),
    ("GET", "/{id}/template.json", (303, 404, 200, 200), (303, 200, 200, 200)),
    ("GET", "/{id}/apply", (303, 404, 200, 200), (303, 200, 200, 200)),
    ("GET", "/{id}/edit", (303, 404, 200, 200), (303, 403, 200, 200)),
    ("POST", "/{id}/edit", (303, 404, 422, 422), (303, 403, 422, 422)),
    ("POST", "/{id}/apply", (303, 404, 422, 422), (303, 422, 422, 422)),
    ("POST", "/{id}/duplicate", (303, 404, 303, 303), (303, 303, 303, 303)),
    ("POST", "/{id}/archive", (303, 404, 303, 303), (303, 403, 303, 303)),
    ("POST", "/{id}/restore", (303, 404, 303, 303), (303, 403, 303, 303)),
    ("POST", "/{id}/versions/1/restore", (303, 404, 409, 409), (303, 403, 409, 409)),
    ("GET", "", (303, 200, 200, 200), (303, 200, 200, 200)),
    ("GET", "/new", (303, 422, 422, 422), (303, 422, 422, 422)),
    ("POST", "/import", (303, 422, 422, 422), (303, 422, 422, 422)),
    ("GET", "ADMIN", (303, 404, 404, 200), (303, 404, 404, 200)),
    ("GET", "ADMIN/{id}", (303, 404, 404, 200), (303, 404, 404, 200)),
    ("POST", "ADMIN/{id}", (303, 404, 404, 422), (303, 404, 404, 422)),
    ("POST", "ADMIN/{id}/undo", (303, 404, 404, 409), (303, 404, 404, 409)),
)


def own(user: User, visibility: str) -> ExperimentTemplate:
    config = {"task": {"target": "flow", "kind": "regression"}, "model": {"estimator": "ridge"}}
    return versions.create_template(user, TemplateEdit(name="Flow", config=config, visibility=visibility))


@pytest.mark.parametrize("visitor", VISITORS)
def test_every_route_answers_each_visitor_as_the_table_says(
    app: Flask, user: User, other_user: User, admin: User, visitor: str
) -> None:
    people = {"other": other_user, "owner": user, "admin": admin}
    browser = Browser(app)
    if visitor in people:
        browser.sign_in(people[visitor])
    token = browser.get("/account").token if visitor in people else ""
    found, wanted = {}, {}
    for method, route, *answers in TABLE:
        for visibility, statuses in zip((PRIVATE, SHARED), answers, strict=True):
            row = own(user, visibility)
            path = route.format(id=row.id)
            address = f"/admin{URL}{path.removeprefix('ADMIN')}" if path.startswith("ADMIN") else f"{URL}{path}"
            data = {"csrf_token": token} if method == "POST" else None
            key = (method, route, visibility)
            found[key] = browser.send(method, address, **({"data": data} if data else {})).status
            wanted[key] = statuses[VISITORS.index(visitor)]
    assert {key: status for key, status in found.items() if status != wanted[key]} == {}
