"""Template filters and functions: numbers, sizes, dates, and messages with placeholders."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import UTC, datetime

from flask import Flask
from markupsafe import Markup, escape

from app.domain.analysis.findings.line_account import describe_line_kind, describe_lines
from app.domain.analysis.profiling.profile import TimeAxis
from app.domain.analysis.profiling.step_durations import add_durations, duration_of
from app.domain.estimation import wording
from app.domain.estimators.parameters import Parameter, bounds_sentence
from app.domain.text.messages import with_commas
from app.domain.text.numbers import format_number, format_score
from app.domain.text.words import pluralise
from app.web.charts.waiting import range_words
from app.web.wording import format_answer
from config import VERSION, Settings

# How a part is drawn, false unless the page, or the part that includes it, says otherwise: without the frame of its
# page, beside another answer, or followed by parts that change with it.
PART_FLAGS = (
    "apart",
    "bare",
    "cards",
    "follows",
    "linked",
    "linked_step",
    "live",
    "looked",
    "with_choices",
    "with_estimate",
    "with_side",
)


def init_app(app: Flask) -> None:
    """Make the filters and a few constants known to every template."""
    for function in (number, count, size, span, moment, day, iso, percent, allowed, coded, code, code_list, name_list):
        app.add_template_filter(function)
    app.add_template_filter(as_duration)
    app.add_template_filter(range_words)
    app.add_template_filter(format_score, "score")
    app.add_template_filter(pluralise, "plural")
    app.add_template_filter(format_answer, "shown")
    app.add_template_filter(describe_lines)
    app.add_template_filter(add_durations)
    app.add_template_filter(describe_line_kind)
    settings: Settings = app.extensions["hydroml_settings"]
    # Macros know globals, so that none need be imported with the context, which would make them anew each time.
    app.jinja_env.globals.update(limits=settings.limits, version=VERSION, say=say, say_count=say_count)
    app.jinja_env.globals.update(dict.fromkeys(PART_FLAGS, False))


def number(value: float | str | None, digits: int = 4) -> str:
    """Write a measured number; a text is what a column of texts holds and stays as it is."""
    if isinstance(value, str):
        return value
    if value is not None and not math.isfinite(value):
        return "not finite"
    return format_number(value, digits)


def count(value: int | None) -> str:
    """Write a count."""
    return "" if value is None else f"{value:,}"


def size(value: float | None) -> str:
    """Write a number of bytes."""
    if value is None:
        return ""
    for unit, amount in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if value >= amount:
            return f"{value / amount:,.1f} {unit}"
    return f"{value:,.0f} bytes"


def span(seconds: float | None) -> str:
    """Write a length of time."""
    return "" if seconds is None else wording.format_duration(seconds)


def moment(value: datetime | None) -> str:
    """Write a time for a reader, in UTC."""
    return "" if value is None else f"{value.day} {value:%b %Y, %H:%M} UTC"


def day(value: datetime | None) -> str:
    """Write a day for a reader."""
    return "" if value is None else f"{value.day} {value:%b %Y}"


def iso(value: datetime | None) -> str:
    """Write a time for a program."""
    return "" if value is None else value.replace(tzinfo=UTC).isoformat(timespec="seconds")


def percent(part: float, whole: float, digits: int = 1) -> str:
    """Format a share; one above zero that is too small to show is written as less than the smallest."""
    if not whole:
        return "0 %"
    share = 100 * part / whole
    least = 10**-digits
    if 0 < share < least:
        return f"< {least:g} %"
    return f"{share:.{digits}f} %" if share % 1 else f"{share:.0f} %"


def allowed(parameter: Parameter) -> str:
    """Describe the allowed values of a hyperparameter, as the start of its hint."""
    empty = f" Empty: {parameter.none_means}." if parameter.optional and parameter.none_means else ""
    return f"{bounds_sentence(parameter).capitalize()}.{empty}"


def coded(text: str) -> Markup:
    """Write what stands between two backticks, as names of columns do, as code; all of it is escaped."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return escape(text)
    pieces = (Markup("<code>{}</code>").format(part) if index % 2 else escape(part) for index, part in enumerate(parts))
    return Markup("").join(pieces)


def say(message: str, **values: object) -> Markup:
    """Fill the named placeholders of a whole message; values are escaped unless they are markup."""
    return escape(message).format(**{name: with_commas(value) for name, value in values.items()})


def say_count(count: int, text: str, many: str, **values: object) -> Markup:
    """Fill the message for one thing or that for another number of them; `{count}` is the number."""
    return say(text if count == 1 else many, count=count, **values)


def code(name: str) -> Markup:
    """Write a name as code."""
    return Markup("<code>{}</code>").format(name)


def code_list(names: Sequence[str], most: int = 12) -> Markup:
    """Write names of columns as code with commas between; of more than `most`, the rest is counted."""
    named = Markup(", ").join(code(name[:60]) for name in names[:most])
    rest = len(names) - most
    return say("{names} and {rest} more", names=named, rest=rest) if rest > 0 else named


def name_list(names: Sequence[str], most: int = 8) -> Markup:
    """Write names with commas between; of more than `most`, the rest is counted."""
    named = escape(", ".join(names[:most]))
    rest = len(names) - most
    return say("{names} and {rest} more", names=named, rest=rest) if rest > 0 else named


def as_duration(steps: object, axis: TimeAxis | None) -> str:
    """Write a number of steps as the time that they take; nothing where it is none or has no fixed length."""
    digits = str(steps or "").replace(",", "")
    return duration_of(int(digits), axis) if axis is not None and re.fullmatch(r"[0-9]{1,9}", digits) else ""
