"""Child processes: started, watched, restarted, and ended in order with their parent."""

from __future__ import annotations

import contextlib
import ctypes
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass

log = logging.getLogger("hydroml.up")
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 30.0
# One that lived for this long had started. Only a start that fails is tried again later and later: whoever waits for a
# page, or for a worker, does not care how often others were killed before.
STEADY_SECONDS = 10.0
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


def _die_with_parent() -> None:
    if _LIBC is not None:
        _LIBC.prctl(1, signal.SIGKILL)


@dataclass
class Child:
    """One process that is kept running."""

    name: str
    command: list[str]
    environment: Mapping[str, str]
    patience_seconds: float = 5.0
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    pause: float = FIRST_PAUSE_SECONDS
    next_try: float = 0.0
    stop_requested: bool = False

    def start(self) -> None:
        """Start it in a session of its own, so that Ctrl-C reaches it only through us."""
        self.process = subprocess.Popen(
            self.command,
            env={**os.environ, **self.environment, "HYDROML_SUPERVISOR": str(os.getpid())},
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )
        self.started_at = time.monotonic()

    def look(self) -> None:
        """Start it again if it has died, after a pause that grows while its start keeps failing."""
        if self.process is None or self.process.poll() is None:
            return
        now = time.monotonic()
        if not self.next_try:
            if now - self.started_at > STEADY_SECONDS:
                self.pause = FIRST_PAUSE_SECONDS
            log.warning("%s ended with code %s and is started again", self.name, self.process.returncode)
            self._end_group(self.process.pid)
            self.next_try = now + self.pause
            self.pause = min(self.pause * 2, LONGEST_PAUSE_SECONDS)
        if now >= self.next_try:
            self.next_try = 0.0
            self.start()

    def ask_to_end(self) -> None:
        """Ask it to end, once, and wait for nothing."""
        if self.process is not None and self.process.poll() is None and not self.stop_requested:
            self.stop_requested = True
            self.process.terminate()

    def end(self) -> None:
        """Ask it to end; after its patience, end it and whatever it started."""
        process = self.process
        if process is None:
            return
        self.ask_to_end()
        if process.poll() is None:
            try:
                process.wait(self.patience_seconds)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._end_group(process.pid)
        self.process, self.stop_requested = None, False

    @staticmethod
    def _end_group(leader: int) -> None:
        """End what it had started itself and left behind; it led a session of its own."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(leader, signal.SIGKILL)
