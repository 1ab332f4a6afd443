"""Reading children that are forked from one process with everything loaded, since to load it takes longer than most files.

`python -m tests.readers 3` is that process; it hears on the socket whose number it is given. Each child is a process of
its own with its own limits, and answers one request, as one does that was started for a file.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import IO

from app.storage.reading import child

ROOT = Path(__file__).resolve().parents[1]


class Forked:
    """A child that waits for its request; what `subprocess.Popen` offers of one, as far as reading uses it."""

    def __init__(self, ends: list[int]) -> None:
        self.stdin: IO[bytes] = os.fdopen(ends[0], "wb")
        self.stdout, self.stderr, self._said = (os.fdopen(end, "rb") for end in ends[1:])
        self.pid = int(self._said.readline())
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Return how it ended, or None."""
        if self.returncode is None and select.select([self._said], [], [], 0)[0]:
            self.wait()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait until it has ended."""
        if self.returncode is None:
            if timeout is not None and not select.select([self._said], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("a reading child", timeout)
            self.returncode = int(self._said.readline() or -signal.SIGKILL)
            self._said.close()
        return self.returncode

    def communicate(self, request: bytes, timeout: float) -> tuple[bytes, bytes]:
        """Send the request, and return what it says on either stream."""
        with contextlib.suppress(BrokenPipeError):
            self.stdin.write(request)
        with contextlib.suppress(BrokenPipeError):
            self.stdin.close()
        end, heard = time.monotonic() + timeout, {self.stdout.fileno(): b"", self.stderr.fileno(): b""}
        left = set(heard)
        while left:
            ready = select.select(list(left), [], [], max(end - time.monotonic(), 0))[0]
            if not ready:
                raise subprocess.TimeoutExpired("a reading child", timeout)
            for item in ready:
                part = os.read(item, 1 << 20)
                heard[item] += part
                if not part:
                    left.remove(item)
        self.wait(max(end - time.monotonic(), 0.1))
        self.stdout.close()
        self.stderr.close()
        out, answer = heard.values()
        return out, answer


class Readers:
    """Stands where a process of the product keeps a spare child, and has one ready for each file."""

    def __init__(self) -> None:
        self._owner, self._lock = os.getpid(), threading.Lock()
        self._socket: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def take(self) -> Forked | None:
        """Return a child; None in a process that was forked from the one of the tests."""
        if os.getpid() != self._owner:
            return None
        pipes = [os.pipe() for _ in range(4)]
        theirs = [pipes[0][0], *(write for _, write in pipes[1:])]
        with self._lock:
            socket.send_fds(self._connection(), [b"1"], theirs)
        for end in theirs:
            os.close(end)
        return Forked([pipes[0][1], *(read for read, _ in pipes[1:])])

    def close(self) -> None:
        """Leave the process as it is: another test wants it again."""

    def end(self) -> None:
        """End the process from which they are forked."""
        if self._socket is not None and self._process is not None and os.getpid() == self._owner:
            self._socket.close()
            self._process.wait(30)
            self._socket = self._process = None

    def _connection(self) -> socket.socket:
        if self._socket is None:
            self._socket, other = socket.socketpair()
            environment = {
                "PATH": os.environ.get("PATH", ""),
                "PYTHONPATH": str(ROOT),
                "LC_ALL": "C.UTF-8",
                "OMP_NUM_THREADS": "1",
                "PYDANTIC_DISABLE_PLUGINS": "1",
            }
            number = other.fileno()
            command = [sys.executable, "-P", "-m", "tests.readers", str(number), str(self._owner)]
            self._process = subprocess.Popen(command, cwd=tempfile.gettempdir(), env=environment, pass_fds=[number])
            other.close()
        return self._socket


def main(number: int, parent: int) -> None:
    """Fork a child for each request, until whoever asks has ended."""
    for name in child.MODULES:
        importlib.import_module(name)
    # Whoever started this process is the one that a child must not outlive, and ends this one too.
    os.getppid = lambda: parent
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    request = socket.socket(fileno=number)
    while True:
        byte, ends, _flags, _address = socket.recv_fds(request, 1, 4)
        if not byte:
            return
        if os.fork() == 0:
            request.close()
            _watch(ends)
        for end in ends:
            os.close(end)


def _watch(ends: list[int]) -> None:
    """Fork the child itself, say its number, and how it ended."""
    child.end_with_parent()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    *streams, answer = ends
    pid = os.fork()
    if pid == 0:
        _read(streams, answer)
    for end in streams:
        os.close(end)
    os.write(answer, f"{pid}\n".encode())
    _, status = os.waitpid(pid, 0)
    os.write(answer, f"{os.waitstatus_to_exitcode(status)}\n".encode())
    os._exit(0)


def _read(streams: list[int], value: int) -> None:
    """Be the child."""
    os.setsid()
    os.close(value)
    for place, end in enumerate(streams):
        os.dup2(end, place)
        os.close(end)
    sys.argv = ["child", child.WAITS]
    code = 1
    try:
        child.main()
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    except BaseException:
        sys.excepthook(*sys.exc_info())
    with contextlib.suppress(OSError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
