"""Registry entries of LightGBM and CatBoost, offered where their packages are installed.

Neither is imported before something is fitted, so that pages and checks do not pay for them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from typing import Any

from app.domain.errors import TrainingError
from app.domain.estimators.parameters import EstimatorEntry, Parameter, ParameterValues
from app.domain.estimators.shared import ALL_TASKS, MAX_DEPTH, MIN_LEAF, WEIGHTS, small_memory, weight_of
from app.domain.estimators.trees import ENTRIES as TREES
from app.domain.estimators.trees import FEATURE_SHARE, ROW_SHARE
from app.domain.vocabulary import Level, TaskKind

# How somebody who has not installed them does so.
INSTALL = "make run EXTRAS=boosters"
# "off" leaves them out though they are installed.
SWITCH = "HYDROML_BOOSTERS"
_BOOSTING = next(entry for entry in TREES if entry.id == "hist_gradient_boosting")


def _of_boosting(name: str, **changes: Any) -> Parameter:
    return replace(next(parameter for parameter in _BOOSTING.parameters if parameter.name == name), **changes)


def _load(package: str, title: str) -> Any:
    """Import a package.

    Raises
    ------
    TrainingError
        With what the package lacks, such as a library of the system.
    """
    from importlib import import_module

    try:
        return import_module(package)
    except (ImportError, OSError) as fault:
        words = " ".join(str(fault).split())[:200].rstrip(".")
        raise TrainingError(f"{title} is installed but cannot be loaded: {words}.", code="estimator_broken") from fault


def _build_lightgbm(task: TaskKind, values: ParameterValues, seed: int) -> Any:
    lightgbm = _load("lightgbm", "LightGBM")
    from app.domain.estimators.booster_models import LightGBMClassifier, LightGBMRegressor

    common = {
        "learning_rate": values["learning_rate"],
        "n_estimators": values["max_iter"],
        "num_leaves": values["max_leaf_nodes"],
        "min_child_samples": values["min_samples_leaf"],
        "reg_lambda": values["l2_regularization"],
        "max_depth": values["max_depth"] or -1,
        "max_bin": values["max_bins"],
        "subsample": values["max_samples"] or 1.0,
        "subsample_freq": 1 if values["max_samples"] else 0,
        "random_state": seed,
        # One thread, and no choice by a clock between two ways to count: the same bits on any machine.
        "n_jobs": 1,
        "deterministic": True,
        "force_row_wise": True,
        "feature_fraction_bynode": values["max_features"],
        "verbosity": -1,
    }
    if task.is_classification:
        return LightGBMClassifier(lightgbm.LGBMClassifier(**common, class_weight=weight_of(values)))
    return LightGBMRegressor(lightgbm.LGBMRegressor(**common))


def _build_catboost(task: TaskKind, values: ParameterValues, seed: int) -> Any:
    catboost = _load("catboost", "CatBoost")
    from app.domain.estimators.booster_models import CatBoostClassifier, CatBoostRegressor

    common = {
        "learning_rate": values["learning_rate"],
        "iterations": values["max_iter"],
        "depth": values["max_depth"],
        "l2_leaf_reg": values["l2_regularization"],
        "rsm": values["max_features"],
        "border_count": values["max_bins"],
        "random_strength": values["random_strength"],
        "random_seed": seed,
        "thread_count": 1,
        "allow_writing_files": False,
        "logging_level": "Silent",
    }
    if task.is_classification:
        weights = "Balanced" if weight_of(values) else "None"
        return CatBoostClassifier(catboost.CatBoostClassifier(**common, auto_class_weights=weights))
    return CatBoostRegressor(catboost.CatBoostRegressor(**common))


def _lightgbm_work(rows: int, features: int, values: ParameterValues) -> float:
    # Few rows leave fewer leaves than are allowed.
    leaves = min(values["max_leaf_nodes"], rows / (2 * max(values["min_samples_leaf"], 1)) + 1)
    return (rows * (features * 3e-9 + 1.4e-8) + leaves * features * 3.1e-6 + 1e-4) * values["max_iter"]


def _catboost_work(rows: int, features: int, values: ParameterValues) -> float:
    depth, tried = values["max_depth"], features * values["max_features"]
    # Each level judges every border of every feature in all of its parts, however few rows there are.
    borders = 2.0**depth * min(values["max_bins"], rows) * tried * 1.3e-8
    return (borders + rows * depth * (tried * 6e-10 + 1.8e-8) + 1e-4) * values["max_iter"]


def _lightgbm_memory(rows: int, features: int, values: ParameterValues) -> float:
    return small_memory(rows, features, values) + 10


def _catboost_memory(rows: int, features: int, values: ParameterValues) -> float:
    """Return the peak beside the table; the library itself is among it."""
    return small_memory(rows, features, values) + 70


LIGHTGBM = EstimatorEntry(
    "lightgbm",
    "LightGBM",
    "trees",
    "Boosted trees that grow leaf by leaf: quick on many rows.",
    ALL_TASKS,
    (
        _of_boosting("learning_rate", default=0.05),
        _of_boosting("max_iter", default=300),
        _of_boosting("max_leaf_nodes", default=24),
        WEIGHTS,
        replace(MIN_LEAF, default=20, level=Level.ADVANCED),
        _of_boosting("l2_regularization", default=1.0),
        replace(FEATURE_SHARE, default=0.7, level=Level.ADVANCED),
        replace(ROW_SHARE, help="As a share of the training rows, drawn anew for each tree.", low=0.1),
        replace(MAX_DEPTH, level=Level.EXPERT),
        _of_boosting("max_bins"),
    ),
    _build_lightgbm,
    _lightgbm_work,
    _lightgbm_memory,
    indicator_work=0.15,
    predict_share=0.05,
    handles_missing=True,
    handles_categories=True,
    for_each_class=True,
    strengths=("Takes words as they are; quick on many rows",),
    cautions=("Hard to interpret",),
    number_cautions=("Cannot predict beyond the largest value it has seen",),
)
CATBOOST = EstimatorEntry(
    "catboost",
    "CatBoost",
    "trees",
    "Boosted trees that are alike on every level: steady without tuning.",
    ALL_TASKS,
    (
        _of_boosting("learning_rate", default=0.08),
        _of_boosting("max_iter", default=400),
        replace(MAX_DEPTH, default=6, high=12, level=Level.BASIC, optional=False, none_means=""),
        WEIGHTS,
        _of_boosting("l2_regularization", default=3.0),
        replace(FEATURE_SHARE, default=1.0, level=Level.ADVANCED),
        Parameter(
            "random_strength",
            "Randomness of splits",
            "number",
            1.0,
            "How much chance has a part in the choice of splits.",
            larger="Larger makes trees differ more.",
            level=Level.EXPERT,
            low=0,
            high=100,
        ),
        _of_boosting("max_bins", default=254),
    ),
    _build_catboost,
    _catboost_work,
    _catboost_memory,
    indicator_work=0.15,
    predict_share=0.02,
    handles_missing=True,
    handles_categories=True,
    for_each_class=True,
    strengths=("Takes words as they are; good without tuning",),
    cautions=("Hard to interpret", "Slower to fit than other boosted trees"),
    number_cautions=("Cannot predict beyond the largest value it has seen",),
)
ENTRIES = (LIGHTGBM, CATBOOST)
# The package of each, by the id of the estimator.
PACKAGES = {LIGHTGBM.id: "lightgbm", CATBOOST.id: "catboost"}


def installed() -> Iterator[EstimatorEntry]:
    """Yield the boosters whose packages are installed; nothing is imported for that."""
    if os.environ.get(SWITCH, "").strip().lower() == "off":
        return
    for entry in ENTRIES:
        if find_spec(PACKAGES[entry.id]) is not None:
            yield entry
