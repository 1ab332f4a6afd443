"""Applying a template to a dataset: mapping, misfits, and the draft with its origin."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from app.domain.analysis.profiling.profile import DatasetProfile
from app.domain.audit.acts import AuditAct
from app.domain.errors import FieldFault, InvalidBodyError
from app.domain.experiment_templates.applying import TemplateUse, apply_template
from app.domain.experiment_templates.describing import TemplateChange, TemplateContent, changes_since
from app.domain.experiment_templates.matching import ColumnMatch, chosen_mapping, propose_mapping
from app.domain.usage.events import UsageKind
from app.domain.wizard import SLUGS
from app.services.audit.trail import record
from app.services.datasets import datasets
from app.services.drafts import draft_context, drafts
from app.services.drafts.draft_context import DraftContext
from app.services.drafts.undo_stacks import FIRST_VERSION
from app.services.experiment_templates.policy import get_current, get_version, may_edit, may_see
from app.services.experiment_templates.versions import content_of
from app.services.usage.recording import count_event
from app.storage import drafts as draft_rows
from app.storage import experiment_templates as rows
from app.storage.db import transaction
from app.storage.tables import Dataset, DraftRow, Experiment, ExperimentTemplate, User

MAX_FAULTS = 50


@dataclass(frozen=True)
class TemplateOnData:
    """A template on a dataset before anything is made of it."""

    template: ExperimentTemplate
    version: int
    content: TemplateContent
    dataset: Dataset
    profile: DatasetProfile
    matches: tuple[ColumnMatch, ...]
    use: TemplateUse


@dataclass(frozen=True)
class AppliedTemplate:
    """A template on a dataset, and the draft that was made of it."""

    on_data: TemplateOnData
    draft: DraftContext


def try_template(
    user: User,
    template_id: uuid.UUID,
    dataset_id: uuid.UUID,
    *,
    version: int | None = None,
    mapping: Mapping[str, str | None] | None = None,
) -> TemplateOnData:
    """Try a template on a dataset, and store nothing.

    Raises
    ------
    NotFoundError
        If there is no such template, version or dataset for this person.
    ConflictError
        If the dataset is not ready.
    InvalidBodyError
        If the mapping names a column that is not there, or one column twice.
    """
    template = get_current(user, template_id)
    stored = get_version(user, template, template.version if version is None else version)
    dataset = datasets.get_dataset(user, dataset_id)
    profile, content = datasets.require_profile(dataset), content_of(stored)
    matches = propose_mapping(content.requirements, profile)
    if mapping:
        _refuse_odd_mapping(mapping, matches, profile)
        matches = chosen_mapping(matches, mapping, profile)
    use = apply_template(content.config, content.requirements, matches, profile)
    return TemplateOnData(template, stored.version, content, dataset, profile, matches, use)


def _refuse_odd_mapping(
    mapping: Mapping[str, str | None], matches: tuple[ColumnMatch, ...], profile: DatasetProfile
) -> None:
    named, faults = {match.need.name for match in matches}, []
    for name, column in mapping.items():
        field = f"mapping.{name[:80]}"
        if name not in named:
            faults.append(FieldFault(field, "column_unknown", f"The template names no column {name[:60]}."))
        elif column and not profile.has(column):
            faults.append(FieldFault(field, "column_unknown", f"The dataset has no column {column[:60]}."))
    counts = Counter(column for column in mapping.values() if column)
    twice = next((column for column, count in counts.items() if count > 1), None)
    if twice is not None:
        message = f"{twice[:60]} is chosen for two columns of the template. Choose another for one of them."
        faults.insert(0, FieldFault("mapping", "column_twice", message))
    if faults:
        raise InvalidBodyError(tuple(faults[:MAX_FAULTS]))


def use_template(user: User, on_data: TemplateOnData, *, draft_id: uuid.UUID | None = None) -> AppliedTemplate:
    """Make a draft of a template on a dataset, or fill in one that stands on this dataset already.

    Raises
    ------
    NotFoundError, ConflictError
        If there is no such draft, or it was launched or changed meanwhile.
    """
    if draft_id is None:
        row = _new_draft(user, on_data)
    else:
        changes = {step: dict(fields) for step, fields in on_data.use.answers.items()}
        changes.setdefault("data", {})["dataset_id"] = str(on_data.dataset.id)
        draft = drafts.get_draft(user, draft_id)
        row = drafts.save_many(user, draft_id, changes=changes, version=draft.version).context.row
        with transaction():
            draft_rows.change_draft(
                row.id, **_origin_json(on_data), template_draft_version=row.version, reached=SLUGS[-1]
            )
            _record_usage(user, on_data, row)
    context = draft_context.load(user, row.id)
    drafts.begin_comparing(context)
    return AppliedTemplate(on_data, context)


def _origin_json(on_data: TemplateOnData) -> dict[str, object]:
    return {"template_id": on_data.template.id, "template_version": on_data.version}


def _new_draft(user: User, on_data: TemplateOnData) -> DraftRow:
    answers = {step: dict(fields) for step, fields in on_data.use.answers.items()}
    answers.setdefault("data", {})["dataset_id"] = str(on_data.dataset.id)
    with transaction():
        row = draft_rows.add_draft(
            owner_id=user.id,
            dataset_id=on_data.dataset.id,
            answers=answers,
            version=FIRST_VERSION,
            reached=SLUGS[-1],
            template_draft_version=FIRST_VERSION,
            **_origin_json(on_data),
        )
        _record_usage(user, on_data, row)
        template_id = on_data.template.id
        count_event(UsageKind.DRAFT_STARTED, person_id=user.id, draft_id=row.id, template_id=template_id)
    return row


def _record_usage(user: User, on_data: TemplateOnData, row: DraftRow) -> None:
    rows.add_usage(
        template_id=on_data.template.id,
        version=on_data.version,
        user_id=user.id,
        dataset_id=on_data.dataset.id,
        draft_id=row.id,
    )
    after: dict[str, object] = {"version": on_data.version, "draft_id": str(row.id)}
    template_id = on_data.template.id
    record(AuditAct.APPLY_TEMPLATE, actor=user, subject_id=template_id, after=after)
    count_event(UsageKind.TEMPLATE_APPLIED, person_id=user.id, draft_id=row.id, template_id=template_id)


@dataclass(frozen=True)
class DraftOrigin:
    """Which template a draft came from, and what was changed since.

    `newest` is the template's newest version, 0 where it is no longer shared with the person.
    """

    template_id: uuid.UUID
    name: str
    version: int
    newest: int
    may_edit: bool
    changes: tuple[TemplateChange, ...]


def origin_of(context: DraftContext) -> DraftOrigin | None:
    """Return where a draft came from; None where that was no template."""
    row = context.row
    if row.template_id is None or row.template_version is None:
        return None
    template = rows.find_template(row.template_id)
    seen = template is not None and may_see(context.user, template)
    return DraftOrigin(
        row.template_id,
        template.name if template is not None and seen else "a template",
        row.template_version,
        template.version if template is not None and seen else 0,
        may_edit=template is not None and seen and may_edit(context.user, template),
        changes=_changes_of(context),
    )


def _changes_of(context: DraftContext) -> tuple[TemplateChange, ...]:
    applied_at, now = context.row.template_draft_version, context.plan.spec
    if applied_at is None or applied_at >= context.version or now is None:
        return ()
    answers = drafts.answers_at(context.row, applied_at)
    before = DraftContext(context.user, context.row, answers, applied_at).plan.spec
    if before is None:
        return ()
    axis = context.profile.time_axis if context.profile is not None else None
    step = axis.step_seconds if axis is not None and axis.regular else None
    return changes_since(before, now, step_seconds=step)


@dataclass(frozen=True)
class ExperimentOrigin:
    """Which template an experiment came from; `is_visible` says that the person may open it."""

    template_id: uuid.UUID
    name: str
    version: int
    is_visible: bool


def origin_of_experiment(user: User, experiment: Experiment) -> ExperimentOrigin | None:
    """Return which template an experiment came from; None where it was none."""
    if experiment.template_id is None or experiment.template_version is None:
        return None
    template = rows.find_template(experiment.template_id)
    seen = template is not None and may_see(user, template)
    name = template.name if template is not None and seen else "a template that is gone or no longer shared"
    return ExperimentOrigin(experiment.template_id, name, experiment.template_version, seen)
