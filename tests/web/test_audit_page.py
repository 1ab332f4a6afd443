"""The page of the audit trail: filters, pages, exports, and what it says to bad input."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import text

from app.services.accounts import accounts
from app.services.audit.verification import verify_trail
from app.services.drafts import drafts
from app.storage import audit
from app.storage.audit import AuditFilter
from app.storage.db import db, now
from app.storage.tables import AuditEntry, User
from tests.web.client import Browser

QUOTED = """O'Brien "Bob"; -- %_\\"""


@pytest.fixture
def root(app: Flask, admin: User) -> Browser:
    return Browser(app).sign_in(admin)


def test_the_audit_trail_is_for_administrators(browser: Browser) -> None:
    assert browser.get("/admin/audit").status == 404
    assert browser.get("/admin/audit/export.csv").status == 404


def test_the_audit_trail_says_who_did_what(root: Browser, user: User) -> None:
    drafts.create_draft(user)
    page = root.get("/admin/audit")
    assert (page.status, page.h1) == (200, "Audit trail")
    assert "Started a draft" in page.words
    assert user.email in page.words


def test_an_entry_of_the_web_names_the_request(root: Browser) -> None:
    line = audit.list_entries(AuditFilter(act="account.sign_in"), limit=1, offset=0)[0]
    assert line.channel == "system"
    page = root.get("/account")
    changed = root.press(page, "Save password", {"new": "a long river runs 7"})
    line = audit.list_entries(AuditFilter(act="account.change_password"), limit=1, offset=0)[0]
    assert (line.channel, line.address) == ("web", "127.0.0.1")
    assert line.request_id == changed.response.headers["X-Request-Id"]


@pytest.mark.parametrize("name", [QUOTED, "100%", "under_score", "back\\slash"])
def test_a_filter_finds_a_name_whatever_signs_it_holds(app: Flask, root: Browser, name: str) -> None:
    person = accounts.create_user("signs@example.org", name=name)
    drafts.create_draft(person)
    query = {"person": name, "kind": "draft"}
    page = root.get("/admin/audit", query_string=query)
    assert page.status == 200
    assert "1 entry" in page.words
    assert page.form_to("/admin/audit").values["person"] == [name]
    wrong = root.get("/admin/audit", query_string={"person": name + "x", "kind": "draft"})
    assert "No entry fits" in wrong.words


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"since": "2999-01-01"}, "The period begins in the future."),
        ({"since": "2026-02-30"}, "Write the day as year-month-day"),
        ({"since": "2026-02-02", "until": "2026-02-01"}, "The period ends before it begins."),
        ({"subject": "x' OR 1=1"}, "Write the id of the thing"),
        ({"kind": "<b>"}, "Choose a kind from the list."),
        ({"act": "x"}, "Choose an act from the list."),
    ],
)
def test_a_filter_that_cannot_be_is_refused_in_words(root: Browser, query: dict[str, str], sentence: str) -> None:
    page = root.get("/admin/audit", query_string=query)
    assert page.status == 422
    assert sentence in page.words
    assert root.get("/admin/audit/export.csv", query_string=query).status == 422


def test_a_period_holds_its_last_day(root: Browser, user: User) -> None:
    drafts.create_draft(user)
    today = f"{now():%Y-%m-%d}"
    query = {"since": today, "until": today, "act": "draft.create"}
    assert "1 entry" in root.get("/admin/audit", query_string=query).words
    query["since"] = query["until"] = f"{now() - timedelta(days=2):%Y-%m-%d}"
    assert "No entry fits" in root.get("/admin/audit", query_string=query).words


def test_a_period_may_end_on_the_last_day_of_all(root: Browser, user: User) -> None:
    drafts.create_draft(user)
    query = {"until": "9999-12-31", "act": "draft.create"}
    assert "1 entry" in root.get("/admin/audit", query_string=query).words
    for address in ("/admin/audit/export.csv", "/admin/analytics", "/admin/analytics/export.csv"):
        assert root.get(address, query_string={"since": "0001-01-01", "until": "9999-12-31"}).status == 200


def test_pages_of_the_trail_keep_the_filter(root: Browser, user: User) -> None:
    for _ in range(55):
        drafts.create_draft(user)
    page = root.get("/admin/audit?kind=draft&page=2")
    assert "55 entries" in page.words
    assert "Page 2 of 2" in page.words
    links = [item.get("href", "") for item in page.tree.iter("a")]
    assert "?kind=draft&page=1" in links
    assert root.get("/admin/audit?page=999999999999999").status == 200


def test_an_export_is_recorded_and_holds_what_the_filter_lets_through(root: Browser, user: User) -> None:
    row = drafts.create_draft(user)
    sent = root.get("/admin/audit/export.csv?kind=draft")
    assert sent.response.mimetype == "text/csv"
    (line,) = csv.DictReader(io.StringIO(sent.text))
    assert (line["act"], line["person"], line["subject_id"]) == ("draft.create", user.email, str(row.id))
    (entry,) = json.loads(root.get("/admin/audit/export.json?kind=draft").text)
    assert (entry["act"], entry["after"]) == ("draft.create", None)
    assert len(json.loads(root.get("/admin/audit/export.json?act=audit.export").text)) == 2
    assert root.get("/admin/audit/export.xml").status == 422


@pytest.mark.slow
def test_an_export_of_100000_entries_is_streamed_whole(root: Browser, user: User) -> None:
    add_many(100_000, user)
    response = root.client.get("/admin/audit/export.csv", buffered=False)
    pieces = [len(piece) for piece in response.response]
    response.close()
    assert max(pieces) < 100_000
    db.session.rollback()
    sent = root.get("/admin/audit/export.csv?act=draft.create").text
    assert sent.count("\n") >= 100_000
    assert len(json.loads(root.get("/admin/audit/export.json?act=draft.create").text)) >= 100_000


def add_many(count: int, user: User) -> None:
    """Add entries to the table alone, as a long time of use leaves them."""
    start = audit.head().number
    rows = [
        {
            "number": number,
            "at": now(),
            "act": "draft.create",
            "actor_id": user.id,
            "channel": "web",
            "request_id": f"{number:x}",
            "address": "203.0.113.7",
            "address_salt": "0" * 32,
            "address_digest": "0" * 64,
            "network": "203.0.113.0/24",
            "subject_id": user.id,
            "part": "",
            "details": "",
            "previous_hash": "",
            "hash": "",
        }
        for number in range(start + 1, start + count + 1)
    ]
    db.session.execute(AuditEntry.__table__.insert(), rows)
    db.session.commit()


def test_the_trail_stands_after_all_of_this(root: Browser, user: User) -> None:
    root.get("/admin/audit")
    root.get("/admin/audit/export.json")
    assert verify_trail().faults == ()


@pytest.mark.parametrize(("column", "cell"), [("at", "'yesterday'"), ("actor_id", "'nobody'"), ("details", "'{'")])
def test_an_entry_that_cannot_be_read_is_told_on_the_page(root: Browser, user: User, column: str, cell: str) -> None:
    drafts.create_draft(user)
    db.session.execute(text("DROP TRIGGER audit_entries_fix"))
    db.session.execute(text(f"UPDATE audit_entries SET {column} = {cell} WHERE act = 'draft.create'"))
    db.session.commit()
    page = root.get("/admin/audit")
    assert page.status == 500
    assert "The command hydroml audit verify names it." in page.problems()[0][0]
    assert root.get("/admin/audit?act=account.sign_in").status == 200
    (fault,) = verify_trail().faults
    assert fault.sentence.endswith("was changed.")
