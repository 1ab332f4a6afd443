"""Experiment templates for programs: making, changing, using, comparing, exporting, and who may do what."""

from __future__ import annotations

import threading
import uuid
from typing import Any

import pytest
from flask import Flask

from app.domain.vocabulary import Scope
from app.services.accounts import tokens
from app.services.experiment_templates import shipped
from app.storage.db import db
from app.storage.tables import Dataset, User
from tests.api.program import Program
from tests.services.tables import upload
from tests.web.client import everything

URL = "/api/experiment-templates/"
CONFIG: dict[str, Any] = {
    "task": {"target": "discharge_mm", "kind": "regression", "time_column": "date", "purpose": "simulate"},
    "features": {"selected": ["prcp_mm", "tmax_c"]},
    "model": {"estimator": "ridge", "parameters": {"alpha": 2.0}},
    "validation": {"strategy": "time_series", "parameters": {"n_splits": 4, "gap": 7}, "holdout": {"fraction": 0.2}},
    "metrics": {"primary": "nse", "others": ["rmse"]},
}


def made(program: Program, **more: Any) -> dict[str, Any]:
    answer = program.post(URL, {"name": "Flow from weather", "category": "Streamflow", "config": CONFIG, **more})
    assert answer.status_code == 201, answer.get_json()
    return dict(answer.get_json())


def put(program: Program, template: dict[str, Any], **body: Any) -> Any:
    return program.send("PUT", f"{URL}{template['id']}/", json={"version": template["version"], **body})


def test_a_template_is_made_shown_and_listed(program: Program) -> None:
    template = made(program, tags=["daily"], description="For small rivers.")
    assert template["version"] == 1
    json = program.get(f"{URL}{template['id']}/").get_json()
    assert json == template
    assert json["config"]["model"] == {"estimator": "ridge", "parameters": {"alpha": 2.0}}
    assert [need["role"] for need in json["requirements"]["columns"]] == ["target", "time", "feature", "feature"]
    listed = program.get(f"{URL}?q=RIVERS&category=Streamflow&tag=daily").get_json()
    assert [(item["id"], item["name"]) for item in listed["items"]] == [(template["id"], "Flow from weather")]
    assert program.get(f"{URL}?q=nothing+like+it").get_json()["total"] == 0


def test_every_edit_makes_a_version_and_nothing_is_lost(program: Program) -> None:
    template = made(program)
    validation = {**CONFIG["validation"], "parameters": {"n_splits": 4, "gap": 14}}
    answer = put(program, template, config={**CONFIG, "validation": validation}, comment="Longer gap.")
    assert answer.status_code == 200
    assert answer.get_json()["version"] == 2
    history = program.get(f"{URL}{template['id']}/versions/").get_json()
    assert [(item["version"], item["comment"]) for item in history["items"]] == [(2, "Longer gap."), (1, "")]
    first = program.get(f"{URL}{template['id']}/versions/1/").get_json()
    assert first["config"]["validation"]["parameters"]["gap"] == 7
    changes = program.get(f"{URL}{template['id']}/diff/?from=1&to=2").get_json()["changes"]
    assert changes[0]["sentence"] == "Gap: 7 \u2192 14 steps"
    restored = program.post(f"{URL}{template['id']}/versions/1/restore/", {"version": 2}).get_json()
    assert (restored["version"], restored["config"]) == (3, first["config"])
    assert program.get(f"{URL}{template['id']}/diff/?from=1&to=3").get_json()["changes"] == []


def test_a_stale_version_is_refused_with_the_difference(program: Program) -> None:
    template = made(program)
    assert put(program, template, name="Flow, second").status_code == 200
    before = everything(but="api_tokens")
    refusal = put(program, template, name="Flow, third")
    assert refusal.status_code == 409
    body = refusal.get_json()
    assert (body["code"], body["version"]) == ("template_conflict", 2)
    assert [item["sentence"] for item in body["diff"]] == ["Name: Flow from weather \u2192 Flow, second"]
    assert everything(but="api_tokens") == before


def test_twenty_clients_at_once_lose_no_version(app: Flask, program: Program) -> None:
    template = made(program)
    statuses: list[int] = []

    def edit(number: int) -> None:
        with app.app_context():
            statuses.append(put(Program(app, program.token), template, name=f"Client {number}").status_code)
            db.session.remove()

    threads = [threading.Thread(target=edit, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200] + [409] * 19
    assert program.get(f"{URL}{template['id']}/versions/").get_json()["total"] == 2


def test_using_a_template_makes_a_draft_that_remembers_it(program: Program, sample: Dataset) -> None:
    template = made(program)
    answer = program.post(f"{URL}{template['id']}/apply/", {"dataset_id": str(sample.id)})
    assert answer.status_code == 201, answer.get_json()
    body = answer.get_json()
    assert {name: item["column"] for name, item in body["mapping"].items()} == {
        "discharge_mm": "discharge_mm",
        "date": "date",
        "prcp_mm": "prcp_mm",
        "tmax_c": "tmax_c",
    }
    assert body["config"]["model"]["parameters"]["alpha"] == 2.0
    assert body["config"]["features"]["selected"] == ["prcp_mm", "tmax_c"]
    assert body["config"]["validation"]["parameters"]["gap"] == 7
    assert body["config"]["template"] == {"id": template["id"], "version": 1}
    assert program.get(f"{URL}{template['id']}/").get_json()["usage_count"] == 1
    checked = program.post("/api/experiments/wizard/validate-config/", body["config"]).get_json()
    assert checked["valid"]
    launched = program.post("/api/experiments/", {"draft_id": body["draft_id"]})
    assert launched.status_code == 202
    config = program.get(f"/api/experiments/{launched.get_json()['id']}/config/").get_json()
    assert config["template"] == {"id": template["id"], "version": 1}
    again = program.post("/api/experiments/", {"config": body["config"]})
    assert again.status_code == 202
    odd = program.post("/api/experiments/wizard/validate-config/", {**body["config"], "template": {"id": 7}})
    assert [item["code"] for item in odd.get_json()["problems"] if item["severity"] == "error"] == ["template_invalid"]


def test_a_mapping_can_be_finished_by_hand(program: Program, sample: Dataset) -> None:
    template = made(program)
    url = f"{URL}{template['id']}/apply/"
    body = program.post(url, {"dataset_id": str(sample.id), "preview": True}).get_json()
    assert body["draft_id"] is None
    body["mapping"]["tmax_c"]["column"] = "tmin_c"
    body["mapping"]["prcp_mm"] = None
    finished = program.post(url, {"dataset_id": str(sample.id), "mapping": body["mapping"]}).get_json()
    assert finished["config"]["features"]["selected"] == ["tmin_c"]
    assert finished["mapping"]["prcp_mm"]["column"] is None
    assert "template_column_missing" in {item["code"] for item in finished["problems"]}
    response = program.post(url, {"dataset_id": str(sample.id), "mapping": {"tmax_c": "none such"}})
    assert (response.status_code, response.get_json()["errors"][0]["field"]) == (422, "mapping.tmax_c")
    twice = program.post(url, {"dataset_id": str(sample.id), "mapping": {"tmax_c": "tmin_c", "prcp_mm": "tmin_c"}})
    assert twice.get_json()["errors"][0]["code"] == "column_twice"


def test_a_dataset_without_the_columns_gets_a_draft_and_a_way_on(program: Program, user: User) -> None:
    template = made(program)
    rows = "\n".join(f"{number},{number % 7},{'ab'[number % 2]}" for number in range(90))
    other = upload(user, f"depth,width,kind\n{rows}\n".encode())
    body = program.post(f"{URL}{template['id']}/apply/", {"dataset_id": str(other.id)}).get_json()
    codes = {first["code"] for first in body["problems"]}
    assert {"template_target_missing", "template_time_missing"} <= codes
    assert body["draft_id"]
    assert all(first["remedy"] for first in body["problems"] if first["code"].startswith("template_target"))
    wrong = program.post(
        f"{URL}{template['id']}/apply/", {"dataset_id": str(other.id), "mapping": {"discharge_mm": "kind"}}
    )
    assert "template_task_differs" in {first["code"] for first in wrong.get_json()["problems"]}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "x" * 10_000}, "name"),
        ({"name": "  "}, "name"),
        ({"description": "x" * 6000}, "description"),
        ({"visibility": "all"}, "visibility"),
        ({"tags": ["x" * 60]}, "tags"),
        ({"people": ["nobody@example.org"], "visibility": "people"}, "people"),
        ({"config": {"task": {"target": 5}}}, "config.task.target"),
        ({"config": {"model": {"estimator": "oracle"}}}, "config.model.estimator"),
        ({"config": {"nonsense": {}}}, "config.nonsense"),
        ({"config": {"validation": {"strategy": "by_heart"}}}, "config.validation.strategy"),
        ({"requirements": {"min_rows": "many"}}, "requirements"),
    ],
)
def test_what_does_not_fit_is_refused_at_its_field(program: Program, body: dict[str, Any], field: str) -> None:
    before = everything(but="api_tokens")
    answer = program.post(URL, {"name": "Flow", "config": CONFIG, **body})
    assert (answer.status_code, answer.get_json()["errors"][0]["field"]) == (422, field)
    assert everything(but="api_tokens") == before


def test_a_template_of_an_experiment_keeps_all_of_it(program: Program, sample: Dataset) -> None:
    template = made(program)
    applied = program.post(f"{URL}{template['id']}/apply/", {"dataset_id": str(sample.id)}).get_json()
    launched = program.post("/api/experiments/", {"draft_id": applied["draft_id"]}).get_json()
    second = program.post(URL, {"experiment_id": launched["id"], "name": "From it"}).get_json()
    target = next(need for need in second["requirements"]["columns"] if need["role"] == "target")
    assert (target["unit"], len(target["quantiles"])) == ("mm", 5)
    assert second["requirements"]["step_seconds"] == 86_400
    assert second["config"]["model"]["parameters"]["alpha"] == 2.0
    again = program.post(f"{URL}{second['id']}/apply/", {"dataset_id": str(sample.id)}).get_json()
    for part in ("task", "features", "model", "validation", "metrics", "reproducibility"):
        assert again["config"][part] == applied["config"][part], part


def test_a_file_brings_the_whole_history_along(program: Program, stranger: Program) -> None:
    template = made(program)
    put(program, template, name="Flow, second", comment="Renamed.")
    file = program.get(f"{URL}{template['id']}/export/").get_json()
    copied = stranger.post(f"{URL}import/", file)
    assert copied.status_code == 201
    assert (copied.get_json()["version"], copied.get_json()["visibility"]) == (2, "private")
    history = stranger.get(f"{URL}{copied.get_json()['id']}/versions/").get_json()["items"]
    assert [(item["version"], item["author"], item["comment"]) for item in history] == [
        (2, "Ada", "Renamed."),
        (1, "Ada", ""),
    ]


def test_a_broken_history_is_refused_whole(program: Program) -> None:
    template = made(program)
    put(program, template, name="Flow, second")
    file = program.get(f"{URL}{template['id']}/export/").get_json()
    before = everything(but="api_tokens")
    broken = [
        {**file, "versions": file["versions"][1:]},
        {**file, "versions": [file["versions"][0], {**file["versions"][1], "restores": 9}]},
        {**file, "versions": [{**file["versions"][0], "config": {"task": 7}}]},
        {**file, "versions": [{**file["versions"][0], "requirements": {"min_rows": []}}]},
        {**file, "versions": []},
        {**file, "format_version": 9},
        {"format": "something"},
        [],
    ]
    for sent in broken:
        answer = program.post(f"{URL}import/", sent)
        assert (answer.status_code, bool(answer.get_json()["detail"])) == (422, True), sent
    assert program.send("POST", f"{URL}import/", data=b"{not json").status_code == 422
    assert everything(but="api_tokens") == before


def test_an_estimator_that_is_gone_leaves_the_rest(program: Program, sample: Dataset) -> None:
    file = program.get(f"{URL}{made(program)['id']}/export/").get_json()
    file["versions"][0]["config"]["model"] = {"estimator": "oracle", "parameters": {"depth": 3}}
    json = program.post(f"{URL}import/", file).get_json()
    body = program.post(f"{URL}{json['id']}/apply/", {"dataset_id": str(sample.id)}).get_json()
    gone = next(item for item in body["problems"] if item["code"] == "template_estimator_gone")
    assert "oracle" in gone["message"]
    assert body["config"]["validation"]["parameters"]["gap"] == 7


def test_archiving_hides_a_template_until_it_is_restored(program: Program) -> None:
    template = made(program)
    assert program.send("DELETE", f"{URL}{template['id']}/").status_code == 204
    assert program.get(f"{URL}{template['id']}/").status_code == 404
    assert template["id"] not in {item["id"] for item in program.get(URL).get_json()["items"]}
    archived = program.get(f"{URL}?archived=1").get_json()["items"]
    assert [item["id"] for item in archived] == [template["id"]]
    assert program.post(f"{URL}{template['id']}/restore/").status_code == 200
    assert program.get(f"{URL}{template['id']}/").status_code == 200


ROUTES = (
    ("GET", "", 200, 404),
    ("GET", "versions/", 200, 404),
    ("GET", "versions/1/", 200, 404),
    ("GET", "diff/?from=1&to=1", 200, 404),
    ("GET", "export/", 200, 404),
    ("POST", "duplicate/", 201, 404),
    ("PUT", "", 403, 404),
    ("DELETE", "", 403, 404),
    ("POST", "restore/", 403, 404),
    ("POST", "versions/1/restore/", 403, 404),
)


@pytest.mark.parametrize(("method", "path", "shared", "hidden"), ROUTES)
def test_others_may_use_what_is_shared_and_change_nothing(
    program: Program, stranger: Program, method: str, path: str, shared: int, hidden: int
) -> None:
    private, public = made(program), made(program, visibility="everyone")
    named = made(program, visibility="people", people=["ben@example.org"])
    body = {"json": {"version": 1, "name": "Mine now"} if method == "PUT" else {"version": 1}}
    more = body if method in ("PUT", "POST") else {}
    assert stranger.send(method, f"{URL}{private['id']}/{path}", **more).status_code == hidden
    assert stranger.send(method, f"{URL}{public['id']}/{path}", **more).status_code == shared
    assert stranger.send(method, f"{URL}{named['id']}/{path}", **more).status_code == shared
    assert Program(program.app).send(method, f"{URL}{public['id']}/{path}", **more).status_code == 401
    assert stranger.send(method, f"{URL}{uuid.uuid4()}/{path}", **more).status_code == 404


@pytest.mark.parametrize(("method", "path", "shared", "hidden"), ROUTES)
def test_a_token_that_reads_changes_nothing(
    program: Program, reader: Program, method: str, path: str, shared: int, hidden: int
) -> None:
    template = made(program)
    more = {"json": {"version": 1}} if method in ("PUT", "POST") else {}
    wanted = 200 if method == "GET" else 403
    assert reader.send(method, f"{URL}{template['id']}/{path}", **more).status_code == wanted


def test_an_administrator_changes_any_template(app: Flask, program: Program, admin: User) -> None:
    boss = Program(app, tokens.create_token(admin.email, name="tests", scope=Scope.WRITE))
    template = made(program)
    assert put(boss, template, name="Better name").status_code == 200
    history = program.get(f"{URL}{template['id']}/versions/").get_json()["items"]
    assert [item["author"] for item in history] == ["Root", "Ada"]


def test_the_library_is_there_for_everybody_and_entered_once(program: Program) -> None:
    json = program.get(f"{URL}?per_page=50").get_json()
    assert len([item for item in json["items"] if item["library"]]) == 11
    assert shipped.store_library() == 0
    assert program.send("DELETE", f"{URL}{json['items'][0]['id']}/").status_code == 403


def test_a_token_that_ended_opens_nothing(app: Flask, user: User) -> None:
    token = tokens.create_token(user.email, name="ending", scope=Scope.WRITE)
    ended = Program(app, token)
    assert ended.get(URL).status_code == 200
    tokens.revoke_token(user, next(row for row in tokens.list_tokens(user) if row.name == "ending").id)
    for method, path, _shared, _hidden in ROUTES:
        assert ended.send(method, f"{URL}{uuid.uuid4()}/{path}").status_code == 401
    assert [ended.get(URL).status_code, ended.post(URL, {}).status_code] == [401, 401]
