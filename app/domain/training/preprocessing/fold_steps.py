"""The scikit-learn step of each recipe that is carried out within a fold."""

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
    "log": lambda said, _: OffsetLogarithm(said["offset"]),
    "box_cox": lambda _said, _: PowerColumns("box-cox"),
    "yeo_johnson": lambda _said, _: PowerColumns("yeo-johnson"),
    "scale_standard": lambda _said, _: StandardScaler(),
    "scale_robust": lambda _said, _: RobustScaler(),
    "scale_min_max": lambda _said, _: MinMaxScaler(),
    "impute_median": lambda _said, _: SimpleImputer(strategy="median", keep_empty_features=True),
    "impute_most_frequent": lambda _said, needs: _most_frequent_step(needs),
    "impute_nearest": lambda said, needs: NearestRows(needs.filled, said["neighbours"]),
    "missing_indicator": lambda _said, _: MissingMarks(),
    "one_hot": lambda said, _: one_hot(said["most"]),
    "ordinal": lambda _said, _: OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
    "target_encoding": lambda said, needs: TargetMeans(classes=needs.classes, folds=said["folds"], seed=needs.seed),
}


def step_of(link: Link, needs: StepContext) -> Any:
    """Return the unfitted step of one recipe."""
    return BUILDERS[link.entry.kind](link.parameters, needs)
