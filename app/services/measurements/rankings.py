"""How much each column tells about the target by itself, refined while the user works."""

from __future__ import annotations

import math
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from app.domain.analysis.associations import ranking
from app.domain.analysis.associations.ranking import Ranked
from app.domain.analysis.profiling.profile import DatasetProfile
from app.domain.errors import ConflictError, DomainError
from app.domain.training.development import HoldoutRule
from app.domain.vocabulary import ColumnKind, JobKind, RunState
from app.services import development
from app.services.datasets.datasets import profile_of, sound_rows_of
from app.services.measurements.measuring import Held, Kinds, ask_worker, digest_of, kinds_of, overruled
from app.storage import columnar, datasets
from app.storage import correlations as rows_of_rankings
from app.storage.db import transaction
from app.storage.tables import Dataset, Job

INLINE_CELLS = 150_000
BLOCK_CELLS = 8_000_000
MOST_BLOCK = 100
SECONDS = 1800
SEED = 42
METHOD = "mutual_information"


@dataclass(frozen=True)
class RankingState:
    """What is known of a ranking so far.

    `items` stand in the order of their rank, what cannot be measured at the end. `state` is "none", "queued",
    "running", "finished", "cancelled" or "failed"; `reason` says in a sentence why there is nothing to see. `settled`
    says that more rows would hardly change the order.
    """

    target: str
    items: tuple[Ranked, ...]
    rows: int
    rows_used: int
    state: str
    settled: bool = False
    method: str = METHOD
    seconds_left: float | None = None
    reason: str = ""
    job_id: uuid.UUID | None = None


@dataclass(frozen=True)
class _Found:
    """A ranking as it is stored: the columns measured so far, on how many rows, and whether that was the last round."""

    items: dict[str, Ranked]
    rows_used: int = 0
    settled: bool = False
    complete: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        items = [item.to_json() for item in self.items.values()]
        return {"items": items, "rows_used": self.rows_used, "settled": self.settled, "complete": self.complete}

    @staticmethod
    def from_json(values: dict[str, Any]) -> _Found:
        """Build from what `to_json` gave."""
        return _Found(**{**values, "items": {item["name"]: Ranked(**item) for item in values["items"]}})


def ranking_for(
    dataset: Dataset,
    target: str,
    kinds: Kinds | None = None,
    columns: Sequence[str] | None = None,
    *,
    rule: HoldoutRule | None = None,
) -> RankingState:
    """Return what is known so far about every column (or `columns`) and this target; what is not known is measured.

    A small table is measured here and now; for a large one a worker is asked, once. Rows that `rule` holds out are not
    looked at.
    """
    profile = profile_of(dataset)
    if profile is None or not profile.has(target):
        gone = "The dataset is not ready yet." if profile is None else f"There is no column named {target[:60]}."
        return RankingState(target, (), 0, 0, "none", reason=gone)
    every = kinds_of(profile, kinds)
    key = _key(profile, target, every, rule)
    found = _stored(dataset.id, key)
    job = None
    if not found.complete:
        if profile.rows * len(profile.columns) <= INLINE_CELLS:
            looked_at = _LookedAt(dataset, profile, target, every, development.rows_of(dataset, rule))
            found = _measure(looked_at, keep=lambda part, _progress: _keep(dataset.id, key, part))
        else:
            named = {"target": profile.column(target).key, "kinds": overruled(profile, every)}
            arguments = {**named, **development.to_arguments(rule)}
            job = ask_worker(JobKind.RANK, dataset, key=key, seconds=SECONDS, arguments=arguments)
            found = _stored(dataset.id, key)
    return _state(profile, target, found, job, columns)


def refuse_unknown(dataset: Dataset, *, target: str, columns: Sequence[str] | None) -> None:
    """Refuse names that no column has.

    Raises
    ------
    DomainError
        At the field that names it.
    """
    profile = profile_of(dataset)
    if profile is None:
        raise ConflictError("The dataset is not ready yet.", code="dataset_not_ready")
    for field, name in (("target", target), *(("columns", name) for name in columns or ())):
        if not profile.has(name):
            raise DomainError(f"There is no column named {name[:60]}.", code="column_unknown", field=field)


def _key(profile: DatasetProfile, target: str, kinds: Kinds, rule: HoldoutRule | None) -> str:
    held = [] if rule is None else [development.digest(rule)]
    return digest_of("ranking", profile.column(target).key, overruled(profile, kinds), *held)


def _stored(dataset_id: uuid.UUID, key: str) -> _Found:
    row = rows_of_rankings.find_ranking(dataset_id, key)
    return _Found({}) if row is None else _Found.from_json(row.payload)


def _keep(dataset_id: uuid.UUID, key: str, part: _Found) -> bool:
    with transaction():
        rows_of_rankings.save_ranking(dataset_id, key, part.to_json())
    return True


def _state(
    profile: DatasetProfile, target: str, found: _Found, job: Job | None, columns: Sequence[str] | None
) -> RankingState:
    state = RunState.FINISHED.value if found.complete else job.state if job is not None else "none"
    wanted = found.items.values() if columns is None else [found.items[name] for name in columns if name in found.items]
    items = ranking.with_ranks(wanted)
    reason = ""
    if job is not None and state == RunState.FAILED.value:
        reason = job.error or "The measuring failed."
    elif found.complete and not any(item.score is not None for item in items):
        reason = f"No column can be compared with {target[:60]}: either it does not vary, or none of them does."
    return RankingState(
        target=target,
        items=items,
        rows=profile.rows,
        rows_used=found.rows_used,
        state=state,
        settled=found.settled,
        seconds_left=job.progress.get("seconds_left") if job is not None and state == RunState.RUNNING.value else None,
        reason=reason,
        job_id=None if job is None else job.id,
    )


@dataclass(frozen=True)
class _LookedAt:
    """What is ranked, and on which rows: `rows` says for each row whether it may be looked at; None means all."""

    dataset: Dataset
    profile: DatasetProfile
    target: str
    kinds: dict[str, ColumnKind]
    rows: development.Rows | None


def _measure(looked_at: _LookedAt, *, keep: Callable[[_Found, dict[str, Any]], bool]) -> _Found:
    """Measure all columns on few rows, then on more until their order settles; `keep` stores what has come."""
    dataset, profile, target, kinds = looked_at.dataset, looked_at.profile, looked_at.target, looked_at.kinds
    others = [column.name for column in profile.columns if column.name != target]
    sizes = ranking.sizes_of(profile.rows)
    found, begun, cells = _Found({}, complete=not others), time.monotonic(), 0
    for at, size in enumerate(sizes):
        before, now = found.items, dict(found.items)
        width = max(1, min(MOST_BLOCK, BLOCK_CELLS // max(size, 1)))
        for start in range(0, len(others), width):
            names = [*others[start : start + width], target]
            frame = columnar.read_frame(sound_rows_of(dataset), profile, names, sample_rows=size, keep=looked_at.rows)
            measured = ranking.rank_columns(frame, target, kinds, seed=SEED, before=before)
            now.update({item.name: item for item in measured})
            last = start + width >= len(others)
            settled = last and (size == profile.rows or (at > 0 and ranking.has_settled(before.values(), now.values())))
            complete = last and (settled or at == len(sizes) - 1)
            cells += size * len(names)
            left = sum(sizes[at:]) * len(others) - (size * min(start + width, len(others)))
            progress = _progress(now, at, sizes, seconds_left=(time.monotonic() - begun) / max(cells, 1) * left)
            found = _Found(dict(now), len(frame), settled, complete)
            if not keep(found, progress) or complete:
                return found
    return found


def _progress(now: dict[str, Ranked], at: int, sizes: list[int], *, seconds_left: float) -> dict[str, Any]:
    message = f"{sizes[at]:,} rows of each column, round {at + 1} of at most {len(sizes)}"
    return {"measured": len(now), "rows": sizes[at], "message": message, "seconds_left": math.ceil(seconds_left)}


def measure_for_job(dataset_id: uuid.UUID, arguments: dict[str, Any], held: Held) -> bool:
    """Measure for a worker, which knows ids and plain values only; returns whether the last round was done."""
    dataset = datasets.get_dataset(dataset_id)
    profile = profile_of(dataset)
    if profile is None:
        raise ValueError("the dataset is not ready")
    target, kinds = _from_arguments(profile, arguments)
    rule = development.from_arguments(arguments)
    key = _key(profile, target, kinds, rule)

    def keep(part: _Found, progress: dict[str, Any]) -> bool:
        with transaction():
            # The job is named in the transaction that stores, so a worker that lost it stores nothing.
            if not held.keeps(progress):
                return False
            rows_of_rankings.save_ranking(dataset.id, key, part.to_json())
        return part.complete or not held.should_stop()

    looked_at = _LookedAt(dataset, profile, target, kinds, development.rows_of(dataset, rule))
    return _measure(looked_at, keep=keep).complete


def _from_arguments(profile: DatasetProfile, arguments: dict[str, Any]) -> tuple[str, dict[str, ColumnKind]]:
    by_key = {column.key: column.name for column in profile.columns}
    kinds = {by_key[key]: ColumnKind(kind) for key, kind in arguments["kinds"].items()}
    return by_key[arguments["target"]], kinds_of(profile, kinds)


def as_json(state: RankingState) -> dict[str, Any]:
    """Return a ranking, finished or as far as it has come, as plain JSON values."""
    features = [
        {
            "name": item.name,
            "score": item.score,
            "rank": item.rank or None,
            "error": item.error,
            "rank_best": item.rank_best or None,
            "rank_worst": item.rank_worst or None,
            "noise": item.noise,
            "reason": item.reason,
        }
        for item in state.items
    ]
    return {
        "method": state.method,
        "target": state.target,
        "rows": state.rows,
        "rows_used": state.rows_used,
        "settled": state.settled,
        "shuffles": ranking.SHUFFLES,
        "features": features,
    }


def partial_of(job: Job) -> dict[str, Any] | None:
    """Return what a job has found so far, or None before the first columns."""
    dataset = datasets.find_dataset(job.subject_id)
    profile = profile_of(dataset) if dataset is not None and dataset.deleted_at is None else None
    if profile is None:
        return None
    target, kinds = _from_arguments(profile, job.arguments)
    rule = development.from_arguments(job.arguments)
    found = _stored(job.subject_id, _key(profile, target, kinds, rule))
    return as_json(_state(profile, target, found, job, None)) if found.items else None
