"""Looking for templates: by words, category and tag, among those that somebody may see."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from app.services.experiment_templates.policy import is_admin, may_edit
from app.storage import experiment_templates as rows
from app.storage.experiment_templates import TemplateQuery, UsageLine
from app.storage.tables import ExperimentTemplate, TemplateVersion, User

SORTS = {"use": "Most used", "newest": "Newest", "name": "Name"}
MAX_WORDS, MAX_WORD = 10, 100
LIBRARY_OWNER = "HydroML"
NO_OWNER = "an account that is gone"


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
    user: User, asked: TemplateSearch, *, limit: int, offset: int = 0
) -> tuple[list[ExperimentTemplate], int]:
    """Return a page of the templates that are looked for, and how many there are."""
    query = asked.for_person(user)
    return rows.list_templates(query, limit=limit, offset=offset), rows.count_templates(query)


def list_categories(user: User) -> list[str]:
    """Return the categories of the templates that somebody sees."""
    return rows.list_categories(TemplateSearch().for_person(user))


def owner_names(found: Sequence[ExperimentTemplate]) -> dict[uuid.UUID, str]:
    """Return the name of the owner of each template."""
    owners = rows.owners_of(found)
    return {row.id: _name_of(row, owners.get(row.owner_id) if row.owner_id else None) for row in found}


def _name_of(row: ExperimentTemplate, owner: User | None) -> str:
    if owner is not None:
        return owner.name or owner.email
    return LIBRARY_OWNER if row.library_key else NO_OWNER


def list_history(row: ExperimentTemplate) -> list[TemplateVersion]:
    """Return the versions of a template, newest first."""
    return rows.list_versions(row.id)


def list_people(row: ExperimentTemplate) -> list[User]:
    """Return whom a template is shared with by name."""
    return rows.list_people(row.id)


def list_usage(user: User, row: ExperimentTemplate) -> list[UsageLine]:
    """Return who used a template: to those who may change it everybody, to others their own uses alone."""
    return rows.list_usage(row.id, user_id=None if may_edit(user, row) else user.id)


def count_people_using(row: ExperimentTemplate) -> int:
    """Return how many people have used a template."""
    return rows.count_people_using(row.id)
