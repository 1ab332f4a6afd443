"""Archiving and unarchiving a template."""

from __future__ import annotations

import uuid

from app.domain.audit.acts import AuditAct
from app.domain.errors import ForbiddenError
from app.services.accounts.names import display_name
from app.services.audit.trail import record
from app.services.experiment_templates import curation, policy
from app.storage import experiment_templates as rows
from app.storage.db import now, transaction
from app.storage.tables import ExperimentTemplate, User


def archive_template(user: User, template_id: uuid.UUID) -> None:
    """Take a template out of all lists; nothing of it is lost."""
    _mark_archived(user, template_id, archived=True)


def unarchive_template(user: User, template_id: uuid.UUID) -> ExperimentTemplate:
    """Bring an archived template back.

    Raises
    ------
    ForbiddenError
        If an administrator archived it, and the person is none.
    """
    return _mark_archived(user, template_id, archived=False)


def _mark_archived(user: User, template_id: uuid.UUID, *, archived: bool) -> ExperimentTemplate:
    with transaction():
        rows.lock_templates(template_id)
        row = policy.get_editable(user, template_id)
        if (row.archived_at is not None) == archived:
            return row
        if not archived and not policy.may_restore(user, row):
            raise ForbiddenError(policy.ARCHIVED_BY_ADMIN, code="template_archived_by_admin")
        if policy.is_admin(user) and row.owner_id != user.id:
            return curation.curate_template(user, row.id, "archive" if archived else "unarchive")
        rows.change_template(row.id, archived_at=now() if archived else None)
        act = "archived" if archived else "restored"
        rows.add_event(template_id=row.id, user_id=user.id, user_name=display_name(user), act=act, before={})
        record(AuditAct.ARCHIVE_TEMPLATE if archived else AuditAct.RESTORE_TEMPLATE, actor=user, subject_id=row.id)
    return policy.get_template(user, template_id)
