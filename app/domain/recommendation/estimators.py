"""Which estimator to try first, by rules that a person can check."""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.estimators import registry
from app.domain.estimators.parameters import EstimatorEntry
from app.domain.vocabulary import TaskKind

SMALL = 200
LARGE = 100_000


@dataclass(frozen=True)
class Ranked:
    """One suggestion with its reasons and cautions."""

    entry: EstimatorEntry
    reasons: tuple[str, ...]
    cautions: tuple[str, ...]


def rank(task: TaskKind, *, rows: int, features: int, has_categories: bool) -> tuple[Ranked, ...]:
    """Return every estimator of the task, the suggested one first.

    The order follows what benchmarks on tables agree on (Grinsztajn et al. 2022, NeurIPS: trees lead on medium ones;
    simple penalised models hold their own on small ones).

    Parameters
    ----------
    task
        The kind of task.
    rows, features
        Rows with a target, and selected columns.
    has_categories
        Whether words are among the features.
    """
    line = "logistic_regression" if task.is_classification else "ridge"
    if rows < SMALL:
        first = [line, "random_forest", "gaussian_process", "extra_trees", "k_nearest_neighbors"]
        why = f"{rows:,} rows: a simple model is harder to fool on so few."
    elif rows < 3000:
        first = ["random_forest", "hist_gradient_boosting", line, "extra_trees", "support_vector_machine"]
        why = f"{rows:,} rows are enough for trees, and averaged trees are the steadiest."
    else:
        first = ["hist_gradient_boosting", "random_forest", line, "extra_trees", "multilayer_perceptron"]
        why = f"{rows:,} rows and {features:,} features: boosted trees lead on tables of this size."
    entries = registry.for_task(task)
    order = {identifier: place for place, identifier in enumerate(first)}
    ranked = sorted(entries, key=lambda entry: (entry.is_baseline, order.get(entry.id, len(first))))
    return tuple(
        _ranked(entry, why if place == 0 else "", rows=rows, words=has_categories) for place, entry in enumerate(ranked)
    )


def _ranked(entry: EstimatorEntry, why: str, *, rows: int, words: bool) -> Ranked:
    reasons = ((why,) if why else ()) + entry.strengths
    cautions = entry.cautions
    if entry.max_rows is not None and rows > entry.max_rows:
        cautions = (f"{rows:,} rows are more than the {entry.max_rows:,} it can carry", *cautions)
    if words and entry.scale:
        cautions = (*cautions, "Words become one column each")
    return Ranked(entry, reasons, cautions)
