"""What all endpoints share: bodies by schema, pages of lists, requests that may be sent again."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response
from pydantic import BaseModel
from sqlalchemy import select

from app.domain.errors import ConflictError, DomainError, FieldFault, InvalidBodyError, LaunchRefusedError
from app.domain.problems import Problem
from app.domain.vocabulary import Severity
from app.services import idempotency
from app.services.idempotency import Answer
from app.storage.db import db, now, transaction
from app.storage.process_lifetimes import has_ended, name_of_this_process
from app.storage.tables import IdempotencyKey, User
from app.web import errors
from app.web.jsonapi import body_of, idempotent, page_json, read_page_request

ROOT = Path(__file__).resolve().parents[2]


class Asked(BaseModel):
    name: str
    size: int = 3


def _in_request(app: Flask, work: Callable[[], Any], **request: Any) -> Any:
    with app.test_request_context("/api/things/", **request):
        return work()


def test_a_body_comes_back_as_its_schema_says(app: Flask) -> None:
    assert _in_request(app, lambda: body_of(Asked), method="POST", json={"name": "x"}) == Asked(name="x")


@pytest.mark.parametrize(
    ("sent", "field", "said"),
    [
        (b"{", "", "This is not valid JSON."),
        (b"[]", "", "This must be an object."),
        (b"{}", "name", "This is missing."),
        (b'{"name": 3}', "name", "This must be a text."),
        (b'{"name": "x", "size": "many"}', "size", "."),
    ],
)
def test_a_body_of_another_shape_is_refused_at_its_fields(app: Flask, sent: bytes, field: str, said: str) -> None:
    with pytest.raises(InvalidBodyError) as info:
        _in_request(app, lambda: body_of(Asked), method="POST", data=sent)
    assert info.value.faults[0].field == field
    assert info.value.faults[0].message.endswith(said)


def test_faults_travel_with_the_problem(app: Flask) -> None:
    faults = (FieldFault("name", "missing", "This is missing."), FieldFault("size", "int_type", "No."))
    response = _in_request(app, lambda: errors._handle_domain_error(InvalidBodyError(faults)))
    assert response.status_code == 422
    assert response.mimetype == "application/problem+json"
    assert [item["field"] for item in response.get_json()["errors"]] == ["name", "size"]


def test_the_problems_of_a_draft_travel_as_faults_at_their_fields() -> None:
    problem = Problem("validation", "n_splits", Severity.ERROR, "too_many_folds", "Too many folds.")
    assert LaunchRefusedError((problem,)).faults == (
        FieldFault("validation.n_splits", "too_many_folds", "Too many folds."),
    )


def test_lists_are_paged(app: Flask) -> None:
    request = _in_request(app, read_page_request, query_string="page=3&per_page=10")
    assert (request.page, request.per_page, request.offset) == (3, 10, 20)
    body = _in_request(app, lambda: page_json([1], request, total=21)).get_json()
    assert body == {"items": [1], "page": 3, "per_page": 10, "total": 21}


@pytest.mark.parametrize("query", ["page=0", "page=x", "per_page=201", "per_page=-1", "page=99999999999999", "page="])
def test_a_page_that_is_none_is_refused(app: Flask, query: str) -> None:
    with pytest.raises(InvalidBodyError, match="whole number"):
        _in_request(app, read_page_request, query_string=query)


def _make(made: list[int]) -> Callable[[], Answer]:
    def make() -> Answer:
        made.append(1)
        return Answer(201, {"number": len(made)}, "/api/things/1/")

    return make


def _send(app: Flask, user: User, make: Callable[[], Answer], *, key: str | None, content: str = "a") -> Response:
    headers = {} if key is None else {"Idempotency-Key": key}
    answer = _in_request(app, lambda: idempotent(user, content, make), method="POST", headers=headers)
    assert isinstance(answer, Response)
    return answer


def test_a_request_that_is_sent_again_is_answered_again_and_made_once(app: Flask, user: User) -> None:
    made: list[int] = []
    answers = [_send(app, user, _make(made), key="k1") for _ in range(3)]
    assert [answer.get_json() for answer in answers] == [{"number": 1}] * 3
    assert [answer.status_code for answer in answers] == [201] * 3
    assert {answer.headers["Location"] for answer in answers} == {"/api/things/1/"}
    assert len(made) == 1


def test_without_a_key_each_request_makes_its_own(app: Flask, user: User) -> None:
    made: list[int] = []
    assert [_send(app, user, _make(made), key=None).get_json()["number"] for _ in range(2)] == [1, 2]


def test_a_key_belongs_to_one_content_and_one_account(app: Flask, user: User, other_user: User) -> None:
    made: list[int] = []
    _send(app, user, _make(made), key="k1")
    with pytest.raises(DomainError) as info:
        _send(app, user, _make(made), key="k1", content="b")
    assert info.value.code == "idempotency_key_reused"
    assert _send(app, other_user, _make(made), key="k1", content="b").get_json() == {"number": 2}


def test_while_the_first_is_at_work_the_second_is_told_so(app: Flask, user: User) -> None:
    assert idempotency.begin(user, "k1", "f") is None
    with pytest.raises(ConflictError) as info:
        idempotency.begin(user, "k1", "f")
    assert info.value.code == "idempotency_in_progress"


def test_a_request_that_was_killed_leaves_its_key_free_after_a_while(app: Flask, user: User) -> None:
    idempotency.begin(user, "k1", "f")
    with transaction():
        row = db.session.scalar(select(IdempotencyKey))
        assert row is not None
        row.created_at = now() - timedelta(minutes=11)
    assert idempotency.begin(user, "k1", "f") is None


@pytest.mark.skipif(sys.platform != "linux", reason="it looks at /proc")
def test_a_request_whose_process_ended_leaves_its_key_free_at_once(app: Flask, user: User) -> None:
    gone = "import os; from app.storage.process_lifetimes import name_of_this_process; print(name_of_this_process())"
    process = subprocess.run([sys.executable, "-c", gone], capture_output=True, text=True, check=True, cwd=ROOT)
    assert has_ended(process.stdout.strip())
    for other in (name_of_this_process(), "elsewhere/7/1", None, "", "/api/datasets/x/"):
        assert not has_ended(other)
    idempotency.begin(user, "k1", "f")
    with transaction():
        row = db.session.scalar(select(IdempotencyKey))
        assert row is not None
        row.location = process.stdout.strip()
    assert idempotency.begin(user, "k1", "f") is None


def test_a_request_that_fails_gives_its_key_back(app: Flask, user: User) -> None:
    def fail() -> Answer:
        raise DomainError("No.")

    with pytest.raises(DomainError, match="No"):
        _send(app, user, fail, key="k1")
    assert _send(app, user, _make([]), key="k1").status_code == 201


@pytest.mark.parametrize("key", ["", "x" * 101, "a\x7fb"])
def test_a_key_of_no_use_is_refused(app: Flask, user: User, key: str) -> None:
    with pytest.raises(DomainError) as info:
        idempotency.begin(user, key, "f")
    assert info.value.code == "idempotency_key_invalid"


def test_keys_are_forgotten_after_a_day(app: Flask, user: User) -> None:
    idempotency.begin(user, "k1", "f")
    with transaction():
        row = db.session.scalar(select(IdempotencyKey))
        assert row is not None
        row.created_at = now() - timedelta(hours=25)
    idempotency.forget_old()
    assert db.session.scalar(select(IdempotencyKey)) is None
