"""Export and import of a template with its history as one file."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from app.domain.audit.acts import AuditAct
from app.domain.errors import DomainError, FieldFault, InvalidBodyError
from app.domain.experiment import NAME_LENGTH
from app.domain.experiment_templates.describing import TemplateContent
from app.domain.experiment_templates.sent_requirements import read_requirements
from app.domain.experiment_templates.template_config import read_sent_config
from app.domain.json_values import JsonObject
from app.domain.schema_words import sentence_of
from app.domain.vocabulary import TemplateVisibility
from app.services.accounts.names import public_name
from app.services.audit.trail import record, record_alone
from app.services.experiment_templates import edits
from app.services.experiment_templates.edits import TemplateEdit
from app.services.experiment_templates.policy import first_shown_version, get_template
from app.services.experiment_templates.versions import PastVersion, store_history
from app.storage import experiment_templates as rows
from app.storage.db import now, transaction
from app.storage.tables import ExperimentTemplate, User

FORMAT, FORMAT_VERSION = "hydroml-experiment-template", 1
MAX_VERSIONS = 10_000
# A long history of a template that names hundreds of columns.
MAX_FILE_BYTES = 16 * 1024 * 1024


class _ExchangedVersion(BaseModel):
    model_config = ConfigDict(extra="forbid")

    version: int = Field(ge=1)
    name: str = Field(min_length=1, max_length=NAME_LENGTH)
    description: str = Field(default="", max_length=edits.MAX_DESCRIPTION)
    category: str = Field(default="", max_length=edits.MAX_CATEGORY)
    tags: list[str] = Field(default=[], max_length=edits.MAX_TAGS)
    config: dict[str, JsonValue]
    requirements: dict[str, JsonValue]
    author: str = Field(default="", max_length=254)
    comment: str = Field(default="", max_length=edits.MAX_COMMENT)
    restores: int | None = None
    created_at: str = Field(default="", max_length=40)


class _ExchangedTemplate(BaseModel):
    model_config = ConfigDict(extra="forbid")

    format: str
    format_version: int
    versions: list[_ExchangedVersion] = Field(min_length=1, max_length=MAX_VERSIONS)


def export_template(user: User, template_id: uuid.UUID) -> JsonObject:
    """Return a template with the history that somebody sees, oldest version first and counted from 1.

    It holds names of authors, and no address or id of anybody.
    """
    row = get_template(user, template_id)
    record_alone(AuditAct.EXPORT_TEMPLATE, actor=user, subject_id=row.id)
    view = first_shown_version(user, row)
    history = list(reversed(rows.list_versions(row.id, first=view, limit=MAX_VERSIONS)))
    before = history[0].version - 1
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "versions": [
            {
                "version": version.version - before,
                "name": version.name,
                "description": version.description,
                "category": version.category,
                "tags": list(version.tags),
                "config": version.config,
                "requirements": version.requirements,
                "author": public_name(version.author_name),
                "comment": version.comment,
                "restores": version.restores - before
                if version.restores is not None and version.restores > before
                else None,
                "created_at": version.created_at.isoformat(timespec="seconds"),
            }
            for version in history
        ],
    }


def import_template(user: User, sent: JsonValue) -> ExperimentTemplate:
    """Make a private template of one's own from a file, with its whole history.

    Raises
    ------
    DomainError
        If it is no such file, was written by a newer HydroML, or its history is broken. Nothing is stored then.
    """
    if not isinstance(sent, Mapping) or sent.get("format") != FORMAT:
        raise DomainError("This is no exported template.", code="not_a_template", field="file")
    outputs = sent.get("format_version")
    if not isinstance(outputs, int) or isinstance(outputs, bool) or outputs < 1:
        raise DomainError("This file does not say a format version.", code="not_a_template", field="file")
    if outputs > FORMAT_VERSION:
        message = f"This file has format version {str(outputs)[:20]}; this HydroML reads version {FORMAT_VERSION}."
        raise DomainError(message, code="format_newer", field="file")
    try:
        read = _ExchangedTemplate.model_validate(sent)
    except ValidationError as fault:
        results = fault.errors(include_url=False, include_input=False)[:20]
        raise InvalidBodyError(
            tuple(
                FieldFault(".".join(map(str, item["loc"]))[:100], item["type"], sentence_of(item)) for item in results
            )
        ) from None
    contents = _history_of(read)
    with transaction():
        row = store_history(user, contents)
        after = {"versions": len(contents), "imported": True}
        record(AuditAct.CREATE_TEMPLATE, actor=user, subject_id=row.id, after=after)
    return row


def _history_of(read: _ExchangedTemplate) -> list[PastVersion]:
    """Return the versions in their order; a history with a hole or a restore of what is not there is refused."""
    return [_past_version(place, past) for place, past in enumerate(read.versions, start=1)]


def _past_version(place: int, element: _ExchangedVersion) -> PastVersion:
    if element.version != place:
        message = (
            f"The history is broken: version {place} is missing, and version {str(element.version)[:20]} stands there."
        )
        raise DomainError(message, code="history_broken", field="file")
    if element.restores is not None and not 1 <= element.restores < element.version:
        restored = str(element.restores)[:20]
        message = f"The history is broken: version {element.version} restores version {restored}, which is not there."
        raise DomainError(message, code="history_broken", field="file")
    try:
        config, needs = read_sent_config(element.config), read_requirements(element.requirements)
    except InvalidBodyError as fault:
        faults = (FieldFault(f"versions.{place}.{item.field}", item.code, item.message) for item in fault.faults)
        raise InvalidBodyError(tuple(faults)) from None
    except ValueError:
        message = f"The history is broken: the requirements of version {place} cannot be read."
        raise DomainError(message, code="history_broken", field="file") from None
    words = _words_of(element)
    content = edits.with_words(words, TemplateContent("", "", "", (), TemplateVisibility.PRIVATE.value, config, needs))
    return PastVersion(content, public_name(element.author), words.comment, element.restores, _moment_of(element))


def _words_of(item: _ExchangedVersion) -> TemplateEdit:
    """Return the words of a version that was sent; they are cleaned and checked as those of an edit are."""
    words = edits.cleaned(
        TemplateEdit(
            name=item.name,
            description=item.description,
            category=item.category,
            tags=tuple(item.tags),
            comment=item.comment,
        )
    )
    faults = tuple(
        FieldFault(f"versions.{item.version}.{fault.field}", fault.code, fault.message)
        for fault in edits.word_faults(words)
    )
    if faults:
        raise InvalidBodyError(faults)
    return words


def _moment_of(item: _ExchangedVersion) -> datetime:
    """Return when a version was made elsewhere, never later than now; now where the file does not say."""
    if not item.created_at:
        return now()
    try:
        moment = datetime.fromisoformat(item.created_at)
        plain = moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):
        field, message = f"versions.{item.version}.created_at", "Write a time as in 2026-01-31T12:00:00."
        raise InvalidBodyError((FieldFault(field, "time_invalid", message),)) from None
    return min(plain, now())
