"""What short fits say about the estimators, for the panel of the Model step and its own page."""

from __future__ import annotations

from typing import Any

from flask import url_for

from app.domain.estimators import registry
from app.domain.training.validation import metrics, splitting
from app.domain.vocabulary import RunState
from app.services.measurements import recommendations
from app.steps.choice import choice_of
from app.steps.context import DraftContext

# Rows of the table, there from the first look on: what the fits bring must not move what stands below.
RESERVED = 6


def panel(draft: DraftContext) -> dict[str, Any] | None:
    """Return the context of the panel, or None where nothing can be recommended yet."""
    if draft.dataset is None:
        return None
    found = recommendations.known_of(draft.dataset, draft.plan, draft.machine)
    if found is None:
        return None
    spec, evidence = found.spec, found.evidence
    lines = [item for item in found.items if item.measured is not None]
    # In the table order follows the scores; the one to choose is marked where it stands.
    place = {item.estimator: at for at, item in enumerate(evidence.items)} if evidence is not None else {}
    lines.sort(key=lambda item: place.get(item.ranked.entry.id, len(place)))
    chosen, finished = registry.get(spec.model.estimator), found.state == RunState.FINISHED.value
    baseline = evidence.baseline if evidence is not None else ()
    return {
        "found": found,
        "ranking": [item.ranked for item in found.items],
        "lines": lines,
        "reserved": RESERVED,
        "waiting": _waiting(found)[: max(RESERVED - len(lines), 0)],
        "chosen": chosen.id,
        "choice": choice_of(draft, found),
        "first": evidence.choice if evidence is not None and finished else "",
        "tied": evidence.tied if evidence is not None and finished and len(evidence.tied) > 1 else (),
        "standings": {item.estimator: evidence.standing_of(item).value for item in evidence.items}
        if evidence is not None
        else {},
        "metric": metrics.get(spec.metrics.primary),
        "strategy": splitting.get(spec.validation.strategy),
        "held_out": spec.validation.holdout is not None,
        "baseline": sum(baseline) / len(baseline) if baseline else None,
        "rows": max((item.rows for item in evidence.items), default=0) if evidence is not None else 0,
        "here": url_for("model.show_evidence", draft_id=draft.id),
        "choose": url_for("model.choose", draft_id=draft.id),
    }


def _waiting(found: recommendations.Recommendations) -> list[recommendations.Recommendation]:
    """Return the estimators that may still be measured, in the suggested order."""
    return [item for item in found.items if item.measured is None and item.ranked.entry.competes and found.busy]
