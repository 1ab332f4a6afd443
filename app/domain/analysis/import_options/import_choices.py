"""Import options: the detected dialect, the choices of the user, and the preview, in one JSON schema."""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from app.domain.analysis.import_options.quality_choices import CensoredChoice, FlagChoice, PlaceInGrid
from app.domain.analysis.time_forms.forms import form_of
from app.domain.analysis.time_forms.zone_names import zone_of
from app.domain.json_values import JsonObject

ENCODINGS = {
    "utf-8": "UTF-8",
    "utf-16": "UTF-16",
    "cp1252": "Windows-1252 (Western Europe)",
    "latin-1": "ISO 8859-1 (Latin 1)",
    "cp1250": "Windows-1250 (Central Europe)",
    "cp1251": "Windows-1251 (Cyrillic)",
    "cp949": "CP949 (Korean)",
    "gb18030": "GB 18030 (Chinese)",
    "shift_jis": "Shift JIS (Japanese)",
}
DELIMITERS = {
    ",": "comma",
    ";": "semicolon",
    "\t": "tab",
    "|": "bar",
    ":": "colon",
    "^": "caret",
    " ": "one space",
    "whitespace": "spaces or tabs, any number",
    ", ": "comma and space",
}
QUOTES = {'"': "double quotes", "'": "single quotes", "": "none"}
ESCAPES = {"double": "the quote twice", "\\": "backslash", "": "none"}
DECIMALS = {".": "point", ",": "comma"}
COMMENTS = {"#": "#", "%": "%", "//": "//", "": "none"}
Encoding = Literal["utf-8", "utf-16", "cp1252", "latin-1", "cp1250", "cp1251", "cp949", "gb18030", "shift_jis"]
Text = Annotated[str, StringConstraints(max_length=200)]
LISTED = ("markers", "columns", "flags", "censored")
FROZEN = ConfigDict(frozen=True, extra="forbid")


class Marker(BaseModel):
    """What a value of one column means: nothing at all ("missing") or itself ("value").

    It is named by its text as the file has it, or as a bound: everything `below` or `above` a number.
    """

    model_config = FROZEN

    column: Text
    value: Text | None = None
    below: float | None = Field(default=None, allow_inf_nan=False)
    above: float | None = Field(default=None, allow_inf_nan=False)
    meaning: Literal["missing", "value"] = "missing"


class ColumnImportChoice(BaseModel):
    """How the values of one column are read, or of several that make a time together; None as found.

    "numeric" and "text" say that a column is no time, "point" and "comma" name its decimal mark. "datetime" may have a
    `form` (see `app.domain.analysis.time_forms.forms`) and a `zone` whose clock the times are written in. `columns` are
    joined into one that is called `name`, or, as "text", not joined.

    `unit` is the unit that the user gives a column, "" for none; None as found.
    """

    model_config = FROZEN

    column: Text = ""
    columns: tuple[Text, ...] = Field(default=(), max_length=6)
    read_as: Literal["text", "numeric", "point", "comma", "datetime"] | None = None
    form: Text | None = None
    zone: Text | None = None
    name: Text | None = None
    unit: Annotated[str, StringConstraints(max_length=40)] | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> ColumnImportChoice:
        if bool(self.column) == bool(self.columns):
            raise ValueError("Name one column, or the columns that make a time together.")
        if self.columns and len(set(self.columns)) < 2:
            raise ValueError("Name at least two columns that make a time together.")
        if len(set(self.columns)) < len(self.columns):
            raise ValueError("Name each column once.")
        if self.columns and self.read_as not in ("datetime", "text", None):
            raise ValueError("Columns are joined as a datetime, or left apart as text.")
        if (self.form or self.zone) and self.read_as != "datetime":
            raise ValueError("A form and a zone belong to a datetime.")
        if self.columns and self.unit is not None:
            raise ValueError("A unit belongs to one column.")
        if self.form:
            form_of(self.form)
        if self.zone:
            zone_of(self.zone)
        return self

    @property
    def place(self) -> tuple[str, ...]:
        """Return the key that tells this choice from those about other columns."""
        return tuple(sorted(self.columns)) or (self.column,)

    def after(self, before: ColumnImportChoice | None) -> ColumnImportChoice:
        """Return this choice with the other part of an earlier one: how to read, or the unit."""
        if before is None:
            return self
        if self.model_fields_set <= {"column", "unit"}:
            return before.model_copy(update={"unit": self.unit})
        return self if "unit" in self.model_fields_set else self.model_copy(update={"unit": before.unit})


class ReadingChoices(BaseModel):
    """The choices of the user for a file; a field that is None is detected from the file.

    `format` "csv" has a file of a known kind read as plain text, and `place` is the part of a grid that is read.
    """

    model_config = FROZEN

    encoding: Encoding | None = None
    delimiter: Annotated[str, StringConstraints(min_length=1, max_length=10)] | None = None
    quote: Literal['"', "'", ""] | None = None
    escape: Literal["double", "\\", ""] | None = None
    decimal: Literal[".", ","] | None = None
    comment: Literal["#", "%", "//", ""] | None = None
    first_line: int | None = Field(default=None, ge=1, le=1_000_000)
    header_lines: int | None = Field(default=None, ge=0, le=5)
    footer_lines: int | None = Field(default=None, ge=0, le=1000)
    ragged: Literal["leave_out", "pad"] | None = None
    duplicates: Literal["keep", "leave_out"] | None = None
    sheet: Text | None = None
    format: Literal["csv"] | None = None
    markers: tuple[Marker, ...] = Field(default=(), max_length=20_000)
    columns: tuple[ColumnImportChoice, ...] = Field(default=(), max_length=20_000)
    flags: tuple[FlagChoice, ...] = Field(default=(), max_length=20_000)
    censored: tuple[CensoredChoice, ...] = Field(default=(), max_length=20_000)
    place: PlaceInGrid | None = None

    def to_json(self) -> JsonObject:
        """Return the answers given, and nothing else, as JSON values."""
        values: JsonObject = self.model_dump(mode="json", exclude_defaults=True)
        return values

    def fingerprint(self) -> str:
        """Return 16 hexadecimal digits that are the same for the same choices, whatever their order."""
        values = {"markers": [], **self.to_json()}
        for name in LISTED:
            listed = values.get(name)
            if isinstance(listed, list):
                values[name] = [*sorted(json.dumps(row, sort_keys=True) for row in listed)]
        return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]

    def merged(self, changes: dict[str, Any]) -> ReadingChoices:
        """Return these choices with some changed; None takes a choice back.

        Markers replace those of the same value, and choices for a column the earlier ones for it.

        Raises
        ------
        pydantic.ValidationError
            If a change is none that can be made.
        """
        values = {**self.to_json(), **{key: value for key, value in changes.items() if key not in LISTED}}
        known = {_place(marker): marker for marker in self.markers}
        known |= {
            _place(element): element for element in (Marker.model_validate(item) for item in changes.get("markers", ()))
        }
        columns = {column.place: column for column in self.columns}
        for choice in (ColumnImportChoice.model_validate(item) for item in changes.get("columns", ())):
            columns[choice.place] = choice.after(columns.get(choice.place))
        choices = [column for column in columns.values() if column.read_as is not None or column.unit is not None]
        flags = {(flag.column, flag.flag): flag for flag in self.flags}
        flags |= {
            (flag_choice.column, flag_choice.flag): flag_choice
            for flag_choice in (FlagChoice.model_validate(item) for item in changes.get("flags", ()))
        }
        censored = {censored_choice.column: censored_choice for censored_choice in self.censored}
        censored |= {
            censored_choice.column: censored_choice
            for censored_choice in (CensoredChoice.model_validate(item) for item in changes.get("censored", ()))
        }
        return ReadingChoices.model_validate(
            {
                **values,
                "markers": list(known.values()),
                "columns": choices,
                "flags": [flag for flag in flags.values() if flag.keep is not None],
                "censored": [
                    censored_choice for censored_choice in censored.values() if censored_choice.take is not None
                ],
            }
        )


def _place(marker: Marker) -> tuple[str, str | None, bool, bool]:
    return marker.column, marker.value, marker.below is not None, marker.above is not None


class Dialect(BaseModel):
    """How the file was read, detected or chosen; `said` names the fields that the user decided.

    `format` is a key of `app.domain.analysis.import_options.format_titles`; what means nothing for one is empty.
    `first_line` counts from 1 and is where the names (or, without names, the first values) stand. `facts` are what a
    file of a known kind says of itself (a title such as "Serial number", and the text), `units` the unit of a column,
    and `flags` the columns that tell of the quality of another one: each a pair of names. `kept_flags` and `censored`
    are the choices about the quality of values that were followed, `markers` the values chosen to mean missing in a
    column that is there, and `grid` says where the cells of a grid lie.
    """

    model_config = FROZEN

    format: str = "csv"
    packing: Literal["", "gzip", "zip"] = ""
    encoding: str = ""
    delimiter: str = ""
    quote: str = ""
    escape: str = ""
    decimal: str = "."
    comment: str = ""
    first_line: int = 1
    header_lines: int = 1
    footer_lines: int = 0
    sheet: str = ""
    sheets: tuple[str, ...] = ()
    said: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    units: tuple[tuple[str, str], ...] = ()
    flags: tuple[tuple[str, str], ...] = ()
    kept_flags: tuple[FlagChoice, ...] = ()
    censored: tuple[CensoredChoice, ...] = ()
    markers: tuple[Marker, ...] = ()
    grid: str = ""


class Peek(BaseModel):
    """The first look at a file, from its head alone: how it would be read, and its first rows as texts.

    `kinds` has one word for each name ("number", "integer", "datetime", "boolean", "text" or "empty"), and `missing`
    the share of empty cells, both of the rows looked at. `whole` says that these rows are all there are.
    """

    model_config = FROZEN

    dialect: Dialect
    names: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    kinds: tuple[str, ...] = ()
    missing: tuple[float, ...] = ()
    rows_seen: int = 0
    whole: bool = False
    rejected: tuple[tuple[int, str], ...] = ()
    notes: tuple[str, ...] = ()
