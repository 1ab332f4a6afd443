"""What scikit-learn does where answers about the split clash; it adds to what stands in failures."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as sk
from sklearn import model_selection as ms
from sklearn.linear_model import LogisticRegression, Ridge, RidgeClassifier
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVC

from tests.domain.failures import LONELY, RANDOM, ROWS, THREE, TWO, WORDS, X, Y, raises, shows


@shows("order_without_time")
def _() -> None:
    days = np.random.default_rng(0).permutation(ROWS)
    for train, judged in ms.TimeSeriesSplit(3).split(X):
        assert days[train].max() > days[judged].min()


@shows("groups_without_column")
def _() -> None:
    raises("'groups' parameter should not be None", lambda: list(ms.GroupKFold(3).split(X)))


@shows("strategy_needs_classes")
def _() -> None:
    raises("Supported target types", lambda: list(ms.StratifiedKFold(3).split(X, Y)))


@shows("too_few_rows")
def _() -> None:
    raises("greater than the number of samples", lambda: list(ms.KFold(5).split(X[:4])))
    assert {len(judged) for _, judged in ms.KFold(5).split(X[:5])} == {1}


@shows("rare_class")
def _() -> None:
    with pytest.warns(UserWarning, match="least populated class"):
        folds = list(ms.StratifiedKFold(5).split(X, LONELY))
    assert sum(LONELY[judged].any() for _, judged in folds) == 1
    raises("n_splits=40 cannot be greater", lambda: list(ms.StratifiedKFold(40).split(X, TWO)))


@shows("one_class_fold")
def _() -> None:
    folds = ms.KFold(5, shuffle=True, random_state=0).split(X)
    alone = next(train for train, _ in folds if not LONELY[train].any())
    raises("at least 2 classes", lambda: LogisticRegression().fit(X[alone], LONELY[alone]))


@shows("group_too_large")
def _() -> None:
    groups = np.where(np.arange(ROWS) < ROWS - 4, 0, np.arange(ROWS))
    few = np.where(groups == 0, TWO, 1)
    alone = next(train for train, judged in ms.GroupKFold(2).split(X, few, groups) if len(judged) > ROWS // 2)
    raises("at least 2 classes", lambda: LogisticRegression().fit(X[alone], few[alone]))


@shows("too_few_groups")
def _() -> None:
    raises("greater than the number of groups", lambda: list(ms.GroupKFold(5).split(X, groups=THREE)))


@shows("too_many_groups")
def _() -> None:
    raises("fewer than 2 unique groups", lambda: list(ms.LeaveOneGroupOut().split(X, groups=np.zeros(ROWS))))
    assert ms.LeaveOneGroupOut().get_n_splits(groups=np.arange(2000)) == 2000


@shows("random_split_in_time")
def _() -> None:
    days = np.arange(400.0)[:, None]
    level = np.cumsum(np.random.default_rng(1).normal(size=400))
    drawn = ms.cross_val_score(KNeighborsRegressor(3), days, level, cv=ms.KFold(5, shuffle=True, random_state=0))
    forward = ms.cross_val_score(KNeighborsRegressor(3), days, level, cv=ms.TimeSeriesSplit(5))
    assert drawn.mean() > 0.9
    assert forward.mean() < 0


@shows("gap_too_long")
def _() -> None:
    raises("Too many splits", lambda: list(ms.TimeSeriesSplit(3, gap=30).split(X)))


@shows("gap_short")
def _() -> None:
    reach = 7
    train, judged = next(ms.TimeSeriesSplit(3, gap=0).split(X))
    looked_at = set(range(judged[0] - reach, judged[0]))
    assert looked_at & set(train)
    train, judged = next(ms.TimeSeriesSplit(3, gap=reach).split(X))
    assert not set(range(judged[0] - reach, judged[0])) & set(train)


@shows("metric_unfit")
def _() -> None:
    raises("continuous format is not supported", lambda: sk.roc_auc_score(Y, Y))
    raises("could not convert string to float", lambda: sk.mean_squared_error(WORDS, WORDS))


@shows("metric_needs_positive")
def _() -> None:
    with np.errstate(invalid="ignore"):
        assert np.isnan(np.log(Y)).any()
    raises("cannot be used", lambda: sk.mean_squared_log_error(Y - 9, Y))


@shows("metric_needs_probabilities")
def _() -> None:
    for made in (RidgeClassifier(), SVC()):
        raises("predict_proba", lambda made=made: made.fit(X, TWO).predict_proba(X), kind=AttributeError)


@shows("metric_divides_by_zero")
def _() -> None:
    assert sk.mean_absolute_percentage_error([0.0, 1.0], [0.1, 1.0]) > 1e12


@shows("metric_needs_spread")
def _() -> None:
    # Near or far, on one value alone the share of the variance explained is 0.
    assert {sk.r2_score([504.0] * 9, 504.0 + off * np.arange(9)) for off in (0.01, 1.0, 1e3)} == {0.0}


@shows("scaling")
def _() -> None:
    seen = np.column_stack([X[:, 0], 1e6 * RANDOM.normal(size=ROWS)])
    raw = ms.cross_val_score(KNeighborsRegressor(5), seen, X[:, 0], cv=3).mean()
    scaled = ms.cross_val_score(make_pipeline(StandardScaler(), KNeighborsRegressor(5)), seen, X[:, 0], cv=3).mean()
    assert raw < 0.1
    assert scaled > 0.5


@shows("missing")
def _() -> None:
    holed = np.where(X > 1, np.nan, X)
    raises("contains NaN", lambda: Ridge().fit(holed, Y))


@shows("words")
def _() -> None:
    raises("could not convert string to float", lambda: Ridge().fit(WORDS[:, None], Y))
    raises("Found unknown categories", lambda: OneHotEncoder().fit(WORDS[:, None]).transform([["peat"]]))
