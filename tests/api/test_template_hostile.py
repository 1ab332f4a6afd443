"""Hostile requests about templates: numbers beyond a database, files made to break, and keys used twice."""

from __future__ import annotations

import copy
import json
import random
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from app.services.experiment_templates import exchange
from app.storage.tables import Dataset, User
from tests.api.program import Program
from tests.api.test_experiment_templates import CONFIG, URL, made, put
from tests.services.tables import upload
from tests.web.client import Browser, everything

NUMBERS = (
    "0",
    "-1",
    "3",
    "2147483648",
    "9223372036854775808",
    "9" * 20,
    "9" * 400,
    "1.5",
    "1e3",
    "two",
    "\u0663",
    "%00",
)


@pytest.mark.parametrize("number", NUMBERS)
def test_a_version_that_never_was_is_refused_in_words(program: Program, sample: Dataset, number: str) -> None:
    address = f"{URL}{made(program)['id']}"
    answers = [
        program.get(f"{address}/diff/?from={number}&to=1"),
        program.get(f"{address}/diff/?from=1&to={number}"),
        program.get(f"{address}/versions/{number}/"),
        program.post(f"{address}/versions/{number}/restore/", {"version": 1}),
    ]
    if number.lstrip("-").isascii() and number.lstrip("-").isdigit() and len(number) < 400:
        sent = {"dataset_id": str(sample.id), "version": int(number)}
        answers += [
            program.post(f"{address}/apply/", sent),
            program.send("PUT", f"{address}/", json={"version": int(number), "name": "X"}),
            program.post(f"{address}/versions/1/restore/", {"version": int(number)}),
        ]
    for answer in answers:
        body = answer.get_json()
        assert answer.status_code in (404, 409, 422), (number, answer.status_code)
        assert body["detail"].strip().endswith("."), body


def test_a_key_of_one_copy_makes_no_other(program: Program, stranger: Program) -> None:
    first, second = made(program, visibility="everyone"), made(program, visibility="everyone")
    key = {"Idempotency-Key": "copy-1"}
    item = program.post(f"{URL}{first['id']}/duplicate/", headers=key)
    again = program.post(f"{URL}{first['id']}/duplicate/", headers=key)
    assert (item.status_code, again.get_json()["id"]) == (201, item.get_json()["id"])
    other = program.post(f"{URL}{second['id']}/duplicate/", headers=key)
    assert (other.status_code, other.get_json()["code"]) == (422, "idempotency_key_reused")
    theirs = stranger.post(f"{URL}{first['id']}/duplicate/", headers=key)
    assert theirs.status_code == 201
    assert theirs.get_json()["id"] != item.get_json()["id"]


def test_nobody_uses_a_template_on_data_of_others(
    program: Program, stranger: Program, sample: Dataset, user: User
) -> None:
    template = made(program, visibility="everyone")
    url = f"{URL}{template['id']}/apply/"
    own = upload(user, b"a,b\n1,2\n2,3\n3,4\n")
    before = everything(but="api_tokens")
    for dataset_id in (str(own.id), str(uuid.uuid4())):
        for more in ({}, {"preview": True}, {"version": 1}):
            answer = stranger.post(url, {"dataset_id": dataset_id, **more})
            assert answer.status_code == 404, answer.get_json()
    draft = program.post(url, {"dataset_id": str(sample.id)}).get_json()["draft_id"]
    usage = stranger.post(url, {"dataset_id": str(sample.id), "draft_id": draft})
    assert usage.status_code == 404
    for source in ({"draft_id": draft}, {"experiment_id": draft}):
        assert stranger.post(URL, {"name": "Theirs", **source}).status_code == 404
    named = stranger.post(URL, {"name": "Theirs", "config": {**CONFIG, "dataset": {"id": str(own.id)}}}).get_json()
    assert all(not need["quantiles"] for need in named["requirements"]["columns"])
    assert len(everything(but="api_tokens")["datasets"]) == len(before["datasets"])


def _file(program: Program) -> dict[str, Any]:
    template = made(program, tags=["daily"], description="For rivers.")
    put(program, template, name="Second", comment="Renamed.")
    return dict(program.get(f"{URL}{template['id']}/export/").get_json())


def test_a_file_made_to_break_a_reader_is_refused_whole(program: Program) -> None:
    file = _file(program)
    text = json.dumps(file)
    version = json.dumps(file["versions"][0])
    deep = "[" * 100_000 + "]" * 100_000
    sent = {
        "deep": text.replace('"daily"', deep),
        "deep config": text.replace('"ridge"', '{"a":' * 100_000 + "1" + "}" * 100_000),
        "large": json.dumps({**file, "versions": [{**file["versions"][0], "description": "x" * 50_000_000}]}),
        "many versions": f'{{"format": "{exchange.FORMAT}", "format_version": 1, "versions": ['
        + ",".join(["{}"] * 100_000)
        + "]}",
        "twice": text.replace('"format_version": 1', '"format_version": 1, "format_version": 1'),
        "twice inside": text.replace('"estimator":', '"estimator": "lasso", "estimator":'),
        "NaN": text.replace('"alpha": 2.0', '"alpha": NaN'),
        "infinite": text.replace('"alpha": 2.0', '"alpha": Infinity'),
        "too large a number": text.replace('"alpha": 2.0', '"alpha": -1e999'),
        "version 1 twice": text.replace(version, f"{version}, {version}"),
        "a path": json.dumps({**file, "format": "../../etc/passwd"}),
        "an id": json.dumps({**file, "id": str(uuid.uuid4())}),
        "half": text[: len(text) // 2],
        "no text": "\xff\xfe",
    }
    before = everything(but="api_tokens")
    for name, body in sent.items():
        assert body != text, name
        data = body.encode("utf-16" if name == "no text" else "utf-8")
        answer = program.send("POST", f"{URL}import/", data=data, content_type="application/json")
        assert answer.status_code in (413, 422), (name, answer.status_code)
        assert answer.get_json()["detail"], name
    assert everything(but="api_tokens") == before


PLACES, VALUES = 40, 4
WRONG = (None, True, -1, 0, 10**30, -1.5, 1e300, "", "x" * 3000, "\x00", "<b>", "../..", [], [[]], ["x"], {}, {"a": []})


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in items:
        yield from _places(part, (*path, name))


def _changed(file: dict[str, Any], path: tuple[Any, ...], value: Any, *, leave_out: bool) -> Any:
    if not path:
        return value
    whole = copy.deepcopy(file)
    inner: Any = whole
    for name in path[:-1]:
        inner = inner[name]
    if leave_out:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return whole


def test_no_change_of_a_good_file_is_a_fault_of_ours(app: Flask, program: Program, user: User, sample: Dataset) -> None:
    browser = Browser(app).sign_in(user)
    file = _file(program)
    file["versions"] = file["versions"][:1]
    draw = random.Random(7)
    places = list(_places(file))
    places = [path for path in places if len(path) < 3] + draw.sample(
        [path for path in places if len(path) >= 3], PLACES
    )
    usage = []
    before = everything(but="api_tokens")
    for path in places:
        for value in draw.sample(WRONG, VALUES):
            sent = _changed(file, path, value, leave_out=value is None and draw.random() < 0.5)
            answer = program.post(f"{URL}import/", sent)
            assert answer.status_code in (201, 422), (path, value, answer.get_data(as_text=True)[:500])
            if answer.status_code == 201:
                usage.append((path, value, answer.get_json()["id"]))
            else:
                assert answer.get_json()["detail"]
    stored = {name: rows for name, rows in everything(but="api_tokens").items() if rows != before.get(name)}
    assert set(stored) <= {"experiment_templates", "template_versions", "audit_entries"}
    assert len(stored["experiment_templates"]) - len(before["experiment_templates"]) == len(usage)
    assert len(stored["template_versions"]) - len(before["template_versions"]) == len(usage)
    for path, value, identifier in usage:
        for address in ("", "versions/1/", "export/", "diff/?from=1&to=1"):
            assert program.get(f"{URL}{identifier}/{address}").status_code == 200, (path, value, address)
        page = f"/experiment-templates/{identifier}"
        for address in ("", "/edit", "/diff", f"/apply?dataset_id={sample.id}"):
            assert browser.get(f"{page}{address}").status == 200, (path, value, address)
        used = program.post(f"{URL}{identifier}/apply/", {"dataset_id": str(sample.id)})
        assert used.status_code in (201, 422), (path, value, used.get_data(as_text=True)[:500])
        sent = {"version": 1, "comment": "Again.", "config": program.get(f"{URL}{identifier}/").get_json()["config"]}
        again = program.send("PUT", f"{URL}{identifier}/", json=sent)
        assert again.status_code in (200, 422), (path, value, again.get_data(as_text=True)[:500])
