"""Starting hyperparameters: the defaults of the registry, adapted to the size and shape of the data."""

from __future__ import annotations

from collections.abc import Callable

from app.domain.estimators.parameters import EstimatorEntry, ParameterValues
from app.domain.estimators.shared import EVEN_DECISION
from app.domain.json_values import Settings
from app.domain.recommendation.series_settings import (
    follows_drivers,
    series_average,
    series_boosting,
    series_trees,
)
from app.domain.recommendation.traits import Traits
from app.domain.vocabulary import Purpose, TaskKind

# From this many rows of the commonest class for one of the rarest on, each class is made to weigh the same.
UNEVEN = 1.5
# Scores in which a rare class counts for more than its rows; the suggested one, where none was chosen, is of them.
BY_CLASS = frozenset({"", "balanced_accuracy", "f1", "f1_macro", "matthews_corrcoef"})

# A number with fewer different values is a mark or a count.
MANY_VALUES = 30
SLOW_BOOSTING: Settings = {
    "learning_rate": 0.04,
    "max_iter": 300,
    "min_samples_leaf": 10,
    "l2_regularization": 1.0,
    "max_features": 0.2,
}


def starting_parameters(entry: EstimatorEntry, traits: Traits, *, metric: str = "") -> ParameterValues:
    """Return a value for every hyperparameter that means something for the task.

    The rules are plain and few, and follow what is published about how these methods depend on size and noise:
    small leaves and few of them on few rows (Probst, Boulesteix & Bischl 2019, JMLR 20(53), on tunability); the
    penalty of lasso as a share of the target's spread, since scikit-learn measures it in the target's unit;
    n_neighbors growing with the root of the rows (Hastie, Tibshirani & Friedman 2009, 2.5 and 13.3); class weights
    in the decision where classes are uneven and rare ones are to count (King & Zeng 2001, Political Analysis 9;
    Elkan 2001, IJCAI), and in training only where there are no probabilities to decide by.

    Parameters
    ----------
    entry
        The estimator.
    traits
        The data.
    metric
        The primary metric, where it was chosen already: classes are not weighed where probabilities are judged.

    Returns
    -------
    dict
        Parameter name to value, within the bounds of the registry; estimators without rules keep their defaults.
    """
    values = dict(entry.defaults(traits.task))
    if "class_weight" in values and traits.imbalance >= UNEVEN and metric in BY_CLASS:
        values["class_weight"] = EVEN_DECISION if entry.probabilities else "balanced"
    moved = _RULES[entry.id](traits) if entry.id in _RULES else {}
    values.update({name: value for name, value in moved.items() if name in values})
    return ParameterValues(values)


def _boosting(traits: Traits) -> Settings:
    """Few rows: small trees in small steps. Many classes: each round grows one tree a class, so fewer rounds.

    Half of the features at each split make trees differ (Friedman 2002; Chen & Guestrin 2016, 2.3): on twelve public
    tables it was better on eleven. An amount that some thousand rows tell bears more and smaller steps (Hastie,
    Tibshirani & Friedman 2009, 10.12): R2 rose by 0.009 on rows of concrete that do not judge, and by 0.005 in the
    mean of ten tables; marks and classes, which are noisier, are learnt by heart that way.
    """
    rows = traits.rows
    leaves, rate, rounds = (8, 0.05, 200) if rows < 500 else (16, 0.06, 200) if rows < 5000 else (31, 0.08, 300)
    if 500 <= rows < 5000 and traits.task is TaskKind.REGRESSION and traits.target_values >= MANY_VALUES:
        rate, rounds = 0.04, 500
    if traits.classes > 2:
        rounds, rate = max(60, rounds * 3 // (traits.classes + 2)), max(rate, 0.1)
    leaf = 20 if rows >= 5000 else 10 if rows >= 500 else 5
    if traits.classes:
        leaf = max(3, min(leaf, traits.rarest // 5))
    penalty = 1.0 if rows < 5000 else 0.1
    if traits.purpose is Purpose.FILL_GAPS:
        # Each column stands beside how it leaves its own line, so that many tell the same: slow steps on few of them.
        # On blocks of 3, 10 and 30 days at Piscataquis the error fell by a tenth to a quarter.
        return {**SLOW_BOOSTING, "max_leaf_nodes": leaves}
    if follows_drivers(traits):
        return series_boosting(traits)
    return {
        "max_leaf_nodes": leaves,
        "learning_rate": rate,
        "max_iter": rounds,
        "min_samples_leaf": leaf,
        "l2_regularization": penalty,
        "max_features": 0.5,
    }


def _lightgbm(traits: Traits) -> Settings:
    """As histogram gradient boosting, whose trees are of the same kind."""
    return _boosting(traits)


def _catboost(traits: Traits) -> Settings:
    """Its trees have the same split on a whole level, so that few rows bear as many rounds; deep ones take long.

    Many classes: each round grows leaves for every class, so fewer and larger steps.
    """
    rate, rounds = (0.05, 300) if traits.rows < 500 else (0.06, 400) if traits.rows < 5000 else (0.1, 500)
    if traits.classes > 2:
        rounds, rate = max(100, rounds * 3 // (traits.classes + 1)), max(rate, 0.1)
    return {"learning_rate": rate, "max_iter": rounds, "max_depth": 5 if traits.rows < 500 else 6}


def _forest(traits: Traits) -> Settings:
    """Leaves grow with the rows, so that the trees stay small; many columns are drawn in smaller shares."""
    leaf = 2 if traits.rows < 20_000 else 5 if traits.rows < 200_000 else 20
    share = 0.5 if traits.width <= 50 else 0.3 if traits.width <= 200 else 0.1
    if traits.task is TaskKind.REGRESSION and traits.width <= 10:
        share = 0.7
    return {"min_samples_leaf": leaf, "max_features": share, "n_estimators": 200 if traits.rows < 100_000 else 100}


def _extra(traits: Traits) -> Settings:
    if follows_drivers(traits):
        return series_trees(traits)
    leaf = 2 if traits.rows < 20_000 else 5 if traits.rows < 200_000 else 20
    share = 1.0 if traits.width <= 20 else 0.7 if traits.width <= 100 else 0.3
    return {"min_samples_leaf": leaf, "max_features": share, "n_estimators": 200 if traits.rows < 100_000 else 100}


def _average(traits: Traits) -> Settings:
    """Both as they would start by themselves."""
    if follows_drivers(traits):
        return series_average(traits)
    trees = _extra(traits)
    own = {"trees_min_leaf": trees["min_samples_leaf"], "trees_max_features": trees["max_features"]}
    return {**_boosting(traits), **own, "n_estimators": 100}


def _tree(traits: Traits) -> Settings:
    return {"max_depth": 5 if traits.rows < 500 else 10, "min_samples_leaf": min(max(traits.rows // 200, 5), 100)}


def _ridge(traits: Traits) -> Settings:
    """The noise per column beside the signal: p (1 - R2) / R2, with the share that single columns explain.

    It is the penalty of Hoerl, Kennard & Baldwin (1975, Communications in Statistics 4, 105-123) for columns of the
    same spread, of which all are counted that rules choose among. Never less than usual where the signal is strong, and
    never more than the rows, which halves every coefficient.
    """
    usual = 1.0 if traits.rows_per_column >= 20 else 10.0
    if traits.explained is None:
        return {"alpha": usual}
    columns = max(traits.features, traits.width)
    share = max(traits.explained, columns / (columns + traits.rows))
    return {"alpha": _round_parameters(max(columns * (1 - share) / share, usual))}


def _sparse(traits: Traits) -> Settings:
    """Lasso alone: the half of the elastic net's penalty that is squared has no unit, so its default stays."""
    share = 0.005 if traits.rows_per_column >= 20 else 0.05
    return {"alpha": _round_parameters(share * traits.target_std) or share}


def _logistic(traits: Traits) -> Settings:
    return {"C": 1.0 if traits.rows_per_column >= 20 else 0.1}


def _neighbors(traits: Traits) -> Settings:
    return {"n_neighbors": int(min(max(traits.rows**0.5 / 4, 5), 25))}


def _support(traits: Traits) -> Settings:
    """Few rows for each column: less freedom. A number: more freedom, since the target is standardised too."""
    if traits.rows_per_column < 10:
        return {"C": 1.0}
    return {"C": 10.0 if traits.rows >= 1000 else 3.0}


def _network(traits: Traits) -> Settings:
    """Few rows: few neurons, a strong penalty and the solver that suits few rows. Many rows need fewer passes."""
    if traits.rows < 500:
        return {"width": 20, "layers": 1, "alpha": 1.0, "solver": "lbfgs", "max_iter": 500}
    if traits.rows < 20_000:
        return {"width": 64, "layers": 2, "alpha": 0.01, "learning_rate_init": 0.003, "max_iter": 150}
    return {"width": 100, "layers": 2, "alpha": 0.001, "max_iter": 30 if traits.rows >= 100_000 else 60}


def _round_parameters(value: float) -> float:
    return float(f"{value:.2g}")


_RULES: dict[str, Callable[[Traits], Settings]] = {
    "hist_gradient_boosting": _boosting,
    "lightgbm": _lightgbm,
    "catboost": _catboost,
    "random_forest": _forest,
    "extra_trees": _extra,
    "averaged_trees": _average,
    "decision_tree": _tree,
    "ridge": _ridge,
    "lasso": _sparse,
    "logistic_regression": _logistic,
    "k_nearest_neighbors": _neighbors,
    "support_vector_machine": _support,
    "multilayer_perceptron": _network,
}
