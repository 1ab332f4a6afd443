"""What was measured between columns: blocks of a matrix, and rankings of columns against a target."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.storage.db import Base, now


class CorrelationBlock(Base):
    """One block of a matrix. `key` tells matrices of a dataset apart, `place` counts the blocks of one."""

    __tablename__ = "correlation_blocks"
    __table_args__ = (UniqueConstraint("dataset_id", "matrix_key", "place"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    dataset_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("datasets.id", ondelete="CASCADE"))
    matrix_key: Mapped[str] = mapped_column(String(20))
    place: Mapped[int]
    content: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(default=now)


class TargetRanking(Base):
    """The ranking of a dataset's columns for one target, as far as it has been refined."""

    __tablename__ = "target_rankings"
    __table_args__ = (UniqueConstraint("dataset_id", "target_key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    dataset_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("datasets.id", ondelete="CASCADE"))
    target_key: Mapped[str] = mapped_column(String(20))
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(default=now)
