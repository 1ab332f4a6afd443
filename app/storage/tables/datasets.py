"""The table of datasets; files lie under <data>/datasets/<id>/ and <data>/originals/."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from app.storage.db import Base, now


class Dataset(Base):
    """One reading of a file, never changed afterwards. Ready only when its Parquet has been renamed into place.

    The same file read with other choices is another row, whose `source_id` names the one it came from. While `state`
    is receiving, `size_bytes` says how much of `expected_bytes` has come. `waiting_draft_id` is the draft that moves
    to the dataset as soon as it is ready. A deleted row can be restored until `purged_at`, when its files go.
    """

    __tablename__ = "datasets"
    __table_args__ = (Index(None, "owner_id", "created_at"),)

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True, default=uuid.uuid4)
    owner_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(200))
    file_name: Mapped[str] = mapped_column(String(200))
    sample: Mapped[str | None] = mapped_column(String(60))
    state: Mapped[str] = mapped_column(String(20), default="receiving")
    reason: Mapped[str | None] = mapped_column(String(1000))
    reason_code: Mapped[str | None] = mapped_column(String(60))
    size_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    sha256: Mapped[str | None] = mapped_column(String(64), index=True)
    rows: Mapped[int | None] = mapped_column(BigInteger)
    column_count: Mapped[int | None]
    format: Mapped[str | None] = mapped_column(String(20))
    source_id: Mapped[uuid.UUID | None] = mapped_column(Uuid)
    waiting_draft_id: Mapped[uuid.UUID | None] = mapped_column(Uuid, index=True)
    expected_bytes: Mapped[int | None] = mapped_column(BigInteger)
    choices: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    fingerprint: Mapped[str | None] = mapped_column(String(16))
    analysis_version: Mapped[int | None]
    peek: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True), deferred=True)
    profile: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True), deferred=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    touched_at: Mapped[datetime] = mapped_column(default=now)
    deleted_at: Mapped[datetime | None]
    purged_at: Mapped[datetime | None]
