"""`python -m workers` with shorter intervals, so that a test waits seconds for a lost job and not half a minute.

What they are to each other stays: a lease lasts three extensions, and longer than a sweep is away.
"""

from __future__ import annotations

from app.services.jobs import recovery
from app.storage import engine
from workers import __main__ as main
from workers import rq_worker, runtime, upkeep

runtime.LEASE_SECONDS, runtime.EXTEND_SECONDS, runtime.LOOK_SECONDS = 6.0, 2.0, 0.2
runtime.PATIENCE_SECONDS = 3.0
upkeep.SWEEP_SECONDS = main.BEAT_SECONDS = 1
recovery.BUSY_SECONDS, recovery.EXTENSION_SECONDS = 1.0, 4.0
engine.BUSY_SECONDS = 5
rq_worker.MONITOR_SECONDS = 2

if __name__ == "__main__":
    main.main()
