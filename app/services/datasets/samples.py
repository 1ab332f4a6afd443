"""Sample datasets shipped with the product, read once and added to an account on first use."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

from app.domain.analysis.import_options.import_choices import ReadingChoices
from app.domain.analysis.profiling.profile import ANALYSIS_VERSION, DatasetProfile
from app.domain.audit.acts import AuditAct
from app.domain.errors import NotFoundError
from app.domain.vocabulary import DatasetState
from app.services.audit.trail import record
from app.services.context import current_settings
from app.storage import datasets, files, integrity
from app.storage.db import transaction
from app.storage.integrity import Soundness
from app.storage.reading import read_file
from app.storage.tables import Dataset, User

PARQUET = "data.parquet"


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
    return files.sha256_of(path)


def sample_of(sample_id: str) -> Sample:
    """Return a sample, or raise NotFoundError."""
    for sample in SAMPLES:
        if sample.id == sample_id:
            return sample
    raise NotFoundError("There is no such sample.", field="sample")


def samples_are_ready() -> bool:
    """Return whether every sample has been read."""
    folders = (_sample_folder(_sha256_of(file_of(sample.id)), ANALYSIS_VERSION) for sample in SAMPLES)
    return all(_is_read(folder) for folder in folders)


def _is_read(folder: Path) -> bool:
    """Return whether a sample was read and both files of it are what was stored; one that is not is read again."""
    return all(
        integrity.examine(folder / name) in (Soundness.SOUND, Soundness.UNKNOWN) for name in (PARQUET, files.PROFILE)
    )


def prepare_samples() -> None:
    """Read every sample that has not been read yet, so that choosing one takes no time."""
    for sample in SAMPLES:
        _read_sample(sample)


def _read_sample(sample: Sample) -> DatasetProfile:
    source, limits = file_of(sample.id), current_settings().limits
    folder = _sample_folder(_sha256_of(source), ANALYSIS_VERSION)
    if _is_read(folder):
        return files.read_profile(folder)
    return read_file(source, folder, limits=limits, seconds=limits.read_seconds, file_name=sample.file)


def file_of(sample_id: str) -> Path:
    """Return the file of a sample as it is shipped."""
    return current_settings().samples / sample_of(sample_id).file


def folder_of(dataset: Dataset) -> Path:
    """Return the folder where the rows of a sample lie, as they were read when this entry was made."""
    return _sample_folder(dataset.sha256 or "", dataset.analysis_version)


def _sample_folder(sha256: str, analysis_version: int | None) -> Path:
    # A newer version reads a sample again beside the old reading, on which experiments may stand.
    name = sha256 if analysis_version is None else f"{sha256}-{analysis_version}"
    return files.sample_dir(current_settings().data, name)


def use_sample(user: User, sample_id: str) -> Dataset:
    """Return the user's entry for a sample; it is made on first use."""
    sample = sample_of(sample_id)
    profile = _read_sample(sample)
    source = file_of(sample.id)
    sha256 = _sha256_of(source)
    with transaction():
        datasets.lock_owner(user.id)
        known = datasets.find_sample_copy(user.id, sample=sample.id, sha256=sha256, analysis_version=ANALYSIS_VERSION)
        if known is not None:
            return known
        row = datasets.add_dataset(
            owner_id=user.id,
            name=sample.title,
            file_name=sample.file,
            sample=sample.id,
            state=DatasetState.READY.value,
            size_bytes=source.stat().st_size,
            sha256=sha256,
            format=profile.report.dialect.format,
            fingerprint=ReadingChoices().fingerprint(),
            analysis_version=ANALYSIS_VERSION,
            rows=profile.rows,
            column_count=len(profile.columns),
            profile=profile.to_json(),
        )
        record(AuditAct.ADD_DATASET, actor=user, subject_id=row.id, after={"sample": sample.id})
    return row


def first_answers(dataset: Dataset) -> dict[str, str]:
    """Return the answers of the Data step for a draft on this dataset: a sample knows its target."""
    known = {sample.id: sample.target for sample in SAMPLES}
    target = {"target": known[dataset.sample]} if dataset.sample in known else {}
    return {"dataset_id": str(dataset.id), **target}
