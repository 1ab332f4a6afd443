"""Turning what was typed into a hyperparameter's value, with a sentence where that cannot be done."""

from __future__ import annotations

import math
import re
from typing import Any

from app.domain.estimators.parameters import Parameter
from app.domain.text.numbers import format_number

TRUE_WORDS = frozenset({"true", "yes", "on", "1"})
THOUSANDS = re.compile(r"[+-]?[0-9]{1,3}(,[0-9]{3})+")
FALSE_WORDS = frozenset({"false", "no", "off", "0", ""})


def shown(number: float) -> str:
    """Write a number as people do: no trailing zeros, thousands with a comma, tiny numbers as powers of ten."""
    return format_number(number, 6)


def parse_parameter(parameter: Parameter, raw: Any) -> Any:
    """Return the value of `raw` for this parameter.

    Parameters
    ----------
    parameter
        The description with bounds or choices.
    raw
        Text from a form, or a JSON value.

    Raises
    ------
    ValueError
        With one sentence that names the bounds or the choices and what was given.
    """
    if raw is None or (isinstance(raw, str) and not raw.strip()):
        if parameter.optional:
            return None
        if parameter.type != "boolean":
            raise ValueError(f"Needs a value: {bounds_sentence(parameter)}.")
    if parameter.type == "boolean":
        return _boolean(raw)
    if parameter.type == "choice":
        return _choice(parameter, raw)
    return _number(parameter, raw)


def bounds_sentence(parameter: Parameter) -> str:
    """Say what is allowed, such as "0.001 to 1" or "at least 1"."""
    if parameter.type == "choice":
        return ", ".join(label for _, label in parameter.choices)
    low, high = parameter.low, parameter.high
    if low is not None and high is not None:
        return f"{'more than ' if parameter.low_open else ''}{shown(low)} to {shown(high)}"
    if low is not None:
        return f"{'more than' if parameter.low_open else 'at least'} {shown(low)}"
    return f"at most {shown(high)}" if high is not None else "any number"


def _boolean(raw: Any) -> bool:
    if isinstance(raw, bool):
        return raw
    word = str(raw or "").strip().lower()
    if word in TRUE_WORDS:
        return True
    if word in FALSE_WORDS:
        return False
    raise ValueError("Must be yes or no.")


def _choice(parameter: Parameter, raw: Any) -> str:
    word = str(raw).strip()
    if word in {value for value, _ in parameter.choices}:
        return word
    raise ValueError(f"Must be one of {bounds_sentence(parameter)}; you wrote {word[:40]}.")


def _number(parameter: Parameter, raw: Any) -> float | int:
    if isinstance(raw, bool) or not isinstance(raw, str | int | float):
        raise ValueError(f"Must be a number, {bounds_sentence(parameter)}.")
    try:
        text = str(raw).strip().replace("\u2212", "-")
    except ValueError:
        # Python writes no whole number of more than 4,300 digits.
        raise ValueError(f"Must be {_between(parameter)}; you wrote thousands of digits.") from None
    try:
        value = float(_plain(text, whole=parameter.type == "integer"))
    except ValueError:
        raise ValueError(f"Must be a number, {bounds_sentence(parameter)}; you wrote {text[:40]}.") from None
    if not math.isfinite(value):
        raise ValueError(f"Must be a number, {bounds_sentence(parameter)}; you wrote {text[:40]}.")
    if parameter.type == "integer" and not value.is_integer():
        raise ValueError(f"Must be a whole number, {bounds_sentence(parameter)}; you wrote {text[:40]}.")
    too_low = parameter.low is not None and (value <= parameter.low if parameter.low_open else value < parameter.low)
    if too_low or (parameter.high is not None and value > parameter.high):
        raise ValueError(f"Must be {_between(parameter)}; you wrote {text[:40]}.")
    return int(value) if parameter.type == "integer" else value


def _plain(text: str, *, whole: bool) -> str:
    """Return a number as Python writes it: commas part the thousands of a whole number, and one is a decimal comma."""
    if whole and THOUSANDS.fullmatch(text):
        return text.replace(",", "")
    return text.replace(",", ".") if text.count(",") == 1 and "." not in text else text


def _between(parameter: Parameter) -> str:
    if parameter.low is not None and parameter.high is not None and not parameter.low_open:
        return f"between {shown(parameter.low)} and {shown(parameter.high)}"
    return bounds_sentence(parameter)
