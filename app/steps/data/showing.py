"""What the Data step shows: the source, how it was read, what was found, and a page of its columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from flask import request

from app.domain.analysis.profiling.profile import DatasetProfile, FindingRemedy
from app.domain.analysis.profiling.targets import target_summary
from app.domain.errors import DomainError
from app.domain.vocabulary import ColumnKind, DatasetState
from app.services.datasets import datasets, partial_import
from app.services.datasets.outdated import changes_when_read_again
from app.services.experiment_templates.using import list_fitting
from app.steps.context import DraftContext, step_url
from app.steps.data.purpose_question import purpose_question
from app.storage.tables import Dataset
from app.web import remedies
from app.web.arriving import MOVING
from app.web.columns import MAX_OPTIONS, table_of
from app.web.dataset_reading import Done, done_to, moving_values, panel_for
from app.web.template_cards import TemplateCard, fitting_cards

KINDS = (remedies.READING, remedies.DRAFT, remedies.LEAVE_OUT)
ABOUT_TARGET = "t"
PREVIEW_ROWS = 8
PREVIEW_COLUMNS = 60


def context(draft: DraftContext) -> dict[str, Any]:
    """Return the context of the Data fragment."""
    profile, dataset = draft.profile, draft.dataset
    names = [column.name for column in profile.columns] if profile else []
    target = str(draft.plan.values["data"].get("target") or "")
    damage = datasets.damage_of(dataset) if dataset and profile else None
    return {
        "damage": damage,
        "samples": datasets.SAMPLES,
        "owned": [one for one in datasets.list_datasets(draft.user) if one.state == "ready" and not one.sample],
        "names": names,
        "many": len(names) > MAX_OPTIONS,
        "preview": datasets.preview_rows(dataset, limit=PREVIEW_ROWS) if dataset and profile and not damage else [],
        "preview_names": names[:PREVIEW_COLUMNS],
        "chosen_target": profile.column(target) if profile and profile.has(target) else None,
        "suggestions": draft.plan.suggestions["data"],
        "reasons": draft.plan.reasons,
        "purpose": purpose_question(draft),
        "task_waits": any(problem.code in ("task_waits", "task_unclear") for problem in draft.plan.problems),
        "done": _done(draft),
        "fitting": _fitting(draft),
        "readable_in_part": partial_import.can_be_read_in_part(dataset),
        **column_values(draft),
        **finding_values(draft),
        **reading_values(draft),
    }


def _fitting(draft: DraftContext) -> tuple[TemplateCard, ...]:
    """Return the templates that fit the file best, while nothing but the file was chosen."""
    begun = draft.row.reached != "data" or draft.row.template_id is not None
    if draft.dataset is None or draft.profile is None or begun:
        return ()
    return fitting_cards(list_fitting(draft.user, draft.dataset))


def column_values(draft: DraftContext) -> dict[str, Any]:
    """Return the context of the table of columns."""
    profile, dataset = draft.profile, draft.dataset
    address = step_url(draft.id, "data")
    return {
        "table": table_of(profile, dataset.id, address=address) if profile and dataset else None,
        "kinds": [kind.value for kind in ColumnKind],
        "values": draft.plan.values["data"],
    }


def finding_values(draft: DraftContext) -> dict[str, Any]:
    """Return the findings with their buttons; what the draft answers already is marked as done."""
    profile = draft.profile
    if profile is None:
        return {"notable": [], "notable_more": 0, "about_target": []}
    unticked = {choice.profile.name for choice in draft.plan.columns if not choice.selected}

    def is_done(remedy: FindingRemedy) -> bool:
        if remedy.kind == remedies.LEAVE_OUT:
            return bool(remedy.columns) and unticked.issuperset(remedy.columns)
        return remedy.kind == remedies.DRAFT and remedies.holds(profile, draft.plan.values, remedy)

    offered = {choice.profile.name for choice in draft.plan.columns}

    def is_void(remedy: FindingRemedy) -> bool:
        # What is predicted, orders or groups the rows is no feature that could be left out.
        return remedy.kind == remedies.LEAVE_OUT and bool(offered) and offered.isdisjoint(remedy.columns)

    notable, more = remedies.finding_views(profile, kinds=KINDS, is_done=is_done, is_void=is_void)
    about, target = target_profile(draft), list[remedies.FindingView]()
    if about is not None:
        target = remedies.finding_views(about, kinds=KINDS, is_done=is_done, prefix=ABOUT_TARGET, quiet=True)[0]
    return {"notable": notable, "notable_more": more, "about_target": target}


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
    draft: DraftContext, form: Mapping[str, str] | None = None, fault: DomainError | None = None
) -> dict[str, Any]:
    """Return the panel of how the file was read, and the first look at a file that is being read.

    `form` is what was posted: the panel stays open with it, and shows the file as it would be read then.
    """
    dataset, profile = draft.dataset, draft.profile
    waiting, panel = draft.waiting, None
    if dataset is not None and profile is not None:
        panel = panel_for(dataset, profile, address=f"{step_url(draft.id, 'data')}/reading", form=form)
    return {
        "panel": panel,
        "outdated": None if dataset is None or panel is None else changes_when_read_again(dataset),
        **moving_values(draft.user, moving_of(draft)),
        "not_read": waiting if waiting is not None and waiting.state == DatasetState.FAILED.value else None,
        "look": None,
        "fault": fault.message if fault and form is not None else "",
    }


def moving_of(draft: DraftContext) -> Dataset | None:
    """Return the dataset on its way that a draft waits for or stands on, if there is one."""
    return next((one for one in (draft.waiting, draft.dataset) if one is not None and one.state in MOVING), None)


def _done(draft: DraftContext) -> Done | None:
    """Say what the button did that led here."""
    if draft.dataset is None:
        return None
    became = _what_became(draft.dataset, draft.profile)
    found = done_to(draft.user, draft.dataset, find=partial(pressed_in, draft), became=became, undo=True)
    _, button = remedies.dataset_in(request.args.get("done", ""))
    if found is None and button.startswith(ABOUT_TARGET):
        # With another target nothing of it can be found again.
        return Done("Done", "The target was looked at again.", undo=True)
    return found


def _what_became(dataset: Dataset, profile: DatasetProfile | None) -> str:
    if profile is None:
        return f"{dataset.file_name} is being read again."
    kept = f"{profile.report.rows_kept:,} of {profile.report.rows_read:,} rows kept"
    return f"The file was read again: {kept}. Your answers were kept where their column still is."
