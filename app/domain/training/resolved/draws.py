"""The random splitters of scikit-learn as recorded in `resolved`, with their parameters."""

from __future__ import annotations

import numpy as np

from app.domain.experiment import Spec
from app.domain.json_values import JsonObject
from app.domain.training.preprocessing.preparation import TrainingTable
from app.domain.training.resolved.document import PipelineStep
from app.domain.training.resolved.row_sets import Rows
from app.domain.training.validation import splitting
from app.domain.training.validation.holdouts import stratifiable_classes
from app.domain.vocabulary import SplitStrategy

MODEL_SELECTION = "sklearn.model_selection."


def draws_of(spec: Spec, table: TrainingTable, development: Rows) -> tuple[PipelineStep | None, PipelineStep | None]:
    """Return how folds and hold-out are drawn; None where a date or a group decides, or nothing does.

    Folds are drawn over the development rows in the order of the table, the hold-out over all rows. "stratify" says
    that the classes of the target are handed over.
    """
    return _folds_step(spec, table, development), _holdout_step(spec, table)


def _folds_step(spec: Spec, table: TrainingTable, development: Rows) -> PipelineStep | None:
    strategy, seed = spec.validation.strategy, spec.reproducibility.seed
    values = {**splitting.get(strategy).defaults(), **spec.validation.parameters}
    folds = int(values.get("n_splits") or 5)
    drawn: JsonObject = {"n_splits": folds, "random_state": seed}
    if strategy is SplitStrategy.K_FOLD:
        return _draw_step("KFold", {**drawn, "shuffle": True})
    if strategy is SplitStrategy.STRATIFIED_K_FOLD:
        return _draw_step("StratifiedKFold", {**drawn, "shuffle": True, "stratify": True})
    if strategy is SplitStrategy.REPEATED_K_FOLD:
        counts = np.unique(table.target[development], return_counts=True)[1] if table.labels else np.zeros(1)
        stratified = bool(counts.min() >= folds)
        name = "RepeatedStratifiedKFold" if stratified else "RepeatedKFold"
        return _draw_step(name, {**drawn, "n_repeats": int(values["n_repeats"]), "stratify": stratified})
    if strategy is SplitStrategy.HOLDOUT and table.times is None:
        return _cut(table, float(values["percent"]) / 100, seed)
    return None


def _holdout_step(spec: Spec, table: TrainingTable) -> PipelineStep | None:
    strategy, seed = spec.validation.strategy, spec.reproducibility.seed
    holdout = spec.validation.holdout
    fraction = None if holdout is None else holdout.fraction
    if fraction is None or strategy is SplitStrategy.HOLDOUT:
        return None
    if splitting.get(strategy).needs_group:
        return _draw_step("GroupShuffleSplit", {"n_splits": 1, "test_size": fraction, "random_state": seed})
    return _cut(table, fraction, seed) if table.times is None else None


def _cut(table: TrainingTable, share: float, seed: int) -> PipelineStep:
    rows, classes = len(table.target), table.target if table.labels else None
    count = max(1, round(rows * share))
    stratified = stratifiable_classes(classes, smallest_part=min(count, rows - count)) is not None
    return _draw_step("train_test_split", {"test_size": count, "random_state": seed, "stratify": stratified})


def _draw_step(name: str, parameters: JsonObject) -> PipelineStep:
    return PipelineStep(step=MODEL_SELECTION + name, parameters=parameters)
