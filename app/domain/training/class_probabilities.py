"""The pipeline of classifiers: smoothed class probabilities, and the decision made from them.

scikit-learn is imported here, so that whoever builds a pipeline imports this module and nobody else does.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline
from sklearn.utils.metaestimators import available_if

from app.domain.training.validation.scoring import decision_scores

Floats = NDArray[np.float64]


def smooth(shares: Floats, rows: int) -> Floats:
    """Return probabilities of which none is zero: each class counts as if it had been seen once more.

    Trees and neighbours say zero where none of the few rows they ask had a class; so many rows cannot show that, and
    one such row that has it after all ruins a logarithmic loss. This is the rule of succession on all training rows;
    the order of the classes stays, so no decision changes.

    Parameters
    ----------
    shares
        What an estimator says, shape (rows asked, classes).
    rows
        How many rows it was trained on.

    References
    ----------
    Provost, F. and Domingos, P. (2003), Tree induction for probability-based ranking, Machine Learning 52, 199-215,
    for the Laplace estimate in place of a share. They use it in each leaf; on the shared tables that was no better.
    """
    return np.asarray((rows * shares + 1.0) / (rows + shares.shape[1]), dtype=np.float64)


def evenness(metric: str) -> float:
    """Return how far a decision favours rare classes for a metric, as the power of their shares that divides.

    The mean recall of all classes is largest where each weighs the same. The best threshold of F1 lies at half of the
    best F1 (Lipton, Elkan & Naryanaswamy 2014, Optimal thresholding of classifiers to maximize F1 measure, ECML), thus
    between the two: on twelve uneven tables the root was a little better for F1 and for the Matthews correlation than
    either, by 0.003 to 0.004.

    Parameters
    ----------
    metric
        The primary metric.
    """
    return 0.5 if metric in ("f1", "f1_macro", "matthews_corrcoef") else 1.0


def _gives(name: str) -> Any:
    return available_if(lambda pipeline: hasattr(pipeline.named_steps["estimate"], name))


class ClassPipeline(Pipeline):  # type: ignore[misc]
    """A pipeline for classes, which knows of all of them, also of those that its training rows lack.

    Parameters
    ----------
    steps
        "prepare" and "estimate", as in every pipeline of a fold.
    classes
        How many classes the target has; their codes count from 0 on.
    even
        How far rare classes are favoured in a decision: probabilities are divided by this power of the shares of the
        classes among the training rows. 0 favours none, and with 1 all weigh the same.
    """

    def __init__(self, steps: Any, *, classes: int = 2, even: float = 0.0) -> None:
        super().__init__(steps)
        self.classes = classes
        self.even = even

    def fit(self, X: Any, y: Any = None, **params: Any) -> ClassPipeline:
        """Fit every step, and count the classes."""
        super().fit(X, y, **params)
        self.counts_ = np.bincount(np.asarray(y, dtype=np.intp), minlength=self.classes)
        return self

    @property
    def classes_(self) -> NDArray[np.intp]:
        """Return the codes of all classes."""
        return np.arange(self.classes)

    @property
    def class_shares_(self) -> Floats | None:
        """Return that by which a decision divides, shape (classes,); None where the likeliest class decides."""
        return np.asarray((self.counts_ / self.counts_.sum()) ** self.even, dtype=np.float64) if self.even else None

    @_gives("predict_proba")  # type: ignore[untyped-decorator]
    def predict_proba(self, X: Any, **params: Any) -> Floats:
        """Return the probabilities of all classes, shape (rows, classes); none is zero."""
        shares = np.zeros((len(X), self.classes))
        shares[:, self._known()] = super().predict_proba(X, **params)
        return smooth(shares, int(self.counts_.sum()))

    @_gives("decision_function")  # type: ignore[untyped-decorator]
    def decision_function(self, X: Any, **params: Any) -> Floats:
        """Return a score for each class, shape (rows, classes); one that was never seen comes last."""
        raw = np.asarray(super().decision_function(X, **params))
        if raw.ndim == 1:
            raw = np.column_stack([-raw, raw])
        scores = np.full((len(raw), self.classes), float(raw.min()) - 1)
        scores[:, self._known()] = raw
        return scores

    def predict(self, X: Any, **params: Any) -> NDArray[np.intp]:
        """Return the code of a class for each row."""
        shares = self.class_shares_
        if shares is None:
            return np.asarray(super().predict(X, **params))
        return np.asarray(np.argmax(decision_scores(self.predict_proba(X), shares), axis=1))

    def _known(self) -> NDArray[np.intp]:
        return np.asarray(self.named_steps["estimate"].classes_, dtype=np.intp)
