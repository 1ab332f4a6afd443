"""The import-options form: fields with detected values, and the changes it posts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from app.domain.analysis.import_options.format_titles import FORMAT_TITLES, TEXT_FORMATS
from app.domain.analysis.import_options.import_choices import (
    COMMENTS,
    DECIMALS,
    DELIMITERS,
    ENCODINGS,
    ESCAPES,
    QUOTES,
    ColumnImportChoice,
    Dialect,
    Marker,
    Peek,
    ReadingChoices,
)
from app.domain.analysis.profiling.profile import DatasetProfile, ImportReport
from app.domain.errors import DomainError
from app.domain.text.words import pluralise
from app.web import quality_form, unit_answers
from app.web.quality_form import FlagField, PlaceField
from app.web.time_choices import TimePanel, choice_sentence, time_changes, time_panel
from app.web.unit_answers import unit_changes, unit_sentence

PREFIX = "reading."
OTHER = "other_delimiter"
# A choice may itself be nothing, as "no quotes" is, so what was said stands after this sign and "" says nothing.
SAID = "="
# What stands before the place of a column, which tells it from that of a marker.
COLUMN = "column"
READ_AS = {
    "text": "text",
    "numeric": "numbers",
    "point": "numbers with a decimal point",
    "comma": "numbers with a decimal comma",
    "": "found",
}
RAGGED = {"leave_out": "left out and listed", "pad": "kept, with empty cells"}
DUPLICATES = {"keep": "kept", "leave_out": "left out and counted"}
HEADERS = {0: "none", 1: "one line", 2: "two lines", 3: "three lines", 4: "four lines", 5: "five lines"}
FORMATS = FORMAT_TITLES
PACKINGS = {"": "", "gzip": ", gzip", "zip": ", zip"}
TEXT = ("encoding", "delimiter", "quote", "escape", "decimal", "comment")
LINES = ("first_line", "header_lines", "footer_lines")
# What can be said about each format; what means nothing for it is not asked.
ASKED = {
    "csv": (*TEXT, *LINES, "ragged"),
    "rdb": ("encoding", "ragged"),
    "camels": ("encoding", "ragged"),
    "json": ("encoding",),
    "jsonl": ("encoding",),
    "xlsx": ("decimal", *LINES),
    "xls": ("decimal", *LINES),
}
NUMBERS = ("first_line", "footer_lines")
# What holds where nothing was said, for choices that no file answers.
USUAL = {"ragged": "leave_out", "duplicates": "keep"}
LABELS = {
    "format": "Kind of file",
    "sheet": "Sheet",
    "encoding": "Encoding",
    "delimiter": "Separator",
    "quote": "Quotes around cells",
    "escape": "A quote inside a cell",
    "decimal": "Decimal mark",
    "comment": "Comment lines begin with",
    "first_line": "First line of the table",
    "header_lines": "Lines that hold names",
    "footer_lines": "Lines after the table",
    "ragged": "Rows that do not fit",
    "duplicates": "Exact copies of rows",
}
HINTS = {
    "first_line": "Counted from 1: where the names stand, or the first values. Empty: as found.",
    "footer_lines": "Such as totals or a source. Empty: as found.",
}
REFUSED = {
    "first_line": "The first line is a whole number from 1 to 1,000,000, or empty.",
    "footer_lines": "The number of lines after the table is a whole number from 0 to 1,000, or empty.",
    "header_lines": "Names stand on none or up to five lines.",
    "delimiter": "A separator has one to ten characters.",
}
NOT_A_CHOICE = "This is none of the choices. Choose one of those shown."


@dataclass(frozen=True)
class ImportField:
    """One field of the form. `options` is empty where a number is typed; `detected` is the detected value in words."""

    name: str
    label: str
    value: str
    detected: str
    is_decided: bool
    options: tuple[tuple[str, str], ...] = ()
    hint: str = ""


@dataclass(frozen=True)
class FileFact:
    """What a file of a known kind says of itself: a title such as "Serial number", and its text."""

    title: str
    text: str


@dataclass(frozen=True)
class MeaningChoice:
    """The choice of the user for a value or column: `flip` is the other meaning, `place` names it in the form."""

    place: str
    sentence: str
    flip: str


@dataclass(frozen=True)
class ImportPanel:
    """All that the panel "How the file was read" shows. `address` is where its form leads, without the last word.

    `measured` are the options of columns that may have a unit, () where there are too many or nobody knows them.
    """

    summary: str
    format_title: str
    choices: tuple[ImportField, ...]
    marks: tuple[MeaningChoice, ...]
    address: str
    is_open: bool
    delimiter_typed: str = ""
    times: TimePanel | None = None
    measured: tuple[tuple[str, str], ...] = ()
    unit_column: str = ""
    unit: str = ""
    facts: tuple[FileFact, ...] = ()
    flags: tuple[FlagField, ...] = ()
    place: PlaceField | None = None


def panel_of(
    dialect: Dialect,
    choices: ReadingChoices,
    *,
    address: str,
    form: Mapping[str, str] | None = None,
    profile: DatasetProfile | None = None,
    measured: tuple[tuple[str, str], ...] = (),
) -> ImportPanel:
    """Return the panel; `form` is what was just posted, which is shown again and holds the panel open."""
    names = ASKED.get(dialect.format, ())
    if dialect.format in TEXT_FORMATS or choices.format is not None:
        names = ("format", *names)
    sheets = ("sheet",) if dialect.sheets else ()
    fields = (_import_field(name, dialect, choices, form or {}) for name in (*sheets, *names, "duplicates"))
    return ImportPanel(
        summary=summary_of(dialect),
        format_title=title_of(dialect),
        choices=tuple(fields),
        marks=(
            *(_meaning_choice(place, marker) for place, marker in enumerate(choices.markers)),
            *(_column_mark(place, column) for place, column in enumerate(choices.columns)),
            *(MeaningChoice(*mark) for mark in quality_form.marks_of(choices)),
        ),
        address=address,
        is_open=form is not None,
        delimiter_typed=(form or {}).get(PREFIX + OTHER, ""),
        times=None if profile is None else time_panel(profile, form or {}),
        measured=measured,
        unit_column=(form or {}).get(unit_answers.COLUMN, ""),
        unit=(form or {}).get(unit_answers.UNIT, ""),
        facts=tuple(FileFact(title, text) for title, text in dialect.facts),
        flags=() if profile is None else quality_form.flag_fields(profile, choices, form or {}),
        place=quality_form.place_field(dialect, choices, form or {}),
    )


def title_of(dialect: Dialect) -> str:
    """Return the format in words."""
    return FORMATS.get(dialect.format, dialect.format) + PACKINGS[dialect.packing]


def summary_of(dialect: Dialect) -> str:
    """Return how the file was read in one line."""
    parts = [title_of(dialect)]
    query = ASKED.get(dialect.format, ())
    if dialect.sheet:
        parts.append(f"sheet {dialect.sheet}" if dialect.format.startswith("xls") else dialect.sheet)
    if "delimiter" in query and dialect.delimiter:
        parts.append(_word_of_choice("delimiter", dialect.delimiter))
    if "encoding" in query and dialect.encoding:
        parts.append(_word_of_choice("encoding", dialect.encoding))
    if dialect.decimal == ",":
        parts.append("decimal comma")
    if dialect.comment:
        parts.append(f"comments after {dialect.comment}")
    if "first_line" in query and dialect.first_line > 1:
        parts.append(f"table from line {dialect.first_line:,}")
    if dialect.footer_lines:
        parts.append(f"{pluralise(dialect.footer_lines, 'line')} after the table")
    if "header_lines" in query and not dialect.header_lines:
        parts.append("no names")
    return ", ".join(parts)


def changes_from(
    form: Mapping[str, str], choices: ReadingChoices, *, profile: DatasetProfile | None = None
) -> dict[str, Any]:
    """Return the changes of the posted form, as `ReadingChoices.merged` takes them; None takes a choice back.

    `profile` is that of the dataset, where it is known.

    Raises
    ------
    DomainError
        With the field at fault.
    """
    changes: dict[str, Any] = {}
    for name in LABELS:
        raw = form.get(PREFIX + name)
        if raw is not None:
            changes[name] = _parse_number(name, raw) if name in NUMBERS else raw.removeprefix(SAID) if raw else None
    if changes.get("header_lines") is not None:
        changes["header_lines"] = _parse_number("header_lines", changes["header_lines"])
    if form.get(PREFIX + OTHER):
        changes["delimiter"] = form[PREFIX + OTHER]
    changes |= unit_changes(form, profile.names if profile is not None else None)
    changes |= quality_form.place_changes(form)
    flags = quality_form.flag_changes(form, profile)
    if flags:
        changes["flags"] = flags
    changes |= _flip_choice(form.get("flip", ""), choices)
    times = time_changes(form)
    if times:
        changes["columns"] = [*changes.get("columns", []), *times]
    try:
        choices.merged(changes)
    except ValidationError as fault:
        name = str(fault.errors()[0]["loc"][0])
        raise DomainError(REFUSED.get(name, NOT_A_CHOICE), code="bad_choice", field=PREFIX + name) from fault
    return changes


def _flip_choice(place: str, choices: ReadingChoices) -> dict[str, Any]:
    """Return the change that the button of a mark asks for; a button of a page that is out of date asks for none."""
    number = place.removeprefix(COLUMN)
    if place.startswith((quality_form.FLAG, quality_form.CENSORED)):
        return quality_form.undo_choice(place, choices)
    if not (number.isascii() and number.isdecimal()) or len(number) > 9:
        return {}
    position = slice(int(number), int(number) + 1)
    if place.startswith(COLUMN):
        results = [{**_named_choices(column), "read_as": None} for column in choices.columns[position]]
        return {"columns": results} if results else {}
    other = {"missing": "value", "value": "missing"}
    flipped = [marker.model_copy(update={"meaning": other[marker.meaning]}) for marker in choices.markers[position]]
    return {"markers": [first.model_dump(mode="json", exclude_none=True) for first in flipped]} if flipped else {}


def _parse_number(name: str, raw: str) -> int | None:
    text = raw.strip().replace(",", "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > 9:
        raise DomainError(REFUSED[name], code="bad_choice", field=PREFIX + name)
    return int(text)


def _words_of_choice(name: str, dialect: Dialect) -> Mapping[Any, str]:
    if name == "sheet":
        return {sheet: sheet for sheet in dialect.sheets}
    known: dict[str, Mapping[Any, str]] = {
        "format": {"csv": FORMATS["csv"]},
        "encoding": ENCODINGS,
        "delimiter": DELIMITERS,
        "quote": QUOTES,
        "escape": ESCAPES,
        "decimal": DECIMALS,
        "comment": COMMENTS,
        "header_lines": HEADERS,
        "ragged": RAGGED,
        "duplicates": DUPLICATES,
    }
    return known.get(name, {})


def _word_of_choice(name: str, value: Any) -> str:
    if name == "format":
        return FORMATS.get(value, str(value))
    return _words_of_choice(name, Dialect()).get(value, str(value))


def _import_field(name: str, dialect: Dialect, choices: ReadingChoices, form: Mapping[str, str]) -> ImportField:
    answer = getattr(choices, name)
    usual = USUAL.get(name)
    now = answer if answer is not None else getattr(dialect, name, usual)
    told = "" if answer is None else str(answer) if name in NUMBERS else f"{SAID}{answer}"
    result = f"{now:,}" if name in NUMBERS else _word_of_choice(name, now)
    return ImportField(
        name=PREFIX + name,
        label=_label(name, dialect),
        value=form.get(PREFIX + name, told),
        detected=result,
        is_decided=answer is not None,
        options=() if name in NUMBERS else tuple(_options(name, dialect, now, "" if answer is not None else result)),
        hint=HINTS.get(name, ""),
    )


def _label(name: str, dialect: Dialect) -> str:
    if name == "sheet" and not dialect.format.startswith("xls"):
        return "File in the archive" if dialect.packing == "zip" else "Table"
    return LABELS[name]


def _options(name: str, dialect: Dialect, now: Any, result: str) -> Iterable[tuple[str, str]]:
    """Yield the options of a choice; the first takes back what was said, or says what was found."""
    how = "usual" if name in USUAL else "found"
    yield "", f"{result[:1].upper()}{result[1:]} ({how})" if result else "As found"
    words = dict(_words_of_choice(name, dialect))
    if not result:
        words.setdefault(now, str(now))
    for key, title in words.items():
        yield f"{SAID}{key}", title


def _meaning_choice(place: int, marker: Marker) -> MeaningChoice:
    if marker.value is not None:
        what = f"{marker.value or 'a blank'}"
    else:
        what = f"all below {marker.below:g}" if marker.below is not None else f"all above {marker.above or 0:g}"
    missing = marker.meaning == "missing"
    where = f"{what} in `{marker.column[:60]}`"
    sentence = f"{where} means missing" if missing else f"{where} is a value"
    return MeaningChoice(str(place), sentence, "It is a value" if missing else "It means missing")


def _named_choices(choice: ColumnImportChoice) -> dict[str, Any]:
    """Return the subject of a choice, for a change that takes it back."""
    return {"columns": list(choice.columns)} if choice.columns else {"column": choice.column, "unit": None}


def _column_mark(place: int, choice: ColumnImportChoice) -> MeaningChoice:
    how = READ_AS.get(choice.read_as or "", "it was found")
    if choice.columns:
        return MeaningChoice(f"{COLUMN}{place}", choice_sentence(choice) or "", "As found")
    how = choice_sentence(choice) or f"`{choice.column[:60]}` is read as {how}"
    parts = [how] if choice.read_as is not None else []
    parts += [unit_sentence(choice.column, choice.unit)] if choice.unit is not None else []
    return MeaningChoice(f"{COLUMN}{place}", "; ".join(parts), "As found")


def look_of(peek: Peek, *, most_columns: int = 30, most_rows: int = 8) -> dict[str, Any]:
    """Return the view of the first look: columns with kind and share missing, and the first rows."""
    kinds = [*peek.kinds, *("" for _ in peek.names)][: len(peek.names)]
    missing = [*peek.missing, *(0.0 for _ in peek.names)][: len(peek.names)]
    heads = [
        {"name": name, "kind": kind, "missing": share}
        for name, kind, share in zip(peek.names, kinds, missing, strict=True)
    ]
    return {
        "summary": summary_of(peek.dialect),
        "heads": heads[:most_columns],
        "columns": len(peek.names),
        "rows": [row[:most_columns] for row in peek.rows[:most_rows]],
        "rows_seen": peek.rows_seen,
        "whole": peek.whole,
        "rejected": peek.rejected[:20],
        "notes": peek.notes[:20],
    }


def dialect_of(report: ImportReport) -> Dialect:
    """Return how a file was read, also where that was stored before dialects were."""
    if report.dialect != Dialect():
        return report.dialect
    return Dialect(
        encoding=report.encoding,
        delimiter=report.delimiter,
        quote=report.quote,
        escape="double",
        decimal=report.decimal,
        first_line=report.skipped_lines + 1,
    )
