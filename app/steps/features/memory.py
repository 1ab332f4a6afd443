"""Values for the panels of lag correlation and of the suggested feature set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from flask import url_for

from app.domain.estimators import registry
from app.domain.recommendation.plan import Plan
from app.domain.recommendation.set_effect import SetEffect
from app.domain.recommendation.suggested_set import (
    SetUse,
    SuggestedSet,
    add_set,
    describe_set,
    remove_set,
    suggested_set,
)
from app.domain.training.derived_measures import DerivedMeasure
from app.services.datasets import datasets
from app.services.measurements import derived_rankings, memory, recommendations
from app.services.measurements.derived_rankings import DerivedState
from app.services.measurements.memory import MemoryState
from app.steps.context import DraftContext
from app.steps.features.feature_queries import standing_of
from app.web.charts import lags
from app.web.charts.lags import LagChart
from app.web.hypermedia import ContextPart, ViewContext

USE, LEAVE = "use-set", "leave-set"


@dataclass(frozen=True)
class MemoryView:
    """The memory as the page shows it: a chart, or the words that stand in its place.

    `seasonless` are the drivers taken for radiation that follow no season.
    """

    here: str
    chart: LagChart | None
    words: str
    busy: bool
    can_begin: bool
    measured: int
    drivers: int
    seasonless: tuple[str, ...] = ()


@dataclass(frozen=True)
class StripValues:
    """What the small picture of a spread is drawn from, as a column's profile has it."""

    histogram_counts: tuple[int, ...]
    histogram_edges: tuple[float, ...]
    quantiles: tuple[float, ...]
    distinct: int = 2
    kind: str = "numeric"
    top_values: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class SetFeature:
    """One feature of the suggested set; what is not measured yet is None."""

    name: str
    strip: StripValues | None = None
    missing_percent: float | None = None
    association: float | None = None
    information: float | None = None


@dataclass(frozen=True)
class SetView:
    """The suggested set as the page shows it, and the button that turns it on or off."""

    suggested_set: SuggestedSet
    words: str
    address: str
    features: tuple[SetFeature, ...]
    busy: bool
    reason: str
    changed: bool
    effect: SetEffect | None = None

    @property
    def estimator(self) -> str:
        """Return the title of the estimator whose short fits tell what the set brings, "" where none do."""
        return registry.get(self.effect.estimator).title if self.effect else ""

    @property
    def is_on(self) -> bool:
        """Return whether all of it is in use."""
        return not self.suggested_set.missing

    @property
    def action(self) -> str:
        """Return the value of the button that turns it over."""
        return LEAVE if self.is_on else USE


@dataclass(frozen=True, kw_only=True)
class MemoryValues(ContextPart):
    """The memory and the suggested set; each is None where nothing can be derived."""

    lags: MemoryView | None
    suggestion: SetView | None


@dataclass(frozen=True, kw_only=True)
class MemoryContext(ViewContext):
    """The body of the panel of memory, by itself."""

    page_name: ClassVar[str] = "pages/features_part.html"
    fragment_name: ClassVar[str] = "partials/features/memory.html"

    base: str
    lags: MemoryView


@dataclass(frozen=True, kw_only=True)
class SetContext(ViewContext):
    """What the suggested set holds, by itself."""

    page_name: ClassVar[str] = "pages/features_part.html"
    fragment_name: ClassVar[str] = "partials/features/set_features.html"

    base: str
    suggestion: SetView


def memory_values(draft: DraftContext) -> MemoryValues:
    """Return the values that the panel reads."""
    if draft.plan.spec is None:
        return MemoryValues(lags=None, suggestion=None)
    return MemoryValues(lags=memory_view(draft), suggestion=set_view(draft))


def memory_state(draft: DraftContext) -> MemoryState:
    """Look up the memory of a draft's target, and start nothing."""
    return memory.known_of(standing_of(draft)[0], draft.plan, draft.rule)


def derived_state(draft: DraftContext) -> DerivedState:
    """Look up the ranking of a draft's derived features, and start nothing."""
    return derived_rankings.known_of(standing_of(draft)[0], draft.derived_config, draft.rule)


def memory_view(draft: DraftContext) -> MemoryView | None:
    """Return the memory as the page shows it; None where the data have no time in which anything was before."""
    dataset, goal = standing_of(draft)
    state = memory_state(draft)
    if not state.drivers and not draft.plan.suggestions["features"].get("transforms"):
        return None
    can_begin = bool(state.drivers) and state.state == "none" and datasets.damage_of(dataset) is None
    return MemoryView(
        here=url_for("features.show_memory", draft_id=draft.id),
        chart=lags.build(state.lags, target=goal.target, roles=state.drivers),
        words=state.reason or ("Being measured." if state.busy else "Not measured yet."),
        busy=state.busy,
        can_begin=can_begin and not state.reason,
        measured=len(state.lags.curves),
        drivers=len(state.drivers),
        seasonless=state.lags.seasonless,
    )


def set_view(draft: DraftContext) -> SetView | None:
    """Return the suggested set with what is measured of its features, None where nothing is suggested."""
    result = suggested_set(draft.plan)
    if result is None:
        return None
    state = derived_state(draft)
    return SetView(
        suggested_set=result,
        # Why it is suggested is told only while nobody chose otherwise.
        words=draft.plan.reasons.get("features.transforms") or describe_set(result, draft.plan),
        address=url_for("features.show_set", draft_id=draft.id),
        features=tuple(_feature(name, state.items.get(name)) for name in result.names),
        busy=state.busy,
        reason=state.reason,
        changed="transforms" in draft.answers.get("features", {}),
        effect=_effect_of(draft, result),
    )


def _effect_of(draft: DraftContext, result: SuggestedSet) -> SetEffect | None:
    """Look up the effect of the suggested set by finished short fits, and start nothing.

    The switch makes another config, whose fits are not made yet, but the fits of the config before compare the same
    two sides. So what was measured stays on the page when somebody turns the set off or on again.
    """
    dataset = standing_of(draft)[0]
    evidence = recommendations.finished_evidence(dataset, draft.plan, draft.evidence)
    if evidence is not None and evidence.set_effect is not None:
        return evidence.set_effect
    if "transforms" not in draft.answers.get("features", {}):
        return None
    recipes = remove_set(draft.plan) if result.use is SetUse.ALL else add_set(draft.plan)
    plan = draft.plan_with_recipes(recipes)
    other = None if plan is None else recommendations.finished_evidence(dataset, plan, draft.evidence)
    return None if other is None else other.set_effect


def _feature(name: str, column: DerivedMeasure | None) -> SetFeature:
    if column is None:
        return SetFeature(name)
    spread, rows = column.spread, column.spread.missing + sum(column.spread.histogram_counts)
    low, high = spread.minimum, spread.maximum
    strip = None
    if low is not None and high is not None and high > low:
        strip = StripValues(spread.histogram_counts, (low, high), spread.quantiles)
    return SetFeature(
        name=name,
        strip=strip,
        missing_percent=100 * spread.missing / max(rows, 1),
        association=column.association.value,
        information=column.ranked.score,
    )


def changes_of_set_button(action: str, plan: Plan) -> dict[str, Any] | None:
    """Return the answer that turns the suggested set on or off, None for another button."""
    if action == USE:
        return {"transforms": add_set(plan)}
    return {"transforms": remove_set(plan)} if action == LEAVE else None
