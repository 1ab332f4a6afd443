"""The search panel of the Model step: its form and its values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.domain.estimators import registry
from app.domain.estimators.parameters import Parameter
from app.domain.experiment import Spec
from app.domain.recommendation.plan import Plan
from app.domain.recommendation.tuning import METHOD, NO, SCALE, YES, form_value
from app.domain.training.tuning.search_space import suggest_range
from app.domain.training.tuning.tuning import fits_per_outer_fold
from app.domain.training.validation import metrics
from app.steps.views import Form
from app.web.filters import allowed

SWITCH = "tuning.enabled"


@dataclass(frozen=True)
class SearchSpaceRow:
    """One setting in the table of the search space; `choices` pairs a wire value with its label."""

    field: str
    title: str
    unit: str
    bounds: str
    search: bool
    choices: tuple[tuple[str, str], ...]


def read(form: Form) -> dict[str, Any]:
    """Return the answers about the search, for the fields that the form showed."""
    values: dict[str, Any] = {}
    for name in form:
        if name.startswith("tuning."):
            values[name] = form[name]
        elif name.startswith("space.") and name.endswith(".shown"):
            values.update(_tuning_row(form, name.removesuffix(".shown")))
    return values


def _tuning_row(form: Form, field: str) -> dict[str, Any]:
    results: dict[str, Any] = {f"{field}.search": YES if f"{field}.search" in form else NO}
    if form[f"{field}.shown"] == "choices":
        return {**results, f"{field}.choices": form.getlist(f"{field}.choices")}
    ends = (f"{field}.{end}" for end in ("low", "high", "scale"))
    return {**results, **{name: form[name] for name in ends if name in form}}


@dataclass(frozen=True)
class TuningPanel:
    """The search: the method's fields, the metrics that can decide, a row for each setting, and how many fits."""

    on: bool
    method: Sequence[Parameter]
    scale: Parameter
    metrics: list[tuple[str, str]]
    rows: list[SearchSpaceRow]
    fits: int
    values: Mapping[str, Any]


def tuning_panel(plan: Plan, spec: Spec) -> TuningPanel:
    """Return the panel of the search."""
    task, entry, values = spec.task.kind, registry.get(spec.model.estimator), plan.values["model"]
    primary = metrics.get(spec.metrics.primary).title
    rows = []
    for parameter in entry.parameters_for(task):
        field, labels = f"space.{entry.id}.{parameter.name}", dict(parameter.choices)
        names = [form_value(choice) for choice in suggest_range(parameter, parameter.default).choices]
        choices = tuple((name, labels.get(name, "Yes" if name == YES else "No")) for name in names)
        searched = str(values.get(f"{field}.search", False)).lower() == YES
        rows.append(
            SearchSpaceRow(
                field, parameter.title, parameter.unit, "" if choices else allowed(parameter), searched, choices
            )
        )
    return TuningPanel(
        on=spec.model.tuning.enabled,
        method=METHOD,
        scale=SCALE,
        metrics=[
            ("", f"The primary metric, {primary}"),
            *((metric.id, metric.title) for metric in metrics.metrics_for_task(task)),
        ],
        rows=rows,
        fits=fits_per_outer_fold(spec),
        values=values,
    )
