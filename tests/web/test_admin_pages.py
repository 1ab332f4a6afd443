"""Pages of administrators: people, the state of the instance, and jobs."""

from __future__ import annotations

import threading
import uuid
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from flask import Flask

from app.domain.errors import ConflictError
from app.domain.vocabulary import JobKind, Role, RunState
from app.services.accounts import accounts, sessions, tokens
from app.services.system import system_state
from app.storage import jobs
from app.storage.db import db, now, transaction
from app.storage.tables import Job, User
from tests.web.client import Browser, fresh, words_of


@pytest.fixture
def root(app: Flask, admin: User) -> Browser:
    return Browser(app).sign_in(admin)


def role_of(person_id: uuid.UUID) -> str:
    fresh()
    return accounts.get_account(person_id).role


def test_administration_is_for_administrators(browser: Browser, user: User) -> None:
    for path in ("/admin", "/admin/people", f"/admin/people/{user.id}", f"/admin/jobs/{uuid.uuid4()}"):
        assert browser.get(path).status == 404
    assert "Administration" not in browser.get("/account").words


def test_people_are_listed_with_role_sign_in_sessions_and_tokens(root: Browser, user: User) -> None:
    accounts.set_name(user, """O'Neil <b>"x"</b>""")
    sessions.sign_in(sessions.new_session(), user)
    tokens.create_token(user.email, name="a program")
    page = root.get("/admin/people?q=o'neil")
    (row,) = [item for item in page.tree.iter("tr") if user.email in words_of(item)]
    cells = [words_of(cell) for cell in row]
    assert cells[0] == f"""{user.email}O'Neil <b>"x"</b>"""
    assert (cells[1], cells[2], cells[4], cells[5]) == ("Member", "Enabled", "1", "1")
    assert "UTC" in cells[3]


def test_somebody_is_invited_by_a_link_that_is_shown_once(app: Flask, root: Browser) -> None:
    page = root.get("/admin/people")
    view = root.press(page, "Invite", {"email": "Eve@Example.org", "role": "member"})
    assert view.status == 200
    link = words_of(view.element("sign-in-link"))
    assert not root.get("/admin/people").has("sign-in-link")
    arrived = Browser(app).redeem(urlsplit(link).path.rsplit("/", 1)[-1])
    assert (arrived.status, arrived.goes_to) == (303, "/experiments")
    again = root.press(root.get("/admin/people"), "Invite", {"email": "eve@example.org"})
    assert (again.status, again.problems()[0][0]) == (409, "There is an account for eve@example.org.")
    assert root.press(root.get("/admin/people"), "Invite", {"email": "none"}).status == 422


def test_a_role_is_changed(root: Browser, user: User) -> None:
    path = f"/admin/people/{user.id}"
    changed = root.press(root.get(path), "Change role", {"role": "admin"})
    assert root.follow(changed).status == 200
    assert role_of(user.id) == "admin"
    assert root.post(path, {"csrf_token": root.get(path).token, "act": "role", "role": "king"}).status == 422
    assert root.post(path, {"csrf_token": root.get(path).token, "act": "x"}).status == 422


def test_an_account_is_disabled_and_enabled(app: Flask, root: Browser, user: User) -> None:
    hers, path = Browser(app).sign_in(user), f"/admin/people/{user.id}"
    assert root.press(root.get(path), "Disable account").status == 303
    assert hers.get("/account").goes_to.startswith("/sign-in")
    assert "Disabled" in root.get("/admin/people").words
    assert root.press(root.get(path), "Enable account").status == 303
    assert hers.get("/account").goes_to.startswith("/sign-in")


def test_sessions_are_ended_and_a_link_is_made(app: Flask, root: Browser, user: User) -> None:
    hers, path = Browser(app).sign_in(user), f"/admin/people/{user.id}"
    assert root.press(root.get(path), "End all sessions").status == 303
    assert hers.get("/account").goes_to.startswith("/sign-in")
    view = root.press(root.get(path), "Make a sign-in link")
    assert words_of(view.element("sign-in-link")).startswith("http://localhost/sign-in/")


def test_a_token_is_revoked(root: Browser, user: User) -> None:
    secret = tokens.create_token(user.email, name="a program")
    assert root.press(root.get(f"/admin/people/{user.id}"), "Revoke").status == 303
    assert tokens.caller_of(secret) is None


@pytest.mark.parametrize("button", ["Change role", "Disable account"])
def test_nobody_removes_the_last_administrator(root: Browser, admin: User, button: str) -> None:
    page = root.get(f"/admin/people/{admin.id}")
    refusal = root.press(page, button, {"role": "member"} if button == "Change role" else {})
    assert refusal.status == 409
    assert "is the last administrator. Add another one first." in refusal.problems()[0][0]
    assert role_of(admin.id) == "admin"


@pytest.mark.parametrize("act", ["role", "disable"])
def test_two_administrators_who_remove_each_other_leave_one(app: Flask, admin: User, user: User, act: str) -> None:
    accounts.change_role(user.email, Role.ADMIN)
    emails = (admin.email, user.email)
    db.session.rollback()
    barrier, refusal = threading.Barrier(2), []

    def remove(email: str) -> None:
        with app.app_context():
            barrier.wait()
            try:
                if act == "role":
                    accounts.change_role(email, Role.MEMBER)
                else:
                    accounts.disable_user(email)
            except ConflictError as fault:
                refusal.append(fault.code)

    threads = [threading.Thread(target=remove, args=(email,)) for email in emails]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    fresh()
    people = [accounts.get_account(item.id) for item in (admin, user)]
    assert sum(person.role == "admin" and person.disabled_at is None for person in people) == 1
    assert refusal == ["last_admin"]


def test_the_state_of_every_part_is_shown(root: Browser) -> None:
    system_state.forget()
    page = root.get("/admin")
    assert (page.status, page.h1) == (200, "Administration")
    names = ("web", "database", "disk", "queue", "workers", "cache")
    parts = {name: " ".join(words_of(cell) for cell in page.element(f"part-{name}")).strip() for name in names}
    assert parts["database"] == "Database ok"
    assert parts["queue"].startswith("Queue unreachable The queue is not reachable.")
    assert parts["workers"].startswith("Workers 0 No worker is reachable.")
    assert parts["cache"] == "Cache unreachable Analyses are read from the database."
    assert "AUDIT_ADDRESS_DAYS" in page.words


def add_job(user: User, **values: object) -> Job:
    with transaction():
        row = jobs.add_job(JobKind.TRAIN, subject_id=uuid.uuid4(), owner_id=user.id, seconds=60)
        for name, value in values.items():
            setattr(row, name, value)
    return row


def test_a_job_is_shown_with_its_log(root: Browser, user: User) -> None:
    job = add_job(user, error_code="worker_lost", error="Nobody saw why.")
    assert str(job.id)[:8] in root.get("/admin").words
    page = root.get(f"/admin/jobs/{job.id}")
    assert user.email in page.words
    assert "worker_lost Nobody saw why." in page.words
    assert root.get(f"/admin/jobs/{uuid.uuid4()}").status == 404


def test_a_job_that_waits_is_stopped(root: Browser, user: User) -> None:
    job = add_job(user)
    assert root.press(root.get(f"/admin/jobs/{job.id}"), "Stop").status == 303
    fresh()
    assert jobs.get_job(job.id).state == RunState.CANCELLED.value
    page = root.get(f"/admin/jobs/{job.id}")
    assert "Stop" not in page.buttons
    sent = root.post(f"/admin/jobs/{job.id}", {"csrf_token": page.token, "act": "requeue"})
    assert (sent.status, sent.problems()[0][0]) == (409, "This job has ended already.")


def test_a_job_that_runs_is_requeued_and_its_worker_loses_it(root: Browser, user: User) -> None:
    lease = now() + timedelta(seconds=60)
    job = add_job(user, state=RunState.RUNNING.value, attempt=1, worker_id="here:1", lease_until=lease)
    assert root.press(root.get(f"/admin/jobs/{job.id}"), "Requeue").status == 303
    fresh()
    row = jobs.get_job(job.id)
    assert (row.state, jobs.counted_attempts(row)) == (RunState.QUEUED.value, 0)
    assert jobs.is_cancelled(job.id, attempt=1)


def test_a_job_that_waits_for_its_time_is_put_into_the_queue_now(root: Browser, user: User) -> None:
    job = add_job(user, not_before=now() + timedelta(seconds=600))
    assert root.press(root.get(f"/admin/jobs/{job.id}"), "Requeue").status == 303
    fresh()
    assert jobs.get_job(job.id).not_before is None
