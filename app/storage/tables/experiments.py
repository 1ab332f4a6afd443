"""Tables of experiments, jobs and workers."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from app.storage.db import Base, now


class Experiment(Base):
    """One launched experiment. The config never changes; name, description, tags and notes may."""

    __tablename__ = "experiments"
    __table_args__ = (
        Index(None, "owner_id", "created_at"),
        UniqueConstraint("owner_id", "idempotency_key"),
    )

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True, default=uuid.uuid4)
    owner_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    dataset_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("datasets.id"))
    draft_id: Mapped[uuid.UUID | None] = mapped_column(Uuid)
    parent_id: Mapped[uuid.UUID | None] = mapped_column(Uuid)
    template_id: Mapped[uuid.UUID | None] = mapped_column(Uuid)
    template_version: Mapped[int | None]
    idempotency_key: Mapped[str | None] = mapped_column(String(100))
    name: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(Text, default="")
    tags: Mapped[list[str]] = mapped_column(JSON, default=list)
    notes: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[str] = mapped_column(String(20), default="queued")
    config: Mapped[dict[str, Any]] = mapped_column(JSON)
    config_changes: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    dataset_sha256: Mapped[str] = mapped_column(String(64))
    estimate: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    # What stood open at the launch, warnings and questions: {step, code, message, severity} each, of which those from
    # before questions were kept have no severity and are warnings; null from before these were kept.
    warnings: Mapped[list[dict[str, str]] | None] = mapped_column(JSON(none_as_null=True))
    actual: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    environment: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    scores: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    headline: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    report: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True), deferred=True)
    failure_code: Mapped[str | None] = mapped_column(String(60))
    failure: Mapped[str | None] = mapped_column(Text)
    artefacts: Mapped[str | None] = mapped_column(String(60))
    created_at: Mapped[datetime] = mapped_column(default=now)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class Job(Base):
    """Work to be done. This row is the truth; the entry in Redis only wakes a worker.

    The worker that has the lease names its `attempt` in every write; once the lease has run out the job is requeued,
    the next claim raises `attempt`, and the first worker's writes then touch no row.
    """

    __tablename__ = "jobs"
    __table_args__ = (Index(None, "state", "lease_until"), Index(None, "subject_id", "kind"))

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True, default=uuid.uuid4)
    kind: Mapped[str] = mapped_column(String(20))
    subject_id: Mapped[uuid.UUID] = mapped_column(Uuid)
    owner_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    arguments: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    state: Mapped[str] = mapped_column(String(20), default="queued")
    attempt: Mapped[int] = mapped_column(default=0)
    # Attempts that were no fault of the job: planned restarts, a busy database, a full disk.
    uncounted_attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    # How often an obstacle sent it back to the queue, and before when it is not tried again.
    postponements: Mapped[int] = mapped_column(default=0, server_default="0")
    not_before: Mapped[datetime | None]
    worker_id: Mapped[str | None] = mapped_column(String(100))
    lease_until: Mapped[datetime | None]
    # When a queue entry was made for it last, or should have been: where the server was away, it is made later.
    enqueued_at: Mapped[datetime | None] = mapped_column("rung_at")
    cancel_requested_at: Mapped[datetime | None]
    time_limit_seconds: Mapped[int] = mapped_column(default=14_400)
    progress: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    error_code: Mapped[str | None] = mapped_column(String(60))
    error: Mapped[str | None] = mapped_column(Text)
    # The request that asked for it, by which the logs of web and workers are one story.
    request_id: Mapped[str | None] = mapped_column(String(40))
    created_at: Mapped[datetime] = mapped_column(default=now)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class WorkerBeat(Base):
    """A worker that is alive says so here every few seconds, whatever Redis does."""

    __tablename__ = "worker_beats"

    worker_id: Mapped[str] = mapped_column(String(100), primary_key=True)
    host: Mapped[str] = mapped_column(String(200))
    pid: Mapped[int]
    started_at: Mapped[datetime] = mapped_column(default=now)
    seen_at: Mapped[datetime] = mapped_column(default=now, index=True)
