"""The Validation step: strategies with a picture of each, the split as it will be, metrics, seed."""

from __future__ import annotations

from typing import Any

from app.domain.training.validation import metrics, splitting
from app.domain.training.validation.split_picture import split_stripes
from app.steps import flow
from app.steps.context import DraftContext
from app.steps.validation import optimism
from app.steps.validation.form import read
from app.steps.validation.split_preview import preview_of
from app.steps.views import StepView


def _note(draft: DraftContext, entry: splitting.StrategyEntry) -> tuple[str, str]:
    """Return a word about a strategy here, and its meaning: default, misleads, needs something."""
    spec = draft.plan.spec
    if spec is None:
        return "", ""
    if draft.plan.suggestions["validation"].get("strategy") == entry.id.value:
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


def context(draft: DraftContext) -> dict[str, Any]:
    """Return the context of the Validation fragment."""
    spec, profile = draft.plan.spec, draft.profile
    if spec is None or profile is None:
        return {}
    chosen = splitting.get(spec.validation.strategy)
    held = spec.validation.holdout.fraction if spec.validation.holdout else 0.0
    strategies = []
    for entry in splitting.STRATEGIES:
        word, tone = _note(draft, entry)
        stripes = split_stripes(entry.id, {**entry.defaults(), "gap": 40}, rows=1000)[:5]
        strategies.append({"entry": entry, "word": word, "tone": tone, "picture": stripes})
    parameters = {**chosen.defaults(), **spec.validation.parameters}
    return {
        "strategies": strategies,
        "chosen": chosen,
        "picture": split_stripes(chosen.id, parameters, holdout=held, rows=profile.rows),
        "metric_choices": metrics.for_task(spec.task.kind),
        "values": dict(draft.plan.values["validation"]),
        "reasons": draft.plan.reasons,
        "others": spec.metrics.others,
        "primary": spec.metrics.primary,
        "held": held,
        "optimism": preview_of(draft),
    }


VIEW = StepView(
    "validation",
    read,
    context,
    reshapes=("strategy", "holdout_percent", "primary_metric", *(f"{entry.id}." for entry in splitting.STRATEGIES)),
)
PAGE = flow.step_page(VIEW)
blueprint = flow.blueprint_for(PAGE)
optimism.add_routes(blueprint, PAGE)
