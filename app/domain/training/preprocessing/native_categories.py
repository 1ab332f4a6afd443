"""Integer codes of categories for estimators that take categorical columns natively.

scikit-learn is imported here, so that whoever builds a pipeline imports this module and nobody else does.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.compose import ColumnTransformer
from sklearn.preprocessing import OrdinalEncoder

# So many words of a column have a code of their own; all rarer ones share one.
MAX_CODES = 250
CODES = pd.RangeIndex(MAX_CODES + 1)


class WholeWords(OrdinalEncoder):  # type: ignore[misc]
    """A code for each of the commonest words of a column; a word that was not learnt has none, which is NaN."""

    @classmethod
    def usual(cls) -> WholeWords:
        """Return the step as pipelines use it."""
        return cls(handle_unknown="use_encoded_value", unknown_value=np.nan, max_categories=MAX_CODES)


class CategoryFrame(ColumnTransformer):  # type: ignore[misc]
    """Prepare sets of columns, and return a frame in which columns of whole words are categories."""

    def fit_transform(self, X: pd.DataFrame, y: Any = None, **params: Any) -> pd.DataFrame:
        """Fit every step, and return the rows as they are prepared."""
        return self._framed(super().fit_transform(X, y, **params))

    def transform(self, X: pd.DataFrame, **params: Any) -> pd.DataFrame:
        """Return the rows as they are prepared."""
        return self._framed(super().transform(X, **params))

    def _framed(self, values: NDArray[np.float64]) -> pd.DataFrame:
        frame = pd.DataFrame(values)
        for name, step, _ in self.transformers_:
            if isinstance(step, WholeWords):
                for place in range(*self.output_indices_[name].indices(frame.shape[1])):
                    codes = np.nan_to_num(values[:, place], nan=-1).astype(np.int32)
                    frame.isetitem(place, pd.Categorical.from_codes(codes, categories=CODES))
        return frame
