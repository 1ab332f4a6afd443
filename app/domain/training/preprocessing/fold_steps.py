"""The scikit-learn step for each recipe that is fitted inside a fold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sklearn.impute import SimpleImputer
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, OrdinalEncoder, RobustScaler, StandardScaler

from app.domain.training.preprocessing.chains import Link
from app.domain.training.preprocessing.own_steps import (
    CommonestWord,
    MissingMarks,
    NearestRows,
    OffsetLogarithm,
    PowerColumns,
    TargetMeans,
)
from app.domain.training.preprocessing.recipe_parameters import RecipeValues
from app.domain.training.preprocessing.step_context import StepContext

__all__ = ["BUILDERS", "MissingMarks", "one_hot", "step_of"]


def one_hot(most: int) -> Any:
    """Return the encoder that gives each of the commonest words a column, and rare and unseen ones a common column."""
    return OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=most, sparse_output=False)


def _most_frequent_step(needs: StepContext) -> Any:
    return CommonestWord() if needs.words else SimpleImputer(strategy="most_frequent", keep_empty_features=True)


BUILDERS: dict[str, Callable[[RecipeValues, StepContext], Any]] = {
    "log": lambda values, _: OffsetLogarithm(values["offset"]),
    "box_cox": lambda _values, _: PowerColumns("box-cox"),
    "yeo_johnson": lambda _values, _: PowerColumns("yeo-johnson"),
    "scale_standard": lambda _values, _: StandardScaler(),
    "scale_robust": lambda _values, _: RobustScaler(),
    "scale_min_max": lambda _values, _: MinMaxScaler(),
    "impute_median": lambda _values, _: SimpleImputer(strategy="median", keep_empty_features=True),
    "impute_most_frequent": lambda _values, needs: _most_frequent_step(needs),
    "impute_nearest": lambda values, needs: NearestRows(needs.filled, values["neighbours"]),
    "missing_indicator": lambda _values, _: MissingMarks(),
    "one_hot": lambda values, _: one_hot(values["most"]),
    "ordinal": lambda _values, _: OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
    "target_encoding": lambda values, needs: TargetMeans(classes=needs.classes, folds=values["folds"], seed=needs.seed),
}


def step_of(link: Link, needs: StepContext) -> Any:
    """Return the unfitted step of one recipe."""
    return BUILDERS[link.entry.kind](link.parameters, needs)
