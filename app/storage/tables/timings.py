"""The table of measured times of launches and short fits."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, String, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from app.storage.db import Base, now


class FitTiming(Base):
    """One launch, or one short timed fit. `workload` and `seconds` are those of app.domain.estimation.Timing.

    `machine` tells machines apart by processor, memory and versions. `experiment_id` is empty for a timed fit; no
    foreign key, since what was learnt outlives the experiment. `memory_mb` is the peak, `idle_mb` what was held before.
    """

    __tablename__ = "fit_timings"
    __table_args__ = (Index(None, "machine", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    machine: Mapped[str] = mapped_column(String(16))
    estimator: Mapped[str] = mapped_column(String(60))
    experiment_id: Mapped[uuid.UUID | None] = mapped_column(Uuid)
    workload: Mapped[dict[str, Any]] = mapped_column(JSON)
    seconds: Mapped[dict[str, float]] = mapped_column(JSON)
    memory_mb: Mapped[float | None]
    idle_mb: Mapped[float | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
