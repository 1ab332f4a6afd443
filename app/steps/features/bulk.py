"""Leaving many columns out at once: what a strategy would drop is shown first, and done when it is agreed to."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from flask import request
from werkzeug.wrappers import Response

from app.domain.errors import DomainError, DraftConflictError
from app.domain.recommendation.strategies import Evidence, Proposal, Strategy, propose, strategy_of
from app.domain.training.selection_rules import describe
from app.services import spreads
from app.services.drafts import drafts
from app.steps import flow
from app.steps.features.asked import dataset_of, kinds_of, matrix_of, measured_on, ranking_of, rule_of
from app.steps.features.form import add_rule, add_selection
from app.steps.features.routes import VIEW, blueprint
from app.web.hypermedia import into, render, see_other

PAGE, PARTIAL = "pages/features_part.html", "partials/features/strategy.html"
SLOT = "#features-strategy-slot"
MOST_SHOWN = 200


@dataclass(frozen=True)
class Waiting:
    """The pairs that a strategy looks at are still being measured."""

    done: int
    total: int
    seconds_left: float | None


@blueprint.get("/strategy")
def preview_strategy(draft_id: uuid.UUID) -> Response:
    """Show what a strategy would leave out, and why; nothing is changed."""
    return _show(flow.situation_of(draft_id), request.args)


def _show(
    situation: flow.Situation, values: Mapping[str, str], *, changed: bool = False, fault: DomainError | None = None
) -> Response:
    proposal, waiting, strategy = None, None, None
    try:
        strategy = strategy_of(values.get("strategy", ""))
        found = _evidence(situation, strategy, values)
        if isinstance(found, Waiting):
            waiting = found
        else:
            proposal = propose(strategy, values.get("amount"), situation.plan.columns, found)
    except DomainError as problem:
        fault = fault or problem
    response = render(
        PAGE,
        PARTIAL,
        status=fault.status if fault else 409 if changed else 200,
        base=f"/experiments/drafts/{situation.row.id}",
        strategy=strategy,
        asked={name: values.get(name, "")[:40] for name in ("strategy", "amount", "measure")},
        proposal=proposal,
        sentence=_sentence(proposal, values),
        measured_on=measured_on(situation),
        waiting=waiting,
        fault=fault,
        changed=changed,
        most=MOST_SHOWN,
        focus="again" not in values,
    )
    return into(SLOT, response)


def _sentence(proposal: Proposal | None, values: Mapping[str, str]) -> str:
    """Return what the rule of a proposal does in each fold; an empty text where it is no rule of the config."""
    if proposal is None or not proposal.strategy.kind:
        return ""
    rule = proposal.strategy.rule(proposal.amount, values.get("measure", ""))
    return describe([rule], len(proposal.dropped) + len(proposal.kept))[0]


def _evidence(situation: flow.Situation, strategy: Strategy, values: Mapping[str, str]) -> Evidence | Waiting:
    dataset, _ = dataset_of(situation)
    if strategy.measure is not None:
        try:
            strategy.measure.parse(values.get("measure") or strategy.measure.default)
        except ValueError as fault:
            raise DomainError(f"{strategy.measure.title}: {fault}", code="measure_invalid", field="measure") from None
    if strategy.needs_pairs:
        state = matrix_of(situation, start=True)
        if state.complete:
            return Evidence(pairs=state.matrix.ranked(threshold=0.5))
        if state.state not in ("queued", "running"):
            reason = state.reason or "The pairs are not all measured. Have them measured under \u201cAll pairs\u201d."
            raise DomainError(reason, code="not_measured")
        return Waiting(state.done, state.total, state.seconds_left)
    if strategy.kind == "drop_near_constant":
        names = [choice.profile.name for choice in situation.plan.columns if choice.selected]
        kinds, rule = kinds_of(situation), rule_of(situation)
        return Evidence(spreads=spreads.spreads_for(dataset, names, kinds=kinds, rule=rule))
    if values.get("measure") == "mutual_information":
        scores = {one.name: one.score for one in ranking_of(situation).items if one.score is not None}
        if scores:
            return Evidence(scores=scores, score_title="mutual information")
    return Evidence()


@blueprint.post("/strategy")
def apply_strategy(draft_id: uuid.UUID) -> Response:
    """Leave out what was shown; if that is no longer the same, show it again instead."""
    situation, form = flow.situation_of(draft_id), request.form
    try:
        strategy = strategy_of(form.get("strategy", ""))
        found = _evidence(situation, strategy, form)
        if isinstance(found, Waiting):
            return _show(situation, form)
        proposal = propose(strategy, form.get("amount"), situation.plan.columns, found)
        if strategy.kind:
            # The rule is what was agreed to, not the columns that it would keep on these rows.
            changes = add_selection(situation.plan, strategy.rule(proposal.amount, form.get("measure", "")))
        elif proposal.digest != form.get("digest") or not proposal.dropped or not proposal.kept:
            return _show(situation, form, changed=True)
        else:
            changes = _changes(situation, proposal)
        drafts.save_answers(situation.user, draft_id, step="features", changes=changes, version=situation.row.version)
    except DraftConflictError as conflict:
        return flow.show_conflict(VIEW, situation, conflict, changes)
    except DomainError as fault:
        return _show(situation, form, fault=fault)
    return see_other(flow.step_url(situation.row, "features") + "#features-columns")


def _changes(situation: flow.Situation, proposal: Proposal) -> dict[str, object]:
    held = situation.plan.values["features"]
    keys = [f"column.{one.choice.profile.key}" for one in proposal.dropped]
    return {**add_rule(situation.plan, proposal.rule()), **{name: None for name in keys if name in held}}
