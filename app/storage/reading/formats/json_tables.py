"""JSON tables: records, rows, columns, or one record per line."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from app.domain.analysis.import_options.import_choices import Dialect, Peek, ReadingChoices
from app.domain.text.words import pluralise
from app.storage.reading.dialect import LOOKED_AT, NUMBER
from app.storage.reading.formats.file_format import Format
from app.storage.reading.formats.first_look import look_at_rows
from app.storage.reading.formats.json_records import DECODER, DEPTH, RepeatedKeyError, Text, encoding_of
from app.storage.reading.formats.wording import format_list
from app.storage.reading.refusals import RefusedError, over_limit
from app.storage.reading.rows import RowTable, Tally
from app.storage.reading.text_lines import TextLines

ENDINGS = (".json", ".jsonl", ".ndjson", ".geojson")
FIRST_LINE_BYTES = 1 << 20
Item = tuple[int, Any]


@dataclass
class Shape:
    """How the table lies in the text: `key` names the list, `names` the columns where they stand apart."""

    kind: Literal["lines", "list", "columns", "record"]
    key: str | None = None
    names: list[str] = field(default_factory=list)
    columns: dict[str, list[Any]] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)


def _is_json_table(head: bytes, suffix: str) -> bool:
    text = head.removeprefix(b"\xef\xbb\xbf")
    if text.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = text[2:].replace(b"\x00", b"")
    text = text.lstrip()
    if text[:1] not in (b"{", b"["):
        return False
    tight = text[:200].translate(None, b" \t\r\n")
    return (
        suffix.endswith(ENDINGS)
        or (tight[:2] in (b"[{", b"[[", b'{"') and (b'":' in tight or tight.startswith(b"[[")))
        or tight.startswith((b"[]", b"{}"))
    )


def open_table(path: Path, *, folder: Path, choices: ReadingChoices, limits: dict[str, int]) -> RowTable:
    """Open the file as a table of texts; what a record holds beside single values is left out and said."""
    return _open(path, limits, most=None)


def peek(path: Path, *, folder: Path, choices: ReadingChoices, limits: dict[str, int]) -> Peek:
    """Return the first look at the file, from its first records."""
    return look_at_rows(_open(path, limits, most=LOOKED_AT + 1))


def _open(path: Path, limits: dict[str, int], *, most: int | None) -> RowTable:
    shape, tally = _find_shape(path, limits), Tally()
    dialect = Dialect(format="jsonl" if shape.kind == "lines" else "json", encoding=encoding_of(path)[:6].rstrip("-"))
    if shape.kind in ("columns", "record"):
        return _table_of_columns(shape, dialect, tally, limits)
    record_shape = RecordShape(limits)
    for _, item in itertools.islice(_items(path, shape, limits, record_shape.tally), most):
        record_shape.add(item)
    if not record_shape.names and not record_shape.width:
        raise RefusedError("no_rows", "The JSON text holds no records.")
    if shape.others:
        tally.notes.append(f"Passed over beside the list {shape.key}: {format_list(shape.others)}.")
    items = itertools.islice(_items(path, shape, limits, tally), most)
    if record_shape.width:
        return _table_of_rows(items, shape, record_shape, dialect, tally, limits)
    names = [name for name in record_shape.names if name not in record_shape.nested]
    _note_nested(record_shape.nested, names, tally)
    return RowTable(names, _check_record(_rows_of_records(items, names, tally), names, limits), dialect, tally)


def _note_nested(nested: dict[str, None], names: list[str], tally: Tally) -> None:
    if not names:
        message = f"It has no column of single values, only nested ones: {format_list(nested)}."
        raise RefusedError("unsupported_type", message)
    if nested:
        tally.notes.append(f"Left out, because they hold no single values: {format_list(nested)}.")


class RecordShape:
    """What the first passage through the records finds: every name, and which of them hold nested values."""

    def __init__(self, limits: dict[str, int]) -> None:
        self.names: dict[str, None] = {}
        self.nested: dict[str, None] = {}
        self.width, self.first, self.tally, self._limits = 0, [""], Tally(), limits

    def add(self, item: Any) -> None:
        """Look at one item of the list."""
        if isinstance(item, dict):
            self.names.update(dict.fromkeys(item))
            self.nested.update({name: None for name, value in item.items() if isinstance(value, dict | list)})
            if len(self.names) > self._limits["columns"]:
                message = f"Its records have more than {self._limits['columns']:,} different names."
                raise over_limit("columns", message, code="too_many_columns")
        elif isinstance(item, list) and not self.width:
            self.width, self.first = len(item), [_format_value(value) for value in item]


def _find_shape(path: Path, limits: dict[str, int]) -> Shape:
    with Text(path, limits) as text:
        first = text.next()
        if _has_lines(path):
            return Shape("lines")
        if first == "[":
            return Shape("list")
        if first != "{":
            raise text.fault("It is neither a list nor an object")
        return _shape_of_object(text)


def _has_lines(path: Path) -> bool:
    """Return whether the first line is a value whole, and another one begins after it."""
    with path.open(encoding=encoding_of(path), errors="replace", newline="") as handle:
        line = ""
        while not line.strip():
            line = handle.readline(FIRST_LINE_BYTES)
            if not line:
                return False
        try:
            value = DECODER.decode(line)
        except (ValueError, RecursionError):
            return False
        after = next((letter for letter in iter(lambda: handle.read(1), "") if not letter.isspace()), "")
    return isinstance(value, dict | list) and after in ("{", "[")


def _shape_of_object(text: Text) -> Shape:
    """Return how the table lies in an object: the list of records or rows under one key, or a column under each."""
    shape = Shape("columns")
    record: dict[str, Any] = {}
    for key in text.keys():  # noqa: SIM118
        letter = text.next()
        if letter == "[":
            text.take("[")
            if text.next() in ("{", "["):
                names = [_format_value(name) for name in shape.columns.get("columns", [])]
                others = [name for name in (*shape.columns, *record) if name not in ("columns", "index")]
                return Shape("list", key, names, others=others)
            shape.columns[key] = list(text.items(opened=True))
        elif letter == "{":
            shape.columns[key] = [value for _, value in text.pairs()]
        else:
            record[key] = text.value()
    text.end()
    columns = {key: values for key, values in shape.columns.items() if values}
    if not columns:
        return Shape("record", columns={key: [value] for key, value in record.items()})
    return Shape("columns", columns=columns, others=list(record))


def _items(path: Path, shape: Shape, limits: dict[str, int], tally: Tally) -> Iterator[Item]:
    if shape.kind == "lines":
        yield from _lines(path, limits, tally)
        return
    with Text(path, limits) as text:
        if shape.key is None:
            yield from ((text.line(), item) for item in text.items())
        else:
            yield from _items_under(text, shape)
        text.end()


def _items_under(text: Text, shape: Shape) -> Iterator[Item]:
    shape.others = []
    for key in text.keys():  # noqa: SIM118
        if key == shape.key:
            yield from ((text.line(), item) for item in text.items())
            continue
        if key not in ("columns", "index") or not shape.names:
            shape.others.append(key)
        for _ in text.items() if text.next() == "[" else (text.value(),):
            continue


def _lines(path: Path, limits: dict[str, int], tally: Tally) -> Iterator[Item]:
    text = TextLines(path, encoding_of(path), limits)
    for number, line in enumerate(text, start=1):
        if not line.strip():
            tally.pass_over(number, "blank")
            continue
        if damage := text.faults.pop(number, ""):
            tally.reject(number, damage)
            continue
        try:
            yield number, DECODER.decode(line)
        except RecursionError:
            tally.reject(number, DEPTH)
        except RepeatedKeyError as fault:
            tally.reject(number, str(fault))
        except json.JSONDecodeError as fault:
            tally.reject(number, f"It is not valid JSON: {fault.msg.lower()} at letter {fault.colno:,}.")


def _rows_of_records(items: Iterator[Item], names: list[str], tally: Tally) -> Iterator[list[str]]:
    for line, item in items:
        if isinstance(item, dict):
            yield [_format_value(item.get(name)) for name in names]
        else:
            tally.reject(line, "It is no record with names.")


def _table_of_rows(
    items: Iterator[Item],
    shape: Shape,
    record_shape: RecordShape,
    dialect: Dialect,
    tally: Tally,
    limits: dict[str, int],
) -> RowTable:
    """Return a table of rows without names, of which the first holds the names if none of its cells is a number."""
    headed = not shape.names and all(cell and not NUMBER.match(cell) for cell in record_shape.first)
    names = shape.names or (
        record_shape.first if headed else [f"column_{position + 1}" for position in range(record_shape.width)]
    )
    if not headed and not shape.names:
        tally.notes.append("The first row holds values, so columns are named by their place.")

    def rows() -> Iterator[list[str]]:
        for index, (line, item) in enumerate(items):
            if index == 0 and headed:
                continue
            if not isinstance(item, list) or len(item) != len(names):
                size = pluralise(len(item), "cell") if isinstance(item, list) else "names"
                tally.reject(line, f"It has {size}; the table has {pluralise(len(names), 'column')}.")
            elif any(isinstance(value, dict | list) for value in item):
                tally.reject(line, "It has a nested value.")
            else:
                yield [_format_value(value) for value in item]

    return RowTable(names, _check_record(rows(), names, limits), dialect, tally)


def _table_of_columns(shape: Shape, dialect: Dialect, tally: Tally, limits: dict[str, int]) -> RowTable:
    nested = {
        name: None for name, values in shape.columns.items() if any(isinstance(value, dict | list) for value in values)
    }
    columns = {name: values for name, values in shape.columns.items() if name not in nested}
    _note_nested(nested, list(columns), tally)
    lengths = {len(values) for values in columns.values()}
    if len(lengths) > 1:
        text = ", ".join(f"{name[:30]} {len(values):,}" for name, values in itertools.islice(columns.items(), 6))
        raise RefusedError("columns_uneven", f"Its columns have different numbers of values: {text}.")
    if shape.others:
        tally.notes.append(f"Passed over beside the columns: {format_list(shape.others)}.")
    names = list(columns)
    rows = ([_format_value(value) for value in row] for row in zip(*columns.values(), strict=True))
    return RowTable(names, _check_record(rows, names, limits), dialect, tally)


def _check_record(rows: Iterator[list[str]], names: list[str], limits: dict[str, int]) -> Iterator[list[str]]:
    """Pass rows on, and refuse the first cell that is too large."""
    most = limits["cell_kb"] * 1024
    for number, row in enumerate(rows, start=1):
        if max(map(len, row), default=0) > most:
            name = next(name for name, cell in zip(names, row, strict=True) if len(cell) > most)
            message = f"Row {number:,}, column {name[:60]} holds more than {limits['cell_kb']:,} kB of text."
            raise over_limit("cell_kb", message, code="cell_too_large")
        yield row


def _format_value(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None or isinstance(value, dict | list) else str(value).lower()


FORMAT = Format("json", "a JSON file", ENDINGS, _is_json_table, open_table, peek)
