"""SQL for the missing values of a column: markers that hold everywhere, and the user's choices."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.domain.analysis.import_options.import_choices import ColumnImportChoice, Marker, ReadingChoices
from app.storage.columnar import literal

# Words that stand for "nothing" in files from R, Python, spreadsheets and databases.
MISSING_WORDS = ("", "na", "nan", "n/a", "null", "<na>")


@dataclass(frozen=True)
class Meaning:
    """The choices of the user for one column. `words` and `numbers` mean missing, `values` mean themselves.

    `read_as` is "text", "numeric", the decimal mark of its numbers ("point" or "comma") or "datetime"; "" where nothing
    was said. `form` and `zone` belong to a datetime.
    """

    words: tuple[str, ...] = ()
    numbers: tuple[float, ...] = ()
    below: tuple[float, ...] = ()
    above: tuple[float, ...] = ()
    values: frozenset[str] = frozenset()
    read_as: str = ""
    form: str = ""
    zone: str = ""

    def __bool__(self) -> bool:
        """Return whether there is any choice."""
        return bool(self.words or self.below or self.above or self.values or self.read_as)

    def missing_number(self, number: str) -> str:
        """Return SQL that is true where a number means missing, or "" where none does."""
        parts = [f"{number} IN ({', '.join(repr(value) for value in self.numbers)})"] if self.numbers else []
        parts += [f"{number} < {bound!r}" for bound in self.below]
        parts += [f"{number} > {bound!r}" for bound in self.above]
        return " OR ".join(parts)

    def missing_date(self, moment: str) -> str:
        """Return SQL that is true where a moment means missing, or "" where none does."""
        return " OR ".join(
            f"{moment} IS NOT DISTINCT FROM TRY_CAST({literal(word)} AS TIMESTAMP)" for word in self.words
        )

    def missing_word(self, key: str, *, comma: bool) -> str:
        """Return SQL that is true where a text means missing, as a word or by its number."""
        # Only what is short or has blanks around it can be one of these words, which saves writing out the others.
        absent = [
            f"(strlen({key}) <= {max(map(len, MISSING_WORDS))} OR starts_with({key}, ' ') OR ends_with({key}, ' ')) "
            f"AND lower(trim({key})) IN ({', '.join(literal(word) for word in MISSING_WORDS)})"
        ]
        if self.values:
            absent[0] += f" AND trim({key}) NOT IN ({', '.join(literal(word) for word in sorted(self.values))})"
        if self.words:
            absent.append(f"trim({key}) IN ({', '.join(literal(word) for word in self.words)})")
        number = self.missing_number(f"TRY_CAST(trim({key}) AS DOUBLE)")
        absent += [f"coalesce({number}, false)"] if number else []
        if number and comma:
            with_comma = self.missing_number(f"TRY_CAST(replace(trim({key}), ',', '.') AS DOUBLE)")
            absent.append(f"coalesce({with_comma}, false)")
        return " OR ".join(f"({text})" for text in absent)


def meanings(names: Sequence[str], choices: ReadingChoices, *, commas: bool) -> list[Meaning]:
    """Return the choices for each column; those for a column that is not there are passed over."""
    markers: dict[str, list[Marker]] = {}
    for marker in choices.markers:
        markers.setdefault(marker.column, []).append(marker)
    read_as = {column.column: column for column in choices.columns if column.column}
    nothing = Meaning()
    return [
        _meaning_as_chosen(_meaning_of_markers(markers.get(name, []), commas=commas), read_as.get(name))
        if name in markers or name in read_as
        else nothing
        for name in names
    ]


def _meaning_as_chosen(meaning: Meaning, choice: ColumnImportChoice | None) -> Meaning:
    if choice is None:
        return meaning
    return replace(meaning, read_as=choice.read_as or "", form=choice.form or "", zone=choice.zone or "")


def _meaning_of_markers(markers: list[Marker], *, commas: bool) -> Meaning:
    missing = [marker for marker in markers if marker.meaning == "missing"]
    # No table holds a NUL, so a word with one means nothing.
    words = [item.value.strip() for item in missing if item.value is not None and "\x00" not in item.value]
    numbers = [number for number in (_parse_number(word, comma=commas) for word in words) if number is not None]
    return Meaning(
        words=tuple(sorted(set(words))),
        numbers=tuple(sorted(set(numbers))),
        below=tuple(item.below for item in missing if item.below is not None),
        above=tuple(item.above for item in missing if item.above is not None),
        values=frozenset(
            marker.value.strip()
            for marker in markers
            if marker.meaning == "value" and marker.value is not None and "\x00" not in marker.value
        ),
    )


def _parse_number(word: str, *, comma: bool) -> float | None:
    try:
        number = float((word.replace(",", ".") if comma else word).replace("_", "x"))
    except ValueError:
        return None
    return number if math.isfinite(number) else None
