"""Starting reading children, and keeping a spare one ready.

To start Python and load what reads takes longer than most files do. A process that serves people keeps a spare: the
next file takes it, and another is started. It answers one request and ends, like every child, and nothing of a user has
been near it before; only when it was started differs.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

from app.storage.reading.child import WAITS

log = logging.getLogger(__name__)
ROOT = Path(__file__).resolve().parents[3]
PAUSE_SECONDS = 1.0


def start_child(folder: Path, *, waits: bool = False) -> subprocess.Popen[bytes]:
    """Start a reading child in a folder; the thread that starts it must live until it has answered."""
    return subprocess.Popen(
        # No module is looked for in the folder, where a user's files lie.
        [sys.executable, "-P", "-m", "app.storage.reading.child", *([WAITS] if waits else [])],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=folder,
        env={
            "PATH": os.environ.get("PATH", ""),
            "PYTHONPATH": str(ROOT),
            "LC_ALL": "C.UTF-8",
            "OMP_NUM_THREADS": "2",
            # To look for plugins of the schema library in every installed package takes a tenth of a first look.
            "PYDANTIC_DISABLE_PLUGINS": "1",
        },
        start_new_session=True,
    )


def end_child(child: subprocess.Popen[bytes]) -> None:
    """End a child, and whatever it started, whether or not it still lives."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    for pipe in (child.stdin, child.stdout, child.stderr):
        if pipe:
            with contextlib.suppress(OSError):
                pipe.close()


class Spares:
    """Keeps one spare child ready for the process that made this.

    A thread of its own starts them, since the kernel ends a child with the *thread* that started it: one that answers a
    request may end while a child of its making is still reading for another.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._owner = folder, os.getpid()
        self._lock, self._wanted, self._closed = threading.Lock(), threading.Event(), threading.Event()
        self._child: subprocess.Popen[bytes] | None = None
        self._wanted.set()
        self._thread = threading.Thread(target=self._keep, name="spare", daemon=True)
        self._thread.start()

    def take(self) -> subprocess.Popen[bytes] | None:
        """Return the spare, which is the caller's from now on; None where there is none that lives."""
        if os.getpid() != self._owner:
            # A process that was forked has a copy of this, but the child and the thread are its parent's.
            return None
        with self._lock:
            child, self._child = self._child, None
        self._wanted.set()
        if child is None or child.poll() is None:
            return child
        log.warning("a spare reading child ended with %s while it waited", child.returncode)
        end_child(child)
        return None

    def close(self) -> None:
        """End the spare and start no other; nothing may be reading in one that was taken."""
        self._closed.set()
        self._wanted.set()
        self._thread.join()
        if self._child is not None:
            end_child(self._child)
            self._child = None

    def _keep(self) -> None:
        # What is being read now, or the start of the whole, has the processors for itself meanwhile.
        while self._wanted.wait() and not self._closed.wait(PAUSE_SECONDS):
            self._wanted.clear()
            if self._child is not None:
                continue
            try:
                child = start_child(self._folder, waits=True)
            except OSError as fault:
                # The next file starts a child of its own, and has another spare tried.
                log.warning("no spare reading child could be started: %s", fault)
                continue
            with self._lock:
                self._child = child


_kept: list[Spares] = []


def keep(folder: Path) -> None:
    """Keep a spare child for this process from now on; it waits in this folder, and reads where it is told."""
    forget()
    _kept.append(Spares(folder))


def forget() -> None:
    """Keep no spare any more."""
    while _kept:
        _kept.pop().close()


def take() -> subprocess.Popen[bytes] | None:
    """Return a child that waits, if this process keeps one and it lives."""
    return _kept[-1].take() if _kept else None
