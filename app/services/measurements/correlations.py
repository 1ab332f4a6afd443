"""The measurement of the association matrix between all columns, block by block."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from app.domain.analysis.associations import correlation
from app.domain.analysis.associations.column_block import NEVER, ColumnBlock, prepare
from app.domain.analysis.associations.correlation import Block, Matrix, Method, RankedPair
from app.domain.analysis.profiling.profile import DatasetProfile
from app.domain.errors import DomainError
from app.domain.training.development import HoldoutRule
from app.domain.vocabulary import ColumnKind, JobKind, RunState
from app.services.context import current_settings
from app.services.datasets.datasets import require_profile
from app.services.jobs import life_cycle
from app.services.measurements import development, runner
from app.services.measurements.pairs import ClassSpread, PairPicture, picture_of_pair
from app.services.measurements.request import (
    Kinds,
    MeasurementRequest,
    changed_kinds,
    digest_of,
    kinds_of,
    names_by_key,
    require_columns,
    restore_kinds,
)
from app.services.measurements.runner import Measurement, Parts, WorkState
from app.storage import measurements
from app.storage.tables import Dataset

__all__ = [
    "ClassSpread",
    "MatrixState",
    "PairPage",
    "PairPicture",
    "cancel",
    "matrix_for",
    "picture_of_pair",
    "rank_pairs",
    "start",
]

# The first block is measured while the user waits, up to this many values; starting a worker alone takes a second.
FIRST_CELLS = 2_000_000
# What is held in memory at once. A table of more values is looked at in a seeded sample of its rows, which is said.
MAX_CELLS = 50_000_000
PER_PAGE = 50
MAX_PAIRS_LISTED = 1000


@dataclass(frozen=True)
class MatrixState(WorkState):
    """What has come of a matrix so far, and how the work stands. `rows_used` of `rows` were looked at."""

    method: str
    matrix: Matrix
    done: int
    total: int
    rows: int
    rows_used: int

    @property
    def complete(self) -> bool:
        """Return whether every block is there."""
        return self.done >= self.total

    @property
    def names(self) -> tuple[str, ...]:
        """The columns, in the order of the matrix."""
        return self.matrix.names


@dataclass(frozen=True)
class PairPage:
    """One page of the ranked pairs."""

    lines: tuple[RankedPair, ...]
    page: int
    pages: int
    total: int


@dataclass(frozen=True)
class MatrixBlocks:
    """Some blocks of a matrix, each by its place; all of them are `total`."""

    by_place: dict[int, Block]
    total: int

    @property
    def complete(self) -> bool:
        """Return whether every block is there."""
        return len(self.by_place) >= self.total


@dataclass(frozen=True, kw_only=True)
class MatrixRequest(MeasurementRequest):
    """What is asked of a matrix: of which columns, by which method, on how many rows."""

    names: tuple[str, ...]
    method: Method
    kinds: dict[str, ColumnKind]
    rows_used: int

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

    def count_pairs(self, place: int) -> int:
        """Return how many pairs a block has, which is how long it takes."""
        late, early = self.places[place]
        return len(self.groups[late]) * len(self.groups[early])

    def read_columns(self, group: int) -> ColumnBlock:
        """Read a group of columns and make it ready."""
        names = [self.names[index] for index in self.groups[group]]
        return prepare(self.read_frame(names, sample_rows=self.rows_used), self.kinds)

    def measure_block(self, place: int, columns: Callable[[int], ColumnBlock]) -> Block:
        """Measure one block."""
        late, early = self.places[place]
        first = columns(late)
        return correlation.block_of(
            first,
            first if late == early else columns(early),
            method=self.method,
            of_numbers=self.of_numbers,
            places=(self.groups[late], self.groups[early]),
        )


def _find_blocks(request: MatrixRequest) -> MatrixBlocks:
    """Return the blocks that are there."""
    blocks = {}
    for place, content in measurements.list_blocks(request.dataset.id, request.key):
        late, early = request.places[place]
        blocks[place] = Block.from_bytes(request.groups[late], request.groups[early], content)
    return MatrixBlocks(blocks, len(request.places))


def _save_blocks(request: MatrixRequest, part: MatrixBlocks) -> None:
    """Store the blocks of a part, in the caller's transaction."""
    for place, block in part.by_place.items():
        measurements.add_block(request.dataset.id, request.key, place=place, content=block.to_bytes())


def _request_for(
    dataset: Dataset, columns: Sequence[str] | None, method: Method, kinds: Kinds | None, rule: HoldoutRule | None
) -> MatrixRequest:
    profile = require_profile(dataset)
    every = kinds_of(profile, kinds)
    wanted = list(dict.fromkeys(columns)) if columns is not None else measurable_columns(profile, every)
    require_columns(profile, wanted, field="columns")
    most = most_columns()
    if len(wanted) > most:
        message = (
            f"A matrix of {len(wanted):,} columns is more than the {most:,} that are set against each other here. "
            "Choose fewer columns, or look at how each goes with the target."
        )
        raise DomainError(message, code="too_many_columns", field="columns")
    return _matrix_request(dataset, profile, wanted, method, every, rule=rule)


def _matrix_request(
    dataset: Dataset,
    profile: DatasetProfile,
    names: list[str],
    method: Method,
    kinds: dict[str, ColumnKind],
    *,
    rule: HoldoutRule | None,
) -> MatrixRequest:
    keys, rows_used = [profile.column(name).key for name in names], min(profile.rows, MAX_CELLS // max(len(names), 1))
    arguments = {"columns": keys, "method": method.value, "kinds": changed_kinds(profile, kinds)}
    arguments |= development.to_arguments(rule)
    return MatrixRequest(
        dataset=dataset,
        profile=profile,
        key=digest_of("matrix", *arguments.values()),
        arguments=arguments,
        cells=rows_used * len(names),
        names=tuple(names),
        method=method,
        kinds=kinds,
        rows_used=rows_used,
        rule=rule,
    )


def _restore_request(dataset: Dataset, profile: DatasetProfile, arguments: Mapping[str, Any]) -> MatrixRequest:
    names = [names_by_key(profile)[key] for key in arguments["columns"]]
    kinds = restore_kinds(profile, arguments["kinds"])
    rule = development.from_arguments(arguments)
    return _matrix_request(dataset, profile, names, Method(arguments["method"]), kinds, rule=rule)


def most_columns() -> int:
    """Return how many columns are set against each other at most."""
    return current_settings().limits.matrix_columns


def measurable_columns(profile: DatasetProfile, kinds: Kinds) -> list[str]:
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
    """Return a matrix as far as it is measured; nothing is started.

    Raises
    ------
    DomainError
        If there is no such column, or there are more columns than the server sets against each other.
    """
    request = _request_for(dataset, columns, method, kinds, rule)
    return _matrix_state(request, *runner.look(MEASUREMENT, request))


def _matrix_state(request: MatrixRequest, result: MatrixBlocks | None, work: WorkState) -> MatrixState:
    blocks = {} if result is None else result.by_place
    matrix = correlation.assemble_matrix(request.names, blocks.values())
    if work.state == RunState.FINISHED.value and not matrix.measures.any():
        reason = "None of these columns varies on 10 rows or more, so there is nothing to compare."
        work = replace(work, reason=reason)
    total, rows = len(request.places), request.profile.rows
    return MatrixState(request.method.value, matrix, len(blocks), total, rows, request.rows_used, **vars(work))


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
    request = _request_for(dataset, columns, method, kinds, rule)
    result, work = runner.look(MEASUREMENT, request)
    if work.busy or runner.is_complete(result):
        return _matrix_state(request, result, work)
    if not runner.is_small(request):
        life_cycle.refuse_if_full(dataset.owner_id)
        if not (result and result.by_place) and request.rows_used * len(request.groups[0]) <= FIRST_CELLS:
            next(runner.measure(MEASUREMENT, request), None)
    return _matrix_state(request, *runner.ensure(MEASUREMENT, request, again=True))


def _compute(request: MatrixRequest) -> Parts[MatrixBlocks]:
    """Measure the blocks that are not there yet, one by one."""
    there, total = measurements.list_places(request.dataset.id, request.key), len(request.places)
    left = [place for place in range(total) if place not in there]
    columns: dict[int, ColumnBlock] = {}

    def read_once(group: int) -> ColumnBlock:
        if group not in columns:
            columns[group] = request.read_columns(group)
        return columns[group]

    begin, done, pairs = time.monotonic(), 0, sum(request.count_pairs(place) for place in left)
    for count, place in enumerate(left, start=len(there) + 1):
        block = request.measure_block(place, read_once)
        done += request.count_pairs(place)
        progress = {
            "done": count,
            "total": total,
            "fraction": round(count / total, 4),
            "seconds_left": math.ceil((time.monotonic() - begin) / done * (pairs - done)),
            "message": f"{count:,} of {total:,} blocks",
        }
        yield MatrixBlocks({place: block}, total), progress


def cancel(
    dataset: Dataset,
    *,
    columns: Sequence[str] | None = None,
    method: Method = Method.AUTO,
    kinds: Kinds | None = None,
    rule: HoldoutRule | None = None,
) -> MatrixState:
    """Stop the work on a matrix: at once where it waits, after the block at hand where it runs. What came is kept."""
    request = _request_for(dataset, columns, method, kinds, rule)
    runner.cancel(MEASUREMENT, request)
    return _matrix_state(request, *runner.look(MEASUREMENT, request))


def rank_pairs(
    state: MatrixState, *, threshold: float = 0.0, word: str = "", page: int = 1, per_page: int = PER_PAGE
) -> PairPage:
    """Return one page of the pairs at or above a threshold, strongest first; a page beyond the last is the last."""
    lines = state.matrix.ranked(threshold=threshold, word=word)
    pages = max(1, -(-len(lines) // per_page))
    number = min(max(page, 1), pages)
    return PairPage(tuple(lines[(number - 1) * per_page : number * per_page]), number, pages, len(lines))


def matrix_json(state: MatrixState) -> dict[str, Any]:
    """Return a matrix, whole or as far as it has come, as plain JSON values."""
    lines = state.matrix.ranked()
    return {
        "method": state.method,
        "columns": list(state.names),
        "matrix": state.matrix.rows(),
        "measures": [[correlation.MEASURES[code] for code in row] for row in state.matrix.measures.tolist()],
        "pairs_ranked": [
            {"columns": [line.column, line.other], "value": line.value, "measure": line.measure}
            for line in lines[:MAX_PAIRS_LISTED]
        ],
        "pairs_total": len(lines),
        "rows": state.rows,
        "rows_used": state.rows_used,
        "blocks_done": state.done,
        "blocks_total": state.total,
    }


MEASUREMENT: Measurement[MatrixRequest, MatrixBlocks] = Measurement(
    kind=JobKind.CORRELATE,
    find=_find_blocks,
    save=_save_blocks,
    compute=_compute,
    restore_request=_restore_request,
    describe=lambda request, result, work: (
        matrix_json(_matrix_state(request, result, work)) if result.by_place else None
    ),
)
