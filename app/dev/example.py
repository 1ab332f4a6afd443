"""The Example class: one macro or partial in one state, for the gallery."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Example:
    """A template in one state.

    `values` are the arguments of a macro, or what a partial reads by name. `macro` is "" for a partial. `frame`
    says what must stand around a macro that is only a part: "svg" for parts of a chart, "lines" for text in lines,
    and "source" where the macro writes attributes or names a control elsewhere, which is shown as text. `body` is
    what a macro with a caller encloses, and `context` what a macro reads by name beside its arguments.
    """

    template: str
    macro: str
    state: str
    values: Mapping[str, Any] = field(default_factory=dict)
    frame: str = ""
    body: str = ""
    context: Mapping[str, Any] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """Return the macro, where there is one, and the state."""
        return f"{self.macro}: {self.state}" if self.macro else self.state.capitalize()

    @property
    def slug(self) -> str:
        """Return the id of the example's place on the page."""
        words = f"{self.template.removesuffix('.html')} {self.macro} {self.state}".lower()
        return re.sub(r"[^a-z0-9]+", "-", words).strip("-")


def macro_example(
    file: str,
    macro: str,
    state: str,
    *,
    frame: str = "",
    body: str = "",
    context: Mapping[str, Any] | None = None,
    **values: Any,
) -> Example:
    """Return an example of a macro of `macros/<file>.html` with these arguments."""
    return Example(f"macros/{file}.html", macro, state, values, frame, body, context or {})


def partial_example(name: str, state: str, **values: Any) -> Example:
    """Return an example of `partials/<name>.html` with this context."""
    return Example(f"partials/{name}.html", "", state, values)
