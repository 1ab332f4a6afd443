"""Workbooks for tests, written by another library than the one that reads them."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterable
from typing import Any

import openpyxl
from openpyxl.worksheet.worksheet import Worksheet


def workbook(*sheets: tuple[str, Iterable[Iterable[Any]]], change: Callable[[Any], None] | None = None) -> bytes:
    """Return an .xlsx with these sheets; `change` may change it before it is written."""
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets:
        sheet: Worksheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    if change:
        change(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def repacked(content: bytes, changes: dict[str, Callable[[bytes], bytes] | bytes]) -> bytes:
    """Return a workbook with some parts changed or added."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            change = changes.get(name)
            data = old.read(name)
            new.writestr(name, change(data) if callable(change) else data if change is None else change)
        for name in set(changes) - set(old.namelist()):
            added = changes[name]
            assert isinstance(added, bytes)
            new.writestr(name, added)
    return out.getvalue()


def with_dtd(part: bytes, dtd: bytes) -> bytes:
    """Return an XML part with a document type before its first element."""
    return re.sub(rb"^(<\?xml[^>]*\?>)?", lambda match: match[0] + dtd, part, count=1)
