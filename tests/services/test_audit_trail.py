"""What is recorded in the audit trail, when, and that the database keeps it as it was."""

from __future__ import annotations

import json
import shutil
import threading
import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from app.domain.audit.acts import AuditAct
from app.domain.audit.chain import FaultKind
from app.domain.errors import DomainError
from app.domain.vocabulary import Role, RunState, Scope
from app.services import experiments
from app.services.accounts import accounts, sessions, tokens
from app.services.audit import trail
from app.services.audit.verification import verify_trail
from app.services.datasets import datasets
from app.services.drafts import drafts
from app.services.experiment_templates import archiving, curation, exchange, versions
from app.services.experiment_templates.versions import TemplateEdit
from app.services.jobs import upkeep
from app.storage import audit, audit_heads
from app.storage.audit import AuditFilter
from app.storage.db import db, now, transaction
from app.storage.origin import Origin, working_for
from app.storage.tables import AuditEntry, Dataset, User
from config import Settings
from tests.web import seeds
from tests.web.client import draft_on_sample


def acts(*, since: int = 0) -> list[str]:
    entries = audit.list_entries(AuditFilter(), limit=1000, offset=0)
    return [line.act for line in reversed(entries) if line.number > since]


def acts_of(act: Callable[[], object]) -> list[str]:
    """Return the acts that a call adds to the trail."""
    before = audit.head().number
    act()
    return acts(since=before)


def test_each_act_on_accounts_is_recorded(app: Flask, user: User, admin: User) -> None:
    def every_act() -> None:
        accounts.create_user("eve@example.org", actor=admin)
        accounts.make_sign_in_link("eve@example.org", actor=admin)
        accounts.change_role("eve@example.org", Role.ADMIN, actor=admin)
        accounts.set_email("eve@example.org", "eva@example.org")
        accounts.set_password(user, current="", new="a long river runs 7")
        opened = sessions.sign_in(sessions.new_session(), user)
        sessions.end(opened)
        sessions.end_session(user, sessions.sign_in(sessions.new_session(), user).id_hash)
        accounts.end_sessions(user.email, actor=admin)
        accounts.disable_user("eva@example.org", actor=admin)
        accounts.enable_user("eva@example.org", actor=admin)
        tokens.create_token(user.email, name="a program", scope=Scope.READ)
        tokens.revoke_named(user.email, "a program")
        with pytest.raises(DomainError):
            accounts.sign_in_with_password(user.email, "wrong", address="203.0.113.7")

    assert acts_of(every_act) == [
        "account.create",
        "account.make_sign_in_link",
        "account.change_role",
        "account.change_email",
        "account.change_password",
        "account.sign_in",
        "account.sign_out",
        "account.sign_in",
        "account.end_sessions",
        "account.end_sessions",
        "account.disable",
        "account.enable",
        "token.create",
        "token.revoke",
        "account.fail_sign_in",
    ]


def test_each_act_on_data_and_experiments_is_recorded(app: Flask, user: User, sample: Dataset) -> None:
    def every_act() -> None:
        draft = draft_on_sample(user)
        drafts.discard_draft(user, draft.id)
        experiment = seeds.add_experiment(user, RunState.QUEUED)
        experiments.update_words(user, experiment.id, name="New", description="", tags="", notes="")
        experiments.record_export(user, experiment, "config")
        experiments.cancel(user, experiment.id)
        datasets.delete_dataset(user, sample.id)
        datasets.restore_dataset(user, sample.id)

    expected = ["draft.create", "draft.change_answers", "draft.discard", "experiment.change_notes"]
    expected += ["experiment.export", "experiment.cancel", "dataset.delete", "dataset.restore"]
    assert acts_of(every_act) == expected


def test_each_act_on_templates_is_recorded(app: Flask, user: User, admin: User) -> None:
    config = {"task": {"target": "flow"}, "model": {"estimator": "ridge"}}

    def every_act() -> None:
        row = versions.create_template(user, TemplateEdit(name="Flow", config=config))
        versions.update_template(user, row.id, TemplateEdit(name="Flows"), version=1)
        versions.restore_version(user, row.id, 1, based_on=2)
        versions.duplicate_template(user, row.id)
        archiving.archive_template(user, row.id)
        archiving.unarchive_template(user, row.id)
        exchange.import_template(user, exchange.export_template(user, row.id))
        curation.curate_template(admin, row.id, "feature")
        curation.undo_last_act(admin, row.id)

    expected = ["create", "change", "restore", "create", "archive", "restore", "export", "create", "curate"]
    assert acts_of(every_act) == [*(f"template.{verb}" for verb in expected), "template.undo_curation"]


def test_an_entry_says_who_from_where_and_what_changed(app: Flask, user: User, admin: User) -> None:
    with working_for(Origin("web", request_id="r1", address="203.0.113.77")):
        accounts.change_role(user.email, Role.ADMIN, actor=admin)
    (line,) = audit.list_entries(AuditFilter(act="account.change_role"), limit=9, offset=0)
    assert (line.person, line.channel, line.request_id) == (admin.email, "web", "r1")
    assert (line.address, line.subject_id) == ("203.0.113.77", user.id)
    assert json.loads(line.details) == {"before": {"role": "member"}, "after": {"role": "admin"}}


def test_an_act_that_is_rolled_back_leaves_no_entry(app: Flask, user: User) -> None:
    def fail() -> None:
        with transaction():
            trail.record(AuditAct.SIGN_OUT, actor=user)
            raise RuntimeError

    before = audit.head()
    with pytest.raises(RuntimeError):
        fail()
    assert audit.head() == before
    assert verify_trail().faults == ()


def test_an_act_outside_a_transaction_is_refused(app: Flask, user: User) -> None:
    with pytest.raises(RuntimeError):
        trail.record(AuditAct.SIGN_OUT, actor=user)


def test_answers_are_recorded_once_a_minute(app: Flask, user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    row, moment = drafts.create_draft(user), now().replace(second=10)

    def save(target: str, seconds: int) -> list[str]:
        monkeypatch.setattr(trail, "now", lambda: moment + timedelta(seconds=seconds))
        version = drafts.get_draft(user, row.id).version
        changes = {"target": target}
        return acts_of(lambda: drafts.save_answers(user, row.id, step="data", changes=changes, version=version))

    assert save("a", 0) == ["draft.change_answers"]
    assert save("b", 20) == []
    # Another process knows of the first save by the table alone.
    monkeypatch.setattr(trail, "_recorded", {})
    assert save("c", 30) == []
    assert save("d", 60) == ["draft.change_answers"]
    line = audit.list_entries(AuditFilter(subject_id=row.id), limit=1, offset=0)[0]
    assert json.loads(line.details)["after"] == {"version": 5, "fields": ["data.target"]}


def test_a_save_of_several_steps_is_one_entry_for_each(app: Flask, user: User) -> None:
    row = drafts.create_draft(user)
    changes = {"data": {"target": "a"}, "model": {"estimator": "ridge"}}
    drafts.save_many(user, row.id, changes=changes, version=row.version)
    entries = audit.list_entries(AuditFilter(act="draft.change_answers"), limit=9, offset=0)
    told = {line.part: json.loads(line.details)["after"]["fields"] for line in entries}
    assert told == {"data": ["data.target"], "model": ["model.estimator"]}


def test_failed_sign_ins_to_no_account_are_one_entry_a_minute(
    app: Flask, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = now().replace(second=10)
    monkeypatch.setattr(trail, "now", lambda: moment)

    def guess(email: str, address: str) -> None:
        with working_for(Origin("web", address=address)), pytest.raises(DomainError):
            accounts.sign_in_with_password(email, "wrong", address=address)

    def guess_often() -> None:
        for number in range(3):
            guess(f"nobody-{number}@example.org", "203.0.113.7")
        guess("nobody@example.org", "198.51.100.7")
        guess(user.email, "203.0.113.7")
        guess(user.email, "203.0.113.7")

    assert acts_of(guess_often) == ["account.fail_sign_in"] * 4


def test_names_of_columns_stay_out_of_the_trail() -> None:
    changes = {"features.leak.my column": 1, "data.kind.secret": 2, "model.ridge.alpha": 3, "data.Secret": 4}
    assert trail.field_names(changes) == ["features.leak", "data.kind", "model.ridge", "other"]


def test_the_database_refuses_to_change_or_remove_an_entry(app: Flask, user: User) -> None:
    drafts.create_draft(user)
    for statement in ("UPDATE audit_entries SET act = 'x'", "DELETE FROM audit_entries"):
        with pytest.raises((IntegrityError, DBAPIError), match="append-only"):
            db.session.execute(text(statement))
        db.session.rollback()


def test_an_older_database_that_is_put_back_is_found(app: Flask, user: User, settings: Settings) -> None:
    path, older = settings.data / "hydroml.sqlite3", settings.data / "older"
    drafts.create_draft(user)
    db.session.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
    db.session.commit()
    count = audit.head().number
    shutil.copy(path, older)
    for _ in range(3):
        drafts.create_draft(user)
    assert verify_trail().faults == ()
    _put_back(older, path)
    (fault,) = verify_trail().faults
    assert (fault.kind, fault.first, fault.last) == (FaultKind.CUT_OFF, count + 1, count + 3)
    # What is recorded from then on does not cover it up.
    for _ in range(5):
        drafts.create_draft(user)
    upkeep.tidy()
    (fault,) = verify_trail().faults
    assert (fault.kind, fault.first) == (FaultKind.REPLACED, count + 1)


def _put_back(older: Path, path: Path) -> None:
    db.session.remove()
    db.engine.dispose()
    for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
        path.with_name(name).unlink(missing_ok=True)
    shutil.copy(older, path)


def test_a_head_that_could_not_be_written_is_written_later(
    app: Flask, user: User, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    drafts.create_draft(user)
    with monkeypatch.context() as patch:
        patch.setattr(trail.audit_heads, "write_head", lambda *_: None)
        drafts.create_draft(user)
    assert audit_heads.last_head(settings.data) == audit.head().number - 1
    trail.catch_up()
    assert audit_heads.last_head(settings.data) == audit.head().number


def test_addresses_are_shortened_after_the_limit(app: Flask, user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    with working_for(Origin("web", address="203.0.113.77")):
        drafts.create_draft(user)
    for days, address in ((89, "203.0.113.77"), (92, "203.0.113.0/24")):
        later = now() + timedelta(days=days)
        monkeypatch.setattr(trail, "now", lambda later=later: later)
        trail.shorten_old_addresses()
        monkeypatch.undo()
        line = audit.list_entries(AuditFilter(act="draft.create"), limit=1, offset=0)[0]
        assert line.address == address
    assert acts()[-1] == "audit.shorten_addresses"
    assert trail.shorten_old_addresses() == 0
    assert verify_trail().faults == ()
    assert db.session.query(AuditEntry).filter(AuditEntry.address == "203.0.113.77").count() == 0


def test_entries_of_many_threads_are_one_chain(app: Flask, user: User) -> None:
    identifier, before = user.id, audit.head().number
    db.session.rollback()

    def work() -> None:
        with app.app_context():
            for _ in range(10):
                drafts.create_draft(accounts.get_account(identifier))

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    result = verify_trail()
    assert (result.entries, result.faults) == (before + 60, ())


def test_a_thing_that_is_gone_stays_in_the_trail(app: Flask, user: User) -> None:
    row = drafts.create_draft(user)
    drafts.discard_draft(user, row.id)
    entries = audit.list_entries(AuditFilter(subject_id=row.id), limit=9, offset=0)
    assert [line.act for line in entries] == ["draft.discard", "draft.create"]
    assert audit.list_entries(AuditFilter(subject_id=uuid.uuid4()), limit=9, offset=0) == []
