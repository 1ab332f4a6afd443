"""Methods that compare rows with rows: neighbours, support vectors, Gaussian processes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.domain.estimators.parameters import EstimatorEntry, Parameter
from app.domain.estimators.shared import ALL_TASKS, REGRESSION, WEIGHTS, small_memory, weight_of
from app.domain.vocabulary import Level, TaskKind


def _neighbors(task: TaskKind, values: Mapping[str, Any], seed: int) -> Any:
    from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

    kind = KNeighborsClassifier if task.is_classification else KNeighborsRegressor
    return kind(
        n_neighbors=values["n_neighbors"], weights=values["weights"], p=2 if values["metric"] == "straight" else 1
    )


def _support(task: TaskKind, values: Mapping[str, Any], seed: int) -> Any:
    from sklearn.svm import SVC, SVR

    common = {name: values[name] for name in ("C", "kernel", "degree", "gamma", "tol", "max_iter")}
    if task.is_classification:
        # Ranking metrics read the decision function, so no second, cross-validated fit for probabilities is needed.
        return SVC(**common, class_weight=weight_of(values), cache_size=500, random_state=seed)
    return SVR(**common, epsilon=values["epsilon"], cache_size=500)


def _process(task: TaskKind, values: Mapping[str, Any], seed: int) -> Any:
    from sklearn.gaussian_process import GaussianProcessClassifier, GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import RBF, ConstantKernel, Matern, WhiteKernel

    shape = RBF(1.0) if values["kernel"] == "smooth" else Matern(1.0, nu=1.5)
    if task.is_classification:
        return GaussianProcessClassifier(ConstantKernel() * shape, random_state=seed, max_iter_predict=50)
    kernel = ConstantKernel() * shape + WhiteKernel(values["noise"])
    return GaussianProcessRegressor(
        kernel, normalize_y=True, n_restarts_optimizer=values["n_restarts_optimizer"], random_state=seed
    )


def _pairs_memory(rows: int, features: int, _: Mapping[str, Any]) -> float:
    return rows * rows * 8 * 4 / 1e6 + 20


ENTRIES = (
    EstimatorEntry(
        "k_nearest_neighbors",
        "k nearest neighbours",
        "neighbors",
        "Estimates from the most similar rows.",
        ALL_TASKS,
        (
            Parameter(
                "n_neighbors",
                "Neighbours",
                "integer",
                10,
                "More is smoother; fewer follows detail.",
                low=1,
                high=1000,
                unit="rows",
            ),
            Parameter(
                "weights",
                "Weights",
                "choice",
                "distance",
                "Whether nearer rows count more.",
                level=Level.ADVANCED,
                choices=(("uniform", "All alike"), ("distance", "Nearer counts more")),
            ),
            Parameter(
                "metric",
                "Distance",
                "choice",
                "straight",
                "How far apart two rows are.",
                level=Level.EXPERT,
                choices=(("straight", "Straight line"), ("blocks", "Sum of differences")),
            ),
        ),
        _neighbors,
        lambda rows, features, values: rows * features * 250e-9,
        small_memory,
        predict_share=0.5,
        scale=True,
        max_rows=300_000,
        strengths=("Nothing to learn wrongly: it looks up similar rows",),
        cautions=("Never beyond the range it has seen", "Weak with many features"),
    ),
    EstimatorEntry(
        "support_vector_machine",
        "Support vector machine",
        "kernel",
        "A smooth border or surface carried by a few rows.",
        ALL_TASKS,
        (
            Parameter(
                "C",
                "Freedom",
                "number",
                1.0,
                "Larger follows the training rows more closely.",
                low=0,
                high=1e6,
                low_open=True,
                scale="log",
            ),
            Parameter(
                "kernel",
                "Shape",
                "choice",
                "rbf",
                "Curved bends with the data; straight is quicker to read.",
                choices=(("rbf", "Curved"), ("linear", "Straight"), ("poly", "Polynomial")),
            ),
            WEIGHTS,
            Parameter(
                "degree",
                "Degree",
                "integer",
                3,
                "Of the polynomial; higher bends more and is easily thrown by outliers.",
                level=Level.ADVANCED,
                low=1,
                high=6,
            ),
            Parameter(
                "gamma",
                "Reach",
                "choice",
                "scale",
                "How far one row's influence reaches.",
                level=Level.ADVANCED,
                choices=(("scale", "By spread of the features"), ("auto", "By number of features")),
            ),
            Parameter(
                "epsilon",
                "Tolerated error",
                "number",
                0.1,
                "Errors smaller than this share of the target's spread cost nothing.",
                level=Level.ADVANCED,
                low=0,
                high=1e6,
                tasks=REGRESSION,
            ),
            Parameter(
                "tol",
                "Tolerance",
                "number",
                1e-3,
                "Smaller is more exact and slower.",
                level=Level.EXPERT,
                low=0,
                high=1,
                low_open=True,
                scale="log",
            ),
            Parameter(
                "max_iter",
                "Most steps",
                "integer",
                1_000_000,
                "The solver stops here when it has not settled, so that every fit ends.",
                level=Level.EXPERT,
                low=1_000,
                high=100_000_000,
                unit="steps",
            ),
        ),
        _support,
        lambda rows, features, values: rows * rows * (features + 5) * 4e-9,
        lambda rows, features, values: min(rows * rows * 8 / 1e6, 500) + small_memory(rows, features, values),
        probabilities=False,
        scale=True,
        scale_target=True,
        max_rows=30_000,
        strengths=("Strong on a few thousand rows with smooth relations",),
        cautions=("Slow above 20,000 rows", "Needs its settings tuned"),
    ),
    EstimatorEntry(
        "gaussian_process",
        "Gaussian process",
        "kernel",
        "A smooth surface with its own length scale, for small data.",
        ALL_TASKS,
        (
            Parameter(
                "kernel",
                "Smoothness",
                "choice",
                "rough",
                "How quickly the surface may change.",
                choices=(("rough", "Rough (Matern 3/2)"), ("smooth", "Very smooth (RBF)")),
            ),
            Parameter(
                "noise",
                "Starting noise",
                "number",
                0.1,
                "Where the search for the noise level begins.",
                level=Level.ADVANCED,
                low=1e-5,
                high=1e5,
                scale="log",
                tasks=REGRESSION,
            ),
            Parameter(
                "n_restarts_optimizer",
                "Restarts",
                "integer",
                0,
                "More searches for a better length scale, each as slow as the first.",
                level=Level.EXPERT,
                low=0,
                high=20,
                tasks=REGRESSION,
            ),
        ),
        _process,
        lambda rows, features, values: rows**3 * 2e-8,
        _pairs_memory,
        predict_share=0.002,
        scale=True,
        max_rows=3_000,
        strengths=("Excellent on a few hundred smooth rows",),
        cautions=("Work grows with the cube of the rows: not above 3,000",),
    ),
)
