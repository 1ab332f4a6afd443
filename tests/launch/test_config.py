"""Every setting that the environment can hold: its default, what it may be, and the sentence where it is wrong."""

from __future__ import annotations

import os
import stat
import tempfile
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.engine import make_url

import config

KEY = "0123456789abcdef" * 4
LIMITS = [field.name for field in fields(config.Limits)]


def _load(data: Path, **environment: str) -> config.Settings:
    return config.load({"HYDROML_DATA": str(data), **environment})


def _refused(data: Path, name: str, value: str) -> str:
    """Load with a bad value, check that the sentence names the variable, and return it."""
    with pytest.raises(config.SettingsError) as caught:
        _load(data, **{name: value})
    words = str(caught.value)
    assert words.startswith(f"{name} ")
    assert words.endswith(".")
    return words


def test_without_any_setting_there_are_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    made = config.load({})
    assert made.data == tmp_path.resolve() / "var"
    assert made.database_url == f"sqlite:///{made.data}/hydroml.sqlite3"
    assert (made.redis_url, made.port, made.tls, made.testing) == (None, 8000, False, False)
    assert made.trusted_hosts == ()
    assert [str(proxy) for proxy in made.proxies] == ["127.0.0.1/32"]
    assert made.limits == config.Limits()


def test_without_an_argument_the_environment_of_the_process_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HYDROML_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("HYDROML_PORT", "8123")
    made = config.load()
    assert (made.data, made.port) == (tmp_path.resolve() / "data", 8123)


def test_the_data_folder_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    made = _load(tmp_path / "a" / "b")
    assert made.data == tmp_path.resolve() / "a" / "b"
    assert stat.S_IMODE(made.data.stat().st_mode) == 0o700


def test_a_tilde_is_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert _load(Path("~/hydro")).data == tmp_path.resolve() / "hydro"


def test_a_relative_folder_stays_the_same_when_the_process_moves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert _load(Path("hydro")).data == tmp_path.resolve() / "hydro"


def test_an_empty_data_folder_is_the_default_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert config.load({"HYDROML_DATA": ""}).data == tmp_path.resolve() / "var"


def test_a_data_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(config.SettingsError, match="HYDROML_DATA"):
        _load(tmp_path / "file")


def test_the_key_is_made_once_and_nobody_else_can_read_it(tmp_path: Path) -> None:
    first = _load(tmp_path)
    file = tmp_path / "secret_key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(bytes.fromhex(first.secret_key)) == 32
    assert file.read_text() == first.secret_key == _load(tmp_path).secret_key


def test_two_folders_have_two_keys(tmp_path: Path) -> None:
    assert _load(tmp_path / "a").secret_key != _load(tmp_path / "b").secret_key


def test_a_key_that_is_given_is_used_and_not_written_down(tmp_path: Path) -> None:
    assert _load(tmp_path, HYDROML_SECRET_KEY=KEY).secret_key == KEY
    assert list(tmp_path.iterdir()) == []


def test_an_empty_key_is_no_key_and_one_is_made(tmp_path: Path) -> None:
    assert len(_load(tmp_path, HYDROML_SECRET_KEY="").secret_key) == 64


@pytest.mark.parametrize("key", ["changeme", "dev", KEY[:31], "a" * 64, "ab" * 32, "secret" * 10, " "])
def test_a_weak_key_is_refused_and_not_repeated(tmp_path: Path, key: str) -> None:
    words = _refused(tmp_path, "HYDROML_SECRET_KEY", key)
    assert "32 random characters" in words
    assert "leave it out" in words
    assert len(key) < 5 or key not in words


def test_a_key_of_32_characters_is_long_enough(tmp_path: Path) -> None:
    assert _load(tmp_path, HYDROML_SECRET_KEY=KEY[:32]).secret_key == KEY[:32]


def test_a_key_file_that_a_crash_left_empty_is_named(tmp_path: Path) -> None:
    (tmp_path / "secret_key").touch(mode=0o600)
    with pytest.raises(config.SettingsError, match=str(tmp_path / "secret_key")):
        _load(tmp_path)


def test_the_database_can_be_another(tmp_path: Path) -> None:
    url = "postgresql+psycopg://hydro@localhost/hydro"
    assert _load(tmp_path, DATABASE_URL=url).database_url == url


def test_an_empty_database_address_is_the_default_one(tmp_path: Path) -> None:
    assert _load(tmp_path, DATABASE_URL="").database_url == _load(tmp_path).database_url


ODD_NAMES = [
    "with blanks",
    "Élan 水",
    "no #1",
    "50%",
    "a+b&c=d@e:f",
    "what?",
    "my%20data",
]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_the_database_lies_in_the_data_folder_whatever_its_name(tmp_path: Path, name: str) -> None:
    made = _load(tmp_path / name)
    assert make_url(made.database_url).database == str(tmp_path.resolve() / name / "hydroml.sqlite3")


@pytest.mark.parametrize("url", ["nonsense", "/var/lib/hydroml.sqlite3", "nosuchkind://host/base"])
def test_an_address_that_is_no_database_is_refused(tmp_path: Path, url: str) -> None:
    _refused(tmp_path, "DATABASE_URL", url)


@pytest.mark.parametrize("url", ["redis://localhost:6379/0", "rediss://:p@host:6380/1", "unix:///run/valkey.sock"])
def test_a_server_of_ones_own_is_taken_as_it_is_named(tmp_path: Path, url: str) -> None:
    assert _load(tmp_path, REDIS_URL=url).redis_url == url


def test_an_empty_server_is_none(tmp_path: Path) -> None:
    assert _load(tmp_path, REDIS_URL="").redis_url is None


@pytest.mark.parametrize("url", ["localhost:6379", "http://localhost", "nonsense"])
def test_an_address_that_is_no_server_is_refused(tmp_path: Path, url: str) -> None:
    _refused(tmp_path, "REDIS_URL", url)


NOT_WHOLE = ["x", "-1", "+1", "1.0", "1e3", "1_000", "1,000", "0x10", "8 000", "٣", "８０００", "²", "8000\n8001"]


@pytest.mark.parametrize("value", NOT_WHOLE)
def test_a_port_that_is_no_whole_number_is_refused_and_repeated(tmp_path: Path, value: str) -> None:
    words = _refused(tmp_path, "HYDROML_PORT", value)
    assert words == f"HYDROML_PORT must be a whole number, not {value!r}."


@pytest.mark.parametrize(("value", "port"), [("", 8000), ("  ", 8000), ("1", 1), (" 8123 ", 8123), ("65535", 65535)])
def test_a_port_is_read_with_blanks_around_it(tmp_path: Path, value: str, port: int) -> None:
    assert _load(tmp_path, HYDROML_PORT=value).port == port


@pytest.mark.parametrize("value", ["0", "65536", "99999"])
def test_a_port_that_cannot_be_is_refused(tmp_path: Path, value: str) -> None:
    _refused(tmp_path, "HYDROML_PORT", value)


@pytest.mark.parametrize(("value", "tls"), [("1", True), ("", False), ("0", False)])
def test_tls_is_on_or_off(tmp_path: Path, value: str, tls: bool) -> None:
    assert _load(tmp_path, HYDROML_TLS=value).tls is tls


@pytest.mark.parametrize(("value", "kept"), [("1", True), ("", True), ("0", False), ("off", False)])
def test_a_spare_reader_is_kept_unless_it_is_switched_off(tmp_path: Path, value: str, kept: bool) -> None:
    assert _load(tmp_path, HYDROML_SPARE_READER=value).spare_reader is kept


@pytest.mark.parametrize(("value", "count"), [("1", 1), ("7", 7), ("32", 32)])
def test_the_web_has_as_many_processes_as_one_says(tmp_path: Path, value: str, count: int) -> None:
    assert _load(tmp_path, HYDROML_WEB_PROCESSES=value).web_processes == count


def test_the_web_has_a_process_for_each_processor_up_to_four(tmp_path: Path) -> None:
    assert _load(tmp_path).web_processes == min(len(os.sched_getaffinity(0)), 4)


@pytest.mark.parametrize("value", ["0", "33", "two"])
def test_a_number_of_processes_that_cannot_be_is_refused(tmp_path: Path, value: str) -> None:
    _refused(tmp_path, "HYDROML_WEB_PROCESSES", value)


@pytest.mark.parametrize("value", ["true", "yes", "on", " 1"])
def test_tls_that_is_neither_on_nor_off_is_not_silently_off(tmp_path: Path, value: str) -> None:
    try:
        tls = _load(tmp_path, HYDROML_TLS=value).tls
    except config.SettingsError:
        tls = True
    assert tls


@pytest.mark.parametrize(
    ("value", "hosts"), [("", ()), (",", ()), ("a.org", ("a.org",)), ("a.org,,b.org,", ("a.org", "b.org"))]
)
def test_hosts_are_listed_with_commas(tmp_path: Path, value: str, hosts: tuple[str, ...]) -> None:
    assert _load(tmp_path, HYDROML_TRUSTED_HOSTS=value).trusted_hosts == hosts


def test_hosts_may_be_listed_with_blanks_after_the_commas(tmp_path: Path) -> None:
    made = _load(tmp_path, HYDROML_TRUSTED_HOSTS="a.example.org, b.example.org")
    assert made.trusted_hosts == ("a.example.org", "b.example.org")


@pytest.mark.parametrize(
    ("value", "proxies"),
    [
        ("", []),
        ("10.0.0.7", ["10.0.0.7/32"]),
        (" 10.0.0.0/24 , ::1,", ["10.0.0.0/24", "::1/128"]),
    ],
)
def test_proxies_are_addresses_and_networks_with_commas(tmp_path: Path, value: str, proxies: list[str]) -> None:
    assert [str(proxy) for proxy in _load(tmp_path, HYDROML_PROXY=value).proxies] == proxies


@pytest.mark.parametrize("value", ["proxy.example.org", "*", "10.0.0.1/8", "10.0.0"])
def test_a_proxy_that_is_no_address_is_refused(tmp_path: Path, value: str) -> None:
    _refused(tmp_path, "HYDROML_PROXY", value)


@pytest.mark.parametrize("name", LIMITS)
def test_each_limit_can_be_set_and_no_other_moves(tmp_path: Path, name: str) -> None:
    made = _load(tmp_path, **{f"HYDROML_LIMIT_{name.upper()}": "7654321"}).limits
    changed = {text for text in LIMITS if getattr(made, text) != getattr(config.Limits(), text)}
    assert (getattr(made, name), changed) == (7_654_321, {name})


@pytest.mark.parametrize("name", LIMITS)
def test_each_limit_that_is_no_whole_number_is_refused_by_its_name(tmp_path: Path, name: str) -> None:
    _refused(tmp_path, f"HYDROML_LIMIT_{name.upper()}", "many")


@pytest.mark.parametrize("name", LIMITS)
def test_each_limit_is_positive_by_default_and_an_empty_one_is_the_default(tmp_path: Path, name: str) -> None:
    made = _load(tmp_path, **{f"HYDROML_LIMIT_{name.upper()}": ""}).limits
    assert getattr(made, name) == getattr(config.Limits(), name) > 0


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.text(max_size=8) | st.from_regex(r"[0-9]{1,8}", fullmatch=True))
def test_any_text_is_a_number_or_refused(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        environment = {"HYDROML_DATA": folder, "HYDROML_SECRET_KEY": KEY, "HYDROML_LIMIT_ROWS": text}
        stripped = text.strip()
        if stripped and not (stripped.isascii() and stripped.isdecimal()):
            with pytest.raises(config.SettingsError, match=r"^HYDROML_LIMIT_ROWS must be a whole number"):
                config.load(environment)
        else:
            assert config.load(environment).limits.rows == int(stripped or config.Limits().rows)


def test_loading_changes_nothing_in_the_environment(tmp_path: Path) -> None:
    before = dict(os.environ)
    _load(tmp_path, HYDROML_PORT="8123")
    assert dict(os.environ) == before
