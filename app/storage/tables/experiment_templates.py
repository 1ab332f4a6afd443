"""Tables of experiment templates, versions, sharing, usage and events."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from app.storage.db import Base, now


class ExperimentTemplate(Base):
    """A template as it stands: the words of its newest version, and what is counted about it.

    A template of the library shipped with the product has a `library_key` and no owner. `search_text` holds all words
    in small letters. `needs` and `sketch` are what a card shows, worked out when a version is made. What is archived
    is gone from all lists but its owner's; what is retired stays usable and names its successor.
    """

    __tablename__ = "experiment_templates"
    __table_args__ = (
        Index(None, "owner_id", "visibility"),
        Index(None, "visibility", "usage_count"),
        UniqueConstraint("library_key"),
    )

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True, default=uuid.uuid4)
    owner_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    library_key: Mapped[str | None] = mapped_column(String(60))
    name: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(Text, default="")
    category: Mapped[str] = mapped_column(String(60), default="")
    tags: Mapped[list[str]] = mapped_column(JSON, default=list)
    visibility: Mapped[str] = mapped_column(String(20), default="private")
    version: Mapped[int] = mapped_column(default=1)
    search_text: Mapped[str] = mapped_column(Text, default="")
    needs: Mapped[list[str]] = mapped_column(JSON, default=list)
    sketch: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    usage_count: Mapped[int] = mapped_column(default=0)
    last_used_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now)
    archived_at: Mapped[datetime | None]
    featured_at: Mapped[datetime | None]
    curated_at: Mapped[datetime | None]
    retired_at: Mapped[datetime | None]
    successor_id: Mapped[uuid.UUID | None] = mapped_column(Uuid)


class TemplateVersion(Base):
    """One version of a template, whole. It never changes: an edit or a restore makes another one."""

    __tablename__ = "template_versions"
    __table_args__ = (UniqueConstraint("template_id", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    template_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("experiment_templates.id", ondelete="CASCADE"))
    version: Mapped[int]
    name: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(Text, default="")
    category: Mapped[str] = mapped_column(String(60), default="")
    tags: Mapped[list[str]] = mapped_column(JSON, default=list)
    visibility: Mapped[str] = mapped_column(String(20))
    config: Mapped[dict[str, Any]] = mapped_column(JSON)
    requirements: Mapped[dict[str, Any]] = mapped_column(JSON)
    author_id: Mapped[uuid.UUID | None] = mapped_column(Uuid)
    author_name: Mapped[str] = mapped_column(String(254), default="")
    comment: Mapped[str] = mapped_column(String(500), default="")
    restores: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(default=now)


class TemplatePerson(Base):
    """Somebody a template is shared with, where its visibility is "people"."""

    __tablename__ = "template_people"

    template_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("experiment_templates.id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True)


class TemplateUsage(Base):
    """Who used which version of a template, on what and when."""

    __tablename__ = "template_uses"
    __table_args__ = (Index(None, "template_id", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    template_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("experiment_templates.id", ondelete="CASCADE"))
    version: Mapped[int]
    user_id: Mapped[uuid.UUID | None] = mapped_column(Uuid)
    dataset_id: Mapped[uuid.UUID | None] = mapped_column(Uuid)
    draft_id: Mapped[uuid.UUID | None] = mapped_column(Uuid)
    at: Mapped[datetime] = mapped_column(default=now)


class TemplateEvent(Base):
    """What was done to a template beside its versions: archived, restored, transferred, featured, retired.

    `before` holds the values that were replaced, so that an administrator can undo the last one.
    """

    __tablename__ = "template_events"
    __table_args__ = (Index(None, "template_id", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    template_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("experiment_templates.id", ondelete="CASCADE"))
    user_id: Mapped[uuid.UUID | None] = mapped_column(Uuid)
    user_name: Mapped[str] = mapped_column(String(254), default="")
    act: Mapped[str] = mapped_column(String(20))
    before: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    undone_at: Mapped[datetime | None]
    at: Mapped[datetime] = mapped_column(default=now)
