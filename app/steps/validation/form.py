"""Reading the posted form of the Validation step: strategy, hold-out, metrics and seed."""

from __future__ import annotations

from typing import Any

from app.domain.recommendation.plan import Plan
from app.domain.training.validation import splitting
from app.steps.views import Form

HOLDOUT = (
    "holdout_by",
    "holdout_percent",
    "holdout_from",
    "holdout_to",
    "holdout_year",
    "holdout_month",
    "warm_up",
)
PLAIN = ("strategy", *HOLDOUT, "primary_metric", "seed")


def read(form: Form, plan: Plan) -> dict[str, Any]:
    """Return the form's answers. Boxes that are not ticked post nothing, so a mark says that they were there."""
    values: dict[str, Any] = {name: form[name] for name in PLAIN if name in form}
    known = {str(entry.id) for entry in splitting.STRATEGIES}
    values.update({name: form[name] for name in form if name.partition(".")[0] in known and "." in name})
    if "other_metrics_shown" in form:
        ticked = form.getlist("other_metrics")
        suggested = plan.suggestions["validation"].get("other_metrics") or []
        known_order = [item for item in suggested if item in ticked]
        values["other_metrics"] = known_order + [item for item in ticked if item not in known_order]
    return values
