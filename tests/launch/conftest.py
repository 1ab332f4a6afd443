"""Ways to start `hydroml up` as a real process, to see all that belongs to it, and to end it whatever happens."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest

ROOT = Path(__file__).resolve().parents[2]
READY = re.compile(r"^HydroML is ready: (http://\S+)$", re.MULTILINE)
OURS = re.compile(r"HYDROML_\w+|REDIS_URL|DATABASE_URL")
MARK = "STARTED_BY_TEST"
START_SECONDS = 90.0


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def clean_environment(**more: str) -> dict[str, str]:
    """Return the environment without any setting of the product, and with these."""
    return {**{name: value for name, value in os.environ.items() if not OURS.fullmatch(name)}, **more}


def wait_until(condition: Callable[[], bool], *, seconds: float, what: str) -> None:
    """Poll a condition until it holds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError(f"{what} did not happen within {seconds:g} s")


def processes_of(mark: str, data: Path) -> set[int]:
    """Return the living processes that carry our mark, work in the data folder, or name it on their command line.

    The environment alone is not enough: a server may write its title over it, and the child that reads files has none.
    """
    results = set()
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (entry / "stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
                continue
            marked = mark.encode() in (entry / "environ").read_bytes()
            named = str(data).encode() in (entry / "cmdline").read_bytes()
            inside = (entry / "cwd").readlink().is_relative_to(data)
            if marked or named or inside:
                results.add(int(entry.name))
    return results


def still_there(pids: Iterable[int], *, seconds: float) -> set[int]:
    """Wait until processes have ended, and return those that have not."""
    with contextlib.ExitStack() as stack:
        waited: dict[int, int] = {}
        poll = select.poll()
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                handle = os.pidfd_open(pid)
                stack.callback(os.close, handle)
                poll.register(handle, select.POLLIN)
                waited[handle] = pid
        end = time.monotonic() + seconds
        while waited and (left := end - time.monotonic()) > 0:
            for handle, _ in poll.poll(left * 1000):
                poll.unregister(handle)
                del waited[handle]
        return set(waited.values())


def listening(pids: set[int]) -> set[int]:
    """Return the TCP ports on which these processes listen."""
    current_values = set()
    for pid in pids:
        with contextlib.suppress(OSError):
            current_values |= {str(path.readlink()) for path in Path(f"/proc/{pid}/fd").iterdir()}
    ports = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            cells = line.split()
            if cells[3] == "0A" and f"socket:[{cells[9]}]" in current_values:
                ports.add(int(cells[1].rsplit(":", 1)[1], 16))
    return ports


def group_of(leader: int) -> set[int]:
    """Return the living processes of a process group."""
    results = set()
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            cells = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            if int(cells[2]) == leader and cells[0] != "Z":
                results.add(int(entry.name))
    return results


@dataclass(frozen=True)
class Answer:
    """What the web said."""

    status: int
    body: str
    cookie: str
    goes_to: str


def get(url: str, *, cookie: str = "") -> Answer:
    """Ask for a page, and follow nothing."""
    return _ask("GET", url, cookie)


def post(url: str, form: dict[str, str], *, cookie: str, **headers: str) -> Answer:
    """Send a form, and follow nothing."""
    return _ask("POST", url, cookie, urlencode(form), **headers)


def _ask(method: str, url: str, cookie: str, body: str | None = None, **more: str) -> Answer:
    parts = urlsplit(url)
    line = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=20)
    try:
        headers = {name.replace("_", "-"): value for name, value in more.items()}
        if cookie:
            headers["Cookie"] = cookie
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        line.request(method, f"{parts.path}?{parts.query}".rstrip("?"), body, headers)
        httpresponse = line.getresponse()
        cookies = [value.split(";")[0] for value in httpresponse.headers.get_all("Set-Cookie") or []]
        body = httpresponse.read().decode()
        return Answer(httpresponse.status, body, "; ".join(cookies), httpresponse.headers.get("Location") or "")
    finally:
        line.close()


def sign_in(link: str, **headers: str) -> Answer:
    """Open a one-time link and press its button, as a browser without scripts does."""
    page = get(link)
    match = re.search(r'name="csrf_token" value="([^"]+)"', page.body)
    if page.status != 200 or match is None:
        return page
    return post(link, {"csrf_token": match.group(1)}, cookie=page.cookie, **headers)


@dataclass
class Up:
    """A `hydroml up` that was started."""

    data: Path
    port: int
    mark: str
    process: subprocess.Popen[bytes]
    said: bytes = b""

    @property
    def url(self) -> str:
        """Where its web is."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def output(self) -> str:
        """All that it has said so far, on either stream."""
        assert self.process.stdout is not None
        while select.select([self.process.stdout], [], [], 0)[0]:
            part = os.read(self.process.stdout.fileno(), 65536)
            if not part:
                break
            self.said += part
        return self.said.decode(errors="replace")

    @property
    def link(self) -> str:
        """The address that it printed: a sign-in link, or the plain one."""
        match = READY.search(self.output)
        assert match is not None, self.output
        return match.group(1)

    def wait_until_ready(self) -> None:
        """Read until the line with the address."""
        end = time.monotonic() + START_SECONDS
        while not READY.search(self.output):
            assert self.process.poll() is None, f"it ended before it was ready:\n{self.output}"
            assert time.monotonic() < end, f"it was not ready within {START_SECONDS:g} s:\n{self.output}"
            select.select([self.process.stdout], [], [], 1)

    def all_processes(self) -> set[int]:
        """Return every process that belongs to it."""
        return processes_of(self.mark, self.data)

    def end(self, how: int) -> int:
        """Send it a signal and return its exit code."""
        self.process.send_signal(how)
        return self.process.wait(30)

    def destroy(self) -> None:
        """End it and all that it started, whatever state it is in."""
        try:
            self.process.kill()
            self.process.wait(10)
            for _ in range(20):
                left = self.all_processes()
                if not left:
                    break
                for pid in left:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                still_there(left, seconds=5)
        finally:
            if self.process.stdout is not None:
                self.process.stdout.close()


@dataclass
class Starter:
    """Starts the command line as a user does; ends all that it started."""

    started: list[Up] = field(default_factory=list)

    def up(self, data: Path, *arguments: str, environment: dict[str, str] | None = None) -> Up:
        """Start everything on a free port, and wait for nothing."""
        mark, port = uuid.uuid4().hex, free_port()
        # A shell that runs the tests in the background has SIGINT ignored, which a child would inherit.
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            process = subprocess.Popen(
                [sys.executable, "-m", "app.cli", "up", "--port", str(port), "--data", str(data), *arguments],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env={**clean_environment(**(environment or {})), MARK: mark},
            )
        finally:
            signal.signal(signal.SIGINT, before)
        made = Up(data, port, mark, process)
        self.started.append(made)
        return made

    def ready(self, data: Path, *arguments: str) -> Up:
        """Start everything and wait until it says that it is ready."""
        made = self.up(data, *arguments)
        made.wait_until_ready()
        return made

    def end(self) -> None:
        """End all of it."""
        with contextlib.ExitStack() as stack:
            for up in self.started:
                stack.callback(up.destroy)


def hydroml(*arguments: str, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command to its end; one that goes on is killed, and its children with it."""
    return subprocess.run(
        [sys.executable, "-m", "app.cli", *arguments],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        start_new_session=True,
        env=clean_environment(PYTHONDONTWRITEBYTECODE="1", **(environment or {})),
    )


def is_refused(process: subprocess.CompletedProcess[str], *words: str) -> None:
    """Check that a command ended with a sentence that holds these words, and with no traceback."""
    assert process.returncode not in (0, None), process.stdout
    assert "Traceback" not in process.stderr, process.stderr[-600:]
    last = process.stderr.strip().splitlines()[-1]
    assert last.startswith("Error: "), process.stderr
    assert last.removeprefix("Error: ")[0].isupper()
    for word in words:
        assert word in last


@pytest.fixture(scope="module")
def starter() -> Iterator[Starter]:
    """Return a way to start the product; whatever it started is ended with the module."""
    made = Starter()
    try:
        yield made
    finally:
        made.end()
