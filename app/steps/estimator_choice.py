"""The estimator of a draft, and whether a person, the rules or the short fits chose it."""

from __future__ import annotations

from dataclasses import dataclass

from flask import request, url_for

from app.domain.estimators import registry
from app.domain.estimators.parameters import EstimatorEntry
from app.domain.recommendation.verdict import ShortFitEvidence
from app.domain.training.validation import metrics
from app.services.measurements import recommendations
from app.services.measurements.recommendations import ShortFits
from app.steps.context import DraftContext

SHOWN = "shown_estimator"


@dataclass(frozen=True, kw_only=True)
class EstimatorChoice:
    """The estimator that a page shows, beside the rules' first one and the one that the short fits put first.

    `best` is None until the fits are finished. `kind` is "rules" (nothing measured says otherwise), "confirmed" (the
    fits put the rules' first one first), "follows" (the suggestion follows the fits), "waits" (it would, but the page
    was drawn before), "chosen" (somebody chose another one) or "agreed" (somebody chose the first one).
    """

    kind: str
    entry: EstimatorEntry
    rules: EstimatorEntry
    best: EstimatorEntry | None
    metric: str
    scores: dict[str, float]
    tied: tuple[str, ...]
    busy: bool
    choose: str

    def score_of(self, entry: EstimatorEntry) -> float | None:
        """Return the mean score of an estimator in the short fits, None where it was not fitted."""
        return self.scores.get(entry.id)


def choice_of(draft: DraftContext, fits: ShortFits | None = None) -> EstimatorChoice | None:
    """Return the choice of a draft, None where nothing can be chosen yet; nothing is started."""
    spec, dataset = draft.plan.spec, draft.dataset
    if spec is None or dataset is None:
        return None
    fits = fits or recommendations.fits_of(dataset, draft.plan, draft.evidence)
    if fits is None:
        return None
    evidence = fits.evidence if fits.evidence is not None and fits.evidence.complete else None
    entry, rules = registry.get(spec.model.estimator), registry.get(fits.by_rules)
    best = None if evidence is None else registry.get(evidence.choice)
    return EstimatorChoice(
        kind=_kind_of(draft, entry, rules, best),
        entry=entry,
        rules=rules,
        best=best,
        metric=metrics.get(spec.metrics.primary).title,
        scores={} if evidence is None else _means_of(evidence),
        tied=() if evidence is None else evidence.tied,
        busy=fits.busy,
        choose=url_for("model.choose", draft_id=draft.id),
    )


def _kind_of(draft: DraftContext, entry: EstimatorEntry, rules: EstimatorEntry, best: EstimatorEntry | None) -> str:
    answer = draft.row.answers.get("model", {}).get("estimator")
    if best is None:
        return "rules"
    if answer:
        return "agreed" if entry.id == best.id else "chosen"
    if entry.id != best.id:
        return "waits"
    return "confirmed" if best.id == rules.id else "follows"


def _means_of(evidence: ShortFitEvidence) -> dict[str, float]:
    return {item.estimator: item.mean for item in evidence.items}


def restore_page_estimator(draft: DraftContext) -> DraftContext:
    """Return the draft with the estimator that the page shows from which a request comes."""
    return draft.with_page_estimator(request.values.get(SHOWN, "")) if request.values.get(SHOWN) else draft
