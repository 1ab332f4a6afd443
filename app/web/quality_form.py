"""Form fields for quality flags, censored values and the part of a grid."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from app.domain.analysis.import_options.import_choices import Dialect, ReadingChoices
from app.domain.analysis.import_options.quality_choices import TAKEN_AS, CensoredChoice, FlagChoice, PlaceInGrid
from app.domain.analysis.profiling.profile import ColumnProfile, DatasetProfile
from app.domain.errors import DomainError

FLAGS = "reading.flags."
PLACE = "reading.place"
# What stands before the number of a choice in the name of the button that takes it back.
FLAG, CENSORED = "flag", "censored"
MAX_COLUMNS, MAX_FLAGS = 40, 60
# So many columns are named in a sentence.
SAID = 3
POINT, BOX = ("latitude", "longitude"), ("south", "west", "north", "east")
SWAPPED = "The box has its south above its north. Type it as south, west, north, east."
BEYOND = "Latitudes are from -90 to 90 and longitudes from -180 to 360."
WRONG_PLACE = (
    "Type a point as latitude, longitude, such as 47.3, 8.5, or a box as south, west, north, east, in degrees with a "
    "decimal point."
)


@dataclass(frozen=True)
class FlagBox:
    """One flag as a box to tick: `name` is its field, `title` the flag and its rows."""

    name: str
    title: str
    kept: bool


@dataclass(frozen=True)
class FlagField:
    """The flags of one column: `name` is its field, and `form_key` tells for which flags its boxes were shown."""

    name: str
    column: str
    flag: str
    boxes: tuple[FlagBox, ...]
    form_key: str = ""


@dataclass(frozen=True)
class PlaceField:
    """The point or box of a grid as it was typed, and where its cells lie."""

    value: str
    hint: str


def flag_fields(profile: DatasetProfile, choices: ReadingChoices, form: Mapping[str, str]) -> tuple[FlagField, ...]:
    """Return the boxes of every column of flags; `form` is what was posted last."""
    kept = {(choice.column, choice.flag): choice.keep for choice in choices.flags}
    fields = []
    for column in _flag_columns(profile):
        name, flags = FLAGS + column.key, _flags_of(column)
        keep, text = kept.get((column.flag_of, column.name)), _form_key(column)
        boxes = tuple(
            FlagBox(
                f"{name}.{index}",
                f"{flag or 'no flag'} ({count:,})",
                _is_kept(form, text, f"{name}.{index}", flag, keep),
            )
            for index, (flag, count) in enumerate(flags)
        )
        fields.append(FlagField(name, column.flag_of, column.name, boxes, text))
    return tuple(fields)


def _form_key(column: ColumnProfile) -> str:
    """Return a key that tells the boxes of one column from those of another, and of another reading."""
    words = json.dumps([column.flag_of, column.name, *(flag for flag, _ in _flags_of(column))])
    return hashlib.sha256(words.encode()).hexdigest()[:16]


def _is_kept(form: Mapping[str, str], text: str, box: str, flag: str, keep: tuple[str, ...] | None) -> bool:
    if form.get(box.rpartition(".")[0]) == text:
        return box in form
    return keep is None or flag in keep


def _flag_columns(profile: DatasetProfile) -> list[ColumnProfile]:
    """Return the columns of flags whose flags are all known, so that every one of them has a box."""
    flags = (column for column in profile.columns if column.flag_of)
    return [flag for flag in flags if len(_flags_of(flag)) > 1 and flag.distinct == len(flag.top_values) <= MAX_FLAGS][
        :MAX_COLUMNS
    ]


def _flags_of(column: ColumnProfile) -> list[tuple[str, int]]:
    """Return the flags of a column with their rows; the last is no flag, where some rows have none."""
    flags = [(value.strip()[:200], count) for value, count in column.top_values]
    return [*flags, ("", column.missing)] if column.missing else flags


def flag_changes(form: Mapping[str, str], profile: DatasetProfile | None) -> list[dict[str, Any]]:
    """Return the choices about flags that the form asks for, as `ReadingChoices.merged` takes them.

    Raises
    ------
    DomainError
        If no flag of a column is kept, or the boxes of a page that is out of date stood for other flags.
    """
    changes = []
    for column in _flag_columns(profile) if profile is not None else ():
        name, flags = FLAGS + column.key, _flags_of(column)
        if name not in form:
            continue
        if form[name] != _form_key(column):
            message = f"The quality flags of {column.flag_of[:60]} changed meanwhile. Look at them again."
            raise DomainError(message, code="bad_choice", field=name)
        keep = [flag for index, (flag, _) in enumerate(flags) if f"{name}.{index}" in form]
        if not keep:
            message = f"Keep at least one quality flag of {column.flag_of[:60]}."
            raise DomainError(message, code="bad_choice", field=name)
        change = {"column": column.flag_of[:200], "flag": column.name[:200]}
        changes.append({**change, "keep": keep if len(keep) < len(flags) else None})
    return changes


def marks_of(choices: ReadingChoices) -> Iterator[tuple[str, str, str]]:
    """Yield the name, the sentence and the button of each choice about flags and about values beyond a limit."""
    for index, flag in enumerate(choices.flags):
        yield f"{FLAG}{index}", flag_sentence(flag), "Use all values"
    for position, censored in enumerate(choices.censored):
        yield f"{CENSORED}{position}", censored_sentence(censored), "As found"


def undo_choice(place: str, choices: ReadingChoices) -> dict[str, Any]:
    """Return the change that takes a choice back; a button of a page that is out of date asks for none."""
    for name, prefix, listed in (("flags", FLAG, choices.flags), ("censored", CENSORED, choices.censored)):
        number = place.removeprefix(prefix)
        if place.startswith(prefix) and number.isascii() and number.isdecimal() and len(number) < 9:
            used_names = [
                {**choice.model_dump(mode="json"), _ANSWER[name]: None} for choice in listed[int(number) :][:1]
            ]
            return {name: used_names} if used_names else {}
    return {}


_ANSWER = {"flags": "keep", "censored": "take"}


def flag_sentence(choice: FlagChoice) -> str:
    """Return the choice of flags as a sentence."""
    kept = ", ".join(word or "no flag" for word in (choice.keep or ())[:8])
    return f"`{choice.column[:60]}` is used where `{choice.flag[:60]}` is {kept}"


def censored_sentence(choice: CensoredChoice) -> str:
    """Return the choice about values beyond a limit as a sentence."""
    read_as = f"Values of `{choice.column[:60]}` beyond a limit are read as {TAKEN_AS.get(choice.take or '', 'found')}"
    return read_as if choice.take == "missing" else f"{read_as}; a model takes them as measured"


def consequences_of(profile: DatasetProfile, choices: ReadingChoices) -> Iterator[str]:
    """Yield sentences on which cells of a grid were read, and on what choices about flags left of the first columns."""
    if choices.place is not None:
        yield from profile.report.notes[:1]
    for name in dict.fromkeys(flag.column for flag in profile.report.dialect.kept_flags[:SAID]):
        if profile.has(name):
            left = profile.rows - profile.column(name).missing
            yield f"{name[:60]} has {left:,} values left; rows with other quality flags stay, without a value."


def place_field(dialect: Dialect, choices: ReadingChoices, form: Mapping[str, str]) -> PlaceField | None:
    """Return the field of the part of a grid, None for a file without one."""
    if not dialect.grid and choices.place is None:
        return None
    return PlaceField(form.get(PLACE, str(choices.place or "")), dialect.grid)


def place_changes(form: Mapping[str, str]) -> dict[str, Any]:
    """Return the part of a grid that the form asks for; an empty field asks for all of it.

    Raises
    ------
    DomainError
        If what was typed is no point and no box.
    """
    if PLACE not in form:
        return {}
    raw = form[PLACE].strip()
    return {"place": parse_place(raw).model_dump(mode="json", exclude_none=True) if raw else None}


def parse_place(raw: str) -> PlaceInGrid:
    """Return the point or box that somebody typed.

    Raises
    ------
    DomainError
        If it is none.
    """
    words = raw.replace(";", " ").replace(",", " ").split()
    names = {len(POINT): POINT, len(BOX): BOX}.get(len(words))
    try:
        if names is None or len(raw) > 200:
            raise ValueError(raw)
        return PlaceInGrid(**dict(zip(names, map(float, words), strict=True)))
    except ValidationError as fault:
        raise DomainError(_wrong_place(fault), code="bad_choice", field=PLACE) from None
    except ValueError:
        raise DomainError(WRONG_PLACE, code="bad_choice", field=PLACE) from None


def _wrong_place(fault: ValidationError) -> str:
    """Return the message for the wrong numbers of a point or a box."""
    kinds = {error["type"] for error in fault.errors()}
    if kinds <= {"greater_than_equal", "less_than_equal"}:
        return BEYOND
    return SWAPPED if kinds == {"value_error"} else WRONG_PLACE
