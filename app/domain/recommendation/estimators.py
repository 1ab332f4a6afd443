"""Estimators ranked for a dataset by rules on its profile."""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.estimators import registry
from app.domain.estimators.parameters import EstimatorEntry, ParameterValues
from app.domain.recommendation.reasons import (
    LONG_TAIL,
    MOSTLY_COARSE,
    UNEVEN,
    WEAK,
    cautions_for,
    is_faint,
    reasons_for,
    size_of,
)
from app.domain.recommendation.series_settings import follows_drivers
from app.domain.recommendation.starting_values import starting_parameters
from app.domain.recommendation.traits import Traits

# Fewer rows with a target than this cannot tell good models from lucky ones.
TOO_FEW = 100
LIKE_BOOSTERS = "hist_gradient_boosting"


@dataclass(frozen=True)
class Thresholds:
    """Where the rules change their mind: rows, and shares and ratios of `Traits`.

    `benchmarks/regret.py` derives others on two thirds of the shared tables and judges them on the third left out.
    """

    few: int = TOO_FEW
    small: int = 500
    some: int = 1_500
    large: int = 10_000
    uneven: float = UNEVEN
    long_tail: float = LONG_TAIL
    coarse: float = MOSTLY_COARSE
    weak: float = WEAK


THRESHOLDS = Thresholds()


@dataclass(frozen=True)
class EstimatorSuggestion:
    """One suggestion with its reasons and cautions, and the hyperparameters to start from.

    `even` is what speaks neither for it nor against it, as a score that only luck tells from the baseline's. `score` is
    what it scored in short fits, which is also among the reasons, the cautions or what is even.
    """

    entry: EstimatorEntry
    reasons: tuple[str, ...]
    cautions: tuple[str, ...]
    parameters: ParameterValues
    even: tuple[str, ...] = ()
    score: str = ""

    @property
    def why(self) -> str:
        """Return the strongest reason for the estimator: its score, or else its first reason."""
        return self.score or next(iter((*self.reasons, *self.cautions)), "")


def rank(traits: Traits, *, metric: str = "", thresholds: Thresholds = THRESHOLDS) -> tuple[EstimatorSuggestion, ...]:
    """Return every estimator of the task, the one to try first at the front and the baseline at the end.

    The order is what comparisons on many tables agree on. Trees lead on tables of middling size, the more so where
    features are uninformative or jump (Grinsztajn, Oyallon & Varoquaux 2022, NeurIPS, arXiv:2207.08815); boosted ones
    most of all on large and irregular tables, while on small and smooth ones networks and simple methods are as good
    (McElfresh et al. 2023, NeurIPS, arXiv:2305.02997); no family wins everywhere (Gorishniy et al. 2021, NeurIPS,
    arXiv:2106.11959); among classifiers random forests, then support vectors, are the safest first choice
    (Fernandez-Delgado et al. 2014, JMLR 15(90)). A straight line goes first where rows are too few for more, and where
    few rows hold a faint signal.

    Parameters
    ----------
    traits
        The data, the target and the chosen features.
    metric
        The primary metric where it was chosen already; it moves starting hyperparameters only.
    thresholds
        Where the rules change their mind.
    """
    first, why = _order_estimators(traits, thresholds)
    first = _with_boosters(first)
    place = {identifier: index for index, identifier in enumerate(first)}
    entries = sorted(
        registry.estimators_for_task(traits.task, traits.purpose),
        key=lambda estimator: (
            estimator.is_baseline,
            not estimator.competes,
            _too_large(estimator, traits),
            place.get(estimator.id, len(first)),
        ),
    )
    return tuple(
        _suggest_estimator(entry, traits, why if index == 0 else "", metric=metric)
        for index, entry in enumerate(entries)
    )


def _with_boosters(first: list[str]) -> list[str]:
    """Return an order in which the boosters that are installed stand behind histogram gradient boosting, their like."""
    return [
        name
        for item in first
        for name in ((item, *(entry.id for entry in reversed(registry.BOOSTERS))) if item == LIKE_BOOSTERS else (item,))
    ]


def _too_large(entry: EstimatorEntry, traits: Traits) -> bool:
    return entry.max_rows is not None and traits.rows > entry.max_rows


def _order_estimators(traits: Traits, limits: Thresholds) -> tuple[list[str], str]:
    """Return the estimators in order and why the first one is the first."""
    size, line = size_of(traits), "logistic_regression" if traits.task.is_classification else "ridge"
    if traits.rows < limits.few:
        first = [line, "random_forest", "extra_trees", "gaussian_process", "support_vector_machine"]
        return first, f"{size}: a simple model is safest on so few"
    if follows_drivers(traits) and traits.rows >= limits.some:
        first = ["averaged_trees", "hist_gradient_boosting", "extra_trees", line, "random_forest"]
        return (
            first,
            f"{traits.rows:,} rows, {traits.derived:,} features of past weather: such an average errs least",
        )
    if traits.memory_steps and traits.rows >= limits.some:
        first = ["hist_gradient_boosting", "extra_trees", line, "multilayer_perceptron", "random_forest"]
        return first, f"{size}; they look back {traits.memory_steps:,} steps, and boosting captures lagged effects"
    if traits.memory_steps:
        first = [line, "extra_trees", "random_forest", "gaussian_process", "hist_gradient_boosting"]
        return first, f"{size}; they look back {traits.memory_steps:,} steps: a linear model suits a short series"
    if traits.task.is_classification:
        return _order_of_classes(traits, size, limits)
    if is_faint(traits) and traits.explained is not None:
        first = ["ridge", "random_forest", "extra_trees", "support_vector_machine", "lasso"]
        faint = f"one by one the columns explain {100 * traits.explained:.0f} % of the target"
        return first, f"{size}; {faint}: a line whose coefficients are kept small is least misled by noise"
    if traits.strongest is not None and traits.strongest[1] < limits.weak:
        first = ["random_forest", "ridge", "extra_trees", "support_vector_machine", "hist_gradient_boosting"]
        weak = f"no column is associated with the target by more than {traits.strongest[1]:.2f}"
        return first, f"{size}; {weak}: averaged trees are least misled by noise"
    if traits.tail >= limits.long_tail and traits.rows >= limits.small:
        first = ["hist_gradient_boosting", "extra_trees", "random_forest", "k_nearest_neighbors", "ridge"]
        return first, f"{size}; the target has a long tail ({traits.tail:.1f} to 1 about the median), which suits trees"
    if traits.rows < limits.small:
        first = ["extra_trees", "random_forest", "gaussian_process", "ridge", "hist_gradient_boosting"]
        return first, f"{size}: averaged trees are the steadiest on so few"
    if traits.coarse_share < limits.coarse and traits.rows < limits.large:
        first = ["extra_trees", "hist_gradient_boosting", "ridge", "multilayer_perceptron", "random_forest"]
        return first, f"{size}, most of which vary smoothly: averaged trees follow smooth relations closely"
    first = ["hist_gradient_boosting", "random_forest", "ridge", "extra_trees", "multilayer_perceptron"]
    return first, f"{size}: boosted trees lead on tables of this kind"


def _order_of_classes(traits: Traits, size: str, limits: Thresholds) -> tuple[list[str], str]:
    rest = ["logistic_regression", "support_vector_machine", "multilayer_perceptron", "ridge"]
    if traits.imbalance >= limits.uneven:
        first = ["random_forest", "extra_trees", "hist_gradient_boosting", *rest]
        return first, f"{size}; {traits.imbalance:,.0f} rows of the commonest class for one of the rarest"
    if traits.rows < limits.some:
        first = ["random_forest", "hist_gradient_boosting", "logistic_regression", "extra_trees", *rest[1:]]
        return first, f"{size}: averaged trees are the steadiest on so few"
    first = ["hist_gradient_boosting", "random_forest", "extra_trees", *rest]
    return first, f"{size}: boosted trees lead on tables of this size"


def _suggest_estimator(entry: EstimatorEntry, traits: Traits, why: str, *, metric: str) -> EstimatorSuggestion:
    reasons = [*([why] if why else []), *reasons_for(entry, traits)]
    cautions = cautions_for(entry, traits)
    parameters = starting_parameters(entry, traits, metric=metric)
    weighed = f"Rare classes weigh more: the commonest has {traits.imbalance:,.1f} times the rows of the rarest"
    return EstimatorSuggestion(
        entry,
        tuple(dict.fromkeys((*reasons, *entry.strengths))),
        tuple(dict.fromkeys((*cautions, *entry.cautions_for(traits.task)))),
        parameters,
        even=(weighed,) if parameters.get("class_weight", "none") != "none" else (),
    )
