"""The Validation step: strategies with a picture of each, the split as it will be, metrics, seed."""

from __future__ import annotations

from typing import Any

from app.domain.training.validation import metrics, splitting
from app.steps import flow
from app.steps.validation.form import read


def _note(situation: flow.Situation, entry: splitting.StrategyEntry) -> tuple[str, str]:
    """Return a word about a strategy here, and its meaning: default, misleads, needs something."""
    spec = situation.plan.spec
    if spec is None:
        return "", ""
    if situation.plan.suggestions["validation"].get("strategy") == entry.id.value:
        return "default", "accent"
    if spec.task.kind not in entry.tasks:
        return "for classes only", ""
    if entry.needs_time and not spec.task.time_column:
        return "needs a time column", ""
    if entry.needs_group and not spec.task.group_column:
        return "needs a group column", ""
    if spec.task.time_column and entry.shuffles and not entry.needs_group:
        return "misleads here", "warning"
    return "", ""


def context(situation: flow.Situation) -> dict[str, Any]:
    """Return what the Validation fragment needs."""
    spec, profile = situation.plan.spec, situation.profile
    if spec is None or profile is None:
        return {}
    chosen = splitting.get(spec.validation.strategy)
    held = spec.validation.holdout.fraction if spec.validation.holdout else 0.0
    strategies = []
    for entry in splitting.STRATEGIES:
        word, tone = _note(situation, entry)
        stripes = splitting.picture(entry.id, {**entry.defaults(), "gap": 40}, rows=1000)[:5]
        strategies.append({"entry": entry, "word": word, "tone": tone, "picture": stripes})
    parameters = {**chosen.defaults(), **spec.validation.parameters}
    return {
        "strategies": strategies,
        "chosen": chosen,
        "picture": splitting.picture(chosen.id, parameters, holdout=held, rows=profile.rows),
        "metric_choices": metrics.for_task(spec.task.kind),
        "values": dict(situation.plan.values["validation"]),
        "reasons": situation.plan.reasons,
        "others": spec.metrics.others,
        "primary": spec.metrics.primary,
        "held": held,
    }


VIEW = flow.StepView(
    "validation",
    read,
    context,
    reshapes=("strategy", "holdout_percent", "primary_metric", *(f"{entry.id}." for entry in splitting.STRATEGIES)),
)
blueprint = flow.blueprint_for(VIEW)
