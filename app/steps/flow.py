"""What all steps share: load the draft, show it, save what changed, go on, and settle what two tabs disagree on."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from flask import Blueprint, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from app.domain import wizard
from app.domain.analysis.profiling.profile import DatasetProfile
from app.domain.errors import ConflictError, DomainError, DraftConflictError
from app.domain.recommendation.plan import Plan
from app.services.datasets import datasets
from app.services.drafts import draft_history, drafts
from app.steps.frame import frame_of
from app.storage.tables import Dataset, DraftRow, User
from app.web.hypermedia import fragment, into, leave_for, render, see_other, wants_fragment
from app.web.json_input import parse_json
from app.web.sessions import current_user
from app.web.wording import answered, asked_in_full, written

PAGE = "wizard.html"
# Buttons that change one field; its name stands behind the colon.
OF_ONE_FIELD = ("use-recommended:", "use-default:", "heal:")
UNFOLDED = "unfolded"
Form = MultiDict[str, str]


@dataclass(frozen=True)
class Situation:
    """One draft of one person, thought through."""

    user: User
    row: DraftRow
    plan: Plan
    dataset: Dataset | None
    profile: DatasetProfile | None


@dataclass(frozen=True)
class StepView:
    """What makes one step different from the others.

    `read` turns the form that was posted into field -> raw value, for the fields that the form showed. `context` gives
    its fragment what it needs, and a `status` where what was asked for makes no sense. `act` answers a button of its
    own, by returning more changes. `reshapes` names fields (or prefixes ending in ".") whose change alters the form
    itself. `live` is a fragment of what else follows a change, sent along with the saved mark; `follows` is one of what
    changes when the job ends that compares the columns with the target.
    """

    slug: str
    read: Callable[[Form, Plan], dict[str, Any]]
    context: Callable[[Situation], dict[str, Any]]
    act: Callable[[Form, Plan], dict[str, Any]] = field(default=lambda _form, _plan: {})
    reshapes: tuple[str, ...] = ()
    live: str = ""
    accepts: tuple[str, ...] = ()
    follows: str = ""


def situation_of(draft_id: uuid.UUID) -> Situation:
    """Load a draft of the person who asks."""
    user = current_user()
    row = drafts.get_draft(user, draft_id)
    return think(user, row)


def think(user: User, row: DraftRow) -> Situation:
    """Think a draft through."""
    dataset = drafts.dataset_of(user, row)
    profile = datasets.profile_of(dataset) if dataset else None
    return Situation(user, row, drafts.plan_of(user, row), dataset, profile)


def first_open_step(situation: Situation) -> str:
    """Return the first step that has an error, or the last one."""
    faulty = (slug for slug in wizard.SLUGS if situation.plan.errors_of(slug))
    return next(faulty, wizard.SLUGS[-1])


def step_url(row: DraftRow, slug: str) -> str:
    """Return the address of a step."""
    return url_for(f"{slug}.show", draft_id=row.id)


def show_step(view: StepView, situation: Situation, *, status: int = 200, **more: Any) -> Response:
    """Answer with the step, as a page or as a fragment; without data there is nothing to show but the Data step."""
    if view.slug != "data" and situation.plan.spec is None:
        return see_other(step_url(situation.row, "data"))
    context: dict[str, Any] = {"shown_problems": (), "conflict": None, "focus": True, "pressed": ""}
    context.update({**view.context(situation), **more})
    context.update(frame_of(situation, view.slug))
    partial = f"partials/steps/{view.slug}.html"
    status = max(status, context.pop("status", 200))
    return render(PAGE, partial, status=status, push=request.method == "GET", **context)


def show(view: StepView, draft_id: uuid.UUID) -> Response:
    """Show a step, unless an earlier one must be answered first."""
    situation = situation_of(draft_id)
    if situation.row.launched_experiment_id is not None:
        return leave_for(url_for("experiments.show", experiment_id=situation.row.launched_experiment_id))
    if view.slug == "data" or situation.plan.spec is not None:
        drafts.mark_reached(situation.user, draft_id, view.slug)
    return show_step(view, situation)


def version_of(situation: Situation) -> int:
    """Return the version that the page was made from; the newest where it does not say."""
    current, raw = situation.row.version, request.form.get("version", "")
    if not (raw.isascii() and raw.isdigit()) or len(raw) > len(str(current)):
        return current
    return int(raw) if 0 < int(raw) <= current else current


def is_stale(situation: Situation) -> bool:
    """Say whether the page was made before the last change of another tab.

    It must be drawn anew: with the version that it saved it would have what it still shows stand against that change.
    """
    return version_of(situation) < situation.row.version


def changes_of(view: StepView, situation: Situation, version: int) -> dict[str, Any]:
    """Return what the person changed on the page, compared with what that page showed at its version."""
    seen = situation.plan
    if version < situation.row.version:
        seen = drafts.plan_of(situation.user, situation.row, at_version=version)
    values, suggestions = seen.values[view.slug], seen.suggestions.get(view.slug, {})
    changes: dict[str, Any] = {}
    for name, value in view.read(request.form, seen).items():
        if _same(value, values.get(name)):
            continue
        back_to_suggestion = name in suggestions and _same(value, suggestions[name])
        changes[name] = None if back_to_suggestion else value
    changes.update(view.act(request.form, seen))
    return changes


def accepted(view: StepView, situation: Situation, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return what going on makes an answer: what the page showed in fields that would be left to the suggestion."""
    if not view.accepts or request.form.get("action", "continue") != "continue":
        return {}
    after = {**situation.row.answers.get(view.slug, {}), **changes}
    sent = view.read(request.form, situation.plan)
    return {name: sent[name] for name in view.accepts if name in sent and after.get(name) is None}


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, list) or isinstance(other, list) or isinstance(one, bool):
        return bool(one == other)
    if isinstance(other, bool):
        return str(one).lower() == str(other).lower()
    return written(one).replace("\r\n", "\n") == written(other).replace("\r\n", "\n")


def store(view: StepView, situation: Situation, *, going_on: bool = False) -> Situation:
    """Save what the form changed, and what going on accepts, and return the draft as it is then."""
    version = version_of(situation)
    changes = changes_of(view, situation, version)
    if going_on:
        changes.update(accepted(view, situation, changes))
    user, draft_id = situation.user, situation.row.id
    visible, confirmed = split_visible(view, situation, changes)
    outcome = drafts.save_answers(user, draft_id, step=view.slug, changes=visible, version=version)
    kept = draft_history.confirm_answers(user, draft_id, step=view.slug, changes=confirmed)
    return situation_of(draft_id) if outcome.changed or outcome.merged or kept else situation


def split_visible(
    view: StepView, situation: Situation, changes: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the changes that alter what the step shows, and those that only confirm it."""
    shown, suggested = situation.plan.values[view.slug], situation.plan.suggestions.get(view.slug, {})
    confirmed = {
        name: value
        for name, value in changes.items()
        if name in suggested and _same(suggested[name] if value is None else value, shown.get(name))
    }
    return {name: value for name, value in changes.items() if name not in confirmed}, confirmed


def save(view: StepView, draft_id: uuid.UUID) -> Response:
    """Save the step; then go on, or show it again with what is wrong."""
    situation = situation_of(draft_id)
    try:
        situation = store(view, situation, going_on=True)
    except DraftConflictError as fault:
        return show_conflict(view, situation, fault)
    except ConflictError:
        raise
    except DomainError as fault:
        return show_step(view, situation, status=fault.status, shown_problems=(fault,))
    action = request.form.get("action", "continue")
    if action == "back":
        earlier = wizard.before(view.slug)
        return see_other(step_url(situation.row, earlier.slug if earlier else view.slug))
    if action != "continue":
        return see_other(step_url(situation.row, view.slug) + anchor_of(action))
    errors = situation.plan.errors_of(view.slug)
    if errors:
        return show_step(view, situation, status=422, shown_problems=errors)
    later = wizard.after(view.slug)
    return see_other(step_url(situation.row, later.slug if later else view.slug))


def anchor_of(action: str) -> str:
    """Return where on the page a button leaves the reader, as the end of an address."""
    # Without scripts no page tells which levels of settings were unfolded by hand, so none is folded again.
    unfolded = f"?{UNFOLDED}=all" if "estimator" in request.form and not wants_fragment() else ""
    if action.startswith(OF_ONE_FIELD):
        return f"{unfolded}#f-{action.split(':')[1].replace('.', '-').replace('_', '-')}"
    query = request.form.get("query", "")
    found = f"?{query}" if query and action != "apply" else ""
    return f"{found}#features-derived" if "-transform" in action else found or unfolded


def autosave(view: StepView, draft_id: uuid.UUID) -> Response:
    """Save without leaving the page: the answer is the saved mark and the side, or the step where its form changed."""
    situation = situation_of(draft_id)
    before, stale = situation.row.answers.get(view.slug, {}), is_stale(situation)
    try:
        situation = store(view, situation)
    except DraftConflictError as fault:
        return show_conflict(view, situation, fault)
    after = situation.row.answers.get(view.slug, {})
    changed = {name for name in {*before, *after} if before.get(name) != after.get(name)}
    pressed = request.form.get("action", "")
    if pressed or stale or (any(name.startswith(view.reshapes) for name in changed) and view.reshapes):
        return into("#wizard", show_step(view, situation, focus=False, pressed=pressed))
    return fragment("partials/wizard/saved.html", with_side=True, **moved_along(situation, view, of=view.slug))


def measured(view: StepView, draft_id: uuid.UUID) -> Response:
    """Answer how far the search for leaks is, with whatever it changed on the page since that was drawn."""
    situation = situation_of(draft_id)
    if situation.row.launched_experiment_id is not None or situation.plan.spec is None or not wants_fragment():
        return leave_for(step_url(situation.row, view.slug))
    return show_measured({**view.context(situation), **frame_of(situation, view.slug)}, view.follows)


def show_measured(context: Mapping[str, Any], follows: str) -> Response:
    """Answer with the mark of the search for leaks; what else changed goes to its own places."""
    changed = context["shown_state"] != request.args.get("seen")
    parts = {"with_side": True, "follows": follows} if changed else {}
    return fragment("partials/wizard/measuring.html", looked=True, **{**context, **parts})


def moved_along(situation: Situation, view: StepView, *, of: str) -> dict[str, Any]:
    """Return what the answer to a change needs besides the saved mark; `of` is the page that it goes to."""
    live = view.live if situation.plan.spec is not None else ""
    more = view.context(situation) if live else {}
    return {**more, "live": live, "slug_of_page": of, **frame_of(situation, view.slug)}


def show_conflict(
    view: StepView, situation: Situation, fault: DraftConflictError, changes: Mapping[str, Any] | None = None
) -> Response:
    """Show both values of every field in question, with all that was typed kept in the form of the choice."""
    situation = situation_of(situation.row.id)
    if changes is None:
        changes = changes_of(view, situation, version_of(situation))
    conflict = {
        "items": fault.conflicts,
        "changes": json.dumps(changes),
        "fields": json.dumps([item.field for item in fault.conflicts]),
        "title_of": partial(asked_in_full, profile=situation.profile),
        "answer_of": answered,
    }
    return into("#wizard", show_step(view, situation, status=409, conflict=conflict))


def resolve(view: StepView, draft_id: uuid.UUID) -> Response:
    """Settle a conflict: keep mine or theirs; what was not in question is saved in both cases."""
    situation = situation_of(draft_id)
    decision = request.form.get("keep", "")
    changes, fields = posted_json("changes"), posted_json("fields")
    if not isinstance(changes, Mapping) or not isinstance(fields, list) or decision not in ("mine", "theirs"):
        raise DomainError("Choose which of the answers to keep.", code="choice_missing")
    wanted = {str(name): value for name, value in changes.items() if decision == "mine" or name not in fields}
    try:
        drafts.save_answers(situation.user, draft_id, step=view.slug, changes=wanted, version=version_of(situation))
    except DraftConflictError as fault:
        return show_conflict(view, situation, fault, wanted)
    return see_other(step_url(situation.row, view.slug))


def posted_json(name: str) -> Any:
    """Return what a field of the form holds as JSON; None where it holds none, or what is nested too deeply."""
    try:
        return parse_json(request.form.get(name, ""))
    except ValueError:
        return None


def blueprint_for(view: StepView) -> Blueprint:
    """Return the step's blueprint with the routes that every step has."""
    made = Blueprint(view.slug, __name__, url_prefix=f"/experiments/drafts/<uuid:draft_id>/{view.slug}")

    @made.get("", endpoint="show")
    def show_route(draft_id: uuid.UUID) -> Response:
        return show(view, draft_id)

    @made.post("", endpoint="save")
    def save_route(draft_id: uuid.UUID) -> Response:
        return save(view, draft_id)

    @made.post("/autosave", endpoint="autosave")
    def autosave_route(draft_id: uuid.UUID) -> Response:
        return autosave(view, draft_id)

    @made.get("/measured", endpoint="measured")
    def measured_route(draft_id: uuid.UUID) -> Response:
        return measured(view, draft_id)

    @made.post("/resolve", endpoint="resolve")
    def resolve_route(draft_id: uuid.UUID) -> Response:
        return resolve(view, draft_id)

    return made
