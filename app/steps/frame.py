"""The frame around every step: the list of steps, what is chosen so far, problems, estimate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.domain import wizard
from app.domain.analysis.profiling.profile import TimeAxis
from app.domain.estimation import this_machine
from app.domain.estimators import registry
from app.domain.problems import Problem
from app.domain.purpose_words import purpose_phrase
from app.domain.recommendation.propose import READING
from app.domain.training.selection_rules import most_kept
from app.domain.training.validation import metrics, splitting
from app.domain.vocabulary import Severity
from app.services.measurements.leakage import LeakSearch
from app.services.measurements.request import digest_of
from app.steps.context import DraftContext
from app.storage.db import now


@dataclass(frozen=True)
class StepMarker:
    """One step in the list of steps."""

    slug: str
    title: str
    state: str
    note: str
    errors: int
    reachable: bool


def marks_of(draft: DraftContext, current: str) -> list[StepMarker]:
    """Return the five steps with what is done, where one is, and where trouble lies."""
    # What is shown now is remembered as shown with the next save.
    plan, at = draft.plan, max(wizard.SLUGS.index(slug) for slug in (draft.row.reached, current))
    marks = []
    for place, step in enumerate(wizard.STEPS):
        errors = len(plan.errors_of(step.slug))
        visited = place <= at
        # Review is done by the launch alone, and a launched draft is an experiment.
        done = visited and not errors and step.slug != wizard.SLUGS[-1]
        state = "current" if step.slug == current else "done" if done else "todo"
        reachable = step.slug == "data" or (plan.spec is not None and place <= at + 1)
        trouble = errors if visited and step.slug != current else 0
        note = f"{errors} {'problem' if errors == 1 else 'problems'}" if trouble else _note(draft, step.slug, visited)
        marks.append(
            StepMarker(step.slug, step.title, state, "You are here" if state == "current" else note, trouble, reachable)
        )
    return marks


def _note(draft: DraftContext, slug: str, visited: bool) -> str:
    spec, profile = draft.plan.spec, draft.profile
    if not visited or spec is None or profile is None:
        return "To do"
    if slug == "data":
        return f"{profile.rows:,} rows"
    if slug == "features":
        count, kept = len(spec.features.selected), most_kept(spec.features.selection, len(spec.features.selected))
        words = f"{count} {'column' if count == 1 else 'columns'}"
        return words if kept == count else f"{kept} of {words}"
    if slug == "model":
        return registry.get(spec.model.estimator).title
    return splitting.get(spec.validation.strategy).title if slug == "validation" else "To do"


def _word(problem: Problem) -> str:
    if problem.code == READING:
        # Nothing is wrong; it only takes a while.
        return "Wait"
    return {Severity.ERROR: "Error", Severity.WARNING: "Warning", Severity.NOTICE: "Notice"}[problem.severity]


def _shown_state(draft: DraftContext, search: LeakSearch) -> str:
    """Return a mark of all that a search for leaks can change on a page, so that the page tells what it shows."""
    plan = draft.plan
    asked = [(question.columns, question.answer) for question in search.questions]
    recipes = [part.model_dump(mode="json") for part in plan.spec.features.transforms] if plan.spec else []
    ticked = [choice.profile.key for choice in plan.columns if choice.selected]
    told = [(problem.step, problem.field, problem.code, problem.message) for problem in plan.problems]
    return digest_of(search.state, asked, ticked, recipes, told)


def _steps_axis(draft: DraftContext) -> TimeAxis | None:
    """Return the time axis whose steps windows and gaps count; None where time does not order the rows."""
    spec, axis = draft.plan.spec, draft.profile.time_axis if draft.profile else None
    return axis if spec and axis and spec.task.time_column == axis.column else None


def frame_of(draft: DraftContext, current: str) -> dict[str, Any]:
    """Return the context of the frame's templates."""
    plan, spec = draft.plan, draft.plan.spec
    earlier, later = wizard.before(current), wizard.after(current)
    derived = len(spec.features.transforms) if spec else 0
    named, axis = plan.values.get("review", {}).get("name"), _steps_axis(draft)
    return {
        "step": wizard.step_of(current),
        "marks": marks_of(draft, current),
        "row": draft.row,
        "history": draft.history,
        "plan": plan,
        "spec": spec,
        "dataset": draft.dataset,
        "gone": draft.gone,
        "profile": draft.profile,
        "steps_axis": axis,
        "purpose_words": purpose_phrase(spec.task, step_seconds=axis.step_seconds if axis and axis.regular else None)
        if spec
        else "",
        "before": earlier,
        "after": later,
        "problems_here": plan.problems_of(current),
        "leak_search": draft.leaks,
        "shown_state": _shown_state(draft, draft.leaks),
        "problems": [(_word(problem), problem) for problem in plan.problems],
        "base": f"/experiments/drafts/{draft.row.id}",
        "home": f"/experiments/drafts/{draft.row.id}/",
        "saved_at": now(),
        "draft_name": named or (draft.dataset.name if draft.dataset else ""),
        "estimator_title": registry.get(spec.model.estimator).title if spec else "",
        "strategy_title": splitting.get(spec.validation.strategy).title if spec else "",
        "metric_title": metrics.get(spec.metrics.primary).title if spec else "",
        "derived_count": derived,
        "machine_mb": this_machine().memory_mb,
    }
