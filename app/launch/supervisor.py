"""`hydroml up`: the supervisor that starts and watches every process."""

from __future__ import annotations

import http.client
import ipaddress
import os
import signal
import socket
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import NoReturn

from app.launch.children import Child
from app.launch.locking import FolderLock
from app.launch.redis_server import is_answering, server_command, socket_path, url_of, wait_for
from app.launch.reloading import SourceWatch, restart_changed
from app.queue import queues_of_workers
from app.storage.engine import is_sqlite, sqlite_is_safe
from app.storage.privacy import restrict_modes
from config import Settings

ROOT = Path(__file__).resolve().parents[2]
READY_SECONDS = 60
# How long a start waits for a database that another program holds, or a disk without room.
OBSTACLE_SECONDS = 120.0
SERVER = "server"
# A worker that is told to end ends the process of its job and hands that back, which takes a write to the database.
WORKER_PATIENCE_SECONDS = 8.0
# Of each process. A request is complete when a thread takes it, so that these compute or wait for the database.
WEB_THREADS = 8
# Longer than a proxy in front keeps its connections (60 s with nginx), so that it is never we who cut one in its use.
KEEP_ALIVE_SECONDS = 75
# Addresses that mean every interface; a browser on this machine uses the loopback one.
EVERYWHERE = (str(ipaddress.IPv4Address(0)), str(ipaddress.IPv6Address(0)), "")
# By this the library of the metrics knows that several processes count together.
METRICS_SETTING = "PROMETHEUS_MULTIPROC_DIR"
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


class StartError(Exception):
    """It cannot start; the message says why and what to do."""


@dataclass(frozen=True)
class LaunchPlan:
    """What to start."""

    settings: Settings
    host: str
    port: int
    workers: int

    @property
    def name(self) -> str:
        """Return the host by which this machine reaches itself."""
        return "127.0.0.1" if self.host in EVERYWHERE else self.host

    @property
    def url(self) -> str:
        """Return the address for a browser on this machine."""
        name = f"[{self.name}]" if ":" in self.name else self.name
        return f"http://{name}:{self.port}"


def announce(words: str) -> None:
    """Tell the person who started it."""
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def require_free_port(host: str, port: int) -> None:
    """Say so before anything is started when the port is taken."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as fault:
            raise StartError(
                f"Port {port} cannot be used ({fault.strerror}). Choose another with --port or HYDROML_PORT."
            ) from None


def up(plan: LaunchPlan) -> None:
    """Start everything, say where it is, and keep it running until told to stop."""
    lock = FolderLock(plan.settings.data)
    lock.take(plan.url)
    require_free_port(plan.host, plan.port)
    restrict_modes(plan.settings.data)
    children: list[Child] = []

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGHUP, stop)
    try:
        address = _start(plan, children)
        announce(f"HydroML is ready: {address}")
        _keep_running(children, SourceWatch(ROOT) if plan.settings.dev else None)
    except KeyboardInterrupt:
        announce("\nStopping.")
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        # All but the server of the queue at once: each worker needs a moment to hand its job back.
        for child in children:
            if child.name != SERVER:
                child.ask_to_end()
        for child in reversed(children):
            child.end()


def _keep_running(children: list[Child], watch: SourceWatch | None) -> NoReturn:
    while True:
        changed = watch.changed() if watch else set()
        if changed:
            restarted = restart_changed(children, changed, keep=SERVER)
            names = ", ".join(sorted(path.name for path in changed))
            announce(f"Changed: {names}. Started again: {', '.join(restarted)}.")
        for child in children:
            child.look()
        time.sleep(0.3)


def _start(plan: LaunchPlan, children: list[Child]) -> str:
    settings = plan.settings
    environment = {"HYDROML_DATA": str(settings.data), "HYDROML_PORT": str(plan.port)}
    environment["HYDROML_WEB_PROCESSES"] = str(web_processes(settings))
    environment["REDIS_URL"] = _start_server(settings, children)
    environment["DATABASE_URL"] = settings.database_url
    environment["HYDROML_DEV"] = str(int(settings.dev))
    path = _prepare(settings)
    python = [sys.executable, "-m"]
    for number, queues in enumerate(queues_of_workers(plan.workers), start=1):
        worker = [*python, "workers", "--queues", ",".join(queues)]
        patience = WORKER_PATIENCE_SECONDS
        children.append(Child(f"worker {number}", worker, {**environment, **ONE_THREAD}, patience_seconds=patience))
    children.append(Child("upkeep", [*python, "workers", "upkeep"], environment, patience_seconds=1.5))
    counted = {**environment, METRICS_SETTING: str(_empty_metrics(settings.data))}
    children.append(Child("web", _web_command(plan), counted, patience_seconds=6))
    os.chdir(ROOT)
    for child in children:
        if child.process is None:
            child.start()
    _wait_until_live(plan, children[-1])
    return f"{plan.url}{path}"


def _empty_metrics(data: Path) -> Path:
    """Return the folder in which web processes count their requests, without what earlier ones left."""
    folder = data / "metrics"
    folder.mkdir(mode=0o700, exist_ok=True)
    for path in folder.glob("*.db"):
        path.unlink(missing_ok=True)
    return folder


def _start_server(settings: Settings, children: list[Child]) -> str:
    if settings.redis_url:
        if not is_answering(settings.redis_url):
            announce("The server named by REDIS_URL does not answer yet; experiments wait until it does.")
        return settings.redis_url
    path = socket_path(settings.data)
    url = url_of(path)
    if is_answering(url):
        return url
    path.unlink(missing_ok=True)
    server = Child(SERVER, server_command(settings.data, path), {})
    server.start()
    children.append(server)
    wait_for(url)
    return url


def _prepare(settings: Settings) -> str:
    """Bring database and samples up to date; returns the path that opens the product.

    Raises
    ------
    StartError
        If an obstacle has kept that out for two minutes, or a sample could not be read.
    """
    from app.domain.errors import DomainError
    from app.storage.binding import bare_app
    from app.storage.db import db
    from app.storage.transient_faults import retry_until_stored

    app = bare_app(settings)
    with app.app_context():
        try:
            return retry_until_stored(_prepare_stored, seconds=OBSTACLE_SECONDS)
        except DomainError as fault:
            raise StartError(f"{fault.message} Start again when that is over.") from None
        finally:
            db.session.remove()
            db.engine.dispose()


def _prepare_stored() -> str:
    """Do so once; the path is a one-time link until an administrator can sign in without one."""
    from app.services.accounts import accounts
    from app.services.datasets import datasets
    from app.services.experiment_templates.shipped import store_library
    from app.storage.migrating import migrate, revision_of_database

    fresh = revision_of_database() is None
    if migrate() and not fresh:
        announce("The database was brought up to date; a copy of the old one lies beside it.")
    if not datasets.samples_are_ready():
        announce("Reading the samples, once …")
        datasets.prepare_samples()
    store_library()
    code = accounts.make_first_link()
    return "/" if code is None else f"/sign-in/{code}"


def web_processes(settings: Settings) -> int:
    """Return how many processes serve the web: only one may move the log of a SQLite that has the WAL-reset fault."""
    return settings.web_processes if not is_sqlite(settings.database_url) or sqlite_is_safe() else 1


def _web_command(plan: LaunchPlan) -> list[str]:
    bind = f"[{plan.host}]:{plan.port}" if ":" in plan.host else f"{plan.host}:{plan.port}"
    return [
        sys.executable,
        "-m",
        "gunicorn",
        "wsgi:app",
        "--bind",
        bind,
        "--worker-class",
        "app.launch.web_worker.WebWorker",
        "--workers",
        str(web_processes(plan.settings)),
        "--threads",
        str(WEB_THREADS),
        "--config",
        "python:app.launch.web_hooks",
        "--keep-alive",
        str(KEEP_ALIVE_SECONDS),
        "--no-control-socket",
        "--logger-class",
        "app.launch.web_logger.WebLogger",
        "--graceful-timeout",
        "4",
        "--log-level",
        "warning",
    ]


def _wait_until_live(plan: LaunchPlan, web: Child) -> None:
    end = time.monotonic() + READY_SECONDS
    while time.monotonic() < end:
        if web.process is None or web.process.poll() is not None:
            raise StartError("The web process ended before it was ready; its words are above.")
        line = http.client.HTTPConnection(plan.name, plan.port, timeout=1)
        try:
            line.request("GET", "/health/live")
            if line.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.05)
        finally:
            line.close()
    raise StartError(f"The web process did not answer within {READY_SECONDS} s.")
