"""Estimators of different kinds that are averaged: where one errs, the other often does not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from app.domain.estimators.parameters import EstimatorEntry, Parameter, ParameterValues
from app.domain.estimators.shared import MIN_LEAF, REGRESSION
from app.domain.estimators.trees import ENTRIES as TREES
from app.domain.estimators.trees import FEATURE_SHARE
from app.domain.estimators.trees import TREES as TREE_COUNT
from app.domain.vocabulary import Level, TaskKind

_ENTRIES = {entry.id: entry for entry in TREES}
BOOSTING, EXTRA = _ENTRIES["hist_gradient_boosting"], _ENTRIES["extra_trees"]
# What only one of the two has keeps its name; what both have is said for each.
_OF_BOOSTING = ("learning_rate", "max_iter", "max_leaf_nodes", "min_samples_leaf", "l2_regularization", "max_features")
_OF_EXTRA = {"n_estimators": "n_estimators", "trees_min_leaf": "min_samples_leaf", "trees_max_features": "max_features"}


# With both losses, one half of boosting follows the floods and the other the share by which a flow is missed.
BOTH = "both"


def _losses(values: ParameterValues) -> tuple[str, ...]:
    # A config may name it for classes, which it cannot do; the checks say so, and the estimate must not fail.
    loss = str(values.get("loss", "squared_error"))
    return ("squared_error", "poisson") if loss == BOTH else (loss,)


def _boosting_values(values: ParameterValues, loss: str = "squared_error") -> ParameterValues:
    own = {**{name: values[name] for name in _OF_BOOSTING}, "loss": loss}
    return ParameterValues({**BOOSTING.defaults(TaskKind.REGRESSION), **own})


def _extra_values(values: ParameterValues) -> ParameterValues:
    own = {theirs: values[ours] for ours, theirs in _OF_EXTRA.items()}
    return ParameterValues({**EXTRA.defaults(TaskKind.REGRESSION), **own})


def _build(task: TaskKind, values: ParameterValues, seed: int) -> Any:
    from sklearn.ensemble import VotingRegressor

    boosted = [
        (f"boosting_{loss}", BOOSTING.build(task, _boosting_values(values, loss), seed)) for loss in _losses(values)
    ]
    return VotingRegressor([*boosted, ("trees", EXTRA.build(task, _extra_values(values), seed))])


def _work(rows: int, features: int, values: ParameterValues) -> float:
    boosting = len(_losses(values)) * BOOSTING.work(rows, features, _boosting_values(values))
    return boosting + EXTRA.work(rows, features, _extra_values(values))


def _memory_mb(rows: int, features: int, values: ParameterValues) -> float:
    return max(
        BOOSTING.memory_mb(rows, features, _boosting_values(values)),
        EXTRA.memory_mb(rows, features, _extra_values(values)),
    )


def _parameter(name: str, **changes: Any) -> Parameter:
    return replace(next(one for one in BOOSTING.parameters if one.name == name), **changes)


LOSSES = (
    ("squared_error", "Squared error"),
    ("poisson", "Poisson"),
    (BOTH, "Squared error and Poisson, averaged"),
)
ENTRIES = (
    EstimatorEntry(
        "averaged_trees",
        "Boosting and extra trees, averaged",
        "trees",
        "The mean of boosted trees and extra trees.",
        REGRESSION,
        (
            _parameter("learning_rate"),
            _parameter("max_iter"),
            _parameter("max_leaf_nodes"),
            replace(TREE_COUNT, default=80, title="Trees of the forest"),
            _parameter("min_samples_leaf", title="Smallest leaf of boosting"),
            _parameter("l2_regularization"),
            _parameter("loss", title="Loss of boosting", choices=LOSSES),
            _parameter("max_features", title="Features tried per split of boosting", default=0.5),
            replace(
                MIN_LEAF, name="trees_min_leaf", title="Smallest leaf of the forest", level=Level.EXPERT, default=3
            ),
            replace(
                FEATURE_SHARE,
                name="trees_max_features",
                title="Features tried per split of the forest",
                level=Level.EXPERT,
            ),
        ),
        _build,
        _work,
        _memory_mb,
        indicator_work=0.6,
        predict_share=0.07,
        handles_missing=True,
        strengths=("The average errs less than either kind of tree",),
        cautions=("Hard to interpret", "Takes much disk space"),
        number_cautions=("Cannot predict beyond the largest value it has seen",),
    ),
)
