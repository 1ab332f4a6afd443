"""The reading child that waits: it answers like one that is started for a file, and is never in the way."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import config
from app.domain.errors import UnreadableFileError
from app.storage.reading import child, peek_file, read_file, reader_pool

ROOT = Path(__file__).resolve().parents[2]
SOURCE = b"day,flow\n" + b"".join(b"2001-01-%02d,%d\n" % (1 + position % 28, position) for position in range(300))
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="it looks at /proc")
Started = list[tuple[subprocess.Popen[bytes], bool]]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Return a file to read, alone in a folder of its own."""
    path = tmp_path / "files" / "upload"
    path.parent.mkdir()
    path.write_bytes(SOURCE)
    return path


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Iterator[Started]:
    """Return all children that are started, and whether each was to wait."""
    children: Started = []
    start = reader_pool.start_child

    def noted(folder: Path, *, waits: bool = False) -> subprocess.Popen[bytes]:
        children.append((start(folder, waits=waits), waits))
        return children[-1][0]

    monkeypatch.setattr(reader_pool, "start_child", noted)
    yield children
    for popen, _ in children:
        reader_pool.end_child(popen)


@pytest.fixture
def spares(tmp_path: Path, started: Started, monkeypatch: pytest.MonkeyPatch) -> Iterator[reader_pool.Spares]:
    """Return spares of which the first is there; the next would come after the test. Their maker's thread has ended."""
    monkeypatch.setattr(reader_pool, "PAUSE_SECONDS", 0.0)
    maker = threading.Thread(target=reader_pool.keep, args=(tmp_path,))
    with (tmp_path / "of another request").open("w") as iowrapper:
        os.set_inheritable(iowrapper.fileno(), True)
        maker.start()
        maker.join()
        made = reader_pool._kept[-1]
        until(lambda: made._child is not None)
    monkeypatch.setattr(reader_pool, "PAUSE_SECONDS", 60.0)
    yield made
    reader_pool.forget()
    assert reader_pool.take() is None


def until(condition: Callable[[], bool]) -> None:
    """Wait until something holds."""
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def _read(source: Path, name: str, limits: config.Limits | None = None) -> dict[str, Any]:
    limits = limits or config.Limits()
    return read_file(source, source.parent / name, limits=limits, seconds=60, file_name="x.csv").to_json()


@on_linux
@pytest.mark.usefixtures("spares")
def test_a_spare_reads_what_a_child_of_its_own_reads_for_a_thread_that_did_not_start_it(
    source: Path, started: Started
) -> None:
    read: list[dict[str, Any]] = []
    thread = threading.Thread(target=lambda: read.append(_read(source, "by the spare")))
    thread.start()
    thread.join()
    assert [waits for _, waits in started] == [True]
    assert started[0][0].returncode == 0
    assert read == [_read(source, "by its own")]
    assert [waits for _, waits in started] == [True, False]
    first, second = (source.parent / name / "data.parquet" for name in ("by the spare", "by its own"))
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.usefixtures("spares")
def test_a_spare_has_the_limits_of_the_request_and_not_of_its_start(source: Path, started: Started) -> None:
    with pytest.raises(UnreadableFileError, match="HYDROML_LIMIT_ROWS"):
        _read(source, "set", config.Limits(rows=100))
    assert len(started) == 1
    # What has its modules loaded may be too large already where one that starts anew is not.
    assert peek_file(source, limits=config.Limits(read_memory_mb=40), seconds=60).names == ("day", "flow")


@on_linux
def test_a_spare_holds_nothing_of_others_and_limits_itself_before_it_touches_the_file(
    spares: reader_pool.Spares, tmp_path: Path
) -> None:
    popen = spares.take()
    assert popen is not None
    about = Path(f"/proc/{popen.pid}")
    names = {line.split(b"=")[0].decode() for line in (about / "environ").read_bytes().split(b"\0") if line}
    assert names == {"PATH", "PYTHONPATH", "LC_ALL", "OMP_NUM_THREADS", "PYDANTIC_DISABLE_PLUGINS"}
    # Reading a pipe that nobody writes to waits, so that what it has become can be looked at.
    folder, pipe = tmp_path / "folder", tmp_path / "pipe"
    folder.mkdir()
    os.mkfifo(pipe)
    assert popen.stdin is not None
    assert popen.stdout is not None
    popen.stdin.write(json.dumps(_request(pipe, folder)).encode())
    popen.stdin.close()
    assert popen.stdout.read(len(child.TAKEN)) == child.TAKEN
    # It may still be opening a module of its own for a moment; what was inherited would stay open.
    until(lambda: sorted(path.name for path in (about / "fd").iterdir()) == ["0", "1", "2"])
    limits = {line[:26].strip(): line[26:].split()[:2] for line in (about / "limits").read_text().splitlines()}
    assert limits["Max cpu time"] == ["40", "40"]
    assert limits["Max open files"] == ["256", "256"]
    assert limits["Max address space"] == [str((2048 + child.RESERVED_MB) * child.MIB)] * 2
    assert limits["Max core file size"] == ["0", "0"]
    assert (about / "cwd").readlink() == folder
    # It is killed with the thread that started it, which is no request's.
    spares.close()
    assert popen.wait(20) == -signal.SIGKILL


def _request(source: Path, folder: Path, *, parent: int | None = None) -> dict[str, Any]:
    return {
        "what": "peek", "source": str(source), "folder": str(folder), "suffix": ".csv", "seconds": 20, "choices": {},
        "limits": config.Limits().__dict__, "parent": os.getpid() if parent is None else parent,
    }  # fmt: skip


def test_a_spare_that_died_while_it_waited_is_not_missed(
    spares: reader_pool.Spares, source: Path, started: Started
) -> None:
    started[0][0].kill()
    select.select([started[0][0].stdout], [], [], 20)
    until(lambda: started[0][0].poll() is not None)
    assert _read(source, "set")["rows"] == 300
    assert [waits for _, waits in started] == [True, False]
    assert spares.take() is None


@pytest.mark.parametrize(("says", "asked"), [("", 2), ("taken", 1)])
def test_only_a_spare_that_died_before_it_took_the_request_is_replaced(
    source: Path, started: Started, monkeypatch: pytest.MonkeyPatch, says: str, asked: int
) -> None:
    code = f"import sys; sys.stdin.read(); print({says!r}, flush=True); sys.exit(9)"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    dying = subprocess.Popen([sys.executable, "-c", code], start_new_session=True, **pipes)  # type: ignore[call-overload]
    monkeypatch.setattr(reader_pool, "take", lambda: dying)
    if says:
        with pytest.raises(UnreadableFileError, match="crashed on this one"):
            _read(source, "set")
    else:
        assert _read(source, "set")["rows"] == 300
    assert len(started) == asked - 1
    assert sorted(path.name for path in source.parent.iterdir()) == ["set", "upload"][asked == 1 :]


@on_linux
def test_a_spare_ends_with_its_parent_even_when_that_is_killed(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from app.storage.reading import reader_pool;"
        "reader_pool.PAUSE_SECONDS = 0.0; reader_pool.keep(Path(sys.argv[1]))\n"
        "while reader_pool._kept[0]._child is None: time.sleep(0.01)\n"
        "print(reader_pool._kept[0]._child.pid, flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        handle = os.pidfd_open(int(parent.stdout.readline()))
        try:
            parent.kill()
            assert select.select([handle], [], [], 20)[0] == [handle]
        finally:
            os.close(handle)


@pytest.mark.parametrize(("parent", "code"), [(None, 0), (1, child.ORPHANED)])
def test_a_child_that_nobody_wants_any_more_ends_and_touches_nothing(
    tmp_path: Path, parent: int | None, code: int
) -> None:
    waiting = reader_pool.start_child(tmp_path, waits=True)
    request = b"" if parent is None else json.dumps(_request(tmp_path / "gone", tmp_path, parent=parent)).encode()
    assert waiting.communicate(request, timeout=20) == (b"", b"")
    assert waiting.returncode == code


def test_what_was_forked_from_the_keeper_takes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = reader_pool.Spares(tmp_path)
    with monkeypatch.context() as fork:
        fork.setattr(os, "getpid", lambda: 1)
        assert made.take() is None
        assert made._wanted.is_set()
    made.close()
