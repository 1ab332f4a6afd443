"""HydroWorker: RQ's worker made robust against Redis outages, running our jobs only."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import uuid
from collections.abc import Callable
from types import FrameType
from typing import Any

from redis.exceptions import RedisError
from rq import Queue, Worker
from rq.exceptions import DeserializationError, StopRequested
from rq.job import Job
from rq.serializers import JSONSerializer

from app.domain.interruptions import MemoryUse
from app.services.jobs.kinds import KINDS
from workers import memory
from workers.handover import EndOfProcess
from workers.process import die_with

ALLOWED = frozenset(job_type.function for job_type in KINDS.values())
# What an older version put into the queue under these names, a worker of this version does under the new ones.
RENAMED_FUNCTIONS: dict[str, str | None] = dict.fromkeys(
    (
        "workers.jobs.associate.associate",
        "workers.jobs.calibrate.calibrate",
        "workers.jobs.correlate.correlate",
        "workers.jobs.rank.rank",
        "workers.jobs.recommend.recommend",
    ),
    "workers.jobs.measure.measure",
)
WORKER_TTL_SECONDS = 30
MONITOR_SECONDS = 5
MAINTENANCE_SECONDS = 60
MAX_WAIT_SECONDS = 5.0
OnEnd = Callable[[EndOfProcess], None]


class HydroWorker(Worker):
    """A worker for jobs of the table `jobs`."""

    max_connection_wait_time = MAX_WAIT_SECONDS
    # Whoever writes to the database in another thread holds this, so that no fork happens in the middle of it.
    fork_lock = threading.Lock()
    told_to_stop = False
    on_end: OnEnd | None = None
    _job_id: uuid.UUID | None = None
    _kernel_kills = 0

    def request_stop(self, signum: int | None, frame: FrameType | None) -> None:
        """End as planned: at once where nothing runs, else after ending the process of the job and handing that back.

        Training may last for hours, and whoever restarts a service waits for seconds.
        """
        self.told_to_stop = self._stop_requested = True
        if self._horse_pid:
            self.kill_horse()
        elif self._job_id is None:
            raise StopRequested
        # Else the process is about to be started, and is ended then.

    def execute_job(self, job: Job, queue: Queue) -> None:
        """Remember which job it is, for whoever has to give it back."""
        self._job_id = _id_of(job)
        self._kernel_kills = memory.kernel_kills()
        try:
            super().execute_job(job, queue)
        finally:
            self._job_id = None

    def fork_work_horse(self, job: Job, queue: Queue) -> None:
        """Fork while nothing else is going on in this process."""
        with self.fork_lock:
            super().fork_work_horse(job, queue)
        if self.told_to_stop:
            self.kill_horse()

    def kill_horse(self, sig: signal.Signals = signal.SIGKILL) -> None:
        """End the process of the job with all that it started; one that leads no group yet shares ours."""
        with contextlib.suppress(ProcessLookupError):
            if os.getpgid(self._horse_pid) == os.getpgrp():
                os.kill(self._horse_pid, sig)
            else:
                os.killpg(self._horse_pid, sig)

    def wait_for_horse(self) -> tuple[int | None, int | None, Any]:
        """Wait for the process of the job; one that did not end by itself is reported before anything else is done."""
        pid, status, usage = super().wait_for_horse()
        if pid and status and self._job_id is not None and self.on_end is not None:
            # The alarm that wakes the monitor must not ring in the middle of a transaction.
            signal.alarm(0)
            kills = memory.kernel_kills() > self._kernel_kills
            used = MemoryUse(usage.ru_maxrss / 1024 if usage else 0.0, memory.limit_mb(), kernel_ended_one=kills)
            self.on_end(EndOfProcess(self._job_id, pid, status, used, planned=self.told_to_stop))
        return pid, status, usage

    def maintain_heartbeats(self, job: Job, execution: Any) -> None:
        """Tell Redis that the job goes on; an outage is no reason to end a job, whose truth is in the database."""
        try:
            super().maintain_heartbeats(job, execution)
        except RedisError as fault:
            self.log.warning("Redis is away while a job runs: %s", fault)

    def main_work_horse(self, job: Job, queue: Queue) -> None:
        """Run one job in the forked child, which ends with its worker."""
        die_with(os.getppid())
        super().main_work_horse(job, queue)

    def perform_job(self, job: Job, queue: Queue, execution: Any) -> bool:
        """Run a job of ours; anything else that somebody put into Redis is refused."""
        if not _is_ours(job):
            self.log.error("refused a job that is none of ours: %r", job.id)
            return False
        return bool(super().perform_job(job, queue, execution))


def _is_ours(job: Job) -> bool:
    try:
        job.func_name = RENAMED_FUNCTIONS.get(str(job.func_name), job.func_name)
        return job.func_name in ALLOWED and len(job.args) == 1 and not job.kwargs
    except (DeserializationError, TypeError):
        return False


def _id_of(job: Job) -> uuid.UUID | None:
    try:
        return uuid.UUID(str(job.args[0]))
    except (DeserializationError, ValueError, LookupError, TypeError):
        return None


def make_worker(connection: Any, queues: list[str], *, on_end: OnEnd) -> HydroWorker:
    """Return a worker for these queues, the first one served first; `on_end` hears of processes that did not finish."""
    served = [Queue(name, connection=connection, serializer=JSONSerializer) for name in queues]
    made = HydroWorker(
        served,
        connection=connection,
        serializer=JSONSerializer,
        default_worker_ttl=WORKER_TTL_SECONDS,
        job_monitoring_interval=MONITOR_SECONDS,
        maintenance_interval=MAINTENANCE_SECONDS,
        log_job_description=False,
    )
    made.on_end = on_end
    return made
