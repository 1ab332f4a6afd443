"""What happens to columns that hold nothing in the rows a fold trains on."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin


class EmptyColumns(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Leave missing values to what comes after, but silence columns that hold nothing in the rows it learns from.

    Histogram gradient boosting cannot bin a column without a value, and a scaler would let its raw values through to
    the rows that judge. Such a column becomes all zeros, there too: what was never seen can teach nothing.
    """

    def fit(self, X: Any, y: Any = None) -> EmptyColumns:
        """Remember which columns of `X`, shape (rows, columns), hold no value at all."""
        values = np.asarray(X, dtype=float)
        self.n_features_in_ = values.shape[1]
        self.empty_ = np.isnan(values).all(axis=0)
        return self

    def transform(self, X: Any) -> Any:
        """Return `X` with zeros in those columns."""
        values = np.array(X, dtype=float)
        values[:, self.empty_] = 0.0
        return values
