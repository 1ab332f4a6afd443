"""Routes and template contexts of the Model step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from flask import request

from app.domain.estimators import boosters, registry
from app.domain.estimators.parameters import EstimatorEntry
from app.domain.recommendation.estimators import EstimatorSuggestion
from app.domain.text.words import join_words
from app.steps import flow
from app.steps.context import DraftContext, profile_and_spec
from app.steps.estimator_choice import EstimatorChoice
from app.steps.model import contest, tuning
from app.steps.model.evidence_panel import EvidencePanel, build_evidence_panel
from app.steps.model.form import changes_of_button, read
from app.steps.model.tuner import SettingGroup, depths_of
from app.steps.page_contexts import (
    Answers,
    MeasuredContext,
    SavedContext,
    SectionContext,
    StepPageContext,
)
from app.steps.views import StepView
from app.web.hypermedia import ContextPart, wants_fragment

RECOMMENDED = 3


@dataclass(frozen=True, kw_only=True)
class SettingStates(ContextPart):
    """The state of each setting that the page shows, which follows every change."""

    depths: tuple[SettingGroup, ...]
    posted: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class ModelValues(Answers):
    """What the Model step reads: the cards of the estimators, what was measured of them, settings and search.

    `missing` names the estimators that can be installed, and `install_boosters` is the command that does so.
    `ranked` are those whose cards are in sight, and `cards_order` is their order as the address of the panel names it.
    """

    ranked: list[EstimatorSuggestion]
    others: list[EstimatorSuggestion]
    cards_order: str
    chosen: EstimatorEntry
    states: SettingStates
    unfolded: bool
    rows_known: int
    contest: contest.ContestPanel
    missing: str
    install_boosters: str
    tuning: tuning.TuningPanel
    measured: EvidencePanel | None
    choice: EstimatorChoice | None


@dataclass(frozen=True, kw_only=True)
class ModelStepContext(StepPageContext):
    """The Model step."""

    fragment_name: ClassVar[str] = "partials/steps/model.html"
    answers: ModelValues


@dataclass(frozen=True, kw_only=True)
class ModelSection(SectionContext):
    """The Model step on the page of all steps."""

    fragment_name: ClassVar[str] = "partials/steps/model.html"
    answers: ModelValues


@dataclass(frozen=True, kw_only=True)
class ModelSavedContext(SavedContext):
    """The answer to a saved change of the Model step, with the state of each setting."""

    included: ClassVar[Mapping[str, str]] = {"live": "partials/model/states.html"}
    live: SettingStates


@dataclass(frozen=True, kw_only=True)
class ModelMeasuredContext(MeasuredContext):
    """What a finished measurement changes on the Model step."""

    included: ClassVar[Mapping[str, str]] = {"follows": "partials/model/measured.html"}
    answers: ModelValues


def model_values(draft: DraftContext) -> ModelValues:
    """Return the values that the Model fragment reads."""
    profile, spec = profile_and_spec(draft)
    measured = build_evidence_panel(draft)
    ranked = measured.ranking if measured else draft.plan.ranking
    first = cards_first(draft, ranked)
    return ModelValues(
        ranked=say_reasons_once(first),
        others=[suggestion for suggestion in ranked if suggestion not in first],
        cards_order=order_of(first),
        chosen=registry.get(spec.model.estimator),
        states=setting_states(draft),
        unfolded=not wants_fragment() and (request.method == "POST" or flow.UNFOLDED in request.args),
        rows_known=max(profile.rows - profile.column(spec.task.target).missing, 0),
        missing=join_words([entry.title for entry in registry.missing_boosters()]),
        install_boosters=boosters.INSTALL,
        contest=contest.contest_panel(draft.plan, spec),
        tuning=tuning.tuning_panel(draft.plan, spec),
        measured=measured,
        choice=measured.choice if measured else None,
    )


def cards_first(draft: DraftContext, ranking: Sequence[EstimatorSuggestion]) -> list[EstimatorSuggestion]:
    """Return the estimators whose cards are in sight: the first ones, and what is chosen wherever it stands."""
    chosen = draft.plan.spec.model.estimator if draft.plan.spec is not None else ""
    first = [suggestion for suggestion in ranking[:RECOMMENDED] if suggestion.entry.competes]
    return first + [suggestion for suggestion in ranking[RECOMMENDED:] if suggestion.entry.id == chosen]


def say_reasons_once(cards: Sequence[EstimatorSuggestion]) -> list[EstimatorSuggestion]:
    """Return the cards without the reasons that an earlier card gives already: those tell them apart in nothing."""
    given: set[str] = set()
    results = []
    for card in cards:
        results.append(replace(card, reasons=tuple(reason for reason in card.reasons if reason not in given)))
        given.update(card.reasons)
    return results


def order_of(cards: Sequence[EstimatorSuggestion]) -> str:
    """Return in which order cards stand."""
    return ",".join(card.entry.id for card in cards)


def setting_states(draft: DraftContext) -> SettingStates:
    """Return the state of each setting that the page shows."""
    _, spec = profile_and_spec(draft)
    depths = depths_of(draft.plan, registry.get(spec.model.estimator), spec.task.kind)
    return SettingStates(depths=depths, posted=frozenset(request.form))


VIEW = StepView(
    "model",
    read,
    page=ModelStepContext,
    answers=model_values,
    section=ModelSection,
    part=model_values,
    act=changes_of_button,
    reshapes=("estimator", tuning.SWITCH, "candidates"),
    saved=ModelSavedContext,
    live=setting_states,
    measured=ModelMeasuredContext,
)
PAGE = flow.step_page(VIEW)
blueprint = flow.blueprint_for(PAGE)
