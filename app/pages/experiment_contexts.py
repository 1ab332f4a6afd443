"""Template contexts of the pages of one experiment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from app.domain.errors import DomainError
from app.domain.training.report.document import Report
from app.services.experiment_templates.using import ExperimentOrigin
from app.storage.tables import Experiment
from app.web.charts.expected import ExpectedCost
from app.web.charts.facts import AnswerChange, Fact
from app.web.charts.listing import Pieces
from app.web.charts.result_page import ResultPage
from app.web.charts.waiting import ExperimentProgress, FoldLine
from app.web.hypermedia import ViewContext


@dataclass(frozen=True, kw_only=True)
class ExperimentContext(ViewContext):
    """The page of an experiment, whatever its state.

    `waiting` is None once it has ended; `report` and `board` are None where there is no result that can be read, and
    `judged` are then the metric and the folds that were judged before. `chip` is a class and a word for the state.
    """

    page_name: ClassVar[str] = "pages/experiment.html"
    experiment: Experiment
    address: str
    chip: tuple[str, str]
    lead: str
    waiting: ExperimentProgress | None
    expected: ExpectedCost | None
    waited: str
    has_data: bool
    judged: tuple[str, tuple[FoldLine, ...]]
    report: Report | None
    board: ResultPage | None
    facts: tuple[Fact, ...]
    dataset_name: str
    origin: ExperimentOrigin | None
    listing: tuple[Pieces, ...]
    listing_rest: int
    history: tuple[AnswerChange, ...]
    history_rest: int


@dataclass(frozen=True, kw_only=True)
class ProgressContext(ViewContext):
    """How far an experiment is, alone; `apart` says that the state above the fragment changes with it."""

    fragment_name: ClassVar[str] = "partials/experiments/progress.html"
    address: str
    waiting: ExperimentProgress
    chip: tuple[str, str]
    apart: bool = True


@dataclass(frozen=True, kw_only=True)
class ExperimentWordsContext(ViewContext):
    """The form for name, description, tags and notes."""

    page_name: ClassVar[str] = "pages/experiment_edit.html"
    experiment: Experiment
    address: str
    values: Mapping[str, str]
    page_problems: tuple[DomainError, ...]
