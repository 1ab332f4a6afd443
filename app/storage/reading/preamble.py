"""Units of columns stated in the lines above a table."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from app.domain.analysis.profiling.units import unit_named, unit_of

MOST_LINES, MOST_BYTES = 300, 200_000
# One unit for all values of a file: "Unit of measure: m³/s", "Einheit: cm", "Eenheid: mm".
FOR_ALL = re.compile(
    r"^\W*(?:units?(?: of measure(?:ment)?)?|einheit|eenheid|unit[ée]s?|unidad(?:es)?)\s*[:=]\s*(?P<unit>.+)$",
    re.IGNORECASE,
)
# What stands between a name and what it means.
MEANS = r"\s*(?:[:=;,\t]|-+|–|is\b|\(|\[|\s{2,})"


def units_in_preamble(path: Path, *, encoding: str, lines: int, names: Sequence[str]) -> list[str]:
    """Return a note for each column whose unit stands above the table: "q is in m³/s."

    Parameters
    ----------
    path, encoding
        The text file.
    lines
        How many lines stand above the names.
    names
        The names of the columns.
    """
    if lines <= 0:
        return []
    with path.open(encoding=encoding or "utf-8", errors="replace") as file:
        above = [line.rstrip("\r\n") for line in islice(_short(file), min(lines, MOST_LINES))]
    return [f"{name[:60]} is in {unit}." for name, unit in _units(above, names)]


def _short(file: Iterable[str]) -> Iterator[str]:
    """Yield lines until they are too long for a preamble."""
    size = 0
    for line in file:
        size += len(line)
        if size > MOST_BYTES:
            return
        yield line


def _units(above: Sequence[str], names: Sequence[str]) -> Iterator[tuple[str, str]]:
    for name in names:
        if not name.strip() or unit_of(name):
            continue
        pattern = re.compile(rf"(?:^|[\s#%*!;,]){re.escape(name.strip())}(?P<rest>{MEANS}.*)$")
        result = (match["rest"] for line in above if (match := pattern.search(line)))
        unit = next((unit for rest in result if (unit := _unit_in(rest))), "")
        if unit:
            yield name, unit
    for line in above:
        match = FOR_ALL.match(line)
        if match and (unit := unit_named(match["unit"].strip())):
            yield "Every value", unit
            return


def _unit_in(rest: str) -> str:
    """Return the unit in the description of a column: "mean discharge (m3/s)", "temperature, deg C", "= mm"."""
    text = rest.strip(" \t:=;-–")
    return unit_of(f"x {text}") or unit_named(text.strip("()[] ,"))
