"""Making templates and their versions: every edit makes a version, and nothing is overwritten."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from app.domain.analysis.profiling.profile import DatasetProfile
from app.domain.audit.acts import AuditAct
from app.domain.errors import DomainError, FieldFault, InvalidBodyError, TemplateConflictError
from app.domain.estimators import registry
from app.domain.experiment import NAME_LENGTH
from app.domain.experiment_templates.describing import TemplateChange, TemplateContent, diff_contents
from app.domain.experiment_templates.requirements import Requirements, derive_requirements, needs_in_words
from app.domain.experiment_templates.template_config import TemplateConfig, read_template_config
from app.domain.json_values import JsonObject
from app.domain.vocabulary import TemplateVisibility
from app.services.audit.trail import record
from app.services.experiment_templates.policy import get_editable, get_template
from app.storage import accounts
from app.storage import experiment_templates as rows
from app.storage.db import now, transaction
from app.storage.tables import ExperimentTemplate, TemplateVersion, User

MAX_DESCRIPTION, MAX_CATEGORY, MAX_TAGS, MAX_TAG, MAX_COMMENT, MAX_PEOPLE = 5000, 60, 20, 50, 500, 200


@dataclass(frozen=True)
class TemplateEdit:
    """What a version of a template shall hold. What is None stays as it is, or is derived in a first version."""

    name: str | None = None
    description: str | None = None
    category: str | None = None
    tags: tuple[str, ...] | None = None
    visibility: str | None = None
    people: tuple[str, ...] | None = None
    config: Mapping[str, object] | TemplateConfig | None = None
    requirements: Requirements | None = None
    comment: str = ""
    profile: DatasetProfile | None = field(default=None, repr=False)


def content_of(version: TemplateVersion) -> TemplateContent:
    """Return what a stored version holds."""
    return TemplateContent(
        name=version.name,
        description=version.description,
        category=version.category,
        tags=tuple(version.tags),
        visibility=version.visibility,
        config=read_template_config(version.config),
        requirements=Requirements.from_json(version.requirements),
    )


def newest_content(row: ExperimentTemplate) -> TemplateContent:
    """Return what the newest version of a template holds, shared as it is now."""
    return replace(content_of(rows.get_version(row.id, row.version)), visibility=row.visibility)


def create_template(user: User, edit: TemplateEdit) -> ExperimentTemplate:
    """Make a template of one's own with its first version.

    Raises
    ------
    InvalidBodyError
        If a field does not fit; nothing is stored then.
    """
    content = _checked(edit, _EMPTY)
    people = _people_of(user, edit)
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
    row = get_editable(user, template_id)
    if row.version != version:
        raise _conflict(row, version)
    content = _checked(edit, newest_content(row))
    return _store_next(user, row, content, edit)


def restore_version(user: User, template_id: uuid.UUID, version: int, *, based_on: int) -> ExperimentTemplate:
    """Make a new version that holds what an earlier one held."""
    row = get_editable(user, template_id)
    if row.version != based_on:
        raise _conflict(row, based_on)
    content = replace(content_of(rows.get_version(row.id, version)), visibility=row.visibility)
    edit = TemplateEdit(comment=f"Version {version} restored.")
    return _store_next(user, row, content, edit, restores=version)


def _store_next(
    user: User, row: ExperimentTemplate, content: TemplateContent, edit: TemplateEdit, *, restores: int | None = None
) -> ExperimentTemplate:
    based_on, people, row_visibility = row.version, _people_of(user, edit), row.visibility
    with transaction():
        swapped = rows.swap_template(row.id, version=based_on, **_row_values(content))
        if swapped is not None:
            _add_version(swapped, content, user=user, version=based_on + 1, comment=edit.comment, restores=restores)
            if people is not None:
                rows.set_people(row.id, people)
            _record_version(user, swapped, visibility=row_visibility, restores=restores)
    if swapped is None:
        raise _conflict(get_template(user, row.id), based_on)
    return swapped


def _record_version(user: User, row: ExperimentTemplate, *, visibility: str, restores: int | None) -> None:
    act = AuditAct.CHANGE_TEMPLATE if restores is None else AuditAct.RESTORE_TEMPLATE
    before: dict[str, object] = {"version": row.version - 1, "visibility": visibility}
    after: dict[str, object] = {"version": row.version, "visibility": row.visibility}
    record(act, actor=user, subject_id=row.id, before=before, after=after)


def _conflict(row: ExperimentTemplate, based_on: int) -> TemplateConflictError:
    """Return the refusal with what was changed since; a version that never was is compared with the first."""
    known = based_on if 1 <= based_on <= row.version else 1
    before, after = (content_of(rows.get_version(row.id, version)) for version in (known, row.version))
    return TemplateConflictError(version=row.version, changes=diff_contents(before, after))


def diff_versions(user: User, template_id: uuid.UUID, before: int, after: int) -> tuple[TemplateChange, ...]:
    """Return in words what differs between two versions of a template."""
    row = get_template(user, template_id)
    one, other = (content_of(rows.get_version(row.id, version)) for version in (before, after))
    return diff_contents(one, other)


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


def archive_template(user: User, template_id: uuid.UUID) -> None:
    """Take a template out of all lists; nothing of it is lost."""
    _mark_archived(user, template_id, archived=True)


def unarchive_template(user: User, template_id: uuid.UUID) -> ExperimentTemplate:
    """Bring an archived template back."""
    return _mark_archived(user, template_id, archived=False)


def _mark_archived(user: User, template_id: uuid.UUID, *, archived: bool) -> ExperimentTemplate:
    row = get_editable(user, template_id)
    if (row.archived_at is not None) == archived:
        return row
    with transaction():
        rows.change_template(row.id, archived_at=now() if archived else None)
        act = "archived" if archived else "restored"
        rows.add_event(template_id=row.id, user_id=user.id, user_name=user.name or user.email, act=act, before={})
        record(AuditAct.ARCHIVE_TEMPLATE if archived else AuditAct.RESTORE_TEMPLATE, actor=user, subject_id=row.id)
    return get_template(user, template_id)


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
) -> TemplateVersion:
    return rows.add_version(
        template_id=row.id,
        version=version,
        name=content.name,
        description=content.description,
        category=content.category,
        tags=list(content.tags),
        visibility=content.visibility,
        config=content.config.to_json(),
        requirements=content.requirements.to_json(),
        author_id=None if user is None else user.id,
        author_name="HydroML" if user is None else user.name or user.email,
        comment=comment[:MAX_COMMENT],
        restores=restores,
    )


def store_library_version(row: ExperimentTemplate | None, key: str, content: TemplateContent) -> None:
    """Store a template of the shipped library, or its next version; in the caller's transaction."""
    if row is None:
        made = rows.add_template(library_key=key, curated_at=now(), **_row_values(content))
        _add_version(made, content, user=None, version=1, comment="Shipped with HydroML.")
        return
    swapped = rows.swap_template(row.id, version=row.version, **_row_values(content))
    if swapped is not None:
        _add_version(swapped, content, user=None, version=swapped.version, comment="Updated with HydroML.")


def store_history(user: User, history: Sequence[tuple[TemplateContent, str, str, int | None]]) -> ExperimentTemplate:
    """Store a template of somebody's with versions that were made elsewhere; in the caller's transaction.

    Each version comes with the name of its author, its comment, and the version that it restores.
    """
    newest = history[-1][0]
    row = rows.add_template(owner_id=user.id, version=len(history), **_row_values(newest))
    for number, (content, author, comment, restores) in enumerate(history, start=1):
        version = _add_version(row, content, user=user, version=number, comment=comment, restores=restores)
        version.author_name = author or version.author_name
        version.author_id = None
    return row


def _checked(edit: TemplateEdit, before: TemplateContent) -> TemplateContent:
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
            config = read_template_config(edit.config)  # type: ignore[arg-type]  # its schema looks at every value
    except InvalidBodyError as fault:
        faults += fault.faults
    estimator = config.model.estimator
    if edit.config is not None and estimator is not None and not registry.has(estimator):
        message = f"There is no estimator {estimator[:60]}."
        faults.append(FieldFault("config.model.estimator", "estimator_unknown", message))
    if faults:
        raise InvalidBodyError(tuple(faults))
    requirements = edit.requirements or _derived(edit, config, before)
    return with_words(edit, replace(before, config=config, requirements=requirements))


def with_words(edit: TemplateEdit, before: TemplateContent) -> TemplateContent:
    """Return content with the words of an edit, cleaned; what the edit leaves out stays."""
    return replace(
        before,
        name=_plain(edit.name, before.name).strip(),
        description=_plain(edit.description, before.description),
        category=_plain(edit.category, before.category).strip(),
        tags=before.tags if edit.tags is None else _tags(edit.tags),
        visibility=edit.visibility or before.visibility,
    )


def _derived(edit: TemplateEdit, config: TemplateConfig, before: TemplateContent) -> Requirements:
    if edit.config is None and before.name:
        return before.requirements
    return derive_requirements(config, edit.profile, before.requirements if before.name else None)


def _plain(text: str | None, before: str) -> str:
    """Return a text without the one character that no database keeps."""
    return before if text is None else text.replace("\0", "").replace("\r\n", "\n")


def _tags(words: Iterable[str]) -> tuple[str, ...]:
    plain = (_plain(word, "").strip() for word in words)
    return tuple(dict.fromkeys(word for word in plain if word))


def word_faults(edit: TemplateEdit) -> Iterable[FieldFault]:
    """Yield what does not fit about the words of a version; also of one that is imported."""
    if edit.name is not None and not 1 <= len(_plain(edit.name, "").strip()) <= NAME_LENGTH:
        yield FieldFault("name", "name_invalid", f"Give it a name of 1 to {NAME_LENGTH} characters.")
    if edit.description is not None and len(edit.description) > MAX_DESCRIPTION:
        yield FieldFault("description", "too_long", f"The description may have {MAX_DESCRIPTION:,} characters.")
    if edit.category is not None and len(edit.category.strip()) > MAX_CATEGORY:
        yield FieldFault("category", "too_long", f"The category may have {MAX_CATEGORY} characters.")
    if edit.tags is not None:
        tags = _tags(edit.tags)
        if len(tags) > MAX_TAGS or any(len(tag) > MAX_TAG or rows.TAG_SIGN in tag for tag in tags):
            message = f"Up to {MAX_TAGS} tags of {MAX_TAG} characters each, without the sign {rows.TAG_SIGN}."
            yield FieldFault("tags", "tags_invalid", message)
    if edit.visibility is not None and edit.visibility not in {one.value for one in TemplateVisibility}:
        yield FieldFault("visibility", "enum", "This must be private, people or everyone.")
    if len(edit.comment) > MAX_COMMENT:
        yield FieldFault("comment", "too_long", f"The comment may have {MAX_COMMENT} characters.")


def _people_of(user: User, edit: TemplateEdit) -> list[uuid.UUID] | None:
    """Return the accounts a template shall be shared with, None where that stays as it is."""
    if edit.people is None:
        return None
    if len(edit.people) > MAX_PEOPLE:
        raise DomainError(f"Name up to {MAX_PEOPLE} people.", code="too_many_people", field="people")
    found = []
    for email in _tags(edit.people):
        person = accounts.find_user(email)
        if person is None:
            raise DomainError(f"There is no account for {email[:100]}.", code="person_unknown", field="people")
        if person.id != user.id:
            found.append(person.id)
    return found
