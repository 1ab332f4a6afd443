"""A guess at the kind of a column from a few cells, for the preview."""

from __future__ import annotations

import re
from collections.abc import Sequence

from app.domain.analysis.time_forms.candidates import may_be_times
from app.storage.reading.dialect import DATE, MISSING, NUMBER
from app.storage.reading.missing_marks import MARKS

# Numbers of sites and postal codes are names that are made of digits.
LEADING_ZERO = re.compile(r"^0\d+$")
WHOLE = ("true", "false", "t", "f")


def _cell_kinds(cells: Sequence[str]) -> list[str]:
    return [cell.strip() for cell in cells if cell.strip().lower() not in MISSING]


def missing_share(cells: Sequence[str]) -> float:
    """Return the share of cells that hold nothing, between 0 and 1."""
    return 1 - len(_cell_kinds(cells)) / len(cells) if cells else 0.0


def kind_of(cells: Sequence[str]) -> str:
    """Return one word: "number", "integer", "datetime", "boolean", "text" or "empty".

    Signs that stand for nothing in any file are left aside, as they are once all values are read.
    """
    present = _cell_kinds(cells)
    current_values = [cell for cell in present if cell.lower() not in MARKS]
    if not current_values:
        return "text" if present else "empty"
    if all(cell.lower() in WHOLE for cell in current_values):
        return "boolean"
    if all(NUMBER.match(cell) for cell in current_values):
        if any(LEADING_ZERO.match(cell) for cell in current_values):
            return "text"
        return "integer" if all(cell.lstrip("+-").isdigit() for cell in current_values) else "number"
    return "datetime" if all(DATE.match(cell) for cell in current_values) or may_be_times(current_values) else "text"
