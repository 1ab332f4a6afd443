"""Datasets over the API: a file in, what was read out, read again, deleted, restored; nobody else's, and never twice."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.services.datasets import datasets
from app.storage.db import db, transaction
from app.storage.tables import IdempotencyKey, User
from tests.api.program import Program
from tests.services.tables import SMALL, nobody, with_limits
from tests.storage.stations.cases import DATA
from tests.web.client import Browser

PATH = "/api/datasets/"


def send(program: Program, content: bytes = SMALL.encode(), file: str = "river.csv", **more: Any) -> TestResponse:
    headers = more.pop("headers", {})
    form = {"file": (io.BytesIO(content), file), **more}
    return program.send("POST", PATH, data=form, content_type="multipart/form-data", headers=headers)


def test_a_file_becomes_a_dataset_with_its_report(program: Program) -> None:
    answer = send(program, file="../data/river.csv", name="My river")
    body = answer.get_json()
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/api/datasets/{body['id']}/"
    assert (body["name"], body["file_name"], body["state"], body["known"]) == ("My river", "river.csv", "ready", False)
    assert (body["rows"], body["columns"], body["column_names"]) == (300, 4, ["day", "rain", "warmth", "flow"])
    report = body["import_report"]
    assert (report["rows_read"], report["rows_kept"], report["rows_rejected"]) == (300, 300, 0)
    assert (report["encoding"], report["rejected"], report["dialect"]["format"]) == ("UTF-8", [], "csv")
    view = program.get(answer.headers["Location"]).get_json()
    assert view == {key: value for key, value in body.items() if key != "known"}


def test_report_of_a_known_kind_has_facts_units_and_flags(program: Program) -> None:
    content = (DATA / "canada_daily.csv").read_bytes()
    body = send(program, content, "daily.csv").get_json()
    dialect = body["import_report"]["dialect"]
    assert dialect["format"] == "canada"
    assert ["Source", "Environment Canada"] in dialect["facts"]
    assert ["Max Temp", "°C"] in dialect["units"]
    assert ["Max Temp Flag", "Max Temp"] in dialect["flags"]
    query = {"dataset_id": body["id"]}
    analysis = program.post("/api/experiments/wizard/dataset-analysis/", query).get_json()
    flags = {column["name"]: column["flag_of"] for column in analysis["columns"] if column["flag_of"]}
    assert flags["Max Temp Flag"] == "Max Temp"
    again = program.post(f"{PATH}{body['id']}/readings/", {"choices": {"format": "csv"}}).get_json()
    assert (again["import_report"]["dialect"]["format"], again["choices"]) == ("csv", {"format": "csv"})


def test_the_same_file_twice_is_one_dataset(program: Program) -> None:
    first, second = send(program).get_json(), send(program, file="copy.csv").get_json()
    assert (second["id"], second["known"]) == (first["id"], True)
    assert program.get(PATH).get_json()["total"] == 1


def test_a_request_sent_again_with_its_key_gets_its_answer_again(program: Program) -> None:
    key = {"Idempotency-Key": "one"}
    first = send(program, headers=key)
    assert send(program, headers=key).get_json() == first.get_json()
    other = send(program, SMALL.replace("rain", "hail").encode(), headers=key)
    assert (other.status_code, other.get_json()["code"]) == (422, "idempotency_key_reused")
    listed = program.get(PATH).get_json()
    assert ([item["id"] for item in listed["items"]], listed["total"]) == ([first.get_json()["id"]], 1)


def test_a_file_refused_for_want_of_room_does_not_use_its_key_up(app: Flask, program: Program, user: User) -> None:
    key = {"Idempotency-Key": "one"}
    # The first try was cut off by a kill, and its key is held still.
    assert send(program, headers=key).status_code == 201
    with transaction():
        row = db.session.scalars(db.select(IdempotencyKey)).one()
        row.status = row.body = None
    room = app.extensions["hydroml_settings"].limits.free_disk_mb
    with_limits(app, free_disk_mb=10**9)
    response = send(program, headers=key)
    assert (response.status_code, response.get_json()["code"]) == (507, "no_space")
    with_limits(app, free_disk_mb=room)
    assert send(program, headers=key).get_json()["code"] == "idempotency_in_progress"


def test_choices_are_sent_along_and_refused_where_they_are_none(program: Program) -> None:
    body = send(program, choices=json.dumps({"decimal": "."})).get_json()
    assert body["choices"] == {"decimal": "."}
    for sent, field in (('{"decimal": "x"}', "decimal"), ("{", "choices")):
        response = send(program, choices=sent)
        assert response.status_code == 422
        assert response.get_json()["errors"][0]["field"] == field
    assert program.get(PATH).get_json()["total"] == 1


@pytest.mark.parametrize(
    ("content", "name", "status", "code"),
    [
        (b"", "empty.csv", 422, "empty_file"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 99, "a.csv", 415, "wrong_type"),
        (SMALL.encode(), "", 422, "file_missing"),
    ],
)
def test_a_bad_file_gets_a_problem_at_its_field(
    program: Program, content: bytes, name: str, status: int, code: str
) -> None:
    response = send(program, content, name)
    assert (response.status_code, response.mimetype) == (status, "application/problem+json")
    problem = response.get_json()
    assert problem["errors"][0]["field"] == "file"
    assert code in (problem["code"], problem["errors"][0]["code"])
    assert program.get(PATH).get_json() == {"items": [], "page": 1, "per_page": 25, "total": 0}


def test_a_list_comes_by_the_page_newest_first(program: Program) -> None:
    made = [send(program, SMALL.replace("rain", word).encode()).get_json()["id"] for word in ("a", "b", "c")]
    page = program.get(f"{PATH}?page=2&per_page=2").get_json()
    assert ([item["id"] for item in page["items"]], page["total"], page["page"]) == ([made[0]], 3, 2)


def test_rows_are_shown_as_texts(program: Program) -> None:
    path = send(program).headers["Location"]
    view = program.get(f"{path}preview/?limit=2&offset=1").get_json()
    assert view["columns"] == ["day", "rain", "warmth", "flow"]
    assert [row[0] for row in view["rows"]] == ["2001-01-02", "2001-01-03"]
    assert (view["total"], view["offset"], view["state"]) == (300, 1, "ready")
    for query in ("limit=0", "limit=201", "limit=x", "offset=-1"):
        assert program.get(f"{path}preview/?{query}").status_code == 422


def test_while_a_file_is_read_its_first_look_is_shown(app: Flask, program: Program) -> None:
    with_limits(app, inline_read_mb=0)
    body = send(program).get_json()
    assert (body["state"], body["import_report"], body["rows"]) == ("reading", None, None)
    view = program.get(f"/api/datasets/{body['id']}/preview/?limit=3").get_json()
    assert (len(view["rows"]), view["state"], view["total"]) == (3, "reading", None)
    assert view["columns"] == ["day", "rain", "warmth", "flow"]


def test_a_file_is_read_again_and_looked_at_before(program: Program, reader: Program) -> None:
    first = send(program).get_json()
    path = f"/api/datasets/{first['id']}/"
    changed = {"choices": {"footer_lines": 1}}
    assert reader.post(f"{path}preview/", changed).get_json()["names"] == ["day", "rain", "warmth", "flow"]
    again = program.post(f"{path}readings/", changed)
    body = again.get_json()
    assert (again.status_code, body["source_id"], body["choices"]) == (201, first["id"], changed["choices"])
    assert program.post(f"{path}readings/", changed).get_json()["id"] == body["id"]
    response = program.post(f"{path}readings/", {"choices": {"encoding": "klingon"}})
    assert (response.status_code, response.get_json()["errors"][0]["field"]) == (422, "encoding")
    assert reader.post(f"{path}readings/", changed).status_code == 403


def test_one_column_is_read_as_the_program_says(program: Program) -> None:
    lines = "".join(f'{position};"{position + 1},{position:03}"\n' for position in range(30))
    first = send(program, f"day;flow\n{lines}".encode()).get_json()
    path = f"/api/datasets/{first['id']}/"

    def flow(**choices: Any) -> str:
        body = program.post(f"{path}readings/", {"choices": choices}).get_json()
        view = program.get(f"/api/datasets/{body['id']}/preview/?limit=1&offset=5").get_json()
        return str(view["rows"][0][1])

    answers = {item: flow(columns=[{"column": "flow", "read_as": item}]) for item in ("comma", "point", "text")}
    assert answers == {"comma": "6.005", "point": "6005.0", "text": "6,005"}
    for bad in ([{"column": "flow", "read_as": "words"}], [{"read_as": "text"}], "flow"):
        assert program.post(f"{path}readings/", {"choices": {"columns": bad}}).status_code == 422


def test_the_unit_of_a_column_is_what_the_program_says(program: Program) -> None:
    lines = "".join(f"{position},{position * 1.5}\n" for position in range(30))
    first = send(program, f"n,warmth\n{lines}".encode()).get_json()
    choices = {"columns": [{"column": "warmth", "unit": "deg F"}]}
    body = program.post(f"/api/datasets/{first['id']}/readings/", {"choices": choices}).get_json()
    query = {"dataset_id": body["id"], "target": "warmth"}
    described = program.post("/api/experiments/wizard/dataset-analysis/", query).get_json()
    (column,) = (item for item in described["columns"] if item["name"] == "warmth")
    assert (column["unit"], column["unit_source"], column["unit_suggested"]) == ("°F", "user", "")
    assert described["group"] is None
    too_long = {"columns": [{"column": "warmth", "unit": "x" * 41}]}
    assert program.post(f"/api/datasets/{first['id']}/readings/", {"choices": too_long}).status_code == 422


def test_what_is_deleted_is_gone_until_it_is_restored(program: Program) -> None:
    path = send(program).headers["Location"]
    assert program.send("DELETE", path).status_code == 204
    assert program.get(path).status_code == 404
    assert program.send("DELETE", path).status_code == 404
    assert program.post(f"{path}restore/").get_json()["state"] == "ready"
    assert program.get(path).status_code == 200


def test_somebody_elses_is_a_missing_one(program: Program, stranger: Program) -> None:
    path = send(program).headers["Location"]
    for method, tail in (
        ("GET", ""), ("GET", "preview/"), ("DELETE", ""), ("POST", "restore/"), ("POST", "preview/"), ("POST", "readings/"),
    ):  # fmt: skip
        theirs, none = (stranger.send(method, place + tail) for place in (path, f"/api/datasets/{nobody()}/"))
        assert (theirs.status_code, theirs.get_json()) == (404, none.get_json())
    assert stranger.get(PATH).get_json()["total"] == 0


def test_a_browser_needs_its_token_for_a_change(browser: Browser, user: User) -> None:
    form = {"file": (io.BytesIO(SMALL.encode()), "river.csv")}
    assert browser.post(PATH, form, content_type="multipart/form-data").status == 400
    assert datasets.list_datasets(user) == []
    token = browser.get("/account").token
    form = {"file": (io.BytesIO(SMALL.encode()), "river.csv")}
    answer = browser.post(PATH, form, content_type="multipart/form-data", headers={"X-CSRFToken": token})
    assert answer.status == 201


def test_flags_and_limits_are_read_as_the_program_says(program: Program) -> None:
    flags = ("A", "P")
    rows = "".join(
        f"2001-01-{position + 1:02d},{position}.5,{flags[position % 2]},{'<0.05' if position % 5 else '0.1'}\n"
        for position in range(28)
    )
    first = send(program, f"day,flow,flow_cd,tp\n{rows}".encode()).get_json()
    path = f"/api/datasets/{first['id']}/readings/"
    keep = {"column": "flow", "flag": "flow_cd", "keep": ["A"]}
    choices = {"flags": [keep], "censored": [{"column": "tp", "take": "limit"}]}
    body = program.post(path, {"choices": choices}).get_json()
    assert body["choices"] == choices
    assert body["column_names"] == ["day", "flow", "flow_cd", "tp", "tp_censored"]
    assert body["import_report"]["dialect"]["kept_flags"] == [keep]
    assert (
        "flow: 14 values with other quality flags than A in flow_cd read as missing." in body["import_report"]["notes"]
    )
    for wrong, words in (
        ({"flags": [{**keep, "flag": "nowhere"}]}, "There is no column nowhere."),
        ({"flags": [{**keep, "keep": []}]}, "Keep at least one flag."),
        ({"censored": [{"column": "tpp", "take": "half"}]}, "There is no column tpp."),
        ({"place": {"latitude": 4}}, "Name a point (latitude, longitude) or a box (south, west, north, east)."),
    ):
        response = program.post(path, {"choices": wrong})
        assert (response.status_code, response.get_json()["errors"][0]["message"]) == (422, words)
