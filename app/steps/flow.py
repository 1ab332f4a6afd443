"""The flow of every wizard page: show, save, autosave, go on, launch, and resolve conflicts between tabs."""

from __future__ import annotations

import json
import secrets
import uuid
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from flask import Blueprint, request, url_for
from werkzeug.wrappers import Response

from app.domain import wizard
from app.domain.errors import ConflictError, DomainError, DraftConflictError, LaunchRefusedError
from app.domain.estimators import registry
from app.domain.vocabulary import Severity
from app.services import experiments
from app.services.drafts import draft_history, drafts
from app.services.usage.recording import count_refusals
from app.steps.context import DraftContext, load, step_url
from app.steps.estimator_choice import restore_page_estimator
from app.steps.frame import frame_of, search_of, side_of
from app.steps.page_contexts import AnswerConflict, Answers, MeasuringContext, PageState, SavedContext
from app.steps.posted_changes import changes_of, is_stale, posted_json, version_of
from app.steps.start_measurements import begin, is_measured_anew
from app.steps.views import Changes, StepView, WizardPage, nothing_live
from app.web.hypermedia import leave_for, render_view, retarget, see_other, wants_fragment
from app.web.wording import describe_answer, full_field_title

# Buttons that change one field; its name stands behind the colon.
OF_ONE_FIELD = ("use-recommended:", "use-default:", "heal:")
UNFOLDED = "unfolded"
UNTOUCHED = PageState()


def step_page(view: StepView) -> WizardPage:
    """Return the page of one step."""
    return WizardPage(
        slug=view.slug,
        step=wizard.step_of(view.slug),
        views=(view,),
        reached=view.slug,
        draw=partial(draw_step, view),
        live=view,
        follows=view,
        measured=view.measured,
    )


def draw_step(
    view: StepView,
    draft: DraftContext,
    *,
    status: int = 200,
    state: PageState = UNTOUCHED,
    answers: Answers | None = None,
) -> Response:
    """Answer with a step, as a page or as a fragment; without data there is nothing to show but the Data step."""
    if view.slug != "data" and draft.plan.spec is None:
        return see_other(step_url(draft.id, "data"))
    context = view.page(
        side=side_of(draft, wizard.step_of(view.slug)),
        search=search_of(draft),
        frame=frame_of(draft, view.slug, on_page=view.slug),
        state=state,
        answers=answers or view.answers(draft),
    )
    return render_view(context, status=max(status, context.answers.status), push=request.method == "GET")


def refuse(page: WizardPage, draft: DraftContext, fault: DomainError, *, status: int = 0) -> Response:
    """Show a page again with the sentence that says why nothing was done."""
    response = page.draw(draft, status=status or fault.status, state=PageState(page_problems=(fault,)))
    return retarget("#wizard", response)


def show(page: WizardPage, draft_id: uuid.UUID) -> Response:
    """Show a page, unless an earlier step must be answered first."""
    draft = load(draft_id)
    if draft.row.launched_experiment_id is not None:
        return leave_for(url_for("experiments.show", experiment_id=draft.row.launched_experiment_id))
    return page.draw(draft)


def address_of(page: WizardPage, draft_id: uuid.UUID) -> str:
    """Return the address of a page."""
    return step_url(draft_id, page.slug)


def store(page: WizardPage, draft: DraftContext) -> DraftContext:
    """Save what the form changed, and return the draft as it is then."""
    visible, confirmed = changes_of(page, draft)
    saved = save_changes(draft, visible, reached=page.reached)
    kept = [
        draft_history.confirm_answers(draft.user, draft.id, step=step, changes=changes)
        for step, changes in confirmed.items()
    ]
    return load(draft.id) if any(kept) else saved


def save_changes(draft: DraftContext, changes: Changes, *, reached: str = "") -> DraftContext:
    """Save changes that were made on the version of the posted form, and return the draft as it is then."""
    outcome = drafts.save_many(
        draft.user,
        draft.id,
        changes=changes,
        version=version_of(draft),
        reached=reached,
        loaded=draft,
    )
    return outcome.context if outcome.changed or outcome.merged else draft


def save(page: WizardPage, draft_id: uuid.UUID) -> Response:
    """Save a page; then go on, or show it again with what is wrong."""
    draft = load(draft_id)
    action = request.form.get("action", "continue" if page.is_step else "apply")
    try:
        draft = store(page, draft)
    except ConflictError:
        raise
    except DomainError as fault:
        count_refusals(draft.user, draft.id, page.slug, [(page.slug, fault.field or "", fault.code)])
        return page.draw(draft, status=fault.status, state=PageState(page_problems=(fault,)))
    if not page.is_step or action not in ("back", "continue"):
        begin(draft, page.slug)
        return see_other(address_of(page, draft_id) + anchor_of(action))
    if action == "back":
        return _turn_to(draft, wizard.step_before(page.slug) or wizard.step_of(page.slug))
    errors = draft.plan.errors_of(page.slug)
    if errors:
        count_refusals(draft.user, draft.id, page.slug, [(error.step, error.field, error.code) for error in errors])
        return page.draw(draft, status=422, state=PageState(page_problems=errors))
    return _turn_to(draft, wizard.step_after(page.slug) or wizard.step_of(page.slug))


def _turn_to(draft: DraftContext, step: wizard.StepDef) -> Response:
    """Lead to another step, which is remembered as shown, with what it shows being measured."""
    if draft.plan.spec is not None:
        drafts.mark_reached(draft.user, draft.id, step.slug, loaded=draft.row)
        begin(draft, step.slug)
    return see_other(step_url(draft.id, step.slug))


def anchor_of(action: str) -> str:
    """Return where on the page a button leaves the reader, as the end of an address."""
    # Without scripts no page tells which levels of settings were unfolded by hand, so none is folded again.
    unfolded = f"?{UNFOLDED}=all" if "estimator" in request.form and not wants_fragment() else ""
    if action.startswith(OF_ONE_FIELD):
        return f"{unfolded}#f-{action.split(':')[1].replace('.', '-').replace('_', '-')}"
    query = request.form.get("query", "")
    result = f"?{query}" if query and action != "apply" else ""
    return f"{result}#features-derived" if action.endswith("-set") or "-transform" in action else result or unfolded


def autosave(page: WizardPage, draft_id: uuid.UUID) -> Response:
    """Save without leaving the page: the answer is the saved mark and the side, or the page where its form changed."""
    before = load(draft_id)
    stale, pressed = is_stale(before), request.form.get("action", "")
    after = store(page, before)
    changed = _changed_fields(before, after)
    if page.shows_estimator:
        after = restore_page_estimator(after)
    if is_measured_anew(page.slug, changed):
        begin(after, page.slug)
    if pressed or stale or _is_reshaped(page, changed):
        return retarget("#wizard", page.draw(after, state=PageState(focus=False, pressed=pressed)))
    return render_view(_saved_context(page, after))


def _changed_fields(before: DraftContext, after: DraftContext) -> frozenset[str]:
    """Return which answers differ, each as step.field."""
    return frozenset(
        f"{step}.{name}"
        for step in {*before.answers, *after.answers}
        for name in {*before.answers.get(step, {}), *after.answers.get(step, {})}
        if before.answers.get(step, {}).get(name) != after.answers.get(step, {}).get(name)
    )


def _is_reshaped(page: WizardPage, changed: frozenset[str]) -> bool:
    shapes = tuple(f"{view.slug}.{name}" for view in page.views for name in view.reshapes)
    return any(path.startswith(shapes) for path in changed)


def _saved_context(page: WizardPage, draft: DraftContext) -> SavedContext:
    """Return the context of a saved change; without data only the side of the page follows it."""
    kind, live = (SavedContext, nothing_live) if draft.plan.spec is None else (page.live.saved, page.live.live)
    return kind(side=side_of(draft, page.step, home=page.home), live=live(draft))


def take_estimator(page: WizardPage, draft_id: uuid.UUID) -> Response:
    """Take an estimator, or none so that the suggestion holds, from the line that says why one is chosen."""
    draft, wanted = store(page, load(draft_id)), request.form.get("take", "")
    task = draft.plan.spec.task if draft.plan.spec else None
    offered = {entry.id for entry in registry.estimators_for_task(task.kind, task.purpose)} if task else set()
    if wanted and wanted not in offered:
        gone = DomainError("This estimator is not offered for the task any more.", code="estimator_unknown")
        return refuse(page, draft, gone, status=422)
    changes = {"model": {"estimator": wanted or None}}
    saved = drafts.save_many(draft.user, draft.id, changes=changes, version=draft.version, loaded=draft).context
    begin(saved, page.slug)
    return see_other(address_of(page, draft_id))


def answer_measured(page: WizardPage, draft_id: uuid.UUID) -> Response:
    """Answer how far the search for leaks is, with whatever it changed on the page since that was drawn."""
    draft = restore_page_estimator(load(draft_id)) if page.shows_estimator else load(draft_id)
    if draft.row.launched_experiment_id is not None or draft.plan.spec is None or not wants_fragment():
        return leave_for(address_of(page, draft_id))
    return show_measured(page, draft)


def begin_measuring(page: WizardPage, draft_id: uuid.UUID) -> Response:
    """Start the measurements that a page shows and that were never started, as on an old draft."""
    begin(load(draft_id), page.slug)
    return show_measured(page, load(draft_id)) if wants_fragment() else see_other(address_of(page, draft_id))


def show_measured(page: WizardPage, draft: DraftContext) -> Response:
    """Answer with the mark of the search for leaks; what else changed goes to its own places."""
    side, search = side_of(draft, page.step, home=page.home), search_of(draft)
    if search.search_state == request.values.get("seen"):
        return render_view(MeasuringContext(side=side, search=search))
    frame = frame_of(draft, page.reached, on_page=page.slug)
    answers = page.follows.answers(draft) if page.measured.included else Answers()
    return render_view(page.measured(side=side, search=search, frame=frame, answers=answers))


def launch(page: WizardPage, draft_id: uuid.UUID) -> Response:
    """Save everything, freeze the draft and start it; a second click gives the same experiment."""
    draft = load(draft_id)
    try:
        return leave_for(url_for("experiments.show", experiment_id=_launch_draft(page, draft)))
    except LaunchRefusedError as fault:
        errors = tuple(problem for problem in fault.problems if problem.severity is Severity.ERROR)
        count_refusals(draft.user, draft_id, page.slug, [(error.step, error.field, error.code) for error in errors])
        return page.draw(load(draft_id), status=422, state=PageState(page_problems=errors))
    except ConflictError:
        raise
    except DomainError as fault:
        return page.draw(load(draft_id), status=fault.status, state=PageState(page_problems=(fault,)))


def _launch_draft(page: WizardPage, draft: DraftContext) -> uuid.UUID:
    """Return the experiment of this draft, stored and launched now unless it was before, be it by a moment."""
    key = request.form.get("idempotency_key", "")[:100] or secrets.token_hex(16)
    known = draft.row.launched_experiment_id
    if known is not None:
        return known
    try:
        return experiments.launch_context(_keep_page_estimator(store(page, draft)), idempotency_key=key).id
    except ConflictError:
        known = load(draft.id).row.launched_experiment_id
        if known is None:
            raise
        return known


def _keep_page_estimator(draft: DraftContext) -> DraftContext:
    """Return the draft with the estimator that the page showed: what is launched is what was shown last."""
    spec = restore_page_estimator(draft).plan.spec
    if spec is None or draft.plan.spec is None or spec.model.estimator == draft.plan.spec.model.estimator:
        return draft
    changes = {"model": {"estimator": spec.model.estimator}}
    return drafts.save_many(draft.user, draft.id, changes=changes, version=draft.version, loaded=draft).context


def show_conflict(page: WizardPage, fault: DraftConflictError) -> Response:
    """Show both values of every field in question, with all that was to be saved kept in the form of the choice."""
    draft = load(uuid.UUID(str((request.view_args or {})["draft_id"])))
    changes = fault.wanted.get(page.slug, {}) if page.is_step else fault.wanted
    conflict = AnswerConflict(
        items=fault.conflicts,
        changes=json.dumps(changes),
        fields=json.dumps([f"{item.step}.{item.field}" for item in fault.conflicts]),
        title_of=partial(full_field_title, profile=draft.profile),
        answer_of=describe_answer,
    )
    return retarget("#wizard", page.draw(draft, status=409, state=PageState(conflict=conflict)))


def resolve(page: WizardPage, draft_id: uuid.UUID) -> Response:
    """Settle a conflict: keep mine or theirs; what was not in question is saved in both cases."""
    draft, decision = load(draft_id), request.form.get("keep", "")
    changes, fields = posted_json("changes"), posted_json("fields")
    by_step = {page.slug: changes} if page.is_step else changes
    if not _is_understood(by_step) or not isinstance(fields, list) or decision not in ("mine", "theirs"):
        raise DomainError("Choose which of the answers to keep.", code="choice_missing")
    wanted = {
        step: {name: value for name, value in current.items() if decision == "mine" or f"{step}.{name}" not in fields}
        for step, current in by_step.items()
    }
    save_changes(draft, wanted)
    return see_other(address_of(page, draft_id))


def _is_understood(changes: Any) -> bool:
    steps = isinstance(changes, Mapping) and set(changes) <= set(wizard.SLUGS)
    return steps and all(isinstance(change, Mapping) for change in changes.values())


def blueprint_for(page: WizardPage, *, launches: bool = False) -> Blueprint:
    """Return the blueprint of a page with the routes that every page of a draft has, and its answer to a conflict."""
    made = Blueprint(page.name, __name__, url_prefix=f"/experiments/drafts/<uuid:draft_id>/{page.slug}")
    routes: list[tuple[str, str, str, Callable[[WizardPage, uuid.UUID], Response]]] = [
        ("GET", "", "show", show),
        ("POST", "", "save", save),
        ("POST", "/autosave", "autosave", autosave),
        ("GET", "/measured", "measured", answer_measured),
        ("POST", "/measured", "begin_measuring", begin_measuring),
        ("POST", "/resolve", "resolve", resolve),
        ("POST", "/estimator", "take_estimator", take_estimator),
        *([("POST", "/launch", "launch", launch)] if launches else []),
    ]
    for method, rule, endpoint, answer in routes:
        made.add_url_rule(rule, endpoint, partial(answer, page), methods=[method])
    made.register_error_handler(DraftConflictError, partial(show_conflict, page))
    return made
