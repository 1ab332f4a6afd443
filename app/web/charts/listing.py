"""A config as lines of JSON, split into pieces for colouring."""

from __future__ import annotations

import json
import re
from typing import Any

MAX_LINES = 400
PIECE = re.compile(r'"(?:[^"\\]|\\.)*"')

Pieces = tuple[tuple[str, str], ...]


def first_lines(config: dict[str, Any]) -> tuple[tuple[Pieces, ...], int]:
    """Return the first lines as (class, text) pieces, and how many lines were left out."""
    text = json.dumps(config, indent=2, ensure_ascii=False).split("\n")
    return tuple(_split_line(line) for line in text[:MAX_LINES]), max(len(text) - MAX_LINES, 0)


def _split_line(line: str) -> Pieces:
    results: list[tuple[str, str]] = []
    position = 0
    for match in PIECE.finditer(line):
        if match.start() > position:
            results.append(("", line[position : match.start()]))
        is_key = line[match.end() : match.end() + 1] == ":" and not line[: match.start()].strip()
        results.append(("k" if is_key else "s", match.group()))
        position = match.end()
    return (*results, ("", line[position:]))
