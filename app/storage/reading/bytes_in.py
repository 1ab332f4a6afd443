"""From bytes to text: what kind of file this is, and unpacking with a counter."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

from app.storage.reading.refusals import RefusedError, over

CHUNK = 1 << 20
MAGIC = (
    (b"%PDF", "a PDF file"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"\x7fELF", "a program"),
    (b"PAR1", "a Parquet file"),
    (b"SQLite format 3", "a database"),
    (b"\x89HDF", "an HDF5 or NetCDF file"),
    (b"CDF\x01", "a NetCDF file"),
    (b"CDF\x02", "a NetCDF file"),
)
ARCHIVES = ((b"7z\xbc\xaf", "7z"), (b"Rar!", "rar"), (b"BZh", "bzip2"), (b"\xfd7zXZ", "xz"), (b"(\xb5/\xfd", "zstd"))
HTML_STARTS = (b"<!doctype html", b"<!--", b"<html", b"<head", b"<?xml", b"<svg", b"<body")
ZIPS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
RATIO = 100
RATIO_FROM = 10 * CHUNK


def check_kind(head: bytes, suffix: str, *, tar: bool) -> None:
    """Refuse what is no text table, by its first bytes rather than by its name."""
    _refuse_binary(head)
    if head.startswith(ZIPS):
        _refuse_zip(head, suffix)
    if tar or head[257:262] == b"ustar":
        raise RefusedError("archive", "This is a tar archive. Unpack it first.", status=415)
    if suffix.endswith((".parquet", ".xlsx", ".xls", ".json", ".nc")) and head:
        ending = suffix.rsplit(".", 1)[-1]
        message = f"The name ends in {ending}, but the content is text. Rename it to .csv if it is a table."
        raise RefusedError("name_and_content_differ", message, status=415)
    if head.lstrip(b"\xef\xbb\xbf \t\r\n")[:60].lower().startswith(HTML_STARTS):
        raise RefusedError("looks_like_html", "This is a web page, not a table. Download the data itself.", status=422)
    if head.lstrip()[:1] in (b"{", b"[") and _looks_like_json(head):
        raise RefusedError("wrong_type", "This is a JSON file. HydroML reads tables as CSV text.", status=415)


def _refuse_binary(head: bytes) -> None:
    for magic, what in MAGIC:
        if head.startswith(magic):
            raise RefusedError("wrong_type", f"This is {what}. HydroML reads tables as CSV text.", status=415)
    # Two letters may well be the name of a column; what follows them in a program never is.
    if head.startswith(b"MZ") and b"\x00" in head[:64]:
        raise RefusedError("wrong_type", "This is a program. HydroML reads tables as CSV text.", status=415)
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        message = "This is an old or password-protected Office file. Save the sheet as CSV without a password."
        raise RefusedError("wrong_type", message, status=415)
    for magic, name in ARCHIVES:
        if head.startswith(magic):
            raise RefusedError("archive", f"This is a {name} archive. Unpack it first.", status=415)


def _refuse_zip(head: bytes, suffix: str) -> None:
    if b"xl/" in head or b"[Content_Types]" in head:
        message = "This is an Excel workbook. Save the sheet as CSV and choose that file."
        code = "name_and_content_differ" if suffix.endswith(".csv") else "wrong_type"
        raise RefusedError(code, message, status=415)
    raise RefusedError("archive", "This is a zip archive. Unpack it first.", status=415)


def _looks_like_json(head: bytes) -> bool:
    text = head.lstrip()[:200]
    return (text.startswith(b"{") and b'":' in text) or text.replace(b" ", b"")[:2] in (b"[{", b"[[")


def unpacked(source: Path, folder: Path, limits: dict[str, int]) -> Path:
    """Return the file itself, or what a single gzip holds, counted while it unpacks."""
    with source.open("rb") as handle:
        if handle.read(2) != b"\x1f\x8b":
            return source
    target = folder / "unpacked"
    most, packed, written = limits["unpacked_mb"] * CHUNK, source.stat().st_size, 0
    try:
        with gzip.open(source) as handle, target.open("wb") as out:
            while chunk := handle.read(CHUNK):
                written += len(chunk)
                if written > most or (written > RATIO_FROM and written > RATIO * packed):
                    message = f"The file grows to more than {written // CHUNK:,} MB when unpacked."
                    raise over("unpacked_mb", message, code="expands_too_much", status=413)
                out.write(chunk)
    except (gzip.BadGzipFile, EOFError, zlib.error):
        raise RefusedError("damaged", "The gzip file is damaged: it cannot be unpacked to its end.") from None
    with target.open("rb") as handle:
        if handle.read(2) == b"\x1f\x8b":
            raise RefusedError("archive", "This is a gzip inside a gzip. Unpack it first.", status=415)
    return target
