"""What stands in the way of jobs, for real: a locked database, a full disk, a group with little memory."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

# Longer than a statement of the workers of these tests waits, and than their lease lasts.
LOCK_SECONDS = 9.0
HOLDER = """
import sqlite3, sys, time
line = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=10)
line.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
time.sleep(float(sys.argv[2]))
line.execute("ROLLBACK")
"""


class LockedDatabase:
    """The write lock of a data folder's database, taken by a process of its own for a while."""

    def __init__(self, data: Path, seconds: float = LOCK_SECONDS) -> None:
        self._command = [sys.executable, "-c", HOLDER, str(data / "hydroml.sqlite3"), str(seconds)]
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        """Take the lock, and return once it is held."""
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"locked\n"
        return self

    def wait(self) -> None:
        """Wait until the lock is given back."""
        assert self._process is not None
        assert self._process.wait(LOCK_SECONDS * 4) == 0

    def __exit__(
        self, _kind: type[BaseException] | None, _fault: BaseException | None, _at: TracebackType | None
    ) -> None:
        """Give it back at the latest now."""
        assert self._process is not None
        assert self._process.stdout is not None
        self._process.kill()
        self._process.wait(10)
        self._process.stdout.close()


@dataclass
class SmallDisk:
    """A file system of its own with little room, which can be filled and cleared."""

    folder: Path

    @classmethod
    def mounted(cls, folder: Path, *, mb: int) -> Self:
        """Mount one on a folder; the test is skipped where that is not allowed."""
        folder.mkdir()
        process = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={mb}m", "tmpfs", str(folder)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if process.returncode:
            pytest.skip(f"no file system can be mounted here: {process.stderr.strip()}")
        return cls(folder)

    @property
    def filler(self) -> Path:
        """What takes the room."""
        return self.folder / "filler"

    def fill(self) -> None:
        """Leave no byte free."""
        with self.filler.open("wb", buffering=0) as handle, contextlib.suppress(OSError):
            while True:
                handle.write(b"\0" * 65536)
        with self.filler.open("ab", buffering=0) as handle, contextlib.suppress(OSError):
            while True:
                handle.write(b"\0")

    def clear(self) -> None:
        """Make room again."""
        self.filler.unlink(missing_ok=True)

    def unmount(self) -> None:
        """Take it away, at once or when the last process has left it."""
        subprocess.run(["umount", "--lazy", str(self.folder)], check=True)


class MemoryGroup:
    """A control group with a limit of memory; the kernel ends the largest process of one that needs more."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def of_mb(cls, mb: int) -> Self:
        """Make one; the test is skipped where that is not allowed."""
        name = f"hydroml-test-{uuid.uuid4().hex[:8]}"
        for root, limit in (("/sys/fs/cgroup/memory", "memory.limit_in_bytes"), ("/sys/fs/cgroup", "memory.max")):
            folder = Path(root) / name
            with contextlib.suppress(OSError):
                folder.mkdir()
                if (folder / limit).exists():
                    (folder / limit).write_text(str(mb * 1024 * 1024))
                    return cls(folder)
                folder.rmdir()
        pytest.skip("no control group can be made here")

    def add(self, pid: int) -> None:
        """Put a process, and what it starts from now on, into the group."""
        (self.folder / "cgroup.procs").write_text(str(pid))

    def __enter__(self) -> Self:
        """Return the group."""
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _fault: BaseException | None, _at: TracebackType | None
    ) -> None:
        """Move everybody out and remove it."""
        outside = self.folder.parent / "cgroup.procs"
        for _ in range(50):
            for pid in (self.folder / "cgroup.procs").read_text().split():
                with contextlib.suppress(OSError):
                    outside.write_text(pid)
            with contextlib.suppress(OSError):
                self.folder.rmdir()
                return
            time.sleep(0.1)
