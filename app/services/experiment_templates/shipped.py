"""Storing the shipped template library and updating it with a release."""

from __future__ import annotations

from app.domain.experiment_templates.library import LIBRARY
from app.services.experiment_templates.versions import content_of, store_library_version
from app.storage import experiment_templates as rows
from app.storage.db import transaction


def store_library() -> int:
    """Enter the templates of the library, or the next version of those that a release changed; returns how many.

    What an administrator changed stays as it is: only a template whose newest version came with HydroML gets another.
    """
    stored = 0
    with transaction():
        for entry in LIBRARY:
            row = rows.find_by_library_key(entry.key)
            if row is not None:
                newest = rows.get_version(row.id, row.version)
                if newest.author_id is not None or content_of(newest) == entry.content:
                    continue
            store_library_version(row, entry.key, entry.content)
            stored += 1
    return stored
