"""Unpacking gzip and zip files, and choosing the table inside a zip."""

from __future__ import annotations

import gzip
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from app.domain.analysis.import_options.import_choices import ReadingChoices
from app.storage.reading.formats.packing import CHUNK, ZIPS, count_bytes, entries_of, inflate, scratch
from app.storage.reading.formats.registry import needs_its_end
from app.storage.reading.formats.wording import format_list
from app.storage.reading.refusals import RefusedError

GZIP = b"\x1f\x8b"
MAX_ENTRIES = 200
TABLES = (".csv", ".tsv", ".tab", ".json", ".jsonl", ".ndjson", ".parquet", ".pq", ".xlsx", ".xls", ".rdb", ".nc")
MAYBE_TABLES = (".txt", ".dat", "")


@dataclass(frozen=True)
class Unpacked:
    """The file to read and where it came from.

    `suffix` is the ending of what is inside, `members` are the tables of a zip that has several and `member` the one
    taken. `whole` is False where only the head was unpacked, because nobody asked for more.
    """

    path: Path
    packing: Literal["", "gzip", "zip"] = ""
    suffix: str = ""
    members: tuple[str, ...] = ()
    member: str = ""
    whole: bool = True
    notes: tuple[str, ...] = ()


def unpack(
    source: Path,
    folder: Path,
    *,
    choices: ReadingChoices,
    limits: dict[str, int],
    suffix: str = "",
    head_mb: int | None = None,
) -> Unpacked:
    """Return the file itself, or what a gzip or a zip holds, unpacked into the scratch folder.

    With `head_mb`, no more than that is unpacked of a text; what cannot be read from its head is unpacked whole.

    Raises
    ------
    RefusedError
        With code, status and sentence.
    """
    with source.open("rb") as handle:
        head = handle.read(4)
    if head.startswith(GZIP):
        return _unpack_gzip(source, folder, suffix=suffix, limits=limits, head_mb=head_mb)
    if head.startswith(ZIPS) and not is_office(source, "workbook" if ".xls" in suffix else "zip file"):
        if suffix.endswith((*TABLES, ".txt")):
            ending = suffix.rsplit(".", 1)[-1]
            message = f"The name ends in {ending}, but the content is a zip archive. Rename it to .zip."
            raise RefusedError("name_and_content_differ", message, status=415)
        return _unpack_zip(source, folder, choices=choices, limits=limits, head_mb=head_mb)
    return Unpacked(source, suffix=suffix)


def is_office(source: Path, what: str = "zip file") -> bool:
    """Return whether a zip is a document of an office program, by the parts it must have."""
    with source.open("rb") as handle:
        names = {info.filename for info in entries_of(handle, what)}
    return bool(names & {"[Content_Types].xml", "META-INF/manifest.xml"})


def _write_pieces(pieces: Iterable[bytes], target: Path, head_mb: int | None) -> bool:
    """Write the pieces, and return whether that was all of them."""
    count = 0
    with target.open("wb") as out:
        for piece in pieces:
            out.write(piece)
            if head_mb is not None and count == 0 and needs_its_end(piece):
                head_mb = None
            count += len(piece)
            if head_mb is not None and count >= head_mb * CHUNK:
                # A line or a letter that is cut in two would look like damage.
                out.truncate(count - len(piece) + piece.rfind(b"\n") + 1)
                return False
    return True


def _refuse_archive_inside(path: Path, outer: str) -> None:
    with path.open("rb") as handle:
        head = handle.read(4)
    inner = "gzip" if head.startswith(GZIP) else "zip" if head.startswith(ZIPS) and not is_office(path) else ""
    if inner:
        raise RefusedError("archive", f"This is a {inner} inside a {outer}. Unpack it first.", status=415)


def _unpack_gzip(source: Path, folder: Path, *, suffix: str, limits: dict[str, int], head_mb: int | None) -> Unpacked:
    target = scratch(folder) / "unpacked"
    try:
        with gzip.open(source) as handle:
            pieces = count_bytes(iter(lambda: handle.read(CHUNK), b""), packed=source.stat().st_size, limits=limits)
            whole = _write_pieces(pieces, target, head_mb)
    except (gzip.BadGzipFile, EOFError, zlib.error):
        raise RefusedError("damaged", "The gzip file is damaged: it cannot be unpacked to its end.") from None
    _refuse_archive_inside(target, "gzip")
    return Unpacked(target, "gzip", suffix.removesuffix(".gz").removesuffix(".gzip"), whole=whole)


def _unpack_zip(
    source: Path, folder: Path, *, choices: ReadingChoices, limits: dict[str, int], head_mb: int | None
) -> Unpacked:
    target = scratch(folder) / "unpacked"
    with source.open("rb") as handle:
        entries = entries_of(handle)
        if len(entries) > MAX_ENTRIES:
            message = f"The zip archive holds {len(entries):,} files; at most {MAX_ENTRIES} are looked at."
            raise RefusedError("too_many_entries", message, status=413)
        tables, others = _tables_of(entries)
        info = _choose_entry(tables, choices.sheet)
        pieces = count_bytes(inflate(handle, info), packed=info.compress_size, limits=limits)
        whole = _write_pieces(pieces, target, head_mb)
    _refuse_archive_inside(target, "zip")
    several = tuple(table.filename for table in tables) if len(tables) > 1 else ()
    notes = [f"Read from the zip archive: {info.filename[:80]}."] if several or others else []
    return Unpacked(target, "zip", _entry_suffix(info), several, info.filename, whole, tuple(notes))


def _entry_suffix(info: zipfile.ZipInfo) -> str:
    return "".join(PurePosixPath(info.filename).suffixes[-2:]).lower()[:20]


def _tables_of(entries: list[zipfile.ZipInfo]) -> tuple[list[zipfile.ZipInfo], int]:
    """Return the entries that are tables by their names, and how many other files there are.

    Two files of one name would be one file to whoever unpacks them, so the last counts, as it does there.
    """
    paths = {info.filename: info for info in entries if not info.is_dir()}
    named = {PurePosixPath(name): info for name, info in paths.items()}
    files = [info for name, info in named.items() if name.name[:1] != "." and "__MACOSX" not in name.parts]
    for endings in (TABLES, MAYBE_TABLES):
        infos = [info for info in files if PurePosixPath(info.filename).suffix.lower() in endings]
        if infos:
            return infos, len(files) - len(infos)
    return (files, 0) if len(files) == 1 else ([], len(files))


def _choose_entry(tables: list[zipfile.ZipInfo], words: str | None) -> zipfile.ZipInfo:
    """Return the one entry to read, by its name where there are several."""
    by_name = {info.filename: info for info in tables}
    if words in by_name:
        return by_name[str(words)]
    if not tables:
        raise RefusedError("archive", "The zip archive holds no table. Choose the data file itself.", status=415)
    if len(tables) == 1:
        return tables[0]
    raise RefusedError(
        "choose_sheet", f"The zip archive holds {len(tables)} tables. Choose one: {format_list(by_name)}."
    )
