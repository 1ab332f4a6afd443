"""Texts of any dialect: how one is laid out, and its rows. What reads tables needs to know no more of texts."""

from __future__ import annotations

import csv
from pathlib import Path

from app.domain.analysis.choices import ReadingChoices
from app.storage.reading.encodings import lines_of
from app.storage.reading.layout import TextLayout, find_layout
from app.storage.reading.rows import RowTable, Tally
from app.storage.reading.text_rows import TextRows

__all__ = ["TextLayout", "find_layout", "open_rows"]


def open_rows(path: Path, layout: TextLayout, *, choices: ReadingChoices, limits: dict[str, int]) -> RowTable:
    """Open a text of any layout; its rows are read as they are asked for.

    Raises
    ------
    RefusedError
        While rows are read: where a quote is never closed, a cell or line is too large, or the text is damaged.
    """
    csv.field_size_limit(limits["cell_kb"] * 1024)
    tally = Tally(notes=list(layout.notes))
    reader = TextRows(layout, tally, limits, pads=choices.ragged == "pad")
    rows = reader.rows(lines_of(path, layout.encoding, limits))
    return RowTable(list(layout.names), rows, layout.as_dialect(), tally)
