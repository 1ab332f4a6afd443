"""Random answers over the registries' own bounds, by a seed: whatever a person could set, on any dataset."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from app.domain.analysis.profiling.profile import ColumnProfile, DatasetProfile
from app.domain.estimators import registry
from app.domain.estimators.parameters import Parameter
from app.domain.experiment import Draft
from app.domain.recommendation.propose import make_plan
from app.domain.recommendation.tuning import PRUNING, SAMPLER, form_value
from app.domain.training.preprocessing.transforms import TRANSFORMS
from app.domain.training.tuning.search_space import suggest_range
from app.domain.training.validation import metrics, splitting
from app.domain.vocabulary import ColumnKind, TaskKind
from tests.domain.reading import MACHINE

# What only makes a fit longer is kept small, so that a thousand configs can be tried in an hour.
SIZES = {"n_estimators": 40, "max_iter": 150, "width": 30, "layers": 2, "n_restarts_optimizer": 1, "n_splits": 8}
SIZES |= {"n_repeats": 3}
# An edited search is often refused, so that of the configs that can be launched one in twelve searches.
SEARCHES, TRIALS, INNER = 0.1, (2, 3), (2, 3)
Answers = dict[str, dict[str, Any]]


class AnyConfig:
    """Draws answers for one dataset."""

    def __init__(self, profile: DatasetProfile, seed: int) -> None:
        self.profile, self.random = profile, np.random.default_rng(seed)
        # Searches have a stream of their own, so that a seed without one is the config that it was before.
        self._of_search = np.random.default_rng([seed, 1])
        self._of_dates = np.random.default_rng([seed, 2])

    def answers(self) -> Answers:
        """Return answers to all five steps; what is left out is suggested."""
        data = self._data()
        known = make_plan(Draft({"data": data}), self.profile, None, machine=MACHINE).spec
        task = known.task.kind if known is not None and self._chance(0.9) else self._one(list(TaskKind))
        results = {
            "data": data,
            "features": self._features(),
            "model": self._model(task),
            "validation": self._validation(task),
        }
        own, self.random = self.random, self._of_search
        results["model"] |= self._search(task, str(results["model"]["estimator"])) if self._chance(SEARCHES) else {}
        self.random = self._of_dates
        results["validation"] |= self._dates()
        self.random = own
        return results

    def _dates(self) -> dict[str, Any]:
        results: dict[str, Any] = {}
        ends = [
            (str(column.minimum)[:10], str(column.maximum)[:10])
            for column in self.profile.columns
            if column.kind is ColumnKind.DATETIME
        ]
        if ends and self._chance(0.3):
            first, last = (np.datetime64(day) for day in self._one(ends))
            days = int((last - first).astype(int))
            results["holdout_by"] = self._one(["date", "date", "water_year"])
            results["holdout_from"] = str(first + int(self.random.integers(-days // 10, days + days // 10 + 1)))
            if self._chance(0.3):
                results["holdout_to"] = str(first + int(self.random.integers(days // 2, days + days // 10 + 1)))
        if self._chance(0.2):
            results["warm_up"] = int(self.random.integers(0, 40))
        return results

    def _chance(self, share: float) -> bool:
        return bool(self.random.random() < share)

    def _one(self, items: Any) -> Any:
        return items[int(self.random.integers(len(items)))]

    def _data(self) -> dict[str, Any]:
        names = [column.name for column in self.profile.columns]
        results: dict[str, Any] = {}
        if self._chance(0.6):
            results["target"] = self._one(names)
        if self._chance(0.15):
            results["task_kind"] = self._one(list(TaskKind)).value
        for field in ("time_column", "group_column"):
            if self._chance(0.4):
                results[field] = self._one(["", *names])
        return results

    def _features(self) -> dict[str, Any]:
        columns = self.profile.columns
        results: dict[str, Any] = {f"column.{column.key}": self._chance(0.6) for column in columns if self._chance(0.2)}
        if self._chance(0.3):
            results["transforms"] = [self._recipe() for _ in range(int(self.random.integers(0, 3)))]
        return results

    def _recipe(self) -> dict[str, Any]:
        entry = self._one(TRANSFORMS)
        amounts: dict[str, Any] = {
            "steps": [int(step) for step in self.random.integers(1, 15, size=2)],
            "window": int(self.random.integers(2, 31)),
        }
        fitting = [column.name for column in self.profile.columns if entry.takes == "any" or _fits(entry.takes, column)]
        columns = [self._one(fitting)] if fitting and entry.takes != "none" else []
        parameters = {
            parameter.name: amounts[parameter.name] for parameter in entry.parameters if parameter.name in amounts
        }
        return {"kind": entry.kind, "columns": columns, "parameters": parameters}

    def _model(self, task: TaskKind) -> dict[str, Any]:
        entry = self._one(registry.estimators_for_task(task) if self._chance(0.8) else registry.ESTIMATORS)
        results = {f"{entry.id}.{item.name}": self._value(item) for item in entry.parameters if self._chance(0.35)}
        for parameter in entry.parameters:
            if parameter.name in SIZES:
                results[f"{entry.id}.{parameter.name}"] = self._value(parameter)
        return {"estimator": entry.id, **results}

    def _value(self, parameter: Parameter) -> Any:
        if parameter.type == "boolean":
            return self._chance(0.5)
        if parameter.type == "choice":
            return self._one([value for value, _ in parameter.choices])
        if parameter.optional and self._chance(0.3):
            return None
        low, high = parameter.low or 0.0, parameter.high or 1e6
        high = max(low, min(high, SIZES.get(parameter.name, high)))
        if parameter.scale == "log" or high > 1000 * max(low, 1):
            drawn = float(np.exp(self.random.uniform(np.log(max(low, high * 1e-9)), np.log(high))))
        else:
            drawn = float(self.random.uniform(low, high))
        return round(drawn) if parameter.type == "integer" else drawn

    def _search(self, task: TaskKind, estimator: str) -> dict[str, Any]:
        results: dict[str, Any] = {
            "tuning.enabled": True,
            "tuning.trials": self._one(TRIALS),
            "tuning.inner": self._one(INNER),
            "tuning.sampler": self._one(SAMPLER.choices)[0],
            "tuning.pruning": self._one(PRUNING.choices)[0],
        }
        if self._chance(0.3):
            results["tuning.metric"] = self._one(metrics.metrics_for_task(task)).id
        if self._chance(0.5):
            for parameter in registry.get(estimator).parameters_for(task):
                results |= self._looked_for(f"space.{estimator}.{parameter.name}", parameter)
        return results

    def _looked_for(self, field: str, parameter: Parameter) -> dict[str, Any]:
        if not self._chance(0.5):
            return {}
        if not self._chance(0.7):
            return {f"{field}.search": False}
        choices = [form_value(choice) for choice in suggest_range(parameter, parameter.default).choices]
        if choices:
            return {f"{field}.search": True, f"{field}.choices": [text for text in choices if self._chance(0.7)]}
        ends = [self._value(replace(parameter, optional=False)) for _ in range(2)]
        scale = self._one(["linear", "log"]) if min(ends) > 0 or self._chance(0.1) else "linear"
        return {f"{field}.search": True, f"{field}.low": min(ends), f"{field}.high": max(ends), f"{field}.scale": scale}

    def _validation(self, task: TaskKind) -> dict[str, Any]:
        entry = self._one(splitting.STRATEGIES)
        results: dict[str, Any] = {"seed": int(self.random.integers(2**32))}
        if self._chance(0.7):
            results["strategy"] = entry.id.value
            results |= {f"{entry.id.value}.{parameter.name}": self._value(parameter) for parameter in entry.parameters}
        if self._chance(0.5):
            results["holdout_percent"] = self._one(["0", "10", "20", "50", "80"])
        if self._chance(0.5):
            results["primary_metric"] = self._one(metrics.metrics_for_task(task)).id
        return results


def _fits(takes: str, column: ColumnProfile) -> bool:
    return column.kind.is_number if takes == "numbers" else column.kind is ColumnKind.CATEGORICAL
