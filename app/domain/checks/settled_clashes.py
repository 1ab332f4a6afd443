"""Conflicts that never occur because each fold resolves them; the page of conflicts lists them too."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SettledClash:
    """What would clash, and is settled inside every fold without asking."""

    id: str
    between: str
    fails: str
    settled: str


SETTLED = (
    SettledClash(
        "scaling",
        "Scaling and estimator",
        "Lets the feature with the largest unit outweigh all others in distances and penalties.",
        "Numbers are standardised inside each fold for the estimators that need it.",
    ),
    SettledClash(
        "missing",
        "Missing values and estimator",
        "Raises: the input contains NaN.",
        "The median of the training rows and a mark stand in, where the estimator cannot take missing values.",
    ),
    SettledClash(
        "words",
        "Words and estimator",
        "Raises: a text cannot be made a number, or a category was not seen in training.",
        "Words become columns of zeros and ones inside each fold; unseen ones count as rare.",
    ),
)
