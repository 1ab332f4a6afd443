"""Schema errors as sentences for whoever sent the JSON."""

from __future__ import annotations

from typing import Any

from app.domain.text.numbers import format_number

SAID = {
    "missing": "This is missing.",
    "extra_forbidden": "There is no such field.",
    "json_invalid": "This is not valid JSON.",
    "string_type": "This must be a text.",
    "int_type": "This must be a whole number.",
    "int_parsing": "This must be a whole number.",
    "int_from_float": "This must be a whole number.",
    "float_type": "This must be a number.",
    "float_parsing": "This must be a number.",
    "bool_type": "This must be true or false.",
    "bool_parsing": "This must be true or false.",
    "finite_number": "This must be a finite number.",
    "string_unicode": "This text holds half of a character.",
    "list_type": "This must be a list.",
    "dict_type": "This must be an object.",
    "model_type": "This must be an object.",
    "uuid_parsing": "This is not an id.",
    "uuid_type": "This is not an id.",
}
BOUNDS = {
    "greater_than": "more than {gt}",
    "greater_than_equal": "at least {ge}",
    "less_than": "less than {lt}",
    "less_than_equal": "at most {le}",
    "string_too_short": "a text of at least {min_length} characters",
    "string_too_long": "a text of at most {max_length} characters",
    "too_long": "a list of at most {max_length}",
}


def sentence_of(fault: Any) -> str:
    """Return the sentence for one fault of a schema, as pydantic lists it."""
    known = SAID.get(fault["type"])
    if known is not None:
        return known
    if fault["type"] in BOUNDS:
        bounds = {name: _format_value(value) for name, value in fault["ctx"].items()}
        words = BOUNDS[fault["type"]].format(**bounds)
        return f"This must be {words.replace(' 1 characters', ' 1 character')}."
    if fault["type"] in ("enum", "literal_error"):
        expected = fault["ctx"]["expected"]
        several = "," in expected or " or " in expected
        return f"This must be one of {expected}." if several else f"This must be {expected}."
    return f"{fault['msg'].removeprefix('Value error, ').rstrip('.')}."


def _format_value(value: Any) -> str:
    """Write a bound as people do."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return format_number(value, 6)
