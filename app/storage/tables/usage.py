"""The table of usage events."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import Index, String, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from app.storage.db import Base


class UsageEventRow(Base):
    """One event. It refers to nothing, so that it stays when drafts and accounts go, and holds no value of any data."""

    __tablename__ = "usage_events"
    __table_args__ = (Index(None, "kind", "at"), Index(None, "draft_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(30))
    at: Mapped[datetime] = mapped_column(index=True)
    person_id: Mapped[uuid.UUID | None] = mapped_column(Uuid)
    draft_id: Mapped[uuid.UUID | None] = mapped_column(Uuid)
    experiment_id: Mapped[uuid.UUID | None] = mapped_column(Uuid)
    template_id: Mapped[uuid.UUID | None] = mapped_column(Uuid)
    step: Mapped[str] = mapped_column(String(20), default="")
    field: Mapped[str] = mapped_column(String(80), default="")
    code: Mapped[str] = mapped_column(String(60), default="")
    hits: Mapped[int] = mapped_column(default=0)
    misses: Mapped[int] = mapped_column(default=0)
