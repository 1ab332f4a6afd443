"""How each column goes with the target: small datasets at once, large ones by a worker, block by block."""

from __future__ import annotations

import uuid
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from app.domain.analysis.associations.association import associate
from app.domain.analysis.leakage import leakage
from app.domain.analysis.profiling.profile import Association, Associations, DatasetProfile, Leak
from app.domain.vocabulary import ColumnKind, JobKind
from app.services.datasets.datasets import damage_of, profile_of, require_profile, sound_rows_of
from app.services.measurements.measuring import Kinds, ask_worker, digest_of, overruled
from app.storage import columnar, datasets, jobs
from app.storage.db import transaction
from app.storage.tables import Dataset, Job

INLINE_CELLS = 150_000
MOST_ROWS = 100_000
BLOCK_CELLS = 400_000
MOST_BLOCK = 25
SECONDS = 900
# Columns that may be parts of a sum that is the target: those that go best with it.
MOST_PARTS = 1000
ROWS_OF_PARTS = 5000
# Part of the key: raise it when the same rows would give another result.
MEASURES_VERSION = 3
# Complete measurements that stay in memory.
MOST_KEPT = 32
_complete: OrderedDict[tuple[uuid.UUID, str], Associations] = OrderedDict()


def key_of(profile: DatasetProfile, target: str, kinds: Kinds) -> str:
    """Return under which key the associations with a target are kept; other kinds of columns give another key."""
    return f"{profile.column(target).key}:{digest_of(MEASURES_VERSION, overruled(profile, kinds))[:8]}"[:20]


def associations_for(dataset: Dataset, target: str, kinds: Kinds) -> Associations | None:
    """Return what is known so far about every column and this target; what is not known is being measured.

    A small dataset is measured here and now; for a large one a worker is asked, once.
    """
    profile = profile_of(dataset)
    if profile is None or not profile.has(target):
        return None
    key = key_of(profile, target, kinds)
    known = _known(dataset.id, key)
    # Of damaged rows nothing can be measured; the pages say so, and go on with what is known.
    if (known is not None and known.complete) or damage_of(dataset) is not None:
        return known
    if profile.rows * len(profile.columns) <= INLINE_CELLS:
        return measure(dataset, target, kinds, lambda _part: True)
    ask(dataset, target, kinds, again=False)
    return known


def known_for(dataset: Dataset, target: str, kinds: Kinds) -> Associations | None:
    """Return what is known so far about every column and this target; nothing is measured for it."""
    profile = profile_of(dataset)
    if profile is None or not profile.has(target):
        return None
    return _known(dataset.id, key_of(profile, target, kinds))


def ask(dataset: Dataset, target: str, kinds: Kinds, *, again: bool) -> None:
    """Have a worker measure a dataset; with `again`, also where that failed or was stopped before."""
    profile = profile_of(dataset)
    if profile is None or not profile.has(target):
        return
    arguments = {"target": target, "kinds": {name: kind.value for name, kind in kinds.items()}}
    key = key_of(profile, target, kinds)
    ask_worker(JobKind.ASSOCIATE, dataset, key=key, seconds=SECONDS, arguments=arguments, again=again)


def _known(dataset_id: uuid.UUID, key: str) -> Associations | None:
    """Return what is stored; what is complete never changes, so the latest stay in memory."""
    held = _complete.get((dataset_id, key))
    if held is not None:
        return held
    stored = datasets.find_association(dataset_id, key)
    if stored is None or stored.payload is None:
        return None
    found = Associations.from_json(stored.payload)
    if found.complete:
        _complete[dataset_id, key] = found
        while len(_complete) > MOST_KEPT:
            _complete.popitem(last=False)
    return found


def job_for(dataset: Dataset, key: str) -> Job | None:
    """Return the newest job that measures this dataset under this key, unless it failed or was stopped."""
    job = jobs.find_job(dataset.id, JobKind.ASSOCIATE, key=key)
    return None if job is None or job.state in ("failed", "cancelled") else job


def partial_of(job: Job) -> dict[str, Any] | None:
    """Return what a job has measured so far."""
    row = datasets.find_association(job.subject_id, str(job.arguments.get("key", "")))
    return None if row is None else row.payload


def measure(dataset: Dataset, target: str, kinds: Kinds, go_on: Callable[[Associations], bool]) -> Associations:
    """Measure block by block and store each block as it is done; `go_on` is told, and may stop it.

    What a column gives away by itself comes with its block, and what columns give away together comes last.
    """
    profile = require_profile(dataset)
    key = key_of(profile, target, kinds)
    others = [column.name for column in profile.columns if column.name != target]
    rows = min(profile.rows, MOST_ROWS)
    width = max(1, min(MOST_BLOCK, BLOCK_CELLS // max(rows, 1)))
    part = Associations(target, rows, (), complete=not others)
    for start in range(0, len(others), width):
        items, leaks = _block(dataset, profile, target, kinds, others[start : start + width])
        part = replace(part, items=(*part.items, *items), leaks=(*part.leaks, *leaks))
        if start + width >= len(others):
            together = _together(dataset, profile, target, kinds, part)
            part = replace(part, leaks=leakage.merged([*part.leaks, *together]), complete=True)
        with transaction():
            datasets.save_association(dataset.id, key, part.to_json())
        if not go_on(part):
            break
    return part


def _block(
    dataset: Dataset, profile: DatasetProfile, target: str, kinds: Kinds, block: list[str]
) -> tuple[tuple[Association, ...], list[Leak]]:
    time_column = _time_column(profile, target)
    names = list(dict.fromkeys([*block, target, *([time_column] if time_column else [])]))
    frame = columnar.read_frame(sound_rows_of(dataset), profile, names, sample_rows=MOST_ROWS)
    items = associate(frame, target, kinds, columns=block).items
    leaks = leakage.column_leaks(frame, target, kinds, items)
    if time_column is not None:
        leaks += leakage.series_leaks(frame, target, kinds, time_column=time_column)
    return items, [leak for leak in leaks if leak.column in block]


def _time_column(profile: DatasetProfile, target: str) -> str | None:
    """Return the column that orders the rows, where its moments are distinct and all rows are looked at."""
    axis = profile.time_axis
    if axis is None or axis.duplicates or axis.column == target or profile.rows > MOST_ROWS:
        return None
    return axis.column


def _together(dataset: Dataset, profile: DatasetProfile, target: str, kinds: Kinds, part: Associations) -> list[Leak]:
    numbers = [item for item in part.items if kinds[item.column].is_number and item.value is not None]
    closest = sorted(numbers, key=lambda item: -abs(item.value or 0.0))[:MOST_PARTS]
    if len(closest) < 2:
        return []
    names = [*(item.column for item in closest), target]
    frame = columnar.read_frame(sound_rows_of(dataset), profile, names, sample_rows=ROWS_OF_PARTS)
    return leakage.joint_leaks(frame, target, kinds, part.leaks)


def measure_for_job(
    dataset_id: uuid.UUID, *, target: str, kinds: Mapping[str, str], go_on: Callable[[Associations], bool]
) -> Associations:
    """Measure for a worker, which knows ids and plain values only."""
    dataset = datasets.get_dataset(dataset_id)
    return measure(dataset, target, {name: ColumnKind(kind) for name, kind in kinds.items()}, go_on)
