"""Association of derived features with the target, on the same rows as for measured columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from app.domain.analysis.associations.association import associate
from app.domain.analysis.associations.ranking import RankedColumn, rank_columns
from app.domain.analysis.profiling.profile import Association, DatasetProfile
from app.domain.experiment import (
    MOST_RECIPES,
    DataPart,
    FeaturesPart,
    MetricsPart,
    ModelPart,
    Spec,
    TaskPart,
    TransformPart,
    ValidationPart,
)
from app.domain.training.preprocessing.preparation import prepare
from app.domain.training.preprocessing.previewing import Spread, spread_of
from app.domain.training.preprocessing.transforms import derived_names, readable_recipes
from app.domain.vocabulary import ColumnKind, SplitStrategy

# Rows on which derived columns are measured, evenly spaced; the columns themselves are derived on all rows first.
MAX_MEASURED_ROWS = 10_000
MAX_BLOCK_COLUMNS = 25
SEED = 42


@dataclass(frozen=True)
class DerivedMeasure:
    """One derived feature: its association with the target, the information it has, and its spread."""

    association: Association
    ranked: RankedColumn
    spread: Spread

    @property
    def name(self) -> str:
        """Return its name."""
        return self.ranked.name


def recipe_key(part: TransformPart) -> tuple[str, tuple[str, ...], str]:
    """Return a key that is the same for equal recipes, whether or not their defaults are written down."""
    known = next((dict(parameters) for _, _, parameters in readable_recipes([part])), dict(part.parameters))
    return part.kind, tuple(part.columns), repr(sorted(known.items()))


def recipes_to_measure(suggested: Iterable[TransformPart], used: Iterable[TransformPart]) -> list[TransformPart]:
    """Return the recipes whose columns are measured: the suggested ones, used or not, and then all others in use.

    A recipe may work on what an earlier one derives, so the order within each list stays. What is done within a fold
    derives no column before the rows are split.
    """
    transforms: dict[tuple[str, tuple[str, ...], str], TransformPart] = {}
    for part, entry, _ in readable_recipes([*suggested, *used]):
        if entry.place == "before":
            transforms.setdefault(recipe_key(part), part)
    return list(transforms.values())[:MOST_RECIPES]


def column_origins(spec: Spec) -> dict[str, str]:
    """Return of each derived column by which recipes it is made of which columns, in words that are its alone.

    A column is made alike whatever else its recipe works on, unless the recipe works on all of its columns together.
    """
    origins: dict[str, str] = {}
    for part, entry, values in readable_recipes(spec.features.transforms):
        groups = [list(part.columns)] if entry.roles or not entry.needs_columns else [[name] for name in part.columns]
        for columns in groups:
            origin = repr((part.kind, [origins.get(name, name) for name in columns], sorted(values.items())))
            single = part.model_copy(update={"columns": columns})
            for name in derived_names(single, time_column=spec.task.time_column):
                origins.setdefault(name, origin)
    return origins


def measured_spec(data: DataPart, task: TaskPart, recipes: Sequence[TransformPart]) -> Spec:
    """Return a config with nothing but what decides about the derived columns: two equal ones derive the same."""
    return Spec(
        data=data,
        task=task,
        features=FeaturesPart(selected=[task.target], transforms=list(recipes)),
        model=ModelPart(estimator="dummy"),
        validation=ValidationPart(strategy=SplitStrategy.K_FOLD),
        metrics=MetricsPart(primary="accuracy" if task.kind.is_classification else "rmse"),
    )


def derived_rows(spec: Spec, frame: pd.DataFrame, profile: DatasetProfile) -> pd.DataFrame:
    """Return the derived columns and the target, in the order of time.

    Parameters
    ----------
    spec
        A config of `measured_spec`.
    frame, profile
        Rows that may be looked at, with at least the columns that the config reads, and what is known of the dataset.
        What is derived for a row is found among these rows alone.

    Returns
    -------
    pandas.DataFrame
        At most 10,000 of the rows that have a target, evenly spaced; the target is the last column.

    Raises
    ------
    TrainingError
        With a sentence, where a recipe cannot be followed.
    """
    table = prepare(spec, frame, profile)
    places = np.arange(len(table.target))
    if len(places) > MAX_MEASURED_ROWS:
        places = np.linspace(0, len(places) - 1, MAX_MEASURED_ROWS).astype(int)
    rows = table.features[list(table.derived)].iloc[places].reset_index(drop=True)
    return rows.assign(**{spec.task.target: table.target[places]})


def measure_derived(rows: pd.DataFrame, spec: Spec, names: Sequence[str]) -> Iterator[list[DerivedMeasure]]:
    """Yield the measures of derived columns, block by block.

    Parameters
    ----------
    rows, spec
        What `derived_rows` gave, and the config it was given.
    names
        Which of its columns are measured.
    """
    target = spec.task.target
    classes = spec.task.kind.is_classification
    for start in range(0, len(names), MAX_BLOCK_COLUMNS):
        block = list(names[start : start + MAX_BLOCK_COLUMNS])
        kinds = dict.fromkeys(block, ColumnKind.NUMERIC)
        kinds[target] = ColumnKind.CATEGORICAL if classes else ColumnKind.NUMERIC
        some = rows[[*block, target]]
        result = {item.column: item for item in associate(some, target, kinds, columns=list(block)).items}
        ranked = rank_columns(some, target, kinds, seed=SEED)
        yield [
            DerivedMeasure(result[column.name], column, spread_of(some[column.name], column.name)) for column in ranked
        ]
