"""Routes and template contexts of the Features step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from flask import request

from app.domain.estimators.parameters import Parameter
from app.domain.recommendation.selection import MODES, NUMBERS, Rule
from app.domain.recommendation.strategies import STRATEGIES, ColumnStrategy
from app.domain.training.selection_rules import describe
from app.steps import flow
from app.steps.context import DraftContext
from app.steps.features.association import AssociationPanel, association_panel
from app.steps.features.derived import DerivedValues, derived_values
from app.steps.features.feature_queries import measured_on
from app.steps.features.form import changes_of_button, read, rules_of, selection_of
from app.steps.features.listing import ORDERS, USE_CHOICES, Listing, listing_of, query_parts
from app.steps.features.memory import MemoryValues, memory_values
from app.steps.page_contexts import Answers, MeasuredContext, SectionContext, StepPageContext
from app.steps.views import StepView

MAX_LEAKS = 8


@dataclass(frozen=True, kw_only=True)
class FeaturesValues(Answers):
    """What the Features step reads: a page of the columns with rules and counts, associations, derived features.

    `rules` pairs each rule about many columns with its mode in words, `measured_on` says which rows are measured, and
    `pairs` is the panel of associations.
    """

    listing: Listing
    filter_numbers: Sequence[Parameter]
    uses: tuple[tuple[str, str], ...]
    orders: tuple[tuple[str, str], ...]
    rules: list[tuple[str, Rule]]
    selection_sentences: list[str]
    strategies: Sequence[ColumnStrategy]
    strategy_titles: Mapping[str, str]
    selected_count: int
    measured_on: str
    derived: DerivedValues
    memory: MemoryValues
    pairs: AssociationPanel | None
    most_leaks: int = MAX_LEAKS

    @property
    def status(self) -> int:
        """Return the status: a faulty filter is reported at its field."""
        return 422 if self.listing.faults else 200


@dataclass(frozen=True, kw_only=True)
class FeaturesStepContext(StepPageContext):
    """The Features step."""

    fragment_name: ClassVar[str] = "partials/steps/features.html"
    answers: FeaturesValues


@dataclass(frozen=True, kw_only=True)
class FeaturesSection(SectionContext):
    """The columns and the derived features, on the page of all steps."""

    fragment_name: ClassVar[str] = "partials/wizard/feature_choices.html"
    answers: FeaturesValues


@dataclass(frozen=True, kw_only=True)
class FeaturesMeasuredContext(MeasuredContext):
    """What a finished measurement changes on the Features step."""

    included: ClassVar[Mapping[str, str]] = {"follows": "partials/features/measured.html"}
    answers: FeaturesValues


def features_values(draft: DraftContext) -> FeaturesValues:
    """Return the values that the Features fragment reads."""
    return replace(features_part(draft), pairs=association_panel(draft, {}) if draft.plan.spec else None)


def features_part(draft: DraftContext) -> FeaturesValues:
    """Return the values of the Features part on the page of all steps, which shows no associations."""
    plan, listing = draft.plan, listing_of(draft.plan.columns, query_parts(_list_query()))
    ticked = sum(column.selected for column in plan.columns)
    return FeaturesValues(
        listing=listing,
        filter_numbers=NUMBERS,
        uses=USE_CHOICES,
        orders=ORDERS,
        rules=[(MODES[rule.mode], rule) for rule in rules_of(plan)],
        selection_sentences=describe(selection_of(plan), ticked),
        strategies=STRATEGIES,
        strategy_titles={strategy.id: strategy.title for strategy in STRATEGIES},
        selected_count=ticked,
        measured_on=measured_on(draft),
        derived=derived_values(plan),
        memory=memory_values(draft),
        pairs=None,
    )


def _list_query() -> str:
    """Return the query of the column list, from the address or from the field of an open page."""
    if request.method == "GET" and "query" not in request.args:
        return request.query_string.decode("utf-8", "replace")
    return request.values.get("query", "")


VIEW = StepView(
    "features",
    read,
    page=FeaturesStepContext,
    answers=features_values,
    section=FeaturesSection,
    part=features_part,
    act=changes_of_button,
    measured=FeaturesMeasuredContext,
)
PAGE = flow.step_page(VIEW)
blueprint = flow.blueprint_for(PAGE)
