"""The `hydroml` command: accounts, links, the doctor, help, and a sentence for whatever is wrong."""

from __future__ import annotations

import contextlib
import contextvars
import os
import re
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from flask import Flask, has_app_context
from sqlalchemy import select

import config
from app.cli import main
from app.domain.errors import NotFoundError
from app.launch.redis_server import socket_path
from app.services.accounts import accounts
from app.storage.binding import bare_app
from app.storage.db import db
from app.storage.migrating import newest_revision
from app.storage.tables import User
from tests.launch.conftest import OURS, ROOT, free_port, hydroml, is_refused

PAGE = 4096
LINK = re.compile(r"http://127\.0\.0\.1:8000/sign-in/([\w-]{40,})\n")


def _run(data: Path, *arguments: str, **environment: str) -> Result:
    """Run a command in this process, in a context of its own: a command leaves its application entered."""
    cleared: dict[str, str | None] = {name: None for name in os.environ if OURS.fullmatch(name)}

    def go() -> Result:
        try:
            return CliRunner().invoke(main, arguments, env={**cleared, "HYDROML_DATA": str(data), **environment})
        finally:
            if has_app_context():
                db.session.remove()
                db.engine.dispose()

    return contextvars.copy_context().run(go)


def _sentence(result: Result, *words: str) -> str:
    """Check that a command ended with one sentence for a person, and return it."""
    assert result.exit_code == 1, (result.output, result.exception)
    assert result.stdout == ""
    match = re.fullmatch(r"Error: (.+\.)\n", result.stderr)
    assert match is not None, result.stderr
    for word in words:
        assert word in match.group(1)
    return match.group(1)


@contextlib.contextmanager
def _opened(data: Path) -> Iterator[Flask]:
    app = bare_app(config.load({"HYDROML_DATA": str(data)}))
    with app.app_context():
        try:
            yield app
        finally:
            db.session.remove()
            db.engine.dispose()


def _people(data: Path) -> list[tuple[str, str, str]]:
    with _opened(data):
        rows = db.session.scalars(select(User).order_by(User.created_at))
        return [(row.email, row.role, row.name) for row in rows]


def _code(result: Result) -> str:
    match = LINK.fullmatch(result.stdout)
    assert match is not None, result.output
    assert result.exit_code == 0
    return match.group(1)


def _opens(data: Path, code: str) -> str | None:
    with _opened(data):
        try:
            return accounts.redeem_sign_in_link(code).email
        except NotFoundError:
            return None


def test_an_account_is_added_and_its_link_alone_is_printed(tmp_path: Path) -> None:
    code = _code(_run(tmp_path, "user", "add", "Ada@Example.org ", "--name", " Ada L. "))
    assert _people(tmp_path) == [("ada@example.org", "member", "Ada L.")]
    assert [_opens(tmp_path, code), _opens(tmp_path, code)] == ["ada@example.org", None]


def test_an_account_may_be_an_administrator(tmp_path: Path) -> None:
    _code(_run(tmp_path, "user", "add", "root@example.org", "--admin"))
    assert _people(tmp_path) == [("root@example.org", "admin", "")]


def test_an_account_is_not_added_twice_however_it_is_written(tmp_path: Path) -> None:
    _code(_run(tmp_path, "user", "add", "ada@example.org"))
    for again in ("ada@example.org", "ADA@example.org", "  ada@example.org\t"):
        _sentence(_run(tmp_path, "user", "add", again, "--admin"), "There is an account for ada@example.org.")
    assert _people(tmp_path) == [("ada@example.org", "member", "")]


BAD = [
    "",
    " ",
    "ada",
    "ada@",
    "@example.org",
    "a b@example.org",
    "a@b@c",
    "a\n@b.org",
    "a" * 65 + "@b.org",
    "a@" + "b" * 190,
]


@pytest.mark.parametrize("email", BAD)
def test_what_is_no_address_gets_no_account(tmp_path: Path, email: str) -> None:
    _sentence(_run(tmp_path, "user", "add", email), "Write an e-mail address, such as name@example.org.")
    assert _people(tmp_path) == []


def test_the_longest_address_is_taken_whole(tmp_path: Path) -> None:
    email = "a" * 64 + "@" + "b" * 189
    code = _code(_run(tmp_path, "user", "add", email))
    assert _opens(tmp_path, code) == email


def test_a_new_link_opens_the_account_and_the_old_one_no_more(tmp_path: Path) -> None:
    old = _code(_run(tmp_path, "user", "add", "ada@example.org"))
    new = _code(_run(tmp_path, "user", "sign-in-link", "ADA@example.org"))
    assert [_opens(tmp_path, old), _opens(tmp_path, new)] == [None, "ada@example.org"]


def test_a_link_of_one_account_leaves_the_link_of_another(tmp_path: Path) -> None:
    first = _code(_run(tmp_path, "user", "add", "ada@example.org"))
    second = _code(_run(tmp_path, "user", "add", "ben@example.org"))
    assert [_opens(tmp_path, first), _opens(tmp_path, second)] == ["ada@example.org", "ben@example.org"]


def test_nobody_gets_a_link_without_an_account(tmp_path: Path) -> None:
    words = _sentence(_run(tmp_path, "user", "sign-in-link", "eve@example.org"))
    assert words == "There is no account for eve@example.org."


def test_an_empty_address_gets_no_link(tmp_path: Path) -> None:
    _code(_run(tmp_path, "user", "add", "root@example.org", "--admin"))
    _sentence(_run(tmp_path, "user", "sign-in-link", ""))


def test_a_link_names_the_port_of_the_settings(tmp_path: Path) -> None:
    result = _run(tmp_path, "user", "add", "ada@example.org", HYDROML_PORT="8123")
    assert result.stdout.startswith("http://127.0.0.1:8123/sign-in/")


def test_a_link_names_no_address_where_nothing_runs_any_more(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "lock").write_text('{"pid": 1, "url": "http://127.0.0.1:8765"}')
    result = _run(tmp_path, "user", "add", "ada@example.org", HYDROML_PORT="8123")
    assert result.stdout.startswith("http://127.0.0.1:8123/sign-in/")


def test_no_code_is_stored_as_it_is_printed(tmp_path: Path) -> None:
    code = _code(_run(tmp_path, "user", "add", "ada@example.org"))
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("hydroml.sqlite3*"))
    assert b"ada@example.org" in stored
    assert code.encode() not in stored


def _findings(result: Result) -> dict[str, list[str]]:
    """Return the doctor's sentences by their first word; each line is a word and a sentence."""
    assert result.stderr == ""
    results: dict[str, list[str]] = {"ok": [], "warning": [], "FAULT": []}
    for line in result.stdout.splitlines():
        word, sentence = re.fullmatch(r"(ok|warning|FAULT) +([A-Z0-9].*\.)", line).groups()  # type: ignore[union-attr]
        results[word].append(sentence)
    assert result.exit_code == (1 if results["FAULT"] else 0)
    return results


def test_the_doctor_finds_no_fault_with_a_sound_folder(tmp_path: Path) -> None:
    _run(tmp_path, "user", "add", "ada@example.org")
    results = _findings(_run(tmp_path, "doctor"))
    assert results["FAULT"] == []
    assert "No queue is named here; `hydroml up` brings its own." in results["warning"]
    text = " ".join(results["ok"])
    for words in (
        "data folder can be written",
        "MB are free",
        "All 3 samples",
        "is sound",
        f"migration {newest_revision()}",
        "Python 3",
    ):
        assert words in text


def test_the_doctor_finds_a_database_that_was_never_made(tmp_path: Path) -> None:
    assert _findings(_run(tmp_path, "doctor"))["FAULT"] == ["The database cannot be used: OperationalError."]


def test_the_doctor_finds_a_database_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "hydroml.sqlite3").write_bytes(b"this is no database" * 300)
    assert _findings(_run(tmp_path, "doctor"))["FAULT"] == ["The database cannot be used: DatabaseError."]


@pytest.fixture
def damaged(tmp_path: Path) -> Path:
    """Return a data folder in whose database some pages are blank."""
    _run(tmp_path, "user", "add", "ada@example.org")
    path = tmp_path / "hydroml.sqlite3"
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = bytearray(path.read_bytes())
    content[2 * PAGE : 8 * PAGE] = bytes(6 * PAGE)
    path.write_bytes(content)
    return tmp_path


def test_the_doctor_finds_a_database_that_is_damaged(damaged: Path) -> None:
    result = _run(damaged, "doctor")
    assert result.exit_code == 1
    assert "FAULT   The database says it is " in result.stdout
    assert "sound" not in result.stdout


def test_the_doctor_says_one_sentence_about_damage(damaged: Path) -> None:
    assert len(_findings(_run(damaged, "doctor"))["FAULT"]) == 1


def test_the_doctor_finds_a_database_of_another_version(tmp_path: Path) -> None:
    _run(tmp_path, "user", "add", "ada@example.org")
    with contextlib.closing(sqlite3.connect(tmp_path / "hydroml.sqlite3")) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    assert len(_findings(_run(tmp_path, "doctor"))["FAULT"]) == 1


def test_the_doctor_finds_a_server_that_does_not_answer(tmp_path: Path) -> None:
    _run(tmp_path, "user", "add", "ada@example.org")
    url = f"redis://127.0.0.1:{free_port()}/0"
    results = _findings(_run(tmp_path, "doctor", REDIS_URL=url))
    assert results["FAULT"] == [
        "The Redis-protocol server does not answer.",
        "0 workers have reported within 30 s.",
    ]


def test_the_doctor_finds_a_disk_with_too_little_room(tmp_path: Path) -> None:
    _run(tmp_path, "user", "add", "ada@example.org")
    results = _findings(_run(tmp_path, "doctor", HYDROML_LIMIT_FREE_DISK_MB="999999999999"))
    assert [sentence.endswith(" MB are free on its disk.") for sentence in results["FAULT"]] == [True]


@pytest.mark.parametrize("setting", ["REDIS_URL", "DATABASE_URL"])
def test_the_doctor_has_a_sentence_for_an_address_that_is_none(tmp_path: Path, setting: str) -> None:
    result = _run(tmp_path, "doctor", **{setting: "nonsense"})
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    assert setting in result.output


def test_the_doctor_has_a_sentence_for_a_short_folder_that_is_not_private(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    data = tmp_path / ("a" * 100)
    socket_path(data).parent.chmod(0o755)
    result = _run(data, "doctor")
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    assert "can be read by others" in result.output


COMMANDS = [
    ["up"],
    ["user", "add"],
    ["user", "sign-in-link"],
    ["user", "set-email"],
    ["user", "disable"],
    ["user", "enable"],
    ["token", "create"],
    ["token", "list"],
    ["token", "revoke"],
    ["doctor"],
]


def _command(path: list[str]) -> click.Command | None:
    command: click.Command | None = main
    for name in path:
        command = command.commands.get(name) if isinstance(command, click.Group) else None
    return command


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_of_the_contract_is_there(path: list[str]) -> None:
    assert _command(path) is not None


def _paths(group: click.Group, start: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield start
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from _paths(command, (*start, name))
        else:
            yield (*start, name)


@pytest.mark.parametrize("path", list(_paths(main)), ids=lambda path: " ".join(path) or "hydroml")
def test_every_command_has_help_and_so_has_each_option(tmp_path: Path, path: tuple[str, ...]) -> None:
    result = _run(tmp_path / "data", *path, "--help")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith(f"Usage: {' '.join(('main', *path))} ")
    command = _command(list(path))
    assert command is not None
    assert command.help
    options = [param for param in command.params if isinstance(param, click.Option)]
    assert [option.name for option in options if not option.help] == []
    assert not (tmp_path / "data").exists()


def test_the_version_is_the_newest_of_the_changelog() -> None:
    newest = re.search(r"^## (\d[\d.]*)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert newest is not None
    assert CliRunner().invoke(main, ["--version"]).stdout == f"HydroML, version {newest.group(1)}\n"


@pytest.mark.parametrize(
    "path", [["nonsense"], ["user", "nonsense"], ["user", "add"], ["user", "sign-in-link"], ["doctor", "x"]]
)
def test_what_is_no_command_is_said_and_does_nothing(tmp_path: Path, path: list[str]) -> None:
    result = _run(tmp_path / "data", *path)
    assert result.exit_code == 2
    assert "Usage: " in result.stderr
    assert re.search(r"^Error: [A-Z]", result.stderr, re.MULTILINE)
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    "option", [("--port", "0"), ("--port", "65536"), ("--port", "x"), ("--workers", "0"), ("--workers", "65")]
)
def test_a_start_with_a_number_out_of_range_does_nothing(tmp_path: Path, option: tuple[str, str]) -> None:
    result = _run(tmp_path / "data", "up", *option)
    assert result.exit_code == 2
    assert f"Invalid value for '{option[0]}'" in result.stderr
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("path", [["doctor"], ["user", "add", "ada@example.org"], ["user", "sign-in-link", "a@b.org"]])
def test_every_command_has_a_sentence_for_a_bad_setting(tmp_path: Path, path: list[str]) -> None:
    _sentence(_run(tmp_path, *path, HYDROML_PORT="x"), "HYDROML_PORT must be a whole number, not 'x'.")


def test_a_bad_setting_ends_a_real_process_with_a_sentence(tmp_path: Path) -> None:
    environment = {"HYDROML_DATA": str(tmp_path), "HYDROML_LIMIT_ROWS": "many"}
    is_refused(hydroml("up", environment=environment), "HYDROML_LIMIT_ROWS")
    assert not (tmp_path / "run").exists()


def test_a_token_is_printed_alone_on_the_last_line(tmp_path: Path) -> None:
    _run(tmp_path, "user", "add", "ada@example.org")
    result = _run(tmp_path, "token", "create", "ada@example.org", "--name", "scripts", "--scope", "write")
    assert result.exit_code == 0, result.output
    assert re.fullmatch(r"hyd_[\w-]{43}", result.stdout.splitlines()[-1])


def test_a_token_for_nobody_is_refused_with_a_sentence(tmp_path: Path) -> None:
    _sentence(_run(tmp_path, "token", "create", "nobody@example.org", "--name", "x"), "nobody@example.org")
