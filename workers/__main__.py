"""The worker command: `python -m workers --queues …` or `python -m workers upkeep`."""

from __future__ import annotations

import argparse
import contextlib
import functools
import logging
import os
import signal
import socket
import sys
import threading
import time
import uuid
from collections.abc import Callable
from types import FrameType

from flask import Flask

import config
from app.queue import ALL_QUEUES
from app.storage.fault_reports import start_reports
from app.storage.log_lines import start_logging
from app.storage.origin import Origin, set_origin
from app.storage.privacy import make_private
from workers.process import die_with_supervisor

log = logging.getLogger("workers")
BEAT_SECONDS = 5
MAX_PAUSE_SECONDS = 5.0


def main() -> None:
    """Start what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m workers")
    parser.add_argument("what", nargs="?", choices=["worker", "upkeep"], default="worker")
    parser.add_argument("--queues", default=",".join(ALL_QUEUES))
    arguments = parser.parse_args()
    queues = [name.strip() for name in arguments.queues.split(",") if name.strip()]
    if not queues or set(queues) - set(ALL_QUEUES):
        parser.error(f"--queues takes {', '.join(ALL_QUEUES)}, with commas between them.")
    die_with_supervisor()
    make_private()
    start_logging()
    set_origin(Origin("worker"))
    settings = config.load()
    start_reports(settings.sentry_dsn, arguments.what)
    if arguments.what == "upkeep":
        from workers.upkeep import look_after

        look_after(settings)
    else:
        work(settings, queues)


def work(settings: config.Settings, queues: list[str]) -> None:
    """Serve the queues until told to stop."""
    from app.storage.binding import bare_app
    from workers.rq_worker import HydroWorker

    if settings.redis_url is None:
        sys.exit("REDIS_URL is not set: start workers with `hydroml up`, or name a Redis-protocol server.")
    app, name = bare_app(settings), f"{socket.gethostname()[:60]}-{uuid.uuid4().hex[:12]}"
    _send_heartbeats(app, name, HydroWorker.fork_lock)

    def stop(_number: int, _frame: FrameType | None) -> None:
        _take_leave(app, name)
        sys.exit(0)

    _serve(app, settings.redis_url, queues, stop)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _take_leave(app, name)


def _serve(app: Flask, url: str, queues: list[str], stop: Callable[[int, FrameType | None], None]) -> None:
    """Serve the queues until a worker was told to stop; while Redis is away, try again with growing pauses.

    `stop` hears the signal while no worker does.
    """
    import redis
    from redis.backoff import ConstantBackoff
    from redis.retry import Retry
    from rq.exceptions import StopRequested

    from workers.handover import after_end
    from workers.rq_worker import make_worker

    # The worker has pauses of its own; the client's would take the time in which it must hand back a job and end.
    retry = Retry(ConstantBackoff(0.1), 1)
    connection = redis.Redis.from_url(url, socket_connect_timeout=2, health_check_interval=10, retry=retry)
    pause, worker = 0.5, None
    while worker is None or not worker.told_to_stop:
        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        try:
            worker = make_worker(connection, queues, on_end=functools.partial(after_end, app))
            with contextlib.suppress(StopRequested):
                worker.work(logging_level="WARNING")
            pause = 0.5
        except redis.exceptions.RedisError as fault:
            log.warning("Redis cannot be reached: %s", fault)
        if worker is None or not worker.told_to_stop:
            time.sleep(pause)
            pause = min(pause * 2, MAX_PAUSE_SECONDS)


def _send_heartbeats(app: Flask, name: str, lock: threading.Lock) -> None:
    """Say in the database every few seconds that this worker is alive."""
    from sqlalchemy.exc import SQLAlchemyError

    from app.storage import jobs
    from app.storage.db import transaction

    def go_on() -> None:
        while True:
            try:
                with lock, app.app_context(), transaction():
                    jobs.record_heartbeat(name, host=socket.gethostname()[:200], pid=os.getpid())
            except SQLAlchemyError as fault:
                log.warning("the database does not take the beat: %s", fault)
            time.sleep(BEAT_SECONDS)

    threading.Thread(target=go_on, name="beat", daemon=True).start()


def _take_leave(app: Flask, name: str) -> None:
    """Say in the database that this worker ends, so that nobody counts on it for another half minute."""
    from sqlalchemy.exc import SQLAlchemyError

    from app.storage import jobs
    from app.storage.db import transaction

    try:
        with app.app_context(), transaction():
            jobs.forget_worker(name)
    except SQLAlchemyError as fault:
        log.warning("the database does not take the leave: %s", fault)


if __name__ == "__main__":
    main()
