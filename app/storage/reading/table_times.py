"""The times of a table once its columns are typed: numbers that are times, columns that make one, years in order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.domain.analysis.choices import ReadingChoices
from app.storage.reading.joined_times import joined_times
from app.storage.reading.meaning import meanings
from app.storage.reading.number_times import with_number_times, with_years
from app.storage.reading.typed import Typed


def with_times(
    connection: Any, typed: Sequence[Typed], *, names: Sequence[str], choices: ReadingChoices
) -> tuple[list[str], list[Typed]]:
    """Return a table's columns with all of its times, and their names; joined columns stand behind the others.

    Parameters
    ----------
    connection, typed
        The typed columns, and where their tables are.
    names, choices
        Their names, and what the user said.
    """
    said = meanings(names, choices, commas=False)
    found = with_number_times(connection, typed, names=names, said=said)
    joined = joined_times(connection, found, names=names, choices=choices)
    if not joined:
        return list(names), with_years(connection, found, names=names, said=said)
    return [*names, *(name for name, _ in joined)], [*found, *(one for _, one in joined)]
