"""Values for the panel and page of short-fit results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import url_for

from app.domain.estimators import registry
from app.domain.recommendation.estimators import EstimatorSuggestion
from app.domain.training.validation import metrics, splitting
from app.domain.vocabulary import RunState
from app.services.measurements import recommendations
from app.services.measurements.recommendations import Recommendation, Recommendations
from app.steps.context import DraftContext
from app.steps.estimator_choice import EstimatorChoice, choice_of

# Rows of the table, there from the first look on: what the fits bring must not move what stands below.
RESERVED = 4


@dataclass(frozen=True)
class EvidencePanel:
    """What short fits say about the estimators: those measured in the order of their scores, and those that wait.

    `ranking` is the order in which to try them, `first` the one to choose, `tied` those that only luck tells apart, and
    `compared` those that were judged on the same folds.
    `reserved` is how many rows of the table are there from the first look on, and `has_new_order` says that the cards
    of the open page stand in an earlier order.
    """

    recommendations: Recommendations
    ranking: list[EstimatorSuggestion]
    lines: list[Recommendation]
    reserved: int
    waiting: list[Recommendation]
    chosen: str
    choice: EstimatorChoice | None
    first: str
    tied: Sequence[str]
    compared: Sequence[str]
    standings: Mapping[str, str]
    metric: metrics.Metric
    strategy: splitting.StrategyEntry
    held_out: bool
    baseline: float | None
    rows: int
    here: str
    choose: str
    has_new_order: bool = False


def build_evidence_panel(draft: DraftContext) -> EvidencePanel | None:
    """Return the panel, or None where nothing can be recommended yet."""
    if draft.dataset is None:
        return None
    known = recommendations.known_of(draft.dataset, draft.plan, draft.machine, draft.evidence)
    if known is None:
        return None
    spec, evidence = known.spec, known.evidence
    lines = [item for item in known.items if item.measured is not None]
    # In the table order follows the scores; the one to choose is marked where it stands.
    place = {item.estimator: index for index, item in enumerate(evidence.items)} if evidence is not None else {}
    lines.sort(key=lambda item: place.get(item.ranked.entry.id, len(place)))
    chosen, finished = registry.get(spec.model.estimator), known.state == RunState.FINISHED.value
    baseline = evidence.baseline if evidence is not None else ()
    return EvidencePanel(
        recommendations=known,
        ranking=[item.ranked for item in known.items],
        lines=lines,
        reserved=RESERVED,
        waiting=_waiting_estimators(known)[: max(RESERVED - len(lines), 0)],
        chosen=chosen.id,
        choice=choice_of(draft, known),
        first=evidence.choice if evidence is not None and finished else "",
        tied=evidence.tied if evidence is not None and finished and len(evidence.tied) > 1 else (),
        compared=evidence.compared if evidence is not None and finished else (),
        standings={item.estimator: evidence.standing_of(item).value for item in evidence.items}
        if evidence is not None
        else {},
        metric=metrics.get(spec.metrics.primary),
        strategy=splitting.get(spec.validation.strategy),
        held_out=spec.validation.holdout is not None,
        baseline=sum(baseline) / len(baseline) if baseline else None,
        rows=max((item.rows for item in evidence.items), default=0) if evidence is not None else 0,
        here=url_for("model.show_evidence", draft_id=draft.id),
        choose=url_for("model.choose", draft_id=draft.id),
    )


def _waiting_estimators(result: Recommendations) -> list[Recommendation]:
    """Return the estimators that may still be measured, in the suggested order."""
    return [item for item in result.items if item.measured is None and item.ranked.entry.competes and result.busy]
