"""The table of the audit trail, append-only and chained by hashes."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import Index, Integer, String, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from app.storage.db import Base


class AuditEntry(Base):
    """One act. Nothing refers to it and it refers to nothing, so that it stays when accounts and things go.

    `address` and `address_salt` are removed after a while; `network` stays. See `app.domain.audit.chain`.
    """

    __tablename__ = "audit_entries"
    __table_args__ = (Index(None, "actor_id", "number"), Index(None, "act", "number"), Index(None, "subject_id", "at"))

    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(index=True)
    act: Mapped[str] = mapped_column(String(40))
    actor_id: Mapped[uuid.UUID | None] = mapped_column(Uuid)
    channel: Mapped[str] = mapped_column(String(20))
    request_id: Mapped[str] = mapped_column(String(40))
    address: Mapped[str | None] = mapped_column(String(64))
    address_salt: Mapped[str | None] = mapped_column(String(32))
    address_digest: Mapped[str] = mapped_column(String(64))
    network: Mapped[str] = mapped_column(String(64))
    subject_id: Mapped[uuid.UUID | None] = mapped_column(Uuid)
    part: Mapped[str] = mapped_column(String(40))
    details: Mapped[str] = mapped_column(Text)
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))
