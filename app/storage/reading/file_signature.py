"""Detection of binary files by their first bytes."""

from __future__ import annotations

import re

from app.storage.reading.refusals import RefusedError

CHUNK = 1 << 20
MAGIC = (
    (b"%PDF", "a PDF file"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"\x7fELF", "a program"),
)
ARCHIVES = ((b"7z\xbc\xaf", "7z"), (b"Rar!", "rar"), (b"BZh", "bzip2"), (b"\xfd7zXZ", "xz"), (b"(\xb5/\xfd", "zstd"))
HTML_STARTS = (b"<!doctype html", b"<!--", b"<html", b"<head", b"<?xml", b"<svg", b"<body")
ACCEPTED = "CSV, TSV, JSON, Parquet, Excel, NetCDF, WaterML and files of loggers and agencies, also as gzip or zip"
XML_READ = "Of XML, WaterML and Solinst XLE are read."
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
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith(b"<?xml") and not any(word in start[:2_000].lower() for word in (b"<html", b"<svg")):
        root = re.search(rb"<([A-Za-z][\w.:-]*)", start[:10_000])
        named = f" ({root[1].decode()[:40]})" if root else ""
        message = f"This is an XML file of a kind that is not known{named}. {XML_READ} Export the table as CSV."
        raise RefusedError("unsupported_format", message, status=415)
    if start[:60].lower().startswith(HTML_STARTS):
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
