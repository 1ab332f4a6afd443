"""The Review step: everything with links back, problems with remedies, estimate, launch."""

from __future__ import annotations

import secrets
import uuid
from typing import Any

from werkzeug.wrappers import Response

from app.domain.estimators import registry
from app.domain.estimators.parameters import EstimatorEntry, Parameter
from app.domain.experiment import Spec
from app.domain.recommendation.verdict import Advice
from app.domain.training.preprocessing import transforms
from app.domain.training.validation import metrics, splitting
from app.services.experiment_templates.using import origin_of
from app.services.measurements import recommendations
from app.steps import flow
from app.steps.choice import as_shown, choice_of
from app.steps.context import DraftContext, load, step_url
from app.steps.review.form import read
from app.steps.views import StepView
from app.web.charts import facts
from app.web.hypermedia import fragment, see_other, wants_fragment
from app.web.hyperparameters import recommended_value, same
from app.web.wording import describe_holdout, setting

# What the fragment gets where there is nothing to review.
NOTHING: dict[str, Any] = {
    "values": {},
    "key": "",
    "derived": (),
    "entry": None,
    "settings": (),
    "strategy": None,
    "held_out": "",
    "measured_by": (),
    "leak_answers": (),
    "selection": (),
    "search": (),
    "said": (),
    "choice": None,
    "origin": None,
}


def context(draft: DraftContext) -> dict[str, Any]:
    """Return the context of the Review fragment."""
    spec = draft.plan.spec
    if spec is None:
        return dict(NOTHING)
    entry = registry.get(spec.model.estimator)
    derived = [
        name
        for part in spec.features.transforms
        for name in transforms.derived_names(part, time_column=spec.task.time_column)
    ]
    strategy = splitting.get(spec.validation.strategy)
    return {
        "values": dict(draft.plan.values["review"]),
        "key": secrets.token_hex(16),
        "derived": derived,
        "entry": entry,
        "settings": _settings(draft, entry, spec),
        "strategy": strategy,
        "strategy_settings": [
            (parameter, setting(parameter, {**strategy.defaults(), **spec.validation.parameters}[parameter.name]))
            for parameter in strategy.used(spec.validation.parameters)
        ],
        "held_out": describe_holdout(spec.validation.holdout),
        "measured_by": [metrics.get(item).title for item in (spec.metrics.primary, *spec.metrics.others)],
        "leak_answers": facts.leak_answers(spec),
        "selection": facts.selection(spec),
        "search": facts.search(spec),
        "said": _said(draft),
        "choice": choice_of(draft),
        "origin": origin_of(draft),
        "left_out": [column for column in draft.plan.columns if not column.selected],
    }


def _settings(draft: DraftContext, entry: EstimatorEntry, spec: Spec) -> list[tuple[Parameter, str, bool]]:
    """Return each setting with its value in words, and whether it differs from what is recommended."""
    values, found = {**entry.defaults(spec.task.kind), **spec.model.parameters}, []
    for one in entry.parameters_for(spec.task.kind):
        recommended = recommended_value(draft.plan, f"{entry.id}.{one.name}", one)
        found.append((one, setting(one, values[one.name]), not same(one, values[one.name], recommended)))
    return found


def _said(draft: DraftContext) -> list[Advice]:
    """Return the advice of the short fits that no problem beside it repeats."""
    if draft.dataset is None:
        return []
    listed = {problem.code for problem in draft.plan.problems}
    return [
        one
        for one in recommendations.said_of_data(draft.dataset, draft.plan)
        if one.code not in listed and one.code != "too_few_rows"
    ]


VIEW = StepView("review", read, context, live="partials/review/verdict.html", follows="partials/review/measured.html")
PAGE = flow.step_page(VIEW)
blueprint = flow.blueprint_for(PAGE, launches=True)


@blueprint.get("/estimator")
def show_choice(draft_id: uuid.UUID) -> Response:
    """Show which estimator a launch takes, to a page that looks for short fits under way."""
    if not wants_fragment():
        return see_other(step_url(draft_id, "review"))
    draft = as_shown(load(draft_id))
    base = f"/experiments/drafts/{draft_id}"
    return fragment("partials/review/choice.html", base=base, choice=choice_of(draft))
