"""Lines of the log: one line each, with ids, and without what a fault quotes."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable

import pytest

from app.domain.errors import DatabaseBusyError, DomainError
from app.storage.log_lines import JsonLogLines, PlainLogLines, describe_fault
from app.storage.origin import Origin, working_for

SECRET = "secret cell"


def record(message: str, *arguments: object, fault: BaseException | None = None) -> logging.LogRecord:
    current = (type(fault), fault, fault.__traceback__) if fault else None
    return logging.LogRecord("app.some", logging.ERROR, __file__, 1, message, arguments, current)


def raised(fail: Callable[[], object]) -> BaseException:
    with pytest.raises(ValueError) as caught:
        fail()
    return caught.value


def convert() -> None:
    try:
        float(SECRET)
    except ValueError as fault:
        raise ValueError(f"no number: {SECRET}") from fault


def test_a_line_of_json_names_request_and_job() -> None:
    with working_for(Origin("worker", request_id="r1", job_id="j1")):
        line = json.loads(JsonLogLines().format(record("the %s of %s", "end", "it")))
    assert (line["message"], line["level"], line["logger"]) == ("the end of it", "error", "app.some")
    assert (line["request"], line["job"]) == ("r1", "j1")
    assert "request" not in json.loads(JsonLogLines().format(record("x")))


@pytest.mark.parametrize("lines", [JsonLogLines(), PlainLogLines()])
def test_a_fault_is_told_by_class_and_place_and_not_by_its_words(lines: logging.Formatter) -> None:
    fault = raised(convert)
    text = lines.format(record("failed: %s", fault, fault=fault))
    assert SECRET not in text
    assert "failed: ValueError" in text
    assert text.count("at convert (test_log_lines.py:") == 2


@pytest.mark.parametrize("lines", [JsonLogLines(), PlainLogLines()])
def test_a_message_stays_on_one_line(lines: logging.Formatter) -> None:
    text = lines.format(record("a name\r\n2026-01-01 app ERROR forged %s", "x\ny"))
    assert "\n" not in text
    assert "\r" not in text


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (DomainError(SECRET, code="too_bad"), "DomainError (too_bad)"),
        (DatabaseBusyError(), "DatabaseBusyError: The database is busy."),
        (OSError(28, "No space left on device", SECRET), "OSError: No space left on device"),
        (KeyError(SECRET), "KeyError"),
    ],
)
def test_what_a_fault_is_is_said_without_what_it_quotes(fault: BaseException, words: str) -> None:
    assert describe_fault(fault).startswith(words.split(":", maxsplit=1)[0])
    assert SECRET not in describe_fault(fault)


@pytest.mark.parametrize("lines", [JsonLogLines(), PlainLogLines()])
@pytest.mark.parametrize("sign", ["\x1b[2K", "\u202e", "\x00", "\u2028x", "\x85x", "\x7f", "\ud800", "\u2066"])
def test_a_name_cannot_move_the_cursor_or_turn_the_line(lines: logging.Formatter, sign: str) -> None:
    text = lines.format(record("no account for %s", f"eve{sign}"))
    assert text.isprintable()
    assert "eve" in text
