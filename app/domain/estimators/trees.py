"""Trees, and many trees together."""

from __future__ import annotations

from collections.abc import Mapping
from math import log2
from typing import Any

from app.domain.estimators.parameters import EstimatorEntry, Parameter
from app.domain.estimators.shared import (
    ALL_TASKS,
    EARLY_STOPPING,
    MAX_DEPTH,
    MIN_LEAF,
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
    "More is steadier and slower; it never overfits by itself.",
    low=10,
    high=5_000,
    unit="trees",
)
FEATURE_SHARE = Parameter(
    "max_features",
    "Features tried per split",
    "number",
    0.5,
    "A smaller share makes the trees more different from each other.",
    level=Level.ADVANCED,
    low=0.01,
    high=1.0,
)
BOOTSTRAP = Parameter(
    "bootstrap",
    "Draw rows anew for each tree",
    "boolean",
    True,
    "Off lets every tree see every row.",
    level=Level.EXPERT,
)


def _tree(task: TaskKind, values: Mapping[str, Any], seed: int) -> Any:
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    common = {
        "max_depth": values["max_depth"],
        "min_samples_leaf": values["min_samples_leaf"],
        "ccp_alpha": values["ccp_alpha"],
        "random_state": seed,
    }
    if task.is_classification:
        return DecisionTreeClassifier(**common, class_weight=weight_of(values))
    return DecisionTreeRegressor(**common)


def _forest_values(values: Mapping[str, Any], seed: int) -> dict[str, Any]:
    names = ("n_estimators", "max_depth", "min_samples_leaf", "max_features", "bootstrap")
    # One thread: the same trees on any machine, and the other processor stays free for the pages.
    return {**{name: values[name] for name in names}, "random_state": seed, "n_jobs": 1}


def _forest(task: TaskKind, values: Mapping[str, Any], seed: int) -> Any:
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    if task.is_classification:
        return RandomForestClassifier(**_forest_values(values, seed), class_weight=weight_of(values))
    return RandomForestRegressor(**_forest_values(values, seed))


def _extra(task: TaskKind, values: Mapping[str, Any], seed: int) -> Any:
    from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor

    if task.is_classification:
        return ExtraTreesClassifier(**_forest_values(values, seed), class_weight=weight_of(values))
    return ExtraTreesRegressor(**_forest_values(values, seed))


def _boosting(task: TaskKind, values: Mapping[str, Any], seed: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    names = (
        "learning_rate",
        "max_iter",
        "max_leaf_nodes",
        "min_samples_leaf",
        "l2_regularization",
        "max_depth",
        "max_bins",
        "early_stopping",
    )
    common = {**{name: values[name] for name in names}, "random_state": seed}
    if task.is_classification:
        return HistGradientBoostingClassifier(**common, class_weight=weight_of(values))
    return HistGradientBoostingRegressor(**common, loss=values["loss"])


def _sorting(rows: int, features: int) -> float:
    return rows * max(1.0, log2(max(rows, 2))) * features


def _tree_work(rows: int, features: int, _values: Mapping[str, Any]) -> float:
    return _sorting(rows, features) * 2.8e-8


def _forest_work(rows: int, features: int, values: Mapping[str, Any]) -> float:
    return (_sorting(rows, features) * values["max_features"] * 3.4e-8 + 6e-4) * values["n_estimators"]


def _extra_work(rows: int, features: int, values: Mapping[str, Any]) -> float:
    return (_sorting(rows, features) * values["max_features"] * 1.2e-8 + 5e-4) * values["n_estimators"]


def _boosting_work(rows: int, features: int, values: Mapping[str, Any]) -> float:
    per_tree = rows * features * 3.5e-9 + values["max_leaf_nodes"] * features * 12e-7 + 5e-4
    return per_tree * values["max_iter"]


def _forest_memory(rows: int, features: int, values: Mapping[str, Any]) -> float:
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
            Parameter(
                "ccp_alpha",
                "Pruning",
                "number",
                0.0,
                "Larger cuts branches that bring little.",
                level=Level.EXPERT,
                low=0,
                high=1e6,
            ),
        ),
        _tree,
        _tree_work,
        small_memory,
        indicator_work=0.12,
        strengths=("Rules that can be drawn and read",),
        cautions=("Steps instead of slopes; one tree is seldom the best",),
    ),
    EstimatorEntry(
        "random_forest",
        "Random forest",
        "trees",
        "Many trees on drawn rows, averaged.",
        ALL_TASKS,
        (TREES, MIN_LEAF, WEIGHTS, FEATURE_SHARE, MAX_DEPTH, BOOTSTRAP),
        _forest,
        _forest_work,
        _forest_memory,
        indicator_work=0.12,
        predict_share=0.03,
        strengths=("Hard to set wrongly", "Bends with thresholds and interactions; no scaling needed"),
        cautions=("Smooths peaks: never beyond the largest value it has seen", "Large when saved"),
    ),
    EstimatorEntry(
        "extra_trees",
        "Extra trees",
        "trees",
        "A forest with random cuts: faster and smoother.",
        ALL_TASKS,
        (
            Parameter(**{**TREES.__dict__, "default": 300}),
            MIN_LEAF,
            WEIGHTS,
            Parameter(**{**FEATURE_SHARE.__dict__, "default": 0.7}),
            MAX_DEPTH,
            Parameter(**{**BOOTSTRAP.__dict__, "default": False}),
        ),
        _extra,
        _extra_work,
        _forest_memory,
        indicator_work=0.5,
        predict_share=0.05,
        strengths=("Quicker than a random forest and often as good on noisy data",),
        cautions=("Never beyond the largest value it has seen",),
    ),
    EstimatorEntry(
        "hist_gradient_boosting",
        "Histogram gradient boosting",
        "trees",
        "Trees that correct each other, one after the other.",
        ALL_TASKS,
        (
            Parameter(
                "learning_rate",
                "Learning rate",
                "number",
                0.06,
                "Larger learns faster and forgets detail.",
                low=0.001,
                high=1,
                scale="log",
            ),
            Parameter(
                "max_iter",
                "Boosting rounds",
                "integer",
                200,
                "More fits closer and takes longer.",
                low=10,
                high=5_000,
                unit="rounds",
            ),
            Parameter(
                "max_leaf_nodes",
                "Leaves per tree",
                "integer",
                24,
                "More leaves catch interactions, and noise.",
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
                "Larger shrinks every step.",
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
                    ("squared_error", "Squared"),
                    ("absolute_error", "Absolute"),
                    ("poisson", "Poisson"),
                    ("gamma", "Gamma"),
                ),
                tasks=REGRESSION,
            ),
            EARLY_STOPPING,
            Parameter(**{**MAX_DEPTH.__dict__, "level": Level.EXPERT}),
            Parameter(
                "max_bins",
                "Bins",
                "integer",
                255,
                "Fewer is quicker and coarser.",
                level=Level.EXPERT,
                low=2,
                high=255,
            ),
        ),
        _boosting,
        _boosting_work,
        small_memory,
        indicator_work=0.8,
        predict_share=0.08,
        handles_missing=True,
        strengths=("Bends with thresholds and interactions; no scaling needed", "Takes missing values as they are"),
        cautions=("Cannot go beyond the largest value it has seen",),
    ),
)
