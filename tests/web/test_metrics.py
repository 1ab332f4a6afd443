"""Metrics: who may read them, what they say, and that every alert of the handbook fires when it should."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families

from app.domain.vocabulary import JobKind, RunState, Scope
from app.services.accounts import tokens
from app.services.system import measures, system_state
from app.storage import jobs
from app.storage.db import db, now, transaction
from app.storage.tables import Job, User, WorkerBeat
from tests.web.client import Browser

HANDBOOK = Path(__file__).resolve().parents[2] / "docs" / "operations.md"
Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def scrape(app: Flask) -> Samples:
    """Read all metrics now."""
    system_state.forget()
    app.extensions.pop("hydroml_measures", None)
    page = Browser(app).get("/metrics")
    assert (page.status, page.response.mimetype) == (200, "text/plain")
    families = text_string_to_metric_families(page.text)
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def value_of(samples: Samples, name: str, **labels: str) -> float:
    return samples[name, tuple(sorted(labels.items()))]


def add_job(user: User, **values: Any) -> Job:
    with transaction():
        row = jobs.add_job(JobKind.TRAIN, subject_id=user.id, owner_id=user.id, seconds=60)
        for name, value in values.items():
            setattr(row, name, value)
    return row


def test_metrics_are_for_this_machine_and_tokens_of_administrators(app: Flask, user: User, admin: User) -> None:
    browser = Browser(app)
    elsewhere = {"environ_overrides": {"REMOTE_ADDR": "203.0.113.7"}}
    assert browser.get("/metrics").status == 200
    assert browser.get("/metrics", headers={"Forwarded": "for=203.0.113.7"}).status == 401
    assert browser.get("/metrics", headers={"X-Forwarded-For": "203.0.113.7"}).status == 401
    assert browser.get("/metrics", **elsewhere).status == 401
    for person, status in ((user, 401), (admin, 200)):
        secret = tokens.create_token(person.email, name="scraper", scope=Scope.READ)
        headers = {"Authorization": f"Bearer {secret}"}
        assert browser.get("/metrics", headers=headers, **elsewhere).status == status
    assert browser.get("/metrics", headers={"Authorization": "Bearer hyd_wrong"}, **elsewhere).status == 401


def test_metrics_say_what_waits_runs_and_has_ended(app: Flask, user: User) -> None:
    moment = now()
    add_job(user, created_at=moment - timedelta(seconds=100))
    add_job(user, created_at=moment - timedelta(seconds=10))
    add_job(user, state=RunState.RUNNING.value, started_at=moment - timedelta(seconds=7))
    started = moment - timedelta(seconds=50)
    ended = {"state": RunState.FINISHED.value, "started_at": started}
    add_job(user, **ended, finished_at=started + timedelta(seconds=20))
    add_job(user, **ended, finished_at=started + timedelta(seconds=10))
    result = scrape(app)
    assert value_of(result, "hydroml_jobs", kind="train", state="queued") == 2
    assert value_of(result, "hydroml_oldest_job_seconds", kind="train", state="queued") == pytest.approx(100, abs=30)
    assert value_of(result, "hydroml_jobs", kind="train", state="running") == 1
    assert value_of(result, "hydroml_job_seconds_count", kind="train", state="finished") == 2
    assert value_of(result, "hydroml_job_seconds_sum", kind="train", state="finished") == pytest.approx(30, abs=0.01)
    assert value_of(result, "hydroml_disk_free_bytes") > 0
    assert value_of(result, "hydroml_part_up", part="database") == 1
    assert value_of(result, "hydroml_part_up", part="queue") == 0


def test_requests_are_counted_by_route_and_not_by_address(app: Flask, browser: Browser) -> None:
    before = scrape(app).get(("hydroml_request_seconds_count", (("route", "datasets.show_all"), ("status", "2xx"))), 0)
    browser.get("/datasets?page=1")
    browser.get("/no/such/page/secret")
    result = scrape(app)
    assert value_of(result, "hydroml_request_seconds_count", route="datasets.show_all", status="2xx") == before + 1
    assert not any("secret" in str(key) for key in result)


RULES = yaml.safe_load(re.search(r"```yaml\n(groups:.*?)```", HANDBOOK.read_text("utf-8"), re.DOTALL).group(1))  # type: ignore[union-attr]
ALERTS = {rule["alert"]: rule["expr"] for rule in RULES["groups"][0]["rules"]}


def fires(expression: str, before: Samples, after: Samples) -> bool:
    """Evaluate as much of Prometheus's language as the rules use: selectors, rate, division and a comparison."""
    left, sign, limit = re.fullmatch(r"(.*) ([<>]) ([0-9.]+)", expression).groups()  # type: ignore[union-attr]
    parts = [_vector(part, before, after) for part in left.split(" / ")]
    vector = parts[0]
    for other in parts[1:]:
        vector = {key: value / other[key] for key, value in vector.items() if other.get(key)}
    return any(value > float(limit) if sign == ">" else value < float(limit) for value in vector.values())


def _vector(part: str, before: Samples, after: Samples) -> dict[tuple[tuple[str, str], ...], float]:
    rated = re.fullmatch(r"rate\((.*)\[5m\]\)", part)
    selector = rated.group(1) if rated else part
    name, _, inside = selector.rstrip("}").partition("{")
    wanted = re.findall(r'(\w+)(=~?)"([^"]*)"', inside)

    def fits(labels: dict[str, str]) -> bool:
        checks = (labels[key] == text if sign == "=" else re.fullmatch(text, labels[key]) for key, sign, text in wanted)
        return all(checks)

    result = {key: value for (current, key), value in after.items() if current == name and fits(dict(key))}
    if rated is None:
        return result
    return {key: (value - before.get((name, key), 0.0)) / 300 for key, value in result.items()}


def _stick(_app: Flask, user: User, _monkeypatch: pytest.MonkeyPatch) -> None:
    add_job(user, created_at=now() - timedelta(seconds=400))


def _fill_disk(_app: Flask, _user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measures, "_disk", lambda: (4, 100))


def _lose_worker(_app: Flask, _user: User, _monkeypatch: pytest.MonkeyPatch) -> None:
    with transaction():
        db.session.add(WorkerBeat(worker_id="lost", host="here", pid=1, seen_at=now() - timedelta(seconds=60)))


def _end_worker(_app: Flask, _user: User, _monkeypatch: pytest.MonkeyPatch) -> None:
    with transaction():
        db.session.query(WorkerBeat).delete()


def _be_slow(_app: Flask, _user: User, _monkeypatch: pytest.MonkeyPatch) -> None:
    from app.web.request_times import REQUESTS

    for _ in range(100):
        REQUESTS.labels("features.show", "2xx").observe(3.0)


CAUSES = {
    "HydroMLQueueStuck": _stick,
    "HydroMLDiskLow": _fill_disk,
    "HydroMLWorkerLost": _lose_worker,
    "HydroMLNoWorker": _end_worker,
    "HydroMLPartDown": _end_worker,
    "HydroMLSlowSteps": _be_slow,
}


def test_every_alert_of_the_handbook_has_a_cause() -> None:
    assert set(ALERTS) == set(CAUSES)


@pytest.mark.parametrize("alert", CAUSES)
def test_an_alert_fires_for_its_cause_and_not_before(
    app: Flask, user: User, alert: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(system_state.queue, "is_reachable", lambda: True)
    with transaction():
        jobs.record_heartbeat("alive", host="here", pid=1)
    add_job(user)
    before = scrape(app)
    assert not fires(ALERTS[alert], before, before)
    CAUSES[alert](app, user, monkeypatch)
    assert fires(ALERTS[alert], before, scrape(app))
