"""RQ's worker, made to outlive a Redis outage, to take its child along when it dies, and to run our jobs only."""

from __future__ import annotations

import os
import threading
from typing import Any

from redis.exceptions import RedisError
from rq import Queue, Worker
from rq.job import Job
from rq.serializers import JSONSerializer

from app.queue import FUNCTIONS
from workers.process import die_with

ALLOWED = frozenset(FUNCTIONS.values())
WORKER_TTL_SECONDS = 30
MONITOR_SECONDS = 5
MAINTENANCE_SECONDS = 60
LONGEST_WAIT_SECONDS = 5.0


class HydroWorker(Worker):
    """A worker for jobs of the table `jobs`."""

    max_connection_wait_time = LONGEST_WAIT_SECONDS
    # Whoever writes to the database in another thread holds this, so that no fork happens in the middle of it.
    fork_lock = threading.Lock()
    told_to_stop = False

    def handle_warm_shutdown_request(self) -> None:
        """Remember that the end was asked for; RQ itself remembers it only while a job runs."""
        self.told_to_stop = True
        super().handle_warm_shutdown_request()  # type: ignore[no-untyped-call]  # RQ wrote no types here

    def fork_work_horse(self, job: Job, queue: Queue) -> None:
        """Fork while nothing else is going on in this process."""
        with self.fork_lock:
            super().fork_work_horse(job, queue)

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
        if job.func_name not in ALLOWED or len(job.args) != 1 or job.kwargs:
            self.log.error("refused a job that is none of ours: %s", str(job.func_name)[:100])
            return False
        return bool(super().perform_job(job, queue, execution))


def make_worker(connection: Any, queues: list[str]) -> HydroWorker:
    """Return a worker for these queues, the first one served first."""
    served = [Queue(name, connection=connection, serializer=JSONSerializer) for name in queues]
    return HydroWorker(
        served,
        connection=connection,
        serializer=JSONSerializer,
        default_worker_ttl=WORKER_TTL_SECONDS,
        job_monitoring_interval=MONITOR_SECONDS,
        maintenance_interval=MAINTENANCE_SECONDS,
        log_job_description=False,
    )
