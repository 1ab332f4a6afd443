"""`hydroml up` as a real process: what it says, who may start it, how it ends, and what it leaves behind."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest

import config
from app.launch import warming
from app.launch.locking import AlreadyRunningError, FolderLock
from app.launch.web_hooks import post_worker_init
from app.services.accounts import accounts
from app.services.jobs import upkeep
from app.storage.binding import bare_app
from app.storage.reading import reader_pool
from tests.launch.conftest import (
    READY,
    ROOT,
    Answer,
    Starter,
    Up,
    clean_environment,
    free_port,
    get,
    hydroml,
    is_refused,
    listening,
    sign_in,
    still_there,
    wait_until,
)

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="these tests look at /proc")


# Each process of the web keeps one.
PROCESSES = min(len(os.sched_getaffinity(0)), 4)


def _spares_of(up: Up) -> int:
    lines = []
    for pid in up.all_processes():
        with contextlib.suppress(OSError):
            lines.append(Path(f"/proc/{pid}/cmdline").read_bytes())
    return sum(line.endswith(b"app.storage.reading.child\0waits\0") for line in lines)


@pytest.fixture(scope="module")
def running(starter: Starter, tmp_path_factory: pytest.TempPathFactory) -> Up:
    """One running product on a new folder, for every test that leaves it running."""
    up = starter.ready(tmp_path_factory.mktemp("up") / "data")
    wait_until(lambda: _spares_of(up) == PROCESSES, seconds=20, what="the start of the spare reading children")
    return up


@pytest.mark.parametrize("wanted", [True, False])
def test_the_web_keeps_a_spare_reading_child_unless_it_shall_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wanted: bool
) -> None:
    kept: list[Path] = []
    monkeypatch.setattr(reader_pool, "keep", kept.append)
    monkeypatch.setattr(upkeep, "sweep_for_ever", lambda _app: None)
    monkeypatch.setattr(warming, "warm_caches", lambda _app: None)
    app = bare_app(config.load({"HYDROML_DATA": str(tmp_path), "HYDROML_SPARE_READER": str(int(wanted))}))
    post_worker_init(SimpleNamespace(wsgi=app))
    assert kept == [tmp_path] * wanted


def _ready(up: Up) -> dict[str, str]:
    parts: dict[str, str] = json.loads(get(f"{up.url}/health/ready").body)
    return parts


def test_the_last_line_is_one_sign_in_link(running: Up) -> None:
    lines = running.output.strip().splitlines()
    match = READY.fullmatch(lines[-1])
    assert match is not None
    assert match.group(1).startswith(f"{running.url}/sign-in/")
    assert len(READY.findall(running.output)) == 1
    assert "Traceback" not in running.output


def test_the_link_works_once(running: Up) -> None:
    for _ in range(2):
        assert '<button class="btn primary" type="submit">Sign in</button>' in get(running.link).body
    first = sign_in(running.link)
    assert (first.status, first.goes_to) == (303, "/experiments")
    assert get(f"{running.url}/experiments", cookie=first.cookie).status == 200
    second = get(running.link)
    assert second.status == 404
    assert "It was already used, or it is too old." in second.body
    assert get(f"{running.url}/experiments", cookie=second.cookie).status != 200


def test_health_says_that_it_lives_and_that_every_part_is_ready(running: Up) -> None:
    live = get(f"{running.url}/health/live")
    assert (live.status, json.loads(live.body)) == (200, {"status": "ok"})
    wait_until(lambda: _ready(running)["workers"] == "3", seconds=30, what="the beat of all workers")
    assert get(f"{running.url}/health/ready").status == 200
    words = {
        "database": "ok",
        "disk": "ok",
        "queue": "ok",
        "workers": "3",
        "reader": "ok",
        "cache": "nothing asked yet",
    }
    assert _ready(running) == {"status": "ok", **words, "faults": []}


def test_a_second_start_on_the_folder_names_the_address_of_the_first(running: Up) -> None:
    before = running.all_processes()
    process = hydroml("up", "--port", "1", "--data", str(running.data))
    is_refused(process, "already running", running.url)
    assert process.stdout == ""
    assert running.all_processes() == before
    assert get(f"{running.url}/health/live").status == 200


def test_doctor_finds_no_fault_while_it_runs(running: Up) -> None:
    wait_until(lambda: _ready(running)["workers"] == "3", seconds=30, what="the beat of all workers")
    process = hydroml("doctor", environment={"HYDROML_DATA": str(running.data)})
    assert (process.returncode, process.stderr) == (0, "")
    assert "FAULT" not in process.stdout
    assert "The Redis-protocol server answers." in process.stdout
    assert "3 workers have reported" in process.stdout


def test_an_account_added_meanwhile_gets_a_link_to_the_running_address(running: Up) -> None:
    process = hydroml("user", "add", "ada@example.org", environment={"HYDROML_DATA": str(running.data)})
    assert process.returncode == 0
    assert process.stdout.startswith(f"{running.url}/sign-in/")
    opened = sign_in(process.stdout.strip(), X_Forwarded_For="192.0.2.66, 198.51.100.9")
    assert opened.status == 303
    account = get(f"{running.url}/account", cookie=opened.cookie).body
    assert "ada@example.org" in account
    assert "From 198.51.100.9," in account, "The proxy on this machine says who asks."


def test_only_the_web_listens_on_the_network(running: Up) -> None:
    assert listening(running.all_processes()) == {running.port}


def test_nobody_else_can_look_into_the_folder(running: Up) -> None:
    modes = {
        name: stat.S_IMODE((running.data / name).stat().st_mode)
        for name in (".", "run", "run/lock", "run/redis.sock", "redis", "secret_key")
    }
    assert {name: oct(mode) for name, mode in modes.items() if mode & 0o077} == {}


def test_a_worker_that_is_killed_is_started_again(running: Up) -> None:
    def workers() -> set[int]:
        results = set()
        for pid in running.all_processes():
            with contextlib.suppress(OSError):
                if b"workers\0--queues" in Path(f"/proc/{pid}/cmdline").read_bytes():
                    results.add(pid)
        return results

    wait_until(lambda: len(workers()) == 3, seconds=10, what="the start of all workers")
    lost = min(workers())
    os.kill(lost, signal.SIGKILL)
    wait_until(lambda: len(workers() - {lost}) == 3, seconds=20, what="the start of another worker")
    assert "ended with code -9 and is started again" in running.output


def test_a_port_that_is_taken_is_named_and_nothing_is_started(running: Up, tmp_path: Path) -> None:
    process = hydroml("up", "--port", str(running.port), "--data", str(tmp_path / "data"))
    is_refused(process, f"Port {running.port} cannot be used", "--port", "HYDROML_PORT")
    assert not list((tmp_path / "data").glob("*.sqlite3"))
    assert not (tmp_path / "data" / "run" / "redis.sock").exists()


@dataclass
class Life:
    """One start and its end."""

    opened: Answer
    account: str
    code: int
    left: set[int]
    output: str
    children: int


@dataclass
class Lives:
    """Three lives of one data folder, and what was seen between them."""

    first: Life
    second: Life
    third: Life
    old_session: int
    secret_keys: set[str]
    leftovers: dict[str, bool]


def _live(up: Up, how: int, *, within: float = 0.0) -> Life:
    opened = sign_in(up.link)
    account = get(f"{up.url}/account", cookie=opened.cookie).body
    wait_until(lambda: _spares_of(up) == PROCESSES, seconds=20, what="the start of the spare reading children")
    children = up.all_processes() - {up.process.pid}
    code = up.end(how)
    # Those that died with a killed parent are waited for; after an orderly end there must be none at once.
    still_there(children, seconds=within)
    return Life(opened, account, code, up.all_processes(), up.output, len(children))


@pytest.fixture(scope="module")
def lives(starter: Starter, running: Up, tmp_path_factory: pytest.TempPathFactory) -> Lives:
    """Start one folder three times; it ends by SIGTERM, by SIGKILL and by SIGINT."""
    data = tmp_path_factory.mktemp("lives") / "data"
    data.mkdir(mode=0o700)
    # The samples are read once in these tests, and that is enough.
    shutil.copytree(running.data / "samples", data / "samples")
    first = _live(starter.ready(data, "--workers", "1"), signal.SIGTERM)
    keys = {(data / "secret_key").read_text()}
    up = starter.ready(data, "--workers", "1")
    old_session = get(f"{up.url}/experiments", cookie=first.opened.cookie).status
    second = _live(up, signal.SIGKILL, within=5)
    leftovers = {name: (data / "run" / name).exists() for name in ("lock", "redis.sock")}
    keys.add((data / "secret_key").read_text())
    third = _live(starter.ready(data, "--workers", "1"), signal.SIGINT)
    return Lives(first, second, third, old_session, keys, leftovers)


@pytest.mark.parametrize("name", ["first", "third"])
def test_sigterm_and_sigint_end_it_with_no_process_left(lives: Lives, name: str) -> None:
    life: Life = getattr(lives, name)
    assert life.children >= 5
    assert (life.code, life.left) == (0, set())
    assert "Stopping." in life.output
    assert "Traceback" not in life.output


def test_a_parent_that_is_killed_leaves_no_child(lives: Lives) -> None:
    assert lives.second.children >= 5
    assert (lives.second.code, lives.second.left) == (-signal.SIGKILL, set())


def test_sessions_and_the_key_outlive_a_restart(lives: Lives) -> None:
    assert lives.old_session == 200
    assert len(lives.secret_keys) == 1


def test_every_start_prints_a_link_that_opens_the_first_account(lives: Lives) -> None:
    for life in (lives.first, lives.second, lives.third):
        assert life.opened.status == 303
        assert accounts.FIRST_ADMIN in life.account


def test_the_samples_are_not_read_twice(lives: Lives) -> None:
    assert [life.output.count("Reading the samples") for life in (lives.first, lives.second, lives.third)] == [0, 0, 0]


def test_a_lock_and_a_socket_of_a_killed_run_do_not_hinder_the_next(lives: Lives) -> None:
    assert lives.leftovers == {"lock": True, "redis.sock": True}
    assert "HydroML is ready" in lives.third.output
    assert lives.third.opened.status == 303


def test_a_data_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    is_refused(hydroml("up", "--data", str(tmp_path / "file")), str(tmp_path / "file"))
    assert (tmp_path / "file").read_text() == "x"


def test_a_data_folder_of_the_environment_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    is_refused(hydroml("up", environment={"HYDROML_DATA": str(tmp_path / "file")}), str(tmp_path / "file"))


def test_a_data_folder_inside_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    is_refused(hydroml("up", "--data", str(tmp_path / "file" / "data")), str(tmp_path / "file"))


@pytest.mark.parametrize("folder", ["/sys", "/sys/hydroml"], ids=["there", "to be made"])
def test_a_data_folder_that_cannot_be_written_is_refused(folder: str) -> None:
    # The kernel takes no file there, not even from the superuser, for whom modes mean nothing.
    is_refused(hydroml("up", "--data", folder), folder)


def test_a_database_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    made = hydroml("user", "add", "ada@example.org", environment={"HYDROML_DATA": str(tmp_path)})
    assert made.returncode == 0
    database = sqlite3.connect(tmp_path / "hydroml.sqlite3")
    with contextlib.closing(database), database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    is_refused(hydroml("up", "--data", str(tmp_path), "--port", str(free_port())), "9999")


def test_a_lock_is_held_against_others_and_says_where_the_holder_is(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from app.launch.locking import FolderLock;"
        "lock = FolderLock(Path(sys.argv[1])); lock.take('http://127.0.0.1:8123'); print('held', flush=True); input()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=clean_environment(),
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(
            AlreadyRunningError, match=r"already running on this data folder: http://127\.0\.0\.1:8123$"
        ):
            FolderLock(tmp_path).take("http://127.0.0.1:9999")
        holder.kill()
        holder.wait(10)
        with (tmp_path / "run" / "lock").open("r+") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    finally:
        holder.kill()
        holder.communicate()


@pytest.mark.parametrize("words", ["", "{}", "[]", "null", '{"pid": 1', '"http://x"'])
def test_a_lock_whose_holder_has_not_said_where_it_is_is_still_a_lock(tmp_path: Path, words: str) -> None:
    (tmp_path / "run").mkdir()
    with (tmp_path / "run" / "lock").open("w+") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        handle.write(words)
        handle.flush()
        with pytest.raises(AlreadyRunningError, match="at an address it has not said yet"):
            FolderLock(tmp_path).take("http://127.0.0.1:9999")
