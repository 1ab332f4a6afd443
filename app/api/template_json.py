"""Experiment templates, their versions and column mappings as JSON for the API."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from app.domain.experiment_templates.describing import TemplateChange
from app.domain.experiment_templates.matching import ColumnMatch
from app.services.experiment_templates import listing, policy, versions
from app.storage.tables import ExperimentTemplate, TemplateVersion, User


def _iso_moment(value: datetime | None) -> str | None:
    return None if value is None else f"{value.isoformat(timespec='seconds')}Z"


def template_summary(user: User, row: ExperimentTemplate, owner: str) -> dict[str, Any]:
    """Return a template as a list shows it."""
    return {
        "id": str(row.id),
        "version": row.version,
        "name": row.name,
        "description": row.description,
        "category": row.category,
        "tags": list(row.tags),
        "visibility": row.visibility,
        "owner": owner,
        "library": row.curated_at is not None,
        "featured": row.featured_at is not None,
        "needs": list(row.needs),
        "usage_count": row.usage_count,
        "last_used_at": _iso_moment(row.last_used_at),
        "created_at": _iso_moment(row.created_at),
        "updated_at": _iso_moment(row.updated_at),
        "archived_at": _iso_moment(row.archived_at),
        "retired_at": _iso_moment(row.retired_at),
        "successor_id": None if row.successor_id is None else str(row.successor_id),
        "may_edit": policy.may_edit(user, row),
    }


def template_json(user: User, row: ExperimentTemplate) -> dict[str, Any]:
    """Return all there is to say about a template."""
    content = versions.newest_content(row)
    owner = listing.owner_names([row])[row.id]
    people = [person.email for person in listing.list_people(row)] if policy.may_edit(user, row) else []
    return {
        **template_summary(user, row, owner),
        "config": content.config.to_json(),
        "requirements": content.requirements.to_json(),
        "people": people,
    }


def version_summary(row: ExperimentTemplate, version: TemplateVersion) -> dict[str, Any]:
    """Return a version as the history lists it."""
    return {
        "version": version.version,
        "author": version.author_name,
        "comment": version.comment,
        "imported": versions.is_imported(row, version),
        "restores": version.restores,
        "created_at": _iso_moment(version.created_at),
    }


def version_json(row: ExperimentTemplate, version: TemplateVersion) -> dict[str, Any]:
    """Return a version whole."""
    return {
        **version_summary(row, version),
        "name": version.name,
        "description": version.description,
        "category": version.category,
        "tags": list(version.tags),
        "visibility": version.visibility,
        "config": version.config,
        "requirements": version.requirements,
    }


def changes_json(changes: Sequence[TemplateChange]) -> list[dict[str, str]]:
    """Return the differences of two versions."""
    return [
        {
            "field": change.key,
            "term": change.term,
            "before": change.before,
            "after": change.after,
            "sentence": change.sentence,
        }
        for change in changes
    ]


def mapping_json(matches: Sequence[ColumnMatch]) -> dict[str, dict[str, Any]]:
    """Return the mapping by column of the template; `column` is null where nothing stands for it."""
    return {
        match.need.name: {
            "column": match.column or None,
            "role": match.need.role.value,
            "needed": match.need.needed,
            "reason": match.reason,
            "doubt": match.doubt or None,
            "units": match.units or None,
            "likeness": match.likeness,
            "chosen": match.chosen,
        }
        for match in matches
    }
