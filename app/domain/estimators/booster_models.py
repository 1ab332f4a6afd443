"""scikit-learn wrappers of LightGBM and CatBoost that pass categories through whole.

Their packages are imported by whoever builds them; see `boosters.py`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, clone

Floats = NDArray[np.float64]
REFUSALS = frozenset({"LightGBMError", "CatBoostError"})


def category_places(X: Any) -> list[int]:
    """Return the places of the columns that hold categories: those of a frame that says so."""
    if not isinstance(X, pd.DataFrame):
        return []
    return [place for place, kind in enumerate(X.dtypes) if isinstance(kind, pd.CategoricalDtype)]


def _codes(X: pd.DataFrame, place: int) -> NDArray[np.int32]:
    """Return the codes of a column of categories, -1 where a row has none that was learnt."""
    return np.asarray(X.iloc[:, place].cat.codes, dtype=np.int32)


def numbers_of(X: Any) -> Floats:
    """Return a frame or an array as numbers; categories as their codes, NaN for none that was learnt."""
    if not isinstance(X, pd.DataFrame):
        return np.asarray(X, dtype=np.float64)
    columns = []
    for place, kind in enumerate(X.dtypes):
        if isinstance(kind, pd.CategoricalDtype):
            codes = _codes(X, place).astype(np.float64)
            columns.append(np.where(codes < 0, np.nan, codes))
        else:
            columns.append(X.iloc[:, place].to_numpy(dtype=np.float64))
    return np.column_stack(columns) if columns else np.empty((len(X), 0))


class _Boosted(BaseEstimator):  # type: ignore[misc]
    """What the boosters share.

    Parameters
    ----------
    booster
        The unfitted estimator of the package.
    """

    # How the package is told which columns hold categories, and that none do.
    category_argument: str
    no_categories: str | None

    def __init__(self, booster: Any) -> None:
        self.booster = booster

    def _fitted(self, X: Any, y: NDArray[Any]) -> Any:
        """Return the fitted booster.

        Raises
        ------
        ValueError
            With what the package says of rows that it cannot learn from.
        """
        try:
            return clone(self.booster).fit(
                self._input(X), y, **{self.category_argument: category_places(X) or self.no_categories}
            )
        except Exception as fault:
            # Both packages have classes of their own for this, which are no ValueError.
            if type(fault).__name__ in REFUSALS:
                raise ValueError(" ".join(str(fault).split())[:300]) from fault
            raise

    def _input(self, X: Any) -> Any:
        raise NotImplementedError


class _LightGBM(_Boosted):
    category_argument, no_categories = "categorical_feature", "auto"

    def _input(self, X: Any) -> Any:
        return numbers_of(X)


class _CatBoost(_Boosted):
    category_argument, no_categories = "cat_features", None

    def _input(self, X: Any) -> Any:
        places = category_places(X)
        if not places:
            return numbers_of(X)
        frame = pd.DataFrame(numbers_of(X))
        for place in places:
            # CatBoost takes no number with a fraction for a category; what was not learnt is one of its own.
            frame[place] = _codes(X, place)
        return frame


class _Numbers(RegressorMixin, _Boosted):  # type: ignore[misc]
    def fit(self, X: Any, y: Any) -> Any:  # as scikit-learn calls it
        """Fit the booster."""
        self.booster_ = self._fitted(X, np.asarray(y, dtype=np.float64))
        return self

    def predict(self, X: Any) -> Floats:  # as scikit-learn calls it
        """Return the predictions, shape (rows,)."""
        return np.asarray(self.booster_.predict(self._input(X)), dtype=np.float64)


class _Classes(ClassifierMixin, _Boosted):  # type: ignore[misc]
    def fit(self, X: Any, y: Any) -> Any:  # as scikit-learn calls it
        """Fit the booster on codes without a hole, whichever classes there are."""
        self.classes_, codes = np.unique(np.asarray(y), return_inverse=True)
        self.booster_ = self._fitted(X, codes)
        return self

    def predict_proba(self, X: Any) -> Floats:  # as scikit-learn calls it
        """Return the probabilities of the classes, shape (rows, classes)."""
        return np.asarray(self.booster_.predict_proba(self._input(X)), dtype=np.float64)

    def predict(self, X: Any) -> NDArray[Any]:  # as scikit-learn calls it
        """Return the likeliest class of each row."""
        return np.asarray(self.classes_[np.argmax(self.predict_proba(X), axis=1)])


class LightGBMRegressor(_Numbers, _LightGBM):
    """LightGBM for numbers."""


class LightGBMClassifier(_Classes, _LightGBM):
    """LightGBM for classes."""


class CatBoostRegressor(_Numbers, _CatBoost):
    """CatBoost for numbers."""


class CatBoostClassifier(_Classes, _CatBoost):
    """CatBoost for classes."""
