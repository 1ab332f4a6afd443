"""Members of the averaged ensemble that scikit-learn lacks: regressors of changes and roots, a bounded network.

scikit-learn is imported here, so that whoever builds an estimator imports this module and nobody else does.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.exceptions import ConvergenceWarning

Floats = NDArray[np.float64]
# How far beyond what was observed a network may go, as shares of the observed range.
BELOW, ABOVE = 0.1, 0.25


class ChangeRegressor(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """Learns how far the target is from the one feature that comes closest to it, and adds that feature again.

    Where the last observed value is a feature, that is mostly the one, and what is learnt is the change since then.
    Which feature it is, is found on the rows that teach: the one with the smallest mean squared difference. Where no
    feature is closer than the mean of the target, nothing is taken off.

    Parameters
    ----------
    regressor
        What learns the change.
    """

    def __init__(self, regressor: Any) -> None:
        self.regressor = regressor

    def fit(self, X: Any, y: Any) -> ChangeRegressor:  # as scikit-learn calls it
        """Find the feature and learn the change from it."""
        values, target = np.asarray(X, dtype=float), np.asarray(y, dtype=float)
        self.feature_, self.fill_ = closest_feature(values, target)
        self.regressor_ = clone(self.regressor).fit(X, target - self._start(values))
        return self

    def predict(self, X: Any) -> Floats:  # as scikit-learn calls it
        """Return the feature plus the change that was learnt."""
        return np.asarray(self._start(np.asarray(X, dtype=float)) + self.regressor_.predict(X), dtype=float)

    def _start(self, values: Floats) -> Floats:
        """Return the values that the change counts from; where the feature is missing, its median."""
        if self.feature_ is None:
            return np.zeros(len(values))
        start = values[:, self.feature_]
        return np.where(np.isfinite(start), start, self.fill_)


def closest_feature(values: Floats, target: Floats) -> tuple[int | None, float]:
    """Return the column with the smallest mean squared difference from the target, and its median.

    A column that is mostly missing tells too little, and one that is no closer than the target's mean nothing: None.
    """
    best, least = None, float(np.var(target))
    for place in range(values.shape[1]):
        known = np.isfinite(values[:, place])
        if 2 * int(known.sum()) < len(target):
            continue
        error = float(np.mean((values[known, place] - target[known]) ** 2))
        if error < least:
            best, least = place, error
    return best, 0.0 if best is None else float(np.nanmedian(values[:, best]))


class RootRegressor(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """Learns the square roots of a target without negative values, so that its largest values weigh less.

    Parameters
    ----------
    regressor
        What learns the roots.
    """

    def __init__(self, regressor: Any) -> None:
        self.regressor = regressor

    def fit(self, X: Any, y: Any) -> RootRegressor:  # as scikit-learn calls it
        """Fit on the roots."""
        target = np.asarray(y, dtype=float)
        if (target < 0).any():
            raise ValueError("Roots need a target without negative values.")
        self.regressor_ = clone(self.regressor).fit(X, np.sqrt(target))
        return self

    def predict(self, X: Any) -> Floats:  # as scikit-learn calls it
        """Return the squares of what is predicted."""
        return np.asarray(np.maximum(self.regressor_.predict(X), 0.0) ** 2, dtype=float)


class BoundedNetwork(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """A network that is trained on standardised features and target, and does not go far beyond what was observed.

    Missing values take the median. A network carries a relation on where trees stop, which is wanted for a flood
    larger than any before, but also without end: predictions stay within the observed range and a quarter above it.

    Parameters
    ----------
    network
        The unfitted network, which says how many rows make a batch.
    roots
        Whether it learns the square roots of a target without negative values, so that floods weigh less.
    """

    def __init__(self, network: Any, roots: bool = False) -> None:
        self.network = network
        self.roots = roots

    def fit(self, X: Any, y: Any) -> BoundedNetwork:  # as scikit-learn calls it
        """Fit the network."""
        from sklearn.impute import SimpleImputer
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        target = np.asarray(y, dtype=float)
        target = np.sqrt(np.maximum(target, 0.0)) if self.roots else target
        self.mean_, self.spread_ = float(target.mean()), float(target.std()) or 1.0
        low, high = float(target.min()), float(target.max())
        self.low_ = max(low - BELOW * (high - low), 0.0) if low >= 0 else low - BELOW * (high - low)
        self.high_ = high + ABOVE * (high - low)
        imputer = SimpleImputer(strategy="median", keep_empty_features=True)
        network = clone(self.network)
        network.set_params(batch_size=min(network.batch_size, len(target)))
        self.network_ = make_pipeline(imputer, StandardScaler(), network)
        with warnings.catch_warnings():
            # It stops after so many passes on purpose: more of them learn the rows by heart.
            warnings.simplefilter("ignore", ConvergenceWarning)
            self.network_.fit(X, (target - self.mean_) / self.spread_)
        return self

    def predict(self, X: Any) -> Floats:  # as scikit-learn calls it
        """Return predictions within the bounds."""
        values = np.clip(self.network_.predict(X) * self.spread_ + self.mean_, self.low_, self.high_)
        return np.asarray(values**2 if self.roots else values, dtype=float)
