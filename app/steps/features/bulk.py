"""Routes that drop many columns by a strategy: preview first, then apply."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from flask import request, url_for
from werkzeug.wrappers import Response

from app.domain.analysis.associations.correlation import Method
from app.domain.errors import DomainError
from app.domain.recommendation.strategies import (
    ColumnStrategy,
    Proposal,
    StrategyEvidence,
    amount_of,
    propose,
    strategy_of,
)
from app.domain.training.selection_rules import describe
from app.services.drafts import drafts
from app.services.measurements import spreads
from app.steps.context import DraftContext, draft_url, load, step_url
from app.steps.features.association import BUSY
from app.steps.features.feature_queries import begin_matrix, matrix_of, measured_on, ranking_of, standing_of
from app.steps.features.form import add_rule, add_selection
from app.steps.features.routes import blueprint
from app.web.hypermedia import ViewContext, render_view, retarget, see_other

SLOT = "#features-strategy-slot"
MAX_SHOWN = 200
# The fields by which a strategy is asked about.
ASKED = ("strategy", "amount", "measure")


@dataclass(frozen=True)
class PairsPending:
    """The pairs that a strategy looks at are still being measured, or `can_begin` to be."""

    done: int
    total: int
    seconds_left: float | None
    can_begin: bool = False


@dataclass(frozen=True, kw_only=True)
class StrategyContext(ViewContext):
    """The columns a strategy would leave out; `query` has the typed values, `waiting` the pairs to be measured."""

    page_name: ClassVar[str] = "pages/features_part.html"
    fragment_name: ClassVar[str] = "partials/features/strategy.html"
    base: str
    strategy: ColumnStrategy | None
    query: Mapping[str, str]
    proposal: Proposal | None
    sentence: str
    measured_on: str
    waiting: PairsPending | None
    fault: DomainError | None
    changed: bool
    focus: bool
    most: int = MAX_SHOWN


@blueprint.get("/strategy")
def preview_strategy(draft_id: uuid.UUID) -> Response:
    """Show what a strategy would leave out, and why; nothing is changed."""
    return _show(load(draft_id), request.args)


def _show(
    draft: DraftContext, values: Mapping[str, str], *, changed: bool = False, fault: DomainError | None = None
) -> Response:
    proposal, waiting, strategy = None, None, None
    try:
        strategy = strategy_of(values.get("strategy", ""))
        standing_of(draft)
        amount_of(strategy, values.get("amount"))
        evidence = _strategy_evidence(draft, strategy, values)
        if isinstance(evidence, PairsPending):
            waiting = evidence
        else:
            proposal = propose(strategy, values.get("amount"), draft.plan.columns, evidence)
    except DomainError as problem:
        fault = fault or problem
    context = StrategyContext(
        base=draft_url(draft.id),
        strategy=strategy,
        query={name: values.get(name, "")[:40] for name in ASKED},
        proposal=proposal,
        sentence=_rule_sentence(proposal, values),
        measured_on=measured_on(draft),
        waiting=waiting,
        fault=fault,
        changed=changed,
        focus="again" not in values,
    )
    status = fault.status if fault else 409 if changed else 200
    return retarget(SLOT, render_view(context, status=status))


def _rule_sentence(proposal: Proposal | None, values: Mapping[str, str]) -> str:
    """Return a sentence about the rule of a proposal; an empty text where it is no rule of the config."""
    if proposal is None or not proposal.strategy.kind:
        return ""
    rule = proposal.strategy.rule(proposal.amount, values.get("measure", ""))
    return describe([rule], len(proposal.dropped) + len(proposal.kept))[0]


def _strategy_evidence(
    draft: DraftContext, strategy: ColumnStrategy, values: Mapping[str, str]
) -> StrategyEvidence | PairsPending:
    if strategy.measure is not None:
        try:
            strategy.measure.parse(values.get("measure") or strategy.measure.default)
        except ValueError as fault:
            raise DomainError(f"{strategy.measure.title}: {fault}", code="measure_invalid", field="measure") from None
    if strategy.needs_pairs:
        state = matrix_of(draft)
        if state.complete:
            return StrategyEvidence(pairs=state.matrix.ranked(threshold=0.5))
        can_begin = state.state == "none" and not state.reason
        if not can_begin and state.state not in BUSY:
            reason = state.reason or "The pairs are not all measured. Have them measured under \u201cAll pairs\u201d."
            raise DomainError(reason, code="not_measured")
        return PairsPending(state.done, state.total, state.seconds_left, can_begin=can_begin)
    if strategy.kind == "drop_near_constant":
        dataset, goal = standing_of(draft)
        names = [choice.profile.name for choice in draft.plan.columns if choice.selected]
        return StrategyEvidence(spreads=spreads.spreads_for(dataset, names, kinds=goal.kinds, rule=draft.rule))
    if values.get("measure") == "mutual_information":
        scores = {item.name: item.score for item in ranking_of(draft).items if item.score is not None}
        if not scores:
            message = "Mutual information is still being measured for these columns. Try again in a moment."
            raise DomainError(message, code="not_measured", field="measure")
        return StrategyEvidence(scores=scores, score_title="mutual information")
    return StrategyEvidence()


@blueprint.post("/strategy/pairs")
def begin_strategy(draft_id: uuid.UUID) -> Response:
    """Have the pairs measured that a strategy looks at, and show it again."""
    begin_matrix(load(draft_id), Method.AUTO)
    query = {name: request.form.get(name, "")[:40] for name in ASKED}
    return see_other(url_for("features.preview_strategy", draft_id=draft_id, again=1, **dict[str, Any](query)))


@blueprint.post("/strategy")
def apply_strategy(draft_id: uuid.UUID) -> Response:
    """Leave out what was shown; if that is no longer the same, show it again instead."""
    draft, form = load(draft_id), request.form
    try:
        strategy = strategy_of(form.get("strategy", ""))
        evidence = _strategy_evidence(draft, strategy, form)
        if isinstance(evidence, PairsPending):
            return _show(draft, form)
        proposal = propose(strategy, form.get("amount"), draft.plan.columns, evidence)
        if strategy.kind:
            # The rule is what was agreed to, not the columns that it would keep on these rows.
            changes = add_selection(draft.plan, strategy.rule(proposal.amount, form.get("measure", "")))
        elif proposal.digest != form.get("digest") or not proposal.dropped or not proposal.kept:
            return _show(draft, form, changed=True)
        else:
            changes = _proposal_changes(draft, proposal)
    except DomainError as fault:
        return _show(draft, form, fault=fault)
    drafts.save_answers(draft.user, draft_id, step="features", changes=changes, version=draft.version)
    return see_other(step_url(draft.id, "features") + "#features-columns")


def _proposal_changes(draft: DraftContext, proposal: Proposal) -> dict[str, object]:
    current_values = draft.plan.values["features"]
    keys = [f"column.{column.choice.profile.key}" for column in proposal.dropped]
    return {**add_rule(draft.plan, proposal.rule()), **{name: None for name in keys if name in current_values}}
