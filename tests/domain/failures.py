"""What scikit-learn does where answers clash: one function for each row of the conflict table, which asserts it."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as sk
from sklearn import model_selection as ms
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor, RandomForestRegressor
from sklearn.gaussian_process.kernels import RBF
from sklearn.linear_model import Lasso, LinearRegression, LogisticRegression, Ridge
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PowerTransformer, StandardScaler
from sklearn.svm import SVR
from sklearn.tree import DecisionTreeRegressor

from app.domain.estimators import registry
from app.domain.vocabulary import TaskKind

ROWS = 60
RANDOM = np.random.default_rng(3)
X = RANDOM.normal(size=(ROWS, 3))
Y = X[:, 0] - 0.5 * X[:, 1] + 0.1 * RANDOM.normal(size=ROWS)
TWO = (Y > 0).astype(int)
THREE = np.digitize(Y, [-0.5, 0.5])
WORDS = np.array(["clay", "sand", "silt"], dtype=object)[THREE]
LONELY = np.eye(1, ROWS, 5, dtype=int)[0]
FAILURES: dict[str, Callable[[], None]] = {}


def shows(name: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Take a function as what happens without the check of this row."""

    def take(function: Callable[[], None]) -> Callable[[], None]:
        assert name not in FAILURES
        FAILURES[name] = function
        return function

    return take


def raises(words: str, call: Callable[[], Any], *, kind: type[Exception] = ValueError) -> None:
    """Assert that a call fails, and that scikit-learn says so in these words."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(kind, match=words):
            call()


def same(first: Any, other: Any, target: Any = Y) -> None:
    """Assert that two estimators that differ in a setting say the same of every row."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        answers = [made.fit(X, target).predict(X) for made in (first, other)]
    np.testing.assert_array_equal(*answers)


@shows("target_not_numeric")
def _() -> None:
    raises("could not convert string to float", lambda: Ridge().fit(X, WORDS))


@shows("not_binary")
def _() -> None:
    answer = LogisticRegression().fit(X, THREE).predict(X)
    raises("multiclass but average='binary'", lambda: sk.f1_score(THREE, answer))


@shows("group_is_target")
def _() -> None:
    for train, judged in ms.GroupKFold(3).split(X, THREE, groups=THREE):
        answer = KNeighborsClassifier().fit(X[train], THREE[train]).predict(X[judged])
        assert not (answer == THREE[judged]).any()


@shows("time_column_unreadable")
def _() -> None:
    order = np.argsort([f"day {number}" for number in range(1, ROWS + 1)])
    train, judged = next(ms.TimeSeriesSplit(3).split(X[order]))
    # Read as words, day 10 stands before day 2, so what is judged was partly before what was trained on.
    assert order[train].max() > order[judged].min()


@shows("target_leakage")
def _() -> None:
    noise = RANDOM.normal(size=ROWS)
    assert ms.cross_val_score(Ridge(), X, noise, cv=3).max() < 0.5
    assert ms.cross_val_score(Ridge(0.01), np.column_stack([X, 3 * noise + 2]), noise, cv=3).min() > 0.99


@shows("derived_without_time")
def _() -> None:
    days = pd.Series(np.arange(ROWS, dtype=float))
    shuffled = days.sample(frac=1, random_state=0)
    assert (shuffled - shuffled.shift(1)).dropna().ne(1).any()
    assert (days - days.shift(1)).dropna().eq(1).all()


@shows("recipe_unfit")
def _() -> None:
    raises("could not convert string to float", lambda: StandardScaler().fit(WORDS[:, None]))


@shows("group_is_time")
def _() -> None:
    days = pd.Series(np.arange(ROWS))
    assert pd.Series(Y).groupby(days).shift(1).isna().all()


@shows("times_repeat")
def _() -> None:
    sites, days = np.tile([0, 1, 2, 3], 15), np.repeat(np.arange(15), 4)
    level = pd.Series(1000 * sites + days)
    earlier = level.shift(1).dropna()
    # The row above is another site's at every row, and of the same day at three rows in four.
    assert (earlier // 1000 != sites[1:]).all()
    assert (earlier % 1000 == days[1:]).mean() > 0.7
    within = level.groupby(sites).shift(1).dropna()
    assert (level[within.index] - within == 1).all()


@shows("holdout_too_small")
def _() -> None:
    with pytest.warns(UserWarning, match="not well-defined with less than two samples"):
        assert np.isnan(sk.r2_score(Y[:1], Y[1:2]))


@shows("scaling_pointless")
def _() -> None:
    same(DecisionTreeRegressor(random_state=0), make_pipeline(StandardScaler(), DecisionTreeRegressor(random_state=0)))


@shows("not_positive")
def _() -> None:
    raises("strictly positive data", lambda: PowerTransformer(method="box-cox").fit(X))


@shows("estimator_of_another_purpose")
def _() -> None:
    entry = registry.get("linear_interpolation")
    made = entry.build(TaskKind.REGRESSION, entry.defaults(TaskKind.REGRESSION), 0)
    assert not made.fit(X, Y).predict(X).any()


@shows("estimator_unfit")
def _() -> None:
    raises("Unknown label type", lambda: GaussianNB().fit(X, Y))
    raises("could not convert string to float", lambda: Lasso().fit(X, WORDS))


@shows("class_weight_unsupported")
def _() -> None:
    raises("class_weight", lambda: KNeighborsClassifier(class_weight="balanced"), kind=TypeError)


@shows("setting_of_another_task")
def _() -> None:
    raises("class_weight", lambda: RandomForestRegressor(class_weight="balanced"), kind=TypeError)


@shows("too_many_rows")
def _() -> None:
    sizes = [RBF()(X[:rows]).nbytes for rows in (15, 30, 60)]
    assert sizes == [8 * rows**2 for rows in (15, 30, 60)]
    # So a hundred thousand rows are eighty thousand million bytes for one matrix.
    assert 8 * 100_000**2 == 80e9


@shows("solver_without_l1")
def _() -> None:
    for solver in ("lbfgs", "newton-cg", "newton-cholesky", "sag"):
        raises("supports only 'l2'", lambda solver=solver: LogisticRegression(solver=solver, l1_ratio=1).fit(X, TWO))


@shows("solver_without_mix")
def _() -> None:
    for solver in ("lbfgs", "liblinear", "newton-cg", "newton-cholesky", "sag"):
        raises("elasticnet", lambda solver=solver: LogisticRegression(solver=solver, l1_ratio=0.5).fit(X, TWO))


@shows("solver_needs_penalty")
def _() -> None:
    raises("not supported for the liblinear", lambda: LogisticRegression(solver="liblinear", C=np.inf).fit(X, TWO))


@shows("solver_needs_two_classes")
def _() -> None:
    raises("does not support multiclass", lambda: LogisticRegression(solver="liblinear").fit(X, THREE))


@shows("l1_ratio_unused")
def _() -> None:
    same(LogisticRegression(penalty="l2", l1_ratio=0.2), LogisticRegression(penalty="l2", l1_ratio=0.9), TWO)


@shows("c_unused")
def _() -> None:
    same(LogisticRegression(penalty=None, C=1e-4), LogisticRegression(penalty=None, C=1.0), TWO)


@shows("degree_unused")
def _() -> None:
    same(SVR(kernel="rbf", degree=2), SVR(kernel="rbf", degree=6))


@shows("gamma_unused")
def _() -> None:
    same(SVR(kernel="linear", gamma="scale"), SVR(kernel="linear", gamma="auto"))


@shows("learning_rate_init_unused")
def _() -> None:
    made = MLPRegressor(hidden_layer_sizes=(5,), solver="lbfgs", max_iter=20, random_state=0)
    same(made, clone(made).set_params(learning_rate_init=1.0))


@shows("coef0_unused")
def _() -> None:
    same(SVR(kernel="rbf"), SVR(kernel="rbf", coef0=5.0))


@shows("momentum_unused")
def _() -> None:
    made = MLPRegressor(hidden_layer_sizes=(5,), solver="adam", max_iter=20, random_state=0)
    same(made, clone(made).set_params(momentum=0.1))


@shows("n_iter_no_change_unused")
def _() -> None:
    made = MLPRegressor(hidden_layer_sizes=(5,), solver="lbfgs", max_iter=20, random_state=0)
    same(made, clone(made).set_params(n_iter_no_change=1))


@shows("share_without_draw")
def _() -> None:
    raises("max_sample", lambda: RandomForestRegressor(5, bootstrap=False, max_samples=0.5).fit(X, Y))


@shows("early_stopping_unused")
def _() -> None:
    made = MLPRegressor(hidden_layer_sizes=(5,), solver="lbfgs", max_iter=20, random_state=0)
    same(made, clone(made).set_params(early_stopping=True))


@shows("step_too_large")
def _() -> None:
    raises("non-finite", lambda: MLPRegressor(solver="sgd", learning_rate_init=1.0, random_state=0).fit(X, Y))


@shows("rare_class_stops_early")
def _() -> None:
    for made in (MLPClassifier(early_stopping=True), HistGradientBoostingClassifier(early_stopping=True)):
        raises("least populated class", lambda made=made: made.fit(X, LONELY))


@shows("few_rows_stop_early")
def _() -> None:
    raises("validation set is too small", lambda: MLPRegressor(early_stopping=True).fit(X[:6], Y[:6]))
    few = np.arange(12) % 3
    raises("number of classes", lambda: HistGradientBoostingClassifier(early_stopping=True).fit(X[:12], few))


@shows("stops_early_in_time")
def _() -> None:
    days = np.arange(600.0)
    level = np.cumsum(np.random.default_rng(1).normal(size=600))
    past, future = slice(0, 450), slice(450, 600)
    made = HistGradientBoostingRegressor(early_stopping=True, max_iter=300, random_state=0)
    made.fit(days[past, None], level[past])
    inside = -made.validation_score_[-1] * 2
    # Rows drawn from among their neighbours say that it errs little; the future says how much it errs.
    assert inside < 0.05 * sk.mean_squared_error(level[future], made.predict(days[future, None]))


@shows("loss_needs_positive")
def _() -> None:
    raises("requires non-negative y", lambda: HistGradientBoostingRegressor(loss="poisson").fit(X, Y))


@shows("loss_needs_above_zero")
def _() -> None:
    raises("strictly positive y", lambda: HistGradientBoostingRegressor(loss="gamma").fit(X, np.maximum(Y, 0)))


@shows("leaves_beyond_depth")
def _() -> None:
    made = HistGradientBoostingRegressor(max_depth=2, max_leaf_nodes=31, min_samples_leaf=1, max_iter=20).fit(X, Y)
    assert max(stage[0].get_n_leaf_nodes() for stage in made._predictors) == 4


@shows("trees_all_alike")
def _() -> None:
    made = RandomForestRegressor(5, bootstrap=False, max_features=1.0, min_samples_leaf=5, random_state=0).fit(X, Y)
    predictions = np.array([tree.predict(X) for tree in made.estimators_])
    assert np.ptp(predictions, axis=0).max() < 0.1 * np.ptp(Y)
    drawn = clone(made).set_params(bootstrap=True).fit(X, Y)
    assert np.ptp([tree.predict(X) for tree in drawn.estimators_], axis=0).max() > 0.1 * np.ptp(Y)


@shows("leaf_beyond_rows")
def _() -> None:
    for made in (DecisionTreeRegressor(min_samples_leaf=40), HistGradientBoostingRegressor(min_samples_leaf=40)):
        assert len(set(made.fit(X, Y).predict(X))) == 1


@shows("too_many_neighbors")
def _() -> None:
    raises("Expected n_neighbors <= n_samples_fit", lambda: KNeighborsRegressor(61).fit(X, Y).predict(X))


@shows("more_features_than_rows")
def _() -> None:
    noise = np.random.default_rng(0).normal(size=(60, 41))
    made = LinearRegression().fit(noise[:30, 1:], noise[:30, 0])
    assert made.score(noise[:30, 1:], noise[:30, 0]) > 0.999
    assert made.score(noise[30:, 1:], noise[30:, 0]) < 0


@shows("weights_bend_probabilities")
def _() -> None:
    random = np.random.default_rng(0)
    rare = (random.uniform(size=2000) < 0.03).astype(int)
    seen = random.normal(size=(2000, 1)) + rare[:, None]
    losses = [
        sk.log_loss(rare, LogisticRegression(class_weight=weight).fit(seen, rare).predict_proba(seen))
        for weight in (None, "balanced")
    ]
    assert losses[1] > 2 * losses[0]
