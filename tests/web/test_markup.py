"""Names, cells and messages may hold markup: every page shows it as text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from xml.etree.ElementTree import Element

from flask import Flask

from app.domain.vocabulary import RunState
from app.storage.db import db, transaction
from app.storage.tables import User
from tests.services.tables import save
from tests.web import seeds
from tests.web.client import STEPS, Browser, Page, draft_on_sample, step_path, words_of
from tests.web.test_uploads import EVIL, newest, send

__all__ = ["send"]
EVIL_CSV = f"{EVIL},rain,word,level\n" + "".join(
    f"{position % 13},{position % 7},{EVIL if position % 2 else 'plain'},{position % 5 + position % 13}\n"
    for position in range(120)
)


def _is_evil(element: Element) -> bool:
    return (
        element.tag in ("img", "script") and not element.get("src", "").startswith("/static/") and not element.get("id")
    )


def assert_harmless(page: Page) -> None:
    assert EVIL not in page.text, page.path
    assert "<img" not in page.text.lower(), page.path
    assert [element.tag for element in page.tree.iter() if _is_evil(element) or element.get("onerror")] == []


def test_markup_in_any_name_is_shown_as_text_on_every_page(
    app: Flask, browser: Browser, user: User, send: Callable[..., Page]
) -> None:
    place = send("/experiments/new/upload", (EVIL_CSV.encode(), f"{EVIL}.csv")).goes_to.removesuffix("/data")
    browser.press(browser.get(f"{place}/data"), "Continue", {"target": EVIL, "group_column": "word"})
    words = {"name": EVIL, "description": EVIL, "tags": EVIL, "notes": f"</textarea>{EVIL}"}
    browser.press(browser.get(f"{place}/review"), "Back", words)
    row = newest(user)
    paths = [f"{place}/{slug}" for slug in (*STEPS, "features/correlations", f"features?q={EVIL}", f"data?q={EVIL}")]
    paths += ["/experiments", "/experiments/new", "/datasets", f"/datasets/{row.id}", f"/datasets/{row.id}/delete"]
    for path in [*paths, f"{place}/discard"]:
        for htmx in (False, True):
            page = browser.get(path, htmx=htmx)
            assert page.status == 200, path
            assert_harmless(page)
    assert EVIL in browser.get(f"{place}/features").words
    assert EVIL in browser.get(f"/datasets/{row.id}").words
    launched = browser.press(browser.get(f"{place}/review"), "Launch experiment").goes_to
    for path in (launched, f"{launched}/edit", f"{launched}/progress", "/experiments"):
        assert_harmless(browser.get(path, htmx=path.endswith("progress")))
    assert browser.get(launched).h1 == EVIL


def test_markup_in_what_is_typed_or_asked_for_is_shown_as_text(browser: Browser, user: User) -> None:
    row = draft_on_sample(user)
    typed = {"estimator": EVIL, "hist_gradient_boosting.max_iter": f'"{EVIL}'}
    wrong: dict[str, dict[str, Any]] = {"data": {"task_kind": EVIL}, "model": typed, "validation": {"seed": EVIL}}
    for step, changes in wrong.items():
        save(user, row, step=step, **changes)
    for slug in STEPS:
        assert_harmless(browser.get(step_path(row, slug)))
    assert_harmless(browser.press(browser.get(step_path(row, "validation")), "Continue"))
    for path in (f"/{EVIL}", f"/sign-in/{EVIL}", f"/experiments?page={EVIL}", f"/datasets/{EVIL}"):
        assert_harmless(browser.get(path))
    account = browser.press(browser.get("/account"), "Save name", {"name": EVIL * 20})
    assert_harmless(account)
    browser.press(account, "Save name", {"name": EVIL})
    assert EVIL in words_of(browser.get("/experiments").tree)
    assert_harmless(browser.get("/experiments"))


def test_markup_in_a_failure_and_a_result_is_shown_as_text(app: Flask, browser: Browser, user: User) -> None:
    failed = seeds.add_experiment(user, RunState.FAILED, failure=EVIL, name=EVIL, tags=[EVIL], notes=EVIL)
    finished = seeds.finish(app, user)
    report = dict(finished.report or {})
    report.update(notes=[EVIL], task={**report["task"], "target": EVIL})
    with transaction():
        finished.report = report
        finished.headline = report["headline"]
    db.session.expire_all()
    for row in (failed, finished):
        page = browser.get(f"/experiments/{row.id}")
        assert page.status == 200
        assert_harmless(page)
        assert EVIL in page.words
