"""Strict JSON parsing of request bodies, with limits on depth, keys and numbers."""

from __future__ import annotations

import json
import math
import re
from typing import Any

# A config has eight levels. What is far deeper is made to exhaust whatever walks through it.
MAX_DEPTH = 32
_BRACKETS = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?|[\[\]{}]', re.DOTALL)


class JsonRefusedError(ValueError):
    """JSON that is not taken though it can be parsed; the message is a sentence for the user."""

    code = "json_invalid"


class JsonDepthError(JsonRefusedError):
    """JSON that is nested too deeply."""

    code = "json_too_deep"

    def __init__(self) -> None:
        super().__init__(f"This is nested more than {MAX_DEPTH} levels deep.")


def bounded_json(sent: str | bytes) -> str:
    """Return the text that was sent, for whatever parses it.

    Raises
    ------
    JsonDepthError
        If it is nested too deeply.
    ValueError
        If the bytes are no text.
    """
    text = sent if isinstance(sent, str) else sent.decode("utf-8-sig")
    if text.count("[") + text.count("{") > MAX_DEPTH:
        depth = 0
        for match in _BRACKETS.finditer(text):
            depth += (match[0] in "[{") - (match[0] in "]}")
            if depth > MAX_DEPTH:
                raise JsonDepthError
    return text


class JsonKeyTwiceError(JsonRefusedError):
    """JSON in which one object has a key twice, so that two programs may read two things in it."""

    code = "json_key_twice"

    def __init__(self, key: str) -> None:
        super().__init__(f"An object has the key {key[:60]} twice.")


class JsonNumberError(JsonRefusedError):
    """JSON with what is no number in it: NaN, or more than a number can hold."""

    code = "json_number"

    def __init__(self) -> None:
        super().__init__("It has a number that is not finite.")


def parse_strict_json(sent: str | bytes) -> Any:
    """Return the value that JSON text stands for, as `parse_json` does; no key may stand twice, nor NaN anywhere.

    Raises
    ------
    JsonRefusedError
        If it is nested too deeply, has a key twice, or a number that is none.
    ValueError
        If it is no JSON.
    """
    return _parse(sent, object_pairs_hook=_object, parse_constant=_number, parse_float=_number)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        names = [name for name, _ in pairs]
        raise JsonKeyTwiceError(next(name for name in names if names.count(name) > 1))
    return result


def _number(output: str) -> float:
    number = float(output)
    if not math.isfinite(number):
        raise JsonNumberError
    return number


def parse_json(sent: str | bytes) -> Any:
    """Return the value that JSON text stands for; half a character becomes a question mark.

    Raises
    ------
    JsonDepthError
        If it is nested too deeply.
    ValueError
        If it is no JSON.
    """
    return _parse(sent)


def _parse(sent: str | bytes, **hooks: Any) -> Any:
    text = bounded_json(sent)
    value = json.loads(text, **hooks)
    if "\\ud" not in text and "\\uD" not in text:
        return value
    # A lone half of a surrogate pair can be neither stored nor sent again.
    return json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
