"""Rules about pairs of settings that are incompatible."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil

from app.domain.checks.check_context import CheckContext
from app.domain.checks.fold_sizes import fewest_training_rows
from app.domain.checks.incompatible_settings import IncompatibleSettings, Values, unused_setting
from app.domain.problems import Problem
from app.domain.training.selection_rules import most_kept
from app.domain.vocabulary import Severity, SplitStrategy, TaskKind

ERROR, WARNING, NOTICE = Severity.ERROR, Severity.WARNING, Severity.NOTICE
LOGISTIC, BOOSTING, NETWORK, NEIGHBORS = (
    ("logistic_regression",),
    ("hist_gradient_boosting",),
    ("multilayer_perceptron",),
    ("k_nearest_neighbors",),
)
STOPPING = (*BOOSTING, *NETWORK)
TREES = ("decision_tree", "random_forest", "extra_trees", "hist_gradient_boosting")
WEIGHING = ("logistic_regression", "decision_tree", "random_forest", "extra_trees", "hist_gradient_boosting")
# The share of the training rows that scikit-learn keeps back to see when to stop.
STOPPING_SHARE = 0.1
# With momentum 0.9 as scikit-learn has it, larger steps overshoot on standardised data.
MAX_PLAIN_STEP = 0.1
# Below so many rows of a class, random folds may leave a single one to train, which cannot be divided again.
FEW_OF_A_CLASS = 10
# Two leaves of a single row are the smallest tree, which no smaller leaf makes any larger.
MIN_LEAVES = 2
L1_SOLVERS = ("liblinear", "saga")


def _features_kept(subject: CheckContext) -> int:
    """Return how many of the selected columns a fold learns from at most."""
    return most_kept(subject.spec.features.selection, len(subject.spec.features.selected))


def _several_classes(subject: CheckContext) -> bool:
    return subject.spec.task.kind is TaskKind.MULTICLASS and subject.target.distinct > 2


def _solver_for(values: Values) -> str:
    """Return the solver that takes this penalty with any number of classes."""
    return "saga" if values["penalty"] in ("l1", "elasticnet") else "lbfgs"


def _rare_when_stopping(subject: CheckContext, values: Values) -> bool:
    if not values["early_stopping"] or not subject.spec.task.kind.is_classification:
        return False
    rarest = min(subject.class_counts, default=1)
    if subject.strategy.id is not SplitStrategy.STRATIFIED_K_FOLD:
        return rarest < FEW_OF_A_CLASS
    return rarest * fewest_training_rows(subject) // max(subject.rows, 1) < 2


def _few_when_stopping(subject: CheckContext, values: Values) -> bool:
    classes = subject.target.distinct if subject.spec.task.kind.is_classification else 2
    return values["early_stopping"] and ceil(STOPPING_SHARE * fewest_training_rows(subject)) < max(classes, 2)


def _lowest_target(subject: CheckContext) -> float:
    low = subject.target.minimum
    return float(low) if isinstance(low, int | float) else 0.0


def _loss_of_negative(subject: CheckContext, values: Values) -> bool:
    return values.get("loss") in ("poisson", "both", "roots") and _lowest_target(subject) < 0


def _gamma_of_zero(subject: CheckContext, values: Values) -> bool:
    return values.get("loss") == "gamma" and _lowest_target(subject) <= 0


def _goes_down(needs: str, subject: CheckContext) -> str:
    return f"{needs}; {subject.target.name[:60]} goes down to {_lowest_target(subject):g}."


PAIRS: tuple[IncompatibleSettings, ...] = (
    IncompatibleSettings(
        code="solver_without_l1",
        estimators=LOGISTIC,
        settings=("solver", "penalty"),
        severity=ERROR,
        when="The penalty is L1, and the solver is neither liblinear nor SAGA.",
        fails="Raises: the solver supports only L2 or no penalty.",
        remedy_text="Use SAGA.",
        clash=lambda _, values: values["penalty"] == "l1" and values["solver"] not in L1_SOLVERS,
        message=lambda _, values: f"The solver {values['solver']} knows no L1 penalty; liblinear and SAGA do.",
        remedy=lambda _, values: ("Use SAGA", {"solver": "saga"}),
    ),
    IncompatibleSettings(
        code="solver_without_mix",
        estimators=LOGISTIC,
        settings=("solver", "penalty"),
        severity=ERROR,
        when="The penalty is both L1 and L2, and the solver is not SAGA.",
        fails="Raises: only SAGA supports both penalties together.",
        remedy_text="Use SAGA.",
        clash=lambda _, values: values["penalty"] == "elasticnet" and values["solver"] != "saga",
        message=lambda _, values: f"The solver {values['solver']} cannot use L1 and L2 together; only SAGA can.",
        remedy=lambda _, values: ("Use SAGA", {"solver": "saga"}),
    ),
    IncompatibleSettings(
        code="solver_needs_penalty",
        estimators=LOGISTIC,
        settings=("solver", "penalty"),
        severity=ERROR,
        when="There is no penalty, and the solver is liblinear.",
        fails="Raises: no penalty is not supported by liblinear.",
        remedy_text="Use L-BFGS.",
        clash=lambda _, values: values["penalty"] == "none" and values["solver"] == "liblinear",
        message=lambda _, values: "The solver liblinear cannot do without a penalty.",
        remedy=lambda _, values: ("Use L-BFGS", {"solver": "lbfgs"}),
    ),
    IncompatibleSettings(
        code="solver_needs_two_classes",
        estimators=LOGISTIC,
        settings=("solver",),
        besides=("data.target", "data.task_kind"),
        severity=ERROR,
        when="The target has three classes or more, and the solver is liblinear.",
        fails="Raises: liblinear does not support more than two classes.",
        remedy_text="Use L-BFGS, or SAGA where the penalty has L1 in it.",
        clash=lambda subject, values: values["solver"] == "liblinear" and _several_classes(subject),
        message=lambda subject, _: f"The solver liblinear parts two classes; there are {subject.target.distinct:,}.",
        remedy=lambda _, values: (f"Use {_solver_for(values)}", {"solver": _solver_for(values)}),
    ),
    unused_setting("logistic_regression", "l1_ratio", beside="penalty", used_with=("elasticnet",)),
    unused_setting("logistic_regression", "C", beside="penalty", used_with=("l2", "l1", "elasticnet")),
    unused_setting("support_vector_machine", "degree", beside="kernel", used_with=("poly",)),
    unused_setting("support_vector_machine", "gamma", beside="kernel", used_with=("rbf", "poly")),
    unused_setting("support_vector_machine", "coef0", beside="kernel", used_with=("poly",)),
    unused_setting("multilayer_perceptron", "momentum", beside="solver", used_with=("sgd",)),
    unused_setting("multilayer_perceptron", "n_iter_no_change", beside="solver", used_with=("adam", "sgd")),
    unused_setting("multilayer_perceptron", "learning_rate_init", beside="solver", used_with=("adam", "sgd")),
    unused_setting("multilayer_perceptron", "early_stopping", beside="solver", used_with=("adam", "sgd")),
    IncompatibleSettings(
        code="step_too_large",
        estimators=NETWORK,
        settings=("learning_rate_init", "solver"),
        severity=ERROR,
        when="The solver is the plain gradient, and the learning rate is above 0.1.",
        fails="Raises: the weights stop being finite numbers.",
        remedy_text="Use 0.01.",
        clash=lambda _, values: values["solver"] == "sgd" and values["learning_rate_init"] > MAX_PLAIN_STEP,
        message=lambda _, values: (
            f"Plain gradients overshoot with a learning rate of {values['learning_rate_init']:g}."
        ),
        remedy=lambda _, values: ("Use 0.01", {"learning_rate_init": 0.01}),
    ),
    IncompatibleSettings(
        code="rare_class_stops_early",
        estimators=STOPPING,
        settings=("early_stopping",),
        besides=("data.target", "validation.strategy"),
        severity=ERROR,
        when="It stops early, and a training part may hold a single row of the rarest class.",
        fails="Raises: the least populated class has one member, too few to be divided.",
        remedy_text="Do not stop early.",
        clash=_rare_when_stopping,
        message=lambda _, values: (
            "Stopping early divides the training rows by class; the rarest class is too small for that."
        ),
        remedy=lambda _, values: ("Do not stop early", {"early_stopping": False}),
    ),
    IncompatibleSettings(
        code="few_rows_stop_early",
        estimators=STOPPING,
        settings=("early_stopping",),
        besides=("validation.strategy",),
        severity=ERROR,
        when="It stops early, and a tenth of the training rows is fewer than the classes, or than two.",
        fails="Raises: the rows kept back are fewer than the classes, or too few.",
        remedy_text="Do not stop early.",
        clash=_few_when_stopping,
        message=lambda subject, _: (
            f"A tenth of {fewest_training_rows(subject):,} training rows is too few to say when to stop."
        ),
        remedy=lambda _, values: ("Do not stop early", {"early_stopping": False}),
    ),
    IncompatibleSettings(
        code="stops_early_in_time",
        estimators=STOPPING,
        settings=("early_stopping",),
        besides=("data.time_column",),
        severity=WARNING,
        when="It stops early, and the rows are a series in time.",
        fails="Draws the rows that say when to stop at random, among their neighbours in time: it stops too late.",
        remedy_text="Do not stop early.",
        clash=lambda subject, values: values["early_stopping"] and subject.spec.task.time_column is not None,
        message=lambda _, values: (
            "Stopping early asks rows drawn at random from the series, whose neighbours it has seen: it stops too late."
        ),
        remedy=lambda _, values: ("Do not stop early", {"early_stopping": False}),
    ),
    IncompatibleSettings(
        code="loss_needs_positive",
        estimators=(*BOOSTING, "averaged_trees"),
        settings=("loss",),
        besides=("data.target",),
        severity=ERROR,
        when="The loss is Poisson or that of roots, and the target goes below zero.",
        fails="Raises: both require values of zero or more.",
        remedy_text="Use the squared loss.",
        clash=_loss_of_negative,
        message=lambda subject, _: _goes_down("This loss needs values of zero or more", subject),
        remedy=lambda _, values: ("Use the squared loss", {"loss": "squared_error"}),
    ),
    IncompatibleSettings(
        code="loss_needs_above_zero",
        estimators=BOOSTING,
        settings=("loss",),
        besides=("data.target",),
        severity=ERROR,
        when="The loss is Gamma, and the target goes down to zero or below.",
        fails="Raises: the Gamma loss requires values above zero.",
        remedy_text="Use the squared loss.",
        clash=_gamma_of_zero,
        message=lambda subject, _: _goes_down("The Gamma loss needs values above zero", subject),
        remedy=lambda _, values: ("Use the squared loss", {"loss": "squared_error"}),
    ),
    IncompatibleSettings(
        code="leaves_beyond_depth",
        estimators=BOOSTING,
        settings=("max_leaf_nodes", "max_depth"),
        severity=NOTICE,
        when="A tree of the deepest allowed depth has fewer leaves than are allowed.",
        fails="Grows no more leaves than two to the power of the depth, without a word.",
        remedy_text="Allow as many leaves as the depth has.",
        clash=lambda _, values: values["max_depth"] is not None and values["max_leaf_nodes"] > 2 ** values["max_depth"],
        message=lambda _, values: (
            f"A tree {values['max_depth']} deep has at most {2 ** values['max_depth']:,} leaves, "
            f"not {values['max_leaf_nodes']:,}."
        ),
        remedy=lambda _, values: (
            f"Use {2 ** values['max_depth']:,} leaves",
            {"max_leaf_nodes": 2 ** values["max_depth"]},
        ),
    ),
    IncompatibleSettings(
        code="trees_all_alike",
        estimators=("random_forest",),
        settings=("bootstrap", "max_features"),
        severity=WARNING,
        when="Every tree of a random forest sees every row and tries every feature.",
        fails="Grows the same tree again and again: the forest is one tree.",
        remedy_text="Draw new rows for each tree.",
        clash=lambda _, values: not values["bootstrap"] and values["max_features"] == 1,
        message=lambda _, values: "Without drawn rows and with every feature tried, all trees are the same tree.",
        remedy=lambda _, values: ("Draw new rows", {"bootstrap": True}),
    ),
    IncompatibleSettings(
        code="share_without_draw",
        estimators=("random_forest", "extra_trees"),
        settings=("max_samples", "bootstrap"),
        severity=ERROR,
        when="A share of the rows is to be drawn for each tree, and every tree sees every row.",
        fails="Raises: no share of the rows can be drawn without bootstrap.",
        remedy_text="Draw new rows for each tree.",
        clash=lambda _, values: values["max_samples"] is not None and not values["bootstrap"],
        message=lambda _, values: (
            f"{values['max_samples']:g} of the rows are to be drawn for each tree, and drawing rows is off."
        ),
        remedy=lambda _, values: ("Draw new rows", {"bootstrap": True}),
    ),
    IncompatibleSettings(
        code="leaf_beyond_rows",
        estimators=TREES,
        settings=("min_samples_leaf",),
        besides=("validation.strategy",),
        severity=WARNING,
        when="The smallest leaf is more than half of the training rows.",
        fails="Cannot split at all, and says the same for every row.",
        remedy_text="Use a twentieth of the training rows.",
        clash=lambda subject, values: 0 < fewest_training_rows(subject) < 2 * values["min_samples_leaf"] > MIN_LEAVES,
        message=lambda subject, values: (
            f"Leaves of {values['min_samples_leaf']:,} rows or more cannot part {fewest_training_rows(subject):,} "
            "training rows: it would say the same for every row."
        ),
        remedy=lambda subject, values: (
            f"Use {max(1, fewest_training_rows(subject) // 20):,}",
            {"min_samples_leaf": max(1, fewest_training_rows(subject) // 20)},
        ),
    ),
    IncompatibleSettings(
        code="too_many_neighbors",
        estimators=NEIGHBORS,
        settings=("n_neighbors",),
        besides=("validation.strategy",),
        severity=ERROR,
        when="There are more neighbours than rows in the smallest training part.",
        fails="Raises: as many neighbours as fitted rows at most.",
        remedy_text="Use a tenth of the training rows.",
        clash=lambda subject, values: 0 < fewest_training_rows(subject) < values["n_neighbors"],
        message=lambda subject, values: (
            f"{values['n_neighbors']:,} neighbours are too many: the smallest training part has about "
            f"{fewest_training_rows(subject):,} rows."
        ),
        remedy=lambda subject, values: (
            f"Use {max(1, fewest_training_rows(subject) // 10):,}",
            {"n_neighbors": max(1, fewest_training_rows(subject) // 10)},
        ),
    ),
    IncompatibleSettings(
        code="more_features_than_rows",
        estimators=("linear_regression",),
        settings=("estimator",),
        besides=("features.column", "validation.strategy"),
        severity=WARNING,
        when="There are at least as many features as rows in the smallest training part, and no penalty limits them.",
        fails="Fits every training row exactly, noise and all.",
        remedy_text="Use ridge.",
        clash=lambda subject, _: 0 < fewest_training_rows(subject) <= _features_kept(subject),
        message=lambda subject, _: (
            f"{_features_kept(subject):,} features for about {fewest_training_rows(subject):,} training "
            "rows: a plain line fits them all exactly, noise and all."
        ),
        remedy=lambda _, values: ("Use ridge", {"estimator": "ridge"}),
    ),
    IncompatibleSettings(
        code="weights_bend_probabilities",
        estimators=WEIGHING,
        settings=("class_weight",),
        besides=("validation.primary_metric",),
        severity=WARNING,
        when="Classes get equal weight, and log loss decides.",
        fails="Gives probabilities as if the classes were equally common, which log loss punishes.",
        remedy_text="Use the classes without weights.",
        clash=lambda subject, values: (
            values.get("class_weight") == "balanced" and subject.spec.metrics.primary in ("log_loss", "neg_log_loss")
        ),
        message=lambda _, values: (
            "Equal weight makes rare classes look likelier than they are, and log loss punishes that."
        ),
        remedy=lambda _, values: ("Use no class weights", {"class_weight": "none"}),
    ),
)


def error_pairs(subject: CheckContext) -> Iterator[IncompatibleSettings]:
    """Yield the pairs of the config's estimator with which it cannot be fitted."""
    estimator = subject.spec.model.estimator
    yield from (pair for pair in PAIRS if estimator in pair.estimators and pair.severity is ERROR)


def settings_go_together(subject: CheckContext) -> Iterator[Problem]:
    """No settings clash with each other, or with the rest of the config."""
    for pair in PAIRS:
        yield from pair.find(subject)
