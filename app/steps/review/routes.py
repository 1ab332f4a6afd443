"""The Review step: everything with links back, problems with remedies, estimate, launch."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

from flask import request, url_for
from werkzeug.wrappers import Response

from app.domain.errors import ConflictError, DomainError, DraftConflictError, LaunchRefusedError
from app.domain.estimators import registry
from app.domain.estimators.parameters import EstimatorEntry, Parameter
from app.domain.experiment import Spec
from app.domain.recommendation.verdict import Said
from app.domain.training.preprocessing import transforms
from app.domain.training.validation import metrics, splitting
from app.domain.vocabulary import Severity
from app.services import experiments
from app.services.drafts import drafts
from app.services.measurements import recommendations
from app.steps import flow
from app.steps.review.form import read
from app.web.charts import facts
from app.web.hypermedia import leave_for
from app.web.hyperparameters import recommended_value, same
from app.web.wording import setting

# What the fragment gets where there is nothing to review.
NOTHING: dict[str, Any] = {
    "values": {},
    "key": "",
    "derived": (),
    "entry": None,
    "settings": (),
    "strategy": None,
    "measured_by": (),
    "leak_answers": (),
    "selection": (),
    "search": (),
    "said": (),
}


def context(situation: flow.Situation) -> dict[str, Any]:
    """Return what the Review fragment needs."""
    spec = situation.plan.spec
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
        "values": dict(situation.plan.values["review"]),
        "key": secrets.token_hex(16),
        "derived": derived,
        "entry": entry,
        "settings": _settings(situation, entry, spec),
        "strategy": strategy,
        "strategy_settings": [
            (one, setting(one, {**strategy.defaults(), **spec.validation.parameters}[one.name]))
            for one in strategy.parameters
        ],
        "measured_by": [metrics.get(item).title for item in (spec.metrics.primary, *spec.metrics.others)],
        "leak_answers": facts.leak_answers(spec),
        "selection": facts.selection(spec),
        "search": facts.search(spec),
        "said": _said(situation),
        "left_out": [one for one in situation.plan.columns if not one.selected],
    }


def _settings(situation: flow.Situation, entry: EstimatorEntry, spec: Spec) -> list[tuple[Parameter, str, bool]]:
    """Return each setting with its value in words, and whether it differs from what is recommended."""
    values, found = {**entry.defaults(spec.task.kind), **spec.model.parameters}, []
    for one in entry.parameters_for(spec.task.kind):
        recommended = recommended_value(situation.plan, f"{entry.id}.{one.name}", one)
        found.append((one, setting(one, values[one.name]), not same(one, values[one.name], recommended)))
    return found


def _said(situation: flow.Situation) -> list[Said]:
    """Return what short fits say of the data and no problem beside them says."""
    if situation.dataset is None:
        return []
    listed = {one.code for one in situation.plan.problems}
    return [
        one
        for one in recommendations.said_of_data(situation.dataset, situation.plan)
        if one.code not in listed and one.code != "too_few_rows"
    ]


VIEW = flow.StepView(
    "review", read, context, live="partials/review/verdict.html", follows="partials/review/measured.html"
)
blueprint = flow.blueprint_for(VIEW)


@blueprint.post("/launch")
def launch(draft_id: uuid.UUID) -> Response:
    """Freeze the draft and start it; a refusal says why, and a second click gives the same experiment."""
    situation = flow.situation_of(draft_id)
    try:
        return leave_for(url_for("experiments.show", experiment_id=launched(situation, partial(flow.store, VIEW))))
    except DraftConflictError as fault:
        return flow.show_conflict(VIEW, situation, fault)
    except LaunchRefusedError as fault:
        errors = tuple(one for one in fault.problems if one.severity is Severity.ERROR)
        return flow.show_step(VIEW, flow.situation_of(draft_id), status=422, shown_problems=errors)
    except ConflictError:
        raise
    except DomainError as fault:
        return flow.show_step(VIEW, flow.situation_of(draft_id), status=fault.status, shown_problems=(fault,))


def launched(situation: flow.Situation, store: Callable[[flow.Situation], flow.Situation]) -> uuid.UUID:
    """Return the experiment of this draft, stored and launched now unless it was before, be it by a moment."""
    key = request.form.get("idempotency_key", "")[:100] or secrets.token_hex(16)
    known = situation.row.launched_experiment_id
    if known is not None:
        return known
    try:
        stored = store(situation)
        return experiments.launch(stored.user, stored.row.id, version=stored.row.version, idempotency_key=key).id
    except ConflictError:
        known = drafts.get_draft(situation.user, situation.row.id).launched_experiment_id
        if known is None:
            raise
        return known
