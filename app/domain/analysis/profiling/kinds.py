"""Detection of the kind of each column (number, category, date, ID), with the evidence in a few words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.domain.analysis.profiling.profile import ColumnProfile
from app.domain.analysis.profiling.units import unit_of
from app.domain.hydrology.naming import is_calendar, names_codes, names_groups
from app.domain.vocabulary import ColumnKind

ID_NAME = re.compile(
    r"(^|[-_ .])(id|ids|uuid|guid|key|code|index|idx|rownames?|row_?number|record|serial|nr|no|number|num)$",
    re.IGNORECASE,
)
# The same in one word: siteId, siteID, CLIENTNUM.
ID_IN_ONE_WORD = re.compile(r"[a-z](Id|ID|Num|Number|Nr|Key|Code|Index)$|^[A-Z]{2,}(ID|NUM|KEY)$")
LONG_TEXT = 40
FIRST_YEAR, LAST_YEAR = 1000, 2200


@dataclass(frozen=True)
class KindEvidence:
    """What the decision looks at. `present` counts values that are there."""

    name: str
    storage: str
    rows: int
    present: int
    distinct: int
    mean_length: float = 0.0
    minimum: float | None = None
    maximum: float | None = None


def decide_kind(evidence: KindEvidence) -> tuple[ColumnKind, str]:
    """Return the kind of a column and the reason.

    Parameters
    ----------
    evidence
        Counts and bounds of the whole column, not of a sample.
    """
    if evidence.present == 0:
        return ColumnKind.CONSTANT, "no value is there"
    if evidence.distinct <= 1:
        return ColumnKind.CONSTANT, "one single value"
    if evidence.storage == "boolean":
        return ColumnKind.BOOLEAN, "true and false"
    if evidence.storage == "datetime":
        return ColumnKind.DATETIME, "dates"
    if evidence.storage == "number":
        return ColumnKind.NUMERIC, "numbers with decimals"
    if evidence.storage == "integer":
        return _integer_kind(evidence)
    return _text_kind(evidence)


def correct_false_ids(columns: Sequence[ColumnProfile]) -> list[ColumnProfile]:
    """Return the columns, of which the only numbers beside dates are what was measured, even if they count up.

    Parameters
    ----------
    columns
        All columns of the table with their kinds.
    """
    numbers = [column for column in columns if column.storage in ("number", "integer")]
    is_series = any(column.kind is ColumnKind.DATETIME for column in columns)
    if (
        not is_series
        or len(numbers) != 1
        or numbers[0].kind is not ColumnKind.IDENTIFIER
        or _is_named_id(numbers[0].name)
    ):
        return list(columns)
    measured = replace(numbers[0], kind=ColumnKind.INTEGER, kind_reason="whole numbers, the only ones beside dates")
    return [measured if column is numbers[0] else column for column in columns]


def _is_named_id(name: str) -> bool:
    return bool(ID_NAME.search(name) or ID_IN_ONE_WORD.search(name))


def _integer_kind(evidence: KindEvidence) -> tuple[ColumnKind, str]:
    unique = evidence.distinct == evidence.present and evidence.present >= 20
    span = (evidence.maximum or 0) - (evidence.minimum or 0) + 1
    if unique and span == evidence.present and evidence.minimum in (0.0, 1.0):
        return ColumnKind.IDENTIFIER, "counts the rows one by one"
    # Whole numbers without a gap may begin anywhere; years and days do so as well, and are none.
    years = (evidence.minimum or 0) >= FIRST_YEAR and (evidence.maximum or 0) <= LAST_YEAR
    if unique and span == evidence.present and not (years or is_calendar(evidence.name) or unit_of(evidence.name)):
        return ColumnKind.IDENTIFIER, "counts the rows one by one"
    if unique and _is_named_id(evidence.name):
        return ColumnKind.IDENTIFIER, "a different number on every row, and named like an id"
    if evidence.distinct <= evidence.present // 2 and names_groups(evidence.name):
        return ColumnKind.CATEGORICAL, "numbers that name sites or subjects, not amounts"
    if evidence.distinct <= evidence.present // 2 and names_codes(evidence.name):
        return ColumnKind.CATEGORICAL, "numbers that are codes, not amounts"
    return ColumnKind.INTEGER, "whole numbers"


def _text_kind(evidence: KindEvidence) -> tuple[ColumnKind, str]:
    share = evidence.distinct / evidence.present
    if evidence.present >= 20 and share == 1 and _is_named_id(evidence.name):
        return ColumnKind.IDENTIFIER, "a different text on every row, and named like an id"
    if share <= 0.5 and names_groups(evidence.name):
        return ColumnKind.CATEGORICAL, f"{evidence.distinct:,} different names"
    if evidence.present >= 20 and share > 0.9 and evidence.mean_length <= LONG_TEXT:
        return ColumnKind.IDENTIFIER, "a different text on nearly every row"
    if evidence.mean_length > LONG_TEXT and evidence.distinct > 20:
        return ColumnKind.TEXT, "long texts"
    if share > 0.5 and evidence.distinct > 50:
        return ColumnKind.TEXT, f"{evidence.distinct:,} different texts"
    return ColumnKind.CATEGORICAL, f"{evidence.distinct:,} different words"
