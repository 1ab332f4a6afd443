"""Form fields and sentences for units of columns."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from app.domain.analysis.profiling.profile import DatasetProfile
from app.domain.analysis.profiling.units import unit_named
from app.domain.errors import DomainError
from app.web.columns import MAX_OPTIONS

COLUMN, UNIT = "reading.unit_column", "reading.unit"
MAX_LENGTH = 40
NONE = ("none", "-", "1")


def unit_changes(form: Mapping[str, str], names: Collection[str] | None) -> dict[str, Any]:
    """Return the change of the reading choices that the form asks for; without a column it asks for none.

    Parameters
    ----------
    form
        What was posted.
    names
        The columns that there are; None where nobody knows them.

    Raises
    ------
    DomainError
        With the field at fault.
    """
    column, unit = form.get(COLUMN, ""), form.get(UNIT, "").strip()
    if not column:
        return {}
    if names is not None and column not in names:
        raise DomainError(f"There is no column named {column[:60]}.", code="bad_choice", field=COLUMN)
    if not unit:
        raise DomainError('Type a unit such as mm, °F or cfs, or "none".', code="bad_choice", field=UNIT)
    if len(unit) > MAX_LENGTH:
        raise DomainError(f"A unit has at most {MAX_LENGTH} characters.", code="bad_choice", field=UNIT)
    known = "" if unit.lower() in NONE else unit_named(unit) or unit
    return {"columns": [{"column": column[:200], "unit": known}]}


def measured_options(profile: DatasetProfile) -> tuple[tuple[str, str], ...]:
    """Return the columns of numbers as options of a menu; () where they are too many for one."""
    names = [column.name for column in profile.columns if column.storage in ("number", "integer")]
    if len(names) > MAX_OPTIONS:
        return ()
    return (("", "Choose one"), *((name, name[:80]) for name in names))


def unit_sentence(column: str, unit: str) -> str:
    """Return the choice of a column's unit as a sentence."""
    return f"`{column[:60]}` is in {unit}" if unit else f"`{column[:60]}` has no unit"
