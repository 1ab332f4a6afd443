"""Any JSON in any field of any route, from anybody: a clear refusal or an answer, and never a fault of ours."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.domain.experiment import Spec
from app.domain.training.preprocessing.preparation import columns_read
from app.domain.training.resolved.build import resolve_unfitted
from app.services.datasets import datasets
from app.storage import columnar
from app.storage.tables import Dataset, User
from app.web.json_input import MAX_DEPTH, JsonDepthError, parse_json
from tests.api.program import Program
from tests.variants import slow_after, slow_but
from tests.web.client import Belongings, Browser, calls, draft_on_sample

DEPTH = 100_000
DEEP = ("[" * DEPTH + "]" * DEPTH, '{"a":' * DEPTH + "1" + "}" * DEPTH, "[" * DEPTH, '[{"a":' * (DEPTH // 2))
ANY = (
    *(
        "null",
        "true",
        "false",
        "0",
        "-1",
        "1.5",
        "1e400",
        "-1e400",
        "NaN",
        "9223372036854775808",
        "9" * 400,
        "9" * 5000,
    ),
    *('""', '"x"', '"discharge_mm"', '"\\u0000"', '"\\ud800"', json.dumps("x" * 5000), '"c0"'),
    *("[]", "[null]", "[1, [2]]", '["x", "x"]', '[{"column": 1}]', '[{"column": "date", "value": "\\u0000"}]'),
    *("{}", '{"a": null}', '{"": {"a": []}}', '{"\\u0000": "\\ud800"}'),
)
# One of each type where there are very many places.
TYPES = ("null", "true", "-1", "1e400", '"x"', '"\\ud800"', '["x", 1]', '{"a": null}', DEEP[1])
BODIES = {
    "/api/datasets/{dataset_id}/preview/": ("choices",),
    "/api/datasets/{dataset_id}/readings/": ("choices",),
    "/api/experiments/wizard/dataset-analysis/": ("dataset_id", "target"),
    "/api/experiments/wizard/correlations/": ("dataset_id", "columns", "method"),
    "/api/experiments/wizard/feature-importance/": ("dataset_id", "target", "columns"),
    "/api/experiments/wizard/suggest-config/": (
        *("dataset_id", "target", "purpose", "horizon", "drivers_known_ahead", "group_column", "holdout"),
    ),
    "/api/experiments/": ("config", "draft_id", "version"),
}
CHOICES = (
    *("encoding", "delimiter", "quote", "escape", "decimal", "comment", "first_line", "header_lines", "footer_lines"),
    *("ragged", "duplicates", "sheet", "markers", "columns", "flags", "censored", "place"),
)
CONFIG = "/api/experiments/wizard/validate-config/"


def _config(dataset: Dataset) -> dict[str, Any]:
    return {
        "schema_version": 1,
        "name": "A river",
        "description": "",
        "tags": [],
        "dataset": {"id": str(dataset.id), "sha256": dataset.sha256},
        "task": {"target": "discharge_mm", "kind": "regression", "time_column": "date", "group_column": None},
        "features": {
            "selected": ["prcp_mm"],
            "transforms": [{"columns": ["prcp_mm"], "kind": "lag", "parameters": {"steps": [1]}}],
        },
        "model": {
            "estimator": "ridge",
            "parameters": {"alpha": 1.0},
            "tuning": {"enabled": False, "trials": 30, "metric": "nse"},
        },
        "validation": {
            "strategy": "time_series",
            "parameters": {"n_splits": 3, "gap": 7},
            "holdout": {"fraction": 0.2},
        },
        "metrics": {"primary": "nse", "others": ["rmse"]},
        "reproducibility": {"seed": 42},
    }


def _places(values: Any, place: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if place:
        yield place
    items = values.items() if isinstance(values, dict) else enumerate(values) if isinstance(values, list) else ()
    for key, value in items:
        yield from _places(value, (*place, key))


def _with(values: dict[str, Any], place: tuple[str | int, ...], raw: str) -> str:
    """Return JSON text with this raw text at one place of it."""
    copied: Any = json.loads(json.dumps(values))
    inner = copied
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = "@here@"
    return json.dumps(copied).replace('"@here@"', raw)


def _post(program: Program, path: str, body: str) -> TestResponse:
    return program.send("POST", path, data=body.encode(), headers={"Content-Type": "application/json"})


def _upload(who: Program, name: str, content: str, **fields: str) -> TestResponse:
    """Send a form with a file; the test client itself would leave a temporary file open for a large one."""
    parts = [f'--frontier\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{fields[key]}' for key in fields]
    parts.append(f'--frontier\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n{content}')
    body = "\r\n".join([*parts, "--frontier--\r\n"]).encode()
    return who.send("POST", "/api/datasets/", data=body, content_type="multipart/form-data; boundary=frontier")


def _is_fault(response: TestResponse) -> bool:
    return response.status_code >= 500


def _values(sample: Dataset, field: str) -> dict[str, Any]:
    known = {"dataset_id": str(sample.id), "target": "discharge_mm", "columns": ["prcp_mm"], "choices": {}}
    return {name: value for name, value in known.items() if name in field}


@pytest.mark.parametrize(
    "path", slow_but(("/api/experiments/wizard/dataset-analysis/", "/api/experiments/wizard/suggest-config/"), BODIES)
)
def test_each_field_of_each_body_takes_any_json(app: Flask, program: Program, sample: Dataset, path: str) -> None:
    address, fields = path.format(dataset_id=sample.id), BODIES[path]
    whole = _values(sample, " ".join(fields))
    bodies = [*ANY, *DEEP, *(_with({**whole, name: 0}, (name,), raw) for name in fields for raw in (*ANY, *DEEP))]
    if "choices" in fields:
        bodies += [_with({"choices": {name: 0}}, ("choices", name), raw) for name in CHOICES for raw in TYPES]
    anybody = Program(app)
    assert [body[:80] for body in bodies if _is_fault(_post(program, address, body))] == []
    assert {_post(anybody, address, body).status_code for body in (*ANY, *DEEP)} <= {400, 401}
    response = _post(program, address, _with({**whole, fields[0]: 0}, (fields[0],), DEEP[0]))
    assert response.status_code == 422
    assert response.get_json()["detail"] == f"This is nested more than {MAX_DEPTH} levels deep."


def test_each_place_of_a_config_takes_any_json(app: Flask, program: Program, sample: Dataset) -> None:
    config = _config(sample)
    bodies = [*ANY, *DEEP, *(_with(config, place, raw) for place in _places(config) for raw in (*ANY, DEEP[0]))]
    assert [body[:200] for body in bodies if _is_fault(_post(program, CONFIG, body))] == []
    for raw in ("[" * 900 + "]" * 900, "[" * 4000):
        page = program.get(CONFIG, query_string={"config": raw})
        assert (page.status_code, page.get_json()["errors"][0]["code"]) == (422, "json_too_deep")


@pytest.mark.slow
def test_each_place_of_resolved_takes_any_json(program: Program, sample: Dataset) -> None:
    row = datasets.sound_rows_of(sample)
    profile = datasets.require_profile(sample)
    spec = Spec.model_validate({name: part for name, part in _config(sample).items() if name != "dataset"})
    frame = columnar.read_frame(row, profile, columns_read(spec, profile))
    resolved = resolve_unfitted(spec, frame, profile, given={}).to_json()
    config = {**_config(sample), "resolved": resolved}
    places = [("resolved",), *(("resolved", *place) for place in _places(resolved) if len(place) < 4)]
    bodies = [_with(config, place, raw) for place in places[::3] for raw in ("NaN", '{"a": []}')]
    bodies += [_with(config, ("resolved",), raw) for raw in (*ANY, *DEEP)]
    bodies.append(_with(config, ("resolved", "parts"), json.dumps([{}] * 50_000)))
    assert [body[-200:] for body in bodies if _is_fault(_post(program, CONFIG, body))] == []
    runs = json.dumps([[number, number] for number in range(1_000_000)])
    assert _post(program, "/api/experiments/", f'{{"config": {{"resolved": {runs}}}}}').status_code == 413


def test_choices_beside_a_file_take_any_json(app: Flask, program: Program) -> None:
    def sent(who: Program, choices: str) -> TestResponse:
        return _upload(who, "a.csv", "a,b\n1,2\n3,4\n", choices=choices)

    texts = [*ANY, *DEEP, *(_with({name: 0}, (name,), raw) for name in CHOICES for raw in ("[]", "1e400", DEEP[1]))]
    assert [text[:80] for text in texts if _is_fault(sent(program, text))] == []
    assert sent(program, DEEP[0]).get_json()["errors"][0] == {
        "field": "choices",
        "code": "json_too_deep",
        "message": f"This is nested more than {MAX_DEPTH} levels deep.",
    }
    assert {sent(Program(app), text).status_code for text in (ANY[0], *DEEP)} <= {400, 401}


@pytest.mark.parametrize("slug", slow_after(2, ["data", "single-page", "features", "model", "validation", "review"]))
def test_each_field_of_a_settled_conflict_takes_any_json(browser: Browser, user: User, slug: str) -> None:
    draft = draft_on_sample(user)
    token = browser.get("/account").token
    path = f"/experiments/drafts/{draft.id}/{slug}/resolve"
    results = []
    for raw in (*ANY, *DEEP, *(f'{{"{name}": {raw}}}' for name in ("target", "seed", "selected") for raw in ANY)):
        for form in ({"changes": raw, "fields": "[]"}, {"changes": "{}", "fields": raw}):
            page = browser.post(path, {**form, "keep": "mine", "csrf_token": token})
            if page.status >= 500:
                results.append((raw[:80], page.status))
    assert results == []


@pytest.mark.slow
def test_every_other_route_refuses_deep_json(app: Flask, user: User, browser: Browser, program: Program) -> None:
    things = Belongings.of(user)
    token = browser.get("/account").token
    fields = ("choices", "changes", "fields", "config", "version", "action", "name", "answer", "columns", "new.fields")
    results = []
    for _endpoint, method, path in calls(app, things):
        if method in ("GET", "HEAD") or path == "/sign-out":
            continue
        form = {**dict.fromkeys(fields, DEEP[1][:DEPTH]), "csrf_token": token}
        stranger = Program(app)
        answers = {
            "form": browser.post(path, form).response,
            "body": program.send(method, path, data=DEEP[0], headers={"Content-Type": "application/json"}),
            "stranger": stranger.send(method, path, data=DEEP[0], headers={"Content-Type": "application/json"}),
            "strangers form": stranger.send(method, path, data=form),
        }
        results += [(path, how, answer.status_code) for how, answer in answers.items() if _is_fault(answer)]
    assert results == []


def test_an_uploaded_file_of_deep_json_is_refused(program: Program) -> None:
    for text in (*DEEP, '[{"a": ' + DEEP[0] + "}]", '{"a": 1}\n' * 3 + DEEP[0]):
        answer = _upload(program, "deep.json", text)
        assert answer.status_code in (201, 422), text[:40]


def test_depth_is_counted_outside_texts() -> None:
    flat = json.dumps(["[" * 1000, '"' + "{" * 1000, "\\" * 7 + '"[[['] * 40)
    assert parse_json(flat) == json.loads(flat)
    assert parse_json("[" * MAX_DEPTH + "]" * MAX_DEPTH)
    assert parse_json(b'\xef\xbb\xbf{"a": "\xc3\xa4"}') == {"a": "ä"}
    with pytest.raises(JsonDepthError):
        parse_json("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1))
    for wrong in ("", "{", b"\xff", "[1,]", "]" * 5000):
        with pytest.raises(ValueError, match=r"."):
            parse_json(wrong)
