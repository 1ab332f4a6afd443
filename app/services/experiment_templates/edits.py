"""Edits of a template, cleaned and checked in the same way for pages, programs and imports."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from app.domain.analysis.profiling.profile import DatasetProfile
from app.domain.errors import DomainError, FieldFault
from app.domain.experiment import NAME_LENGTH
from app.domain.experiment_templates.describing import TemplateContent
from app.domain.experiment_templates.requirements import Requirements
from app.domain.experiment_templates.template_config import TemplateConfig
from app.domain.text.plain_text import clean_line, clean_text
from app.domain.vocabulary import TemplateVisibility
from app.storage import accounts
from app.storage import experiment_templates as rows
from app.storage.tables import User

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


def cleaned(edit: TemplateEdit) -> TemplateEdit:
    """Return an edit whose words are without signs that nobody sees."""
    return replace(
        edit,
        name=None if edit.name is None else clean_line(edit.name),
        description=None if edit.description is None else clean_text(edit.description),
        category=None if edit.category is None else clean_line(edit.category),
        tags=None if edit.tags is None else _tags(edit.tags),
        comment=clean_line(edit.comment),
    )


def _tags(words: Iterable[str]) -> tuple[str, ...]:
    plain = (clean_line(word) for word in words)
    return tuple(dict.fromkeys(word for word in plain if word))


def with_words(edit: TemplateEdit, before: TemplateContent) -> TemplateContent:
    """Return content with the words of an edit that was cleaned; what the edit leaves out stays."""
    return replace(
        before,
        name=before.name if edit.name is None else edit.name,
        description=before.description if edit.description is None else edit.description,
        category=before.category if edit.category is None else edit.category,
        tags=before.tags if edit.tags is None else edit.tags,
        visibility=edit.visibility or before.visibility,
    )


def word_faults(edit: TemplateEdit) -> Iterable[FieldFault]:
    """Yield what does not fit about the words of an edit that was cleaned."""
    if edit.name is not None and not 1 <= len(edit.name) <= NAME_LENGTH:
        yield FieldFault("name", "name_invalid", f"Give it a name of 1 to {NAME_LENGTH} characters.")
    if edit.description is not None and len(edit.description) > MAX_DESCRIPTION:
        yield FieldFault("description", "too_long", f"The description may have {MAX_DESCRIPTION:,} characters.")
    if edit.category is not None and len(edit.category) > MAX_CATEGORY:
        yield FieldFault("category", "too_long", f"The category may have {MAX_CATEGORY} characters.")
    if edit.tags is not None and (
        len(edit.tags) > MAX_TAGS or any(len(tag) > MAX_TAG or rows.TAG_SIGN in tag for tag in edit.tags)
    ):
        message = f"Up to {MAX_TAGS} tags of {MAX_TAG} characters each, without the sign {rows.TAG_SIGN}."
        yield FieldFault("tags", "tags_invalid", message)
    if edit.visibility is not None and edit.visibility not in {item.value for item in TemplateVisibility}:
        yield FieldFault("visibility", "enum", "This must be private, people or everyone.")
    if len(edit.comment) > MAX_COMMENT:
        yield FieldFault("comment", "too_long", f"The comment may have {MAX_COMMENT} characters.")


def people_of(user: User, edit: TemplateEdit) -> list[uuid.UUID] | None:
    """Return the accounts a template shall be shared with, None where that stays as it is.

    Raises
    ------
    DomainError
        If there is no such account, or too many are named.
    """
    if edit.people is None:
        return None
    if len(edit.people) > MAX_PEOPLE:
        raise DomainError(f"Name up to {MAX_PEOPLE} people.", code="too_many_people", field="people")
    result = []
    for email in _tags(edit.people):
        person = accounts.find_user(email)
        if person is None:
            raise DomainError(f"There is no account for {email[:100]}.", code="person_unknown", field="people")
        if person.id != user.id:
            result.append(person.id)
    return result
