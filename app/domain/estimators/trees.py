"""Decision trees, random forests, extra trees and gradient boosting."""

from __future__ import annotations

from math import log2
from typing import Any

from app.domain.estimators.parameters import EstimatorEntry, Parameter, ParameterValues
from app.domain.estimators.shared import (
    ALL_TASKS,
    EARLY_STOPPING,
    IMPURITY,
    MAX_DEPTH,
    MAX_LEAVES,
    MIN_GAIN,
    MIN_LEAF,
    MIN_SPLIT,
    PRUNING,
    REGRESSION,
    WEIGHTS,
    small_memory,
    weight_of,
)
from app.domain.vocabulary import Level, TaskKind

TREES = Parameter(
    "n_estimators",
    "Trees",
    "integer",
    200,
    "How many trees are averaged.",
    larger="Larger is steadier and slower; it never overfits by itself.",
    low=10,
    high=5_000,
    unit="trees",
)
FEATURE_SHARE = Parameter(
    "max_features",
    "Features tried per split",
    "number",
    0.5,
    "The share of the features that each split may choose from.",
    larger="Larger makes trees stronger, more alike, and slower.",
    low=0.01,
    high=1.0,
)
ROW_SHARE = Parameter(
    "max_samples",
    "Rows drawn per tree",
    "number",
    None,
    "As a share of the training rows.",
    larger="Larger makes trees stronger and more alike.",
    level=Level.ADVANCED,
    low=0.01,
    high=1.0,
    optional=True,
    none_means="as many as there are",
)
BOOTSTRAP = Parameter(
    "bootstrap",
    "Draw new rows for each tree",
    "boolean",
    True,
    "Off lets every tree see every row.",
    level=Level.EXPERT,
)
FOREST = (MAX_DEPTH, MIN_SPLIT, ROW_SHARE)
FINE = (MAX_LEAVES, MIN_GAIN, PRUNING, IMPURITY)
GROWTH = (
    *("max_depth", "max_leaf_nodes", "min_samples_leaf", "min_samples_split", "max_features"),
    *("min_impurity_decrease", "ccp_alpha"),
)


def _build_tree(task: TaskKind, values: ParameterValues, seed: int) -> Any:
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    common = {**{name: values[name] for name in GROWTH}, "random_state": seed}
    if task.is_classification:
        return DecisionTreeClassifier(**common, criterion=values["criterion"], class_weight=weight_of(values))
    return DecisionTreeRegressor(**common)


def _forest_values(values: ParameterValues, seed: int) -> dict[str, Any]:
    names = (*GROWTH, "n_estimators", "bootstrap", "max_samples")
    # One thread: the same trees on any machine, and the other processor stays free for the pages.
    return {**{name: values[name] for name in names}, "random_state": seed, "n_jobs": 1}


def _build_forest(task: TaskKind, values: ParameterValues, seed: int) -> Any:
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    if task.is_classification:
        weights = weight_of(values)
        return RandomForestClassifier(
            **_forest_values(values, seed), criterion=values["criterion"], class_weight=weights
        )
    return RandomForestRegressor(**_forest_values(values, seed))


def _build_extra_trees(task: TaskKind, values: ParameterValues, seed: int) -> Any:
    from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor

    if task.is_classification:
        weights = weight_of(values)
        return ExtraTreesClassifier(**_forest_values(values, seed), criterion=values["criterion"], class_weight=weights)
    return ExtraTreesRegressor(**_forest_values(values, seed))


def _build_boosting(task: TaskKind, values: ParameterValues, seed: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    names = (
        "learning_rate",
        "max_iter",
        "max_leaf_nodes",
        "min_samples_leaf",
        "l2_regularization",
        "max_depth",
        "max_bins",
        "max_features",
        "early_stopping",
    )
    common = {**{name: values[name] for name in names}, "random_state": seed}
    common["interaction_cst"] = None if values["interactions"] == "any" else values["interactions"]
    if task.is_classification:
        return HistGradientBoostingClassifier(**common, class_weight=weight_of(values))
    return HistGradientBoostingRegressor(**common, loss=values["loss"])


def _sorting_work(rows: int, features: int) -> float:
    return rows * max(1.0, log2(max(rows, 2))) * features


def _tree_work(rows: int, features: int, _values: ParameterValues) -> float:
    return _sorting_work(rows, features) * 2.8e-8


def _forest_work(rows: int, features: int, values: ParameterValues) -> float:
    return (_sorting_work(rows, features) * values["max_features"] * 3.4e-8 + 6e-4) * values["n_estimators"]


def _extra_work(rows: int, features: int, values: ParameterValues) -> float:
    return (_sorting_work(rows, features) * values["max_features"] * 1.2e-8 + 5e-4) * values["n_estimators"]


def _boosting_work(rows: int, features: int, values: ParameterValues) -> float:
    per_tree = rows * features * 3.5e-9 + values["max_leaf_nodes"] * features * 12e-7 + 5e-4
    return per_tree * values["max_iter"]


def _forest_memory(rows: int, features: int, values: ParameterValues) -> float:
    nodes = 2 * rows / max(values["min_samples_leaf"], 1)
    return nodes * 80 * values["n_estimators"] / 1e6 + small_memory(rows, features, values)


ENTRIES = (
    EstimatorEntry(
        "decision_tree",
        "Decision tree",
        "trees",
        "A single set of yes-or-no rules.",
        ALL_TASKS,
        (
            Parameter(**{**MAX_DEPTH.__dict__, "level": Level.BASIC, "default": 8}),
            Parameter(**{**MIN_LEAF.__dict__, "default": 10}),
            WEIGHTS,
            MIN_SPLIT,
            Parameter(**{**FEATURE_SHARE.__dict__, "default": 1.0, "level": Level.ADVANCED}),
            MAX_LEAVES,
            PRUNING,
            MIN_GAIN,
            IMPURITY,
        ),
        _build_tree,
        _tree_work,
        small_memory,
        indicator_work=0.12,
        strengths=("Rules that can be drawn and read",),
        cautions=("Predicts in steps; a single tree is seldom the best",),
    ),
    EstimatorEntry(
        "random_forest",
        "Random forest",
        "trees",
        "The mean of many trees, each on a random sample of rows.",
        ALL_TASKS,
        (TREES, MIN_LEAF, FEATURE_SHARE, WEIGHTS, *FOREST, BOOTSTRAP, *FINE),
        _build_forest,
        _forest_work,
        _forest_memory,
        indicator_work=0.12,
        predict_share=0.03,
        strengths=("Robust to its settings", "Captures thresholds and interactions; needs no scaling"),
        cautions=("Takes much disk space",),
        number_cautions=("Smooths peaks: cannot predict beyond the largest value it has seen",),
    ),
    EstimatorEntry(
        "extra_trees",
        "Extra trees",
        "trees",
        "A forest with random split points: faster and smoother.",
        ALL_TASKS,
        (
            Parameter(**{**TREES.__dict__, "default": 300}),
            MIN_LEAF,
            Parameter(**{**FEATURE_SHARE.__dict__, "default": 0.7}),
            WEIGHTS,
            *FOREST,
            Parameter(**{**BOOTSTRAP.__dict__, "default": False}),
            *FINE,
        ),
        _build_extra_trees,
        _extra_work,
        _forest_memory,
        indicator_work=0.5,
        predict_share=0.05,
        strengths=("Quicker than a random forest and often as good on noisy data",),
        cautions=("Takes much disk space",),
        number_cautions=("Cannot predict beyond the largest value it has seen",),
    ),
    EstimatorEntry(
        "hist_gradient_boosting",
        "Histogram gradient boosting",
        "trees",
        "Trees in sequence, each correcting those before.",
        ALL_TASKS,
        (
            Parameter(
                "learning_rate",
                "Learning rate",
                "number",
                0.06,
                "How much of each tree is taken.",
                larger="Larger learns faster and forgets detail.",
                low=0.001,
                high=1,
                scale="log",
            ),
            Parameter(
                "max_iter",
                "Boosting rounds",
                "integer",
                200,
                "How many trees are grown one after the other.",
                larger="Larger fits closer and takes longer.",
                low=10,
                high=5_000,
                unit="rounds",
            ),
            Parameter(
                "max_leaf_nodes",
                "Leaves per tree",
                "integer",
                24,
                "The most leaves of one tree.",
                larger="Larger catches interactions, and noise.",
                low=2,
                high=255,
                unit="leaves",
            ),
            WEIGHTS,
            Parameter(**{**MIN_LEAF.__dict__, "default": 20, "level": Level.ADVANCED}),
            Parameter(
                "l2_regularization",
                "L2 penalty",
                "number",
                0.0,
                "How strongly the values of leaves are shrunk.",
                larger="Larger shrinks every step.",
                level=Level.ADVANCED,
                low=0,
                high=1e6,
            ),
            Parameter(
                "loss",
                "Loss",
                "choice",
                "squared_error",
                "What an error costs.",
                level=Level.ADVANCED,
                choices=(
                    ("squared_error", "Squared error"),
                    ("absolute_error", "Absolute"),
                    ("poisson", "Poisson"),
                    ("gamma", "Gamma"),
                ),
                tasks=REGRESSION,
            ),
            EARLY_STOPPING,
            Parameter(**{**FEATURE_SHARE.__dict__, "default": 1.0, "level": Level.ADVANCED}),
            Parameter(**{**MAX_DEPTH.__dict__, "level": Level.EXPERT}),
            Parameter(
                "interactions",
                "Interactions",
                "choice",
                "any",
                "Which features may meet in one branch. Without any, each feature has a curve of its own.",
                level=Level.EXPERT,
                choices=(("any", "Any"), ("pairwise", "In pairs"), ("no_interactions", "None")),
            ),
            Parameter(
                "max_bins",
                "Bins",
                "integer",
                255,
                "Into how many steps each feature is cut.",
                larger="Larger is finer and slower.",
                level=Level.EXPERT,
                low=2,
                high=255,
            ),
        ),
        _build_boosting,
        _boosting_work,
        small_memory,
        indicator_work=0.8,
        predict_share=0.08,
        handles_missing=True,
        for_each_class=True,
        strengths=("Captures thresholds and interactions; needs no scaling",),
        cautions=("Hard to interpret",),
        number_cautions=("Cannot predict beyond the largest value it has seen",),
    ),
)
