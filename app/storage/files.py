"""Paths of stored files, and writes that survive a kill whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

from app.domain.analysis.profiling.profile import DatasetProfile
from app.storage.integrity import HASHES, hashes_of

PROFILE = "profile.json"
PUBLISH_ATTEMPTS = 20


def incoming_dir(data: Path) -> Path:
    """Return the folder of uploads that are still arriving."""
    return _ensure_folder(data / "incoming")


def originals_dir(data: Path) -> Path:
    """Return the folder of the files as they came."""
    return _ensure_folder(data / "originals")


def original_file(data: Path, sha256: str) -> Path:
    """Return where the bytes with this hash lie, once for everybody; the hash is ours, never a user's text."""
    return data / "originals" / sha256


@contextlib.contextmanager
def lock_originals(data: Path) -> Iterator[None]:
    """Hold the originals while one is put down or dropped, so that none goes that was needed a moment ago."""
    folder = os.open(originals_dir(data), os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def keep_original(data: Path, arrived: Path, sha256: str) -> Path:
    """Put what arrived in its place among the originals; bytes that are there already are replaced by themselves."""
    place = original_file(data, sha256)
    _ensure_folder(place.parent)
    # To wait here until hundreds of megabytes are on the disk would keep a browser waiting; who reads the file checks
    # its hash first, and says ready only when its bytes are safe.
    arrived.replace(place)
    sync_folder(place.parent)
    return place


def sha256_of(path: Path) -> str:
    """Return the hash of a file."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def dataset_dir(data: Path, dataset_id: uuid.UUID) -> Path:
    """Return the folder of one dataset; its name is our own id, never a user's text."""
    return data / "datasets" / str(dataset_id)


def experiment_dir(data: Path, experiment_id: uuid.UUID) -> Path:
    """Return the folder of one experiment's artefacts."""
    return data / "experiments" / str(experiment_id)


def sample_dir(data: Path, name: str) -> Path:
    """Return the folder where one reading of a shipped sample lies; its name is made of its hash."""
    return data / "samples" / name


def _ensure_folder(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def free_mb(folder: Path) -> float:
    """Return the free space where this folder lies, in MB."""
    return shutil.disk_usage(folder).free / 1e6


def sync_folder(folder: Path) -> None:
    """Make a rename inside this folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_file(path: Path) -> None:
    """Make a file's bytes survive a power cut."""
    with path.open("rb") as handle:
        os.fsync(handle.fileno())


def publish_folder(aside: Path, target: Path) -> None:
    """Give a finished folder its final name, with the hashes of its files; one that is there already is replaced."""
    (aside / HASHES).write_text(hashes_of(aside), encoding="utf-8")
    for child in aside.iterdir():
        sync_file(child)
    sync_folder(aside)
    _ensure_folder(target.parent)
    for attempt in range(PUBLISH_ATTEMPTS):
        old = target.with_name(f"{target.name}.{uuid.uuid4().hex}.part")
        is_replaced = _is_moved(target, old)
        try:
            aside.rename(target)
            break
        except OSError as fault:
            is_taken = fault.errno in (errno.ENOTEMPTY, errno.EEXIST)
            if is_replaced and not is_taken:
                old.rename(target)
            if not is_taken or attempt == PUBLISH_ATTEMPTS - 1:
                raise
            # Somebody else has just put the same there, as where two requests read a file alike; the last one stays.
            remove_folder(old)
    sync_folder(target.parent)
    remove_folder(old)


def _is_moved(folder: Path, to: Path) -> bool:
    """Move a folder out of the way; returns whether it was there."""
    try:
        folder.rename(to)
    except FileNotFoundError:
        return False
    return True


def read_profile(folder: Path) -> DatasetProfile:
    """Return the profile that lies beside a dataset's rows."""
    return DatasetProfile.from_json(json.loads((folder / PROFILE).read_text(encoding="utf-8")))


def remove_folder(folder: Path) -> None:
    """Remove a folder of our own with all that is in it; one that is gone already is no fault."""
    shutil.rmtree(folder, ignore_errors=True)
