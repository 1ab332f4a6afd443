"""The `hydroml` command on accounts that exist: another address, disabled and enabled, tokens listed and revoked."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.launch.test_cli import _code, _opens, _people, _run, _sentence

EMAIL = "ada@example.org"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Return a data folder with one member."""
    _code(_run(tmp_path, "user", "add", EMAIL))
    return tmp_path


def _done(data: Path, *arguments: str) -> str:
    result = _run(data, *arguments)
    assert (result.exit_code, result.stderr) == (0, ""), result.output
    return result.stdout


def test_an_address_is_changed(data: Path) -> None:
    words = _done(data, "user", "set-email", "ADA@example.org", "Countess@Example.org")
    assert words == "The account ADA@example.org has the address countess@example.org now.\n"
    assert _people(data) == [("countess@example.org", "member", "")]


def test_an_address_that_is_taken_or_none_is_refused(data: Path) -> None:
    _code(_run(data, "user", "add", "ben@example.org"))
    _sentence(_run(data, "user", "set-email", EMAIL, "BEN@example.org"), "There is an account for ben@example.org.")
    _sentence(_run(data, "user", "set-email", EMAIL, "ada"), "Write an e-mail address")
    _sentence(_run(data, "user", "set-email", "eve@example.org", "e@example.org"), "no account for eve@example.org")


def test_a_disabled_account_gets_no_link_until_it_is_enabled(data: Path) -> None:
    assert _done(data, "user", "disable", "ADA@example.org") == f"The account {EMAIL} is disabled.\n"
    _sentence(_run(data, "user", "sign-in-link", EMAIL), "is disabled. Enable it first.")
    assert _done(data, "user", "enable", EMAIL) == f"The account {EMAIL} is enabled.\n"
    assert _opens(data, _code(_run(data, "user", "sign-in-link", EMAIL))) == EMAIL


def test_the_last_administrator_stays(data: Path) -> None:
    _code(_run(data, "user", "add", "root@example.org", "--admin"))
    _sentence(_run(data, "user", "disable", "root@example.org"), "root@example.org is the last administrator.")
    _code(_run(data, "user", "add", "second@example.org", "--admin"))
    _done(data, "user", "disable", "root@example.org")


def test_tokens_are_listed_without_their_secret(data: Path) -> None:
    assert _done(data, "token", "list", EMAIL) == f"{EMAIL} has no tokens.\n"
    secrets = [
        _done(data, "token", "create", EMAIL, "--name", name, "--scope", scope).splitlines()[-1]
        for name, scope in (("old", "read"), ("nightly run", "write"))
    ]
    _done(data, "token", "revoke", EMAIL, "--name", "old")
    words = _done(data, "token", "list", "ADA@example.org")
    dates = r"made \d{4}-\d\d-\d\d, never used, ends \d{4}-\d\d-\d\d"
    expected = rf"nightly run  write  active   {dates}\nold          read   revoked  {dates}\n"
    assert re.fullmatch(expected, words), words
    assert not any(secret in words for secret in secrets)


def test_every_active_token_of_a_name_is_revoked(data: Path) -> None:
    for _ in range(2):
        _done(data, "token", "create", EMAIL, "--name", "scripts")
    assert _done(data, "token", "revoke", EMAIL, "--name", "scripts") == "Revoked 2 tokens named scripts.\n"
    _sentence(_run(data, "token", "revoke", EMAIL, "--name", "scripts"), "has no active token named scripts.")


@pytest.mark.parametrize(
    "command",
    [
        ["user", "disable", "eve@example.org"],
        ["user", "enable", "eve@example.org"],
        ["token", "list", "eve@example.org"],
        ["token", "revoke", "eve@example.org", "--name", "x"],
    ],
    ids=" ".join,
)
def test_an_account_that_does_not_exist_is_said(data: Path, command: list[str]) -> None:
    assert _sentence(_run(data, *command)) == "There is no account for eve@example.org."
