"""What the Data step shows: the source, how it was read, what was found, and a page of its columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from flask import request

from app.domain.analysis.profiling.profile import DatasetProfile, Remedy
from app.domain.analysis.profiling.targets import target_summary
from app.domain.errors import DomainError
from app.domain.vocabulary import ColumnKind, DatasetState
from app.services.datasets import datasets, partial_import
from app.services.datasets.outdated import changes_when_read_again
from app.services.drafts import drafts
from app.steps import flow
from app.storage.db import now
from app.storage.tables import Dataset
from app.web import remedies, rereading
from app.web.arriving import MOVING, how_far, kept_words
from app.web.columns import MOST_OPTIONS, table_of
from app.web.filters import moment
from app.web.unit_answers import measured_options

KINDS = (remedies.READING, remedies.DRAFT, remedies.LEAVE_OUT)
ABOUT_TARGET = "t"
PREVIEW_ROWS = 8
PREVIEW_COLUMNS = 60


@dataclass(frozen=True)
class Done:
    """What was just done, and whether one click takes it back."""

    title: str
    message: str
    undo: bool


def context(situation: flow.Situation) -> dict[str, Any]:
    """Return what the Data fragment needs."""
    profile, dataset = situation.profile, situation.dataset
    names = [column.name for column in profile.columns] if profile else []
    target = str(situation.plan.values["data"].get("target") or "")
    damage = datasets.damage_of(dataset) if dataset and profile else None
    return {
        "damage": damage,
        "samples": datasets.SAMPLES,
        "owned": [one for one in datasets.list_datasets(situation.user) if one.state == "ready" and not one.sample],
        "names": names,
        "many": len(names) > MOST_OPTIONS,
        "preview": datasets.preview_rows(dataset, limit=PREVIEW_ROWS) if dataset and profile and not damage else [],
        "preview_names": names[:PREVIEW_COLUMNS],
        "chosen_target": profile.column(target) if profile and profile.has(target) else None,
        "suggestions": situation.plan.suggestions["data"],
        "reasons": situation.plan.reasons,
        "task_waits": any(one.code in ("task_waits", "task_unclear") for one in situation.plan.problems),
        "done": _done(situation),
        "readable_in_part": partial_import.can_be_read_in_part(dataset),
        **column_values(situation),
        **finding_values(situation),
        **reading_values(situation),
    }


def column_values(situation: flow.Situation) -> dict[str, Any]:
    """Return what the table of columns needs."""
    profile, dataset = situation.profile, situation.dataset
    address = flow.step_url(situation.row, "data")
    return {
        "table": table_of(profile, dataset.id, address=address) if profile and dataset else None,
        "kinds": [kind.value for kind in ColumnKind],
        "values": situation.plan.values["data"],
    }


def finding_values(situation: flow.Situation) -> dict[str, Any]:
    """Return the findings with their buttons; what the draft answers already is marked as done."""
    profile = situation.profile
    if profile is None:
        return {"notable": [], "notable_more": 0, "about_target": []}
    unticked = {choice.profile.name for choice in situation.plan.columns if not choice.selected}

    def is_done(remedy: Remedy) -> bool:
        if remedy.kind == remedies.LEAVE_OUT:
            return bool(remedy.columns) and unticked.issuperset(remedy.columns)
        return remedy.kind == remedies.DRAFT and remedies.holds(profile, situation.plan.values, remedy)

    offered = {choice.profile.name for choice in situation.plan.columns}

    def is_void(remedy: Remedy) -> bool:
        # What is predicted, orders or groups the rows is no feature that could be left out.
        return remedy.kind == remedies.LEAVE_OUT and bool(offered) and offered.isdisjoint(remedy.columns)

    notable, more = remedies.shown(profile, kinds=KINDS, is_done=is_done, is_void=is_void)
    about, target = target_profile(situation), list[remedies.Shown]()
    if about is not None:
        target = remedies.shown(about, kinds=KINDS, is_done=is_done, prefix=ABOUT_TARGET, quiet=True)[0]
    return {"notable": notable, "notable_more": more, "about_target": target}


def target_profile(situation: flow.Situation) -> DatasetProfile | None:
    """Return the profile with what was found about the target in place of what was found in the data."""
    spec, profile = situation.plan.spec, situation.profile
    if spec is None or profile is None or not profile.has(spec.task.target):
        return None
    kind = spec.data.column_kinds.get(spec.task.target)
    answered = bool(situation.plan.values["data"].get("task_kind"))
    facts = target_summary(profile, spec.task.target, kind=kind, task=spec.task.kind, answered=answered)
    return replace(profile, findings=facts.findings)


def pressed_in(situation: flow.Situation, profile: DatasetProfile | None, button: str) -> remedies.Pressed | None:
    """Return the remedy that a button of the step names: those about the target begin with a "t"."""
    if button.startswith(ABOUT_TARGET):
        about = target_profile(situation)
        return remedies.pressed(about, button.removeprefix(ABOUT_TARGET), kinds=KINDS)
    return remedies.pressed(profile, button, kinds=KINDS)


def reading_values(
    situation: flow.Situation, form: Mapping[str, str] | None = None, fault: DomainError | None = None
) -> dict[str, Any]:
    """Return the panel of how the file was read, and the first look at a file that is being read.

    `form` is what was posted: the panel stays open with it, and shows the file as it would be read then.
    """
    dataset, profile = situation.dataset, situation.profile
    waiting = drafts.waiting_for(situation.user, situation.row.id)
    moving = next((one for one in (waiting, dataset) if one is not None and one.state in MOVING), None)
    panel = None
    if dataset is not None and profile is not None:
        address = f"{flow.step_url(situation.row, 'data')}/reading"
        dialect, choices = rereading.dialect_of(profile.report), datasets.choices_of(dataset)
        measured = measured_options(profile)
        panel = rereading.panel_of(dialect, choices, address=address, form=form, measured=measured, profile=profile)
    return {
        "panel": panel,
        "outdated": None if dataset is None or panel is None else changes_when_read_again(dataset),
        "arrival": how_far(moving, now=now()) if moving is not None else None,
        "first_look": rereading.first_look(situation.user, moving) if moving is not None else None,
        "not_read": waiting if waiting is not None and waiting.state == DatasetState.FAILED.value else None,
        "look": None,
        "fault": fault.message if fault and form is not None else "",
    }


def _done(situation: flow.Situation) -> Done | None:
    """Say what the button did that led here. The address names dataset and button; the words are found again."""
    dataset_id, button = remedies.dataset_in(request.args.get("done", ""))
    if dataset_id is None or situation.dataset is None:
        return None
    try:
        source = datasets.get_dataset(situation.user, dataset_id)
    except DomainError:
        return None
    if button == "known":
        when = moment(situation.dataset.created_at)
        return Done("You already have this file", f"It was read on {when} and is not stored a second time.", undo=False)
    if button == "part" and situation.profile is not None:
        return Done("Read without the rows that do not fit", kept_words(situation.profile), undo=False)
    if button == "read":
        return Done("Read again", _what_became(situation.dataset, situation.profile), undo=True)
    pressed = pressed_in(situation, datasets.profile_of(source), button)
    if pressed is None and button.startswith(ABOUT_TARGET):
        # With another target nothing of it can be found again.
        return Done("Done", "The target was looked at again.", undo=True)
    if pressed is None:
        return None
    message = pressed.finding.message if pressed.columns == 1 else f"{pressed.columns:,} findings of this kind."
    if pressed.remedy.kind == remedies.READING:
        message += " " + _what_became(situation.dataset, situation.profile)
    return Done(f"Done: {pressed.remedy.label}", message, undo=True)


def _what_became(dataset: Dataset, profile: DatasetProfile | None) -> str:
    if profile is None:
        return f"{dataset.file_name} is being read again."
    kept = f"{profile.report.rows_kept:,} of {profile.report.rows_read:,} rows kept"
    return f"The file was read again: {kept}. Your answers were kept where their column still is."
