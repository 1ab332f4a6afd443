"""Reasons for and cautions against an estimator, in the numbers of the dataset."""

from __future__ import annotations

from app.domain.estimators.parameters import EstimatorEntry
from app.domain.recommendation.traits import FEW_VALUES, Traits
from app.domain.text.words import join_words, pluralise

LONG_TAIL = 3.0
UNEVEN = 10.0
MOSTLY_COARSE = 0.7
# A number whose strongest column goes with it less than this is mostly noise to any single one of them.
WEAK = 0.2
# A number of which all columns together explain less than this, on fewer rows, is told best by a line held back.
FAINT, FEW_FOR_FAINT = 0.25, 1_500
FEW_FOR_BOOSTING, MANY_FOR_KERNELS = 1_000, 10_000
BOOSTED = frozenset({"hist_gradient_boosting", "lightgbm", "catboost"})
TREES = BOOSTED | {"decision_tree", "random_forest", "extra_trees", "averaged_trees"}
FORESTS = frozenset({"random_forest", "extra_trees"})
LINES = frozenset({"linear_regression", "ridge", "lasso", "elastic_net", "logistic_regression"})
FLEXIBLE = BOOSTED | {"multilayer_perceptron", "decision_tree", "k_nearest_neighbors"}
SMOOTH = frozenset({"support_vector_machine", "gaussian_process", "multilayer_perceptron"})


def size_of(traits: Traits) -> str:
    """Return the size in words: "12,692 rows, 7 numeric features and 2 of words"."""
    kinds = [pluralise(traits.numbers, "numeric feature")] if traits.numbers else []
    kinds += [f"{traits.words:,} of words"] if traits.words else []
    kinds += [f"{traits.derived:,} derived"] if traits.derived else []
    return f"{traits.rows:,} rows, {join_words(kinds) or 'no feature'}"


def is_faint(traits: Traits) -> bool:
    """Return whether few rows hold a signal that is weak as far as single columns tell it."""
    return traits.explained is not None and traits.explained < FAINT and traits.rows < FEW_FOR_FAINT


def reasons_for(entry: EstimatorEntry, traits: Traits) -> list[str]:
    """Return the reasons for an estimator here, the weightiest first; each can be checked in the profile."""
    answers = []
    if entry.id in TREES and traits.coarse_share >= MOSTLY_COARSE and traits.features > 1:
        few = traits.coarse + traits.words
        answers.append(
            f"{few:,} of {traits.features:,} features are words or take at most {FEW_VALUES} values, which suits trees"
        )
    if entry.id in FORESTS and traits.imbalance >= UNEVEN:
        answers.append(f"The rarest of {traits.classes} classes has {traits.rarest:,} rows: averaged trees stay steady")
    if entry.handles_missing and traits.missing_share > 0:
        answers.append(f"{_format_percent(traits.missing_share)} of the cells are missing, which it takes as they are")
    if entry.handles_categories and traits.words:
        answers.append(f"{pluralise(traits.words, 'column')} of words, which it takes as they are")
    if entry.id in LINES and traits.memory_steps:
        answers.append(f"Features look back {traits.memory_steps:,} steps, on which many series depend linearly")
    if entry.id in LINES and traits.rows_per_column >= 1:
        answers.append(f"{traits.rows_per_column:,.0f} rows per coefficient")
    if entry.id in TREES and traits.tail >= LONG_TAIL:
        answers.append(f"The target has a long tail ({traits.tail:.1f} to 1), which trees do not mind")
    smooth = traits.target_values > traits.rows // 10 and 0 < traits.tail < LONG_TAIL
    if entry.id in SMOOTH and traits.coarse_share < 0.3:
        target = f", a target of {traits.target_values:,} values without a long tail" if smooth else ""
        smoothly = traits.features - traits.words - traits.coarse
        answers.append(f"{smoothly:,} of {traits.features:,} features vary smoothly{target}")
    return answers


def cautions_for(entry: EstimatorEntry, traits: Traits) -> list[str]:
    """Return the reasons against an estimator here, the weightiest first."""
    answers = []
    if entry.max_rows is not None and traits.rows > entry.max_rows:
        answers.append(f"{traits.rows:,} rows are more than the {entry.max_rows:,} it can handle")
    if entry.id in (*LINES, "gaussian_process") and traits.tail >= LONG_TAIL:
        answers.append(
            f"The target has a long tail ({traits.tail:.1f} to 1 about the median), which dominates squared error"
        )
    if entry.scale and traits.words:
        wide = f"{traits.word_values:,} words in {pluralise(traits.words, 'column')}"
        answers.append(f"{wide} become up to {traits.width - traits.numbers - traits.derived:,} columns of 0 and 1")
    if entry.id == "k_nearest_neighbors" and traits.width > 15:
        answers.append(f"In {traits.width:,} columns every row is far from every other")
    # Where features look back, the column beside the row is not what tells most.
    weak = traits.strongest is not None and traits.strongest[1] < WEAK and not traits.memory_steps
    if entry.id in FLEXIBLE and traits.strongest is not None and weak:
        name, value = traits.strongest
        answers.append(f"The strongest column, {name[:60]}, is associated by only {value:.2f}: noise is learnt too")
    if entry.id in ("multilayer_perceptron", "decision_tree") and traits.rows < 1000:
        answers.append(f"{traits.rows:,} rows: another sample may give a very different result")
    if entry.id in BOOSTED and traits.rows < FEW_FOR_BOOSTING:
        answers.append(f"{traits.rows:,} rows are few for boosting, which learns their noise too: a forest is steadier")
    if entry.id == "support_vector_machine" and traits.rows > MANY_FOR_KERNELS:
        answers.append(f"{traits.rows:,} rows: the work grows with their square")
    if entry.id in BOOSTED and 0 < traits.rarest < 20:
        answers.append(f"The rarest class has {traits.rarest:,} rows, and boosting may memorise them")
    return answers


def _format_percent(share: float) -> str:
    return f"{100 * share:.1f} %" if share >= 0.001 else "Less than 0.1 %"
