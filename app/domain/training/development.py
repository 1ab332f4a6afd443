"""The hold-out rule: which rows are held out, known before anything is measured or trained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from app.domain.analysis.profiling.profile import DatasetProfile
from app.domain.errors import TrainingError
from app.domain.experiment import FeaturesPart, MetricsPart, ModelPart, ReproducibilityPart, Spec
from app.domain.json_values import JsonObject
from app.domain.training.preprocessing.preparation import columns_read, prepare
from app.domain.training.tuning.inner_folds import facts_of
from app.domain.training.validation.splitting import get, held_out_rows
from app.domain.vocabulary import SplitStrategy


@dataclass(frozen=True)
class HoldoutRule:
    """What decides which rows are held out: a config without anything that does not.

    Two configs with equal rules hold out the same rows of a dataset.
    """

    spec: Spec

    @staticmethod
    def of(spec: Spec) -> HoldoutRule | None:
        """Return the rule of a config; None where it holds nothing out."""
        strategy, validation = spec.validation.strategy, spec.validation
        if strategy is not SplitStrategy.HOLDOUT and validation.holdout is None:
            return None
        both = strategy is SplitStrategy.GROUP_TIME_SERIES
        grouped = get(strategy).holds_out_groups(validation.holdout)
        parameters: dict[str, Any] = {}
        if strategy is SplitStrategy.HOLDOUT:
            default = get(strategy).defaults()["percent"]
            parameters, holdout = {"percent": validation.parameters.get("percent", default)}, None
        else:
            strategy = strategy if both else SplitStrategy.GROUP_K_FOLD if grouped else SplitStrategy.K_FOLD
            holdout = validation.holdout
        # The order of time decides alone, so that another seed changes nothing there.
        drawn = grouped or spec.task.time_column is None
        # What the model is for decides no row, and groups do so where they are drawn or have a warm-up of their own.
        task: JsonObject = {"purpose": None, "horizon": None, "drivers_known_ahead": None}
        task |= {} if grouped or validation.warm_up else {"group_column": None}
        return HoldoutRule(
            Spec(
                task=spec.task.model_copy(update=task),
                features=FeaturesPart(selected=[spec.task.target]),
                model=ModelPart(estimator="dummy"),
                validation=validation.model_copy(
                    update={"strategy": strategy, "parameters": parameters, "holdout": holdout}
                ),
                metrics=MetricsPart(primary="accuracy" if spec.task.kind.is_classification else "rmse"),
                reproducibility=spec.reproducibility if drawn else ReproducibilityPart(),
            )
        )

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return self.spec.to_json()

    @staticmethod
    def from_json(values: Mapping[str, Any]) -> HoldoutRule:
        """Build from what `to_json` gave."""
        return HoldoutRule(Spec.model_validate(values))

    def columns(self, profile: DatasetProfile) -> list[str]:
        """Return the columns that decide."""
        return columns_read(self.spec, profile)

    def development(self, frame: pd.DataFrame, profile: DatasetProfile) -> NDArray[np.bool_]:
        """Return for each row of the file, shape (rows,), whether it may be looked at: it is not held out.

        Where the rows cannot be divided no launch is possible, and nothing is held out.
        """
        kept = np.ones(len(frame), dtype=np.bool_)
        try:
            table = prepare(self.spec, frame, profile)
            current_values = held_out_rows(self.spec, facts_of(table))
        except TrainingError:
            return kept
        if current_values is not None:
            kept[table.rows[current_values] - 1] = False
        return kept
