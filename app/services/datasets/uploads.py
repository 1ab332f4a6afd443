"""Uploads from the first byte to the reading: start, progress, finish, failure."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from pathlib import Path

from app.domain.analysis.import_options.import_choices import Peek, ReadingChoices
from app.domain.analysis.profiling.profile import ANALYSIS_VERSION
from app.domain.audit.acts import AuditAct
from app.domain.errors import DomainError, InterruptedReadingError, NoSpaceError, UnreadableFileError
from app.domain.vocabulary import DatasetState
from app.services.audit.trail import record
from app.services.context import current_settings
from app.services.datasets import analysis, originals
from app.services.datasets.originals import incoming_file
from app.storage import datasets, files
from app.storage.db import now, transaction
from app.storage.tables import Dataset, User

__all__ = [
    "NOTHING_SAID",
    "STOPPED",
    "drop_upload",
    "finish_upload",
    "first_look",
    "incoming_file",
    "note_arrived",
    "refuse_if_full",
    "start_upload",
    "stop_upload",
    "stopped_words",
]
NOTHING_SAID = ReadingChoices()
STOPPED = "upload_stopped"


@dataclass(frozen=True)
class ReceivedFile:
    """A file that has come whole, how it shall be read, and the first look at it where one was taken."""

    size_bytes: int
    sha256: str
    choices: ReadingChoices
    peek: Peek | None = None


def name_of(file_name: str) -> str:
    """Return the name of a file without the folders some browsers send along.

    Raises
    ------
    DomainError
        If nothing is left, because no file was chosen.
    """
    name = Path(file_name.replace("\\", "/")).name.strip()[:200]
    if not name:
        raise DomainError("Choose a file first.", code="file_missing", field="file")
    return name


def start_upload(user: User, file_name: str, *, expected_bytes: int | None = None) -> Dataset:
    """Make room for a file that is about to arrive.

    Raises
    ------
    DomainError, NoSpaceError
        If no file was chosen, or the server or the account has no room.
    """
    name = name_of(file_name)
    settings = current_settings()
    if files.free_mb(settings.data) < settings.limits.free_disk_mb:
        raise NoSpaceError("The server has too little room for uploads. Ask whoever runs it.", field="file")
    refuse_if_full(user)
    with transaction():
        return datasets.add_dataset(owner_id=user.id, name=name, file_name=name, expected_bytes=expected_bytes)


def refuse_if_full(user: User) -> None:
    """Raise NoSpaceError when an account holds more than it may."""
    most = current_settings().limits.user_storage_mb
    if datasets.stored_bytes(user.id) > most * 1e6:
        message = f"Your datasets would fill more than the {most:,} MB of an account. Delete one first."
        raise NoSpaceError(message, field="file", code="quota")


def note_arrived(dataset_id: uuid.UUID, *, size_bytes: int) -> None:
    """Record how much of a file has arrived so far."""
    with transaction():
        datasets.touch_dataset(dataset_id, size_bytes=size_bytes)


def name_upload(dataset_id: uuid.UUID, name: str) -> None:
    """Give an upload another name than that of its file."""
    with transaction():
        datasets.change_dataset(dataset_id, name=name[:200])


def stop_upload(dataset_id: uuid.UUID, *, size_bytes: int) -> None:
    """Mark an upload as cut off, with the amount that arrived; the bytes are dropped."""
    with transaction():
        row = datasets.find_dataset(dataset_id)
        if row is not None and row.state == DatasetState.RECEIVING.value:
            row.size_bytes = size_bytes
            originals.mark_failed(dataset_id, code=STOPPED, message=stopped_words(row))
    originals.drop_bytes(dataset_id)


def stopped_words(row: Dataset) -> str:
    """Return the sentence about an upload that came to no end, with the share that came where that is known."""
    if row.state == DatasetState.READING.value or not row.expected_bytes:
        return "The upload stopped before the end. Send it again."
    share = min(99, int(100 * row.size_bytes / row.expected_bytes))
    return f"The upload stopped at {share} %. Send the file again."


def drop_upload(dataset_id: uuid.UUID) -> None:
    """Forget an upload as if it had never been."""
    with transaction():
        row = datasets.find_dataset(dataset_id)
        if row is not None:
            datasets.drop_dataset(dataset_id)
    if row is None:
        incoming_file(dataset_id).unlink(missing_ok=True)
    else:
        originals.release_original(row)


def finish_upload(
    user: User,
    dataset_id: uuid.UUID,
    *,
    size_bytes: int,
    sha256: str,
    choices: ReadingChoices = NOTHING_SAID,
    keeps_refused: bool = False,
) -> Dataset:
    """Read what has arrived: a small file at once, a large one by a worker, after a first look.

    The same file read with the same choices is not kept twice: the dataset that is there already is returned.

    Raises
    ------
    UnreadableFileError, NoSpaceError
        If the file cannot become a dataset, or the account has no room for it. Nothing of it is kept then, but with
        `keeps_refused` a file that can be read in part, under the id that the error has as `kept`.
    """
    row = datasets.get_dataset(dataset_id, owner_id=user.id)
    by_worker = analysis.is_large(size_bytes)
    arrived = ReceivedFile(size_bytes, sha256, choices)
    try:
        known = _find_known(user, arrived)
        if known is None and by_worker:
            arrived = replace(arrived, peek=first_look(incoming_file(row.id), row.file_name, choices))
        known = known or _settle(user, row.id, arrived, by_worker=by_worker)
        if known is not None:
            drop_upload(dataset_id)
            return known
        return datasets.get_dataset(dataset_id) if by_worker else analysis.read_now_or_later(row)
    except (UnreadableFileError, NoSpaceError) as fault:
        if keeps_refused and isinstance(fault, UnreadableFileError) and fault.code in datasets.WAITING:
            _keep_partial_upload(user, dataset_id, fault)
        else:
            drop_upload(dataset_id)
        raise


def _keep_partial_upload(user: User, dataset_id: uuid.UUID, fault: UnreadableFileError) -> None:
    """Let a file wait that could be read in part; one that waited as the same bytes makes room for it."""
    originals.mark_failed(dataset_id, code=fault.code, message=fault.message)
    row = datasets.get_dataset(dataset_id)
    for earlier in datasets.list_partial_uploads(user.id, row.sha256 or ""):
        if earlier.id != dataset_id:
            drop_upload(earlier.id)
    fault.kept = dataset_id


def _find_known(user: User, arrived: ReceivedFile) -> Dataset | None:
    fingerprint = arrived.choices.fingerprint()
    return datasets.find_reading(
        user.id, sha256=arrived.sha256, fingerprint=fingerprint, analysis_version=ANALYSIS_VERSION
    )


def first_look(path: Path, file_name: str, choices: ReadingChoices) -> Peek | None:
    """Return the first look at a large file, or None where looking takes long and the reading will tell.

    Raises
    ------
    UnreadableFileError, NoSpaceError
        If it shows already that the file is no table.
    """
    try:
        return analysis.look_at(path, file_name, choices)
    except UnreadableFileError as fault:
        if fault.code in ("too_slow", "too_large_to_read", InterruptedReadingError.code):
            return None
        raise


def _settle(user: User, dataset_id: uuid.UUID, arrived: ReceivedFile, *, by_worker: bool) -> Dataset | None:
    """Write down what came and put it among the originals; a worker is told to read it where one shall.

    Returns the dataset that another request made of the same bytes meanwhile.
    """
    data = current_settings().data
    with files.lock_originals(data):
        with transaction():
            datasets.lock_owner(user.id)
            known = _find_known(user, arrived)
            if known is not None:
                return known
            row = datasets.get_dataset(dataset_id, owner_id=user.id)
            if row.state != DatasetState.RECEIVING.value:
                raise UnreadableFileError(row.reason or "This upload was ended. Send the file again.", code=STOPPED)
            row.state, row.touched_at = DatasetState.READING.value, now()
            row.size_bytes, row.sha256 = arrived.size_bytes, arrived.sha256
            row.choices, row.fingerprint = arrived.choices.to_json(), arrived.choices.fingerprint()
            row.analysis_version = ANALYSIS_VERSION
            row.peek = None if arrived.peek is None else arrived.peek.model_dump(mode="json")
            # Two uploads at the same moment each found room for themselves alone.
            refuse_if_full(user)
            record(AuditAct.ADD_DATASET, actor=user, subject_id=row.id, after={"size_bytes": row.size_bytes})
            if by_worker:
                analysis.enqueue_analysis(row)
        files.keep_original(data, incoming_file(dataset_id), arrived.sha256)
    return None
