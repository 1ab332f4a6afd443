"""Gunicorn hooks: end with the parent, sweep for lost jobs, keep a spare reading child."""

from __future__ import annotations

import ctypes
import resource
import signal
import sys
import threading
from typing import Any

accesslog = None
# The application itself decides whose forwarded headers it believes (app.web.headers). Gunicorn believes nobody's: from
# a peer that it trusts it takes SCRIPT_NAME and PATH_INFO too, which no proxy of ours sends and any client may.
forwarded_allow_ips = ""
limit_request_line = 8190
# One process holds so many connections; each is a file, and so are those of the database and what is being read.
worker_connections = 1000
FILES = 4096


def post_fork(_server: Any, worker: Any) -> None:
    """Have the kernel end the worker when gunicorn's parent process ends, and give it files enough."""
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = max(now, FILES if most == resource.RLIM_INFINITY else min(FILES, most))
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, most))
    worker.worker_connections = min(worker.worker_connections, files // 2)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def post_worker_init(worker: Any) -> None:
    """Sweep from the web process too, so that lost jobs are noticed whichever process is left; be ready for people."""
    from app.launch.warming import warm_caches
    from app.services.jobs.upkeep import sweep_for_ever
    from app.storage.reading import reader_pool

    settings = worker.wsgi.extensions["hydroml_settings"]
    if settings.spare_reader:
        reader_pool.keep(settings.data)
    threading.Thread(target=sweep_for_ever, args=(worker.wsgi,), name="sweep", daemon=True).start()
    threading.Thread(target=warm_caches, args=(worker.wsgi,), name="warm", daemon=True).start()
