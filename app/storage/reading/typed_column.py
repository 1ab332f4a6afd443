"""TypedColumn: the storage type of a column, and what typing learned about it."""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.analysis.findings.number_formats import NumberFormat
from app.domain.analysis.findings.oddities import OddValues
from app.domain.analysis.time_forms.judging import TimeReading
from app.storage.reading.word_counts import WordCounts


@dataclass(frozen=True)
class TypedColumn:
    """One column's storage: "integer", "number", "boolean", "datetime" or "text".

    `expression` is the SQL that makes it so, of the columns of `table`. `missing_words` stood in a column of texts in
    the place of one ("NA"). `times` is how moments were read, `joined` names the columns that make them. `otherwise`
    is what the column is where commas turn out to be decimal marks.
    """

    key: str
    storage: str
    expression: str
    table: str = "raw"
    notes: tuple[str, ...] = ()
    decimal_comma: bool = False
    odd: OddValues | None = None
    words: WordCounts | None = None
    missing_words: tuple[tuple[str, int], ...] = ()
    number_format: NumberFormat | None = None
    times: TimeReading | None = None
    joined: tuple[str, ...] = ()
    otherwise: TypedColumn | None = None
