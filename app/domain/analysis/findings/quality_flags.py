"""Columns that tell of the quality of the values beside them: approved, estimated, ice, below a detection limit."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from app.domain.analysis.findings.wording import quote_column, quote_columns
from app.domain.analysis.profiling.profile import ColumnProfile, Finding
from app.domain.vocabulary import ColumnKind, Severity

# What stands before or behind the name of the measured column in the name of its flags.
WORDS = (
    r"(?:flags?|qc|qcode|cd|rmk|remark(?:_?cd)?|qualifiers?|qual|quality|quality[_ ]code|attributes|status|sym(?:bol)?)"
)
BEHIND = re.compile(rf"^(?P<of>.+?)[_ .-]{WORDS}$", re.IGNORECASE)
BEFORE = re.compile(r"^(?:q|qn|qf|qc|flag|qual)[_ .-](?P<of>.+)$", re.IGNORECASE)
# A name that is one of these alone tells of the value before it.
ALONE = re.compile(
    r"^(flag|flags|qc|qcode|qualifiers?|quality|quality[_ ]?(code|flag)|data[_ ]?flag|approval[_ ]?status|approval|"
    r"(grade|value)[_ ]?code|remark[_ ]?(cd|code)?|censor[_ ]?code|sym|status)$",
    re.IGNORECASE,
)
MAX_DIFFERENT = 60
MAX_LETTERS = 24
VALUES_SHOWN = 4
MEASURES = (ColumnKind.NUMERIC, ColumnKind.INTEGER)


def with_flags(columns: Sequence[ColumnProfile], declared: Mapping[str, str]) -> list[ColumnProfile]:
    """Return the columns of which those that hold flags name the column that they tell of.

    Parameters
    ----------
    columns
        The profiled columns in the order of the file; the kind of none is changed.
    declared
        What the format of the file says: the column of values by the column of its flags.
    """
    names = {column.name.lower(): column for column in columns}
    found, before = [], ""
    for column in columns:
        of = declared.get(column.name) or _flagged(column, names, before)
        found.append(replace(column, flag_of=of) if of else column)
        if not of and (column.kind in MEASURES or column.unit):
            before = column.name
    return found


def _flagged(column: ColumnProfile, names: Mapping[str, ColumnProfile], before: str) -> str:
    """Return the column whose flags these are by name and values, "" where they are none."""
    name = column.name.strip()
    for pattern in (BEHIND, BEFORE):
        match = pattern.match(name)
        of = names.get(match["of"].lower()) if match else None
        if of is not None and of is not column and _is_measured(of) and _looks_like_flags(column):
            return of.name
    return before if ALONE.match(name) and column.storage == "text" and _looks_like_flags(column) else ""


def _is_measured(column: ColumnProfile) -> bool:
    return column.storage in ("number", "integer") or column.kind is ColumnKind.CONSTANT


def _looks_like_flags(column: ColumnProfile) -> bool:
    """Return whether a column holds few short words or small whole numbers."""
    if column.storage in {"number", "datetime"} or column.distinct > MAX_DIFFERENT:
        return False
    return all(len(value) <= MAX_LETTERS for value, _ in column.top_values)


def flag_findings(columns: Sequence[ColumnProfile]) -> Iterator[Finding]:
    """Yield which columns hold flags, and that they are no features."""
    flags = [column for column in columns if column.flag_of]
    if not flags:
        return
    names = tuple(column.name for column in flags)
    if len(flags) == 1:
        held = ", ".join(value[:MAX_LETTERS] for value, _ in flags[0].top_values[:VALUES_SHOWN])
        shown = f" ({held})" if held else ""
        message = f"{quote_column(names[0])} holds quality flags of {quote_column(flags[0].flag_of)}{shown}."
    else:
        message = f"{quote_columns(names)} hold quality flags of the columns beside them."
    remedy = "Flags are not suggested as features: they may tell which values are missing."
    yield Finding("quality_flags", Severity.NOTICE, names, message, remedy)
