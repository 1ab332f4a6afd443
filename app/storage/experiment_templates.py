"""Queries on experiment templates, their versions, people and uses. Nothing here commits."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, func, insert, or_, select, update

from app.domain.errors import NotFoundError
from app.storage.db import db, now
from app.storage.tables import ExperimentTemplate, TemplateEvent, TemplatePerson, TemplateUsage, TemplateVersion, User

MISSING = "There is no such template, or it is not shared with you."
NO_VERSION = "The template has no such version, or it is older than its sharing."
# What the narrowest database keeps as a number of a version.
MAX_VERSION = 2**31 - 1
TAG_SIGN = "|"
MAX_CATEGORIES = 100
# A chain of successors is walked so far.
MAX_SUCCESSORS = 1000


@dataclass(frozen=True)
class TemplateQuery:
    """What is looked for in the gallery. `viewer_id` is None for an administrator, who sees every template."""

    viewer_id: uuid.UUID | None
    words: tuple[str, ...] = ()
    category: str = ""
    tag: str = ""
    sort: str = "use"
    owner_id: uuid.UUID | None = None
    archived: bool = False
    retired: bool = True


def add_template(**values: Any) -> ExperimentTemplate:
    """Add a template without a version."""
    row = ExperimentTemplate(**values)
    db.session.add(row)
    db.session.flush()
    return row


def add_versions(versions: Sequence[dict[str, Any]]) -> None:
    """Add versions of a template."""
    db.session.execute(insert(TemplateVersion), list(versions))


def find_template(template_id: uuid.UUID) -> ExperimentTemplate | None:
    """Return a template as it stands now, of whoever it is."""
    return db.session.get(ExperimentTemplate, template_id, populate_existing=True)


def find_by_library_key(key: str) -> ExperimentTemplate | None:
    """Return the template of the shipped library with this key."""
    return db.session.scalar(select(ExperimentTemplate).where(ExperimentTemplate.library_key == key))


def swap_template(template_id: uuid.UUID, *, version: int, **values: Any) -> ExperimentTemplate | None:
    """Write a template that still has this version, and raise the version by one; None if somebody was faster."""
    statement = (
        update(ExperimentTemplate)
        .where(ExperimentTemplate.id == template_id, ExperimentTemplate.version == version)
        .values(version=version + 1, updated_at=now(), **values)
        .returning(ExperimentTemplate)
    )
    options = {"synchronize_session": False, "populate_existing": True}
    return db.session.scalar(statement, execution_options=options)


def change_template(template_id: uuid.UUID, **values: Any) -> None:
    """Change what is no part of a version, such as its owner; the version stays."""
    statement = update(ExperimentTemplate).where(ExperimentTemplate.id == template_id).values(**values)
    db.session.execute(statement.execution_options(synchronize_session=False))


def lock_templates(*template_ids: uuid.UUID) -> None:
    """Keep templates as they are until the transaction ends; on SQLite its first statement locks the whole database."""
    query = select(ExperimentTemplate.id).where(ExperimentTemplate.id.in_(template_ids))
    db.session.execute(query.order_by(ExperimentTemplate.id).with_for_update())


def get_version(template_id: uuid.UUID, version: int) -> TemplateVersion:
    """Return a version of a template, or raise NotFoundError; any whole number may be asked for."""
    if not 1 <= version <= MAX_VERSION:
        raise NotFoundError(NO_VERSION)
    query = select(TemplateVersion).where(
        TemplateVersion.template_id == template_id, TemplateVersion.version == version
    )
    row = db.session.scalar(query)
    if row is None:
        raise NotFoundError(NO_VERSION)
    return row


def last_version_shared_otherwise(template_id: uuid.UUID, allowed: tuple[str, ...]) -> int:
    """Return the last version that was shared in none of these ways, 0 where all were."""
    query = select(func.max(TemplateVersion.version)).where(
        TemplateVersion.template_id == template_id, TemplateVersion.visibility.not_in(allowed)
    )
    return db.session.scalar(query) or 0


def newest_versions(rows: Sequence[ExperimentTemplate]) -> dict[uuid.UUID, TemplateVersion]:
    """Return the newest version of each of these templates."""
    if not rows:
        return {}
    query = select(TemplateVersion).join(ExperimentTemplate, ExperimentTemplate.id == TemplateVersion.template_id)
    query = query.where(
        TemplateVersion.template_id.in_([row.id for row in rows]),
        TemplateVersion.version == ExperimentTemplate.version,
    )
    return {version.template_id: version for version in db.session.scalars(query)}


def list_versions(
    template_id: uuid.UUID, *, first: int = 1, limit: int = 200, offset: int = 0
) -> list[TemplateVersion]:
    """Return the versions of a template from one on, newest first."""
    query = select(TemplateVersion).where(TemplateVersion.template_id == template_id, TemplateVersion.version >= first)
    query = query.order_by(TemplateVersion.version.desc()).limit(limit).offset(offset)
    return list(db.session.scalars(query))


def is_shared_with(template_id: uuid.UUID, user_id: uuid.UUID) -> bool:
    """Return whether a template is shared with somebody by name."""
    return db.session.get(TemplatePerson, (template_id, user_id)) is not None


def list_people(template_id: uuid.UUID) -> list[User]:
    """Return whom a template is shared with by name, in the order of their addresses."""
    query = select(User).join(TemplatePerson, TemplatePerson.user_id == User.id)
    return list(db.session.scalars(query.where(TemplatePerson.template_id == template_id).order_by(User.email)))


def set_people(template_id: uuid.UUID, user_ids: Iterable[uuid.UUID]) -> None:
    """Share a template with these accounts and no others."""
    db.session.execute(delete(TemplatePerson).where(TemplatePerson.template_id == template_id))
    db.session.add_all(TemplatePerson(template_id=template_id, user_id=fromkey) for fromkey in dict.fromkeys(user_ids))
    db.session.flush()


def list_templates(template_query: TemplateQuery, *, limit: int, offset: int = 0) -> list[ExperimentTemplate]:
    """Return the templates that are looked for, in the order that is asked for."""
    query = _filter_templates(select(ExperimentTemplate), template_query)
    return list(db.session.scalars(query.order_by(*_sort_columns(template_query.sort)).limit(limit).offset(offset)))


def count_templates(query: TemplateQuery) -> int:
    """Return how many templates are looked for."""
    return db.session.scalar(_filter_templates(select(func.count()).select_from(ExperimentTemplate), query)) or 0


def list_categories(template_query: TemplateQuery) -> list[str]:
    """Return the categories of all templates that somebody sees, in alphabetical order."""
    every = TemplateQuery(template_query.viewer_id)
    query = _filter_templates(select(ExperimentTemplate.category).distinct(), every).where(
        ExperimentTemplate.category != ""
    )
    return list(db.session.scalars(query.order_by(ExperimentTemplate.category).limit(MAX_CATEGORIES)))


def _filter_templates(query: Select[Any], template_query: TemplateQuery) -> Select[Any]:
    query = query.where(
        *_visible_conditions(template_query), *(_contains_text(word.lower()) for word in template_query.words)
    )
    if template_query.category:
        query = query.where(ExperimentTemplate.category == template_query.category)
    if template_query.tag:
        query = query.where(_contains_text(f"{TAG_SIGN}{template_query.tag.lower()}{TAG_SIGN}"))
    if template_query.owner_id is not None:
        query = query.where(ExperimentTemplate.owner_id == template_query.owner_id)
    return query if template_query.retired else query.where(ExperimentTemplate.retired_at.is_(None))


def _contains_text(text: str) -> ColumnElement[bool]:
    return ExperimentTemplate.search_text.contains(text, autoescape=True)


def _visible_conditions(query: TemplateQuery) -> list[ColumnElement[bool]]:
    table = ExperimentTemplate
    kept = table.archived_at.is_not(None) if query.archived else table.archived_at.is_(None)
    if query.viewer_id is None:
        return [kept]
    if query.archived:
        return [kept, table.owner_id == query.viewer_id]
    shared = select(TemplatePerson.template_id).where(TemplatePerson.user_id == query.viewer_id)
    by_name = (table.visibility == "people") & table.id.in_(shared)
    return [kept, or_(table.owner_id == query.viewer_id, table.visibility == "everyone", by_name)]


def _sort_columns(sort: str) -> list[Any]:
    table = ExperimentTemplate
    if sort == "name":
        return [func.lower(table.name), table.id]
    if sort == "newest":
        return [table.updated_at.desc(), table.id]
    featured, curated = table.featured_at.is_(None), table.curated_at.is_(None)
    return [featured, table.usage_count.desc(), curated, func.lower(table.name), table.id]


def add_usage(**values: Any) -> None:
    """Record that a template was used, and count it."""
    db.session.add(TemplateUsage(**values))
    template_id = values["template_id"]
    statement = update(ExperimentTemplate).where(ExperimentTemplate.id == template_id)
    statement = statement.values(usage_count=ExperimentTemplate.usage_count + 1, last_used_at=now())
    db.session.execute(statement.execution_options(synchronize_session=False))


def list_usage(
    template_id: uuid.UUID, *, limit: int = 50, user_id: uuid.UUID | None = None
) -> list[tuple[User | None, int, datetime]]:
    """Return the last uses of a template: by whom (None for an account that is gone), of which version, when."""
    query = select(User, TemplateUsage.version, TemplateUsage.at)
    query = query.select_from(TemplateUsage).outerjoin(User, User.id == TemplateUsage.user_id)
    query = query.where(TemplateUsage.template_id == template_id)
    if user_id is not None:
        query = query.where(TemplateUsage.user_id == user_id)
    rows = db.session.execute(query.order_by(TemplateUsage.at.desc(), TemplateUsage.id.desc()).limit(limit))
    return [(person, version, moment) for person, version, moment in rows]


def count_people_using(template_id: uuid.UUID) -> int:
    """Return how many people have used a template."""
    query = select(func.count(TemplateUsage.user_id.distinct())).where(TemplateUsage.template_id == template_id)
    return db.session.scalar(query) or 0


def add_event(**values: Any) -> None:
    """Record what was done to a template."""
    db.session.add(TemplateEvent(**values))
    db.session.flush()


def list_template_events(template_id: uuid.UUID, *, limit: int = 50) -> list[TemplateEvent]:
    """List the events of a template, newest first."""
    query = select(TemplateEvent).where(TemplateEvent.template_id == template_id)
    return list(db.session.scalars(query.order_by(TemplateEvent.id.desc()).limit(limit)))


def is_archived_by_admin(template_id: uuid.UUID) -> bool:
    """Return whether the last to archive a template did so as an administrator, which an owner does not take back."""
    query = select(TemplateEvent.act).where(
        TemplateEvent.template_id == template_id,
        TemplateEvent.act.in_(("archive", "archived")),
        TemplateEvent.undone_at.is_(None),
    )
    return db.session.scalar(query.order_by(TemplateEvent.id.desc()).limit(1)) == "archive"


def successors_of(template_id: uuid.UUID) -> list[ExperimentTemplate]:
    """Return the templates that follow one, each the successor of the one before; a ring is walked once."""
    templates: list[ExperimentTemplate] = []
    row = find_template(template_id)
    while row is not None and row.successor_id is not None and len(templates) < MAX_SUCCESSORS:
        row = find_template(row.successor_id)
        if row is None or row.id == template_id or row in templates:
            break
        templates.append(row)
    return templates


def owners_of(rows: Iterable[ExperimentTemplate]) -> dict[uuid.UUID, User]:
    """Return the accounts that own these templates."""
    wanted = {row.owner_id for row in rows if row.owner_id is not None}
    result = db.session.scalars(select(User).where(User.id.in_(wanted))) if wanted else ()
    return {user.id: user for user in result}


def mark_undone(event_id: int) -> TemplateEvent:
    """Mark an act as undone."""
    event = db.session.get_one(TemplateEvent, event_id)
    event.undone_at = now()
    db.session.flush()
    return event


def names_of(template_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Return the names of templates that are still there."""
    query = select(ExperimentTemplate.id, ExperimentTemplate.name).where(ExperimentTemplate.id.in_(template_ids))
    rows = db.session.execute(query)
    return {row[0]: str(row[1]) for row in rows}
