"""Templates and their versions: create, update, restore, compare and duplicate."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from app.domain.audit.acts import AuditAct
from app.domain.errors import FieldFault, InvalidBodyError, TemplateConflictError
from app.domain.estimators import registry
from app.domain.experiment import NAME_LENGTH
from app.domain.experiment_templates.describing import TemplateChange, TemplateContent, diff_contents
from app.domain.experiment_templates.requirements import Requirements, derive_requirements, needs_in_words
from app.domain.experiment_templates.template_config import (
    TemplateConfig,
    parameter_faults,
    read_sent_config,
    read_template_config,
)
from app.domain.json_values import JsonObject
from app.domain.vocabulary import TemplateVisibility
from app.services.accounts.names import display_name
from app.services.audit.trail import record
from app.services.experiment_templates.edits import (
    MAX_COMMENT,
    TemplateEdit,
    cleaned,
    people_of,
    with_words,
    word_faults,
)
from app.services.experiment_templates.policy import get_changeable, get_template, get_version, lock_changeable
from app.storage import experiment_templates as rows
from app.storage.db import now, transaction
from app.storage.tables import ExperimentTemplate, TemplateVersion, User

LIBRARY_AUTHOR = "HydroML"


def content_of(version: TemplateVersion) -> TemplateContent:
    """Return the content of a stored version."""
    return TemplateContent(
        name=version.name,
        description=version.description,
        category=version.category,
        tags=tuple(version.tags),
        visibility=version.visibility,
        config=read_template_config(version.config),
        requirements=Requirements.from_json(version.requirements),
    )


def is_imported(row: ExperimentTemplate, version: TemplateVersion) -> bool:
    """Return whether a version came with a file, which says who made it and nobody here can check."""
    return version.author_id is None and row.library_key is None


def newest_content(row: ExperimentTemplate) -> TemplateContent:
    """Return the content of a template's newest version, with the visibility of today."""
    return replace(content_of(rows.get_version(row.id, row.version)), visibility=row.visibility)


def create_template(user: User, edit: TemplateEdit) -> ExperimentTemplate:
    """Make a template of one's own with its first version.

    Raises
    ------
    InvalidBodyError
        If a field does not fit; nothing is stored then.
    """
    edit = cleaned(edit)
    content = _check_content(edit, _EMPTY)
    people = people_of(user, edit)
    with transaction():
        row = rows.add_template(owner_id=user.id, **_row_values(content))
        _add_version(row, content, user=user, version=1, comment=edit.comment)
        if people is not None:
            rows.set_people(row.id, people)
        record(AuditAct.CREATE_TEMPLATE, actor=user, subject_id=row.id, after={"visibility": content.visibility})
    return row


_EMPTY = TemplateContent("", "", "", (), TemplateVisibility.PRIVATE.value, TemplateConfig(), Requirements())


def update_template(user: User, template_id: uuid.UUID, edit: TemplateEdit, *, version: int) -> ExperimentTemplate:
    """Make a new version of a template, based on the version that was edited.

    Raises
    ------
    TemplateConflictError
        If somebody made another version meanwhile, with what they changed.
    NotFoundError, ForbiddenError
        If it is not there, or not theirs to change.
    InvalidBodyError
        If a field does not fit.
    """
    row, edit = get_changeable(user, template_id), cleaned(edit)
    if row.version != version:
        raise _conflict_error(row, version)
    content = _check_content(edit, newest_content(row))
    return _store_next(user, row, content, edit)


def restore_version(user: User, template_id: uuid.UUID, version: int, *, based_on: int) -> ExperimentTemplate:
    """Make a new version that holds what an earlier one held."""
    row = get_changeable(user, template_id)
    if row.version != based_on:
        raise _conflict_error(row, based_on)
    content = replace(content_of(rows.get_version(row.id, version)), visibility=row.visibility)
    edit = TemplateEdit(comment=f"Version {version} restored.")
    return _store_next(user, row, content, edit, restores=version)


def _store_next(
    user: User, row: ExperimentTemplate, content: TemplateContent, edit: TemplateEdit, *, restores: int | None = None
) -> ExperimentTemplate:
    based_on, people, visibility = row.version, people_of(user, edit), row.visibility
    with transaction():
        # It may have been archived, given to somebody else, or saved by somebody faster since it was read.
        locked, swapped = lock_changeable(user, row.id), None
        if locked.version == based_on:
            swapped = swap_version(locked, content, user=user, comment=edit.comment, restores=restores)
        if swapped is not None and people is not None:
            rows.set_people(row.id, people)
        if swapped is not None:
            _record_version(user, swapped, visibility=visibility, restores=restores)
    if swapped is None:
        raise _conflict_error(get_template(user, row.id), based_on)
    return swapped


def _record_version(user: User, row: ExperimentTemplate, *, visibility: str, restores: int | None) -> None:
    act = AuditAct.CHANGE_TEMPLATE if restores is None else AuditAct.RESTORE_TEMPLATE
    before: dict[str, object] = {"version": row.version - 1, "visibility": visibility}
    after: dict[str, object] = {"version": row.version, "visibility": row.visibility}
    record(act, actor=user, subject_id=row.id, before=before, after=after)


def swap_version(
    row: ExperimentTemplate,
    content: TemplateContent,
    *,
    user: User | None,
    comment: str,
    restores: int | None = None,
    **more: object,
) -> ExperimentTemplate | None:
    """Store the version after the one that was read, in the caller's transaction; None if somebody was faster."""
    swapped = rows.swap_template(row.id, version=row.version, **_row_values(content), **more)
    if swapped is not None:
        _add_version(swapped, content, user=user, version=swapped.version, comment=comment, restores=restores)
    return swapped


def _conflict_error(row: ExperimentTemplate, based_on: int) -> TemplateConflictError:
    """Return the refusal with what was changed since; a version that never was is compared with the first."""
    known = based_on if 1 <= based_on <= row.version else 1
    before, after = (content_of(rows.get_version(row.id, version)) for version in (known, row.version))
    return TemplateConflictError(version=row.version, changes=diff_contents(before, after))


def diff_versions(user: User, template_id: uuid.UUID, before: int, after: int) -> tuple[TemplateChange, ...]:
    """Return in words what differs between two versions of a template."""
    row = get_template(user, template_id)
    content, other = (content_of(get_version(user, row, version)) for version in (before, after))
    return diff_contents(content, other)


def duplicate_template(user: User, template_id: uuid.UUID) -> ExperimentTemplate:
    """Make a template of one's own, private, that holds what another one holds now."""
    row = get_template(user, template_id)
    content = newest_content(row)
    name = f"{content.name[: NAME_LENGTH - 7]} (copy)"
    copied = replace(content, name=name, visibility=TemplateVisibility.PRIVATE.value)
    with transaction():
        made = rows.add_template(owner_id=user.id, **_row_values(copied))
        comment = f"Copied from version {row.version} of {row.name}."[:MAX_COMMENT]
        _add_version(made, copied, user=user, version=1, comment=comment)
        record(AuditAct.CREATE_TEMPLATE, actor=user, subject_id=made.id, before={"copied_from": str(row.id)})
    return made


def _row_values(content: TemplateContent) -> dict[str, object]:
    """Return the columns of a template that follow from its newest version."""
    tags = "".join(f"{rows.TAG_SIGN}{tag}{rows.TAG_SIGN}" for tag in content.tags)
    words = "\n".join((content.name, content.category, tags, content.description))
    validation = content.config.validation
    sketch: JsonObject = {
        "strategy": None if validation.strategy is None else validation.strategy.value,
        "parameters": validation.parameters,
        "holdout": validation.holdout.fraction if validation.holdout is not None else None,
    }
    return {
        "name": content.name,
        "description": content.description,
        "category": content.category,
        "tags": list(content.tags),
        "visibility": content.visibility,
        "search_text": words.lower(),
        "needs": list(needs_in_words(content.requirements)),
        "sketch": sketch,
    }


def _add_version(
    row: ExperimentTemplate,
    content: TemplateContent,
    *,
    user: User | None,
    version: int,
    comment: str,
    restores: int | None = None,
) -> None:
    author = LIBRARY_AUTHOR if user is None else display_name(user)
    made = PastVersion(content, author, comment[:MAX_COMMENT], restores, now())
    rows.add_versions([_version_values(row, version, made, author_id=None if user is None else user.id)])


@dataclass(frozen=True)
class PastVersion:
    """A version of a history: what it holds, the name of its author, and when it was made."""

    content: TemplateContent
    author: str
    comment: str
    restores: int | None
    created_at: datetime


def _version_values(
    row: ExperimentTemplate, version: int, made: PastVersion, *, author_id: uuid.UUID | None
) -> dict[str, Any]:
    content = made.content
    return {
        "template_id": row.id,
        "version": version,
        "name": content.name,
        "description": content.description,
        "category": content.category,
        "tags": list(content.tags),
        "visibility": content.visibility,
        "config": content.config.to_json(),
        "requirements": content.requirements.to_json(),
        "author_id": author_id,
        "author_name": made.author,
        "comment": made.comment,
        "restores": made.restores,
        "created_at": made.created_at,
    }


def store_library_version(row: ExperimentTemplate | None, key: str, content: TemplateContent) -> None:
    """Store a template of the shipped library, or its next version; in the caller's transaction."""
    if row is None:
        made = rows.add_template(library_key=key, curated_at=now(), **_row_values(content))
        _add_version(made, content, user=None, version=1, comment="Shipped with HydroML.")
        return
    swap_version(row, content, user=None, comment="Updated with HydroML.")


def store_history(user: User, history: Sequence[PastVersion]) -> ExperimentTemplate:
    """Store a template of somebody's with versions that were made elsewhere; in the caller's transaction."""
    row = rows.add_template(owner_id=user.id, version=len(history), **_row_values(history[-1].content))
    values = (_version_values(row, number, made, author_id=None) for number, made in enumerate(history, start=1))
    rows.add_versions(list(values))
    return row


def _check_content(edit: TemplateEdit, before: TemplateContent) -> TemplateContent:
    """Return the content of the next version, with what the edit leaves out as before.

    Raises
    ------
    InvalidBodyError
        With every field that does not fit.
    """
    faults = list(word_faults(edit))
    if edit.name is None and not before.name:
        faults.append(FieldFault("name", "missing", "Give the template a name."))
    config = before.config
    try:
        if isinstance(edit.config, TemplateConfig):
            config = edit.config
        elif edit.config is not None:
            config = read_sent_config(edit.config)  # type: ignore[arg-type]  # its schema looks at every value
            faults += parameter_faults(config)
    except InvalidBodyError as fault:
        faults += fault.faults
    estimator = config.model.estimator
    if edit.config is not None and estimator is not None and not registry.has(estimator):
        message = registry.unknown_sentence(estimator)
        faults.append(FieldFault("config.model.estimator", "estimator_unknown", message))
    if faults:
        raise InvalidBodyError(tuple(faults))
    requirements = edit.requirements or _derive_requirements(edit, config, before)
    return with_words(edit, replace(before, config=config, requirements=requirements))


def _derive_requirements(edit: TemplateEdit, config: TemplateConfig, before: TemplateContent) -> Requirements:
    if edit.config is None and before.name:
        return before.requirements
    return derive_requirements(config, edit.profile, before.requirements if before.name else None)
