"""Kinds of usage events. Their names are wire values in the table and in exports."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class UsageKind(StrEnum):
    """What happened."""

    DRAFT_STARTED = "draft_started"
    STEP_COMPLETED = "step_completed"
    STEP_REFUSED = "step_refused"
    LAUNCHED = "launched"
    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"
    TEMPLATE_APPLIED = "template_applied"
    CACHE_COUNTED = "cache_counted"


@dataclass(frozen=True, slots=True)
class UsageEvent:
    """One thing that happened; what does not apply is None or empty.

    `field` is a field of a step with an error and `code` what was wrong, or why an experiment failed. `hits` and
    `misses` are what the cache of analyses was asked since it was last counted.
    """

    kind: str
    at: datetime
    person_id: uuid.UUID | None = None
    draft_id: uuid.UUID | None = None
    experiment_id: uuid.UUID | None = None
    template_id: uuid.UUID | None = None
    step: str = ""
    field: str = ""
    code: str = ""
    hits: int = 0
    misses: int = 0
