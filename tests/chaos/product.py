"""The real product, started as a user starts it, and its processes as the operating system sees them."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.launch.conftest import MARK, clean_environment, free_port, hydroml, processes_of, still_there

ROOT = Path(__file__).resolve().parents[2]
READY = "HydroML is ready: "
START_SECONDS = 120.0
STOP_SECONDS = 30.0
READER = "app.storage.reading.child"
VICTIMS = ("web", "web master", "worker", "horse", "reader", "server", "upkeep", "product")


@dataclass(frozen=True)
class Seen:
    """A living process."""

    pid: int
    parent: int
    words: str
    folder: str


def living() -> dict[int, Seen]:
    """Return every living process of the machine that may be looked at."""
    seens = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError):
            state, parent = (entry / "stat").read_text().rsplit(")", 1)[1].split()[:2]
            if state != "Z":
                words = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                seens[int(entry.name)] = Seen(int(entry.name), int(parent), words, str((entry / "cwd").readlink()))
    return seens


def tree_of(root: int, processes: Mapping[int, Seen]) -> set[int]:
    """Return a process with all that descends from it."""
    results, fresh = {root}, {root}
    while fresh:
        fresh = {pid for pid, process in processes.items() if process.parent in fresh} - results
        results |= fresh
    return results


@dataclass
class Product:
    """A data folder with `hydroml up` on it, stopped and started as often as it takes."""

    data: Path
    log: Path
    environment: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    mark: str = field(default_factory=lambda: uuid.uuid4().hex)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> str:
        """Start it, wait until it is ready, and return the address that it printed."""
        before = self.log.stat().st_size if self.log.exists() else 0
        environment = {**clean_environment(**self.environment), MARK: self.mark, "PYTHONUNBUFFERED": "1"}
        with self.log.open("ab") as words:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "app.cli", "up", "--port", str(self.port), "--data", str(self.data)],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=words,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env=environment,
            )
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            text = self.log.read_bytes()[before:].decode(errors="replace")
            match = re.search(rf"^{READY}(\S+)$", text, re.MULTILINE)
            if match:
                return match.group(1)
            if self.process.poll() is not None:
                raise NotStartedError(f"it ended with {self.process.returncode} before it was ready: {text[-800:]}")
            time.sleep(0.1)
        raise NotStartedError(f"it was not ready within {START_SECONDS:.0f} s")

    def stop(self, how: int = signal.SIGTERM) -> None:
        """End it with a signal and wait for it."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(how)
            try:
                self.process.wait(STOP_SECONDS)
            finally:
                self.process.kill()
                self.process.wait(10)
                self.process = None

    def left_behind(self, *, seconds: float) -> set[int]:
        """Return the processes that are of it and not under it, once those that are about to end have had their time."""
        under = tree_of(self.process.pid, living()) if self.process is not None else set()
        loose = processes_of(self.mark, self.data) - under
        still_there(loose, seconds=seconds)
        under = tree_of(self.process.pid, living()) if self.process is not None else set()
        return (processes_of(self.mark, self.data) & loose) - under

    def destroy(self) -> None:
        """End all of it, whatever state it is in."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(10)
            self.process = None
        for _ in range(20):
            left = processes_of(self.mark, self.data)
            if not left:
                return
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            still_there(left, seconds=5)

    def is_alive(self) -> bool:
        """Return whether the web answers."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
        try:
            line.request("GET", "/health/live")
            return line.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            line.close()

    def link_for(self, email: str) -> str:
        """Add an account and return its sign-in link."""
        process = hydroml("user", "add", email, environment={**self.environment, "HYDROML_DATA": str(self.data)})
        if process.returncode:
            raise NotStartedError(f"the account {email} could not be added: {process.stderr[-400:]}")
        return process.stdout.strip().splitlines()[-1]

    def find(self, victim: str) -> list[int]:
        """Return the living processes of a kind; of reading children those that read, or else the one that waits."""
        if self.process is None:
            return []
        if victim == "product":
            return [self.process.pid]
        return sorted(self._find(victim, self.process.pid, living()))

    def _find(self, victim: str, root: int, processes: dict[int, Seen]) -> Iterator[int]:
        first = {pid: process for pid, process in processes.items() if process.parent == root}
        masters = {pid for pid, seen in first.items() if "gunicorn" in seen.words}
        workers = {pid for pid, seen in first.items() if "workers --queues" in seen.words}
        if victim == "web master":
            yield from masters
        elif victim == "web":
            yield from (pid for pid, process in processes.items() if process.parent in masters)
        elif victim == "worker":
            yield from workers
        elif victim == "horse":
            yield from (pid for pid, process in processes.items() if process.parent in workers)
        elif victim == "upkeep":
            yield from (pid for pid, seen in first.items() if "workers upkeep" in seen.words)
        elif victim == "server":
            yield from (pid for pid, seen in first.items() if "-server" in seen.words.split(" ", maxsplit=1)[0])
        elif victim == "reader":
            under = tree_of(root, processes)
            readers = {pid: process for pid, process in processes.items() if pid in under and READER in process.words}
            # One that reads works in a folder of its own; the one that waits stays in the data folder.
            reading = {pid for pid, reader in readers.items() if reader.folder != str(self.data)}
            yield from reading or readers


class NotStartedError(Exception):
    """The product did not start; the message says why."""
