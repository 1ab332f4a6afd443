"""Drafts at a glance: what tells one from another in a list, though they stand on the same file."""

from __future__ import annotations

import uuid
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime

from app.domain.estimators import registry
from app.services.drafts import drafts
from app.services.drafts.draft_context import DraftContext, context_of
from app.storage import drafts as draft_rows
from app.storage.tables import User

GLANCES_KEPT = 200


@dataclass(frozen=True)
class Glance:
    """What a draft at one of its versions is about; empty where it is not known yet, as a name that nobody gave.

    `changed` are the answers of the last save, each as step.field.
    """

    name: str
    target: str
    estimator: str
    changed: tuple[str, ...]


_glances: OrderedDict[tuple[uuid.UUID, int, str], Glance] = OrderedDict()


@dataclass(frozen=True)
class Begun:
    """A draft in the list."""

    id: uuid.UUID
    dataset: str
    is_deleted: bool
    reached: str
    touched_at: datetime
    glance: Glance


def list_begun(user: User, *, page: int, per_page: int) -> tuple[list[Begun], int]:
    """Return a page of the user's drafts that were not launched, last touched first, and how many there are in all."""
    found = []
    rows, total = drafts.list_drafts(user, page=page, per_page=per_page)
    for row in rows:
        context = context_of(user, row)
        held = context.chosen
        # What a file holds becomes known, and data are deleted and brought back, without a new version.
        glance = _glance(context)
        name = held.name if held else ""
        found.append(Begun(row.id, name, context.gone is not None, row.reached, row.touched_at, glance))
    return found, total


def _glance(context: DraftContext) -> Glance:
    key = (context.id, context.version, "" if context.dataset is None else context.dataset.state)
    if key not in _glances:
        # Thinking a draft through takes milliseconds, and a list holds many.
        _glances[key] = _at_a_glance(context)
        while len(_glances) > GLANCES_KEPT:
            _glances.popitem(last=False)
    return _glances[key]


def _at_a_glance(context: DraftContext) -> Glance:
    row, spec = context.row, context.plan.spec
    events = draft_rows.list_events(row.id, after_version=row.version - 1)
    return Glance(
        name=str(row.answers.get("review", {}).get("name") or "").strip(),
        target=spec.task.target if spec else "",
        estimator=registry.get(spec.model.estimator).title if spec else "",
        changed=tuple(events[-1].changes) if events else (),
    )
