"""From bytes to UTF-8 text: what kind of file this is, unpacking with a counter, and the encoding."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path

from app.storage.reading.refusals import RefusedError

CHUNK = 1 << 20
MAGIC = (
    (b"%PDF", "a PDF file"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"\x7fELF", "a program"),
    (b"SQLite format 3", "a database"),
)
ARCHIVES = ((b"7z\xbc\xaf", "7z"), (b"Rar!", "rar"), (b"BZh", "bzip2"), (b"\xfd7zXZ", "xz"), (b"(\xb5/\xfd", "zstd"))
HTML_STARTS = (b"<!doctype html", b"<!--", b"<html", b"<head", b"<?xml", b"<svg", b"<body")
ACCEPTED = "CSV, TSV, JSON, Parquet, Excel, RDB, CAMELS or NetCDF, also as gzip or zip"
TEXT_CANNOT_BE = (".parquet", ".pq", ".xlsx", ".xlsm", ".xls", ".json", ".jsonl", ".ndjson", ".nc", ".nc4", ".zip")


def check_kind(head: bytes, suffix: str, *, tar: bool) -> None:
    """Refuse what is no text table, by its first bytes rather than by its name."""
    _refuse_binary(head)
    if tar or head[257:262] == b"ustar":
        raise RefusedError("archive", "This is a tar archive. Unpack it first.", status=415)
    if suffix.endswith(TEXT_CANNOT_BE) and head:
        ending = suffix.rsplit(".", 1)[-1]
        message = f"The name ends in {ending}, but the content is text. Rename it to .csv if it is a table."
        raise RefusedError("name_and_content_differ", message, status=415)
    if head.lstrip(b"\xef\xbb\xbf \t\r\n")[:60].lower().startswith(HTML_STARTS):
        raise RefusedError("looks_like_html", "This is a web page, not a table. Download the data itself.", status=422)


def _refuse_binary(head: bytes) -> None:
    for magic, what in MAGIC:
        if head.startswith(magic):
            raise RefusedError("wrong_type", f"This is {what}. HydroML reads {ACCEPTED}.", status=415)
    # Two letters may well be the name of a column; what follows them in a program never is.
    if head.startswith(b"MZ") and b"\x00" in head[:64]:
        raise RefusedError("wrong_type", f"This is a program. HydroML reads {ACCEPTED}.", status=415)
    for magic, name in ARCHIVES:
        if head.startswith(magic):
            raise RefusedError("archive", f"This is a {name} archive. Unpack it first.", status=415)


def find_encoding(path: Path) -> str:
    """Return the encoding by its mark, else UTF-8 if every byte agrees, else Windows-1252.

    Reading Latin text as UTF-16 gives no rows and no error in some readers, so UTF-16 is believed by its mark alone.
    """
    with path.open("rb") as handle:
        head = handle.read(4)
        if head.startswith(codecs.BOM_UTF8):
            return "utf-8-sig"
        if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16"
        handle.seek(0)
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            while chunk := handle.read(CHUNK):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252"
    return "utf-8"


def lines_of(path: Path, encoding: str, limits: dict[str, int]) -> Iterator[str]:
    """Yield the file's lines as text, refusing NUL bytes and lines without end."""
    longest = max(limits["cell_kb"] * 1024 * 4, CHUNK)
    errors = "replace" if encoding == "cp1252" else "strict"
    try:
        with path.open(encoding=encoding, errors=errors, newline="") as handle:
            number = 0
            while line := handle.readline(longest + 1):
                number += 1
                if len(line) > longest:
                    message = f"Line {number:,} is longer than {longest:,} characters: this does not look like a table."
                    raise RefusedError("line_too_long", message, line=number)
                if "\x00" in line:
                    message = f"Line {number:,} contains a NUL byte: this is not text, or it is damaged."
                    raise RefusedError("control_characters", message, line=number)
                yield line
    except UnicodeDecodeError:
        raise RefusedError("damaged", f"The text is damaged: it is not {encoding} to its end.") from None
