"""Base template contexts of wizard pages and fragments, and the parts they share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from app.domain.analysis.profiling.profile import DatasetProfile, TimeAxis
from app.domain.errors import DomainError, FieldConflict
from app.domain.experiment import Spec
from app.domain.problems import Problem
from app.domain.recommendation.plan import Plan
from app.domain.wizard import StepDef
from app.services.drafts.undo_stacks import UndoStacks
from app.services.measurements.leakage import LeakSearch
from app.storage.tables import Dataset, DraftRow
from app.web.hypermedia import ContextPart, ViewContext


@dataclass(frozen=True)
class StepMarker:
    """One step in the list of steps."""

    slug: str
    title: str
    state: str
    note: str
    errors: int
    reachable: bool


@dataclass(frozen=True)
class AnswerConflict:
    """Answers that two tabs changed; `changes` and `fields` are JSON for the form of the choice."""

    items: tuple[FieldConflict, ...]
    changes: str
    fields: str
    title_of: Callable[[str], str]
    answer_of: Callable[[str, Any], str]


@dataclass(frozen=True, kw_only=True)
class SideValues(ContextPart):
    """What stands beside every page and follows every change: what is chosen so far, problems, estimate, undo.

    `step` is the page itself, also where it shows all steps, and `home` leads to a step when its slug stands behind it.
    """

    step: StepDef
    row: DraftRow
    base: str
    home: str
    saved_at: datetime
    history: UndoStacks
    plan: Plan
    spec: Spec | None
    dataset: Dataset | None
    gone: Dataset | None
    profile: DatasetProfile | None
    steps_axis: TimeAxis | None
    purpose_words: str
    problems: list[tuple[str, Problem]]
    estimator_title: str
    strategy_title: str
    metric_title: str
    derived_count: int
    machine_mb: float


@dataclass(frozen=True, kw_only=True)
class SearchValues(ContextPart):
    """How far the search for leaks is, and a mark of what it changed on the page."""

    leak_search: LeakSearch
    search_state: str


@dataclass(frozen=True, kw_only=True)
class FrameValues(ContextPart):
    """What stands around the answers of a step; `on_page` is the slug of the page on which it is shown."""

    marks: list[StepMarker]
    before: StepDef | None
    problems_here: tuple[Problem, ...]
    draft_name: str
    on_page: str


@dataclass(frozen=True, kw_only=True)
class PageState(ContextPart):
    """What happened to a page before it is drawn: nothing was refused, nothing is in question, nothing was pressed."""

    page_problems: tuple[Problem | DomainError, ...] = ()
    conflict: AnswerConflict | None = None
    focus: bool = True
    pressed: str = ""


@dataclass(frozen=True, kw_only=True)
class Answers(ContextPart):
    """What a step's own fragment reads."""

    @property
    def status(self) -> int:
        """Return the status of a page that shows this; another where what was asked for makes no sense."""
        return 200


@dataclass(frozen=True, kw_only=True)
class StepPageContext(ViewContext):
    """A step as a page, or as its fragment alone."""

    page_name: ClassVar[str] = "wizard.html"
    side: SideValues
    search: SearchValues
    frame: FrameValues
    state: PageState
    answers: Answers


@dataclass(frozen=True, kw_only=True)
class SectionContext(ViewContext):
    """A step's part of the page that shows all steps; `bare` leaves the frame around it out."""

    side: SideValues
    search: SearchValues
    frame: FrameValues
    state: PageState
    answers: Answers
    bare: bool = True


@dataclass(frozen=True, kw_only=True)
class SavedContext(ViewContext):
    """The answer to a saved change: the mark, the side, and under `live` what else follows a change."""

    fragment_name: ClassVar[str] = "partials/wizard/saved.html"
    side: SideValues
    live: ContextPart
    with_side: bool = True


@dataclass(frozen=True, kw_only=True)
class MeasuringContext(ViewContext):
    """The mark of a search for leaks that changed nothing else on the page."""

    fragment_name: ClassVar[str] = "partials/wizard/measuring.html"
    side: SideValues
    search: SearchValues
    looked: bool = True


@dataclass(frozen=True, kw_only=True)
class MeasuredContext(MeasuringContext):
    """The mark of a search for leaks with the side, and with the parts of the step that it changed."""

    frame: FrameValues
    answers: Answers
    with_side: bool = True
