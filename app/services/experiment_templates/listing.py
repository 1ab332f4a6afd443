"""Search and lists of templates by text, category, tag and visibility."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.domain.errors import ForbiddenError
from app.services.accounts.names import FORMER_MEMBER, display_name
from app.services.experiment_templates.policy import first_shown_version, is_admin, may_edit, may_see
from app.storage import experiment_templates as rows
from app.storage.experiment_templates import TemplateQuery
from app.storage.tables import ExperimentTemplate, TemplateVersion, User

SORTS = {"use": "Most used", "newest": "Newest", "name": "Name"}
MAX_WORDS, MAX_WORD = 10, 100
LIBRARY_OWNER = "HydroML"


@dataclass(frozen=True)
class TemplateSearch:
    """What somebody looks for. `owned` keeps their own, `archived` those that they archived."""

    text: str = ""
    category: str = ""
    tag: str = ""
    sort: str = "use"
    owned: bool = False
    archived: bool = False

    def for_person(self, user: User) -> TemplateQuery:
        """Return the query of this search for somebody, whose view it never exceeds."""
        words = tuple(word[:MAX_WORD] for word in self.text.split()[:MAX_WORDS])
        return TemplateQuery(
            viewer_id=None if is_admin(user) and not self.owned else user.id,
            words=words,
            category=self.category[:MAX_WORD],
            tag=self.tag[:MAX_WORD],
            sort=self.sort if self.sort in SORTS else "use",
            owner_id=user.id if self.owned else None,
            archived=self.archived,
        )


def find_templates(
    user: User, search: TemplateSearch, *, limit: int, offset: int = 0
) -> tuple[list[ExperimentTemplate], int]:
    """Return a page of the templates that are looked for, and how many there are."""
    query = search.for_person(user)
    return rows.list_templates(query, limit=limit, offset=offset), rows.count_templates(query)


def list_categories(user: User) -> list[str]:
    """Return the categories of the templates that somebody sees."""
    return rows.list_categories(TemplateSearch().for_person(user))


def owner_names(templates: Sequence[ExperimentTemplate]) -> dict[uuid.UUID, str]:
    """Return the name of the owner of each template, as everybody may read it."""
    owners = rows.owners_of(templates)
    return {row.id: _name_of(row, owners.get(row.owner_id) if row.owner_id else None) for row in templates}


def owner_addresses(admin: User, templates: Sequence[ExperimentTemplate]) -> dict[uuid.UUID, str]:
    """Return the address of the owner of each template that has one, for administrators, who tell accounts apart."""
    if not is_admin(admin):
        raise ForbiddenError("Only administrators see addresses.")
    owners = rows.owners_of(templates)
    return {row.id: owners[row.owner_id].email for row in templates if row.owner_id in owners}


def _name_of(row: ExperimentTemplate, owner: User | None) -> str:
    if owner is not None:
        return display_name(owner)
    return LIBRARY_OWNER if row.library_key else FORMER_MEMBER


def list_history(
    user: User, row: ExperimentTemplate, *, limit: int = 200, offset: int = 0
) -> tuple[list[TemplateVersion], int]:
    """Return versions of a template that somebody sees, newest first, and how many there are."""
    first = first_shown_version(user, row)
    return rows.list_versions(row.id, first=first, limit=limit, offset=offset), row.version - first + 1


def successor_for(user: User, row: ExperimentTemplate) -> ExperimentTemplate | None:
    """Return the template to use instead of a retired one: the last that follows it and that somebody can use."""
    usable = [
        successor
        for successor in rows.successors_of(row.id)
        if successor.archived_at is None and may_see(user, successor)
    ]
    return next((item for item in usable if item.retired_at is None), usable[-1] if usable else None)


def list_people(row: ExperimentTemplate) -> list[User]:
    """Return whom a template is shared with by name."""
    return rows.list_people(row.id)


@dataclass(frozen=True)
class UsageLine:
    """One use of a template: by whom, of which version, when. Only administrators are told the address."""

    person: str
    address: str
    version: int
    at: datetime


def list_usage(user: User, row: ExperimentTemplate) -> list[UsageLine]:
    """Return who used a template: to those who may change it everybody, to others their own uses alone."""
    usage = rows.list_usage(row.id, user_id=None if may_edit(user, row) else user.id)
    knows = is_admin(user)
    return [
        UsageLine(display_name(person), person.email if knows and person is not None else "", version, moment)
        for person, version, moment in usage
    ]


def count_people_using(row: ExperimentTemplate) -> int:
    """Return how many people have used a template."""
    return rows.count_people_using(row.id)
