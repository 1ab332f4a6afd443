"""Every page and every fragment, in every state: valid HTML, labelled controls, nothing inline, nothing written."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask

from app.domain.vocabulary import RunState
from app.services.accounts import accounts
from app.services.drafts import drafts
from app.storage import datasets
from app.storage.db import transaction
from app.storage.tables import Dataset, User
from app.web.access import POLICY, AccessLevel
from tests.services.tables import draft_on, save, upload, wide_csv
from tests.web import seeds
from tests.web.client import (
    STEPS,
    Belongings,
    Browser,
    Page,
    calls,
    draft_on_sample,
    everything,
    step_path,
    words_of,
)

SVG = "{http://www.w3.org/2000/svg}"
REFERS = ("for", "form", "aria-labelledby", "aria-describedby")


def _syntax(page: Page) -> Iterator[str]:
    yield from page.syntax_faults
    roots, headings = list(page.tree), list(page.tree.iter("h1"))
    if page.is_fragment:
        stray = (page.tree.text or "").strip() or any((root.tail or "").strip() for root in roots)
        if len(roots) != 1 or stray or not roots[0].get("id"):
            yield f"{len(roots)} roots, or one without an id"
    elif len(headings) != 1 or not words_of(headings[0]):
        yield f"{len(headings)} main headings"
    elif not words_of(next(page.tree.iter("title"))).replace("· HydroML", "").strip():
        yield "no title"


def _ids(page: Page) -> Iterator[str]:
    ids = Counter(item.get("id") for item in page.tree.iter() if item.get("id") is not None)
    yield from (f"id {name!r} stands {count} times" for name, count in ids.items() if count > 1 or not name)
    for element in page.tree.iter():
        for attribute in REFERS:
            for name in element.get(attribute, "").split():
                # A fragment may belong to a form of the page that it is put into.
                if name not in ids and not (page.is_fragment and attribute == "form"):
                    yield f"{attribute}={name} leads nowhere"
        target = element.get("href", "")
        if target.startswith("#") and target[1:] not in ids:
            yield f"{target} leads nowhere"


def _labels(page: Page) -> Iterator[str]:
    labelled = {item.get("for") for item in page.tree.iter("label") if words_of(item)}
    inner = {svg for item in page.tree.iter(f"{SVG}svg") for svg in item.iter(f"{SVG}svg") if svg is not item}
    inside = {control for item in page.tree.iter("label") if words_of(item) for control in item.iter()}
    for element in page.tree.iter():
        if element.tag in ("input", "select", "textarea") and element.get("type") not in ("hidden", "submit"):
            named = element.get("aria-label") or element.get("aria-labelledby")
            if element.get("id") not in labelled and element not in inside and not named:
                yield f"{element.tag} {element.get('name')} has no label"
        if element.tag == "button" and not (words_of(element) or element.get("aria-label")):
            yield "a button without words"
        if element.tag == "progress" and not (element.get("aria-label") or element.get("aria-labelledby")):
            yield "a progress bar without words"
        if (
            element.tag == f"{SVG}svg"
            and element not in inner
            and element.get("aria-hidden") != "true"
            and element.get("role") != "img"
        ):
            yield "a picture that is neither described nor hidden"


def _tokens(page: Page) -> Iterator[str]:
    for form in page.forms:
        if form.method == "POST" and not all(form.values.get("csrf_token", [""])):
            yield f"the form to {form.action} has no token"
        if form.method == "GET" and "csrf_token" in form.names:
            yield f"the form to {form.action} gives its token away"


def _inline(page: Page) -> Iterator[str]:
    for element in page.tree.iter():
        for name, value in element.attrib.items():
            if name == "style" or name.startswith("on") or "javascript:" in value.lower():
                yield f"{name}={value[:60]}"
            if name in ("src", "href", "action", "formaction") and not re.match(r"[/#?](?!/)", value):
                yield f"{name}={value[:60]} leads to another site"
        if element.tag == "style":
            yield "a style element"
        if element.tag == "script" and not element.get("src") and element.get("type") != "application/json":
            yield "a script in the page"


def faults_of(page: Page) -> list[str]:
    """Return all that is wrong with the HTML of an answer."""
    return [fault for check in (_syntax, _ids, _labels, _tokens, _inline) for fault in check(page)]


BAD = """<!doctype html><html><head><title></title></head><body><h1>One</h1><p id="a"><p id="a"><b><i></b>
<form method="post"><input name="x"><button style="color: red"></button></form><a href="//evil.example">x</a>
<a href="#none">y</a><img src="x" onerror="alert(1)"><script>alert(1)</script><progress></progress></body></html>"""


def test_the_checks_see_what_they_look_for(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(POLICY, "bad", AccessLevel.ANYBODY)
    app.add_url_rule("/bad", "bad", lambda: BAD)
    result = " ".join(faults_of(Browser(app).get("/bad")))
    assert len(faults_of(Browser(app).get("/bad", htmx=True))) > 5
    for words in (
        "adoption-agency",
        "no title",
        "id 'a' stands 2",
        "no label",
        "without words",
        "bar without",
        "no token",
    ):
        assert words in result
    for words in ("style=", "onerror=", "evil.example leads to another", "a script in the page", "#none leads nowhere"):
        assert words in result


def _finished(kind: str) -> Callable[[Flask, User], str]:
    return lambda app, user: f"/experiments/{seeds.finish(app, user, kind=kind).id}"


def _in_state(state: RunState, path: str = "") -> Callable[[Flask, User], str]:
    def make(_app: Flask, user: User) -> str:
        row = seeds.add_experiment(user, state, failure="It <b>broke</b>." if state is RunState.FAILED else None)
        if state is RunState.RUNNING:
            seeds.set_progress(row, {"fraction": 0.4, "message": "Fold 2 of 5"})
        return f"/experiments/{row.id}{path}"

    return make


def _dataset_of(user: User, state: str) -> Dataset:
    with transaction():
        row = datasets.add_dataset(owner_id=user.id, name="River", file_name="river.csv", state=state)
        row.reason = "The file <b>ends</b> early." if state == "failed" else None
    return row


def _dataset(state: str, path: str = "") -> Callable[[Flask, User], str]:
    return lambda _app, user: f"/datasets/{_dataset_of(user, state).id}{path}"


def _draft_on_state(state: str, path: str = "data") -> Callable[[Flask, User], str]:
    def make(_app: Flask, user: User) -> str:
        row = drafts.create_draft(user)
        save(user, row, step="data", dataset_id=str(_dataset_of(user, state).id))
        return step_path(row, path)

    return make


def _draft_without_data(_app: Flask, user: User) -> str:
    return step_path(drafts.create_draft(user), "data")


def _lists(path: str) -> Callable[[Flask, User], str]:
    def make(app: Flask, user: User) -> str:
        seeds.finish(app, user)
        for run in RunState:
            seeds.add_experiment(user, run)
        for state in ("receiving", "reading", "failed"):
            _dataset_of(user, state)
        draft_on_sample(user)
        drafts.create_draft(user)
        return path

    return make


def _sample_dataset(_app: Flask, user: User) -> str:
    return f"/datasets/{draft_on_sample(user, 'penguins').answers['data']['dataset_id']}"


def _wide(slug: str, query: str) -> Callable[[Flask, User], str]:
    return lambda _app, user: step_path(draft_on(user, upload(user, wide_csv(130)), target="flow"), slug) + query


def _discard(_app: Flask, user: User) -> str:
    return f"/experiments/drafts/{draft_on_sample(user).id}/discard"


def _at(path: str) -> Callable[[Flask, User], str]:
    return lambda _app, _user: path


PAGES: dict[str, tuple[int, Callable[[Flask, User], str]]] = {
    "no experiments": (200, _at("/experiments")),
    "experiments and drafts": (200, _lists("/experiments")),
    "a page too far": (200, _lists("/experiments?page=99")),
    "new experiment": (200, _at("/experiments/new")),
    "new experiment with data of one's own": (200, _lists("/experiments/new")),
    "finished regression": (200, _finished("regression")),
    "finished classification": (200, _finished("multiclass")),
    **{f"{state.value} experiment": (200, _in_state(state)) for state in RunState if state is not RunState.FINISHED},
    "finished without a report": (200, _in_state(RunState.FINISHED)),
    "words of an experiment": (200, _in_state(RunState.FAILED, "/edit")),
    "no datasets": (200, _at("/datasets")),
    "datasets": (200, _lists("/datasets")),
    "a sample": (200, _sample_dataset),
    "a dataset being read": (200, _dataset("reading")),
    "a dataset that failed": (200, _dataset("failed")),
    "deleting a dataset": (200, _dataset("failed", "/delete")),
    "discarding a draft": (200, _discard),
    "a draft without data": (200, _draft_without_data),
    "a draft on data being read": (200, _draft_on_state("reading")),
    "a draft on data that failed": (200, _draft_on_state("failed")),
    "many columns, data": (200, _wide("data", "?page=2")),
    "many columns, features": (200, _wide("features", "?q=gauge&order=association&page=2")),
    "no such column": (200, _wide("features", "?q=%3Cnothing%3E")),
    "account": (200, _at("/account?saved")),
    "help": (200, _at("/help")),
    "conflicts": (200, _at("/help/conflicts")),
    "new on one page": (200, _at("/experiments/new/single-page")),
    "all on one page": (200, lambda _app, user: step_path(draft_on_sample(user), "single-page")),
    "nothing here": (404, _at("/no/such/page")),
    "not possible here": (405, _at("/sign-out")),
}
FRAGMENTS: dict[str, Callable[[Flask, User], str]] = {
    "progress of a queued one": _in_state(RunState.QUEUED, "/progress"),
    "progress of a running one": _in_state(RunState.RUNNING, "/progress"),
    "reading a dataset": _dataset("reading", "/reading"),
    "reading a draft's data": _draft_on_state("reading", "data/reading"),
    "associations": lambda _app, user: step_path(draft_on_sample(user), "features/correlations"),
}


@pytest.mark.parametrize("name", PAGES)
def test_every_page_is_sound_and_looking_again_writes_nothing(
    app: Flask, browser: Browser, user: User, name: str
) -> None:
    status, make = PAGES[name]
    path = make(app, user)
    page = browser.get(path)
    assert page.status == status
    assert page.text.startswith("<!doctype html>")
    assert faults_of(page) == []
    before = everything()
    for htmx in (False, True):
        browser.get(path, htmx=htmx)
        browser.send("HEAD", path, htmx=htmx)
    assert everything() == before


def test_that_data_are_still_being_read_is_no_error(app: Flask, browser: Browser, user: User) -> None:
    page = browser.get(_draft_on_state("reading")(app, user))
    assert words_of(page.element("problems")).startswith("Problems Wait: river.csv is still being read.")


@pytest.mark.parametrize("name", FRAGMENTS)
def test_every_fragment_is_sound(app: Flask, browser: Browser, user: User, name: str) -> None:
    page = browser.get(FRAGMENTS[name](app, user), htmx=True)
    assert page.status == 200
    assert faults_of(page) == []


@pytest.mark.parametrize("htmx", [False, True], ids=["page", "fragment"])
@pytest.mark.parametrize("sample", ["piscataquis", "kingstown", "penguins"])
def test_every_step_is_sound_for_every_sample(browser: Browser, user: User, sample: str, htmx: bool) -> None:
    row = draft_on_sample(user, sample)
    for slug in STEPS:
        page = browser.get(step_path(row, slug), htmx=htmx)
        assert (page.status, faults_of(page)) == (200, []), slug


ODD: dict[str, dict[str, Any]] = {
    "data": {"task_kind": "binary", "time_column": "tmax_c", "group_column": "prcp_mm"},
    "features": {"column.c5": True, "column.c1": False, "transforms": [{"kind": "lag", "columns": []}, {"kind": "x"}]},
    "model": {"estimator": "gaussian_process", "gaussian_process.noise": '"><i>'},
    "validation": {"strategy": "group_k_fold", "group_k_fold.n_splits": "x", "seed": "<b>", "holdout_percent": "99"},
    "review": {"name": "", "tags": "x" * 60, "description": "</textarea>", "notes": "\n\n<pre>"},
}


@pytest.mark.parametrize("htmx", [False, True], ids=["page", "fragment"])
def test_every_step_is_sound_when_everything_is_wrong(browser: Browser, user: User, htmx: bool) -> None:
    results = _faults_when_all_is_wrong(browser, user, htmx=htmx)
    assert results == []


def _faults_when_all_is_wrong(browser: Browser, user: User, *, htmx: bool) -> list[str]:
    row = draft_on_sample(user)
    for slug, changes in ODD.items():
        save(user, row, step=slug, **changes)
    results = []
    for slug in STEPS:
        page = browser.get(step_path(row, slug), htmx=htmx)
        button = "Launch experiment" if slug == "review" else "Continue"
        refusal = browser.press(page, button, htmx=htmx)
        assert refusal.status == 422
        results += faults_of(page) + faults_of(refusal)
    return results


@pytest.mark.parametrize("way", ["", "/autosave"])
def test_the_question_which_tab_holds_is_sound(browser: Browser, user: User, way: str) -> None:
    row = draft_on_sample(user)
    page = browser.get(step_path(row, "validation"))
    saved = browser.post(f"{page.path}/autosave", page.answers.filled({"seed": "5"}), htmx=True)
    assert (saved.status, faults_of(saved)) == (200, [])
    question = browser.post(page.path + way, page.answers.filled({"seed": '"6'}), htmx=bool(way))
    assert (question.status, faults_of(question)) == (409, [])


@pytest.mark.parametrize(
    ("path", "button", "changes"),
    [
        ("/account", "Save name", {"name": "n" * 201}),
        ("/account", "Save password", {"new": "short"}),
        ("/experiments/new", "Upload file", {}),
        ("/datasets", "Upload file", {}),
    ],
)
def test_a_refused_form_is_shown_again_and_sound(
    browser: Browser, path: str, button: str, changes: dict[str, str]
) -> None:
    page = browser.press(browser.get(path), button, changes)
    assert page.status == 422
    assert len(page.problems()) == 1
    assert faults_of(page) == []


def test_the_sign_in_page_is_sound_before_and_after_a_mistake(app: Flask) -> None:
    browser = Browser(app)
    page = browser.get("/sign-in")
    refusal = browser.press(page, "Sign in", {"email": '"><i>@example.org', "password": "wrong"})
    assert refusal.status == 422
    assert (faults_of(page), faults_of(refusal)) == ([], [])
    assert refusal.form_to("/sign-in").values["email"] == ['"><i>@example.org']


def test_the_page_of_a_sign_in_link_is_sound(app: Flask, browser: Browser, user: User) -> None:
    for code in (accounts.make_sign_in_link(user.email), accounts.make_sign_in_link(None)):
        for visitor in (Browser(app), browser):
            page = visitor.get(f"/sign-in/{code}")
            assert (page.status, faults_of(page)) == (200, [])


def test_a_fault_for_htmx_is_one_notice(browser: Browser) -> None:
    page = browser.get("/no/such/page", htmx=True)
    assert (page.status, faults_of(page)) == (404, [])
    assert page.has("shared-notice")
    assert page.response.headers["HX-Retarget"] == "#notice", "and not in the place of the form that was sent"


@pytest.mark.parametrize("path", ["/experiments", "/datasets", "/help", "/account"])
def test_a_page_of_the_browsers_history_is_always_whole(browser: Browser, path: str) -> None:
    page = browser.get(path, headers={"HX-Request": "true", "HX-History-Restore-Request": "true"})
    assert page.text.startswith("<!doctype html>")
    assert "HX-Request" in page.response.headers["Vary"]


def test_the_first_look_at_pages_changes_no_answer(app: Flask, browser: Browser, user: User) -> None:
    hers = Belongings.of(user)
    before = everything()
    for _endpoint, method, path in calls(app, hers):
        if method == "GET":
            browser.get(path)
    after = everything()
    changed = {table for table in after if after[table] != before[table]}
    # The furthest step seen, the token of the session, and what is measured once are all that may be noted.
    # Files that are handed out are an act of the audit trail.
    assert changed <= {"drafts", "web_sessions", "target_associations", "target_rankings", "jobs", "audit_entries"}
    assert len(after["drafts"]) == len(before["drafts"])
    for old, new in zip(before["drafts"], after["drafts"], strict=True):
        assert sum(first != other for first, other in zip(old, new, strict=True)) <= 1
