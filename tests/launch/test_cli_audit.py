"""`hydroml audit verify`: it names what was altered, and prints the head to be noted elsewhere."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from app.storage import audit_heads
from tests.launch.test_cli import _code, _run, _sentence


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Return a data folder with a few entries."""
    for name in ("ada", "ben", "eve"):
        _code(_run(tmp_path, "user", "add", f"{name}@example.org"))
    return tmp_path


def alter(data: Path, *statements: str) -> None:
    """Alter the table as somebody who knows how to get round the triggers."""
    with closing(sqlite3.connect(data / "hydroml.sqlite3")) as line:
        for statement in ("DROP TRIGGER audit_entries_keep", "DROP TRIGGER audit_entries_fix", *statements):
            line.execute(statement)
        line.commit()


def test_a_whole_trail_is_said_to_be_whole(data: Path) -> None:
    answer = _run(data, "audit", "verify")
    assert answer.exit_code == 0
    lines = answer.stdout.splitlines()
    assert lines[0] == "ok      6 entries, each as it was recorded."
    head = lines[1].removeprefix("Head: ")
    assert _run(data, "audit", "verify", "--head", head).exit_code == 0
    _code(_run(data, "user", "add", "kim@example.org"))
    assert _run(data, "audit", "verify", "--head", head).exit_code == 0


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ("UPDATE audit_entries SET act = 'account.sign_in' WHERE number = 3", "Entry 3 was changed."),
        ("DELETE FROM audit_entries WHERE number IN (2, 3)", "Entries 2 to 3 were removed."),
        ("DELETE FROM audit_entries WHERE number > 4", "Entries 5 to 6 are missing at the end"),
        ("UPDATE audit_entries SET address = NULL, address_salt = NULL WHERE number = 4", "Entry 4 was changed."),
    ],
)
def test_what_was_altered_is_named(data: Path, statement: str, sentence: str) -> None:
    alter(data, statement)
    answer = _run(data, "audit", "verify")
    assert answer.exit_code == 1
    assert f"FAULT   {sentence}" in answer.stdout


def test_a_head_noted_elsewhere_finds_what_the_folder_cannot(data: Path) -> None:
    head = _run(data, "audit", "verify").stdout.splitlines()[1].removeprefix("Head: ")
    alter(data, "DELETE FROM audit_entries WHERE number > 4")
    lines = (data / "audit" / "heads").read_text().splitlines(keepends=True)
    (data / "audit" / "heads").write_text("".join(lines[:4]))
    assert _run(data, "audit", "verify").exit_code == 0
    assert "are missing at the end" in _run(data, "audit", "verify", "--head", head).stdout


def test_a_missing_file_of_heads_is_a_fault(data: Path) -> None:
    (data / "audit" / "heads").unlink()
    assert "The file of heads is missing" in _run(data, "audit", "verify").stdout


def test_a_head_that_is_none_is_refused(data: Path) -> None:
    _sentence(_run(data, "audit", "verify", "--head", "x"), "NUMBER:HASH")


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("at", "'yesterday'"),
        ("at", "x'c3'"),
        ("actor_id", "'nobody'"),
        ("subject_id", "-1e999"),
        ("details", "x'7b7d'"),
        ("act", "CAST(x'c328' AS TEXT)"),
        ("address", "7"),
        ("previous_hash", "x'c3'"),
        ("hash", "CAST(x'c328' AS TEXT)"),
    ],
)
def test_an_entry_with_a_cell_of_another_kind_is_named(data: Path, column: str, cell: str) -> None:
    alter(data, f"UPDATE audit_entries SET {column} = {cell} WHERE number = 3")
    answer = _run(data, "audit", "verify")
    assert answer.exit_code == 1
    assert [line for line in answer.stdout.splitlines() if "FAULT" in line] == ["FAULT   Entry 3 was changed."]


def test_a_missing_key_is_named_and_not_made_anew(data: Path) -> None:
    key = data / "audit" / "key"
    kept = key.read_text()
    for content in (None, "", "no key", kept[:10]):
        audit_heads.load_key.cache_clear()
        key.unlink(missing_ok=True) if content is None else key.write_text(content)
        _sentence(_run(data, "audit", "verify"), "The key of the audit trail, the file audit/key in the data folder,")
        _sentence(_run(data, "user", "add", "kim@example.org"), "all other recorded acts are refused")
        assert key.exists() == (content is not None)
        assert "FAULT   The key of the audit trail" in _run(data, "doctor").stdout
    key.write_text(kept)
    assert _run(data, "audit", "verify").exit_code == 0


def test_a_trail_without_an_entry_needs_no_key(tmp_path: Path) -> None:
    assert "ok      0 entries" in _run(tmp_path, "audit", "verify").stdout
