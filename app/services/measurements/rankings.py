"""The measurement that ranks columns by their information about the target, on growing samples."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from app.domain.analysis.associations import ranking
from app.domain.analysis.associations.ranking import RankedColumn
from app.domain.analysis.profiling.profile import DatasetProfile
from app.domain.training.development import HoldoutRule
from app.domain.vocabulary import ColumnKind, JobKind
from app.services.datasets.datasets import profile_of, require_profile
from app.services.measurements import development, runner
from app.services.measurements.request import (
    Kinds,
    TargetRequest,
    changed_kinds,
    digest_of,
    kinds_of,
    names_by_key,
    require_columns,
    restore_kinds,
)
from app.services.measurements.runner import JsonStore, Measurement, Parts, WorkState
from app.storage.tables import Dataset, TargetRanking

BLOCK_CELLS = 8_000_000
MAX_BLOCK_COLUMNS = 100
SEED = 42
METHOD = "mutual_information"


@dataclass(frozen=True)
class RankingState(WorkState):
    """What is known of a ranking so far.

    `items` stand in the order of their rank, what cannot be measured at the end. `settled` says that more rows would
    hardly change the order.
    """

    target: str
    items: tuple[RankedColumn, ...]
    rows: int
    rows_used: int
    settled: bool = False
    method: str = METHOD


@dataclass(frozen=True)
class MeasuredRanking:
    """A ranking as it is stored: the columns measured so far, on how many rows, and whether that was the last round."""

    items: dict[str, RankedColumn]
    rows_used: int = 0
    settled: bool = False
    complete: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        items = [item.to_json() for item in self.items.values()]
        return {"items": items, "rows_used": self.rows_used, "settled": self.settled, "complete": self.complete}

    @staticmethod
    def from_json(values: dict[str, Any]) -> MeasuredRanking:
        """Build from what `to_json` gave."""
        return MeasuredRanking(**{**values, "items": {item["name"]: RankedColumn(**item) for item in values["items"]}})


def ranking_for(
    dataset: Dataset,
    target: str,
    kinds: Kinds | None = None,
    columns: Sequence[str] | None = None,
    *,
    rule: HoldoutRule | None = None,
) -> RankingState:
    """Return the ranking of every column (or `columns`) for this target, as far as it is measured.

    A small table is measured here and now; for a large one a worker is asked, once. Rows that `rule` holds out are not
    looked at.
    """
    return _get_ranking(dataset, target, kinds, columns, rule=rule, start=True)


def known_of(dataset: Dataset, target: str, kinds: Kinds, rule: HoldoutRule | None = None) -> RankingState:
    """Return the measures of every column for this target so far; nothing is started."""
    return _get_ranking(dataset, target, kinds, None, rule=rule, start=False)


def _get_ranking(
    dataset: Dataset,
    target: str,
    kinds: Kinds | None,
    columns: Sequence[str] | None,
    *,
    rule: HoldoutRule | None,
    start: bool,
) -> RankingState:
    profile = profile_of(dataset)
    if profile is None or not profile.has(target):
        gone = "The dataset is not ready yet." if profile is None else f"There is no column named {target[:60]}."
        return RankingState(target, (), 0, 0, state="none", reason=gone)
    request = _request_for(dataset, profile, target, kinds_of(profile, kinds), rule)
    result, work = runner.ensure(MEASUREMENT, request) if start else runner.look(MEASUREMENT, request)
    return _ranking_state(request, result, work, columns)


def _request_for(
    dataset: Dataset, profile: DatasetProfile, target: str, kinds: dict[str, ColumnKind], rule: HoldoutRule | None
) -> TargetRequest:
    named = {"target": profile.column(target).key, "kinds": changed_kinds(profile, kinds)}
    arguments = {**named, **development.to_arguments(rule)}
    return TargetRequest(
        dataset=dataset,
        profile=profile,
        key=digest_of("ranking", *arguments.values()),
        arguments=arguments,
        cells=profile.rows * len(profile.columns),
        target=target,
        kinds=kinds,
        rule=rule,
    )


def refuse_unknown(dataset: Dataset, *, target: str, columns: Sequence[str] | None) -> None:
    """Refuse names that no column has.

    Raises
    ------
    DomainError
        At the field that names it.
    """
    profile = require_profile(dataset)
    require_columns(profile, [target], field="target")
    require_columns(profile, columns or (), field="columns")


def _ranking_state(
    request: TargetRequest, result: MeasuredRanking | None, work: WorkState, columns: Sequence[str] | None = None
) -> RankingState:
    measured_ranking = result or MeasuredRanking({})
    wanted = (
        measured_ranking.items.values()
        if columns is None
        else [measured_ranking.items[name] for name in columns if name in measured_ranking.items]
    )
    items = ranking.assign_ranks(wanted)
    if measured_ranking.complete and not any(item.score is not None for item in items):
        reason = f"No column can be compared with {request.target[:60]}: either it does not vary, or none of them does."
        work = replace(work, reason=reason)
    return RankingState(
        request.target, items, request.profile.rows, measured_ranking.rows_used, measured_ranking.settled, **vars(work)
    )


def _compute(request: TargetRequest) -> Parts[MeasuredRanking]:
    """Measure all columns on few rows, then on more until their order settles."""
    others, sizes = request.others, ranking.sizes_of(request.profile.rows)
    measured_ranking, begin, cells = MeasuredRanking({}, complete=not others), time.monotonic(), 0
    if not others:
        yield measured_ranking, {}
    for place, size in enumerate(sizes):
        before, items = measured_ranking.items, dict(measured_ranking.items)
        width = max(1, min(MAX_BLOCK_COLUMNS, BLOCK_CELLS // max(size, 1)))
        for start in range(0, len(others), width):
            names = [*others[start : start + width], request.target]
            frame = request.read_frame(names, sample_rows=size)
            measured = ranking.rank_columns(frame, request.target, request.kinds, seed=SEED, before=before)
            items.update({item.name: item for item in measured})
            last = start + width >= len(others)
            whole = size == request.profile.rows
            settled = last and (whole or (place > 0 and ranking.has_settled(before.values(), items.values())))
            complete = last and (settled or place == len(sizes) - 1)
            cells += size * len(names)
            left = sum(sizes[place:]) * len(others) - (size * min(start + width, len(others)))
            seconds_left = (time.monotonic() - begin) / max(cells, 1) * left
            measured_ranking = MeasuredRanking(dict(items), len(frame), settled, complete)
            yield measured_ranking, _progress_json(measured_ranking, place, sizes, seconds_left=seconds_left)
            if complete:
                return


def _progress_json(
    measured_ranking: MeasuredRanking, place: int, sizes: list[int], *, seconds_left: float
) -> dict[str, Any]:
    message = f"{sizes[place]:,} rows of each column, round {place + 1} of at most {len(sizes)}"
    return {
        "measured": len(measured_ranking.items),
        "rows": sizes[place],
        "message": message,
        "seconds_left": math.ceil(seconds_left),
    }


def _restore_request(dataset: Dataset, profile: DatasetProfile, arguments: Mapping[str, Any]) -> TargetRequest:
    target, kinds = names_by_key(profile)[arguments["target"]], restore_kinds(profile, arguments["kinds"])
    return _request_for(dataset, profile, target, kinds, development.from_arguments(arguments))


def ranking_json(state: RankingState) -> dict[str, Any]:
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


STORE = JsonStore(TargetRanking, MeasuredRanking.to_json, MeasuredRanking.from_json)
MEASUREMENT: Measurement[TargetRequest, MeasuredRanking] = Measurement(
    kind=JobKind.RANK,
    find=STORE.find,
    save=STORE.save,
    compute=_compute,
    restore_request=_restore_request,
    describe=lambda request, result, work: (
        ranking_json(_ranking_state(request, result, work)) if result.items else None
    ),
)
