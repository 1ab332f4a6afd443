"""How each column goes with the target: small datasets at once, large ones by a worker, block by block."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from app import queue
from app.domain.analysis.association import associate
from app.domain.analysis.profile import Association, Associations, DatasetProfile
from app.domain.vocabulary import ColumnKind, JobKind
from app.services.datasets import parquet_of, profile_of
from app.storage import columnar, datasets, jobs
from app.storage.db import transaction
from app.storage.tables import Dataset, Job

INLINE_CELLS = 150_000
MOST_ROWS = 100_000
BLOCK_CELLS = 400_000
MOST_BLOCK = 25
SECONDS = 900
Kinds = Mapping[str, ColumnKind]


def key_of(profile: DatasetProfile, target: str, kinds: Kinds) -> str:
    """Return under which key the associations with a target are kept; other kinds of columns give another key."""
    overruled = {name: kind.value for name, kind in kinds.items() if kind is not profile.column(name).kind}
    digest = hashlib.sha256(json.dumps(overruled, sort_keys=True).encode()).hexdigest()[:8]
    return f"{profile.column(target).key}:{digest}"[:20]


def associations_for(dataset: Dataset, target: str, kinds: Kinds) -> Associations | None:
    """Return what is known so far about every column and this target; what is not known is being measured.

    A small dataset is measured here and now; for a large one a worker is asked, once.
    """
    profile = profile_of(dataset)
    if profile is None or not profile.has(target):
        return None
    key = key_of(profile, target, kinds)
    stored = datasets.find_association(dataset.id, key)
    known = Associations.from_json(stored.payload) if stored is not None and stored.payload is not None else None
    if known is not None and known.complete:
        return known
    if profile.rows * len(profile.columns) <= INLINE_CELLS:
        return measure(dataset, target, kinds, lambda _part: True)
    _ask_worker(dataset, target, kinds, key)
    return known


def job_for(dataset: Dataset, key: str) -> Job | None:
    """Return the newest job that measures this dataset under this key, unless it failed or was stopped."""
    job = jobs.find_job(dataset.id, JobKind.ASSOCIATE, key=key)
    return None if job is None or job.state in ("failed", "cancelled") else job


def partial_of(job: Job) -> dict[str, Any] | None:
    """Return what a job has measured so far."""
    row = datasets.find_association(job.subject_id, str(job.arguments.get("key", "")))
    return None if row is None else row.payload


def _ask_worker(dataset: Dataset, target: str, kinds: Kinds, key: str) -> None:
    with transaction():
        # A measuring that failed once would fail again; it is not asked for a second time.
        if jobs.find_job(dataset.id, JobKind.ASSOCIATE, key=key) is not None:
            return
        values = {name: kind.value for name, kind in kinds.items()}
        arguments = {"target": target, "kinds": values, "key": key}
        job = jobs.add_job(
            JobKind.ASSOCIATE, subject_id=dataset.id, owner_id=dataset.owner_id, seconds=SECONDS, arguments=arguments
        )
    if queue.ring(job.id, JobKind.ASSOCIATE, seconds=SECONDS):
        with transaction():
            jobs.mark_rung(job.id)


def measure(dataset: Dataset, target: str, kinds: Kinds, go_on: Callable[[Associations], bool]) -> Associations:
    """Measure block by block and store each block as it is done; `go_on` is told, and may stop it."""
    profile = profile_of(dataset)
    if profile is None:
        raise ValueError("the dataset is not ready")
    key = key_of(profile, target, kinds)
    others = [column.name for column in profile.columns if column.name != target]
    rows = min(profile.rows, MOST_ROWS)
    width = max(1, min(MOST_BLOCK, BLOCK_CELLS // max(rows, 1)))
    items: list[Association] = []
    part = Associations(target, rows, (), complete=not others)
    for start in range(0, len(others), width):
        block = others[start : start + width]
        frame = columnar.read_frame(parquet_of(dataset), profile, [*block, target], sample_rows=MOST_ROWS)
        found = associate(frame, target, kinds)
        items += found.items
        part = Associations(target, found.rows_used, tuple(items), complete=start + width >= len(others))
        with transaction():
            datasets.save_association(dataset.id, key, part.to_json())
        if not go_on(part):
            break
    return part


def measure_for_job(
    dataset_id: uuid.UUID, *, target: str, kinds: Mapping[str, str], go_on: Callable[[Associations], bool]
) -> Associations:
    """Measure for a worker, which knows ids and plain values only."""
    dataset = datasets.get_dataset(dataset_id)
    return measure(dataset, target, {name: ColumnKind(kind) for name, kind in kinds.items()}, go_on)
