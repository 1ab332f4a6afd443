"""Drafts: every answer is saved as it is given, under a version, and nothing is overwritten in silence."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.domain import wizard
from app.domain.analysis.import_options.migrate_answers import carried
from app.domain.errors import ConflictError, DomainError, DraftConflictError, FieldConflict, NotFoundError
from app.domain.experiment import Draft
from app.domain.recommendation.plan import Plan
from app.domain.recommendation.propose import make_plan
from app.domain.vocabulary import DatasetState
from app.services.accounts import accounts
from app.services.context import current_settings
from app.services.datasets import datasets
from app.services.measurements import associations, estimates
from app.storage import datasets as dataset_rows
from app.storage import drafts
from app.storage.db import transaction
from app.storage.tables import Dataset, DraftEvent, DraftRow, User

MOST_ANSWERS_BYTES = 2_000_000
MOST_VALUE_BYTES = 200_000
RETRIES = 50
# Stands in the history for a field that was never answered; no answer is an object of this shape.
ABSENT: dict[str, Any] = {"absent": True}

Answers = dict[str, dict[str, Any]]
Changes = Mapping[str, Any]


@dataclass(frozen=True)
class SaveOutcome:
    """What a save did. `merged` says that another tab had saved other fields meanwhile."""

    version: int
    merged: bool
    changed: bool


def create_draft(user: User) -> DraftRow:
    """Start a draft."""
    with transaction():
        return drafts.add_draft(owner_id=user.id)


def get_draft(user: User, draft_id: uuid.UUID) -> DraftRow:
    """Return the user's draft, or raise NotFoundError."""
    return drafts.get_draft(draft_id, owner_id=user.id)


def list_drafts(user: User, *, page: int = 1, per_page: int = 50) -> tuple[list[DraftRow], int]:
    """Return a page of the drafts that were not launched, last touched first, and how many there are in all."""
    return drafts.list_drafts(user.id, limit=per_page, offset=(page - 1) * per_page), drafts.count_drafts(user.id)


def discard_draft(user: User, draft_id: uuid.UUID) -> None:
    """Forget a draft."""
    with transaction():
        row = drafts.get_draft(draft_id, owner_id=user.id)
        drafts.drop_draft(row.id)


def mark_reached(user: User, draft_id: uuid.UUID, slug: str) -> None:
    """Remember the furthest step that was shown."""
    row = drafts.get_draft(draft_id, owner_id=user.id)
    if wizard.SLUGS.index(slug) > wizard.SLUGS.index(row.reached):
        with transaction():
            row.reached = slug


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
) -> SaveOutcome:
    """Save changed answers.

    Parameters
    ----------
    changes
        step -> field -> new value; None forgets the answer, so that the suggestion holds again.
    version
        The version the changes were made on. Fields that others changed since are merged when they are different
        fields, and refused when they are the same ones.
    keep
        field -> "mine" or "theirs", the answer to an earlier refusal.
    undoes
        The version whose save this one takes back, where it does.

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
            row = drafts.get_draft(draft_id, owner_id=user.id)
            outcome = _try_save(user, row, changes=changes, version=version, keep=keep or {}, undoes=undoes)
        if outcome is not None:
            return outcome
    raise ConflictError("The draft is being changed too quickly. Try again.")


def _refuse_too_large(changes: Mapping[str, Changes]) -> None:
    for fields in changes.values():
        for name, value in fields.items():
            if len(json.dumps(value, default=str)) > MOST_VALUE_BYTES or len(name) > 1200:
                raise DomainError("This answer is too long to keep.", code="answer_too_long", field=name[:100])


def _try_save(
    user: User,
    row: DraftRow,
    *,
    changes: Mapping[str, Changes],
    version: int,
    keep: Mapping[str, str],
    undoes: int | None,
) -> SaveOutcome | None:
    refuse_launched(row)
    since = drafts.list_events(row.id, after_version=version) if version < row.version else []
    wanted = _flat(changes)
    _refuse_conflicts(row, wanted, since, keep)
    wanted = {path: value for path, value in wanted.items() if keep.get(path[1]) != "theirs"}
    _refuse_foreign_dataset(user, wanted.get(("data", "dataset_id")))
    answers, effects = _apply(row.answers, wanted)
    if not effects:
        return SaveOutcome(row.version, bool(since), changed=False)
    if len(json.dumps(answers)) > MOST_ANSWERS_BYTES:
        raise DomainError("The draft holds more than it can keep. Remove some answers.", code="draft_too_large")
    if not drafts.swap(row.id, version=row.version, answers=answers, dataset_id=_dataset_id(answers)):
        return None
    step = next(iter(wanted))[0]
    drafts.add_event(
        draft_id=row.id, version=row.version + 1, user_id=user.id, step=step, changes=effects, undoes=undoes
    )
    return SaveOutcome(row.version + 1, bool(since), changed=True)


def refuse_launched(row: DraftRow) -> None:
    """Raise ConflictError for a draft that became an experiment, which nothing changes any more."""
    if row.launched_experiment_id is not None:
        raise ConflictError("This draft was launched, and is frozen now.", code="draft_launched")


def _refuse_foreign_dataset(user: User, raw: Any) -> None:
    if raw is None:
        return
    chosen = _dataset_id({"data": {"dataset_id": raw}})
    dataset = dataset_rows.find_dataset(chosen) if chosen else None
    if dataset is None or dataset.owner_id != user.id:
        raise NotFoundError("There is no such dataset, or it is not yours.", field="dataset_id")


def _flat(changes: Mapping[str, Changes]) -> dict[tuple[str, str], Any]:
    return {(step, name): value for step, fields in changes.items() for name, value in fields.items()}


def _refuse_conflicts(
    row: DraftRow, wanted: Mapping[tuple[str, str], Any], since: list[DraftEvent], keep: Mapping[str, str]
) -> None:
    conflicts = []
    for (step, name), mine in wanted.items():
        event = next((event for event in reversed(since) if _concerns(event, step, name)), None)
        theirs = row.answers.get(step, {}).get(name)
        if event is not None and theirs != mine and name not in keep:
            conflicts.append(FieldConflict(step, name, mine, theirs, event.at.isoformat(timespec="seconds")))
    if conflicts:
        raise DraftConflictError(tuple(conflicts), version=row.version)


def _concerns(event: DraftEvent, step: str, name: str) -> bool:
    """Say whether a save changed this field, or made all that was known of it meaningless, as a new dataset does."""
    if f"{step}.{name}" in event.changes:
        return True
    changed = (path.partition(".") for path in event.changes)
    patterns = (pattern for other, _, field in changed for pattern in wizard.cleared_by(other, field))
    return any(wizard.matches(pattern, step=step, name=name) for pattern in patterns)


def _apply(
    before: Mapping[str, Mapping[str, Any]], wanted: Mapping[tuple[str, str], Any]
) -> tuple[Answers, dict[str, Any]]:
    """Return the new answers and what changed: "step.field" -> [before, after]."""
    answers: Answers = {step: dict(fields) for step, fields in before.items()}
    effects: dict[str, Any] = {}

    def put(step: str, name: str, value: Any) -> bool:
        held = answers.setdefault(step, {})
        old = held.get(name, ABSENT)
        new = ABSENT if value is None else value
        if old == new:
            return False
        effects[f"{step}.{name}"] = [old, new]
        if value is None:
            del held[name]
        else:
            held[name] = value
        return True

    for (step, name), value in wanted.items():
        if put(step, name, value):
            for pattern in wizard.cleared_by(step, name):
                for other_step, fields in list(answers.items()):
                    for other in list(fields):
                        covered = wizard.matches(pattern, step=other_step, name=other)
                        if covered and (other_step, other) not in wanted:
                            put(other_step, other, None)
    return answers, effects


def _dataset_id(answers: Answers) -> uuid.UUID | None:
    raw = answers.get("data", {}).get("dataset_id")
    try:
        return uuid.UUID(str(raw)) if raw else None
    except ValueError:
        return None


def answers_at(row: DraftRow, version: int) -> Answers:
    """Return the answers as they were at an earlier version, by undoing what came after."""
    answers: Answers = {step: dict(fields) for step, fields in row.answers.items()}
    if version >= row.version:
        return answers
    for event in reversed(drafts.list_events(row.id, after_version=version)):
        for path, (before, _after) in event.changes.items():
            step, _, name = path.partition(".")
            held = answers.setdefault(step, {})
            if before == ABSENT:
                held.pop(name, None)
            else:
                held[name] = before
    return answers


def move_draft(user: User, draft_id: uuid.UUID, dataset: Dataset, *, version: int) -> SaveOutcome:
    """Stand a draft on another reading of its file; every answer is kept whose column is still there.

    Raises
    ------
    ConflictError
        If the dataset is not ready, or (DraftConflictError) the same answers changed since this version.
    """
    row = drafts.get_draft(draft_id, owner_id=user.id)
    profile, current = datasets.profile_of(dataset), dataset_of(user, row)
    if profile is None:
        raise ConflictError("This dataset has not been read to its end yet.", code="not_ready")
    if current is not None and current.id == dataset.id:
        return SaveOutcome(row.version, merged=False, changed=False)
    before = datasets.profile_of(current) if current is not None else None
    kept: Answers = carried(row.answers, before, profile) if before is not None else {}
    kept["data"] = {**kept.get("data", {}), "dataset_id": str(dataset.id)}
    return save_many(user, draft_id, changes=kept, version=version)


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


def dataset_of(user: User, row: DraftRow, answers: Mapping[str, Mapping[str, Any]] | None = None) -> Dataset | None:
    """Return the dataset a draft stands on, if it has one and it was not deleted."""
    dataset = _chosen(user, answers or row.answers)
    return dataset if dataset is not None and dataset.deleted_at is None else None


def deleted_dataset_of(user: User, row: DraftRow) -> Dataset | None:
    """Return the dataset a draft stands on where it was deleted meanwhile, be its files still there or not."""
    return _deleted(user, row.answers)


def _deleted(user: User, answers: Mapping[str, Mapping[str, Any]]) -> Dataset | None:
    dataset = _chosen(user, answers)
    return dataset if dataset is not None and dataset.deleted_at is not None else None


def _chosen(user: User, answers: Mapping[str, Mapping[str, Any]]) -> Dataset | None:
    chosen = _dataset_id({step: dict(fields) for step, fields in answers.items()})
    dataset = dataset_rows.find_dataset(chosen) if chosen is not None else None
    return dataset if dataset is not None and dataset.owner_id == user.id else None


def plan_of(user: User, row: DraftRow, *, at_version: int | None = None) -> Plan:
    """Return the draft thought through, as it is or as it was at an earlier version."""
    answers = row.answers if at_version is None else answers_at(row, at_version)
    draft = Draft(answers)
    dataset = dataset_of(user, row, answers)
    if dataset is None or dataset.state != DatasetState.READY.value:
        held = dataset or _deleted(user, answers)
        name, state = ("", "") if held is None else (held.file_name, "deleted" if held.deleted_at else held.state)
        return make_plan(draft, None, None, file_name=name, file_state=state)
    profile, machine = datasets.profile_of(dataset), estimates.machine()
    limit = current_settings().limits.train_seconds
    plan = make_plan(draft, profile, None, machine=machine, limit_seconds=limit)
    if plan.spec is None or profile is None:
        return plan
    found = associations.known_for(dataset, plan.spec)
    return plan if found is None else make_plan(draft, profile, found, machine=machine, limit_seconds=limit)
