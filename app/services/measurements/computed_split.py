"""The split of a plan computed from the stored rows, before training."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TypeVar

from app.domain.experiment import FeaturesPart, ModelPart, Spec
from app.domain.training.preprocessing.preparation import TrainingTable, columns_read, prepare
from app.domain.training.report.document import SplitSummary
from app.domain.training.report.split_summary import summarise
from app.domain.training.tuning.inner_folds import facts_of
from app.domain.training.validation.splitting import make_split
from app.services.datasets.datasets import require_profile, sound_rows_of
from app.storage import columnar
from app.storage.tables import Dataset

# A longer table takes too long to be divided while a page is waited for.
MAX_ROWS = 500_000
MAX_TABLES, MAX_SPLITS = 4, 32
Kept = TypeVar("Kept")
_lock = threading.Lock()
_tables: OrderedDict[str, TrainingTable] = OrderedDict()
_splits: OrderedDict[str, SplitSummary] = OrderedDict()


def split_of(dataset: Dataset, spec: Spec) -> SplitSummary | None:
    """Return how the rows of a dataset will be divided; None where there are too many to do so for a page.

    Nothing is written and no job is asked for. The last few tables and splits stay in memory.

    Raises
    ------
    TrainingError
        With a sentence, where the rows cannot be divided so.
    """
    if require_profile(dataset).rows > MAX_ROWS:
        return None
    rows = _rows_of(spec)
    whole = rows.model_dump_json(include={"task", "data", "validation", "reproducibility"})
    key = f"{dataset.id} {whole}"
    split = _splits.get(key)
    if split is None:
        table = _table_of(dataset, rows)
        split = summarise(rows, table, make_split(rows, facts_of(table)))
    return _keep(_splits, key, split, most=MAX_SPLITS)


def _rows_of(spec: Spec) -> Spec:
    """Return a config without all that decides nothing about rows."""
    task = spec.task.model_copy(update={"purpose": None, "horizon": None, "drivers_known_ahead": None})
    nothing = {
        "task": task,
        "features": FeaturesPart(selected=[spec.task.target]),
        "model": ModelPart(estimator="dummy"),
    }
    return spec.model_copy(update=nothing)


def _table_of(dataset: Dataset, spec: Spec) -> TrainingTable:
    """Return the target with time and groups of every row; a warm-up needs the ages of rows beside them."""
    profile = require_profile(dataset)
    request = spec.model_dump_json(include={"task", "data"})
    key = f"{dataset.id} {bool(spec.validation.warm_up)} {request}"
    table = _tables.get(key)
    if table is None:
        frame = columnar.read_frame(sound_rows_of(dataset), profile, columns_read(spec, profile))
        table = prepare(spec, frame, profile)
    return _keep(_tables, key, table, most=MAX_TABLES)


def _keep(kept: OrderedDict[str, Kept], key: str, value: Kept, *, most: int) -> Kept:
    """Keep a value as the latest one, and return it; another thread may drop it at any moment."""
    with _lock:
        kept[key] = value
        kept.move_to_end(key)
        while len(kept) > most:
            kept.popitem(last=False)
    return value
