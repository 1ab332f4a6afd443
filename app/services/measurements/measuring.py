"""What all measuring shares: how a worker is asked once, and under which key the results are kept."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from app import queue
from app.domain.analysis.profiling.profile import DatasetProfile
from app.domain.vocabulary import ColumnKind, JobKind, RunState
from app.storage import jobs
from app.storage.db import transaction
from app.storage.tables import Dataset, Job

Kinds = Mapping[str, ColumnKind]
OPEN = (RunState.QUEUED.value, RunState.RUNNING.value)


@dataclass(frozen=True)
class Held:
    """A job as its worker holds it: whoever lost it can store nothing any more."""

    job_id: uuid.UUID
    attempt: int
    should_stop: Callable[[], bool]

    def keeps(self, progress: dict[str, Any]) -> bool:
        """Say how far it is, inside the transaction that stores a result; False when the job is no longer ours."""
        return jobs.write_progress(self.job_id, attempt=self.attempt, progress=progress)


def kinds_of(profile: DatasetProfile, kinds: Kinds | None) -> dict[str, ColumnKind]:
    """Return the kind of every column: as the user said where they said so, else as it was found."""
    found = {column.name: column.kind for column in profile.columns}
    return {**found, **{name: kind for name, kind in (kinds or {}).items() if name in found}}


def overruled(profile: DatasetProfile, kinds: Kinds) -> dict[str, str]:
    """Return the kinds that the user gave instead of the ones found, by the columns' own keys."""
    changed = (column for column in profile.columns if kinds.get(column.name, column.kind) is not column.kind)
    return {column.key: kinds[column.name].value for column in changed}


def digest_of(*parts: Any) -> str:
    """Return 16 hexadecimal digits that are the same for the same parts."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def waiting_reason(job: Job | None) -> str:
    """Return why a job waits again that was at work before; empty for one that just waits for its turn."""
    if job is None or job.state != RunState.QUEUED.value or not job.error:
        return ""
    return f"{job.error} It is tried again by itself."


def ask_worker(
    kind: JobKind, dataset: Dataset, *, key: str, seconds: int, arguments: dict[str, Any], again: bool = False
) -> Job:
    """Return the job that measures a dataset under a key; it is made where there is none.

    A measuring that failed once would fail again, and one that was stopped was not wanted: neither is asked for a
    second time unless `again` says that somebody wants it now.
    """

    def known() -> Job | None:
        job = jobs.find_job(dataset.id, kind, key=key)
        return job if job is not None and (job.state in OPEN or not again) else None

    # Pages ask for what is there already again and again, and need not wait for whoever writes.
    held = known()
    if held is not None:
        return held
    with transaction():
        held = known()
        if held is not None:
            return held
        job = jobs.add_job(
            kind,
            subject_id=dataset.id,
            owner_id=dataset.owner_id,
            seconds=seconds,
            arguments={**arguments, "key": key},
        )
    if queue.ring(job.id, kind, seconds=seconds):
        with transaction():
            jobs.mark_rung(job.id)
    return job
