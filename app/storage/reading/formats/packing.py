"""Reading entries of a zip file with limits on their unpacked size."""

from __future__ import annotations

import os
import shutil
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from app.storage.reading.refusals import RefusedError, over_limit

CHUNK = 1 << 20
ZIPS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
# Tables shrink to a tenth or a thirtieth; what grows beyond the limit's hundred times was mostly made to.
RATIO_FROM = 10 * CHUNK
SCRATCH = "scratch"


def scratch(folder: Path) -> Path:
    """Return the folder for what is needed only while reading; the caller removes it."""
    aside = folder / SCRATCH
    aside.mkdir(exist_ok=True)
    return aside


def link_file(path: Path, folder: Path, name: str) -> Path:
    """Return the file under a name of ours in the scratch folder, without copying it where the disk allows that."""
    near = scratch(folder) / name
    try:
        os.link(path, near)
    except OSError:
        shutil.copyfile(path, near)
    return near


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
    count, check = 0, 0
    for piece in _pieces(handle, info):
        count, check = count + len(piece), zlib.crc32(piece, check)
        yield piece
    if count != info.file_size or check != info.CRC:
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


def count_bytes(pieces: Iterable[bytes], *, packed: int, limits: dict[str, int], before: int = 0) -> Iterator[bytes]:
    """Pass pieces on, and refuse when they become too many, together or for what they were packed in.

    `packed` is the size of what they come from, `before` what other entries grew to, both in bytes.
    """
    count = 0
    for piece in pieces:
        count += len(piece)
        if before + count > limits["unpacked_mb"] * CHUNK:
            message = f"The file grows to more than {limits['unpacked_mb']:,} MB when unpacked."
            raise over_limit("unpacked_mb", message, code="expands_too_much", status=413)
        if count > RATIO_FROM and count > limits["unpacked_ratio"] * packed:
            message = f"The file grows to more than {limits['unpacked_ratio']:,} times its size when unpacked."
            raise over_limit("unpacked_ratio", message, code="expands_too_much", status=413)
        yield piece
