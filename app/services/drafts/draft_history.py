"""Undo and redo in a draft, and confirming answers unchanged."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from app.domain.errors import ConflictError
from app.services.drafts.draft_context import dataset_id_in
from app.services.drafts.drafts import ABSENT, RETRIES, Changes, answers_going_along, refuse_launched, save_many
from app.services.drafts.undo_stacks import undo_stacks
from app.storage import drafts
from app.storage.db import transaction
from app.storage.tables import DraftEvent, DraftRow, User


@dataclass(frozen=True)
class UndoOutcome:
    """The version after an undo or a redo, and the step that shows the change; no step where nothing was left."""

    version: int
    step: str = ""


def undo(user: User, draft_id: uuid.UUID) -> UndoOutcome:
    """Take back the last change that stands, as a new version; the next undo takes back the one before it."""
    row = drafts.get_draft(draft_id, owner_id=user.id)
    return _take_back(user, row, undo_stacks(row).undo)


def redo(user: User, draft_id: uuid.UUID) -> UndoOutcome:
    """Bring back what the last undo took back, as a new version; nothing after something new was answered."""
    row = drafts.get_draft(draft_id, owner_id=user.id)
    return _take_back(user, row, undo_stacks(row).redo)


def _take_back(user: User, row: DraftRow, stack: tuple[int, ...]) -> UndoOutcome:
    if not stack:
        refuse_launched(row)
        return UndoOutcome(row.version)
    event = drafts.get_event(row.id, stack[-1])
    changes = _keep_answers(user, row, _reverse_change(event))
    outcome = save_many(user, row.id, changes=changes, version=row.version, undoes=event.version)
    return UndoOutcome(outcome.version, event.step)


def _reverse_change(event: DraftEvent) -> dict[str, dict[str, Any]]:
    """Return the answers that were there before a save, in the shape of a change."""
    changes: dict[str, dict[str, Any]] = {}
    for path, (before, _after) in event.changes.items():
        step, _, name = path.partition(".")
        changes.setdefault(step, {})[name] = None if before == ABSENT else before
    return changes


def _keep_answers(user: User, row: DraftRow, changes: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return a change with the answers that go along with it: another reading of the file takes none of them away."""
    dataset_id = dataset_id_in(changes)
    if dataset_id is None:
        return changes
    kept = answers_going_along(user, row, dataset_id)
    return {step: {**kept.get(step, {}), **changes.get(step, {})} for step in {**kept, **changes}}


def confirm_answers(user: User, draft_id: uuid.UUID, *, step: str, changes: Changes) -> bool:
    """Keep answers that change nothing of what a page shows; returns whether the draft did not hold them yet.

    A suggestion that is confirmed stays when a later one differs. Since nothing visible changes there is no new
    version, no other tab to warn and nothing to undo.
    """
    for _ in range(RETRIES if changes else 0):
        with transaction():
            row = drafts.get_draft(draft_id, owner_id=user.id)
            refuse_launched(row)
            fields = {**row.answers.get(step, {}), **changes}
            answers = {**row.answers, step: {name: value for name, value in fields.items() if value is not None}}
            if answers[step] == row.answers.get(step, {}):
                return False
            if drafts.replace_answers(row.id, version=row.version, answers=answers):
                return True
    if not changes:
        return False
    raise ConflictError("The draft is being changed too quickly. Try again.")
