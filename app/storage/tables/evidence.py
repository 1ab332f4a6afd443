"""What short fits said about the estimators for one dataset and one way of judging."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.storage.db import Base, now


class ModelEvidence(Base):
    """The evidence as far as it has come; `evidence_key` stands for target, features, validation, metric and seed."""

    __tablename__ = "model_evidence"
    __table_args__ = (UniqueConstraint("dataset_id", "evidence_key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    dataset_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("datasets.id", ondelete="CASCADE"))
    evidence_key: Mapped[str] = mapped_column(String(20))
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(default=now)
