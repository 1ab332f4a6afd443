"""The frame around every step: step list, summary, problems and estimate."""

from __future__ import annotations

from app.domain import wizard
from app.domain.analysis.profiling.profile import TimeAxis
from app.domain.estimation import this_machine
from app.domain.estimators import registry
from app.domain.experiment import Spec
from app.domain.problems import Problem
from app.domain.purpose_words import purpose_phrase
from app.domain.recommendation.propose import READING
from app.domain.text.words import pluralise
from app.domain.training.selection_rules import most_kept
from app.domain.training.validation import metrics, splitting
from app.domain.vocabulary import Severity
from app.domain.wizard import StepDef
from app.services.measurements.leakage import LeakSearch
from app.services.measurements.request import digest_of
from app.steps.context import DraftContext, draft_url
from app.steps.page_contexts import FrameValues, SearchValues, SideValues, StepMarker
from app.storage.db import now


def marks_of(draft: DraftContext, current: str) -> list[StepMarker]:
    """Return the five steps with what is done, where one is, and where trouble lies."""
    # What is shown now is remembered as shown with the next save.
    plan, position = draft.plan, max(wizard.SLUGS.index(slug) for slug in (draft.row.reached, current))
    marks = []
    for place, step in enumerate(wizard.STEPS):
        errors = len(plan.errors_of(step.slug))
        visited = place <= position
        # Review is done by the launch alone, and a launched draft is an experiment.
        done = visited and not errors and step.slug != wizard.SLUGS[-1]
        state = "current" if step.slug == current else "done" if done else "todo"
        reachable = step.slug == "data" or (plan.spec is not None and place <= position + 1)
        trouble = errors if visited and step.slug != current else 0
        note = pluralise(errors, "problem") if trouble else _note(draft, step.slug, visited)
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
        words = pluralise(count, "column")
        return words if kept == count else f"{kept} of {words}"
    if slug == "model":
        return registry.get(spec.model.estimator).title
    return splitting.get(spec.validation.strategy).title if slug == "validation" else "To do"


def _severity_word(problem: Problem) -> str:
    if problem.code == READING:
        # Nothing is wrong; it only takes a while.
        return "Wait"
    return {Severity.ERROR: "Error", Severity.WARNING: "Warning", Severity.NOTICE: "Notice"}[problem.severity]


def _search_fingerprint(draft: DraftContext, search: LeakSearch) -> str:
    """Return a mark of all that a search for leaks can change on a page, so that the page tells what it shows."""
    plan = draft.plan
    query = [(question.columns, question.answer) for question in search.questions]
    recipes = [part.model_dump(mode="json") for part in plan.spec.features.transforms] if plan.spec else []
    ticked = [choice.profile.key for choice in plan.columns if choice.selected]
    told = [(problem.step, problem.field, problem.code, problem.message) for problem in plan.problems]
    return digest_of(search.state, query, ticked, recipes, told)


def _steps_axis(draft: DraftContext) -> TimeAxis | None:
    """Return the time axis whose steps windows and gaps count; None where time does not order the rows."""
    spec, axis = draft.plan.spec, draft.profile.time_axis if draft.profile else None
    return axis if spec and axis and spec.task.time_column == axis.column else None


def side_of(draft: DraftContext, step: StepDef, *, home: str = "") -> SideValues:
    """Return the values beside a page of a draft; its problems lead to `home` with the slug of their step."""
    plan, spec, axis = draft.plan, draft.plan.spec, _steps_axis(draft)
    base = draft_url(draft.id)
    return SideValues(
        step=step,
        row=draft.row,
        base=base,
        home=home or f"{base}/",
        saved_at=now(),
        history=draft.history,
        plan=plan,
        spec=spec,
        dataset=draft.dataset,
        gone=draft.gone,
        profile=draft.profile,
        steps_axis=axis,
        purpose_words=_purpose_words(spec, axis),
        problems=[(_severity_word(problem), problem) for problem in plan.problems],
        estimator_title=registry.get(spec.model.estimator).title if spec else "",
        strategy_title=splitting.get(spec.validation.strategy).title if spec else "",
        metric_title=metrics.get(spec.metrics.primary).title if spec else "",
        derived_count=len(spec.features.transforms) if spec else 0,
        machine_mb=this_machine().memory_mb,
    )


def _purpose_words(spec: Spec | None, axis: TimeAxis | None) -> str:
    if spec is None:
        return ""
    return purpose_phrase(spec.task, step_seconds=axis.step_seconds if axis and axis.regular else None)


def search_of(draft: DraftContext) -> SearchValues:
    """Return how far the search for leaks is."""
    return SearchValues(leak_search=draft.leaks, search_state=_search_fingerprint(draft, draft.leaks))


def frame_of(draft: DraftContext, slug: str, *, on_page: str) -> FrameValues:
    """Return the values around the answers of a step."""
    return FrameValues(
        marks=marks_of(draft, slug),
        before=wizard.step_before(slug),
        problems_here=draft.plan.problems_of(slug),
        draft_name=name_of(draft),
        on_page=on_page,
    )


def name_of(draft: DraftContext) -> str:
    """Return the name of a draft: the one that was given, or else that of its dataset."""
    named = draft.plan.values.get("review", {}).get("name")
    return str(named or (draft.dataset.name if draft.dataset else ""))
