"""Out of a gzip or a zip, counted while it unpacks: no directory of an archive is believed about its sizes."""

from __future__ import annotations

import gzip
import os
import shutil
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Literal

from app.domain.analysis.import_options.import_choices import ReadingChoices
from app.storage.reading.formats.words import listed
from app.storage.reading.refusals import RefusedError, over

CHUNK = 1 << 20
GZIP = b"\x1f\x8b"
ZIPS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
# Tables shrink to a tenth or a thirtieth; what grows beyond the limit's hundred times was mostly made to.
RATIO_FROM = 10 * CHUNK
MOST_ENTRIES = 200
SCRATCH = "scratch"
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


def scratch(folder: Path) -> Path:
    """Return the folder for what is needed only while reading; the caller removes it."""
    aside = folder / SCRATCH
    aside.mkdir(exist_ok=True)
    return aside


def linked(path: Path, folder: Path, name: str) -> Path:
    """Return the file under a name of ours in the scratch folder, without copying it where the disk allows that."""
    near = scratch(folder) / name
    try:
        os.link(path, near)
    except OSError:
        shutil.copyfile(path, near)
    return near


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
        return _ungzipped(source, folder, suffix=suffix, limits=limits, head_mb=head_mb)
    if head.startswith(ZIPS) and not is_office(source, "workbook" if ".xls" in suffix else "zip file"):
        if suffix.endswith((*TABLES, ".txt")):
            ending = suffix.rsplit(".", 1)[-1]
            message = f"The name ends in {ending}, but the content is a zip archive. Rename it to .zip."
            raise RefusedError("name_and_content_differ", message, status=415)
        return _unzipped(source, folder, choices=choices, limits=limits, head_mb=head_mb)
    return Unpacked(source, suffix=suffix)


def is_office(source: Path, what: str = "zip file") -> bool:
    """Say whether a zip is a document of an office program, by the parts it must have."""
    with source.open("rb") as handle:
        names = {info.filename for info in entries_of(handle, what)}
    return bool(names & {"[Content_Types].xml", "META-INF/manifest.xml"})


def entries_of(handle: BinaryIO, what: str = "zip file") -> list[zipfile.ZipInfo]:
    """Return the directory of a zip.

    Raises
    ------
    RefusedError
        If there is none that can be read.
    """
    try:
        return zipfile.ZipFile(handle).infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OverflowError):
        raise damaged_zip(what) from None


def damaged_zip(what: str = "zip file") -> RefusedError:
    """Return the refusal of a zip that is not whole."""
    return RefusedError("damaged", f"The {what} is damaged: it cannot be unpacked to its end.")


def inflate(handle: BinaryIO, info: zipfile.ZipInfo) -> Iterator[bytes]:
    """Yield the bytes of one entry as they really are, however many the directory claims.

    Raises
    ------
    RefusedError
        If the entry is encrypted, packed in another way than usual, or not what the directory says.
    """
    if info.flag_bits & 1:
        message = "The zip archive is protected by a password. Unpack it, and choose the table inside."
        raise RefusedError("archive", message, status=415)
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        message = "The zip archive is packed in an unusual way. Unpack it, and choose the table inside."
        raise RefusedError("archive", message, status=415)
    handle.seek(info.header_offset)
    local = handle.read(30)
    if len(local) < 30 or not local.startswith(ZIPS[0]):
        raise damaged_zip()
    handle.seek(int.from_bytes(local[26:28], "little") + int.from_bytes(local[28:30], "little"), 1)
    written, check = 0, 0
    for piece in _pieces(handle, info):
        written, check = written + len(piece), zlib.crc32(piece, check)
        yield piece
    if written != info.file_size or check != info.CRC:
        raise damaged_zip()


def _pieces(handle: BinaryIO, info: zipfile.ZipInfo) -> Iterator[bytes]:
    left = info.compress_size
    unpacker = zlib.decompressobj(-15) if info.compress_type == zipfile.ZIP_DEFLATED else None
    try:
        while left > 0 and (packed := handle.read(min(left, CHUNK))):
            left -= len(packed)
            if unpacker is None:
                yield packed
                continue
            while packed:
                yield unpacker.decompress(packed, CHUNK)
                packed = unpacker.unconsumed_tail
        if unpacker is not None:
            yield unpacker.flush()
    except zlib.error:
        raise damaged_zip() from None


def counted(pieces: Iterable[bytes], *, packed: int, limits: dict[str, int], before: int = 0) -> Iterator[bytes]:
    """Pass pieces on, and refuse when they become too many, together or for what they were packed in.

    `packed` is the size of what they come from, `before` what other entries grew to, both in bytes.
    """
    written = 0
    for piece in pieces:
        written += len(piece)
        if before + written > limits["unpacked_mb"] * CHUNK:
            message = f"The file grows to more than {limits['unpacked_mb']:,} MB when unpacked."
            raise over("unpacked_mb", message, code="expands_too_much", status=413)
        if written > RATIO_FROM and written > limits["unpacked_ratio"] * packed:
            message = f"The file grows to more than {limits['unpacked_ratio']:,} times its size when unpacked."
            raise over("unpacked_ratio", message, code="expands_too_much", status=413)
        yield piece


def _stored(pieces: Iterable[bytes], target: Path, head_mb: int | None) -> bool:
    """Write the pieces, and return whether that was all of them."""
    from app.storage.reading.formats.registry import needs_its_end

    written = 0
    with target.open("wb") as out:
        for piece in pieces:
            out.write(piece)
            if head_mb is not None and written == 0 and needs_its_end(piece):
                head_mb = None
            written += len(piece)
            if head_mb is not None and written >= head_mb * CHUNK:
                # A line or a letter that is cut in two would look like damage.
                out.truncate(written - len(piece) + piece.rfind(b"\n") + 1)
                return False
    return True


def _refuse_archive_inside(path: Path, outer: str) -> None:
    with path.open("rb") as handle:
        head = handle.read(4)
    inner = "gzip" if head.startswith(GZIP) else "zip" if head.startswith(ZIPS) and not is_office(path) else ""
    if inner:
        raise RefusedError("archive", f"This is a {inner} inside a {outer}. Unpack it first.", status=415)


def _ungzipped(source: Path, folder: Path, *, suffix: str, limits: dict[str, int], head_mb: int | None) -> Unpacked:
    target = scratch(folder) / "unpacked"
    try:
        with gzip.open(source) as handle:
            pieces = counted(iter(lambda: handle.read(CHUNK), b""), packed=source.stat().st_size, limits=limits)
            whole = _stored(pieces, target, head_mb)
    except (gzip.BadGzipFile, EOFError, zlib.error):
        raise RefusedError("damaged", "The gzip file is damaged: it cannot be unpacked to its end.") from None
    _refuse_archive_inside(target, "gzip")
    return Unpacked(target, "gzip", suffix.removesuffix(".gz").removesuffix(".gzip"), whole=whole)


def _unzipped(
    source: Path, folder: Path, *, choices: ReadingChoices, limits: dict[str, int], head_mb: int | None
) -> Unpacked:
    target = scratch(folder) / "unpacked"
    with source.open("rb") as handle:
        entries = entries_of(handle)
        if len(entries) > MOST_ENTRIES:
            message = f"The zip archive holds {len(entries):,} files; at most {MOST_ENTRIES} are looked at."
            raise RefusedError("too_many_entries", message, status=413)
        tables, others = _tables_of(entries)
        info = _chosen(tables, choices.sheet)
        pieces = counted(inflate(handle, info), packed=info.compress_size, limits=limits)
        whole = _stored(pieces, target, head_mb)
    _refuse_archive_inside(target, "zip")
    several = tuple(one.filename for one in tables) if len(tables) > 1 else ()
    notes = [f"Read from the zip archive: {info.filename[:80]}."] if several or others else []
    return Unpacked(target, "zip", _suffix(info), several, info.filename, whole, tuple(notes))


def _suffix(info: zipfile.ZipInfo) -> str:
    return "".join(PurePosixPath(info.filename).suffixes[-2:]).lower()[:20]


def _tables_of(entries: list[zipfile.ZipInfo]) -> tuple[list[zipfile.ZipInfo], int]:
    """Return the entries that are tables by their names, and how many other files there are.

    Two files of one name would be one file to whoever unpacks them, so the last counts, as it does there.
    """
    paths = {info.filename: info for info in entries if not info.is_dir()}
    named = {PurePosixPath(name): info for name, info in paths.items()}
    files = [info for name, info in named.items() if name.name[:1] != "." and "__MACOSX" not in name.parts]
    for endings in (TABLES, MAYBE_TABLES):
        found = [info for info in files if PurePosixPath(info.filename).suffix.lower() in endings]
        if found:
            return found, len(files) - len(found)
    return (files, 0) if len(files) == 1 else ([], len(files))


def _chosen(tables: list[zipfile.ZipInfo], said: str | None) -> zipfile.ZipInfo:
    """Return the one entry to read, by its name where there are several."""
    by_name = {info.filename: info for info in tables}
    if said in by_name:
        return by_name[str(said)]
    if not tables:
        raise RefusedError("archive", "The zip archive holds no table. Choose the data file itself.", status=415)
    if len(tables) == 1:
        return tables[0]
    raise RefusedError("choose_sheet", f"The zip archive holds {len(tables)} tables. Choose one: {listed(by_name)}.")
