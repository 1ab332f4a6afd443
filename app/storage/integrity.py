"""Hashes of stored files, to detect corruption before they are used."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import stat
from collections import OrderedDict
from enum import StrEnum
from pathlib import Path

HASHES = "hashes.json"
ALGORITHM = "blake2b"
REMEMBERED = 1000
_sound: OrderedDict[Path, tuple[int, int, str]] = OrderedDict()


class Soundness(StrEnum):
    """What a stored file is, compared with what was stored."""

    SOUND = "sound"
    DAMAGED = "damaged"
    MISSING = "missing"
    UNKNOWN = "unknown"


def hash_of(path: Path) -> str:
    """Return the hash of a file, a gigabyte in about a second."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, functools.partial(hashlib.blake2b, digest_size=32)).hexdigest()


def hashes_of(folder: Path) -> str:
    """Return the hash of every file of a folder, as it is written beside them."""
    hashes = {path.name: hash_of(path) for path in sorted(folder.iterdir()) if path.is_file() and path.name != HASHES}
    return json.dumps({"algorithm": ALGORITHM, "files": hashes})


def write_hashes(folder: Path) -> None:
    """Write the hash of every file of a folder that is in use beside them, whole or not at all."""
    text = hashes_of(folder)
    aside = folder / f"{HASHES}.{os.getpid()}.part"
    with aside.open("w", encoding="utf-8") as handle:
        handle.write(text)
        handle.flush()
        os.fsync(handle.fileno())
    aside.replace(folder / HASHES)


def examine(path: Path, *, fresh: bool = False) -> Soundness:
    """Compare a stored file with the hash beside it.

    Parameters
    ----------
    path
        The file. Its hash stands in the same folder, in `hashes.json`.
    fresh
        Whether its bytes are read in any case. Otherwise a file that was sound and has kept its size and time is
        taken to be sound still, which costs one look at the folder.
    """
    try:
        results = path.stat()
    except OSError:
        return Soundness.MISSING
    if not stat.S_ISREG(results.st_mode):
        # A folder has no bytes, and a pipe has none for as long as nobody writes.
        return Soundness.DAMAGED
    try:
        expected = _expected_hash(path)
        if expected is None:
            return Soundness.UNKNOWN
        known = (results.st_size, results.st_mtime_ns, expected)
        if not fresh and _sound.get(path) == known:
            return Soundness.SOUND
        is_sound = hash_of(path) == expected
    except (ValueError, KeyError, TypeError, RecursionError, OSError):
        return Soundness.DAMAGED
    if not is_sound:
        _sound.pop(path, None)
        return Soundness.DAMAGED
    _sound[path] = known
    while len(_sound) > REMEMBERED:
        _sound.popitem(last=False)
    return Soundness.SOUND


def _expected_hash(path: Path) -> str | None:
    """Return the hash that was written when a file was stored; None where none was, as in older folders."""
    hashes = path.parent / HASHES
    if not hashes.exists():
        return None
    if not hashes.is_file():
        raise ValueError(f"{HASHES} is no file")
    text = hashes.read_text(encoding="utf-8")
    return str(json.loads(text)["files"][path.name])
