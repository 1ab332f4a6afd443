"""A value that stands in data, columns, names, tokens and passwords is found nowhere that operators read."""

from __future__ import annotations

import contextlib
import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from app.domain.errors import DomainError
from app.domain.vocabulary import Scope
from app.services import experiments
from app.services.accounts import accounts, tokens
from app.services.audit import listing
from app.services.datasets import datasets
from app.services.drafts import drafts
from app.services.experiment_templates import versions
from app.services.experiment_templates.versions import TemplateEdit
from app.storage.audit import AuditFilter
from app.storage.db import db, transaction
from app.storage.fault_reports import start_reports
from app.storage.log_lines import JsonLogLines
from app.storage.tables import User
from tests.services.tables import draft_on, upload
from tests.web.client import Browser, step_path
from tests.web.ingest import StandIn, serving, stop_reports
from tests.workers.conftest import Crew, wait_until

CANARY = "kanarie7f3a"
# A column, cells, and lines that cannot be read.
TABLE = f"day,{CANARY}_rain,flow,note\n" + "".join(
    f"2001-{1 + row // 28:02d}-{1 + row % 28:02d},{row % 11 / 2},{1 + row % 7 + row % 3 / 10},{CANARY}{row % 4}\n"
    for row in range(300)
)


@pytest.fixture
def sentry() -> Iterator[StandIn]:
    with serving() as stand_in:
        start_reports(stand_in.dsn, "web")
        yield stand_in
        stop_reports()


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Return all that this process logs, in the lines that the product writes."""
    output = io.StringIO()
    handler = logging.StreamHandler(output)
    handler.setFormatter(JsonLogLines())
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield output
    root.setLevel(level)
    root.removeHandler(handler)


def use_everything(app: Flask, user: User) -> None:
    """Put the canary into all that somebody can type or send, and go wrong with it wherever that is possible."""
    accounts.set_name(user, f"Ada {CANARY}")
    accounts.set_password(user, current="", new=f"{CANARY} flows north 7")
    tokens.create_token(user.email, name=CANARY, scope=Scope.READ)
    versions.create_template(user, TemplateEdit(name=CANARY, config={"task": {"target": CANARY}}))
    for password in (CANARY, f"{CANARY}{CANARY}"):
        with pytest.raises(DomainError):
            accounts.sign_in_with_password(f"{CANARY}@example.org", password, address="203.0.113.7")
    with contextlib.suppress(DomainError):
        upload(user, f"<html>{CANARY}</html>".encode(), f"{CANARY}.csv")
    with contextlib.suppress(DomainError):
        upload(user, b"PAR1" + CANARY.encode() * 50 + b"PAR1", f"{CANARY}.parquet")
    browser = Browser(app).sign_in(user)
    browser.get(f"/datasets?q={CANARY}")
    browser.get(f"/{CANARY}")
    browser.get("/api/datasets/", headers={"Authorization": f"Bearer hyd_{CANARY}"})
    browser.get(f"/sign-in/{CANARY}")


def walk(app: Flask, user: User) -> Any:
    """Take the wizard with the canary in every answer; returns the launched experiment."""
    dataset = upload(user, TABLE.encode(), f"{CANARY}.csv")
    row = draft_on(user, dataset, dataset_id=str(dataset.id), target="flow")
    browser = Browser(app).sign_in(user)
    page = browser.get(step_path(row, "data"))
    sent = {**page.answers.filled({}), "target": [CANARY], "action": ["continue"]}
    browser.send("POST", step_path(row, "data"), data=sent)
    words = {"name": CANARY, "notes": CANARY, "tags": CANARY, "description": CANARY}
    version = drafts.get_draft(user, row.id).version
    changes = {"review": words, "data": {f"kind.{CANARY}_rain": "numeric", "target": "flow"}}
    version = drafts.save_many(user, row.id, changes=changes, version=version).version
    return experiments.launch(user, row.id, version=version, idempotency_key=CANARY)


def break_config(experiment: Any) -> None:
    """Have the worker fail with words that quote the canary."""
    with transaction():
        config = {**experiment.config, "model": {"estimator": CANARY, "parameters": CANARY}}
        db.session.execute(
            text("UPDATE experiments SET config = :config WHERE id = :id"),
            {"config": json.dumps(config), "id": experiment.id.hex},
        )


def break_route(app: Flask) -> None:
    """Have a page fail with words that quote the canary, from a statement and from a library."""

    def fail() -> None:
        try:
            db.session.execute(text("SELECT * FROM no_such_table WHERE a = :value"), {"value": CANARY})
        except Exception as fault:
            raise ValueError(f"could not convert {CANARY}") from fault

    app.view_functions["help.show"] = fail


def test_a_canary_is_found_nowhere_that_operators_read(
    app: Flask, crew: Crew, user: User, admin: User, sentry: StandIn, log: io.StringIO
) -> None:
    crew.environment["SENTRY_DSN"] = sentry.dsn
    crew.environment["HYDROML_LOG_FORMAT"] = "json"
    use_everything(app, user)
    experiment = walk(app, user)
    break_config(experiment)
    crew.worker()
    crew.upkeep()
    wait_until(lambda: experiment.state == "failed", seconds=90, what="the failure")
    break_route(app)
    root = Browser(app).sign_in(admin)
    assert root.get("/help").status == 500
    wait_until(
        lambda: len({event["tags"]["process"] for event in sentry.events()}) == 2, seconds=20, what="both reports"
    )
    places = {
        "logs": log.getvalue() + crew.words,
        "metrics": root.get("/metrics").text,
        "events": str(db.session.execute(text("SELECT * FROM usage_events")).all()),
        "audit": str(db.session.execute(text("SELECT * FROM audit_entries")).all()),
        "audit as exported": "".join(listing.export_entries(admin, AuditFilter(), "csv")),
        "Sentry": "".join(sentry.bodies),
    }
    assert {name: place.count(CANARY) for name, place in places.items()} == dict.fromkeys(places, 0)
    # The search itself works: what went wrong is told in each of them, and the canary is where it belongs.
    assert "could not" not in places["logs"]
    assert "ValueError" in places["logs"]
    assert str(experiment.id) in places["logs"] or "failed, reference" in places["logs"]
    assert "step_refused" in places["events"]
    assert "experiment.launch" in places["audit"]
    assert datasets.list_datasets(user)[0].name == f"{CANARY}.csv"
