"""The description of a dataset and a target for programs, cached by content."""

from __future__ import annotations

import hashlib
import time
import uuid
from dataclasses import dataclass
from typing import Any

from app.domain.analysis.profiling.describing import describe, finding_json
from app.domain.errors import DomainError, UnavailableError, UnreadableFileError
from app.domain.vocabulary import DatasetState
from app.services.datasets import analysis, analysis_cache
from app.services.measurements import associations, leakage
from app.services.measurements.request import kinds_of
from app.storage import datasets, jobs
from app.storage.tables import Dataset, Job, User


@dataclass(frozen=True)
class Description:
    """An answer, the job to wait for, or both while leaks are measured. `cached`: it was put together before."""

    dataset: Dataset
    values: dict[str, Any] | None = None
    job: Job | None = None
    cached: bool = False
    elapsed_ms: float = 0.0


def describe_dataset(user: User, dataset_id: uuid.UUID, *, target: str | None = None) -> Description:
    """Return all that is known about a dataset, or the job that finds it out.

    Raises
    ------
    NotFoundError
        If there is no such dataset of the user's.
    UnreadableFileError, DomainError
        If the file could not be read, or there is no column of the target's name.
    """
    start = time.perf_counter()
    row = datasets.get_dataset(dataset_id, owner_id=user.id)
    if row.state == DatasetState.FAILED.value:
        raise UnreadableFileError(row.reason or "The file could not be read.", code=row.reason_code or "unreadable")
    if row.state != DatasetState.READY.value:
        job = analysis.analysis_job(row)
        if job is None:
            raise UnavailableError("The file is still arriving or being read. Ask again in a moment.")
        return Description(row, job=job)
    values, cached = _description_values(row, target)
    job = None
    if target is not None:
        job = _job_of_leaks(row, target)
        values = _add_leaks(row, target, values)
    return Description(row, values, job=job, cached=cached, elapsed_ms=1000 * (time.perf_counter() - start))


def _job_of_leaks(row: Dataset, target: str) -> Job | None:
    """Return the job that still measures what may give a target away; None where that is done, failed or stopped."""
    profile = analysis.profile_of(row)
    if profile is None or leakage.is_measured(row, target):
        return None
    job = associations.job_for(row, target, kinds_of(profile, None))
    return job if job is not None and job.state in jobs.OPEN else None


def _add_leaks(row: Dataset, target: str, values: dict[str, Any]) -> dict[str, Any]:
    """Add what may give the target away: it is kept with the associations, which a worker may still be measuring."""
    results, measured = leakage.findings_for(row, target), leakage.is_measured(row, target)
    if not measured:
        # Of damaged rows nothing will ever be measured, so there is nothing to wait for.
        analysis.sound_rows_of(row)
    columns = [
        {
            **column,
            "findings": [
                *column["findings"],
                *(finding.code for finding in results if finding.columns[0] == column["name"]),
            ],
        }
        for column in values["columns"]
    ]
    findings = [*values["findings"], *(finding_json(finding) for finding in results)]
    return {**values, "columns": columns, "findings": findings, "leaks_measured": measured}


def _description_values(row: Dataset, target: str | None) -> tuple[dict[str, Any], bool]:
    mark = "" if target is None else hashlib.sha256(target.encode()).hexdigest()[:16]
    key = analysis.cache_key(row, "description", mark)
    known = analysis_cache.find(key) if key else None
    if isinstance(known, dict):
        return known, True
    profile = analysis.profile_of(row)
    if profile is None:
        raise UnavailableError("The dataset is not at hand. Ask again in a moment.")
    if target is not None and not profile.has(target):
        message = f"There is no column named {target[:60]}."
        raise DomainError(message, code="target_unknown", field="target")
    values = describe(profile, target)
    if key:
        analysis_cache.keep(key, values)
    return values, False
