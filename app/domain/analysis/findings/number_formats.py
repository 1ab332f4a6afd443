"""Findings about number formats such as thousands separators, and the question where a format is ambiguous."""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.analysis.profiling.profile import Finding, FindingRemedy
from app.domain.json_values import JsonObject
from app.domain.vocabulary import Severity

EXAMPLE_LENGTH = 30


@dataclass(frozen=True)
class NumberReading:
    """One way to read a column: `read_as` is "point" or "comma", its decimal mark, and `means` what the example is."""

    read_as: str
    means: str


@dataclass(frozen=True)
class NumberFormat:
    """How the numbers of a column are written, shown by its longest value.

    `readings` has the one that was done, or, where the column stayed text because nobody can tell, all there are.
    `is_decided` says that the user chose; then nothing is asked. Where the column was read and the first of two
    readings was only the likelier one, it `is_doubtful`. A text of numbers in several `units` has no reading.
    """

    example: str
    readings: tuple[NumberReading, ...]
    is_text: bool = False
    is_decided: bool = False
    unit: str = ""
    is_doubtful: bool = False
    units: tuple[str, ...] = ()

    @property
    def note(self) -> str:
        """Return a sentence about what was done to the column; "" where it stayed text."""
        if self.is_text:
            return ""
        text, unit = self.example[:EXAMPLE_LENGTH], f'; "{self.unit}" is its unit' if self.unit else ""
        return f'values such as "{text}" were read as numbers, this one as {self.readings[0].means}{unit}.'


def number_format_findings(column: str, number_format: NumberFormat) -> Finding | None:
    """Return the finding about how a column writes its numbers, other readings as buttons, or None."""
    if number_format.is_decided:
        return None
    text, name = number_format.example[:EXAMPLE_LENGTH], column[:60]
    as_text = FindingRemedy("Keep it as text", "reading", _read_as_change(column, "text"))
    if number_format.units:
        message = f"`{name}` holds numbers in different units ({', '.join(number_format.units)}), so it stays text."
        remedy = "To use the numbers, bring them to one unit in the file."
        return Finding("units_differ", Severity.WARNING, (column,), message, remedy, (as_text,))
    if not number_format.is_text and not number_format.is_doubtful:
        message = f"`{name}`: {number_format.note}"
        return Finding("written_numbers", Severity.NOTICE, (column,), message, remedies=(as_text,))
    buttons = tuple(
        FindingRemedy(f"{text} is {reading.means}", "reading", _read_as_change(column, reading.read_as))
        for reading in number_format.readings
    )
    if number_format.is_doubtful:
        first, other = (reading.means for reading in number_format.readings)
        message = f'`{name}`: "{text}" was read as {first}. If its commas stand between thousands, it is {other}.'
        return Finding("written_numbers", Severity.WARNING, (column,), message, remedies=buttons)
    means = " or ".join(reading.means for reading in number_format.readings)
    message = f'`{name}` may hold numbers: "{text}" could be {means}. The column stays text until you decide.'
    remedy = "Say what it is, and the file is read again."
    return Finding("written_numbers", Severity.WARNING, (column,), message, remedy, (*buttons, as_text))


def _read_as_change(column: str, read_as: str) -> JsonObject:
    return {"columns": [{"column": column[:200], "read_as": read_as}]}
