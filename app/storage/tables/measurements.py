"""Tables of stored measurements: one for each kind of result, and blocks of matrices."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.storage.db import Base, now


class MeasuredDataset:
    """The columns of every table of results. `key` stands for all that decides about a result but the rows."""

    id: Mapped[int] = mapped_column(primary_key=True)
    dataset_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("datasets.id", ondelete="CASCADE"))
    created_at: Mapped[datetime] = mapped_column(default=now)


class JsonResult(MeasuredDataset, Base):
    """A result as plain JSON values, as far as it has come."""

    __abstract__ = True

    key: Mapped[str]
    payload: Mapped[Any] = mapped_column(JSON, nullable=False)


class TargetAssociation(JsonResult):
    """The association of a dataset's columns with one target."""

    __tablename__ = "target_associations"
    __table_args__ = (UniqueConstraint("dataset_id", "target_key"),)

    key: Mapped[str] = mapped_column("target_key", String(20))
    payload: Mapped[Any] = mapped_column(JSON(none_as_null=True), nullable=True)


class TargetRanking(JsonResult):
    """The ranking of a dataset's columns for one target, as far as it has been refined.

    Beside it stand the measures of derived features, and how long a target remembers its drivers; the keys of the three
    are digests of other words, so none is ever found for another.
    """

    __tablename__ = "target_rankings"
    __table_args__ = (UniqueConstraint("dataset_id", "target_key"),)

    key: Mapped[str] = mapped_column("target_key", String(20))


class ModelEvidence(JsonResult):
    """What short fits tell for one target, set of features, metric and seed: about the estimators, or about splits.

    The keys of the two are digests of other words, so neither is ever found for the other.
    """

    __tablename__ = "model_evidence"
    __table_args__ = (UniqueConstraint("dataset_id", "evidence_key"),)

    key: Mapped[str] = mapped_column("evidence_key", String(20))


class CorrelationBlock(MeasuredDataset, Base):
    """One block of a matrix. `key` tells the matrices of a dataset apart, `place` counts the blocks of one."""

    __tablename__ = "correlation_blocks"
    __table_args__ = (UniqueConstraint("dataset_id", "matrix_key", "place"),)

    key: Mapped[str] = mapped_column("matrix_key", String(20))
    place: Mapped[int]
    content: Mapped[bytes] = mapped_column(LargeBinary)
