"""Changes that make a launch finish within the time limit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from app.domain.analysis.profiling.profile import DatasetProfile
from app.domain.estimation.contest import estimate
from app.domain.estimation.forecast import Machine
from app.domain.estimators import registry
from app.domain.experiment import Spec
from app.domain.training.preprocessing.pipeline import parameters_of
from app.domain.training.validation import splitting
from app.domain.vocabulary import SplitStrategy

# Settings that are halved until it ends in time, down to the least that keeps their sense: those first that change
# neither the model nor what the score means.
SAVERS = (
    ("model", "n_restarts_optimizer", "restarts", 0),
    ("validation", "n_repeats", "repeats", 2),
    ("validation", "n_splits", "folds", 3),
    ("model", "n_estimators", "trees", 30),
)


@dataclass(frozen=True)
class TimeRemedy:
    """One change of a step: its form field, its new answer, what it says, and the seconds that a launch then takes."""

    step: str
    field: str
    value: Any
    label: str
    seconds: float


def time_remedies(spec: Spec, profile: DatasetProfile, machine: Machine, seconds: float) -> Iterator[TimeRemedy]:
    """Yield changes after which a launch is likely to take no more than `seconds`, those that keep the estimator first.

    Parameters
    ----------
    spec, profile
        A config without errors, and the dataset.
    machine
        Where it will run, with what was learnt there.
    seconds
        The seconds that a launch may take.
    """
    for step, name, word, least in SAVERS:
        value = _present_value(spec, step, name)
        while value is not None and value > least:
            value = max(value // 2, least)
            amount = _estimated_seconds(_change_setting(spec, step, name, value), profile, machine)
            if amount <= seconds:
                label = f"Take {value:,} {word}" if value else f"Do without {word}"
                yield TimeRemedy(step, _field(spec, step, name), value, label, amount)
                break
    if spec.validation.strategy is SplitStrategy.LEAVE_ONE_GROUP_OUT:
        folds = splitting.get(SplitStrategy.GROUP_K_FOLD)
        part = spec.validation.model_copy(update={"strategy": folds.id, "parameters": {}})
        amount = _estimated_seconds(spec.model_copy(update={"validation": part}), profile, machine)
        if amount <= seconds:
            yield TimeRemedy("validation", "strategy", folds.id.value, "Use group k-fold", amount)
    yield from _another_estimator(spec, profile, machine, seconds)


def _another_estimator(spec: Spec, profile: DatasetProfile, machine: Machine, seconds: float) -> Iterator[TimeRemedy]:
    for other in registry.estimators_for_task(spec.task.kind, spec.task.purpose):
        if other.is_baseline or other.id == spec.model.estimator or profile.rows > (other.max_rows or profile.rows):
            continue
        model = spec.model.model_copy(update={"estimator": other.id, "parameters": {}})
        amount = _estimated_seconds(spec.model_copy(update={"model": model}), profile, machine)
        if amount <= seconds:
            yield TimeRemedy("model", "estimator", other.id, f"Take {other.title.lower()}", amount)
            return


def _present_value(spec: Spec, step: str, name: str) -> int | None:
    """Return the present value of a setting, None where the estimator or the strategy has none."""
    defaults = splitting.get(spec.validation.strategy).defaults()
    values = parameters_of(spec) if step == "model" else {**defaults, **spec.validation.parameters}
    value = values.get(name)
    return None if value is None else int(value)


def _change_setting(spec: Spec, step: str, name: str, value: int) -> Spec:
    part = spec.model if step == "model" else spec.validation
    return spec.model_copy(update={step: part.model_copy(update={"parameters": {**part.parameters, name: value}})})


def _field(spec: Spec, step: str, name: str) -> str:
    return f"{spec.model.estimator if step == 'model' else spec.validation.strategy.value}.{name}"


def _estimated_seconds(spec: Spec, profile: DatasetProfile, machine: Machine) -> float:
    return estimate(spec, profile, machine).seconds_likely
