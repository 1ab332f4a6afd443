"""Opening delimited text as rows, by its layout."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

from app.domain.analysis.import_options.import_choices import ReadingChoices
from app.storage.reading.layout import TextLayout, find_layout
from app.storage.reading.rows import RowTable, Tally
from app.storage.reading.text_lines import TextLines
from app.storage.reading.text_rows import TextRows

__all__ = ["TextLayout", "begin_tally", "find_layout", "open_rows"]


def begin_tally(layout: TextLayout) -> Tally:
    """Return the tally of a text whose lines above the first row of values are accounted for."""
    head = layout.head
    return replace(head, notes=list(layout.notes), passed=head.passed.copy(), passed_over=head.passed_over[:])


def open_rows(path: Path, layout: TextLayout, *, choices: ReadingChoices, limits: dict[str, int]) -> RowTable:
    """Open a text of any layout; its rows are read as they are asked for.

    Raises
    ------
    RefusedError
        While rows are read: where a quote is never closed, a cell or line is too large, or the text is damaged.
    """
    csv.field_size_limit(limits["cell_kb"] * 1024)
    tally = begin_tally(layout)
    reader = TextRows(layout, tally, limits, pads=choices.ragged == "pad")
    text = TextLines(path, layout.encoding, limits, ordinary=layout.ordinary, quote=layout.quote)
    rows = reader.rows(text)
    return RowTable(list(layout.names), rows, layout.as_dialect(), tally)
