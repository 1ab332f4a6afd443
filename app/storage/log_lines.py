"""Log formatters, JSON and plain text, without any data of users.

What an exception says may quote a cell, a column or a parameter of a statement, so a line names its class and the
places it came through instead. What we say ourselves stays as it is.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import traceback
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

from app.domain.errors import DomainError, ObstacleError
from app.storage.origin import current_origin

FORMAT_SETTING = "HYDROML_LOG_FORMAT"
MAX_FRAMES = 30


def describe_fault(fault: BaseException) -> str:
    """Describe the kind of a fault, without the data that it quotes."""
    name = type(fault).__name__
    if isinstance(fault, ObstacleError):
        return f"{name}: {fault.message}"
    if isinstance(fault, DomainError):
        return f"{name} ({fault.code})"
    if isinstance(fault, OSError) and fault.errno is not None:
        return f"{name}: {fault.strerror}"
    original = getattr(fault, "orig", None)
    return f"{name} from {type(original).__name__}" if isinstance(original, BaseException) else name


def describe_trace(fault: BaseException | None) -> list[str]:
    """Return a fault and its causes with the places that they came through, innermost last; no line of source."""
    lines: list[str] = []
    seen: set[int] = set()
    while fault is not None and id(fault) not in seen:
        seen.add(id(fault))
        lines += [describe_fault(fault), *_places(fault.__traceback__)]
        fault = fault.__cause__ or (None if fault.__suppress_context__ else fault.__context__)
    return lines


def _places(trace: TracebackType | None) -> list[str]:
    frames = traceback.extract_tb(trace, limit=-MAX_FRAMES)
    return [f"  at {frame.name} ({os.path.basename(frame.filename)}:{frame.lineno})" for frame in frames]  # noqa: PTH119


def _message(record: logging.LogRecord) -> str:
    """Return the message with exceptions among its arguments described, on one line, of signs that can be seen."""
    values = record.args
    if isinstance(values, tuple) and any(isinstance(value, BaseException) for value in values):
        safe = tuple(describe_fault(value) if isinstance(value, BaseException) else value for value in values)
        text = str(record.msg) % safe
    else:
        text = record.getMessage()
    # Signs that move the cursor or turn the direction would let a name write lines of its own into a terminal.
    line = " ".join(text.split())
    if line.isprintable():
        return line
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode("ascii") for sign in line)


class PlainLogLines(logging.Formatter):
    """A line for people, with the ids that tell one story."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; a fault takes one more for each place."""
        origin = current_origin()
        ids = "".join(f" [{name}]" for name in (origin.request_id, origin.job_id) if name)
        position = datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%d %H:%M:%S")
        line = f"{position} {record.name} {record.levelname}{ids} {_message(record)}"
        fault = record.exc_info[1] if record.exc_info else None
        return "\n".join((line, *describe_trace(fault)))


class JsonLogLines(logging.Formatter):
    """A JSON object on one line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the object."""
        origin = current_origin()
        values: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _message(record),
            "process": record.process,
        }
        values |= {name: value for name, value in (("request", origin.request_id), ("job", origin.job_id)) if value}
        fault = record.exc_info[1] if record.exc_info else None
        if fault is not None:
            values["fault"] = describe_trace(fault)
        return json.dumps(values, ensure_ascii=False)


def formatter() -> logging.Formatter:
    """Return text on a terminal and JSON anywhere else; HYDROML_LOG_FORMAT, `text` or `json`, says otherwise."""
    wanted = os.environ.get(FORMAT_SETTING, "").strip().lower() or ("text" if sys.stderr.isatty() else "json")
    return PlainLogLines() if wanted == "text" else JsonLogLines()


def start_logging(level: int = logging.WARNING) -> None:
    """Write the log of this process to its standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
