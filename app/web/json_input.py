"""Where bytes that somebody sent become JSON: the one place, so that no depth of it reaches anything behind."""

from __future__ import annotations

import json
import re
from typing import Any

# A config has eight levels. What is far deeper is made to exhaust whatever walks through it.
MAX_DEPTH = 32
_BRACKETS = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?|[\[\]{}]', re.DOTALL)


class JsonDepthError(ValueError):
    """JSON that is nested too deeply; the message is a sentence for the user."""

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
        for found in _BRACKETS.finditer(text):
            depth += (found[0] in "[{") - (found[0] in "]}")
            if depth > MAX_DEPTH:
                raise JsonDepthError
    return text


def parse_json(sent: str | bytes) -> Any:
    """Return the value that JSON text stands for; half a character becomes a question mark.

    Raises
    ------
    JsonDepthError
        If it is nested too deeply.
    ValueError
        If it is no JSON.
    """
    value = json.loads(bounded_json(sent))
    # A lone half of a surrogate pair can be neither stored nor sent again.
    return json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
