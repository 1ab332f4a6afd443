"""Parameters of recipes: numbers, words, lists of windows and parts of a date."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NewType

from app.domain.estimators.parameters import Parameter

MAX_LENGTH = 10_000
MAX_STEPS = 60
MIN_SHARE, MAX_SHARE = 0.01, 0.9995
DATE_PARTS = {
    "doy_cyclic": "Day of the year, as sine and cosine",
    "month_cyclic": "Month, as sine and cosine",
    "weekday_cyclic": "Day of the week, as sine and cosine",
    "hour_cyclic": "Hour of the day, as sine and cosine",
    "month": "Month",
    "day": "Day of the month",
    "weekday": "Day of the week",
    "hour": "Hour of the day",
    "year": "Year",
}


@dataclass(frozen=True)
class ListParameter:
    """A list of steps ("1, 2, 3" or [1, 2, 3]), of windows, of shares between 0 and 1, or of parts of the date."""

    name: str
    title: str
    type: Literal["steps", "windows", "shares", "parts"]
    default: tuple[Any, ...]
    help: str

    def parse(self, raw: Any) -> list[Any]:
        """Return the list without repetitions, in its own order.

        Raises
        ------
        ValueError
            With a sentence that says what is allowed.
        """
        return _LIST_READERS[self.type](raw)


Field = Parameter | ListParameter
# A value for every parameter of one recipe, by name. What a value may be hangs on its name; `parse_all` makes them.
RecipeValues = NewType("RecipeValues", Mapping[str, Any])


def parse_all(fields: tuple[Field, ...], raw: Mapping[str, Any]) -> RecipeValues:
    """Return every parameter with its value, the default where none is set.

    Raises
    ------
    RecipeError
        With a sentence, and the name of the parameter.
    """
    clean: dict[str, Any] = {}
    for field in fields:
        try:
            clean[field.name] = field.parse(raw.get(field.name, field.default))
        except ValueError as fault:
            text = str(fault)
            if isinstance(field, Parameter):
                text = f"{field.title}: {text[0].lower()}{text[1:]}"
            raise RecipeError(text, field.name) from fault
    return RecipeValues(clean)


class RecipeError(ValueError):
    """A recipe that cannot be followed: one sentence, and the parameter (or "column") that it is about."""

    def __init__(self, message: str, field: str) -> None:
        super().__init__(message)
        self.field = field


def _parse_step(raw: Any) -> int:
    words = f"Each step must be a whole number from 1 to {MAX_LENGTH:,}."
    try:
        number = int(str(raw).strip())
    except ValueError:
        raise ValueError(words) from None
    if number == 0:
        raise ValueError(f"{words} Step 0 is the row itself, where the target is what is to be estimated.")
    if not 1 <= number <= MAX_LENGTH:
        raise ValueError(words)
    return number


def _parse_steps(raw: Any) -> list[int]:
    words = raw.replace(";", ",").split(",") if isinstance(raw, str) else raw
    if not isinstance(words, list | tuple) or not words:
        raise ValueError("Say which steps, such as 1, 2, 3.")
    steps = sorted({_parse_step(word) for word in words if str(word).strip()})
    if not steps or len(steps) > MAX_STEPS:
        raise ValueError(f"Give 1 to {MAX_STEPS} steps, such as 1, 2, 3.")
    return steps


def _split_list(raw: Any, *, what: str, example: str) -> list[str]:
    """Return the words of a list, "3, 7" or [3, 7]; ValueError where it is none, or empty, or long."""
    words = raw.replace(";", ",").split(",") if isinstance(raw, str) else raw
    words = [words] if isinstance(words, int | float) and not isinstance(words, bool) else words
    listed = [str(word).strip() for word in words] if isinstance(words, list | tuple) else []
    listed = list(dict.fromkeys(word for word in listed if word))
    if not 1 <= len(listed) <= MAX_STEPS:
        raise ValueError(f"Give 1 to {MAX_STEPS} {what}, such as {example}.")
    return listed


def _parse_windows(raw: Any) -> list[int]:
    single = Parameter("window", "Window", "integer", 7, "", low=2, high=MAX_LENGTH)
    return sorted(
        {int(_parse_number(word, single, "Each window")) for word in _split_list(raw, what="windows", example="3, 30")}
    )


def _parse_shares(raw: Any) -> list[float]:
    single = Parameter("keep", "Share", "number", 0.9, "", low=MIN_SHARE, high=MAX_SHARE)
    return sorted(
        {float(_parse_number(word, single, "Each share")) for word in _split_list(raw, what="shares", example="0.9")}
    )


def _parse_number(word: str, single: Parameter, what: str) -> float:
    try:
        return float(single.parse(word))
    except ValueError as fault:
        text = str(fault)
        raise ValueError(f"{what}: {text[0].lower()}{text[1:]}") from fault


def _parse_date_parts(raw: Any) -> list[str]:
    parts = [raw] if isinstance(raw, str) else raw
    known = isinstance(parts, list | tuple) and all(isinstance(part, str) and part in DATE_PARTS for part in parts)
    if not known or not parts:
        raise ValueError(f"Choose from: {', '.join(DATE_PARTS)}.")
    return [part for part in DATE_PARTS if part in parts]


_LIST_READERS: dict[str, Callable[[Any], list[Any]]] = {
    "steps": _parse_steps,
    "windows": _parse_windows,
    "shares": _parse_shares,
    "parts": _parse_date_parts,
}
