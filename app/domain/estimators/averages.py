"""The averaged ensemble: boosted trees, extra trees and a network, averaged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from app.domain.estimators.network_and_baselines import ENTRIES as OTHERS
from app.domain.estimators.parameters import EstimatorEntry, Parameter, ParameterValues
from app.domain.estimators.shared import MIN_LEAF, REGRESSION
from app.domain.estimators.trees import ENTRIES as TREES
from app.domain.estimators.trees import FEATURE_SHARE
from app.domain.estimators.trees import TREES as TREE_COUNT
from app.domain.vocabulary import Level, TaskKind

_ENTRIES = {entry.id: entry for entry in TREES}
NETWORK = next(entry for entry in OTHERS if entry.id == "multilayer_perceptron")
BOOSTING, EXTRA = _ENTRIES["hist_gradient_boosting"], _ENTRIES["extra_trees"]
# What only one of the two has keeps its name; what both have is said for each.
_OF_BOOSTING = ("learning_rate", "max_iter", "max_leaf_nodes", "min_samples_leaf", "l2_regularization", "max_features")
_OF_EXTRA = {"n_estimators": "n_estimators", "trees_min_leaf": "min_samples_leaf", "trees_max_features": "max_features"}


# With both losses, one half of boosting follows the floods and the other the share by which a flow is missed. With
# roots, the other half learns the square roots of the target, which weighs floods less as well.
BOTH, ROOTS = "both", "roots"
# The network learns the roots of a target that the losses say is never below zero.
_NETWORK_VALUES = {"width": 64, "layers": 2, "alpha": 0.1, "learning_rate_init": 0.003}
BATCH_ROWS = 128
# Batches of this size take about half of the work that the network's own entry counts.
BATCH_WORK = 0.55


def _shared_losses(values: ParameterValues) -> tuple[str, ...]:
    # A config may name it for classes, which it cannot do; the checks say so, and the estimate must not fail.
    loss = str(values.get("loss", "squared_error"))
    return {BOTH: ("squared_error", "poisson"), ROOTS: ("squared_error", ROOTS)}.get(loss, (loss,))


def _boosting_values(values: ParameterValues, loss: str = "squared_error") -> ParameterValues:
    loss = "squared_error" if loss == ROOTS else loss
    own = {**{name: values[name] for name in _OF_BOOSTING}, "loss": loss}
    return ParameterValues({**BOOSTING.defaults(TaskKind.REGRESSION), **own})


def _extra_values(values: ParameterValues) -> ParameterValues:
    own = {theirs: values[ours] for ours, theirs in _OF_EXTRA.items()}
    return ParameterValues({**EXTRA.defaults(TaskKind.REGRESSION), **own})


def _build(task: TaskKind, values: ParameterValues, seed: int) -> Any:
    from sklearn.ensemble import VotingRegressor

    members = list(_trees(task, values, seed))
    if not values.get("network_passes"):
        return VotingRegressor(members)
    share = values["network_share"]
    weight = len(members) * share / (1 - share)
    weights = [*([1.0] * len(members)), weight]
    return VotingRegressor([*members, ("network", _network(values, seed))], weights=weights)


def _trees(task: TaskKind, values: ParameterValues, seed: int) -> Iterator[tuple[str, Any]]:
    from app.domain.estimators.members import ChangeRegressor, RootRegressor

    for loss in _shared_losses(values):
        boosting = BOOSTING.build(task, _boosting_values(values, loss), seed)
        if loss == ROOTS:
            yield "boosting_roots", RootRegressor(boosting)
        elif values.get("change") and loss == "squared_error":
            yield f"boosting_{loss}", ChangeRegressor(boosting)
        else:
            yield f"boosting_{loss}", boosting
    forest = EXTRA.build(task, _extra_values(values), seed)
    yield "trees", ChangeRegressor(forest) if values.get("change") else forest


def _network(values: ParameterValues, seed: int) -> Any:
    from sklearn.neural_network import MLPRegressor

    from app.domain.estimators.members import BoundedNetwork

    network = MLPRegressor(
        hidden_layer_sizes=(_NETWORK_VALUES["width"],) * int(_NETWORK_VALUES["layers"]),
        alpha=_NETWORK_VALUES["alpha"],
        learning_rate_init=_NETWORK_VALUES["learning_rate_init"],
        batch_size=BATCH_ROWS,
        max_iter=values["network_passes"],
        random_state=seed,
    )
    return BoundedNetwork(network, roots=any(loss != "squared_error" for loss in _shared_losses(values)))


def _fit_work(rows: int, features: int, values: ParameterValues) -> float:
    boosting = len(_shared_losses(values)) * BOOSTING.work(rows, features, _boosting_values(values))
    return boosting + EXTRA.work(rows, features, _extra_values(values)) + _network_work(rows, features, values)


def _network_work(rows: int, features: int, values: ParameterValues) -> float:
    passes = {**_NETWORK_VALUES, "max_iter": values.get("network_passes") or 0}
    return BATCH_WORK * NETWORK.work(rows, features, ParameterValues(passes))


def _memory_mb(rows: int, features: int, values: ParameterValues) -> float:
    return max(
        BOOSTING.memory_mb(rows, features, _boosting_values(values)),
        EXTRA.memory_mb(rows, features, _extra_values(values)),
    )


def _tree_parameter(name: str, **changes: Any) -> Parameter:
    return replace(next(parameter for parameter in BOOSTING.parameters if parameter.name == name), **changes)


LOSSES = (
    ("squared_error", "Squared error"),
    ("poisson", "Poisson"),
    (BOTH, "Squared error and Poisson, averaged"),
    (ROOTS, "Squared error of values and of their roots, averaged"),
)
ENTRIES = (
    EstimatorEntry(
        "averaged_trees",
        "Boosting and extra trees, averaged",
        "trees",
        "Boosted trees, extra trees and, for series, a small network: their mean.",
        REGRESSION,
        (
            _tree_parameter("learning_rate"),
            _tree_parameter("max_iter"),
            _tree_parameter("max_leaf_nodes"),
            replace(TREE_COUNT, default=80, title="Trees of the forest"),
            _tree_parameter("min_samples_leaf", title="Smallest leaf of boosting"),
            _tree_parameter("l2_regularization"),
            _tree_parameter("loss", title="Loss of boosting", choices=LOSSES),
            _tree_parameter("max_features", title="Features tried per split of boosting", default=0.5),
            replace(
                MIN_LEAF, name="trees_min_leaf", title="Smallest leaf of the forest", level=Level.EXPERT, default=3
            ),
            replace(
                FEATURE_SHARE,
                name="trees_max_features",
                title="Features tried per split of the forest",
                level=Level.EXPERT,
            ),
            Parameter(
                "network_passes",
                "Passes of the network",
                "integer",
                0,
                "A small neural network joins the average; it can go beyond the largest value seen. 0 leaves it out.",
                larger="Larger fits the network more closely, and takes longer.",
                level=Level.ADVANCED,
                low=0,
                high=1000,
                unit="passes",
            ),
            Parameter(
                "network_share",
                "Share of the network",
                "number",
                0.2,
                "What the network weighs in the average.",
                larger="Larger trusts the network more.",
                level=Level.EXPERT,
                low=0.01,
                high=0.9,
            ),
            Parameter(
                "change",
                "Learn the change",
                "boolean",
                False,
                "Learns the change from the feature closest to the target, such as the last observed value.",
                level=Level.ADVANCED,
            ),
        ),
        _build,
        _fit_work,
        _memory_mb,
        indicator_work=0.6,
        predict_share=0.07,
        handles_missing=True,
        strengths=("The average errs less than either kind of tree",),
        cautions=("Hard to interpret", "Takes much disk space"),
        number_cautions=("Hardly predicts beyond the largest value it has seen",),
    ),
)
