"""Acts of administrators on any template: curate, feature, transfer, retire, and undo."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from app.domain.audit.acts import AuditAct
from app.domain.errors import ConflictError, DomainError, ForbiddenError, NotFoundError
from app.domain.vocabulary import TemplateVisibility
from app.services.accounts.names import display_name
from app.services.audit.trail import record
from app.services.experiment_templates.policy import get_template, is_admin
from app.services.experiment_templates.versions import newest_content, swap_version
from app.storage import accounts
from app.storage import experiment_templates as rows
from app.storage.db import now, transaction
from app.storage.tables import ExperimentTemplate, TemplateEvent, User

# What an act writes: the columns whose former values are kept for the undo.
ACTS: Mapping[str, tuple[str, ...]] = {
    "feature": ("featured_at",),
    "unfeature": ("featured_at",),
    "curate": ("curated_at", "visibility"),
    "uncurate": ("curated_at",),
    "transfer": ("owner_id",),
    "retire": ("retired_at", "successor_id"),
    "unretire": ("retired_at", "successor_id"),
    "archive": ("archived_at",),
    "unarchive": ("archived_at",),
}
WORDS = {
    "feature": "featured",
    "unfeature": "no longer featured",
    "curate": "taken into the library",
    "uncurate": "taken out of the library",
    "transfer": "given to another owner",
    "retire": "retired",
    "unretire": "no longer retired",
    "archive": "archived",
    "unarchive": "restored",
    "archived": "archived",
    "restored": "restored",
}


def curate_template(
    admin: User, template_id: uuid.UUID, act: str, *, email: str = "", successor_id: uuid.UUID | None = None
) -> ExperimentTemplate:
    """Do one act of `ACTS` to a template of anybody.

    Raises
    ------
    ForbiddenError
        If the account is no administrator.
    NotFoundError, DomainError
        If there is no such template, act, account or successor.
    """
    _require_admin(admin)
    if act not in ACTS:
        raise DomainError("There is no such act.", code="act_unknown", field="act")
    with transaction():
        row = _locked(admin, template_id, *([successor_id] if successor_id is not None else []))
        values = _values_of(row, act, email=email, successor_id=successor_id)
        before = {name: _json_value(getattr(row, name)) for name in values}
        _write(admin, row, values, comment=f"{WORDS[act].capitalize()} by an administrator.")
        rows.add_event(template_id=row.id, user_id=admin.id, user_name=display_name(admin), act=act, before=before)
        after = {name: _json_value(value) for name, value in values.items()}
        record(AuditAct.CURATE_TEMPLATE, actor=admin, subject_id=row.id, part=act, before=before, after=after)
    return get_template(admin, row.id)


def _require_admin(admin: User) -> None:
    if not is_admin(admin):
        raise ForbiddenError("Only administrators manage the library.")


def _locked(admin: User, template_id: uuid.UUID, *others: uuid.UUID) -> ExperimentTemplate:
    """Return a template that nobody else changes, nor the others, before the end of the transaction under way."""
    rows.lock_templates(template_id, *others)
    return get_template(admin, template_id)


def _write(admin: User, row: ExperimentTemplate, values: Mapping[str, Any], *, comment: str) -> None:
    """Write what an act changes. Who sees a template is part of its versions, so another of them is made for that.

    Whoever has the page of an older version open is then told what changed, and writes nothing back over it.
    """
    view = values.get("visibility", row.visibility)
    others = {name: value for name, value in values.items() if name != "visibility"}
    if view == row.visibility:
        rows.change_template(row.id, **others)
    else:
        content = replace(newest_content(row), visibility=view)
        if swap_version(row, content, user=admin, comment=comment, **others) is None:
            raise ConflictError("Somebody saved another version meanwhile. Look at it again.", code="changed_since")
    if values.get("successor_id") is not None and any(follower.id == row.id for follower in _followers(values)):
        message = "That template leads back to this one. Choose another to follow it."
        raise DomainError(message, code="successor_loop", field="successor")


def _followers(values: Mapping[str, Any]) -> list[ExperimentTemplate]:
    """Return all templates that follow the one that was named; what they lead back to is the last of them."""
    first = rows.find_template(values["successor_id"])
    return [] if first is None else [first, *rows.successors_of(first.id)]


def _values_of(row: ExperimentTemplate, act: str, *, email: str, successor_id: uuid.UUID | None) -> dict[str, object]:
    moment = now()
    if act == "transfer":
        person = accounts.find_user(email)
        if person is None:
            raise DomainError(f"There is no account for {email[:100]}.", code="person_unknown", field="email")
        if person.disabled_at is not None:
            raise DomainError("That account is disabled.", code="person_disabled", field="email")
        return {"owner_id": person.id}
    if act == "retire":
        if successor_id is not None:
            successor = rows.find_template(successor_id)
            if successor is None or successor.archived_at is not None or successor.id == row.id:
                message = "There is no such template that could follow this one."
                raise DomainError(message, code="successor_unknown", field="successor")
        return {"retired_at": moment, "successor_id": successor_id}
    simple: dict[str, dict[str, object]] = {
        "feature": {"featured_at": moment},
        "unfeature": {"featured_at": None},
        "curate": {"curated_at": moment, "visibility": TemplateVisibility.EVERYONE.value},
        "uncurate": {"curated_at": None},
        "unretire": {"retired_at": None, "successor_id": None},
        "archive": {"archived_at": moment},
        "unarchive": {"archived_at": None},
    }
    return simple[act]


def _json_value(value: object) -> str | None:
    if isinstance(value, datetime):
        return value.isoformat()
    return None if value is None else str(value)


def undo_last_act(admin: User, template_id: uuid.UUID) -> TemplateEvent:
    """Undo what an administrator did last to a template.

    Raises
    ------
    ConflictError
        If nothing is left to undo, or the owner has changed it since.
    """
    _require_admin(admin)
    with transaction():
        row = _locked(admin, template_id)
        events = rows.list_template_events(row.id)
        event = next(
            (
                template_event
                for template_event in events
                if template_event.act in ACTS and template_event.undone_at is None
            ),
            None,
        )
        if event is None:
            raise ConflictError("There is nothing to undo.", code="nothing_to_undo")
        if not _is_unchanged_since(row, event, events):
            message = f"It was {WORDS[event.act]}, but its owner has changed that since. Nothing was undone."
            raise ConflictError(message, code="changed_since")
        values = {name: _read(name, value) for name, value in event.before.items()}
        _write(admin, row, values, comment=f"Undone by an administrator: {WORDS[event.act]}.")
        record(AuditAct.UNDO_CURATION, actor=admin, subject_id=row.id, part=event.act, after=event.before)
        return rows.mark_undone(event.id)


def _is_unchanged_since(row: ExperimentTemplate, event: TemplateEvent, events: Sequence[TemplateEvent]) -> bool:
    """Return whether a template still is as an act left it.

    What its owner did since stays: a template made private must not become public again by an undo.
    """
    if "visibility" in event.before and row.visibility != TemplateVisibility.EVERYONE.value:
        return False
    by_owner = any(later.id > event.id and later.act not in ACTS for later in events)
    return "archived_at" not in event.before or not by_owner


def _read(name: str, value: str | None) -> object:
    if value is None:
        return None
    if name.endswith("_id"):
        identifier = uuid.UUID(value)
        if name == "owner_id":
            _require_account(identifier)
        return identifier
    return datetime.fromisoformat(value) if name.endswith("_at") else value


def _require_account(identifier: uuid.UUID) -> None:
    try:
        accounts.get_user(identifier)
    except NotFoundError:
        raise ConflictError("The account that owned it is gone.", code="owner_gone") from None
