"""The pipeline step that selects columns by rules inside each fold and prepares them."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin

from app.domain.experiment import SelectionPart
from app.domain.training.preprocessing.preparation import MISSING_WORD
from app.domain.training.selection import Candidates, choose

Choices = dict[bytes, tuple[str, ...]]


class ChosenColumns(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Choose columns by rules on the rows that are fitted, and prepare these alone.

    Parameters
    ----------
    rules
        What is applied, in order.
    columns
        The columns that rules choose among, in the order of the config; all others stay.
    numbers
        Which of them hold numbers.
    classes, seed
        Whether the target holds classes, and what random draws take where a rule says nothing else.
    build
        Returns the unfitted step that prepares the columns whose names it is given.
    choices
        Choices by the rows that they were made on: the trials of a search fit the same rows many times.
    """

    def __init__(
        self,
        rules: tuple[SelectionPart, ...] = (),
        *,
        columns: tuple[str, ...] = (),
        numbers: frozenset[str] = frozenset(),
        classes: bool = False,
        seed: int = 0,
        build: Any = None,
        choices: Choices | None = None,
    ) -> None:
        self.rules = rules
        self.columns = columns
        self.numbers = numbers
        self.classes = classes
        self.seed = seed
        self.build = build
        self.choices = choices

    def fit(self, X: pd.DataFrame, y: Any) -> ChosenColumns:
        """Choose, and fit the step that prepares what was chosen."""
        self._choose(X, y)
        self.step_.fit(X, y)
        return self

    def fit_transform(self, X: pd.DataFrame, y: Any = None) -> Any:
        """Choose, and return what was chosen as the step prepares it for the rows it learns from."""
        self._choose(X, y)
        return self.step_.fit_transform(X, y)

    def transform(self, X: pd.DataFrame) -> Any:
        """Return the chosen columns, prepared."""
        return self.step_.transform(X)

    def _choose(self, X: pd.DataFrame, y: Any) -> None:
        self.chosen_ = self._remembered(X, np.asarray(y))
        gone = set(self.columns) - set(self.chosen_)
        self.step_ = self.build(tuple(str(name) for name in X.columns if name not in gone))

    def _remembered(self, X: pd.DataFrame, y: NDArray[Any]) -> tuple[str, ...]:
        # The index holds the places of the rows in the table, which has one target; so the rows tell choices apart.
        named = repr(self.rules).encode() + X.index.to_numpy().tobytes()
        rows = hashlib.blake2b(named, digest_size=16).digest()
        current_values = None if self.choices is None else self.choices.get(rows)
        if current_values is not None:
            return current_values
        frame = X[list(self.columns)]
        words = [name for name in self.columns if name not in self.numbers]
        if words:
            frame = frame.assign(**{name: frame[name].where(frame[name] != MISSING_WORD, None) for name in words})
        chosen = choose(self.rules, Candidates(frame, y, self.numbers, self.classes, self.seed))
        if self.choices is not None:
            self.choices[rows] = chosen
        return chosen
