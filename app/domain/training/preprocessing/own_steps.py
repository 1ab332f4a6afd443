"""Pipeline steps of our own, fitted inside a fold, where scikit-learn has none that fits.

All of them take what a fold may bring: a column without a value, a constant one, a word or a size that was never seen.
What cannot be computed counts as missing, and is filled in by the step that fills.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.impute import KNNImputer
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.preprocessing import PowerTransformer, TargetEncoder

from app.domain.training.preprocessing.preparation import MISSING_WORD


class OffsetLogarithm(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """The natural logarithm of the value plus an offset; NaN where that is not above 0."""

    def __init__(self, offset: float = 1.0) -> None:
        self.offset = offset

    def fit(self, X: Any, y: Any = None) -> OffsetLogarithm:
        """Learn nothing from `X`, shape (rows, columns), but its width."""
        self.n_features_in_ = np.shape(X)[1]
        return self

    def transform(self, X: Any) -> Any:
        """Return ln(X + offset)."""
        values = np.asarray(X, dtype=float) + self.offset
        return np.log(np.where(values > 0, values, np.nan))


class PowerColumns(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Box-Cox or Yeo-Johnson, then mean 0 and deviation 1; columns with fewer than two values stay as they are.

    References
    ----------
    Box, G. E. P. and Cox, D. R. (1964), An analysis of transformations, J. R. Stat. Soc. B 26, 211-252.
    Yeo, I.-K. and Johnson, R. A. (2000), A new family of power transformations to improve normality or symmetry,
    Biometrika 87, 954-959.
    """

    def __init__(self, method: str = "yeo-johnson") -> None:
        self.method = method

    def fit(self, X: Any, y: Any = None) -> PowerColumns:
        """Find the power of each column of `X`, shape (rows, columns), by maximum likelihood."""
        values = self._allowed(X)
        self.n_features_in_ = values.shape[1]
        self.able_ = np.array([len(np.unique(column[~np.isnan(column)])) > 1 for column in values.T], dtype=bool)
        self.power_ = PowerTransformer(method=self.method).fit(values[:, self.able_]) if self.able_.any() else None
        return self

    def transform(self, X: Any) -> Any:
        """Return the transformed columns, NaN where the power has no value."""
        values = self._allowed(X)
        if self.power_ is not None:
            # A value far outside of what was learned from may have no finite power; it counts as missing.
            with np.errstate(all="ignore"):
                values[:, self.able_] = self.power_.transform(values[:, self.able_])
        values[~np.isfinite(values)] = np.nan
        return values

    def _allowed(self, X: Any) -> Any:
        values = np.array(X, dtype=float)
        if self.method == "box-cox":
            values[values <= 0] = np.nan
        return values


class MissingMarks(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """One column of zeros and ones for each column: 1 where the value is missing."""

    def fit(self, X: Any, y: Any = None) -> MissingMarks:
        """Learn nothing from `X`, shape (rows, columns), but its width."""
        self.n_features_in_ = np.shape(X)[1]
        return self

    def transform(self, X: Any) -> Any:
        """Return the marks; in columns of words, a word of its own stands for what is missing."""
        values = np.asarray(X)
        missing = np.isnan(values.astype(float)) if values.dtype != object else values == MISSING_WORD
        return missing.astype(float)


class CommonestWord(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """What is missing becomes the commonest word of the training rows, of equally common ones the first by alphabet."""

    def fit(self, X: Any, y: Any = None) -> CommonestWord:
        """Count the words of each column of `X`, shape (rows, columns)."""
        values = np.asarray(X, dtype=object)
        self.n_features_in_ = values.shape[1]
        self.words_ = [self._commonest(column) for column in values.T]
        return self

    @staticmethod
    def _commonest(column: Any) -> str:
        words, counts = np.unique([word for word in column if word != MISSING_WORD], return_counts=True)
        return str(words[np.argmax(counts)]) if len(words) else MISSING_WORD

    def transform(self, X: Any) -> Any:
        """Return the words without a gap."""
        values = np.array(X, dtype=object)
        for index, word in enumerate(self.words_):
            values[values[:, index] == MISSING_WORD, index] = word
        return values


class NearestRows(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Fill the first `filled` columns from the training rows that are most alike in all columns.

    Distances are measured between standardised values, over the columns that both rows have.

    References
    ----------
    Troyanskaya, O. et al. (2001), Missing value estimation methods for DNA microarrays, Bioinformatics 17, 520-525.
    """

    def __init__(self, filled: int = 1, neighbours: int = 5) -> None:
        self.filled = filled
        self.neighbours = neighbours

    def fit(self, X: Any, y: Any = None) -> NearestRows:
        """Keep the rows of `X`, shape (rows, columns), standardised."""
        values = np.asarray(X, dtype=float)
        self.n_features_in_ = values.shape[1]
        known = np.where(np.isnan(values), 0.0, 1.0)
        count = np.maximum(known.sum(axis=0), 1.0)
        self.mean_ = np.nansum(values, axis=0) / count
        spread = np.sqrt(np.nansum((values - self.mean_) ** 2, axis=0) / count)
        self.spread_ = np.where(spread > 0, spread, 1.0)
        self.rows_ = KNNImputer(n_neighbors=self.neighbours, keep_empty_features=True).fit(self._standard(values))
        return self

    def _standard(self, values: Any) -> Any:
        return (values - self.mean_) / self.spread_

    def transform(self, X: Any) -> Any:
        """Return the first `filled` columns without a gap."""
        values = np.asarray(X, dtype=float)
        filled = values[:, : self.filled].copy()
        # Distances are measured for rows with a gap in these columns only: they are what takes the time.
        holed = np.isnan(filled).any(axis=1)
        if holed.any():
            full = self.rows_.transform(self._standard(values[holed])) * self.spread_ + self.mean_
            filled[holed] = np.where(np.isnan(filled[holed]), full[:, : self.filled], filled[holed])
        return filled


class TargetMeans(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Each word becomes the mean target of its rows, cross-fitted: no training row enters the mean that it gets.

    Where few rows have a word, its mean is drawn towards the mean of all rows by an empirical Bayes estimate. With more
    than two classes there is a column for each of them.

    References
    ----------
    Micci-Barreca, D. (2001), A preprocessing scheme for high-cardinality categorical attributes in classification and
    prediction problems, ACM SIGKDD Explorations 3, 27-32.
    """

    def __init__(self, *, classes: bool = False, folds: int = 5, seed: int = 0) -> None:
        self.classes = classes
        self.folds = folds
        self.seed = seed

    def fit(self, X: Any, y: Any) -> TargetMeans:
        """Learn the mean of `y`, shape (rows,), for the words of each column of `X`, shape (rows, columns)."""
        self.encoder_ = self._encoder(y).fit(np.asarray(X, dtype=object), y)
        return self

    def fit_transform(self, X: Any, y: Any = None) -> Any:
        """Learn as `fit` does, but give each training row the mean of folds that it is not in."""
        self.encoder_ = self._encoder(y)
        return self.encoder_.fit_transform(np.asarray(X, dtype=object), y)

    def transform(self, X: Any) -> Any:
        """Return the learned means; a word that was never seen gets the mean of all rows."""
        return self.encoder_.transform(np.asarray(X, dtype=object))

    def _encoder(self, y: Any) -> Any:
        counts = np.unique(y, return_counts=True)[1] if self.classes else np.array([len(y)])
        rarest = int(counts.min())
        # Folds cannot hold a share each of a class that has fewer rows than there are folds.
        folds = max(2, min(self.folds, rarest))
        splitter = StratifiedKFold if self.classes and rarest >= 2 else KFold
        kind = "continuous" if not self.classes else "binary" if len(counts) == 2 else "multiclass"
        return TargetEncoder(target_type=kind, cv=splitter(folds, shuffle=True, random_state=self.seed))
