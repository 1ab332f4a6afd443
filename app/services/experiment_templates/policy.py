"""Who may see a template, and who may change it."""

from __future__ import annotations

import uuid

from app.domain.errors import ForbiddenError, NotFoundError
from app.domain.vocabulary import Role, TemplateVisibility
from app.storage import experiment_templates as rows
from app.storage.tables import ExperimentTemplate, User


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


def get_template(user: User, template_id: uuid.UUID) -> ExperimentTemplate:
    """Return a template that somebody may see, or raise NotFoundError."""
    row = rows.find_template(template_id)
    if row is None or not may_see(user, row):
        raise NotFoundError(rows.MISSING)
    return row


def get_current(user: User, template_id: uuid.UUID) -> ExperimentTemplate:
    """Return a template that somebody may see and that is not archived, or raise NotFoundError."""
    row = get_template(user, template_id)
    if row.archived_at is not None:
        raise NotFoundError("This template is archived. Restore it first.", code="template_archived")
    return row


def get_editable(user: User, template_id: uuid.UUID) -> ExperimentTemplate:
    """Return a template that somebody may change.

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
