"""Routes and template contexts of the Validation step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from app.domain.analysis.profiling.profile import DatasetProfile
from app.domain.errors import DomainError
from app.domain.estimators.parameters import Parameter
from app.domain.experiment import Spec, TaskPart
from app.domain.recommendation import holdout_answers
from app.domain.training.validation import metrics, splitting
from app.domain.training.validation.holdout_share import holdout_share
from app.domain.training.validation.split_picture import Stripe, split_stripes
from app.domain.vocabulary import Purpose, SplitStrategy
from app.services.measurements import computed_split
from app.steps import flow
from app.steps.context import DraftContext, profile_and_spec
from app.steps.page_contexts import Answers, SectionContext, StepPageContext
from app.steps.validation import optimism
from app.steps.validation.form import HOLDOUT, read
from app.steps.validation.split_preview import SplitPreview, preview_of
from app.steps.views import StepView
from app.web.charts import split
from app.web.hypermedia import ContextPart
from app.web.wording import describe_holdout


@dataclass(frozen=True)
class StrategyChoice:
    """A strategy as its card shows it, with a word about it here, and a sketch of its folds."""

    entry: splitting.StrategyEntry
    word: str
    tone: str
    picture: list[list[Stripe]]


@dataclass(frozen=True, kw_only=True)
class SplitDrawing(ContextPart):
    """The split as it will be; without a chart a sketch of it, and a fault that says why it is one."""

    chart: split.SplitChart | None = None
    picture: Sequence[list[Stripe]] = ()
    picture_fault: str = ""


@dataclass(frozen=True, kw_only=True)
class ValidationValues(Answers):
    """What the Validation step reads; `has_holdout` says that rows are held out, and `held_out` which."""

    strategies: list[StrategyChoice]
    chosen: splitting.StrategyEntry
    picture: SplitDrawing
    parameters: Sequence[Parameter]
    dated: bool
    holdout_ways: tuple[tuple[str, str], ...]
    holdout_month: Parameter
    warm_up: Parameter
    metric_choices: tuple[metrics.Metric, ...]
    values: Mapping[str, Any]
    reasons: Mapping[str, str]
    others: Sequence[str]
    primary: str
    has_holdout: bool
    held_out: str
    optimism: SplitPreview | None


@dataclass(frozen=True, kw_only=True)
class ValidationStepContext(StepPageContext):
    """The Validation step."""

    fragment_name: ClassVar[str] = "partials/steps/validation.html"
    answers: ValidationValues


@dataclass(frozen=True, kw_only=True)
class ValidationSection(SectionContext):
    """The Validation step on the page of all steps."""

    fragment_name: ClassVar[str] = "partials/steps/validation.html"
    answers: ValidationValues


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
    if _is_misleading(spec.task, entry):
        return "misleads here", "warning"
    return "", ""


def _is_misleading(task: TaskPart, entry: splitting.StrategyEntry) -> bool:
    """Return whether a strategy judges by what the model will not have, or by something else than it is for."""
    if (entry.id is SplitStrategy.MASKED_BLOCKS) != (task.purpose is Purpose.FILL_GAPS):
        return True
    if task.purpose is Purpose.UNGAUGED and not entry.needs_group:
        return True
    return bool(task.time_column and entry.shuffles and not entry.needs_group)


def validation_values(draft: DraftContext) -> ValidationValues:
    """Return the values that the Validation fragment reads."""
    profile, spec = profile_and_spec(draft)
    chosen = splitting.get(spec.validation.strategy)
    return ValidationValues(
        strategies=[_strategy_choice(draft, entry) for entry in splitting.STRATEGIES],
        chosen=chosen,
        picture=_draw_split(draft, spec, profile),
        parameters=chosen.used(spec.validation.parameters),
        dated=bool(spec.task.time_column),
        holdout_ways=holdout_answers.WAYS,
        holdout_month=holdout_answers.MONTH,
        warm_up=holdout_answers.WARM_UP,
        metric_choices=metrics.metrics_for_task(spec.task.kind),
        values=draft.plan.values["validation"],
        reasons=draft.plan.reasons,
        others=spec.metrics.others,
        primary=spec.metrics.primary,
        has_holdout=spec.validation.holdout is not None,
        held_out=describe_holdout(spec.validation.holdout),
        optimism=preview_of(draft),
    )


def _strategy_choice(draft: DraftContext, entry: splitting.StrategyEntry) -> StrategyChoice:
    word, tone = _note(draft, entry)
    stripes = split_stripes(entry.id, {**entry.defaults(), "gap": 40}, rows=1000)[:5]
    return StrategyChoice(entry, word, tone, stripes)


def _draw_split(draft: DraftContext, spec: Spec, profile: DatasetProfile) -> SplitDrawing:
    """Return the split as it will be, drawn from its folds; else a sketch, with the reason why it is one."""
    fault = ""
    try:
        summary = None if draft.dataset is None else computed_split.split_of(draft.dataset, spec)
    except DomainError as refusal:
        summary, fault = None, refusal.message
    if summary is not None:
        return SplitDrawing(chart=split.build(summary))
    share = holdout_share(spec, profile)
    entry = splitting.get(spec.validation.strategy)
    parameters = {**entry.defaults(), **spec.validation.parameters}
    sketch = split_stripes(entry.id, parameters, holdout=min(share.row_share, 0.9), rows=profile.rows)
    return SplitDrawing(picture=sketch, picture_fault=fault)


VIEW = StepView(
    "validation",
    read,
    page=ValidationStepContext,
    answers=validation_values,
    section=ValidationSection,
    part=validation_values,
    reshapes=("strategy", *HOLDOUT, "primary_metric", *(f"{entry.id}." for entry in splitting.STRATEGIES)),
)
PAGE = flow.step_page(VIEW)
blueprint = flow.blueprint_for(PAGE)
optimism.add_routes(blueprint, PAGE)
