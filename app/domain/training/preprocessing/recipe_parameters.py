"""What the recipes for features may be told: single numbers and words, lists of steps, and parts of the date."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NewType

from app.domain.estimators.parameters import Parameter

MAX_LENGTH = 10_000
MAX_STEPS = 60
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
    """A list of steps ("1, 2, 3" or [1, 2, 3]), or of parts of the date."""

    name: str
    title: str
    type: Literal["steps", "parts"]
    default: tuple[Any, ...]
    help: str

    def parse(self, raw: Any) -> list[Any]:
        """Return the list without repetitions, in its own order.

        Raises
        ------
        ValueError
            With a sentence that says what is allowed.
        """
        return _steps(raw) if self.type == "steps" else _parts(raw)


Field = Parameter | ListParameter
# A value for every parameter of one recipe, by name. What a value may be hangs on its name; `parse_all` makes them.
RecipeValues = NewType("RecipeValues", Mapping[str, Any])


def parse_all(fields: tuple[Field, ...], raw: Mapping[str, Any]) -> RecipeValues:
    """Return every parameter with its value, the default where nothing was said.

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


def _step(raw: Any) -> int:
    said = f"Each step must be a whole number from 1 to {MAX_LENGTH:,}."
    try:
        number = int(str(raw).strip())
    except ValueError:
        raise ValueError(said) from None
    if number == 0:
        raise ValueError(f"{said} Step 0 is the row itself, where the target is what is to be estimated.")
    if not 1 <= number <= MAX_LENGTH:
        raise ValueError(said)
    return number


def _steps(raw: Any) -> list[int]:
    words = raw.replace(";", ",").split(",") if isinstance(raw, str) else raw
    if not isinstance(words, list | tuple) or not words:
        raise ValueError("Say which steps, such as 1, 2, 3.")
    steps = sorted({_step(word) for word in words if str(word).strip()})
    if not steps or len(steps) > MAX_STEPS:
        raise ValueError(f"Give 1 to {MAX_STEPS} steps, such as 1, 2, 3.")
    return steps


def _parts(raw: Any) -> list[str]:
    parts = [raw] if isinstance(raw, str) else raw
    known = isinstance(parts, list | tuple) and all(isinstance(part, str) and part in DATE_PARTS for part in parts)
    if not known or not parts:
        raise ValueError(f"Choose from: {', '.join(DATE_PARTS)}.")
    return [part for part in DATE_PARTS if part in parts]
