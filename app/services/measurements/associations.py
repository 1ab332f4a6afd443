"""How each column goes with the target: small datasets at once, large ones by a worker, block by block."""

from __future__ import annotations

import uuid
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from app.domain.analysis.associations.association import associate
from app.domain.analysis.leakage import leakage
from app.domain.analysis.profiling.profile import Associations, DatasetProfile, Leak
from app.domain.experiment import Spec
from app.domain.training.development import HoldoutRule
from app.domain.vocabulary import ColumnKind, JobKind
from app.services import development
from app.services.datasets.datasets import damage_of, profile_of, sound_rows_of
from app.services.measurements.measuring import Kinds, ask_worker, digest_of, kinds_of, overruled
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
MEASURES_VERSION = 4
# Complete measurements that stay in memory.
MOST_KEPT = 32
_complete: OrderedDict[tuple[uuid.UUID, str], Associations] = OrderedDict()


def key_of(profile: DatasetProfile, target: str, kinds: Kinds, rule: HoldoutRule | None = None) -> str:
    """Return under which key the associations with a target are kept; other kinds or held-out rows give another."""
    held = [] if rule is None else [development.digest(rule)]
    return f"{profile.column(target).key}:{digest_of(MEASURES_VERSION, overruled(profile, kinds), *held)[:8]}"[:20]


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


def known_for(dataset: Dataset, spec: Spec) -> Associations | None:
    """Return what is known for a config: how columns go with the target, on rows that it does not hold out.

    What may give the target away is asked about whatever row says so, since a question chooses nothing.
    """
    profile = profile_of(dataset)
    if profile is None:
        return None
    target, kinds, rule = spec.task.target, kinds_of(profile, spec.data.column_kinds), HoldoutRule.of(spec)
    found = associations_for(dataset, target, kinds)
    if rule is None:
        return found
    measured = _on_development_rows(dataset, target, kinds, rule)
    return None if found is None else found.with_values_of(measured)


def jobs_of(dataset: Dataset, spec: Spec) -> list[Job | None]:
    """Return the job of each measurement for a config that is not complete, None where it failed or was stopped."""
    profile = profile_of(dataset)
    if profile is None:
        return []
    kinds, rule = kinds_of(profile, spec.data.column_kinds), HoldoutRule.of(spec)
    keys = {key_of(profile, spec.task.target, kinds), key_of(profile, spec.task.target, kinds, rule)}
    left = [key for key in sorted(keys) if (known := _known(dataset.id, key)) is None or not known.complete]
    return [job_for(dataset, key) for key in left]


def ask_again(dataset: Dataset, spec: Spec) -> None:
    """Have everything measured for a config that is not complete, also where that failed or was stopped."""
    profile = profile_of(dataset)
    if profile is None:
        return
    target, kinds, rule = spec.task.target, kinds_of(profile, spec.data.column_kinds), HoldoutRule.of(spec)
    for one in [None] if rule is None else [None, rule]:
        known = _known(dataset.id, key_of(profile, target, kinds, one))
        if known is None or not known.complete:
            ask(dataset, target, kinds, again=True, rule=one)


def _on_development_rows(dataset: Dataset, target: str, kinds: Kinds, rule: HoldoutRule) -> Associations | None:
    profile = profile_of(dataset)
    if profile is None:
        return None
    key = key_of(profile, target, kinds, rule)
    known = _known(dataset.id, key)
    if (known is not None and known.complete) or damage_of(dataset) is not None:
        return known
    if profile.rows * len(profile.columns) <= INLINE_CELLS:
        return measure(dataset, target, kinds, lambda _part: True, rule=rule)
    ask(dataset, target, kinds, again=False, rule=rule)
    return known


def ask(dataset: Dataset, target: str, kinds: Kinds, *, again: bool, rule: HoldoutRule | None = None) -> None:
    """Have a worker measure a dataset; with `again`, also where that failed or was stopped before."""
    profile = profile_of(dataset)
    if profile is None or not profile.has(target):
        return
    named = {name: kind.value for name, kind in kinds.items()}
    arguments = {"target": target, "kinds": named, **development.to_arguments(rule)}
    key = key_of(profile, target, kinds, rule)
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


def measure(
    dataset: Dataset,
    target: str,
    kinds: Kinds,
    go_on: Callable[[Associations], bool],
    *,
    rule: HoldoutRule | None = None,
) -> Associations:
    """Measure block by block and store each block as it is done; `go_on` is told, and may stop it.

    What a column gives away by itself comes with its block, and what columns give away together comes last. With a
    rule, held-out rows are left out, and no leak is looked for.
    """
    profile = profile_of(dataset)
    if profile is None:
        raise ValueError("the dataset is not ready")
    key = key_of(profile, target, kinds, rule)
    others = [column.name for column in profile.columns if column.name != target]
    rows = min(profile.rows, MOST_ROWS)
    width = max(1, min(MOST_BLOCK, BLOCK_CELLS // max(rows, 1)))
    part = Associations(target, rows, (), complete=not others)
    for start in range(0, len(others), width):
        found, leaks = _block(dataset, profile, target, kinds, others[start : start + width], rule)
        part = replace(part, items=(*part.items, *found.items), leaks=(*part.leaks, *leaks))
        part = replace(part, rows_used=found.rows_used, target_std=found.target_std)
        if start + width >= len(others):
            together = _together(dataset, profile, target, kinds, part) if rule is None else []
            part = replace(part, leaks=leakage.merged([*part.leaks, *together]), complete=True)
        with transaction():
            datasets.save_association(dataset.id, key, part.to_json())
        if not go_on(part):
            break
    return part


def _block(
    dataset: Dataset,
    profile: DatasetProfile,
    target: str,
    kinds: Kinds,
    block: list[str],
    rule: HoldoutRule | None,
) -> tuple[Associations, list[Leak]]:
    time_column = _time_column(profile, target) if rule is None else None
    names = list(dict.fromkeys([*block, target, *([time_column] if time_column else [])]))
    keep = development.rows_of(dataset, rule)
    frame = columnar.read_frame(sound_rows_of(dataset), profile, names, sample_rows=MOST_ROWS, keep=keep)
    found = associate(frame, target, kinds, columns=block)
    if rule is not None:
        return found, []
    leaks = leakage.column_leaks(frame, target, kinds, found.items)
    if time_column is not None:
        leaks += leakage.series_leaks(frame, target, kinds, time_column=time_column)
    return found, [leak for leak in leaks if leak.column in block]


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
    dataset_id: uuid.UUID,
    *,
    target: str,
    kinds: Mapping[str, str],
    go_on: Callable[[Associations], bool],
    arguments: Mapping[str, Any] | None = None,
) -> Associations:
    """Measure for a worker, which knows ids and plain values only."""
    dataset, rule = datasets.get_dataset(dataset_id), development.from_arguments(arguments or {})
    return measure(dataset, target, {name: ColumnKind(kind) for name, kind in kinds.items()}, go_on, rule=rule)
