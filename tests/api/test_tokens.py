"""Who a program speaks for, what its token may do, and what it is told when it may not."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from app.domain.errors import DomainError, NotFoundError
from app.domain.vocabulary import JobKind, Scope
from app.services.accounts import tokens
from app.storage import jobs
from app.storage.db import db, now, transaction
from app.storage.tables import ApiToken, Job, User
from tests.api.program import Program
from tests.web.client import Browser


@pytest.fixture
def job(user: User) -> Job:
    with transaction():
        return jobs.add_job(JobKind.ASSOCIATE, subject_id=uuid.uuid4(), owner_id=user.id, seconds=60)


def _path(job: Job) -> str:
    return f"/api/jobs/{job.id}/"


def test_a_token_speaks_for_its_account(program: Program, job: Job) -> None:
    answer = program.get(_path(job))
    assert answer.status_code == 200
    assert answer.get_json()["id"] == str(job.id)


@pytest.mark.parametrize("sent", ["", "Bearer", "Bearer hyd_wrong", "Bearer wrong", "Basic YTpi", "hyd_x"])
def test_without_a_good_token_nothing_is_told(app: Flask, job: Job, sent: str) -> None:
    answer = Program(app).get(_path(job), headers={"Authorization": sent} if sent else {})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.mimetype == "application/problem+json"
    assert answer.get_json()["detail"].endswith(".") or "hyd_" in answer.get_json()["detail"]


def test_a_token_in_the_address_is_not_looked_at(app: Flask, program: Program, job: Job) -> None:
    assert Program(app).get(f"{_path(job)}?token={program.token}").status_code == 401


def test_a_wrong_token_is_not_helped_by_a_session(browser: Browser, job: Job) -> None:
    page = browser.get(_path(job), headers={"Authorization": "Bearer hyd_wrong"})
    assert page.status == 401


def test_a_session_reads_without_a_token(browser: Browser, job: Job) -> None:
    assert browser.get(_path(job)).status == 200


def test_a_session_changes_nothing_without_its_second_lock(browser: Browser, job: Job) -> None:
    assert browser.send("POST", f"{_path(job)}cancel/").status == 400
    token = browser.get("/account").token
    assert browser.send("POST", f"{_path(job)}cancel/", headers={"X-CSRFToken": token}).status == 200


def test_a_token_that_may_only_read_changes_nothing(reader: Program, job: Job) -> None:
    answer = reader.post(f"{_path(job)}cancel/")
    assert answer.status_code == 403
    assert answer.get_json()["code"] == "token_may_only_read"
    assert reader.get(_path(job)).get_json()["state"] == "queued"


@pytest.mark.parametrize("change", ["expires_at", "revoked_at"])
def test_a_token_that_is_old_or_revoked_opens_nothing(program: Program, job: Job, change: str) -> None:
    with transaction():
        row = db.session.scalar(select(ApiToken))
        assert row is not None
        setattr(row, change, now() - timedelta(seconds=1))
    assert program.get(_path(job)).status_code == 401


def test_the_token_of_a_closed_account_opens_nothing(program: Program, user: User, job: Job) -> None:
    with transaction():
        user.disabled_at = now()
    assert program.get(_path(job)).status_code == 401


def test_only_the_hash_is_stored_and_use_is_remembered(program: Program, job: Job) -> None:
    program.get(_path(job))
    row = db.session.scalar(select(ApiToken))
    assert row is not None
    assert program.token not in (row.token_hash, row.name)
    assert row.last_used_at is not None


def test_a_token_can_be_revoked_by_its_owner_alone(program: Program, user: User, other_user: User, job: Job) -> None:
    (row,) = tokens.list_tokens(user)
    with pytest.raises(NotFoundError):
        tokens.revoke_token(other_user, row.id)
    tokens.revoke_token(user, row.id)
    assert program.get(_path(job)).status_code == 401


def test_a_token_needs_a_name_and_an_account(app: Flask, user: User) -> None:
    with pytest.raises(DomainError, match="name"):
        tokens.create_token(user.email, name=" ")
    with pytest.raises(NotFoundError):
        tokens.create_token("nobody@example.org", name="x", scope=Scope.READ)


def test_an_address_that_is_none_answers_in_json(program: Program) -> None:
    answer = program.get("/api/nothing/")
    assert answer.status_code == 404
    assert answer.get_json()["status"] == 404
