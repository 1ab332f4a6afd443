"""The pipeline that is fitted anew inside every fold: impute, encode, scale, estimate."""

from __future__ import annotations

from typing import Any

from app.domain.estimators import registry
from app.domain.experiment import Spec
from app.domain.training.preparation import Table

MOST_CATEGORIES = 50


def parameters_of(spec: Spec) -> dict[str, Any]:
    """Return every hyperparameter with its value: the config's, else the registry's default."""
    entry = registry.get(spec.model.estimator)
    values = entry.defaults(spec.task.kind)
    for name, raw in spec.model.parameters.items():
        parameter = entry.parameter(name)
        if parameter is not None and name in values:
            values[name] = parameter.parse(raw)
    return values


def build_pipeline(spec: Spec, table: Table) -> Any:
    """Return an unfitted scikit-learn pipeline for this config and table."""
    from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import StandardScaler

    entry = registry.get(spec.model.estimator)
    estimator = entry.build(spec.task.kind, parameters_of(spec), spec.reproducibility.seed)
    if entry.scale_target and not spec.task.kind.is_classification:
        estimator = TransformedTargetRegressor(estimator, transformer=StandardScaler())
    parts: list[tuple[str, Any, list[str]]] = []
    if table.numbers:
        numbers = _numbers(scale=entry.scale, handles_missing=entry.handles_missing)
        parts.append(("numbers", numbers, list(table.numbers)))
    if table.categories:
        parts.append(("categories", _categories(), list(table.categories)))
    return Pipeline([("prepare", ColumnTransformer(parts, sparse_threshold=0)), ("estimate", estimator)])


def _numbers(*, scale: bool, handles_missing: bool) -> Any:
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    from app.domain.training.empty_columns import EmptyColumns

    if handles_missing:
        return EmptyColumns()
    impute = SimpleImputer(strategy="median", add_indicator=True)
    return make_pipeline(EmptyColumns(), impute, *([StandardScaler()] if scale else []))


def _categories() -> Any:
    from sklearn.preprocessing import OneHotEncoder

    return OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=MOST_CATEGORIES, sparse_output=False)
