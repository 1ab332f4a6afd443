"""Estimators that compare rows: nearest neighbours, support vectors, Gaussian processes."""

from __future__ import annotations

from typing import Any

from app.domain.estimators.parameters import EstimatorEntry, Parameter, ParameterValues
from app.domain.estimators.shared import (
    ALL_TASKS,
    CLASSES,
    DECISION_WEIGHTS,
    MARGIN_WEIGHTS,
    REGRESSION,
    small_memory,
    weight_of,
)
from app.domain.vocabulary import Level, TaskKind


def _build_neighbors(task: TaskKind, values: ParameterValues, seed: int) -> Any:
    from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

    kind = KNeighborsClassifier if task.is_classification else KNeighborsRegressor
    distance = {"straight": "euclidean", "blocks": "manhattan", "largest": "chebyshev"}[values["metric"]]
    names = ("n_neighbors", "weights", "algorithm", "leaf_size")
    return kind(**{name: values[name] for name in names}, metric=distance)


def _build_support_vectors(task: TaskKind, values: ParameterValues, seed: int) -> Any:
    from sklearn.svm import SVC, SVR

    common = {
        name: values[name] for name in ("C", "kernel", "degree", "gamma", "coef0", "shrinking", "tol", "max_iter")
    }
    if task.is_classification:
        # Ranking metrics read the decision function, so no second, cross-validated fit for probabilities is needed.
        return SVC(**common, class_weight=weight_of(values), cache_size=500, random_state=seed)
    return SVR(**common, epsilon=values["epsilon"], cache_size=500)


def _build_gaussian_process(task: TaskKind, values: ParameterValues, seed: int) -> Any:
    from sklearn.gaussian_process import GaussianProcessClassifier, GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import RBF, ConstantKernel, Matern, WhiteKernel

    scale, restarts = values["length_scale"], values["n_restarts_optimizer"]
    smoothness = {"rough": 1.5, "even": 2.5}
    shape = RBF(scale) if values["kernel"] == "smooth" else Matern(scale, nu=smoothness[values["kernel"]])
    if task.is_classification:
        steps = values["max_iter_predict"]
        return GaussianProcessClassifier(
            ConstantKernel() * shape, n_restarts_optimizer=restarts, random_state=seed, max_iter_predict=steps
        )
    kernel = ConstantKernel() * shape + WhiteKernel(values["noise"])
    return GaussianProcessRegressor(
        kernel, alpha=values["alpha"], normalize_y=True, n_restarts_optimizer=restarts, random_state=seed
    )


def _resolve_kernel(fitted: Any) -> ParameterValues:
    """Return the kernel that the search of a fitted process ended with, and that no search follows."""
    return ParameterValues({"kernel": fitted.kernel_, "optimizer": None})


def _support_work(rows: int, features: int, values: ParameterValues) -> float:
    """Return the seconds of a solver that settles after about a step for each row, and in more where errors cost more.

    Measured against C of 1: at 10 three to four times as long, at 1,000 eight to two hundred times; each step compares
    a row with all others, and there are never more than `max_iter`.
    """
    steps = min(max(values.get("C", 1.0), 1.0) ** 0.5, max(values.get("max_iter", rows) / max(rows, 1), 1.0))
    return rows * rows * (features + 5) * 4e-9 * steps


def _process_work(rows: int, features: int, values: ParameterValues) -> float:
    """Return the seconds of one search for the length scale, measured from 30 to 1,000 rows, times the searches.

    A launch that was recorded before restarts were a setting had none.
    """
    return (0.005 + rows**2 * 1e-6 + rows**3 * 8e-9) * (1 + values.get("n_restarts_optimizer", 0))


def _pairs_memory(rows: int, features: int, _: ParameterValues) -> float:
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
                "How many similar rows are averaged.",
                larger="Larger is smoother; smaller follows detail.",
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
                choices=(("uniform", "All alike"), ("distance", "Nearer counts more")),
            ),
            Parameter(
                "metric",
                "Distance",
                "choice",
                "straight",
                "How far apart two rows are.",
                choices=(
                    ("straight", "Straight line"),
                    ("blocks", "Sum of differences"),
                    ("largest", "Largest difference"),
                ),
            ),
            Parameter(
                "algorithm",
                "Search",
                "choice",
                "auto",
                "How neighbours are looked up. It changes the time, not the estimates.",
                level=Level.ADVANCED,
                choices=(
                    ("auto", "Chosen by size"),
                    ("kd_tree", "k-d tree"),
                    ("ball_tree", "Ball tree"),
                    ("brute", "Every row"),
                ),
            ),
            Parameter(
                "leaf_size",
                "Leaf of the search tree",
                "integer",
                30,
                "Below so many rows every row is looked at. It changes the time, not the estimates.",
                larger="Larger builds quicker and looks up slower.",
                level=Level.EXPERT,
                low=1,
                high=1000,
                unit="rows",
            ),
            DECISION_WEIGHTS,
        ),
        _build_neighbors,
        lambda rows, features, values: rows * features * 250e-9,
        small_memory,
        predict_share=0.5,
        scale=True,
        max_rows=300_000,
        strengths=("Looks up similar rows, so it has nothing to overfit",),
        cautions=("Cannot predict beyond the range it has seen", "Weak with many features"),
    ),
    EstimatorEntry(
        "support_vector_machine",
        "Support vector machine",
        "kernel",
        "A smooth function defined by a few of the rows.",
        ALL_TASKS,
        (
            Parameter(
                "C",
                "Freedom",
                "number",
                1.0,
                "What an error costs.",
                larger="Larger follows the training rows more closely.",
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
            MARGIN_WEIGHTS,
            Parameter(
                "degree",
                "Degree",
                "integer",
                3,
                "The degree of the polynomial.",
                larger="Larger is more flexible and more sensitive to outliers.",
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
                larger="Larger is smoother and uses fewer rows.",
                low=0,
                high=1e6,
                tasks=REGRESSION,
            ),
            Parameter(
                "coef0",
                "Offset of the polynomial",
                "number",
                0.0,
                "What is added before the power is taken.",
                larger="Larger gives low powers more weight.",
                level=Level.ADVANCED,
                low=0,
                high=100,
            ),
            Parameter(
                "shrinking",
                "Set settled rows aside",
                "boolean",
                True,
                "Usually quicker, and the same answer.",
                level=Level.EXPERT,
            ),
            Parameter(
                "tol",
                "Tolerance",
                "number",
                1e-3,
                "How little may change before the solver stops.",
                larger="Larger stops sooner and is less exact.",
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
                larger="Larger lets it converge, and takes longer.",
                level=Level.EXPERT,
                low=1_000,
                high=100_000_000,
                unit="steps",
            ),
        ),
        _build_support_vectors,
        _support_work,
        lambda rows, features, values: min(rows * rows * 8 / 1e6, 500) + small_memory(rows, features, values),
        probabilities=False,
        scale=True,
        scale_target=True,
        max_rows=30_000,
        strengths=("Strong where relations are smooth",),
        cautions=("Needs its settings tuned",),
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
                choices=(
                    ("rough", "Rough (Matern 3/2)"),
                    ("even", "Smooth (Matern 5/2)"),
                    ("smooth", "Very smooth (RBF)"),
                ),
            ),
            Parameter(
                "length_scale",
                "Starting length scale",
                "number",
                1.0,
                "Where the search for the length scale begins, in standard deviations of the features.",
                larger="Larger starts from a surface that changes slowly.",
                low=0.01,
                high=1000,
                scale="log",
            ),
            Parameter(
                "noise",
                "Starting noise",
                "number",
                0.1,
                "Where the search for the noise level begins, as a share of the target's variance.",
                larger="Larger starts from a smoother surface.",
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
                "Further searches for a better length scale.",
                larger="Larger finds better settings, and takes longer.",
                level=Level.ADVANCED,
                low=0,
                high=20,
                unit="searches",
            ),
            Parameter(
                "alpha",
                "Jitter",
                "number",
                1e-10,
                "Added to the diagonal, so that equal rows do no harm.",
                larger="Larger is steadier and smoother.",
                level=Level.EXPERT,
                low=1e-12,
                high=1,
                scale="log",
                tasks=REGRESSION,
            ),
            Parameter(
                "max_iter_predict",
                "Newton steps",
                "integer",
                50,
                "Steps that bring the probabilities to rest.",
                larger="Larger is more exact and slower.",
                level=Level.EXPERT,
                low=10,
                high=1000,
                unit="steps",
                tasks=CLASSES,
            ),
            DECISION_WEIGHTS,
        ),
        _build_gaussian_process,
        _process_work,
        _pairs_memory,
        predict_share=0.002,
        scale=True,
        max_rows=3_000,
        for_each_class=True,
        settle=_resolve_kernel,
        strengths=("Follows smooth relations closely",),
        cautions=("Time grows with the cube of the rows",),
    ),
)
