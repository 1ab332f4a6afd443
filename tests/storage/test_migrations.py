"""Migrations: they make exactly the mapped tables, once, whole or not at all, and can be undone."""

from __future__ import annotations

import contextlib
import importlib.util
import inspect
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import alembic
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect as look_at
from sqlalchemy import text

import config
from app.services.accounts import accounts
from app.storage import engine, migrating
from app.storage.binding import MIGRATIONS, bare_app
from app.storage.db import Base, db
from app.storage.migrating import NewerDatabaseError, migrate, newest_revision, revision_of_database

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ScriptDirectory(str(MIGRATIONS))
REVISIONS = [script.revision for script in reversed(list(SCRIPTS.walk_revisions()))]


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Flask]:
    """Return an application on an empty database, with its context entered."""
    app = bare_app(config.load({"HYDROML_DATA": str(tmp_path / "data")}))
    with app.app_context():
        try:
            yield app
        finally:
            db.session.remove()
            db.engine.dispose()


def _tables() -> set[str]:
    return set(look_at(db.engine).get_table_names())


def _differences() -> list[Any]:
    with db.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True, "target_metadata": Base.metadata}
        )
        return list(compare_metadata(context, Base.metadata))


def _schema() -> list[tuple[str, str]]:
    with db.engine.connect() as connection:
        rows = connection.execute(text("SELECT name, sql FROM sqlite_master ORDER BY type, name"))
        return [(row[0], row[1]) for row in rows]


def _database(app: Flask) -> Path:
    settings: config.Settings = app.extensions["hydroml_settings"]
    return settings.data / "hydroml.sqlite3"


def test_the_migrations_make_exactly_the_mapped_tables(empty: Flask) -> None:
    assert migrate() is True
    assert _differences() == []
    assert _tables() == {*Base.metadata.tables, "alembic_version"}


def test_the_comparison_would_notice_a_difference(empty: Flask) -> None:
    migrate()
    with db.engine.begin() as connection:
        connection.execute(text("ALTER TABLE users DROP COLUMN theme"))
        connection.execute(text("CREATE TABLE stray (id INTEGER)"))
    assert sorted(str(difference[0]) for difference in _differences()) == ["add_column", "remove_table"]


def test_indexes_and_references_are_those_of_the_mapped_tables(empty: Flask) -> None:
    migrate()
    made = look_at(db.engine)
    for name, table in Base.metadata.tables.items():
        assert {index["name"] for index in made.get_indexes(name)} == {index.name for index in table.indexes}, name
        references = {(key.parent.name, key.column.table.name, key.ondelete) for key in table.foreign_keys}
        results = {
            (item["constrained_columns"][0], item["referred_table"], item["options"].get("ondelete"))
            for item in made.get_foreign_keys(name)
        }
        assert results == references, name


def test_there_is_one_head_and_one_line_of_migrations() -> None:
    assert SCRIPTS.get_heads() == [newest_revision()] == [REVISIONS[-1]]
    assert SCRIPTS.get_bases() == [REVISIONS[0]]
    assert [SCRIPTS.get_revision(item).down_revision for item in REVISIONS] == [None, *REVISIONS[:-1]]


def test_every_file_of_the_folder_is_a_migration_of_that_line() -> None:
    files = {path.name for path in (MIGRATIONS / "versions").glob("*.py")}
    assert files == {Path(SCRIPTS.get_revision(item).path).name for item in REVISIONS}


@pytest.mark.parametrize("revision", REVISIONS)
def test_no_migration_imports_the_application(revision: str) -> None:
    source = Path(SCRIPTS.get_revision(revision).path).read_text()
    assert "from app" not in source
    assert "import app" not in source


def test_a_second_upgrade_does_nothing(empty: Flask) -> None:
    assert revision_of_database() is None
    migrate()
    accounts.create_user("ada@example.org")
    before, files = _schema(), sorted(path.name for path in _database(empty).parent.iterdir())
    assert migrate() is False
    upgrade(directory=str(MIGRATIONS))
    assert (_schema(), revision_of_database()) == (before, newest_revision())
    assert accounts.accounts.find_user("ada@example.org") is not None
    assert sorted(path.name for path in _database(empty).parent.iterdir()) == files


def _undoes(script: Script) -> bool:
    spec = importlib.util.spec_from_file_location(f"migration_{script.revision}", script.path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return hasattr(module, "downgrade") and "NotImplementedError" not in inspect.getsource(module.downgrade)


UNDONE = [item for item in REVISIONS if _undoes(SCRIPTS.get_revision(item))]


@pytest.mark.parametrize("revision", UNDONE)
def test_each_migration_can_be_undone_and_done_again(empty: Flask, revision: str) -> None:
    script = SCRIPTS.get_revision(revision)
    if script.down_revision is not None:
        upgrade(directory=str(MIGRATIONS), revision=str(script.down_revision))
    before = {name: sql for name, sql in _schema() if "alembic" not in name}
    upgrade(directory=str(MIGRATIONS), revision=revision)
    after = _schema()
    downgrade(directory=str(MIGRATIONS), revision=str(script.down_revision or "base"))
    assert revision_of_database() == script.down_revision
    assert {name: sql for name, sql in _schema() if "alembic" not in name} == before
    upgrade(directory=str(MIGRATIONS), revision=revision)
    assert _schema() == after


def test_histories_of_templates_lose_their_addresses(empty: Flask) -> None:
    upgrade(directory=str(MIGRATIONS), revision="0013")
    now, named, nameless, template = "2026-01-01", "a" * 32, "b" * 32, "c" * 32
    with db.engine.begin() as connection:
        for identifier, name in ((named, "Ada"), (nameless, "")):
            values = f"('{identifier}', '{identifier[0]}@example.org', '{name}', 'member', 'auto', '{now}')"
            connection.execute(text(f"INSERT INTO users (id, email, name, role, theme, created_at) VALUES {values}"))
        columns = "id, name, description, category, tags, visibility, version, search_text, needs, sketch, usage_count"
        values = f"'{template}', 'Flow', '', '', '[]', 'private', 1, '', '[]', '{{}}', 0, '{now}', '{now}'"
        connection.execute(
            text(f"INSERT INTO experiment_templates ({columns}, created_at, updated_at) VALUES ({values})")
        )
        authors = ((named, "a@example.org"), (nameless, "b@example.org"), ("d" * 32, "d@example.org"), (named, "Old"))
        for version, (identifier, name) in enumerate(authors, start=1):
            columns = "template_id, version, name, description, category, tags, visibility, config, requirements"
            values = (
                f"'{template}', {version}, 'Flow', '', '', '[]', 'private', '{{}}', '{{}}', '{identifier}', '{name}'"
            )
            connection.execute(
                text(
                    f"INSERT INTO template_versions ({columns}, author_id, author_name, comment, created_at) "
                    f"VALUES ({values}, '', '{now}')"
                )
            )
    upgrade(directory=str(MIGRATIONS), revision="0014")
    with db.engine.connect() as connection:
        names = connection.scalars(text("SELECT author_name FROM template_versions ORDER BY version")).all()
    assert names == ["Ada", "A member", "A member", "Old"]


def test_references_are_watched_again_after_a_migration(empty: Flask) -> None:
    migrate()
    with db.engine.connect() as connection:
        assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"


def test_a_migration_that_fails_in_the_middle_leaves_nothing_and_can_be_tried_again(
    empty: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    create, made = alembic.op.create_table, []

    def fail(name: str, *arguments: Any, **options: Any) -> Any:
        if len(made) == 3:
            raise OSError("the power failed")
        made.append(name)
        return create(name, *arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(alembic.op, "create_table", fail)
        with pytest.raises(OSError, match="the power failed"):
            migrate()
    assert len(made) == 3
    assert (_tables() - {"alembic_version"}, revision_of_database()) == (set(), None)
    assert migrate() is True
    assert _differences() == []


def test_a_process_killed_in_the_middle_leaves_a_database_that_can_be_migrated(empty: Flask) -> None:
    code = (
        "import alembic.op, os, signal, config\n"
        "from app.storage.binding import bare_app; from app.storage.migrating import migrate\n"
        "create = alembic.op.create_table\n"
        "def die(name, *a, **k):\n"
        "    create(name, *a, **k)\n"
        "    if name == 'datasets': os.kill(os.getpid(), signal.SIGKILL)\n"
        "alembic.op.create_table = die\n"
        "with bare_app(config.load()).app_context(): migrate()\n"
    )
    process = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=_environment(empty), timeout=60, check=False)
    assert process.returncode == -9
    assert revision_of_database() is None
    assert migrate() is True
    assert _differences() == []
    with db.engine.connect() as connection:
        assert connection.execute(text("PRAGMA integrity_check")).scalar() == "ok"


def _environment(app: Flask) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    return {**kept, "HYDROML_DATA": str(_database(app).parent)}


WAITS = """
import sys, config
from sqlalchemy import Engine, event
from app.storage.binding import bare_app
from app.storage.migrating import NewerDatabaseError, migrate, newest_revision, revision_of_database

@event.listens_for(Engine, "before_cursor_execute")
def wait(connection, cursor, statement, *rest):
    if statement.strip().startswith("CREATE") and "wait" in sys.argv:
        sys.argv.remove("wait")
        print("about to write", flush=True)
        sys.stdin.readline()

with bare_app(config.load()).app_context():
    migrate()
"""


def _migrate_apart(app: Flask, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WAITS, *arguments],
        cwd=ROOT,
        env=_environment(app),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_two_that_migrate_at_once_both_succeed(empty: Flask) -> None:
    with contextlib.ExitStack() as stack:
        first = stack.enter_context(_migrate_apart(empty, "wait"))
        stack.callback(first.kill)
        assert first.stdout is not None
        words = first.stdout.readline()
        second = stack.enter_context(_migrate_apart(empty))
        stack.callback(second.kill)
        # The second either ends meanwhile or waits for the first, which has seen an empty database.
        with contextlib.suppress(subprocess.TimeoutExpired):
            second.wait(5)
        first.communicate("go on\n", timeout=40)
        second.communicate(timeout=40)
    assert words == "about to write\n"
    assert (first.returncode, second.returncode) == (0, 0)
    assert revision_of_database() == newest_revision()


def test_a_database_is_copied_whole_before_it_is_changed(empty: Flask) -> None:
    migrate()
    accounts.create_user("ada@example.org")
    copy = engine.copy_before_migration(f"sqlite:///{_database(empty)}", "0002")
    assert copy == _database(empty).with_name("hydroml.sqlite3.before-0002")
    with contextlib.closing(sqlite3.connect(copy)) as opened:
        assert opened.execute("SELECT email FROM users").fetchall() == [("ada@example.org",)]
        assert opened.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert not list(copy.parent.glob("*.part"))


def test_an_older_database_is_copied_before_it_is_brought_up_to_date(
    empty: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrate()
    monkeypatch.setattr(migrating, "newest_revision", lambda: "9999")
    assert migrate()
    assert _database(empty).with_name("hydroml.sqlite3.before-9999").exists()


@pytest.mark.usefixtures("empty")
def test_a_database_of_a_newer_version_is_left_alone_and_that_is_said() -> None:
    migrate()
    with db.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(NewerDatabaseError, match="migration 9999, which this HydroML does not know"):
        migrate()
    assert revision_of_database() == "9999"


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "postgresql://host/base"])
def test_what_is_no_file_is_not_copied(url: str) -> None:
    assert engine.copy_before_migration(url, "0002") is None


def test_datasets_deleted_before_they_could_be_restored_are_marked_as_gone(empty: Flask) -> None:
    upgrade(directory=str(MIGRATIONS), revision="0002")
    with db.engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO users (id, email, name, role, theme, created_at) "
                "VALUES ('u', 'a@example.org', 'A', 'member', '', '2024-01-01')"
            )
        )
        for name, gone in (("here", "NULL"), ("gone", "'2024-02-02'"), ("needed", "'2024-02-02'")):
            connection.execute(
                text(
                    "INSERT INTO datasets (id, owner_id, name, file_name, state, size_bytes, created_at, touched_at, "
                    f"deleted_at) VALUES ('{name}', 'u', 'n', 'f', 'ready', 1, '2024-01-01', '2024-01-01', {gone})"
                )
            )
        connection.execute(
            text(
                "INSERT INTO experiments (id, owner_id, dataset_id, name, description, tags, notes, state, config, "
                "config_changes, dataset_sha256, created_at) VALUES "
                "('e', 'u', 'needed', 'n', '', '[]', '', 'finished', '{}', '[]', '', '2024-01-01')"
            )
        )
    upgrade(directory=str(MIGRATIONS))
    with db.engine.connect() as connection:
        rows = connection.execute(text("SELECT id, purged_at FROM datasets ORDER BY id")).all()
    assert [(row[0], row[1] is None) for row in rows] == [("gone", False), ("here", True), ("needed", True)]
