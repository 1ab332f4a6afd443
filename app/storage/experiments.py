"""Queries on experiments. Nothing here commits."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import undefer

from app.domain.errors import NotFoundError
from app.domain.vocabulary import RunState
from app.storage.db import db
from app.storage.tables import Experiment


def add_experiment(**values: Any) -> Experiment:
    """Add an experiment."""
    row = Experiment(**values)
    db.session.add(row)
    db.session.flush()
    return row


def get_experiment(experiment_id: uuid.UUID, *, owner_id: uuid.UUID) -> Experiment:
    """Return an owner's experiment, or raise NotFoundError."""
    row = db.session.get(Experiment, experiment_id, populate_existing=True)
    if row is None or row.owner_id != owner_id:
        raise NotFoundError("There is no such experiment, or it is not yours.")
    return row


def find_experiment(experiment_id: uuid.UUID) -> Experiment | None:
    """Return an experiment of anybody, for the worker."""
    return db.session.get(Experiment, experiment_id, populate_existing=True)


def find_by_key(owner_id: uuid.UUID, idempotency_key: str) -> Experiment | None:
    """Return the experiment launched with this key before."""
    query = select(Experiment).where(
        Experiment.owner_id == owner_id, Experiment.idempotency_key == idempotency_key[:100]
    )
    return db.session.scalar(query)


@dataclass(frozen=True)
class ExperimentSummary:
    """What a list says of an experiment. The config and all else that fills its row is left where it is."""

    id: uuid.UUID
    name: str
    tags: list[str]
    state: str
    headline: dict[str, Any] | None
    created_at: datetime


def list_experiments(owner_id: uuid.UUID, *, page: int = 1, per_page: int = 25) -> list[ExperimentSummary]:
    """Return a page of an owner's experiments, newest first."""
    query = (
        select(*(getattr(Experiment, column.name) for column in fields(ExperimentSummary)))
        .where(Experiment.owner_id == owner_id)
        .order_by(Experiment.created_at.desc(), Experiment.id)
        .limit(per_page)
        .offset((page - 1) * per_page)
    )
    return [ExperimentSummary(*row) for row in db.session.execute(query)]


def count_experiments(owner_id: uuid.UUID) -> int:
    """Return how many experiments an owner has."""
    return db.session.scalar(select(func.count()).where(Experiment.owner_id == owner_id)) or 0


def load_report(experiment_id: uuid.UUID) -> dict[str, Any] | None:
    """Return the stored report."""
    query = select(Experiment).where(Experiment.id == experiment_id).options(undefer(Experiment.report))
    row = db.session.scalar(query)
    return None if row is None else row.report


def requeue_experiment(experiment_id: uuid.UUID) -> None:
    """Put a running experiment back into the queue, as its job is."""
    query = update(Experiment).where(Experiment.id == experiment_id, Experiment.state == RunState.RUNNING.value)
    query = query.values(state=RunState.QUEUED.value)
    db.session.execute(query.execution_options(synchronize_session=False))


def artefacts_of_ended() -> dict[str, str | None]:
    """Return, for every experiment that has ended, which attempt's folder it stands on, if any."""
    ended = [state.value for state in RunState if state.is_final]
    result = db.session.execute(select(Experiment.id, Experiment.artefacts).where(Experiment.state.in_(ended)))
    return {str(identifier): name for identifier, name in result}


def count_by_dataset(owner_id: uuid.UUID) -> dict[uuid.UUID, int]:
    """Return how many experiments of an owner stand on each dataset that has any."""
    query = select(Experiment.dataset_id, func.count()).where(Experiment.owner_id == owner_id)
    rows = db.session.execute(query.group_by(Experiment.dataset_id))
    return {row[0]: row[1] for row in rows}
