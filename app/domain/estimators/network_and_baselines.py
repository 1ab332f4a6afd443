"""A small neural network, naive Bayes, the dummy estimator, and linear interpolation across gaps."""

from __future__ import annotations

from typing import Any

from app.domain.estimators.parameters import EstimatorEntry, Parameter, ParameterValues
from app.domain.estimators.shared import ALL_TASKS, CLASSES, DECISION_WEIGHTS, EARLY_STOPPING, REGRESSION, small_memory
from app.domain.vocabulary import Level, Purpose, TaskKind


def _build_network(task: TaskKind, values: ParameterValues, seed: int) -> Any:
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    kind = MLPClassifier if task.is_classification else MLPRegressor
    return kind(
        hidden_layer_sizes=(values["width"],) * values["layers"],
        alpha=values["alpha"],
        learning_rate_init=values["learning_rate_init"],
        max_iter=values["max_iter"],
        activation=values["activation"],
        solver=values["solver"],
        early_stopping=values["early_stopping"],
        tol=values["tol"],
        n_iter_no_change=values["n_iter_no_change"],
        momentum=values["momentum"],
        random_state=seed,
    )


def _build_naive_bayes(task: TaskKind, values: ParameterValues, seed: int) -> Any:
    from sklearn.naive_bayes import GaussianNB

    return GaussianNB(var_smoothing=values["var_smoothing"])


def _build_dummy(task: TaskKind, values: ParameterValues, seed: int) -> Any:
    from sklearn.dummy import DummyClassifier, DummyRegressor

    if task.is_classification:
        return DummyClassifier(strategy="prior", random_state=seed)
    return DummyRegressor(strategy=values["strategy"])


def _straight_line(task: TaskKind, values: ParameterValues, seed: int) -> Any:
    """Return a model that predicts zero, and so leaves the straight line across every gap as it is."""
    from sklearn.dummy import DummyRegressor

    return DummyRegressor(strategy="constant", constant=0.0)


ENTRIES = (
    EstimatorEntry(
        "multilayer_perceptron",
        "Multilayer perceptron",
        "neural",
        "A small neural network.",
        ALL_TASKS,
        (
            Parameter(
                "width",
                "Neurons per layer",
                "integer",
                50,
                "How wide each layer is.",
                larger="Larger can learn more, and overfit more.",
                low=1,
                high=1000,
                unit="neurons",
            ),
            Parameter(
                "layers",
                "Layers",
                "integer",
                2,
                "How many layers follow each other.",
                larger="Larger is more flexible and harder to train.",
                low=1,
                high=5,
                unit="layers",
            ),
            Parameter(
                "alpha",
                "L2 penalty",
                "number",
                0.001,
                "How strongly weights are shrunk.",
                larger="Larger keeps the weights small.",
                low=0,
                high=1000,
                scale="log",
            ),
            Parameter(
                "max_iter",
                "Most passes",
                "integer",
                200,
                "How often it may see all rows.",
                larger="Larger fits closer and takes longer.",
                level=Level.ADVANCED,
                low=10,
                high=5_000,
                unit="passes",
            ),
            Parameter(
                "learning_rate_init",
                "Learning rate",
                "number",
                0.001,
                "How far each step goes.",
                larger="Larger learns faster and may miss the best.",
                level=Level.ADVANCED,
                low=1e-6,
                high=1,
                scale="log",
            ),
            Parameter(
                "activation",
                "Activation",
                "choice",
                "relu",
                "The bend in each neuron.",
                level=Level.EXPERT,
                choices=(("relu", "ReLU"), ("tanh", "tanh"), ("logistic", "Logistic")),
            ),
            Parameter(
                "solver",
                "Solver",
                "choice",
                "adam",
                "How the weights are found. L-BFGS suits a few hundred rows.",
                level=Level.ADVANCED,
                choices=(("adam", "Adam"), ("sgd", "Plain gradient"), ("lbfgs", "L-BFGS")),
            ),
            EARLY_STOPPING,
            Parameter(
                "tol",
                "Tolerance",
                "number",
                1e-4,
                "A pass that brings less than this counts as none.",
                larger="Larger stops sooner.",
                level=Level.EXPERT,
                low=0,
                high=1,
                low_open=True,
                scale="log",
            ),
            Parameter(
                "n_iter_no_change",
                "Patience",
                "integer",
                10,
                "So many passes in a row without gain end the training.",
                larger="Larger waits longer for an improvement.",
                level=Level.EXPERT,
                low=1,
                high=1000,
                unit="passes",
            ),
            Parameter(
                "momentum",
                "Momentum",
                "number",
                0.9,
                "How much of the last step the plain gradient keeps.",
                larger="Larger is faster, but may overshoot.",
                level=Level.EXPERT,
                low=0,
                high=0.95,
            ),
            DECISION_WEIGHTS,
        ),
        _build_network,
        lambda rows, features, values: (
            rows * (features + values["layers"] * values["width"]) * values["width"] * values["max_iter"] * 4.5e-10
        ),
        small_memory,
        predict_share=0.002,
        scale=True,
        scale_target=True,
        max_rows=500_000,
        strengths=("Smooth; can predict somewhat beyond what it has seen",),
        cautions=("Depends on its seed and settings",),
    ),
    EstimatorEntry(
        "gaussian_naive_bayes",
        "Gaussian naive Bayes",
        "probabilistic",
        "Assumes a normal distribution of every feature in each class.",
        CLASSES,
        (
            Parameter(
                "var_smoothing",
                "Smoothing",
                "number",
                1e-9,
                "What is added to every variance, as a share of the largest.",
                larger="Larger makes the distributions wider.",
                low=0,
                high=1,
                low_open=True,
                scale="log",
            ),
            DECISION_WEIGHTS,
        ),
        _build_naive_bayes,
        lambda rows, features, values: rows * features * 8e-9,
        small_memory,
        scale=True,
        strengths=("Works with very few rows",),
        cautions=("Assumes independent features, which is seldom true",),
    ),
    EstimatorEntry(
        "dummy",
        "Dummy",
        "baseline",
        "Ignores the features. A model that does not beat it has learnt nothing.",
        ALL_TASKS,
        (
            Parameter(
                "strategy",
                "Always says",
                "choice",
                "mean",
                "The one answer it gives.",
                choices=(("mean", "The mean"), ("median", "The median")),
                tasks=REGRESSION,
            ),
        ),
        _build_dummy,
        lambda rows, features, values: rows * 2e-9,
        small_memory,
        is_baseline=True,
        strengths=("Shows the score without any learning",),
        cautions=("Learns nothing",),
    ),
    EstimatorEntry(
        "linear_interpolation",
        "Linear interpolation",
        "baseline",
        "Draws a straight line across each gap, from the last known value to the next.",
        REGRESSION,
        (),
        _straight_line,
        lambda rows, features, values: rows * 2e-8,
        small_memory,
        is_baseline=True,
        purpose=Purpose.FILL_GAPS,
        strengths=("Hard to beat in short gaps", "Needs no drivers"),
        cautions=("Knows nothing of what happened within a gap",),
    ),
)
