"""The pipeline step for columns without any value in the training rows of a fold."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin

# So few known values are all among the tenth of the rows that is kept back once in 100,000 draws.
MIN_KEPT_BACK = 5


class EmptyColumns(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Leave missing values to what comes after, but silence columns that hold nothing in the rows it learns from.

    Histogram gradient boosting cannot bin a column without a value, and a scaler would let its raw values through to
    the rows that judge. Such a column becomes all zeros, there too: what was never seen can teach nothing. `fewest`
    known values are needed: one, or more where the estimator keeps rows back and must not lose all of them.
    """

    def __init__(self, fewest: int = 1) -> None:
        self.fewest = fewest

    def fit(self, X: Any, y: Any = None) -> EmptyColumns:
        """Remember which columns of `X`, shape (rows, columns), hold fewer than `fewest` values."""
        values = np.asarray(X, dtype=float)
        self.n_features_in_ = values.shape[1]
        self.empty_ = (~np.isnan(values)).sum(axis=0) < self.fewest
        return self

    def transform(self, X: Any) -> Any:
        """Return `X` with zeros in those columns."""
        values = np.array(X, dtype=float)
        values[:, self.empty_] = 0.0
        return values
