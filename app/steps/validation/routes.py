"""The Validation step: strategies with a picture of each, the split as it will be, metrics, seed."""

from __future__ import annotations

from typing import Any

from app.domain.analysis.profiling.profile import DatasetProfile
from app.domain.errors import DomainError
from app.domain.experiment import Spec, TaskPart
from app.domain.recommendation import holdout_answers
from app.domain.training.validation import metrics, splitting
from app.domain.training.validation.holdout_share import holdout_share
from app.domain.training.validation.split_picture import split_stripes
from app.domain.vocabulary import Purpose, SplitStrategy
from app.services.measurements import computed_split
from app.steps import flow
from app.steps.context import DraftContext
from app.steps.validation import optimism
from app.steps.validation.form import HOLDOUT, read
from app.steps.validation.split_preview import preview_of
from app.steps.views import StepView
from app.web.charts import split
from app.web.wording import describe_holdout


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
    if _misleads(spec.task, entry):
        return "misleads here", "warning"
    return "", ""


def _misleads(task: TaskPart, entry: splitting.StrategyEntry) -> bool:
    """Return whether a strategy judges by what the model will not have, or by something else than it is for."""
    if (entry.id is SplitStrategy.MASKED_BLOCKS) != (task.purpose is Purpose.FILL_GAPS):
        return True
    if task.purpose is Purpose.UNGAUGED and not entry.needs_group:
        return True
    return bool(task.time_column and entry.shuffles and not entry.needs_group)


def context(draft: DraftContext) -> dict[str, Any]:
    """Return the context of the Validation fragment."""
    spec, profile = draft.plan.spec, draft.profile
    if spec is None or profile is None:
        return {}
    chosen = splitting.get(spec.validation.strategy)
    strategies = []
    for entry in splitting.STRATEGIES:
        word, tone = _note(draft, entry)
        stripes = split_stripes(entry.id, {**entry.defaults(), "gap": 40}, rows=1000)[:5]
        strategies.append({"entry": entry, "word": word, "tone": tone, "picture": stripes})
    return {
        "strategies": strategies,
        "chosen": chosen,
        **_picture(draft, spec, profile),
        "parameters": chosen.used(spec.validation.parameters),
        "dated": bool(spec.task.time_column),
        "holdout_ways": holdout_answers.WAYS,
        "holdout_month": holdout_answers.MONTH,
        "warm_up": holdout_answers.WARM_UP,
        "metric_choices": metrics.for_task(spec.task.kind),
        "values": dict(draft.plan.values["validation"]),
        "reasons": draft.plan.reasons,
        "others": spec.metrics.others,
        "primary": spec.metrics.primary,
        "held": spec.validation.holdout is not None,
        "held_out": describe_holdout(spec.validation.holdout),
        "optimism": preview_of(draft),
    }


def _picture(draft: DraftContext, spec: Spec, profile: DatasetProfile) -> dict[str, Any]:
    """Return the split as it will be, drawn from its folds; else a sketch, with the reason why it is one."""
    fault = ""
    try:
        summary = None if draft.dataset is None else computed_split.split_of(draft.dataset, spec)
    except DomainError as refusal:
        summary, fault = None, refusal.message
    if summary is not None:
        return {"chart": split.build(summary), "picture": (), "picture_fault": ""}
    share = holdout_share(spec, profile)
    entry = splitting.get(spec.validation.strategy)
    parameters = {**entry.defaults(), **spec.validation.parameters}
    sketch = split_stripes(entry.id, parameters, holdout=min(share.held, 0.9), rows=profile.rows)
    return {"chart": None, "picture": sketch, "picture_fault": fault}


VIEW = StepView(
    "validation",
    read,
    context,
    reshapes=("strategy", *HOLDOUT, "primary_metric", *(f"{entry.id}." for entry in splitting.STRATEGIES)),
)
PAGE = flow.step_page(VIEW)
blueprint = flow.blueprint_for(PAGE)
optimism.add_routes(blueprint, PAGE)
