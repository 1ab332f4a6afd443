"""The pipeline fitted inside every fold: select columns, impute, encode, scale, estimate.

A column that recipes name is worked on by those in their order; what they leave open is done as for every other column.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from app.domain.estimators import registry
from app.domain.estimators.parameters import ParameterValues
from app.domain.estimators.shared import EVEN_DECISION
from app.domain.experiment import Spec
from app.domain.training.preprocessing.chains import Link, chains_of
from app.domain.training.preprocessing.preparation import TrainingTable
from app.domain.training.preprocessing.step_context import StepContext
from app.domain.vocabulary import Purpose

MAX_CATEGORIES = 50
# More columns make the distance between rows slower and tell little more about it.
MAX_COORDINATES = 50
Part = tuple[str, Any, list[str]]


@dataclass(frozen=True)
class FeatureColumns:
    """The columns that a pipeline prepares: those that hold numbers, and those that hold words."""

    numbers: tuple[str, ...]
    categories: tuple[str, ...]


def parameters_of(spec: Spec) -> ParameterValues:
    """Return every hyperparameter with its value: the config's, else the registry's default."""
    entry = registry.get(spec.model.estimator)
    values = dict(entry.defaults(spec.task.kind))
    for name, raw in spec.model.parameters.items():
        parameter = entry.parameter(name)
        if parameter is not None and name in values:
            values[name] = parameter.parse(raw)
    return ParameterValues(values)


def build_pipeline(spec: Spec, table: TrainingTable) -> Any:
    """Return an unfitted scikit-learn pipeline for this config and table."""
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import StandardScaler

    entry, values = registry.get(spec.model.estimator), parameters_of(spec)
    estimator = entry.build(spec.task.kind, values, spec.reproducibility.seed)
    if entry.scale_target and not spec.task.kind.is_classification:
        estimator = TransformedTargetRegressor(estimator, transformer=StandardScaler())
    needs = StepContext(
        scale=entry.scale,
        handles_missing=entry.handles_missing,
        classes=spec.task.kind.is_classification,
        seed=spec.reproducibility.seed,
        keeps_back=bool(values.get("early_stopping")),
        # A gap filler counts with what is prepared, which it cannot with categories.
        whole_words=entry.handles_categories and spec.task.purpose is not Purpose.FILL_GAPS,
    )
    steps = [("prepare", _preparing_step(spec, table, needs)), ("estimate", estimator)]
    if spec.task.purpose is Purpose.FILL_GAPS:
        from app.domain.training.gap_filling import build_gap_filler

        return build_gap_filler(spec, table, steps, learns=not entry.is_baseline, scale=entry.scale)
    if not spec.task.kind.is_classification:
        return Pipeline(steps)
    from app.domain.training.class_probabilities import ClassPipeline, evenness

    even = evenness(spec.metrics.primary) if values.get("class_weight") == EVEN_DECISION else 0.0
    return ClassPipeline(steps, classes=len(table.labels), even=even)


def columns_chosen(pipeline: Any) -> tuple[str, ...] | None:
    """Return the columns that a fitted pipeline chose by rules; None where it has no rules, or averages several."""
    return getattr(getattr(pipeline, "named_steps", {}).get("prepare"), "chosen_", None)


def _preparing_step(spec: Spec, table: TrainingTable, needs: StepContext) -> Any:
    """Return the step that prepares all columns, or chooses by the config's rules and prepares those."""
    every = FeatureColumns(table.numbers, table.categories)
    if not spec.features.selection:
        return _prepare_columns((*every.numbers, *every.categories), spec=spec, every=every, needs=needs)
    from app.domain.training.chosen_columns import ChosenColumns

    numbers = frozenset(table.numbers)
    return ChosenColumns(
        tuple(spec.features.selection),
        columns=tuple(dict.fromkeys(spec.features.selected)),
        numbers=numbers,
        classes=needs.classes,
        seed=needs.seed,
        build=partial(_prepare_columns, spec=spec, every=every, needs=needs),
        choices=table.choices,
    )


def _prepare_columns(names: tuple[str, ...], *, spec: Spec, every: FeatureColumns, needs: StepContext) -> Any:
    """Return the unfitted step that prepares these columns."""
    from sklearn.compose import ColumnTransformer

    wanted = set(names)
    columns = FeatureColumns(
        tuple(name for name in every.numbers if name in wanted),
        tuple(name for name in every.categories if name in wanted),
    )
    parts = list(_pipeline_parts(spec, columns, needs))
    if not needs.whole_words:
        return ColumnTransformer(parts, sparse_threshold=0)
    from app.domain.training.preprocessing.native_categories import CategoryFrame

    return CategoryFrame(parts, sparse_threshold=0)


def _pipeline_parts(spec: Spec, table: FeatureColumns, needs: StepContext) -> Iterator[Part]:
    """Return the steps for each set of columns that share a chain: numbers, then words."""
    from app.domain.training.preprocessing.fold_steps import MissingMarks

    chains = chains_of(spec.features.transforms)
    for title, names, build in (
        ("numbers", table.numbers, _number_chain),
        ("categories", table.categories, _category_chain),
    ):
        for index, (columns, links) in enumerate(_shared_steps(names, chains)):
            work = [link for link in links if link.entry.role != "mark"]
            marked = len(work) < len(links)
            name = title if not index and not links else f"{title} {index}"
            seen = [*columns, *_coordinate_columns(work, table, columns)]
            yield name, build(work, replace(needs, filled=len(columns), marked=marked)), seen
            if marked:
                yield f"{name} missing", MissingMarks(), columns


def _shared_steps(
    names: tuple[str, ...], chains: dict[str, tuple[Link, ...]]
) -> list[tuple[list[str], tuple[Link, ...]]]:
    groups: dict[tuple[Any, ...], tuple[list[str], tuple[Link, ...]]] = {}
    if any(name not in chains for name in names):
        groups[()] = ([], ())
    for name in names:
        links = chains.get(name, ())
        groups.setdefault(tuple(link.key for link in links), ([], links))[0].append(name)
    return list(groups.values())


def _coordinate_columns(work: list[Link], table: FeatureColumns, columns: list[str]) -> list[str]:
    if not any(link.entry.kind == "impute_nearest" for link in work):
        return []
    return [name for name in table.numbers if name not in columns][:MAX_COORDINATES]


def _number_chain(work: list[Link], needs: StepContext) -> Any:
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    from app.domain.training.preprocessing.empty_columns import MIN_KEPT_BACK, EmptyColumns
    from app.domain.training.preprocessing.fold_steps import step_of

    roles = {link.entry.role for link in work}
    fewest = MIN_KEPT_BACK if needs.keeps_back and needs.handles_missing else 1
    steps = [EmptyColumns(fewest), *(step_of(link, needs) for link in work)]
    if not needs.handles_missing:
        # What was filled may be missing again where a logarithm or a power has no value.
        mark = "fill" not in roles and not needs.marked
        steps.append(SimpleImputer(strategy="median", add_indicator=mark, keep_empty_features=bool(work)))
    if needs.scale and "scale" not in roles:
        steps.append(StandardScaler())
    return steps[0] if len(steps) == 1 else make_pipeline(*steps)


def _category_chain(work: list[Link], needs: StepContext) -> Any:
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    from app.domain.training.preprocessing.fold_steps import one_hot, step_of

    needs = replace(needs, words=True)
    encoders = {link.entry.kind for link in work if link.entry.role == "encode"}
    steps = [step_of(link, needs) for link in work]
    if not encoders and needs.whole_words and not work:
        from app.domain.training.preprocessing.native_categories import WholeWords

        return WholeWords.usual()
    if not encoders:
        steps.append(one_hot(MAX_CATEGORIES))
    elif "one_hot" not in encoders:
        if not needs.handles_missing:
            steps.append(SimpleImputer(strategy="median", keep_empty_features=True))
        if needs.scale and not any(link.entry.role == "scale" for link in work):
            steps.append(StandardScaler())
    return steps[0] if len(steps) == 1 else make_pipeline(*steps)
