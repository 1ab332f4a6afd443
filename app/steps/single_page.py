"""All five steps on one page, for those who know what they want: the same partials, answers, checks and draft."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from functools import partial
from typing import Any

from flask import Blueprint, current_app, request, url_for
from werkzeug.wrappers import Response

from app.domain import wizard
from app.domain.errors import ConflictError, DomainError, DraftConflictError, LaunchRefusedError
from app.domain.vocabulary import Severity
from app.services.drafts import drafts
from app.steps import flow
from app.steps.data.routes import VIEW as DATA
from app.steps.features.routes import VIEW as FEATURES
from app.steps.frame import frame_of
from app.steps.model.routes import VIEW as MODEL
from app.steps.review.routes import VIEW as REVIEW
from app.steps.review.routes import launched
from app.steps.validation.routes import VIEW as VALIDATION
from app.web.hypermedia import fragment, into, leave_for, render, see_other, wants_fragment
from app.web.wording import answered, asked_in_full

SLUG = "single-page"
VIEWS = (DATA, FEATURES, MODEL, VALIDATION, REVIEW)
# Which part of a step stands here; the model and the validation as a whole.
PARTS = {
    "data": "partials/data/goal.html",
    "features": "partials/wizard/feature_choices.html",
    "model": "partials/steps/model.html",
    "validation": "partials/steps/validation.html",
    "review": "partials/review/words.html",
}
PAGE = wizard.StepDef(SLUG, "All on one page", "Every answer of the five steps. What you launch is frozen.")
blueprint = Blueprint("single_page", __name__, url_prefix=f"/experiments/drafts/<uuid:draft_id>/{SLUG}")
Changes = dict[str, dict[str, Any]]


def _page(situation: flow.Situation, *, status: int = 200, pressed: str = "", **more: Any) -> Response:
    """Answer with the page; without data there is nothing to show but the Data step."""
    if situation.plan.spec is None:
        return leave_for(flow.step_url(situation.row, "data"))
    frame = {**frame_of(situation, "review"), "step": PAGE, "home": "#section-"}
    sections = [(wizard.step_of(view.slug), _section(view, situation, pressed)) for view in VIEWS]
    key = REVIEW.context(situation)["key"]
    context = {"shown_problems": (), "conflict": None, "focus": True, "sections": sections, "key": key, **more, **frame}
    push = request.method == "GET"
    return render("pages/single_page.html", "partials/wizard/single.html", status=status, push=push, **context)


def _section(view: flow.StepView, situation: flow.Situation, pressed: str) -> Any:
    """Return one step's part as its own template renders it, from a context of its own."""
    context = {"shown_problems": (), "conflict": None, "focus": False, "bare": True, "pressed": pressed}
    context.update(view.context(situation))
    context.update(frame_of(situation, view.slug))
    current_app.update_template_context(context)
    return current_app.jinja_env.get_template(PARTS[view.slug]).make_module(context)


def _changes(situation: flow.Situation, version: int) -> Changes:
    found = {view.slug: flow.changes_of(view, situation, version) for view in VIEWS}
    return {slug: changes for slug, changes in found.items() if changes}


def _store(situation: flow.Situation) -> flow.Situation:
    """Save what the form changed in all steps at once, and return the draft as it is then."""
    version = flow.version_of(situation)
    changes = _changes(situation, version)
    if not changes:
        return situation
    drafts.save_many(situation.user, situation.row.id, changes=changes, version=version)
    return flow.situation_of(situation.row.id)


@blueprint.get("")
def show(draft_id: uuid.UUID) -> Response:
    """Show all steps at once."""
    situation = flow.situation_of(draft_id)
    known = situation.row.launched_experiment_id
    if known is not None:
        return leave_for(url_for("experiments.show", experiment_id=known))
    if situation.plan.spec is not None:
        drafts.mark_reached(situation.user, draft_id, wizard.SLUGS[-1])
    return _page(situation)


@blueprint.post("")
def save(draft_id: uuid.UUID) -> Response:
    """Save everything, and show the page again."""
    situation = flow.situation_of(draft_id)
    try:
        _store(situation)
    except DraftConflictError as fault:
        return _conflict(situation, fault)
    except ConflictError:
        raise
    except DomainError as fault:
        return _page(situation, status=fault.status, shown_problems=(fault,))
    return see_other(_address(draft_id) + flow.anchor_of(request.form.get("action", "apply")))


@blueprint.post("/autosave")
def autosave(draft_id: uuid.UUID) -> Response:
    """Save without leaving the page: the answer is the saved mark and the side, or the page where its form changed."""
    situation = flow.situation_of(draft_id)
    stale = flow.is_stale(situation)
    try:
        changed = _changes(situation, flow.version_of(situation))
        situation = _store(situation)
    except DraftConflictError as fault:
        return _conflict(situation, fault)
    shapes = {view.slug: view.reshapes for view in VIEWS}
    pressed = request.form.get("action", "")
    if (
        pressed
        or stale
        or any(name.startswith(shapes[slug]) for slug, names in changed.items() if shapes[slug] for name in names)
    ):
        return into("#wizard", _page(situation, pressed=pressed, focus=False))
    along = flow.moved_along(situation, MODEL, of=SLUG)
    frame = {**along, **frame_of(situation, "review"), "step": PAGE, "home": "#section-"}
    return fragment("partials/wizard/saved.html", with_side=True, **frame)


@blueprint.get("/measured")
def measured(draft_id: uuid.UUID) -> Response:
    """Answer how far the search for leaks is, with whatever it changed on the page since that was drawn."""
    situation = flow.situation_of(draft_id)
    known = situation.row.launched_experiment_id
    if known is not None or situation.plan.spec is None or not wants_fragment():
        return leave_for(_address(draft_id))
    frame = {**frame_of(situation, "review"), "step": PAGE, "home": "#section-"}
    return flow.show_measured({**FEATURES.context(situation), **frame}, "partials/wizard/single_measured.html")


@blueprint.post("/launch")
def launch(draft_id: uuid.UUID) -> Response:
    """Save everything, freeze the draft and start it."""
    situation = flow.situation_of(draft_id)
    try:
        return leave_for(url_for("experiments.show", experiment_id=launched(situation, _store)))
    except DraftConflictError as fault:
        return _conflict(situation, fault)
    except LaunchRefusedError as fault:
        errors = tuple(one for one in fault.problems if one.severity is Severity.ERROR)
        return _page(flow.situation_of(draft_id), status=422, shown_problems=errors)
    except ConflictError:
        raise
    except DomainError as fault:
        return _page(flow.situation_of(draft_id), status=fault.status, shown_problems=(fault,))


def _conflict(situation: flow.Situation, fault: DraftConflictError) -> Response:
    """Show both values of every field in question, with all that was typed kept in the form of the choice."""
    situation = flow.situation_of(situation.row.id)
    conflict = {
        "items": fault.conflicts,
        "changes": json.dumps(_changes(situation, flow.version_of(situation))),
        "fields": json.dumps([f"{item.step}.{item.field}" for item in fault.conflicts]),
        "title_of": partial(asked_in_full, profile=situation.profile),
        "answer_of": answered,
    }
    return into("#wizard", _page(situation, status=409, conflict=conflict))


@blueprint.post("/resolve")
def resolve(draft_id: uuid.UUID) -> Response:
    """Settle a conflict: keep mine or theirs; what was not in question is saved in both cases."""
    situation = flow.situation_of(draft_id)
    decision = request.form.get("keep", "")
    changes, fields = flow.posted_json("changes"), flow.posted_json("fields")
    if not _understood(changes) or not isinstance(fields, list) or decision not in ("mine", "theirs"):
        raise DomainError("Choose which of the answers to keep.", code="choice_missing")
    wanted = {
        step: {name: value for name, value in held.items() if decision == "mine" or f"{step}.{name}" not in fields}
        for step, held in changes.items()
    }
    drafts.save_many(situation.user, draft_id, changes=wanted, version=situation.row.version)
    return see_other(_address(draft_id))


def _understood(changes: Any) -> bool:
    steps = isinstance(changes, Mapping) and set(changes) <= set(wizard.SLUGS)
    return steps and all(isinstance(held, Mapping) for held in changes.values())


def _address(draft_id: uuid.UUID) -> str:
    return url_for("single_page.show", draft_id=draft_id)
