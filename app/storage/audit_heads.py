"""The key of the audit trail and the list of its heads, stored in files outside the database.

The file of heads only grows, a line at a time, so that several processes need no lock and an older database that is put
back cannot make it forget. A line that was not written, because the disk was full, is written at the next chance.
"""

from __future__ import annotations

import functools
import logging
import os
import secrets
from pathlib import Path

from app.domain.audit.chain import HEAD_DIGITS
from app.domain.errors import AuditKeyError

log = logging.getLogger(__name__)
KEY_BYTES = 32
# The newest lines are within this many bytes of the end.
TAIL_BYTES = 4096


def audit_dir(data: Path) -> Path:
    """Return the folder of key and heads."""
    return data / "audit"


@functools.lru_cache(maxsize=8)
def load_key(data: Path) -> bytes:
    """Return the key of the chain.

    Raises
    ------
    AuditKeyError
        If its file is missing, cannot be read, or holds no key.
    """
    path = audit_dir(data) / "key"
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except FileNotFoundError:
        raise AuditKeyError from None
    except (OSError, ValueError):
        raise AuditKeyError("cannot be read") from None
    if len(key) != KEY_BYTES:
        raise AuditKeyError("holds no key")
    return key


def load_first_key(data: Path) -> bytes:
    """Return the key for the first entry, and make it where there is none.

    A key that is gone is not made anew: the heads tell that there were entries, whatever the table says.
    """
    path = audit_dir(data) / "key"
    path.parent.mkdir(mode=0o700, exist_ok=True)
    if not path.exists() and not last_head(data):
        _make_key(path)
    return load_key(data)


def _make_key(path: Path) -> None:
    try:
        # The key comes to its place whole: two processes that start at once must not read half of one.
        part = path.with_name(f"key-{secrets.token_hex(4)}.part")
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as handle:
            handle.write(secrets.token_hex(KEY_BYTES))
            handle.flush()
            os.fsync(handle.fileno())
        try:
            os.link(part, path)
        finally:
            part.unlink()
    except FileExistsError:
        # Another process was first, and its key is the one.
        log.info("the key of the audit trail was made by another process")


def write_head(data: Path, number: int, entry_hash: str) -> None:
    """Write down that this entry was the last; what cannot be written now is written by a later call."""
    line = f"{number} {entry_hash[:HEAD_DIGITS]}\n".encode()
    try:
        descriptor = os.open(audit_dir(data) / "heads", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(descriptor, line)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as fault:
        log.warning("the head of the audit trail is not written: %s", fault)


def last_head(data: Path) -> int:
    """Return the number of the newest head that was written, 0 where there is none."""
    path = audit_dir(data) / "heads"
    if not path.exists():
        return 0
    with path.open("rb") as handle:
        handle.seek(max(0, path.stat().st_size - TAIL_BYTES))
        lines = handle.read().decode(errors="replace").splitlines()
    return max((number for number, _ in map(_parse, lines)), default=0)


def read_heads(data: Path) -> list[tuple[int, str]] | None:
    """Return every head, or None where the file is missing; a line that was cut off says nothing."""
    path = audit_dir(data) / "heads"
    if not path.exists():
        return None
    with path.open(encoding="utf-8", errors="replace") as handle:
        return [(number, start) for number, start in map(_parse, handle) if number]


def _parse(line: str) -> tuple[int, str]:
    number, _, start = line.strip().partition(" ")
    is_whole = number.isascii() and number.isdigit() and len(start) == HEAD_DIGITS
    return (int(number), start) if is_whole else (0, "")
