"""Reading and profiling a dataset, now or by a worker, and its stored rows and profile."""

from __future__ import annotations

import contextlib
import logging
import uuid
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from app.domain.analysis.import_options.import_choices import Peek, ReadingChoices
from app.domain.analysis.profiling.profile import ANALYSIS_VERSION, DatasetProfile
from app.domain.errors import (
    ConflictError,
    DamagedFileError,
    InterruptedReadingError,
    NotFoundError,
    StoppedError,
    UnreadableFileError,
)
from app.domain.vocabulary import DatasetState, JobKind, RunState
from app.services.context import current_settings
from app.services.datasets import analysis_cache, originals, samples
from app.services.jobs import life_cycle
from app.storage import columnar, datasets, files, integrity, jobs
from app.storage.db import now, transaction
from app.storage.integrity import Soundness
from app.storage.reading import peek_file, read_file
from app.storage.tables import Dataset, Job

log = logging.getLogger(__name__)
PROFILES_KEPT = 16
# A tenth of a second, and some 10 MB.
COLUMNS_RECALLED = 3_000
NOT_READY = "The dataset is not ready yet."
ORIGINAL_GONE = "The file as it came was not kept, so it cannot be read in another way. Upload it again."
K = TypeVar("K")
V = TypeVar("V")
_profiles: OrderedDict[uuid.UUID, DatasetProfile] = OrderedDict()
_previews: OrderedDict[tuple[uuid.UUID, int, int, int], list[list[str]]] = OrderedDict()


def folder_of(dataset: Dataset) -> Path:
    """Return the folder where a dataset's rows lie; those of a sample as it is shipped lie there for everybody."""
    if dataset.sample and dataset.source_id is None:
        return samples.folder_of(dataset)
    return files.dataset_dir(current_settings().data, dataset.id)


def parquet_of(dataset: Dataset) -> Path:
    """Return where the rows of a ready dataset lie."""
    return folder_of(dataset) / samples.PARQUET


@dataclass(frozen=True)
class Damage:
    """What is wrong with the stored rows of a dataset: a sentence that names the file and the way back."""

    message: str
    is_being_restored: bool


def damage_of(dataset: Dataset, *, fresh: bool = False) -> Damage | None:
    """Return the damage to the stored rows of a ready dataset; None where they are intact.

    What was stored before hashes were is given one when it is first found readable, and is compared from then on.
    """
    path = parquet_of(dataset)
    state = integrity.examine(path, fresh=fresh)
    if state is Soundness.UNKNOWN and _record_hash(dataset, path):
        state = Soundness.SOUND
    if state is Soundness.SOUND:
        return None
    words = "are gone" if state is Soundness.MISSING else "are damaged"
    message = (
        f"The stored rows of {dataset.file_name} {words}. Its dataset's page reads the file again from the original."
    )
    job = analysis_job(dataset)
    return Damage(message, job is not None and not RunState(job.state).is_final)


def _record_hash(dataset: Dataset, path: Path) -> bool:
    """Write down the hash of rows that have none yet; False where they cannot be read."""
    try:
        if columnar.count_rows(path) != dataset.rows:
            return False
        integrity.write_hashes(path.parent)
    except DamagedFileError:
        return False
    except OSError as fault:
        log.warning("the hash of dataset %s cannot be written: %s", dataset.id, fault)
    return True


def sound_rows_of(dataset: Dataset, *, fresh: bool = False) -> Path:
    """Return where the rows of a ready dataset lie, after a comparison with the hash beside them.

    Raises
    ------
    DamagedFileError
        If they are not what was stored.
    """
    damage = damage_of(dataset, fresh=fresh)
    if damage is not None:
        raise DamagedFileError(damage.message)
    return parquet_of(dataset)


def choices_of(dataset: Dataset) -> ReadingChoices:
    """Return the import choices of a dataset."""
    return ReadingChoices.model_validate(dataset.choices or {})


def cache_key(dataset: Dataset, *more: str) -> str | None:
    """Return under which key an analysis is cached: by content, choices and version; None where these are unknown."""
    if not (dataset.sha256 and dataset.fingerprint and dataset.analysis_version is not None):
        return None
    return ":".join((dataset.sha256, dataset.fingerprint, str(dataset.analysis_version), *more))


def profile_of(dataset: Dataset) -> DatasetProfile | None:
    """Return the profile of a dataset, or None until it is ready. A ready dataset never changes."""
    if dataset.state != DatasetState.READY.value:
        return None
    if dataset.id in _profiles:
        _profiles.move_to_end(dataset.id)
        return _profiles[dataset.id]
    values = datasets.load_profile(dataset.id)
    if values is None:
        return None
    profile = DatasetProfile.from_json(values)
    _cache_value(_profiles, dataset.id, profile)
    return profile


def require_profile(dataset: Dataset, *, code: str = "dataset_not_ready") -> DatasetProfile:
    """Return the profile of a dataset that must be ready.

    Raises
    ------
    ConflictError
        Where it is not.
    """
    profile = profile_of(dataset)
    if profile is None:
        raise ConflictError(NOT_READY, code=code)
    return profile


def _cache_value(current: OrderedDict[K, V], key: K, value: V) -> None:
    current[key] = value
    while len(current) > PROFILES_KEPT:
        current.popitem(last=False)


def warm_profile_cache() -> None:
    """Load what is known about the datasets that were worked on last, as after a start they are what is opened next."""
    columns = 0
    for dataset in datasets.list_recent(PROFILES_KEPT):
        columns += dataset.column_count or 0
        if columns > COLUMNS_RECALLED:
            return
        profile_of(dataset)


def forget_profiles() -> None:
    """Forget what this process remembers, for tests and measurements."""
    _profiles.clear()
    _previews.clear()


def preview_rows(dataset: Dataset, *, limit: int = 8, offset: int = 0, most_columns: int = 60) -> list[list[str]]:
    """Return rows as texts, the first ones unless an offset says otherwise."""
    profile = profile_of(dataset)
    if profile is None:
        return []
    known = profile.preview_rows(limit, most_columns) if offset == 0 else None
    if known is not None:
        return known
    key = (dataset.id, limit, offset, most_columns)
    # Opening DuckDB takes longer than all the rest of a page, and the rows of a dataset never change.
    rows = _previews.get(key)
    if rows is None:
        rows = columnar.preview_rows(sound_rows_of(dataset), profile, limit=limit, offset=offset, most=most_columns)
        _cache_value(_previews, key, rows)
    return rows


def look_at(path: Path, file_name: str, choices: ReadingChoices) -> Peek:
    """Return the first look at a file, from its head alone.

    Raises
    ------
    UnreadableFileError, NoSpaceError
        With a sentence.
    """
    settings = current_settings()
    return peek_file(
        path,
        limits=settings.limits,
        seconds=settings.limits.peek_seconds,
        file_name=file_name,
        choices=choices,
        workspace=files.incoming_dir(settings.data),
    )


def peek_of(dataset: Dataset) -> Peek | None:
    """Return the first look that was stored when a large file came; None for a small one, which was read at once."""
    values = datasets.load_peek(dataset.id)
    try:
        return None if values is None else Peek.model_validate(values)
    except ValidationError:
        # An older version looked at it, and kept something else.
        return None


def peek_with(dataset: Dataset, choices: ReadingChoices) -> Peek:
    """Return the first look at a dataset's file as other choices would read it.

    Raises
    ------
    UnreadableFileError, NoSpaceError
        With a sentence; also when the file as it came was not kept.
    """
    path = originals.original_of(dataset)
    if path is None:
        raise UnreadableFileError(ORIGINAL_GONE, code="original_gone", status=409)
    suffix = Path(dataset.file_name).suffix.lower()[:20]
    key = f"peek:{dataset.sha256}:{choices.fingerprint()}:{ANALYSIS_VERSION}:{suffix}"
    known = analysis_cache.find(key)
    if known is not None:
        try:
            return Peek.model_validate(known)
        except ValidationError:
            known = None
    peek = look_at(path, dataset.file_name, choices)
    analysis_cache.keep(key, peek.model_dump(mode="json"))
    return peek


def enqueue_analysis(dataset: Dataset) -> Job:
    """Enqueue the reading of a dataset, in the caller's transaction."""
    return life_cycle.enqueue_job(JobKind.ANALYSE, subject_id=dataset.id, owner_id=dataset.owner_id)


def analysis_job(dataset: Dataset) -> Job | None:
    """Return the job that reads a dataset, if a worker does."""
    return jobs.find_job(dataset.id, JobKind.ANALYSE)


def is_large(size_bytes: int) -> bool:
    """Return whether a file is left to a worker, after a first look, rather than read while the browser waits."""
    return size_bytes > current_settings().limits.inline_read_mb * 1e6


def read_now_or_later(dataset: Dataset) -> Dataset:
    """Read a small file at once; one whose reading takes too long or is interrupted is left to a worker.

    Raises
    ------
    UnreadableFileError, NoSpaceError
        If the file cannot become a dataset; the row is left as it was.
    """
    limits = current_settings().limits
    try:
        return read_dataset(dataset.id, seconds=limits.inline_read_seconds)
    except InterruptedReadingError as fault:
        # Nobody knows yet whether the file is at fault; a worker counts how often that happens to it.
        log.warning("the dataset %s is left to a worker: %s", dataset.id, fault.message)
    except UnreadableFileError as fault:
        if fault.code != "too_slow" or limits.inline_read_seconds >= limits.read_seconds:
            raise
    enqueue_analysis(dataset)
    return dataset


def read_dataset(
    dataset_id: uuid.UUID, *, seconds: int | None = None, may_store: Callable[[], bool] = lambda: True
) -> Dataset:
    """Read a dataset's file into its rows; the row says ready only when everything is in place.

    Raises
    ------
    UnreadableFileError, NoSpaceError
        With a sentence; the row is left as it was.
    StoppedError
        If `may_store`, asked in the transaction that stores, says that the job was given to another worker.
    """
    settings, row = current_settings(), datasets.get_dataset(dataset_id)
    if row.state == DatasetState.READY.value and not damage_of(row, fresh=True):
        return row
    source, folder = originals.source_of(row), folder_of(row)
    within = settings.limits.read_seconds if seconds is None else seconds
    profile = read_file(
        source,
        folder,
        limits=settings.limits,
        seconds=within,
        file_name=row.file_name,
        choices=choices_of(row),
    )
    # It may have been deleted meanwhile, and its row says so below.
    with contextlib.suppress(FileNotFoundError):
        files.sync_file(source)
    try:
        with transaction():
            if not may_store():
                raise StoppedError
            row = _mark_ready(dataset_id, profile)
    except NotFoundError:
        # It was deleted while it was read.
        files.remove_folder(folder)
        originals.release_original(row)
        raise
    return row


def _mark_ready(dataset_id: uuid.UUID, profile: DatasetProfile) -> Dataset:
    """Mark a dataset as ready, in the caller's transaction."""
    row = datasets.get_dataset(dataset_id)
    row.state, row.rows, row.column_count = DatasetState.READY.value, profile.rows, len(profile.columns)
    row.profile, row.touched_at, row.reason = profile.to_json(), now(), None
    row.format, row.analysis_version = profile.report.dialect.format, ANALYSIS_VERSION
    jobs.delete_failed(dataset_id, error_code=DamagedFileError.code)
    return row
