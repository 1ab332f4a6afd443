"""Routes and template contexts of the Review step."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from werkzeug.wrappers import Response

from app.domain.estimators import registry
from app.domain.estimators.parameters import EstimatorEntry, Parameter
from app.domain.experiment import Spec
from app.domain.recommendation.plan import ColumnChoice
from app.domain.recommendation.verdict import Advice
from app.domain.training.preprocessing import transforms
from app.domain.training.validation import metrics, splitting
from app.services.experiment_templates.using import DraftOrigin, origin_of
from app.services.measurements import recommendations
from app.steps import flow
from app.steps.context import DraftContext, draft_url, load, profile_and_spec, step_url
from app.steps.estimator_choice import EstimatorChoice, choice_of, restore_page_estimator
from app.steps.frame import search_of
from app.steps.page_contexts import (
    Answers,
    MeasuredContext,
    SavedContext,
    SearchValues,
    SectionContext,
    StepPageContext,
)
from app.steps.review.form import read
from app.steps.views import StepView
from app.web.charts import facts
from app.web.hypermedia import ViewContext, render_view, see_other, wants_fragment
from app.web.hyperparameters import is_same_value, recommended_value
from app.web.wording import describe_holdout, format_setting_value


@dataclass(frozen=True, kw_only=True)
class WordsValues(Answers):
    """The name and the notes, as they were typed."""

    values: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class ReviewValues(Answers):
    """What the Review step reads: all that would be launched, in words.

    `settings` are the hyperparameters with their values, and whether each differs from what is recommended; `advice`
    is the advice of the short fits, and `key` names the launch.
    """

    words: WordsValues
    key: str
    derived: list[str]
    entry: EstimatorEntry
    settings: list[tuple[Parameter, str, bool]]
    strategy: splitting.StrategyEntry
    strategy_settings: list[tuple[Parameter, str]]
    held_out: str
    measured_by: list[str]
    leak_answers: list[facts.Fact]
    selection: list[str]
    search: list[facts.Fact]
    advice: list[Advice]
    choice: EstimatorChoice | None
    origin: DraftOrigin | None
    left_out: list[ColumnChoice]


@dataclass(frozen=True, kw_only=True)
class ReviewStepContext(StepPageContext):
    """The Review step."""

    fragment_name: ClassVar[str] = "partials/steps/review.html"
    answers: ReviewValues


@dataclass(frozen=True, kw_only=True)
class ReviewSection(SectionContext):
    """The name and the notes, on the page of all steps."""

    fragment_name: ClassVar[str] = "partials/review/words.html"
    answers: WordsValues


@dataclass(frozen=True, kw_only=True)
class ReviewSavedContext(SavedContext):
    """The answer to a saved change of the Review step, with the verdict."""

    included: ClassVar[Mapping[str, str]] = {"live": "partials/review/verdict.html"}
    live: SearchValues


@dataclass(frozen=True, kw_only=True)
class ReviewMeasuredContext(MeasuredContext):
    """What a finished measurement changes on the Review step."""

    included: ClassVar[Mapping[str, str]] = {"follows": "partials/review/measured.html"}
    answers: ReviewValues


@dataclass(frozen=True, kw_only=True)
class ChoiceContext(ViewContext):
    """Which estimator a launch takes."""

    fragment_name: ClassVar[str] = "partials/review/choice.html"
    base: str
    choice: EstimatorChoice | None


def launch_key() -> str:
    """Return a key by which a second click on the same page gives the same experiment."""
    return secrets.token_hex(16)


def words_values(draft: DraftContext) -> WordsValues:
    """Return the name and the notes."""
    return WordsValues(values=draft.plan.values["review"])


def review_values(draft: DraftContext) -> ReviewValues:
    """Return the values that the Review fragment reads."""
    _, spec = profile_and_spec(draft)
    entry, strategy = registry.get(spec.model.estimator), splitting.get(spec.validation.strategy)
    parameters = {**strategy.defaults(), **spec.validation.parameters}
    return ReviewValues(
        words=words_values(draft),
        key=launch_key(),
        derived=[
            name
            for part in spec.features.transforms
            for name in transforms.derived_names(part, time_column=spec.task.time_column)
        ],
        entry=entry,
        settings=_settings_in_words(draft, entry, spec),
        strategy=strategy,
        strategy_settings=[
            (parameter, format_setting_value(parameter, parameters[parameter.name]))
            for parameter in strategy.used(spec.validation.parameters)
        ],
        held_out=describe_holdout(spec.validation.holdout),
        measured_by=[metrics.get(item).title for item in (spec.metrics.primary, *spec.metrics.others)],
        leak_answers=facts.leak_answers(spec),
        selection=facts.selection_sentences(spec),
        search=facts.search(spec),
        advice=_advice(draft),
        choice=choice_of(draft),
        origin=origin_of(draft),
        left_out=[column for column in draft.plan.columns if not column.selected],
    )


def _settings_in_words(draft: DraftContext, entry: EstimatorEntry, spec: Spec) -> list[tuple[Parameter, str, bool]]:
    """Return each setting with its value in words, and whether it differs from what is recommended."""
    values, results = {**entry.defaults(spec.task.kind), **spec.model.parameters}, []
    for parameter in entry.parameters_for(spec.task.kind):
        recommended = recommended_value(draft.plan, f"{entry.id}.{parameter.name}", parameter)
        results.append(
            (
                parameter,
                format_setting_value(parameter, values[parameter.name]),
                not is_same_value(parameter, values[parameter.name], recommended),
            )
        )
    return results


def _advice(draft: DraftContext) -> list[Advice]:
    """Return the advice of the short fits that no problem beside it repeats."""
    if draft.dataset is None:
        return []
    listed = {problem.code for problem in draft.plan.problems}
    return [
        value
        for value in recommendations.advice_on_data(draft.dataset, draft.plan)
        if value.code not in listed and value.code != "too_few_rows"
    ]


VIEW = StepView(
    "review",
    read,
    page=ReviewStepContext,
    answers=review_values,
    section=ReviewSection,
    part=words_values,
    saved=ReviewSavedContext,
    live=search_of,
    measured=ReviewMeasuredContext,
)
PAGE = flow.step_page(VIEW)
blueprint = flow.blueprint_for(PAGE, launches=True)


@blueprint.get("/estimator")
def show_choice(draft_id: uuid.UUID) -> Response:
    """Show which estimator a launch takes, to a page that looks for short fits under way."""
    draft = load(draft_id)
    if not wants_fragment():
        return see_other(step_url(draft.id, "review"))
    draft = restore_page_estimator(draft)
    return render_view(ChoiceContext(base=draft_url(draft_id), choice=choice_of(draft)))
