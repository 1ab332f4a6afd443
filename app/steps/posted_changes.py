"""Changes in a posted form, compared with what its page showed."""

from __future__ import annotations

from typing import Any

from flask import request

from app.domain.recommendation.plan import Plan
from app.services.drafts import drafts
from app.steps.context import DraftContext
from app.steps.estimator_choice import restore_page_estimator
from app.steps.views import Changes, StepView, WizardPage
from app.web.json_input import parse_json
from app.web.wording import format_answer


def version_of(draft: DraftContext) -> int:
    """Return the version that the page was made from; the newest where it does not say."""
    current, raw = draft.version, request.form.get("version", "")
    if not (raw.isascii() and raw.isdigit()) or len(raw) > len(str(current)):
        return current
    return int(raw) if 0 < int(raw) <= current else current


def is_stale(draft: DraftContext) -> bool:
    """Return whether the page was made before the last change of another tab.

    It must be drawn anew: with the version that it saved it would have what it still shows stand against that change.
    """
    return version_of(draft) < draft.version


def changes_of(page: WizardPage, draft: DraftContext) -> tuple[Changes, Changes]:
    """Return the changes that alter what the page shows, and those that only confirm it, both by step."""
    seen, visible, confirmed = _plan_of_page(draft), Changes(), Changes()
    for view in page.views:
        changes = changes_of_step(view, seen)
        alike = {name: value for name, value in changes.items() if _shows_value(view, draft.plan, name, value)}
        confirmed[view.slug] = alike
        visible[view.slug] = {name: value for name, value in changes.items() if name not in alike}
    return _fill_in(visible), _fill_in(confirmed)


def changes_here(view: StepView, draft: DraftContext) -> dict[str, Any]:
    """Return the user's changes, compared with what that page showed at its version."""
    return changes_of_step(view, _plan_of_page(draft))


def _plan_of_page(draft: DraftContext) -> Plan:
    """Return the plan that the page showed, with the estimator that was suggested when it was drawn."""
    if is_stale(draft):
        version = version_of(draft)
        draft = DraftContext(draft.user, draft.row, drafts.answers_at(draft.row, version), version)
    return restore_page_estimator(draft).plan


def changes_of_step(view: StepView, seen: Plan) -> dict[str, Any]:
    """Return the user's changes, compared with what that page showed at its version."""
    values, suggestions = seen.values[view.slug], seen.suggestions.get(view.slug, {})
    changes: dict[str, Any] = {}
    for name, value in view.read(request.form, seen).items():
        if _is_same_answer(value, values.get(name)):
            continue
        back_to_suggestion = name in suggestions and _is_same_answer(value, suggestions[name])
        changes[name] = None if back_to_suggestion else value
    changes.update(view.act(request.form, seen))
    return changes


def _shows_value(view: StepView, plan: Plan, name: str, value: Any) -> bool:
    """Return whether the page shows this value already, as a suggestion that nobody confirmed."""
    visible_rows, suggested = plan.values[view.slug], plan.suggestions.get(view.slug, {})
    return name in suggested and _is_same_answer(suggested[name] if value is None else value, visible_rows.get(name))


def _fill_in(changes: Changes) -> Changes:
    return {step: change for step, change in changes.items() if change}


def _is_same_answer(first: Any, other: Any) -> bool:
    if isinstance(first, list) or isinstance(other, list) or isinstance(first, bool):
        return bool(first == other)
    if isinstance(other, bool):
        return str(first).lower() == str(other).lower()
    return format_answer(first).replace("\r\n", "\n") == format_answer(other).replace("\r\n", "\n")


def posted_json(name: str) -> Any:
    """Return the JSON of a form field; None where it holds none, or is nested too deeply."""
    try:
        return parse_json(request.form.get(name, ""))
    except ValueError:
        return None
