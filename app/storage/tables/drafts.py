"""Tables of drafts and their changes."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from app.storage.db import Base, now


class DraftRow(Base):
    """A draft in the making. `version` counts saves; every save names the version it was based on."""

    __tablename__ = "drafts"
    __table_args__ = (Index(None, "owner_id", "touched_at"),)

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True, default=uuid.uuid4)
    owner_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    dataset_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("datasets.id", ondelete="SET NULL"))
    answers: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    version: Mapped[int] = mapped_column(default=1)
    reached: Mapped[str] = mapped_column(String(20), default="data")
    parent_experiment_id: Mapped[uuid.UUID | None] = mapped_column(Uuid)
    template_id: Mapped[uuid.UUID | None] = mapped_column(Uuid)
    template_version: Mapped[int | None]
    # The version of the draft that a template made, with which Review compares what was changed since.
    template_draft_version: Mapped[int | None]
    launched_experiment_id: Mapped[uuid.UUID | None] = mapped_column(Uuid)
    created_at: Mapped[datetime] = mapped_column(default=now)
    touched_at: Mapped[datetime] = mapped_column(default=now)


class DraftEvent(Base):
    """One save: `changes` maps "step.field" to [before, after]; a field never answered is absent, so it is null.

    `undoes` is the version of the save that this one takes back; null for a save of new answers.
    """

    __tablename__ = "draft_events"
    __table_args__ = (UniqueConstraint("draft_id", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    draft_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("drafts.id", ondelete="CASCADE"))
    version: Mapped[int]
    user_id: Mapped[uuid.UUID | None] = mapped_column(Uuid)
    step: Mapped[str] = mapped_column(String(20))
    changes: Mapped[dict[str, Any]] = mapped_column(JSON)
    undoes: Mapped[int | None]
    at: Mapped[datetime] = mapped_column(default=now)
