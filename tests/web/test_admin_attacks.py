"""The pages of administrators under attack: formulas in exports, acts of others and at once, periods beyond all sense."""

from __future__ import annotations

import csv
import io
import threading
import uuid
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from app.domain.audit.acts import AuditAct
from app.domain.vocabulary import JobKind, RunState
from app.services.accounts import accounts, administration, sessions
from app.services.audit import trail
from app.services.audit.verification import verify_trail
from app.services.drafts import drafts
from app.services.system.administration import act_on_job
from app.services.usage import recording, reporting
from app.services.usage.reporting import UsageQuery
from app.storage import audit, audit_heads, jobs, usage
from app.storage.audit import AuditFilter
from app.storage.db import db, now, transaction
from app.storage.tables import Job, User
from config import Settings
from tests.services.tables import at_once
from tests.web.client import Browser, fresh

FORMULAS = ("=cmd|'/c calc'!a0", "+1+cmd", "-2+3|x", "@sum(1)", "=1\t2")


@pytest.fixture
def root(app: Flask, admin: User) -> Browser:
    return Browser(app).sign_in(admin)


def add_job(user: User, **values: Any) -> Job:
    with transaction():
        row = jobs.add_job(JobKind.TRAIN, subject_id=uuid.uuid4(), owner_id=user.id, seconds=60)
        for name, value in values.items():
            setattr(row, name, value)
    return row


def acts_on(job: Job) -> list[str]:
    return [line.act for line in audit.list_entries(AuditFilter(subject_id=job.id), limit=99, offset=0)]


@pytest.mark.parametrize("formula", ["=cmd|'/c'!a0", "+1+cmd", "-2+3|x"])
def test_an_address_that_is_a_formula_is_a_text_in_the_audit_export(root: Browser, formula: str) -> None:
    person = accounts.create_user(f"{formula}@example.org")
    drafts.create_draft(person)
    (line,) = csv.DictReader(io.StringIO(root.get("/admin/audit/export.csv?kind=draft").text))
    assert line["person"] == f"'{formula}@example.org"


@pytest.mark.parametrize("formula", FORMULAS)
def test_no_cell_of_an_export_begins_as_a_formula(app: Flask, admin: User, user: User, formula: str) -> None:
    with transaction():
        trail.record(AuditAct.CHANGE_ROLE, actor=user, part=formula[:40], after={formula: formula})
    recording.count_event(recording.UsageKind.FAILED, person_id=user.id, experiment_id=user.id, code=formula)
    db.session.commit()
    browser = Browser(app).sign_in(admin)
    for path in ("/admin/audit/export.csv", "/admin/analytics/export.csv"):
        for row in csv.reader(io.StringIO(browser.get(path).text)):
            assert not any(cell.startswith(("=", "+", "@", "\t", "\r")) for cell in row), row


@pytest.mark.parametrize("act", ["requeue", "stop"])
def test_a_member_and_an_expired_session_do_nothing_to_a_job(
    app: Flask, root: Browser, browser: Browser, admin: User, user: User, act: str
) -> None:
    job = add_job(user)
    token = browser.get("/experiments/new").token
    assert browser.post(f"/admin/jobs/{job.id}", {"csrf_token": token, "act": act}).status == 404
    token = root.get(f"/admin/jobs/{job.id}").token
    accounts.end_sessions(admin.email)
    sent = root.post(f"/admin/jobs/{job.id}", {"csrf_token": token, "act": act})
    assert sent.status in (303, 400, 401, 403)
    fresh()
    assert jobs.get_job(job.id).state == RunState.QUEUED.value
    assert acts_on(job) == []


def test_an_admin_who_loses_the_role_loses_the_page_at_once(app: Flask, root: Browser, admin: User, user: User) -> None:
    job, token = add_job(user), root.get("/admin").token
    accounts.change_role(user.email, accounts.Role.ADMIN)
    accounts.set_password(user, current="", new="a long river runs 7")
    accounts.change_role(admin.email, accounts.Role.MEMBER)
    assert root.post(f"/admin/jobs/{job.id}", {"csrf_token": token, "act": "stop"}).status == 404
    for path in ("/admin", "/admin/people", "/admin/audit", "/admin/audit/export.json", "/admin/analytics"):
        assert root.get(path).status == 404


def test_a_job_that_is_stopped_twice_at_once_ends_once(app: Flask, admin: User, user: User) -> None:
    job = add_job(user)
    identifier, who = job.id, admin.id
    db.session.rollback()

    def stop(_place: int) -> str:
        act_on_job(accounts.get_account(who), identifier, "stop")
        return "stopped"

    results = at_once(app, 4, stop)
    assert sum(result == "stopped" for result in results) == 1, results
    fresh()
    assert jobs.get_job(identifier).state == RunState.CANCELLED.value
    assert acts_on(job) == ["job.stop"], "what was refused leaves no entry"
    assert verify_trail().faults == ()


@pytest.mark.parametrize("state", [RunState.FINISHED, RunState.FAILED, RunState.CANCELLED])
def test_a_job_that_has_ended_stays_as_it_is(root: Browser, user: User, state: RunState) -> None:
    job = add_job(user, state=state.value, finished_at=now())
    token = root.get("/admin").token
    for act in ("requeue", "stop"):
        assert root.post(f"/admin/jobs/{job.id}", {"csrf_token": token, "act": act}).status == 409
    assert root.post(f"/admin/jobs/{job.id}", {"csrf_token": token, "act": "x' OR 1"}).status == 422
    assert acts_on(job) == []


def test_an_invitation_opens_once_and_not_for_a_disabled_account(app: Flask, admin: User) -> None:
    invitation = administration.invite(admin, "eve@example.org", role="member")
    stranger = Browser(app)
    assert stranger.redeem(invitation.code).status in (200, 303)
    assert Browser(app).get(f"/sign-in/{invitation.code}").status == 404
    again = administration.change_person(admin, invitation.person.id, "link")
    assert again is not None
    accounts.disable_user("eve@example.org", actor=admin)
    assert Browser(app).get(f"/sign-in/{again.code}").status == 404
    accounts.enable_user("eve@example.org", actor=admin)
    assert Browser(app).get(f"/sign-in/{again.code}").status == 404, "to enable an account revives no link"


def test_an_invitation_that_is_too_old_opens_nothing(app: Flask, admin: User, monkeypatch: pytest.MonkeyPatch) -> None:
    invitation = administration.invite(admin, "eve@example.org", role="member")
    later = now() + timedelta(minutes=accounts.LINK_MINUTES + 1)
    monkeypatch.setattr("app.storage.accounts.now", lambda: later)
    assert Browser(app).get(f"/sign-in/{invitation.code}").status == 404


def test_sessions_that_end_while_a_request_runs_end_after_it(
    app: Flask, browser: Browser, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    within, may_go, pages = threading.Event(), threading.Event(), list[int]()
    inner = app.view_functions["datasets.show_all"]

    def slow(**values: Any) -> Any:
        within.set()
        may_go.wait(20)
        return inner(**values)

    monkeypatch.setitem(app.view_functions, "datasets.show_all", slow)

    def ask() -> None:
        with app.app_context():
            pages.append(browser.get("/datasets").status)

    thread = threading.Thread(target=ask)
    thread.start()
    assert within.wait(20)
    with app.app_context():
        accounts.end_sessions(user.email)
    may_go.set()
    thread.join()
    assert pages == [200]
    assert browser.get("/datasets").status in (302, 303, 401)
    secret = browser.cookie
    assert sessions.load(secret) is None, "the request that ran has not brought its session back"


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("since=0001-01-01&until=9999-12-31", 200),
        ("since=9999-12-31", 422),
        ("since=2026-02-02&until=0001-01-01", 422),
        ("until=0001-01-01", 200),
        ("since=10000-01-01", 422),
        ("since=-001-01-01", 422),
        ("since=%D9%A2026-01-01", 422),
        ("since=2026-01-01%00", 422),
        ("people=%27%22%3E%3Cb%3E", 422),
    ],
)
def test_no_period_breaks_the_pages(root: Browser, user: User, query: str, status: int) -> None:
    drafts.create_draft(user)
    for page in ("/admin/analytics", "/admin/analytics/export.csv"):
        assert root.get(f"{page}?{query}").status == status
    if "people" not in query:
        assert root.get(f"/admin/audit?{query}").status == status


def test_days_between_two_events_are_drawn_and_not_those_of_centuries(app: Flask, user: User) -> None:
    moments = [now() - timedelta(days=days) for days in (40, 30)]
    with transaction():
        usage.add_events([recording.UsageEvent("draft_started", moment, draft_id=uuid.uuid4()) for moment in moments])
    days = reporting.report(UsageQuery()).figures.days
    assert [day.started for day in days] == [1, *([0] * 9), 1]
    with transaction():
        usage.add_events([recording.UsageEvent("draft_started", now().replace(year=1900), draft_id=uuid.uuid4())])
    assert len(reporting.report(UsageQuery()).figures.days) == 3


@pytest.mark.parametrize("text", ['O\'Brien "Bob"', "a\nb", "\u202eevil", "%00\u0000", "x" * 5000, "\ud800"])
def test_a_filter_takes_any_text(root: Browser, text: str) -> None:
    query = {"person": text.encode("utf-8", "replace").decode(), "subject": ""}
    assert root.get("/admin/audit", query_string=query).status == 200
    assert root.get("/admin/people", query_string={"q": query["person"]}).status == 200


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-Ip", "Forwarded", "Via", "X-Forwarded-Proto"])
@pytest.mark.parametrize("value", ["127.0.0.1", "::1", "for=127.0.0.1", "", "127.0.0.1, 127.0.0.1"])
def test_no_header_makes_a_stranger_local(app: Flask, header: str, value: str) -> None:
    elsewhere = {"environ_overrides": {"REMOTE_ADDR": "203.0.113.7"}}
    assert Browser(app).get("/metrics", headers={header: value}, **elsewhere).status == 401
    assert Browser(app).get("/metrics", headers={header: value}).status == 401, "a proxy here speaks for a stranger"


def test_without_its_key_the_trail_refuses_acts_and_says_what_follows(
    app: Flask, root: Browser, admin: User, settings: Settings
) -> None:
    page = root.get(f"/admin/people/{admin.id}")
    (settings.data / "audit" / "key").unlink()
    audit_heads.load_key.cache_clear()
    before = audit.head()
    refusal = root.press(page, "End all sessions")
    assert refusal.status == 503
    assert "The key of the audit trail, the file audit/key in the data folder, is missing." in refusal.words
    for path in ("/admin", "/admin/people", "/admin/audit"):
        assert root.get(path).status == 200, "whoever is signed in can still look"
    assert audit.head() == before
    assert not (settings.data / "audit" / "key").exists()
