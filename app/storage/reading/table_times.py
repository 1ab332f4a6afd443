"""Detection of the time columns of a typed table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from app.domain.analysis.import_options.import_choices import ReadingChoices
from app.storage.reading.column_overrides import meanings
from app.storage.reading.declared_times import apply_time_choices, convert_text_times
from app.storage.reading.joined_times import join_times
from app.storage.reading.number_times import with_number_times, with_years
from app.storage.reading.typed_column import TypedColumn


def with_times(
    connection: Any,
    typed: Sequence[TypedColumn],
    *,
    names: Sequence[str],
    choices: ReadingChoices,
    places: Mapping[str, str],
) -> tuple[list[str], list[TypedColumn]]:
    """Return a table's columns with all of its times, and their names; joined columns stand behind the others.

    Parameters
    ----------
    connection, typed
        The typed columns, and where their tables are.
    names, choices
        Their names, and what the user said.
    places
        The SQL that orders the rows of each table as the file does; none of a table whose format gave the storages.
    """
    meaning_of = meanings(names, choices, commas=False)
    columns = apply_time_choices(connection, typed, meanings=meaning_of, places=places)
    columns = columns if places else convert_text_times(connection, columns, names=names, meanings=meaning_of)
    columns = with_number_times(connection, columns, names=names, meanings=meaning_of)
    joined = join_times(connection, columns, names=names, choices=choices, places=places)
    columns = _with_what_was_not_joined(columns, names, choices, joined)
    if not joined:
        return list(names), with_years(connection, columns, names=names, meanings=meaning_of)
    return [*names, *(name for name, _ in joined)], [*columns, *(column for _, column in joined)]


def _with_what_was_not_joined(
    typed: Sequence[TypedColumn],
    names: Sequence[str],
    choices: ReadingChoices,
    joined: Sequence[tuple[str, TypedColumn]],
) -> list[TypedColumn]:
    """Return the columns with a note at those that a person wanted joined and that make no times together."""
    made = {typed_column.joined for _, typed_column in joined}
    wanted = [column.columns for column in choices.columns if column.columns and column.read_as == "datetime"]
    typed_columns = list(typed)
    for columns in wanted:
        if columns not in made and columns[0] in names:
            place = names.index(columns[0])
            note = f"not joined with {', '.join(name[:40] for name in columns[1:])}: their values make no times."
            typed_columns[place] = replace(typed_columns[place], notes=(*typed_columns[place].notes, note))
    return typed_columns
