"""Datasets: samples, uploads, reading."""

from __future__ import annotations

import functools
import hashlib
import uuid
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

from app import queue
from app.domain.analysis.profile import DatasetProfile
from app.domain.errors import DomainError, NoSpaceError, NotFoundError, UnreadableFileError
from app.domain.vocabulary import DatasetState, JobKind
from app.services.context import current_settings
from app.storage import columnar, datasets, files, jobs
from app.storage.db import now, transaction
from app.storage.reading import read_file
from app.storage.tables import Dataset, Job, User

PARQUET = "data.parquet"
PROFILES_KEPT = 16
_profiles: OrderedDict[uuid.UUID, DatasetProfile] = OrderedDict()


@dataclass(frozen=True)
class Sample:
    """A dataset shipped with the product."""

    id: str
    title: str
    place: str
    summary: str
    file: str
    target: str


SAMPLES = (
    Sample(
        "piscataquis",
        "Piscataquis streamflow",
        "Maine, USA, gauge 01031500",
        "35 years of daily streamflow with rain, temperature and sunlight.",
        "piscataquis_01031500_daily.csv",
        "discharge_mm",
    ),
    Sample(
        "kingstown",
        "Kingstown groundwater",
        "Rhode Island, USA",
        "Daily groundwater head of a well with rain and evaporation.",
        "gw_kingstown_usgs_daily.csv",
        "head_m",
    ),
    Sample(
        "penguins",
        "Palmer penguins",
        "Palmer Archipelago, Antarctica",
        "Measurements of 344 penguins of three species, as written down in the field.",
        "rd_palmerpenguins_penguins_raw.csv",
        "Species",
    ),
)


@functools.lru_cache(maxsize=8)
def _sha256_of(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def sample_of(sample_id: str) -> Sample:
    """Return a sample, or raise NotFoundError."""
    for sample in SAMPLES:
        if sample.id == sample_id:
            return sample
    raise NotFoundError("There is no such sample.", field="sample")


def samples_are_ready() -> bool:
    """Say whether every sample has been read."""
    settings = current_settings()
    folders = (files.sample_dir(settings.data, _sha256_of(settings.samples / one.file)) for one in SAMPLES)
    return all((folder / PARQUET).exists() for folder in folders)


def prepare_samples() -> None:
    """Read every sample that has not been read yet, so that choosing one takes no time."""
    for sample in SAMPLES:
        _read_sample(sample)


def _read_sample(sample: Sample) -> DatasetProfile:
    settings = current_settings()
    source = settings.samples / sample.file
    folder = files.sample_dir(settings.data, _sha256_of(source))
    if (folder / PARQUET).exists():
        return files.read_profile(folder)
    limits = settings.limits
    return read_file(source, folder, limits=limits, seconds=limits.read_seconds, file_name=sample.file)


def use_sample(user: User, sample_id: str) -> Dataset:
    """Return the user's entry for a sample; it is made on first use."""
    sample = sample_of(sample_id)
    profile = _read_sample(sample)
    source = current_settings().samples / sample.file
    sha256 = _sha256_of(source)
    with transaction():
        known = datasets.find_sample_copy(user.id, sample=sample.id, sha256=sha256)
        if known is not None:
            return known
        return datasets.add_dataset(
            owner_id=user.id,
            name=sample.title,
            file_name=sample.file,
            sample=sample.id,
            state=DatasetState.READY.value,
            size_bytes=source.stat().st_size,
            sha256=sha256,
            rows=profile.rows,
            column_count=len(profile.columns),
            profile=profile.to_json(),
        )


def first_answers(dataset: Dataset) -> dict[str, str]:
    """Return what a draft answers on the Data step when it is put on this dataset: a sample knows its target."""
    known = {sample.id: sample.target for sample in SAMPLES}
    target = {"target": known[dataset.sample]} if dataset.sample in known else {}
    return {"dataset_id": str(dataset.id), **target}


def get_dataset(user: User, dataset_id: uuid.UUID) -> Dataset:
    """Return a dataset of the user, or raise NotFoundError."""
    return datasets.get_dataset(dataset_id, owner_id=user.id)


def list_datasets(user: User) -> list[Dataset]:
    """Return the user's datasets, newest first."""
    return datasets.list_datasets(user.id)


def parquet_of(dataset: Dataset) -> Path:
    """Return where the rows of a ready dataset lie."""
    settings = current_settings()
    if dataset.sample:
        return files.sample_dir(settings.data, dataset.sha256 or "") / PARQUET
    return files.dataset_dir(settings.data, dataset.id) / PARQUET


def profile_of(dataset: Dataset) -> DatasetProfile | None:
    """Return what is known about a dataset, or None until it is ready. A ready dataset never changes."""
    if dataset.state != DatasetState.READY.value:
        return None
    if dataset.id in _profiles:
        _profiles.move_to_end(dataset.id)
        return _profiles[dataset.id]
    values = datasets.load_profile(dataset.id)
    if values is None:
        return None
    profile = DatasetProfile.from_json(values)
    _profiles[dataset.id] = profile
    while len(_profiles) > PROFILES_KEPT:
        _profiles.popitem(last=False)
    return profile


def preview_rows(dataset: Dataset, *, limit: int = 8) -> list[list[str]]:
    """Return the first rows as texts."""
    profile = profile_of(dataset)
    if profile is None:
        return []
    return columnar.preview(parquet_of(dataset), profile, limit=limit)


def start_upload(user: User, file_name: str) -> Dataset:
    """Make room for a file that is about to arrive.

    Raises
    ------
    DomainError, NoSpaceError
        If no file was chosen, or the server or the account has no room.
    """
    name = Path(file_name.replace("\\", "/")).name.strip()[:200]
    if not name:
        raise DomainError("Choose a file first.", code="file_missing", field="file")
    settings = current_settings()
    if files.free_mb(settings.data) < settings.limits.free_disk_mb:
        raise NoSpaceError("The server has too little room for uploads. Ask whoever runs it.", field="file")
    _refuse_if_full(user)
    with transaction():
        return datasets.add_dataset(owner_id=user.id, name=name, file_name=name)


def _refuse_if_full(user: User) -> None:
    most = current_settings().limits.user_storage_mb
    if datasets.stored_bytes(user.id) > most * 1e6:
        message = f"Your datasets would fill more than the {most:,} MB of an account. Delete one first."
        raise NoSpaceError(message, field="file", code="quota")


def incoming_file(dataset_id: uuid.UUID) -> Path:
    """Return where the bytes of an upload gather."""
    return files.incoming_dir(current_settings().data) / f"{dataset_id}.part"


def drop_upload(dataset_id: uuid.UUID) -> None:
    """Forget an upload as if it had never been."""
    incoming_file(dataset_id).unlink(missing_ok=True)
    with transaction():
        row = datasets.find_dataset(dataset_id)
        if row is not None:
            _db_delete(row)


def _db_delete(row: Dataset) -> None:
    from app.storage.db import db

    db.session.delete(row)


def finish_upload(user: User, dataset_id: uuid.UUID, *, size_bytes: int, sha256: str) -> Dataset:
    """Read what has arrived: a small file at once, a large one by a worker.

    Raises
    ------
    UnreadableFileError, NoSpaceError
        If a small file cannot become a dataset, or the account has no room for it; nothing of it is kept then.
    """
    limits = current_settings().limits
    small = size_bytes <= limits.inline_read_mb * 1e6
    try:
        with transaction():
            row = datasets.get_dataset(dataset_id, owner_id=user.id)
            row.state, row.size_bytes, row.sha256 = DatasetState.READING.value, size_bytes, sha256
            row.touched_at = now()
            # Two uploads at the same moment each found room for themselves alone.
            _refuse_if_full(user)
            job = None if small else _analyse_job(row)
    except NoSpaceError:
        drop_upload(dataset_id)
        raise
    if job is not None:
        _ring(job)
        return row
    try:
        return read_dataset(dataset_id, seconds=limits.inline_read_seconds)
    except (UnreadableFileError, NoSpaceError) as fault:
        if fault.code == "too_slow" and limits.inline_read_seconds < limits.read_seconds:
            # A small file may still take long, with thousands of columns for instance; a worker has more patience.
            with transaction():
                job = _analyse_job(row)
            _ring(job)
            return row
        drop_upload(dataset_id)
        raise


def _analyse_job(row: Dataset) -> Job:
    seconds = current_settings().limits.read_seconds + 60
    return jobs.add_job(JobKind.ANALYSE, subject_id=row.id, owner_id=row.owner_id, seconds=seconds)


def _ring(job: Job) -> None:
    if queue.ring(job.id, JobKind(job.kind), seconds=job.time_limit_seconds):
        with transaction():
            jobs.mark_rung(job.id)


def read_dataset(dataset_id: uuid.UUID, *, seconds: int | None = None) -> Dataset:
    """Read an uploaded file into its dataset; the row says ready only when everything is in place.

    Raises
    ------
    UnreadableFileError, NoSpaceError
        With a sentence; the row is left as it was.
    """
    settings, row = current_settings(), datasets.get_dataset(dataset_id)
    if row.state == DatasetState.READY.value:
        return row
    folder, source = files.dataset_dir(settings.data, row.id), incoming_file(row.id)
    if not source.exists():
        raise UnreadableFileError("The uploaded file is gone. Upload it again.", code="file_gone")
    within = settings.limits.read_seconds if seconds is None else seconds
    profile = read_file(source, folder, limits=settings.limits, seconds=within, file_name=row.file_name)
    try:
        with transaction():
            row = datasets.get_dataset(dataset_id)
            row.state, row.rows, row.column_count = DatasetState.READY.value, profile.rows, len(profile.columns)
            row.profile, row.touched_at, row.reason = profile.to_json(), now(), None
    except NotFoundError:
        # It was deleted while it was read.
        files.remove_folder(folder)
        source.unlink(missing_ok=True)
        raise
    source.unlink(missing_ok=True)
    return row


def fail_dataset(dataset_id: uuid.UUID, *, code: str, message: str) -> None:
    """Say why a file could not become a dataset, and drop its bytes."""
    incoming_file(dataset_id).unlink(missing_ok=True)
    with transaction():
        row = datasets.find_dataset(dataset_id)
        if row is not None and row.state != DatasetState.READY.value:
            row.state, row.reason_code, row.reason = DatasetState.FAILED.value, code, message[:1000]


def delete_dataset(user: User, dataset_id: uuid.UUID) -> None:
    """Take a dataset off the lists; its rows stay on disk only while an experiment refers to them."""
    with transaction():
        row = datasets.get_dataset(dataset_id, owner_id=user.id)
        row.deleted_at = now()
        needed = datasets.is_needed(row.id)
    if not needed and not row.sample:
        files.remove_folder(files.dataset_dir(current_settings().data, row.id))
        incoming_file(row.id).unlink(missing_ok=True)


def analysis_job(dataset: Dataset) -> Job | None:
    """Return the job that reads a dataset, if a worker does."""
    return jobs.find_job(dataset.id, JobKind.ANALYSE)
