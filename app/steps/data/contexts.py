"""Template contexts of the Data step: source, import options, findings, columns, goal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, ClassVar

from flask import request

from app.domain.analysis.profiling.profile import ColumnProfile, DatasetProfile, FindingRemedy
from app.domain.analysis.profiling.targets import target_summary
from app.domain.errors import DomainError
from app.domain.vocabulary import ColumnKind, DatasetState
from app.services.datasets import analysis, datasets, partial_import
from app.services.datasets.outdated import changes_when_read_again
from app.services.datasets.samples import Sample
from app.services.experiment_templates.fitting import list_fitting
from app.steps.context import DraftContext, step_url
from app.steps.data.purpose_question import PurposeQuestion, purpose_question
from app.steps.page_contexts import Answers, SectionContext, StepPageContext
from app.storage.tables import Dataset
from app.web import import_options_form, quality_form, remedies
from app.web.columns import MAX_OPTIONS, ColumnsPanel, table_of
from app.web.dataset_reading import ArrivalValues, Done, Look, arrival_values, done_to, panel_for
from app.web.hypermedia import ContextPart, ViewContext
from app.web.template_cards import FittingCards, fitting_cards
from app.web.upload_progress import MOVING

KINDS = (remedies.READING, remedies.DRAFT, remedies.LEAVE_OUT)
COLUMN_KINDS = tuple(kind.value for kind in ColumnKind)
ABOUT_TARGET = "t"
TARGET_MISSING = "target_missing"
PREVIEW_ROWS = 8
PREVIEW_COLUMNS = 60


@dataclass(frozen=True, kw_only=True)
class GoalValues(Answers):
    """What is predicted: the columns to choose from, the answers as raw values, and what is known about the target.

    `many` says that the columns are too many for a list of options, and `task_waits` that the task is not settled.
    """

    names: list[str]
    many: bool
    values: Mapping[str, Any]
    suggestions: Mapping[str, Any]
    reasons: Mapping[str, str]
    chosen_target: ColumnProfile | None
    about_target: list[remedies.FindingView]
    task_waits: bool
    purpose: PurposeQuestion | None


@dataclass(frozen=True, kw_only=True)
class ReadingValues(ContextPart):
    """How the file was read, and a file that is being read or could not be; `look` is a look with other choices."""

    panel: import_options_form.ImportPanel | None
    outdated: tuple[str, ...] | None
    arrival: ArrivalValues
    not_read: Dataset | None
    look: Look | None = None
    fault: str = ""


@dataclass(frozen=True, kw_only=True)
class DataValues(Answers):
    """What the Data step reads: sources, what was found, the table of columns, and the first rows."""

    goal: GoalValues
    reading: ReadingValues
    damage: analysis.Damage | None
    samples: tuple[Sample, ...]
    owned: list[Dataset]
    done: Done | None
    fitting: FittingCards
    readable_in_part: bool
    notable: list[remedies.FindingView]
    notable_more: int
    table: ColumnsPanel | None
    kinds: tuple[str, ...]
    preview: list[list[str]]
    preview_names: list[str]


@dataclass(frozen=True, kw_only=True)
class DataStepContext(StepPageContext):
    """The Data step."""

    fragment_name: ClassVar[str] = "partials/steps/data.html"
    answers: DataValues


@dataclass(frozen=True, kw_only=True)
class DataSection(SectionContext):
    """What is predicted, on the page of all steps."""

    fragment_name: ClassVar[str] = "partials/data/goal.html"
    answers: GoalValues


@dataclass(frozen=True, kw_only=True)
class ColumnsContext(ViewContext):
    """A page of the table of columns with their kinds to choose; `fragment` is where it asks for the next."""

    fragment_name: ClassVar[str] = "partials/datasets/columns.html"
    fragment: str
    profile: DatasetProfile
    table: ColumnsPanel | None
    kinds: tuple[str, ...]
    values: Mapping[str, Any]


def data_values(draft: DraftContext) -> DataValues:
    """Return the values that the Data fragment reads."""
    profile, dataset = draft.profile, draft.dataset
    damage = datasets.damage_of(dataset) if dataset and profile else None
    goal, (notable, more) = goal_values(draft), _notable_findings(draft)
    return DataValues(
        goal=goal,
        reading=reading_values(draft),
        damage=damage,
        samples=datasets.SAMPLES,
        owned=datasets.list_own_ready(draft.user),
        done=_remedy_notice(draft),
        fitting=_fitting_templates(draft),
        readable_in_part=partial_import.can_be_read_in_part(dataset),
        notable=notable,
        notable_more=more,
        table=columns_table(draft),
        kinds=COLUMN_KINDS,
        preview=datasets.preview_rows(dataset, limit=PREVIEW_ROWS) if dataset and profile and not damage else [],
        preview_names=goal.names[:PREVIEW_COLUMNS],
    )


def goal_values(draft: DraftContext) -> GoalValues:
    """Return the values that the questions about the target read."""
    plan, profile = draft.plan, draft.profile
    names = [column.name for column in profile.columns] if profile else []
    target = str(plan.values["data"].get("target") or "")
    return GoalValues(
        names=names,
        many=len(names) > MAX_OPTIONS,
        values=plan.values["data"],
        suggestions=plan.suggestions["data"],
        reasons=plan.reasons,
        chosen_target=profile.column(target) if profile and profile.has(target) else None,
        about_target=_about_target(draft),
        task_waits=any(problem.code in ("task_waits", "task_unclear") for problem in plan.problems),
        purpose=purpose_question(draft),
    )


def _fitting_templates(draft: DraftContext) -> FittingCards:
    """Return the templates that fit the file best, while nothing but the file was chosen."""
    has_begun = draft.row.reached != "data" or draft.row.template_id is not None
    if draft.dataset is None or draft.profile is None or has_begun:
        return FittingCards()
    return fitting_cards(list_fitting(draft.user, draft.dataset))


def columns_table(draft: DraftContext) -> ColumnsPanel | None:
    """Return the page of the table of columns that the address asks for."""
    profile, dataset = draft.profile, draft.dataset
    return table_of(profile, dataset.id, address=step_url(draft.id, "data")) if profile and dataset else None


def _is_done(draft: DraftContext, profile: DatasetProfile, remedy: FindingRemedy) -> bool:
    """Return whether the draft answers already what a remedy would."""
    if remedy.kind == remedies.LEAVE_OUT:
        unticked = {choice.profile.name for choice in draft.plan.columns if not choice.selected}
        return bool(remedy.columns) and unticked.issuperset(remedy.columns)
    return remedy.kind == remedies.DRAFT and remedies.is_answered(profile, draft.plan.values, remedy)


def _notable_findings(draft: DraftContext) -> tuple[list[remedies.FindingView], int]:
    """Return the findings with their buttons, and how many more there are."""
    profile = draft.profile
    if profile is None:
        return [], 0
    offered = {choice.profile.name for choice in draft.plan.columns}

    def is_void(remedy: FindingRemedy) -> bool:
        # What is predicted, orders or groups the rows is no feature that could be left out.
        return remedy.kind == remedies.LEAVE_OUT and bool(offered) and offered.isdisjoint(remedy.columns)

    return remedies.finding_views(profile, kinds=KINDS, is_done=partial(_is_done, draft, profile), is_void=is_void)


def _about_target(draft: DraftContext) -> list[remedies.FindingView]:
    """Return the findings about the target, with their buttons; rows without it stand under Problems alone."""
    profile, about = draft.profile, target_profile(draft)
    if profile is None or about is None:
        return []
    is_done = partial(_is_done, draft, profile)
    views = remedies.finding_views(about, kinds=KINDS, is_done=is_done, prefix=ABOUT_TARGET, quiet=True)[0]
    return [view for view in views if view.finding.code != TARGET_MISSING]


def target_profile(draft: DraftContext) -> DatasetProfile | None:
    """Return the profile with what was found about the target in place of what was found in the data."""
    spec, profile = draft.plan.spec, draft.profile
    if spec is None or profile is None or not profile.has(spec.task.target):
        return None
    kind = spec.data.column_kinds.get(spec.task.target)
    answered = bool(draft.plan.values["data"].get("task_kind"))
    facts = target_summary(profile, spec.task.target, kind=kind, task=spec.task.kind, answered=answered)
    return replace(profile, findings=facts.findings)


def pressed_in(draft: DraftContext, profile: DatasetProfile | None, button: str) -> remedies.SelectedRemedy | None:
    """Return the remedy that a button of the step names: those about the target begin with a "t"."""
    if button.startswith(ABOUT_TARGET):
        about = target_profile(draft)
        return remedies.selected_remedy(about, button.removeprefix(ABOUT_TARGET), kinds=KINDS)
    return remedies.selected_remedy(profile, button, kinds=KINDS)


def reading_values(
    draft: DraftContext,
    form: Mapping[str, str] | None = None,
    *,
    fault: DomainError | None = None,
    look: Look | None = None,
) -> ReadingValues:
    """Return the panel of how the file was read, and the first look at a file that is being read.

    `form` is what was posted: the panel stays open with it, and shows the file as it would be read then.
    """
    dataset, profile, waiting, panel = draft.dataset, draft.profile, draft.waiting, None
    if dataset is not None and profile is not None:
        panel = panel_for(dataset, profile, address=f"{step_url(draft.id, 'data')}/reading", form=form)
    return ReadingValues(
        panel=panel,
        outdated=None if dataset is None or panel is None else changes_when_read_again(dataset),
        arrival=arrival_values(draft.user, moving_of(draft)),
        not_read=waiting if waiting is not None and waiting.state == DatasetState.FAILED.value else None,
        look=look,
        fault=fault.message if fault and form is not None else "",
    )


def moving_of(draft: DraftContext) -> Dataset | None:
    """Return the dataset on its way that a draft waits for or stands on, if there is one."""
    return next(
        (dataset for dataset in (draft.waiting, draft.dataset) if dataset is not None and dataset.state in MOVING), None
    )


def _remedy_notice(draft: DraftContext) -> Done | None:
    """Say what the button did that led here."""
    if draft.dataset is None:
        return None
    became = _what_became(draft.dataset, draft.profile)
    done = done_to(draft.user, draft.dataset, find=partial(pressed_in, draft), became=became, undo=True)
    _, button = remedies.dataset_in(request.args.get("done", ""))
    if done is None and button.startswith(ABOUT_TARGET):
        # With another target nothing of it can be found again.
        return Done("Done", "The target was looked at again.", undo=True)
    return done


def _what_became(dataset: Dataset, profile: DatasetProfile | None) -> str:
    if profile is None:
        return f"{dataset.file_name} is being read again."
    kept = f"{profile.report.rows_kept:,} of {profile.report.rows_read:,} rows kept"
    consequences = quality_form.consequences_of(profile, datasets.choices_of(dataset))
    answers = "Your answers were kept where their column still is."
    return " ".join((f"The file was read again: {kept}.", *consequences, answers))
