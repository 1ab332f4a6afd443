"""What pages of templates show of words that somebody else wrote, and how much work a page is for a database."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask
from sqlalchemy import event

from app.services.experiment_templates import curation, using, versions
from app.services.experiment_templates.edits import TemplateEdit
from app.storage import experiment_templates as rows
from app.storage.db import db, transaction
from app.storage.tables import Dataset, ExperimentTemplate, User
from tests.web.client import Browser, draft_on_sample

URL = "/experiment-templates"
MARK = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'`{{7*7}}"
CONFIG = {"task": {"target": "flow", "kind": "regression"}, "model": {"estimator": "ridge"}}


def _hostile(user: User, **more: object) -> ExperimentTemplate:
    words = {"name": MARK, "description": MARK, "category": MARK[:60], "tags": (MARK[:50],), "comment": MARK}
    config = {
        **CONFIG,
        "task": {**CONFIG["task"], "target": MARK},
        "features": {
            "selected": [f"{MARK}2"],
            "transforms": [{"columns": [MARK], "kind": MARK, "parameters": {MARK: MARK}}],
        },
        "model": {"estimator": "ridge", "parameters": {MARK: MARK}},
    }
    return versions.create_template(user, TemplateEdit(**words, config=config, **more))  # type: ignore[arg-type]


def _scripts(page: object) -> list[str]:
    """Return the elements and attributes of a page that the words of a template would have made."""
    tree = page.tree  # type: ignore[attr-defined]
    odd = [item.tag for item in tree.iter() if item.tag == "img" or (item.tag == "script" and not item.get("src"))]
    return odd + [name for item in tree.iter() for name in item.keys() if name.startswith("on")]  # noqa: SIM118


def test_no_word_of_a_template_becomes_a_part_of_a_page(
    app: Flask, user: User, other_user: User, admin: User, sample: Dataset
) -> None:
    with transaction():
        for person in (user, other_user, admin):
            person.name = MARK
    row = _hostile(user, visibility="people", people=(other_user.email,))
    row = versions.update_template(user, row.id, TemplateEdit(name=f"{MARK}2", comment=MARK), version=1)
    curation.curate_template(admin, row.id, "feature")
    curation.curate_template(admin, row.id, "retire", successor_id=_hostile(user, visibility="everyone").id)
    draft = using.use_template(user, using.try_template(user, row.id, sample.id)).draft
    here = f"{URL}/{row.id}"
    paths = [
        *(here, f"{here}/diff", f"{here}/edit", f"{here}/apply", f"{here}/apply?dataset_id={sample.id}", URL),
        *(f"{URL}?q=%3Cscript%3E", f"{URL}?tag=%3Cscript%3E&category=%3Cscript%3E", f"{URL}/new?draft={draft.id}"),
        *(f"/experiments/drafts/{draft.id}/review", f"/experiments/drafts/{draft.id}/model", "/experiments/new"),
        *("/experiments", f"/experiments/drafts/{draft_on_sample(user).id}/data"),
    ]
    owner, boss = Browser(app).sign_in(user), Browser(app).sign_in(admin)
    for browser, addresses in ((owner, paths), (boss, [f"/admin{URL}", f"/admin{here}", here])):
        for path in addresses:
            page = browser.get(path)
            assert (page.status, page.syntax_faults, _scripts(page)) == (200, [], []), path
    assert MARK in owner.get(here).words
    assert MARK in owner.get(here).h1
    assert next(owner.get(here).tree.iter("title")).text.startswith(MARK)  # type: ignore[union-attr]
    fragment = owner.get(f"/experiments/drafts/{draft.id}/review", htmx=True)
    assert _scripts(fragment) == []
    late = owner.press(owner.get(f"{here}/edit"), "Save next version", {"name": MARK, "comment": MARK})
    assert late.goes_to
    refusal = owner.press(owner.get(f"{here}/edit"), "Save next version", {"people": MARK})
    assert (refusal.status, refusal.syntax_faults, _scripts(refusal)) == (422, [], [])
    stale = owner.press(owner.get(f"{here}/edit"), "Save next version", {"version": "1", "name": MARK})
    assert (stale.status, stale.syntax_faults, _scripts(stale)) == (409, [], [])


def test_files_and_json_of_templates_are_no_pages(app: Flask, user: User) -> None:
    row = _hostile(user)
    browser = Browser(app).sign_in(user)
    exported = browser.get(f"{URL}/{row.id}/template.json")
    assert exported.response.mimetype == "application/json"
    assert exported.response.headers["X-Content-Type-Options"] == "nosniff"
    assert exported.response.headers["Content-Disposition"].startswith("attachment; filename=script-alert-1")
    assert json.loads(exported.text)["versions"][0]["name"] == MARK
    for path in ("", f"{row.id}/", f"{row.id}/versions/1/", f"{row.id}/export/"):
        answer = browser.get(f"/api{URL}/{path}").response
        assert (answer.status_code, answer.mimetype) == (200, "application/json")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


@contextmanager
def _counted() -> Iterator[list[str]]:
    results: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.startswith("SELECT"):
            results.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield results
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


def _person(number: int) -> User:
    user = User(email=f"p{number}@example.org", role="member", name=f"Person {number}")
    db.session.add(user)
    db.session.flush()
    return user


def _filled(user: User, count: int, sample: Dataset) -> ExperimentTemplate:
    """Add templates of as many owners, and versions and uses of one of them by as many people."""
    shared = versions.create_template(user, TemplateEdit(name="Shared", config=CONFIG, visibility="everyone"))
    with transaction():
        people = [_person(number + count * 1000) for number in range(count)]
    for number, person in enumerate(people):
        edit = TemplateEdit(name=f"Flow {number}", config=CONFIG, visibility="everyone")
        versions.create_template(person, edit)
    for number in range(count):
        edit = TemplateEdit(name=f"Shared {number}")
        shared = versions.update_template(user, shared.id, edit, version=shared.version)
    with transaction():
        for person in people:
            rows.add_usage(template_id=shared.id, version=1, user_id=person.id, dataset_id=sample.id, draft_id=None)
        rows.set_people(shared.id, [person.id for person in people])
        for act in ("feature", "unfeature") * (count // 2):
            rows.add_event(template_id=shared.id, user_id=user.id, user_name="Ada", act=act, before={})
    return shared


PATHS = (
    *(URL, "{here}", "{here}/diff", "{here}/edit", "{here}/apply", "{here}/template.json", "/experiments/new"),
    *(f"/admin{URL}", "/admin{here}", f"/api{URL}/?per_page=200", "/api{here}/", "/api{here}/versions/?per_page=200"),
    "/api{here}/export/",
)


def test_pages_ask_as_little_of_200_templates_as_of_10(app: Flask, user: User, admin: User, sample: Dataset) -> None:
    browser = Browser(app).sign_in(admin)
    counts: dict[str, list[int]] = {path: [] for path in PATHS}
    for number in (10, 190):
        row = _filled(user, number, sample)
        for path in PATHS:
            address = path.format(here=f"{URL}/{row.id}")
            browser.get(address)
            with _counted() as statements:
                page = browser.get(address)
            assert page.status == 200, page.words[:300]
            counts[path].append(len(statements))
    assert {path: both for path, both in counts.items() if both[0] != both[1]} == {}


ODD = ("%00", "-1", "9" * 30, "%ff", "x" * 3000, "%E2%80%AE1&page=2")


def test_odd_addresses_of_pages_are_answered_in_words(app: Flask, user: User, admin: User) -> None:
    row = versions.create_template(user, TemplateEdit(name="Flow", config=CONFIG))
    here, boss = f"{URL}/{row.id}", Browser(app).sign_in(admin)
    token = boss.get("/account").token
    for odd in ODD:
        for path in (
            *(f"{URL}?page={odd}", f"{URL}?q={odd}&tag={odd}&category={odd}&sort={odd}", f"{here}/diff?from={odd}"),
            *(f"{here}/diff?to={odd}", f"{here}/apply?dataset_id={odd}", f"{URL}/new?draft={odd}&experiment={odd}"),
            *(f"/admin{URL}?page={odd}&q={odd}", f"{here}/versions/{odd}"),
        ):
            page = boss.get(path)
            assert page.status in (200, 404, 422), (path, page.status)
            assert page.h1, path
        for path, values in (
            (f"/admin{here}", {"act": odd, "email": odd, "successor": odd}),
            (f"/admin{here}", {"act": "retire", "successor": odd or "x"}),
            (f"/admin{here}", {"act": "transfer", "email": odd}),
            (f"{here}/edit", {"version": odd, "name": odd, "visibility": odd, "min_rows": odd, "needed": odd}),
            (f"{here}/versions/1/restore", {"version": odd}),
            (f"{here}/apply", {"dataset_id": odd, "draft_id": odd, "column.0": odd}),
            (f"{here}/apply/sample", {"sample": odd}),
            (f"{URL}/new", {"save_as": odd, "name": odd}),
        ):
            page = boss.post(path, {**values, "csrf_token": token})
            assert page.status in (404, 409, 422), (path, values, page.status)
    template = rows.find_template(row.id)
    assert template is not None
    assert (template.version, template.name, template.owner_id) == (1, "Flow", user.id)
