"""How all columns go with one another: small tables at once, large ones by a worker, block by block."""

from __future__ import annotations

import math
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from app.domain.analysis.associations import correlation
from app.domain.analysis.associations.column_block import NEVER, Slab, prepare
from app.domain.analysis.associations.correlation import Block, Line, Matrix, Method
from app.domain.analysis.profiling.profile import DatasetProfile
from app.domain.errors import ConflictError, DomainError, TooManyError
from app.domain.training.development import HoldoutRule
from app.domain.vocabulary import ColumnKind, JobKind, RunState
from app.services import development
from app.services.context import current_settings
from app.services.datasets.datasets import profile_of, sound_rows_of
from app.services.measurements.measuring import (
    OPEN,
    Held,
    Kinds,
    ask_worker,
    digest_of,
    kinds_of,
    overruled,
    waiting_reason,
)
from app.services.measurements.pairs import Box, PairPicture, pair
from app.storage import columnar, datasets, jobs
from app.storage import correlations as blocks
from app.storage.db import transaction
from app.storage.tables import Dataset, Job

__all__ = ["Box", "MatrixState", "PairPage", "PairPicture", "cancel", "matrix_for", "pair", "pairs_ranked", "start"]

INLINE_CELLS = 150_000
# The first block is measured while the user waits, up to this many values; starting a worker alone takes a second.
FIRST_CELLS = 2_000_000
# What is held in memory at once. A table of more values is looked at in a seeded sample of its rows, which is said.
MOST_CELLS = 50_000_000
SECONDS = 3600
PER_PAGE = 50
MOST_PAIRS_TOLD = 1000


@dataclass(frozen=True)
class MatrixState:
    """What has come of a matrix so far, and how the work stands.

    `state` is "none" (never asked for), "queued", "running", "finished", "cancelled" or "failed"; `reason` says in a
    sentence why there is nothing to see. `rows_used` of `rows` were looked at. Blocks that came stay, whatever became
    of the work.
    """

    method: str
    matrix: Matrix
    state: str
    done: int
    total: int
    rows: int
    rows_used: int
    seconds_left: float | None = None
    reason: str = ""
    job_id: uuid.UUID | None = None

    @property
    def complete(self) -> bool:
        """Say whether every block is there."""
        return self.done >= self.total

    @property
    def names(self) -> tuple[str, ...]:
        """The columns, in the order of the matrix."""
        return self.matrix.names


@dataclass(frozen=True)
class PairPage:
    """One page of the ranked pairs."""

    lines: tuple[Line, ...]
    page: int
    pages: int
    total: int


@dataclass(frozen=True)
class _Asked:
    """A matrix that was asked for: of which columns, by which method, and where it is kept."""

    dataset: Dataset
    profile: DatasetProfile
    names: tuple[str, ...]
    method: Method
    kinds: dict[str, ColumnKind]
    rule: HoldoutRule | None = None

    @cached_property
    def key(self) -> str:
        """Where the blocks are kept: other columns, kinds, methods or held-out rows make another matrix."""
        keys = [self.profile.column(name).key for name in self.names]
        held = [] if self.rule is None else [development.digest(self.rule)]
        return digest_of("matrix", keys, self.method.value, overruled(self.profile, self.kinds), *held)

    @property
    def arguments(self) -> dict[str, Any]:
        """What a worker must be told."""
        return {
            "columns": [self.profile.column(name).key for name in self.names],
            "method": self.method.value,
            "kinds": overruled(self.profile, self.kinds),
            **development.to_arguments(self.rule),
        }

    @cached_property
    def rows_used(self) -> int:
        """How many rows are looked at."""
        return min(self.profile.rows, max(1, MOST_CELLS // max(len(self.names), 1)))

    @cached_property
    def groups(self) -> list[range]:
        """The groups of columns."""
        return correlation.groups_of(len(self.names))

    @cached_property
    def places(self) -> list[tuple[int, int]]:
        """Which two groups make each block."""
        return correlation.places_of(self.groups)

    @cached_property
    def of_numbers(self) -> int:
        """The measure of two numbers."""
        columns = [self.profile.column(name) for name in self.names]
        holed = sum(column.missing > 0 and self.kinds[column.name].is_number for column in columns)
        return correlation.number_measure(self.method, holed=holed, rows=self.rows_used)

    def pairs(self, place: int) -> int:
        """Return how many pairs a block has, which is how long it takes."""
        late, early = self.places[place]
        return len(self.groups[late]) * len(self.groups[early])

    def slab(self, group: int) -> Slab:
        """Read a group of columns and make it ready."""
        names = [self.names[at] for at in self.groups[group]]
        path = sound_rows_of(self.dataset)
        keep = development.rows_of(self.dataset, self.rule)
        frame = columnar.read_frame(path, self.profile, names, sample_rows=self.rows_used, keep=keep)
        return prepare(frame, self.kinds)

    def block(self, place: int, slabs: Callable[[int], Slab]) -> Block:
        """Measure one block."""
        late, early = self.places[place]
        one = slabs(late)
        return correlation.block_of(
            one,
            one if late == early else slabs(early),
            method=self.method,
            of_numbers=self.of_numbers,
            places=(self.groups[late], self.groups[early]),
        )


def _asked(
    dataset: Dataset,
    columns: Sequence[str] | None,
    method: Method,
    kinds: Kinds | None,
    rule: HoldoutRule | None,
) -> _Asked:
    profile = profile_of(dataset)
    if profile is None:
        raise ConflictError("The dataset is not ready yet.", code="dataset_not_ready")
    every = kinds_of(profile, kinds)
    wanted = list(dict.fromkeys(columns)) if columns is not None else measurable(profile, every)
    for name in wanted:
        if not profile.has(name):
            raise DomainError(f"There is no column named {name[:60]}.", code="column_unknown", field="columns")
    most = most_columns()
    if len(wanted) > most:
        message = (
            f"A matrix of {len(wanted):,} columns is more than the {most:,} that are set against each other here. "
            "Choose fewer columns, or look at how each goes with the target."
        )
        raise DomainError(message, code="too_many_columns", field="columns")
    return _Asked(dataset, profile, tuple(wanted), method, every, rule)


def most_columns() -> int:
    """Return how many columns are set against each other at most."""
    return current_settings().limits.matrix_columns


def measurable(profile: DatasetProfile, kinds: Kinds) -> list[str]:
    """Return the columns that a measure fits, in file order."""
    return [column.name for column in profile.columns if kinds[column.name] not in NEVER and column.distinct > 1]


def matrix_for(
    dataset: Dataset,
    *,
    columns: Sequence[str] | None = None,
    method: Method = Method.AUTO,
    kinds: Kinds | None = None,
    rule: HoldoutRule | None = None,
) -> MatrixState:
    """Return what has come of a matrix so far, on rows that `rule` does not hold out; nothing is started.

    Raises
    ------
    DomainError
        If there is no such column, or there are more columns than the server sets against each other.
    """
    return _state(_asked(dataset, columns, method, kinds, rule))


def _state(asked: _Asked) -> MatrixState:
    found = []
    for place, content in blocks.list_blocks(asked.dataset.id, asked.key):
        late, early = asked.places[place]
        found.append(Block.from_bytes(asked.groups[late], asked.groups[early], content))
    job = jobs.find_job(asked.dataset.id, JobKind.CORRELATE, key=asked.key)
    done, total = len(found), len(asked.places)
    state = RunState.FINISHED.value if done == total else job.state if job is not None else "none"
    matrix = correlation.assembled(asked.names, found)
    return MatrixState(
        method=asked.method.value,
        matrix=matrix,
        state=state,
        done=done,
        total=total,
        rows=asked.profile.rows,
        rows_used=asked.rows_used,
        seconds_left=job.progress.get("seconds_left") if job is not None and state == RunState.RUNNING.value else None,
        reason=_reason(matrix, state, job),
        job_id=None if job is None else job.id,
    )


def _reason(matrix: Matrix, state: str, job: Job | None) -> str:
    if state == RunState.FAILED.value and job is not None:
        return job.error or "The measuring failed."
    if state == RunState.QUEUED.value:
        return waiting_reason(job)
    if state == RunState.FINISHED.value and not matrix.measures.any():
        return "None of these columns varies on 10 rows or more, so there is nothing to compare."
    return ""


def start(
    dataset: Dataset,
    *,
    columns: Sequence[str] | None = None,
    method: Method = Method.AUTO,
    kinds: Kinds | None = None,
    rule: HoldoutRule | None = None,
) -> MatrixState:
    """Measure a matrix: a small one here and now, a large one by a worker, its first block while the user waits.

    Blocks that an earlier attempt left are kept, and the work goes on after them.

    Raises
    ------
    DomainError
        If there is no such column, or there are more columns than the server sets against each other.
    TooManyError
        If too many jobs of the owner wait or run.
    """
    asked = _asked(dataset, columns, method, kinds, rule)
    known = _state(asked)
    if known.complete or known.state in OPEN:
        return known
    if asked.rows_used * len(asked.names) <= INLINE_CELLS:
        _measure(asked, lambda place, block, _progress: _keep(asked, place, block))
        return _state(asked)
    most = current_settings().limits.user_queued_jobs
    if jobs.count_open(dataset.owner_id) >= most:
        raise TooManyError(f"{most} of your jobs are waiting or running. Wait for one to end.", retry_after_seconds=60)
    if known.done == 0 and asked.rows_used * len(asked.groups[0]) <= FIRST_CELLS:
        _keep(asked, 0, asked.block(0, asked.slab))
        if len(asked.places) == 1:
            return _state(asked)
    ask_worker(JobKind.CORRELATE, dataset, key=asked.key, seconds=SECONDS, arguments=asked.arguments, again=True)
    return _state(asked)


def _keep(asked: _Asked, place: int, block: Block) -> bool:
    with transaction():
        blocks.add_block(asked.dataset.id, asked.key, place=place, content=block.to_bytes())
    return True


def _measure(asked: _Asked, keep: Callable[[int, Block, dict[str, Any]], bool]) -> bool:
    """Measure what is not there yet, block by block; `keep` stores each one, and says whether to go on."""
    there = blocks.places_of(asked.dataset.id, asked.key)
    left = [place for place in range(len(asked.places)) if place not in there]
    slabs: dict[int, Slab] = {}

    def slab(group: int) -> Slab:
        if group not in slabs:
            slabs[group] = asked.slab(group)
        return slabs[group]

    begun, done, pairs = time.monotonic(), 0, sum(asked.pairs(place) for place in left)
    for at, place in enumerate(left, start=1):
        block = asked.block(place, slab)
        done += asked.pairs(place)
        progress = {
            "done": len(there) + at,
            "total": len(asked.places),
            "fraction": round((len(there) + at) / len(asked.places), 4),
            "seconds_left": math.ceil((time.monotonic() - begun) / done * (pairs - done)),
            "message": f"{len(there) + at:,} of {len(asked.places):,} blocks",
        }
        if not keep(place, block, progress):
            return at == len(left)
    return True


def measure_for_job(dataset_id: uuid.UUID, arguments: dict[str, Any], held: Held) -> bool:
    """Measure for a worker, which knows ids and plain values only; returns whether every block is there."""
    dataset = datasets.get_dataset(dataset_id)
    asked = _from_arguments(dataset, arguments)

    def keep(place: int, block: Block, progress: dict[str, Any]) -> bool:
        with transaction():
            # The job is named in the transaction that stores the block, so a worker that lost it stores nothing.
            if not held.keeps(progress):
                return False
            blocks.add_block(dataset.id, asked.key, place=place, content=block.to_bytes())
        return not held.should_stop()

    return _measure(asked, keep)


def _from_arguments(dataset: Dataset, arguments: dict[str, Any]) -> _Asked:
    profile = profile_of(dataset)
    if profile is None:
        raise ConflictError("The dataset is not ready.", code="dataset_not_ready")
    by_key = {column.key: column.name for column in profile.columns}
    kinds = {by_key[key]: ColumnKind(kind) for key, kind in arguments["kinds"].items()}
    names = tuple(by_key[key] for key in arguments["columns"])
    rule = development.from_arguments(arguments)
    return _Asked(dataset, profile, names, Method(arguments["method"]), kinds_of(profile, kinds), rule)


def cancel(
    dataset: Dataset,
    *,
    columns: Sequence[str] | None = None,
    method: Method = Method.AUTO,
    kinds: Kinds | None = None,
    rule: HoldoutRule | None = None,
) -> MatrixState:
    """Stop the work on a matrix: at once where it waits, after the block at hand where it runs. What came is kept."""
    asked = _asked(dataset, columns, method, kinds, rule)
    with transaction():
        job = jobs.find_job(dataset.id, JobKind.CORRELATE, key=asked.key)
        if job is not None:
            jobs.stop(job.id)
    return _state(asked)


def pairs_ranked(
    state: MatrixState, *, threshold: float = 0.0, word: str = "", page: int = 1, per_page: int = PER_PAGE
) -> PairPage:
    """Return one page of the pairs at or above a threshold, strongest first; a page beyond the last is the last."""
    lines = state.matrix.ranked(threshold=threshold, word=word)
    pages = max(1, -(-len(lines) // per_page))
    at = min(max(page, 1), pages)
    return PairPage(tuple(lines[(at - 1) * per_page : at * per_page]), at, pages, len(lines))


def as_json(state: MatrixState) -> dict[str, Any]:
    """Return a matrix, whole or as far as it has come, as plain JSON values."""
    lines = state.matrix.ranked()
    return {
        "method": state.method,
        "columns": list(state.names),
        "matrix": state.matrix.rows(),
        "measures": [[correlation.MEASURES[code] for code in row] for row in state.matrix.measures.tolist()],
        "pairs_ranked": [
            {"columns": [line.one, line.other], "value": line.value, "measure": line.measure}
            for line in lines[:MOST_PAIRS_TOLD]
        ],
        "pairs_total": len(lines),
        "rows": state.rows,
        "rows_used": state.rows_used,
        "blocks_done": state.done,
        "blocks_total": state.total,
    }


def partial_of(job: Job) -> dict[str, Any] | None:
    """Return what a job has found so far, or None before the first block."""
    dataset = datasets.find_dataset(job.subject_id)
    if dataset is None or dataset.deleted_at is not None:
        return None
    state = _state(_from_arguments(dataset, job.arguments))
    return as_json(state) if state.done else None
