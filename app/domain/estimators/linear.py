"""Linear estimators: least squares, ridge, lasso, elastic net and logistic regression."""

from __future__ import annotations

from math import inf
from typing import Any

from app.domain.estimators.parameters import EstimatorEntry, Parameter, ParameterValues
from app.domain.estimators.shared import (
    ALL_TASKS,
    CLASSES,
    MARGIN_WEIGHTS,
    REGRESSION,
    WEIGHTS,
    small_memory,
    weight_of,
)
from app.domain.vocabulary import Level, TaskKind

ALPHA = Parameter(
    "alpha",
    "Penalty",
    "number",
    1.0,
    "How strongly coefficients are shrunk.",
    larger="Larger pulls every coefficient closer to zero.",
    low=0,
    high=1e6,
    low_open=True,
    scale="log",
)
INTERCEPT = Parameter(
    "fit_intercept",
    "Fit an intercept",
    "boolean",
    True,
    "Without it the line goes through zero.",
    level=Level.EXPERT,
)
ITERATIONS = Parameter(
    "max_iter",
    "Most iterations",
    "integer",
    2000,
    "Where the solver stops at the latest.",
    larger="Larger lets the solver finish if it stopped too soon.",
    level=Level.ADVANCED,
    low=10,
    high=100_000,
    unit="iterations",
)
TOLERANCE = Parameter(
    "tol",
    "Tolerance",
    "number",
    1e-4,
    "How little may change before the solver stops.",
    larger="Larger stops sooner and is less exact.",
    level=Level.EXPERT,
    low=0,
    high=1,
    low_open=True,
    scale="log",
)
L1_RATIO = Parameter(
    "l1_ratio",
    "Share of L1",
    "number",
    0.5,
    "Between ridge (0) and lasso (1).",
    larger="Larger drops more features instead of shrinking them.",
    low=0,
    high=1,
)
PENALTY = Parameter(
    "penalty",
    "Kind of penalty",
    "choice",
    "l2",
    "L1 drops features it can do without; L2 only shrinks them.",
    choices=(("l2", "L2: shrinks"), ("l1", "L1: drops features"), ("elasticnet", "Both"), ("none", "None")),
)
SOLVER = Parameter(
    "solver",
    "Solver",
    "choice",
    "lbfgs",
    "How the coefficients are found; not every solver knows every penalty.",
    level=Level.ADVANCED,
    choices=(
        ("lbfgs", "L-BFGS"),
        ("liblinear", "Coordinate descent (liblinear)"),
        ("newton-cg", "Newton, conjugate gradients"),
        ("newton-cholesky", "Newton, Cholesky"),
        ("sag", "Averaged gradients (SAG)"),
        ("saga", "Averaged gradients (SAGA)"),
    ),
)
POSITIVE = Parameter(
    "positive",
    "Only positive coefficients",
    "boolean",
    False,
    "Every feature may then only raise the estimate.",
)
SELECTION = Parameter(
    "selection",
    "Order of coefficients",
    "choice",
    "cyclic",
    "Which coefficient is improved next; at random is often quicker with many features.",
    level=Level.ADVANCED,
    choices=(("cyclic", "One after the other"), ("random", "At random")),
)
RIDGE_SOLVER = Parameter(
    "solver",
    "Solver",
    "choice",
    "auto",
    "How the coefficients are found. Singular values are the steadiest when features nearly repeat each other.",
    level=Level.ADVANCED,
    choices=(("auto", "Chosen by size"), ("cholesky", "Cholesky"), ("svd", "Singular values"), ("lsqr", "LSQR")),
)


def _build_linear(task: TaskKind, values: ParameterValues, seed: int) -> Any:
    from sklearn.linear_model import LinearRegression

    return LinearRegression(fit_intercept=values["fit_intercept"], positive=values["positive"])


def _build_ridge(task: TaskKind, values: ParameterValues, seed: int) -> Any:
    from sklearn.linear_model import Ridge, RidgeClassifier

    common = {name: values[name] for name in ("alpha", "fit_intercept", "solver")} | {"random_state": seed}
    return RidgeClassifier(**common, class_weight=weight_of(values)) if task.is_classification else Ridge(**common)


def _build_lasso(task: TaskKind, values: ParameterValues, seed: int) -> Any:
    from sklearn.linear_model import Lasso

    return Lasso(**values, random_state=seed)


def _elastic_net(task: TaskKind, values: ParameterValues, seed: int) -> Any:
    from sklearn.linear_model import ElasticNet

    return ElasticNet(**values, random_state=seed)


def _build_logistic(task: TaskKind, values: ParameterValues, seed: int) -> Any:
    from sklearn.linear_model import LogisticRegression

    # scikit-learn writes the kind of penalty as the share of L1, and no penalty as freedom without end.
    share = {"l1": 1.0, "elasticnet": values["l1_ratio"]}.get(values["penalty"], 0.0)
    return LogisticRegression(
        C=inf if values["penalty"] == "none" else values["C"],
        l1_ratio=share,
        solver=values["solver"],
        fit_intercept=values["fit_intercept"],
        max_iter=values["max_iter"],
        tol=values["tol"],
        class_weight=weight_of(values),
        random_state=seed,
    )


def _direct_work(rows: int, features: int, _: ParameterValues) -> float:
    return rows * features * (features + 20) * 2e-9


def _iterative_work(rows: int, features: int, _: ParameterValues) -> float:
    return rows * features * 60e-9


ENTRIES = (
    EstimatorEntry(
        "linear_regression",
        "Linear regression",
        "linear",
        "The plain straight line, one number per feature.",
        REGRESSION,
        (POSITIVE, INTERCEPT),
        _build_linear,
        _direct_work,
        small_memory,
        scale=True,
        strengths=("One number per feature that you can read and publish", "Very fast"),
        cautions=("Straight lines only", "Unsteady when features are correlated"),
    ),
    EstimatorEntry(
        "ridge",
        "Ridge",
        "linear",
        "A linear model with small coefficients.",
        ALL_TASKS,
        (ALPHA, MARGIN_WEIGHTS, RIDGE_SOLVER, INTERCEPT),
        _build_ridge,
        _direct_work,
        small_memory,
        probabilities=False,
        scale=True,
        strengths=("Steady when features are correlated", "Very fast: a good check on the others"),
        cautions=("Straight lines only: misses thresholds and interactions",),
    ),
    EstimatorEntry(
        "lasso",
        "Lasso",
        "linear",
        "A linear model that drops features it does not need.",
        REGRESSION,
        (Parameter(**{**ALPHA.__dict__, "default": 0.01}), POSITIVE, ITERATIONS, SELECTION, TOLERANCE, INTERCEPT),
        _build_lasso,
        _iterative_work,
        small_memory,
        scale=True,
        strengths=("Chooses features as it learns",),
        cautions=("Straight lines only", "Of two correlated features it keeps one, by chance"),
    ),
    EstimatorEntry(
        "elastic_net",
        "Elastic net",
        "linear",
        "Between ridge and lasso.",
        REGRESSION,
        (
            Parameter(**{**ALPHA.__dict__, "default": 0.01}),
            L1_RATIO,
            POSITIVE,
            ITERATIONS,
            SELECTION,
            TOLERANCE,
            INTERCEPT,
        ),
        _elastic_net,
        _iterative_work,
        small_memory,
        scale=True,
        strengths=("Drops features and stays steady when they are correlated",),
        cautions=("Straight lines only",),
    ),
    EstimatorEntry(
        "logistic_regression",
        "Logistic regression",
        "linear",
        "The linear model for classes, with probabilities.",
        CLASSES,
        (
            Parameter(
                "C",
                "Freedom",
                "number",
                1.0,
                "The inverse of the penalty.",
                larger="Larger lets coefficients grow; smaller keeps them near zero.",
                low=0,
                high=1e6,
                low_open=True,
                scale="log",
            ),
            PENALTY,
            WEIGHTS,
            SOLVER,
            Parameter(**{**L1_RATIO.__dict__, "level": Level.ADVANCED}),
            ITERATIONS,
            TOLERANCE,
            INTERCEPT,
        ),
        _build_logistic,
        _iterative_work,
        small_memory,
        scale=True,
        strengths=("Well-calibrated probabilities", "One number per feature that you can read"),
        cautions=("Straight borders between classes only",),
    ),
)
