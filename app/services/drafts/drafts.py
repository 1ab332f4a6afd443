"""Drafts: create, save answers by version, detect conflicts, move to another dataset, discard."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.domain import wizard
from app.domain.analysis.import_options.migrate_answers import migrate_answers
from app.domain.analysis.profiling.profile import DatasetProfile
from app.domain.audit.acts import AuditAct
from app.domain.errors import ConflictError, DomainError, DraftConflictError, FieldConflict, NotFoundError
from app.domain.recommendation.plan import Plan
from app.domain.usage.events import UsageKind
from app.domain.vocabulary import DatasetState
from app.services.accounts import accounts
from app.services.audit.trail import field_names, record, record_answers
from app.services.datasets import datasets
from app.services.drafts.draft_context import Answers, DraftContext, context_of, dataset_id_in, load
from app.services.measurements import associations
from app.services.usage.recording import count_event
from app.storage import datasets as dataset_rows
from app.storage import drafts
from app.storage.db import transaction
from app.storage.tables import Dataset, DraftEvent, DraftRow, User

MAX_ANSWERS_BYTES = 2_000_000
MAX_VALUE_BYTES = 200_000
RETRIES = 50
# Steps whose answers decide which columns are compared with which target, on which rows.
COMPARED = frozenset({"data", "validation"})
# Stands in the history for a field that was never answered; no answer is an object of this shape.
ABSENT: dict[str, Any] = {"absent": True}

Changes = Mapping[str, Any]


@dataclass(frozen=True)
class SaveOutcome:
    """What a save did, and the draft as it is after it. `merged` says that another tab had saved other fields."""

    context: DraftContext
    merged: bool
    changed: bool

    @property
    def version(self) -> int:
        """The draft's version after the save."""
        return self.context.version


def create_draft(user: User) -> DraftRow:
    """Start a draft."""
    with transaction():
        row = drafts.add_draft(owner_id=user.id)
        record(AuditAct.CREATE_DRAFT, actor=user, subject_id=row.id)
        count_event(UsageKind.DRAFT_STARTED, person_id=user.id, draft_id=row.id)
    return row


def get_draft(user: User, draft_id: uuid.UUID) -> DraftRow:
    """Return the user's draft, or raise NotFoundError."""
    return drafts.get_draft(draft_id, owner_id=user.id)


def discard_draft(user: User, draft_id: uuid.UUID) -> None:
    """Forget a draft."""
    with transaction():
        row = drafts.get_draft(draft_id, owner_id=user.id)
        drafts.drop_draft(row.id)
        record(AuditAct.DISCARD_DRAFT, actor=user, subject_id=row.id, before={"version": row.version})


def save_answers(
    user: User,
    draft_id: uuid.UUID,
    *,
    step: str,
    changes: Changes,
    version: int,
    keep: Mapping[str, str] | None = None,
) -> SaveOutcome:
    """Save changed answers of one step; see `save_many`."""
    return save_many(user, draft_id, changes={step: changes}, version=version, keep=keep)


def save_many(
    user: User,
    draft_id: uuid.UUID,
    *,
    changes: Mapping[str, Changes],
    version: int,
    keep: Mapping[str, str] | None = None,
    undoes: int | None = None,
    reached: str = "",
    loaded: DraftContext | None = None,
) -> SaveOutcome:
    """Save changed answers, and have measured what a new dataset or a new target needs.

    `changes` are step -> field -> new value; None forgets the answer, so that the suggestion holds again. `version` is
    the one they were made on: fields that others changed since are merged when they are different fields, and refused
    when they are the same ones, unless `keep` (field -> "mine" or "theirs") answers an earlier refusal. `undoes` is the
    version whose save this one takes back, `reached` the furthest step that was shown, and `loaded` the draft as it was
    loaded a moment ago, which spares loading it once more unless somebody was faster.

    Raises
    ------
    DraftConflictError
        If the same fields were changed to other values since.
    DomainError
        If an answer is too large.
    """
    _refuse_too_large(changes)
    for _ in range(RETRIES):
        with transaction():
            context = loaded or load(user, draft_id)
            request = _Save(user, changes, version=version, keep=keep or {}, undoes=undoes, reached=reached)
            outcome = _try_save(context, request)
        if outcome is not None:
            if outcome.changed and COMPARED.intersection(changes):
                begin_comparing(outcome.context)
            return outcome
        loaded = None
    raise ConflictError("The draft is being changed too quickly. Try again.")


def begin_comparing(context: DraftContext) -> None:
    """Start comparing the columns of a draft's dataset with its target, unless that was started before."""
    if context.dataset is not None and context.goal is not None and context.comparison == "unasked":
        associations.associations_for(context.dataset, context.goal.target, context.goal.kinds, context.rule)
        context.look_again()


def mark_reached(user: User, draft_id: uuid.UUID, slug: str, *, loaded: DraftRow | None = None) -> None:
    """Remember the furthest step that was shown."""
    row = loaded or get_draft(user, draft_id)
    if wizard.SLUGS.index(slug) > wizard.SLUGS.index(row.reached):
        with transaction():
            drafts.change_draft(row.id, reached=slug)
            left = wizard.step_before(slug)
            if left is not None:
                count_event(UsageKind.STEP_COMPLETED, person_id=user.id, draft_id=row.id, step=left.slug)


@dataclass(frozen=True)
class _Save:
    """What is to be saved; see `save_many`."""

    user: User
    changes: Mapping[str, Changes]
    version: int
    keep: Mapping[str, str]
    undoes: int | None
    reached: str


def _refuse_too_large(changes: Mapping[str, Changes]) -> None:
    for fields in changes.values():
        for name, value in fields.items():
            if len(json.dumps(value, default=str)) > MAX_VALUE_BYTES or len(name) > 1200:
                raise DomainError("This answer is too long to keep.", code="answer_too_long", field=name[:100])


def _try_save(context: DraftContext, request: _Save) -> SaveOutcome | None:
    """Save in the caller's transaction; None where somebody was faster."""
    row = context.row
    refuse_launched(row)
    since = drafts.list_events(row.id, after_version=request.version) if request.version < row.version else []
    wanted = _flatten(request.changes)
    _refuse_conflicts(row, request, since)
    wanted = {path: value for path, value in wanted.items() if request.keep.get(path[1]) != "theirs"}
    _refuse_foreign_dataset(request.user, wanted.get(("data", "dataset_id")))
    answers, effects = _apply(row.answers, wanted)
    reached = max(row.reached, request.reached or row.reached, key=wizard.SLUGS.index)
    if not effects:
        if reached != row.reached:
            drafts.change_draft(row.id, reached=reached)
        return SaveOutcome(context.moved_on(row), bool(since), changed=False)
    if len(json.dumps(answers)) > MAX_ANSWERS_BYTES:
        raise DomainError("The draft is too large. Remove some answers.", code="draft_too_large")
    dataset_id = dataset_id_in(answers)
    saved = drafts.swap(row.id, version=row.version, answers=answers, dataset_id=dataset_id, reached=reached)
    if saved is None:
        return None
    drafts.add_event(
        draft_id=row.id,
        version=saved.version,
        user_id=request.user.id,
        step=next(iter(wanted))[0],
        changes=effects,
        undoes=request.undoes,
    )
    _record_saves(request.user, saved, steps=list(dict.fromkeys(step for step, _ in wanted)), effects=effects)
    return SaveOutcome(context.moved_on(saved), bool(since), changed=True)


def _record_saves(user: User, row: DraftRow, *, steps: list[str], effects: Changes) -> None:
    """Record what was saved, step by step; an answer of another step that was cleared goes with the first step."""
    paths: dict[str, list[str]] = {step: [] for step in steps}
    for path in effects:
        paths[path.partition(".")[0] if path.partition(".")[0] in paths else steps[0]].append(path)
    for step, own in paths.items():
        if own:
            record_answers(user, row.id, step=step, version=row.version, fields={"fields": field_names(own)})


def refuse_launched(row: DraftRow) -> None:
    """Raise ConflictError for a draft that became an experiment, which nothing changes any more."""
    if row.launched_experiment_id is not None:
        raise ConflictError("This draft was launched, and is frozen now.", code="draft_launched")


def _refuse_foreign_dataset(user: User, raw: Any) -> None:
    if raw is None:
        return
    chosen = dataset_id_in({"data": {"dataset_id": raw}})
    dataset = dataset_rows.find_dataset(chosen) if chosen else None
    if dataset is None or dataset.owner_id != user.id:
        raise NotFoundError("There is no such dataset, or it is not yours.", field="dataset_id")


def _flatten(changes: Mapping[str, Changes]) -> dict[tuple[str, str], Any]:
    return {(step, name): value for step, fields in changes.items() for name, value in fields.items()}


def _refuse_conflicts(row: DraftRow, request: _Save, since: list[DraftEvent]) -> None:
    conflicts = []
    for (step, name), mine in _flatten(request.changes).items():
        event = next((event for event in reversed(since) if _affects_field(event, step, name)), None)
        theirs = row.answers.get(step, {}).get(name)
        if event is not None and theirs != mine and name not in request.keep:
            conflicts.append(FieldConflict(step, name, mine, theirs, event.at.isoformat(timespec="seconds")))
    if conflicts:
        raise DraftConflictError(tuple(conflicts), version=row.version, wanted=request.changes)


def _affects_field(event: DraftEvent, step: str, name: str) -> bool:
    """Return whether a save changed this field, or made all that was known of it meaningless, as a new dataset does."""
    if f"{step}.{name}" in event.changes:
        return True
    changed = (path.partition(".") for path in event.changes)
    patterns = (pattern for other, _, field in changed for pattern in wizard.cleared_by(other, field))
    return any(wizard.covers_field(pattern, step=step, name=name) for pattern in patterns)


def _apply(
    before: Mapping[str, Mapping[str, Any]], wanted: Mapping[tuple[str, str], Any]
) -> tuple[Answers, dict[str, Any]]:
    """Return the new answers and what changed: "step.field" -> [before, after]."""
    answers: Answers = {step: dict(fields) for step, fields in before.items()}
    effects: dict[str, Any] = {}

    def put(step: str, name: str, value: Any) -> bool:
        current_values = answers.setdefault(step, {})
        old = current_values.get(name, ABSENT)
        new = ABSENT if value is None else value
        if old == new:
            return False
        effects[f"{step}.{name}"] = [old, new]
        if value is None:
            del current_values[name]
        else:
            current_values[name] = value
        return True

    for (step, name), value in wanted.items():
        if put(step, name, value):
            for pattern in wizard.cleared_by(step, name):
                for other_step, fields in list(answers.items()):
                    for other in list(fields):
                        covered = wizard.covers_field(pattern, step=other_step, name=other)
                        if covered and (other_step, other) not in wanted:
                            put(other_step, other, None)
    return answers, effects


def answers_at(row: DraftRow, version: int) -> Answers:
    """Return the answers as they were at an earlier version, by undoing what came after."""
    answers: Answers = {step: dict(fields) for step, fields in row.answers.items()}
    if version >= row.version:
        return answers
    for event in reversed(drafts.list_events(row.id, after_version=version)):
        for path, (before, _after) in event.changes.items():
            step, _, name = path.partition(".")
            current_values = answers.setdefault(step, {})
            if before == ABSENT:
                current_values.pop(name, None)
            else:
                current_values[name] = before
    return answers


def move_draft(user: User, draft_id: uuid.UUID, dataset: Dataset, *, version: int) -> SaveOutcome:
    """Stand a draft on another reading of its file; every answer is kept whose column is still there.

    Raises
    ------
    ConflictError
        If the dataset is not ready, or (DraftConflictError) the same answers changed since this version.
    """
    row = drafts.get_draft(draft_id, owner_id=user.id)
    profile, current = datasets.require_profile(dataset, code="not_ready"), dataset_of(user, row)
    if current is not None and current.id == dataset.id:
        return SaveOutcome(context_of(user, row), merged=False, changed=False)
    return save_many(user, draft_id, changes=_moved_answers(row, current, dataset, profile), version=version)


def _moved_answers(row: DraftRow, current: Dataset | None, dataset: Dataset, profile: DatasetProfile) -> Answers:
    """Return the answers of a draft as they stand on another reading of its file."""
    before = datasets.profile_of(current) if current is not None else None
    kept: Answers = migrate_answers(row.answers, before, profile) if before is not None else {}
    kept["data"] = {**kept.get("data", {}), "dataset_id": str(dataset.id)}
    return kept


def answers_going_along(user: User, row: DraftRow, dataset_id: uuid.UUID) -> Answers:
    """Return the answers that stay when a draft goes to this reading of its file; none where it is another file."""
    current, dataset = dataset_of(user, row), dataset_rows.find_dataset(dataset_id)
    profile = datasets.profile_of(dataset) if dataset is not None and dataset.owner_id == user.id else None
    if current is None or dataset is None or profile is None or current.sha256 != dataset.sha256:
        return {}
    return _moved_answers(row, current, dataset, profile)


def reread(user: User, draft_id: uuid.UUID, changes: dict[str, Any], *, version: int) -> Dataset:
    """Read the file of a draft again with changed choices and move the draft to what comes of it.

    Where a worker reads, the draft stays on what it had until that is ready (see `waiting_for`).

    Raises
    ------
    DomainError
        As `datasets.reread` and `move_draft` say; the draft stays on what it had.
    """
    row = drafts.get_draft(draft_id, owner_id=user.id)
    current = dataset_of(user, row)
    if current is None:
        raise ConflictError("The dataset was deleted meanwhile. Choose another one.", code="dataset_gone")
    dismiss_waiting(user, draft_id)
    dataset = datasets.reread(user, current.id, changes, waiting_draft_id=draft_id)
    if dataset.state == DatasetState.READY.value:
        move_draft(user, draft_id, dataset, version=version)
        _stop_waiting(dataset)
    return dataset


def waiting_for(user: User, draft_id: uuid.UUID) -> Dataset | None:
    """Return the dataset a draft waits for: one that is being read, or could not be, which says why."""
    return dataset_rows.find_waiting(draft_id, owner_id=user.id)


def dismiss_waiting(user: User, draft_id: uuid.UUID) -> None:
    """Let a draft wait no longer; a reading that failed is forgotten, one that goes on becomes a dataset of its own."""
    waiting = waiting_for(user, draft_id)
    if waiting is None:
        return
    if waiting.state == DatasetState.FAILED.value:
        datasets.delete_dataset(user, waiting.id)
    _stop_waiting(waiting)


def _stop_waiting(dataset: Dataset) -> None:
    if dataset.waiting_draft_id is not None:
        with transaction():
            dataset_rows.change_dataset(dataset.id, waiting_draft_id=None)


def follow(dataset: Dataset) -> bool:
    """Move the draft that waited for a dataset, now that it is ready; one that went elsewhere meanwhile stays there."""
    draft_id = dataset.waiting_draft_id
    _stop_waiting(dataset)
    user = accounts.get_account(dataset.owner_id)
    for _ in range(RETRIES):
        waiting = drafts.find_draft(draft_id) if draft_id else None
        if waiting is None or waiting.owner_id != user.id or waiting.launched_experiment_id is not None:
            return False
        current = dataset_of(user, waiting)
        if current is None or current.sha256 != dataset.sha256:
            return False
        try:
            return move_draft(user, waiting.id, dataset, version=waiting.version).changed
        except ConflictError:
            # Somebody is answering at this very moment: what they said is carried along as well.
            continue
    return False


def dataset_of(user: User, row: DraftRow) -> Dataset | None:
    """Return the dataset a draft stands on, if it has one and it was not deleted."""
    return context_of(user, row).dataset


def plan_of(user: User, row: DraftRow, *, at_version: int | None = None) -> Plan:
    """Return the draft thought through, as it is or as it was at an earlier version."""
    if at_version is None:
        return context_of(user, row).plan
    return DraftContext(user, row, answers_at(row, at_version), at_version).plan
