"""The measurement of each column's association with the target, and of leaks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from app.domain.analysis.associations.association import associate
from app.domain.analysis.leakage import leakage
from app.domain.analysis.leakage.class_functions import MAX_LEVELS
from app.domain.analysis.leakage.gap_evidence import gap_candidates
from app.domain.analysis.profiling.profile import Associations, DatasetProfile, Leak
from app.domain.errors import DomainError
from app.domain.training.development import HoldoutRule
from app.domain.vocabulary import ColumnKind, JobKind, RunState
from app.services.datasets.datasets import damage_of, profile_of
from app.services.measurements import development, runner
from app.services.measurements.request import Kinds, TargetRequest, changed_kinds, digest_of, kinds_of
from app.services.measurements.runner import JsonStore, Measurement, Parts
from app.storage.tables import Dataset, Job, TargetAssociation

MAX_ROWS = 100_000
BLOCK_CELLS = 400_000
MAX_BLOCK_COLUMNS = 25
# Columns that may be parts of a sum that is the target: those that go best with it.
MAX_PARTS = 1000
ROWS_OF_PARTS = 5000
# Columns of few values that may decide a class together: those that go best with it.
MAX_OF_FEW_VALUES = 200
# Part of the key: raise it when the same rows would give another result.
MEASURES_VERSION = 6


def associations_for(
    dataset: Dataset, target: str, kinds: Kinds, rule: HoldoutRule | None = None
) -> Associations | None:
    """Return the associations of every column with this target, as far as they are measured.

    With a rule, the strengths are those on rows that it does not hold out. What may give the target away is asked about
    whatever row says so, since a question chooses nothing. A small dataset is measured here and now; for a large one a
    worker is asked, once.
    """
    return _join_leaks([_ensure_associations(request) for request in requests_for(dataset, target, kinds, rule)])


def known_for(dataset: Dataset, target: str, kinds: Kinds, rule: HoldoutRule | None = None) -> Associations | None:
    """Return the measures of every column for this target so far; nothing is started."""
    return _join_leaks([STORE.find(request) for request in requests_for(dataset, target, kinds, rule)])


def _ensure_associations(request: TargetRequest) -> Associations | None:
    known = STORE.find(request)
    # Of damaged rows nothing can be measured; the pages say so, and go on with what is known.
    if runner.is_complete(known) or damage_of(request.dataset) is not None:
        return known
    return runner.ensure(MEASUREMENT, request)[0]


def _join_leaks(associations: Sequence[Associations | None]) -> Associations | None:
    """Return the leaks of all rows with the strengths of the rows not held out."""
    if not associations or associations[0] is None or len(associations) == 1:
        return associations[0] if associations else None
    return associations[0].with_values_of(associations[1])


def ask(dataset: Dataset, target: str, kinds: Kinds, *, again: bool, rule: HoldoutRule | None = None) -> None:
    """Enqueue the associations that are not known; with `again`, also those that failed or were stopped before."""
    for request in open_requests_for(dataset, target, kinds, rule):
        runner.enqueue(MEASUREMENT, request, again=again)


def job_for(dataset: Dataset, target: str, kinds: Kinds) -> Job | None:
    """Return the newest job that looks for leaks, unless it failed or was stopped."""
    request = request_for(dataset, target, kinds)
    job = None if request is None else runner.find_job(MEASUREMENT, request)
    return None if job is None or job.state in (RunState.FAILED.value, RunState.CANCELLED.value) else job


def key_of(profile: DatasetProfile, target: str, kinds: Kinds, rule: HoldoutRule | None = None) -> str:
    """Return the key of the associations with a target; other kinds of columns or held-out rows give another one."""
    rule_facts = development.to_arguments(rule).values()
    return (
        f"{profile.column(target).key}:{digest_of(MEASURES_VERSION, changed_kinds(profile, kinds), *rule_facts)[:8]}"[
            :20
        ]
    )


def request_for(dataset: Dataset, target: str, kinds: Kinds, rule: HoldoutRule | None = None) -> TargetRequest | None:
    """Return the request for a target; None while the dataset is not ready, or where it has no such column."""
    profile = profile_of(dataset)
    if profile is None or not profile.has(target):
        return None
    every = kinds_of(profile, kinds)
    named = {name: kind.value for name, kind in every.items()}
    return TargetRequest(
        dataset=dataset,
        profile=profile,
        key=key_of(profile, target, every, rule),
        arguments={"target": target, "kinds": named, **development.to_arguments(rule)},
        cells=profile.rows * len(profile.columns),
        target=target,
        kinds=every,
        rule=rule,
    )


def requests_for(dataset: Dataset, target: str, kinds: Kinds, rule: HoldoutRule | None) -> list[TargetRequest]:
    """Return the requests that a page is made of: all rows for leaks, and with a rule the others for strengths."""
    rules = [None] if rule is None else [None, rule]
    requests = (request_for(dataset, target, kinds, wanted) for wanted in rules)
    return [request for request in requests if request is not None]


def open_requests_for(dataset: Dataset, target: str, kinds: Kinds, rule: HoldoutRule | None) -> list[TargetRequest]:
    """Return those of the requests that are not measured to their end."""
    requests = requests_for(dataset, target, kinds, rule)
    return [request for request in requests if not runner.is_complete(STORE.find(request))]


def _restore_request(dataset: Dataset, _profile: DatasetProfile, arguments: Mapping[str, Any]) -> TargetRequest:
    kinds = {name: ColumnKind(kind) for name, kind in arguments["kinds"].items()}
    request = request_for(dataset, arguments["target"], kinds, development.from_arguments(arguments))
    if request is None:
        raise DomainError("The target is no column of the dataset.", code="column_unknown")
    return request


def _compute(request: TargetRequest) -> Parts[Associations]:
    """Measure block by block.

    What a column gives away by itself comes with its block, and what columns give away together comes last. With a
    rule no leak is looked for.
    """
    others, rows = request.others, min(request.profile.rows, MAX_ROWS)
    width = max(1, min(MAX_BLOCK_COLUMNS, BLOCK_CELLS // max(rows, 1)))
    known = Associations(request.target, rows, (), complete=False)
    for start in range(0, max(len(others), 1), width):
        known = _add_block(request, known, others[start : start + width])
        if start + width >= len(others):
            joint = _joint_leaks(request, known) if request.rule is None else []
            known = replace(known, leaks=leakage.merge_leaks([*known.leaks, *joint]), complete=True)
        yield known, {"done": len(known.items), "complete": known.complete}


def _add_block(request: TargetRequest, known: Associations, block: list[str]) -> Associations:
    """Return the associations with a block of columns added."""
    target, kinds, time_column = request.target, request.kinds, _time_column(request)
    if not block:
        return known
    names = [*block, target, *([time_column] if time_column and time_column not in block else [])]
    frame = request.read_frame(names, sample_rows=MAX_ROWS)
    associations = associate(frame, target, kinds, columns=block)
    known = replace(known, items=(*known.items, *associations.items), rows_used=associations.rows_used).with_target_of(
        associations
    )
    if request.rule is not None:
        return known
    flags = [column.name for column in request.profile.columns if column.flag_of == target]
    leaks = leakage.column_leaks(frame, target, kinds, associations.items, flags=flags)
    if time_column is not None:
        leaks += leakage.series_leaks(frame, target, kinds, time_column=time_column)
    leaks = [leak for leak in leaks if leak.column in block]
    return replace(known, leaks=(*known.leaks, *leaks))


def _time_column(request: TargetRequest) -> str | None:
    """Return the column that orders the rows, where its moments are distinct and all rows are looked at."""
    axis = request.profile.time_axis
    if (
        request.rule is not None
        or axis is None
        or axis.duplicates
        or axis.column == request.target
        or request.profile.rows > MAX_ROWS
    ):
        return None
    return axis.column


def _joint_leaks(request: TargetRequest, known: Associations) -> list[Leak]:
    """Return the leaks of several columns together, and of columns that are missing on the target's rows."""
    ranked = sorted(known.items, key=lambda item: -abs(item.value or 0.0))
    numbers = [item.column for item in ranked if request.kinds[item.column].is_number and item.value is not None]
    few = [item.column for item in ranked if 2 <= _values_of(request, item.column) <= MAX_LEVELS]
    names = list(dict.fromkeys([*numbers[:MAX_PARTS], *few[:MAX_OF_FEW_VALUES]]))
    leaks = _gap_leaks(request)
    if len(names) < 2:
        return leaks
    frame = request.read_frame([*names, request.target], sample_rows=ROWS_OF_PARTS)
    return leaks + leakage.joint_leaks(frame, request.target, request.kinds, known.leaks)


def _values_of(request: TargetRequest, name: str) -> int:
    """Return how many different values a column has, with a missing one counted as one more."""
    column = request.profile.column(name)
    return column.distinct + (column.missing > 0)


def _gap_leaks(request: TargetRequest) -> list[Leak]:
    missing = {column.name: column.missing for column in request.profile.columns}
    names = gap_candidates(missing, request.target, request.profile.rows)
    if not names:
        return []
    frame = request.read_frame([*names, request.target], sample_rows=MAX_ROWS)
    return leakage.gap_leaks(frame, request.target, names)


STORE = JsonStore(TargetAssociation, Associations.to_json, Associations.from_json)
MEASUREMENT: Measurement[TargetRequest, Associations] = Measurement(
    kind=JobKind.ASSOCIATE,
    find=STORE.find,
    save=STORE.save,
    compute=_compute,
    restore_request=_restore_request,
    describe=lambda _request, result, _work: result.to_json(),
)
