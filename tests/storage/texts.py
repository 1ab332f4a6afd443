"""Reading a text as the child does, without storing it."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import config
from app.domain.analysis.import_options.import_choices import ReadingChoices
from app.storage.reading.rows import Tally
from app.storage.reading.text import TextLayout, find_layout, open_rows

LIMITS = config.Limits().__dict__
SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"


@dataclass(frozen=True)
class Seen:
    """What reading a text gave."""

    layout: TextLayout
    names: list[str]
    rows: list[list[str]]
    tally: Tally


def read_text(content: bytes | Path, limits: dict[str, int] | None = None, **answer: Any) -> Seen:
    """Read a text under some choices, and check that every line of it is accounted for."""
    choices = ReadingChoices(**answer)
    with tempfile.TemporaryDirectory() as folder:
        path = content if isinstance(content, Path) else Path(folder) / "text"
        if isinstance(content, bytes):
            path.write_bytes(content)
        layout = find_layout(path, choices=choices, limits=limits or LIMITS)
        table = open_rows(path, layout, choices=choices, limits=limits or LIMITS)
        rows = list(table.rows)
        with path.open(encoding=layout.encoding, errors="surrogateescape", newline="") as handle:
            lines = sum(1 for _ in handle)
    tally = table.tally
    assert tally.is_complete
    assert layout.skip_lines + tally.lines == lines
    assert tally.given == len(rows)
    assert all(len(row) == len(table.names) for row in rows)
    return Seen(layout, table.names, rows, tally)
