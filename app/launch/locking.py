"""The lock that allows one `hydroml up` for each data folder."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from pathlib import Path
from typing import IO


class AlreadyRunningError(Exception):
    """Another one runs on this data folder; the message says where."""


class FolderLock:
    """Held for as long as the process lives, however it ends."""

    def __init__(self, data: Path) -> None:
        folder = data / "run"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._path = folder / "lock"
        self._handle: IO[str] | None = None

    def take(self, url: str) -> None:
        """Take the lock and leave our address in it.

        Raises
        ------
        AlreadyRunningError
            If another process holds it.
        """
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        handle = os.fdopen(descriptor, "r+")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            where = _url_in(handle.read())
            handle.close()
            raise AlreadyRunningError(f"HydroML is already running on this data folder: {where}") from None
        self._handle = handle
        # On a full disk nobody is told the address, but the lock is held all the same.
        with contextlib.suppress(OSError):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, json.dumps({"pid": os.getpid(), "url": url}).encode(), 0)


def _url_in(text: str) -> str:
    try:
        return str(json.loads(text)["url"])
    except (ValueError, KeyError, TypeError):
        return "at an address it has not said yet"


def address_of_running(data: Path) -> str | None:
    """Return where HydroML runs on a data folder; None where nobody holds its lock."""
    try:
        with (data / "run" / "lock").open() as handle:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _url_in((data / "run" / "lock").read_text())
    except FileNotFoundError:
        pass
    return None
