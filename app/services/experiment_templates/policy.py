"""Permissions on templates and their versions: who may see, edit and restore."""

from __future__ import annotations

import uuid

from app.domain.errors import ForbiddenError, NotFoundError
from app.domain.vocabulary import Role, TemplateVisibility
from app.storage import experiment_templates as rows
from app.storage.tables import ExperimentTemplate, TemplateVersion, User

ARCHIVED = "This template is archived. Restore it first."
ARCHIVED_BY_ADMIN = "An administrator archived this template. Ask an administrator to restore it."


def is_admin(user: User) -> bool:
    """Return whether an account administers the product."""
    return user.role == Role.ADMIN.value


def may_edit(user: User, row: ExperimentTemplate) -> bool:
    """Return whether somebody may change a template: its owner, or an administrator."""
    return is_admin(user) or (row.owner_id is not None and row.owner_id == user.id)


def may_see(user: User, row: ExperimentTemplate) -> bool:
    """Return whether somebody may see and use a template."""
    if may_edit(user, row):
        return True
    if row.archived_at is not None:
        return False
    if row.visibility == TemplateVisibility.EVERYONE.value:
        return True
    return row.visibility == TemplateVisibility.PEOPLE.value and rows.is_shared_with(row.id, user.id)


def may_restore(user: User, row: ExperimentTemplate) -> bool:
    """Return whether somebody may bring an archived template back; what administrators archived only they restore."""
    return is_admin(user) or (may_edit(user, row) and not rows.is_archived_by_admin(row.id))


def get_template(user: User, template_id: uuid.UUID) -> ExperimentTemplate:
    """Return a template that somebody may see, or raise NotFoundError."""
    row = rows.find_template(template_id)
    if row is None or not may_see(user, row):
        raise NotFoundError(rows.MISSING)
    return row


def get_current(user: User, template_id: uuid.UUID) -> ExperimentTemplate:
    """Return a template that somebody may see and that is not archived, or raise NotFoundError."""
    row = get_template(user, template_id)
    refuse_archived(user, row)
    return row


def refuse_archived(user: User, row: ExperimentTemplate) -> None:
    """Raise NotFoundError where a template is archived; it says who can restore it."""
    if row.archived_at is not None:
        message = ARCHIVED if may_restore(user, row) else ARCHIVED_BY_ADMIN
        raise NotFoundError(message, code="template_archived")


def get_editable(user: User, template_id: uuid.UUID) -> ExperimentTemplate:
    """Return a template that somebody may change, archived or not.

    Raises
    ------
    NotFoundError
        If it is not there, or not shared with them.
    ForbiddenError
        If they may see it and not change it.
    """
    row = get_template(user, template_id)
    if not may_edit(user, row):
        raise ForbiddenError(
            "Only its owner may change this template. Duplicate it, and change the copy.", code="template_not_yours"
        )
    return row


def get_changeable(user: User, template_id: uuid.UUID) -> ExperimentTemplate:
    """Return a template that somebody may make the next version of.

    Raises
    ------
    NotFoundError
        If it is not there, not shared with them, or archived.
    ForbiddenError
        If they may see it and not change it.
    """
    row = get_editable(user, template_id)
    refuse_archived(user, row)
    return row


def lock_changeable(user: User, template_id: uuid.UUID) -> ExperimentTemplate:
    """Return such a template, which nobody else changes before the end of the transaction under way."""
    rows.lock_templates(template_id)
    return get_changeable(user, template_id)


def first_shown_version(user: User, row: ExperimentTemplate) -> int:
    """Return the oldest version that somebody sees.

    Whoever may change a template sees all of it. Others see what was made since it was last shared with them: what its
    owner tried while it was private stays theirs.
    """
    if may_edit(user, row):
        return 1
    wide = (TemplateVisibility.EVERYONE.value,)
    by_name = (*wide, TemplateVisibility.PEOPLE.value)
    hidden = rows.last_version_shared_otherwise(row.id, by_name if rows.is_shared_with(row.id, user.id) else wide)
    # Older databases have templates that were shared without a new version.
    return min(hidden + 1, row.version)


def get_version(user: User, row: ExperimentTemplate, version: int) -> TemplateVersion:
    """Return a version that somebody sees, or raise NotFoundError."""
    if version < first_shown_version(user, row):
        raise NotFoundError(rows.NO_VERSION)
    return rows.get_version(row.id, version)
