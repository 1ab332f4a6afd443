"""Recording usage events, in the transaction of what happened."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable

from sqlalchemy.exc import SQLAlchemyError

from app.domain.usage.events import UsageEvent, UsageKind
from app.services.audit.trail import field_names
from app.services.context import current_settings
from app.storage import usage
from app.storage.db import now, transaction
from app.storage.fault_reports import leave_crumb
from app.storage.tables import User

log = logging.getLogger(__name__)
MAX_REFUSALS = 20


def count_event(
    kind: UsageKind,
    *,
    person_id: uuid.UUID | None = None,
    draft_id: uuid.UUID | None = None,
    experiment_id: uuid.UUID | None = None,
    template_id: uuid.UUID | None = None,
    step: str = "",
    code: str = "",
) -> None:
    """Record one event, in the caller's transaction."""
    if not current_settings().analytics:
        return
    event = UsageEvent(
        kind.value,
        now(),
        person_id=person_id,
        draft_id=draft_id,
        experiment_id=experiment_id,
        template_id=template_id,
        step=step,
        code=code[:60],
    )
    usage.add_events([event])


def count_refusals(user: User, draft_id: uuid.UUID, step: str, faults: Iterable[tuple[str, str, str]]) -> None:
    """Record that a step could not be left: each fault is the step and field it lies in, and its code."""
    named = dict.fromkeys((*field_names([f"{place}.{field or 'step'}"]), code[:60]) for place, field, code in faults)
    for field, code in named:
        leave_crumb("validation", f"{step} {field} {code}")
    if not current_settings().analytics:
        return
    events = [
        UsageEvent(
            UsageKind.STEP_REFUSED.value,
            now(),
            person_id=user.id,
            draft_id=draft_id,
            step=step,
            field=field,
            code=code,
        )
        for field, code in list(named)[:MAX_REFUSALS]
    ]
    if not events:
        return
    try:
        with transaction():
            usage.add_events(events)
    except SQLAlchemyError as fault:
        # Whoever corrects a field is answered, whatever the database takes.
        log.warning("a refusal is not counted: %s", fault)


def count_cache(*, hits: int, misses: int) -> None:
    """Record how often the cache was asked since it was last counted."""
    if current_settings().analytics and (hits or misses):
        event = UsageEvent(UsageKind.CACHE_COUNTED.value, now(), hits=hits, misses=misses)
        with transaction():
            usage.add_events([event])
