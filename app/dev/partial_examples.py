"""Gallery examples of partials that are drawn by themselves, with contexts as the pages give them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from app.dev.column_examples import COLUMNS, FLOW, PEEK, PROFILE, REGIME, VIEWS, panel
from app.dev.example import Example, partial_example
from app.dev.field_examples import BOTH, HERE, RAIN
from app.domain import wizard
from app.domain.analysis.import_options.import_choices import ReadingChoices
from app.domain.errors import DomainError, FieldConflict
from app.domain.problems import Problem
from app.domain.recommendation.plan import Estimate
from app.domain.training.report.document import GapScore, GapSummary
from app.domain.training.report.outcome import SearchProgress
from app.domain.vocabulary import Severity
from app.services.datasets.analysis import Damage
from app.services.drafts.undo_stacks import UndoStacks
from app.services.measurements.leakage import LeakSearch
from app.steps.page_contexts import AnswerConflict
from app.storage.tables import DraftRow
from app.web.charts import trials
from app.web.charts.column import column_view
from app.web.charts.waiting import FoldLine
from app.web.errors import NoticeContext
from app.web.hypermedia import ViewContext
from app.web.import_options_form import look_of, panel_of
from app.web.quality_form import FlagBox, FlagField, PlaceField
from app.web.shared_views import NamesContext, ReadingContext
from app.web.upload_progress import UploadProgress

GAPS = GapSummary(
    lengths=(
        GapScore(shortest=3, longest=3, rows=660, rmse=0.0123, baseline_rmse=0.0157),
        GapScore(shortest=10, longest=30, rows=1250, rmse=0.0584, baseline_rmse=0.131),
    ),
    filled=101,
    open=386,
)
ESTIMATE = Estimate(50, 40.0, 95.0, 260, 410, "Short fits on this machine.")


def examples() -> list[Example]:
    """Return the examples of partials that no other file holds."""
    return [*_shared(), *_datasets(), *_reading(), *_wizard(), *_features(), *_review(), *_experiments()]


def _view(state: str, view: ViewContext) -> Example:
    name = view.fragment_name.removeprefix("partials/").removesuffix(".html")
    return partial_example(name, state, **view.by_name())


def _shared() -> list[Example]:
    problems = (DomainError("Choose a target.", field="target"), DomainError("The disk is full."))
    return [
        partial_example("shared/errors", "a field and the page", page_problems=problems),
        _view("a fault", NoticeContext(title="It was not saved.", message="The database takes no changes.")),
    ]


def _datasets() -> list[Example]:
    receiving = UploadProgress("Receiving gauges.csv", "4.2 MB of 9.8 MB have come.", 0.43, 1)
    reading = UploadProgress("Reading gauges.csv", "9.8 MB are being read and counted.", None, 2)
    visible_rows: dict[str, Any] = {"profile": PROFILE, "fragment": HERE, "kinds": (), "values": {}}
    return [
        _view("receiving", ReadingContext(waiting=receiving, address=HERE)),
        _view("reading", ReadingContext(waiting=reading, address=HERE)),
        _view("two names", NamesContext(names=("discharge_mm", "rain_mm"))),
        partial_example("datasets/damage", "damaged", damage=Damage("gauges.csv is damaged.", False), restore_to=HERE),
        partial_example(
            "datasets/damage", "read again", damage=Damage("gauges.csv is damaged.", True), restore_to=HERE
        ),
        partial_example("datasets/columns", "all", table=panel(COLUMNS), **visible_rows),
        partial_example(
            "datasets/columns", "second of three pages", table=panel(COLUMNS, page=2, pages=3), **visible_rows
        ),
        partial_example("datasets/columns", "none found", table=panel(()), **visible_rows),
        *(
            partial_example(
                "datasets/column",
                f"of {column.name}",
                view=column_view(PROFILE, column),
                findings=views,
                remedy_form="mend",
            )
            for column, views in ((FLOW, VIEWS), (REGIME, []))
        ),
    ]


def _reading() -> list[Example]:
    choices = panel_of(PEEK.dialect, ReadingChoices(), address=HERE, profile=PROFILE)
    opened = panel_of(PEEK.dialect, ReadingChoices(), address=HERE, form={"reading.decimal": ","}, profile=PROFILE)
    wrong = (DomainError("There is no column of this name.", field="reading.time_column"),)
    boxes = (FlagBox("reading.flags.c2.0", "A (4,120)", True), FlagBox("reading.flags.c2.1", "P (310)", False))
    flagged = replace(choices, flags=(FlagField("reading.flags.c2", "discharge_mm", "discharge_cd", boxes),))
    none_kept = (DomainError("Keep at least one quality flag of discharge_mm.", field="reading.flags.c2"),)
    grid = replace(choices, place=PlaceField("47.3, 8.5", "Latitudes 46 to 48.9, longitudes 7 to 8.9."))
    return [
        partial_example("datasets/look", "nothing asked", look=None, fault=""),
        partial_example("datasets/look", "a look", look=look_of(PEEK), fault=""),
        partial_example("datasets/look", "a fault", look=None, fault="Line 3 has more fields than names."),
        partial_example("datasets/times", "as found", panel=choices, page_problems=()),
        partial_example("datasets/times", "with a fault", panel=choices, page_problems=wrong),
        partial_example("datasets/flags", "all kept", panel=flagged, page_problems=()),
        partial_example("datasets/flags", "none kept", panel=flagged, page_problems=none_kept),
        partial_example("datasets/dialect", "with a grid", panel=grid, page_problems=(), look=None, fault=""),
        partial_example("datasets/dialect", "closed", panel=choices, page_problems=(), look=None, fault=""),
        partial_example("datasets/dialect", "open", panel=opened, page_problems=wrong, look=look_of(PEEK), fault=""),
        partial_example("datasets/outdated", "unknown", panel=choices, outdated=()),
        partial_example("datasets/outdated", "known", panel=choices, outdated=("`regime` would be categorical.",)),
    ]


def _wizard() -> list[Example]:
    place: dict[str, Any] = {"base": HERE, "step": wizard.step_of("model"), "row": DraftRow(version=4), "spec": None}
    conflict = AnswerConflict(
        items=(FieldConflict("model", "estimator", "ridge", "dummy", "2026-01-05T10:12"),),
        changes="{}",
        fields="[]",
        title_of=lambda _field: "Estimator",
        answer_of=lambda _field, value: str(value).capitalize(),
    )
    moment = datetime(2026, 1, 5, 10, 12, tzinfo=UTC)
    return [
        partial_example("wizard/saved", "saved", saved_at=moment, **place),
        partial_example("wizard/saver", "hidden", **place),
        partial_example("wizard/history", "both ways", history=UndoStacks(undo=(3,), redo=(5,)), **place),
        partial_example("wizard/history", "nothing to undo", history=UndoStacks(), **place),
        partial_example("wizard/conflict", "one answer", conflict=conflict, **place),
        partial_example("wizard/estimate", "a range", plan={"estimate": ESTIMATE}, machine_mb=16_000),
    ]


def _features() -> list[Example]:
    search = LeakSearch("measured", (RAIN, BOTH), 5, 5)
    answered = LeakSearch("measured", (BOTH,), 5, 5)
    return [
        partial_example("features/leaks", "one open", leak_search=search, base=HERE, most_leaks=5),
        partial_example("features/leaks", "all answered", leak_search=answered, base=HERE, most_leaks=5),
    ]


def _review() -> list[Example]:
    error = Problem("data", "target", Severity.ERROR, "target_missing", "Choose a target.")
    warning = Problem("validation", "", Severity.WARNING, "few_rows", "There are few rows.")
    known, calm = LeakSearch("measured"), ()
    states: tuple[tuple[str, tuple[Problem, ...], LeakSearch], ...] = (
        ("ready", calm, known),
        ("an error", (error,), known),
        ("a warning", (warning,), known),
        ("an open question", calm, LeakSearch("measured", (RAIN,), 5, 5)),
        ("leaks being measured", calm, LeakSearch("measuring", (), 2, 5)),
        ("leaks not measured", calm, LeakSearch("stopped")),
    )
    words = {"name": "Floods of the Harz", "description": "", "tags": "flood, winter", "notes": ""}
    long = (DomainError("Up to 200 characters.", field="name"),)
    return [
        *(
            partial_example(
                "review/verdict", name, plan={"problems": problems, "estimate": ESTIMATE}, leak_search=search, base=HERE
            )
            for name, problems, search in states
        ),
        partial_example("review/words", "filled", values=words, problems_here=()),
        partial_example("review/words", "with a fault", values=words, problems_here=long),
    ]


def _experiments() -> list[Example]:
    chips = (("queued", ("", "In the queue")), ("finished", ("success", "Finished")), ("failed", ("danger", "Failed")))
    lines = (FoldLine("Fold 1", "0.71", "0.52", "Persistence", True, "500", "250"),)
    scores = ((1, "complete", 0.61), (2, "complete", 0.7), (3, "pruned", 0.4))
    words = {"name": "Floods", "description": "", "tags": "", "notes": "Dry years."}
    long = (DomainError("Up to 200 characters.", field="name"),)
    searches = [
        SearchProgress(done=len(used_names), total=30, metric="r2", best=0.7 if used_names else None, scores=used_names)
        for used_names in (scores, ())
    ]
    return [
        *(partial_example("experiments/state", name, chip=chip) for name, chip in chips),
        partial_example("experiments/judged", "one fold", judged=("R²", lines)),
        partial_example("experiments/judged", "no fold", judged=("R²", ())),
        partial_example("experiments/gaps", "one length and a range", report={"gaps": GAPS}, board={"unit": "mm"}),
        partial_example("experiments/trials", "three trials", search=trials.search_under_way(searches[0])),
        partial_example("experiments/trials", "before the first", search=trials.search_under_way(searches[1])),
        partial_example("experiments/words", "filled", address=HERE, values=words, page_problems=()),
        partial_example("experiments/words", "with a fault", address=HERE, values=words, page_problems=long),
    ]
