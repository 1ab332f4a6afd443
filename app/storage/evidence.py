"""Queries on what short fits said. Nothing here commits."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import select

from app.storage.db import db
from app.storage.tables import ModelEvidence


def find_evidence(dataset_id: uuid.UUID, key: str) -> ModelEvidence | None:
    """Return the evidence as far as it goes, or None."""
    query = select(ModelEvidence).where(ModelEvidence.dataset_id == dataset_id, ModelEvidence.evidence_key == key)
    return db.session.scalar(query.execution_options(populate_existing=True))


def save_evidence(dataset_id: uuid.UUID, key: str, payload: dict[str, Any]) -> None:
    """Store evidence in place of what was there."""
    row = find_evidence(dataset_id, key)
    if row is None:
        db.session.add(ModelEvidence(dataset_id=dataset_id, evidence_key=key, payload=payload))
    else:
        row.payload = payload
    db.session.flush()
