"""Pages that are only looked at: they wait for nobody who writes, and the list reads no more than it shows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from sqlalchemy import event

from app.domain.vocabulary import RunState
from app.storage.db import db
from app.storage.tables import DraftRow, User
from tests.web.client import STEPS, Browser, step_path
from tests.web.seeds import add_experiment


@contextmanager
def _statements() -> Iterator[list[str]]:
    """Gather what is sent to the database meanwhile."""
    sent: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        sent.append(" ".join(statement.split()))

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


@pytest.mark.parametrize("step", STEPS)
def test_a_step_seen_again_begins_no_write(browser: Browser, draft: DraftRow, step: str) -> None:
    path = step_path(draft, step)
    assert browser.get(path).status == 200
    with _statements() as sent:
        assert browser.get(path).status == 200
        browser.get(f"{path}/measured?seen=", htmx=True)
    assert sent
    assert not [text for text in sent if not text.startswith(("BEGIN", "SELECT")) or text == "BEGIN IMMEDIATE"]


@pytest.mark.parametrize("path", ["/experiments", "/datasets", "/account", "/help", "/sign-in", "/health/live"])
def test_a_page_begins_no_write(browser: Browser, path: str) -> None:
    browser.get(path)
    with _statements() as sent:
        browser.get(path)
    assert not [text for text in sent if not text.startswith(("BEGIN", "SELECT")) or text == "BEGIN IMMEDIATE"]


def test_the_list_leaves_configs_and_answers_where_they_are(browser: Browser, draft: DraftRow, user: User) -> None:
    add_experiment(user, RunState.FINISHED)
    browser.get("/experiments")
    with _statements() as sent:
        page = browser.get("/experiments")
    assert "Finished" in page.words
    for column in ("config", "report", "environment", "warnings", "scores", "answers"):
        assert not [text for text in sent if f".{column}" in text.replace(".config_changes", "")], column


def test_the_list_is_read_by_index(app: Flask, browser: Browser, draft: DraftRow) -> None:
    browser.get("/experiments")
    with _statements() as sent:
        browser.get("/experiments")
    listed = [text for text in sent if "FROM experiments WHERE" in text or "FROM drafts " in text]
    assert len(listed) == 4, listed
    for statement in listed:
        bound = ("x",) * statement.count("?")
        plan = [row[3] for row in db.session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", bound)]
        assert all("INDEX" in line or "TEMP B-TREE FOR LAST TERM" in line for line in plan), plan
