"""Progress of an upload and of its reading, in words."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from flask import request

from app.domain.analysis.import_options.quality_choices import PlaceInGrid
from app.domain.analysis.profiling.profile import DatasetProfile
from app.domain.errors import DomainError, UnreadableFileError
from app.domain.text.messages import join_sentences
from app.domain.vocabulary import DatasetState
from app.services.datasets import analysis, partial_import
from app.services.measurements.runner import explain_waiting
from app.storage.tables import Dataset, User
from app.web.charts.waiting import poll_seconds
from app.web.filters import size
from app.web.quality_form import PLACE, parse_place
from app.web.uploads import receive_upload

MOVING = (DatasetState.RECEIVING.value, DatasetState.READING.value)


@dataclass(frozen=True)
class UploadProgress:
    """A file on its way. `fraction` is None where nobody knows it."""

    title: str
    message: str
    fraction: float | None
    poll_seconds: int


def upload_progress(dataset: Dataset, *, now: datetime) -> UploadProgress:
    """Return how far a dataset is."""
    age = max((now - dataset.created_at).total_seconds(), 0.0)
    if dataset.state == DatasetState.RECEIVING.value:
        return _receiving_progress(dataset, age)
    message = f"Reading {size(dataset.size_bytes)}. You can close this page; the work continues."
    message = explain_waiting(analysis.analysis_job(dataset)) or message
    return UploadProgress(f"Reading {dataset.file_name}", message, None, poll_seconds(age))


def _receiving_progress(dataset: Dataset, age_seconds: float) -> UploadProgress:
    come, whole = dataset.size_bytes or 0, dataset.expected_bytes or 0
    come_so_far = f"{size(come)} of {size(whole)} received." if whole else f"{size(come)} received."
    message = join_sentences((come_so_far, "If this stops, the upload was interrupted. Send the file again."))
    fraction = min(come / whole, 1.0) if whole else None
    return UploadProgress(f"Receiving {dataset.file_name}", message, fraction, poll_seconds(age_seconds))


def take_upload(user: User) -> tuple[Dataset, str]:
    """Take the file that was sent; with it comes the query of the page that says when it was there already.

    Raises
    ------
    DomainError
        If it cannot become a dataset.
    """
    arrival = receive_upload(user)
    return arrival.dataset, f"?done={arrival.dataset.id}.known" if arrival.known else ""


def take_in_part(user: User) -> tuple[Dataset, str]:
    """Read the refused file that the form names in part: without rows that do not fit, or at a place of its grid.

    The query says which.

    Raises
    ------
    DomainError
        If there is none, or it cannot be read like this either.
    """
    try:
        dataset_id = uuid.UUID(request.form.get("dataset_id", ""))
    except ValueError:
        raise DomainError(partial_import.GONE, code="not_refused", field="file") from None
    if not partial_import.asks_for_place(user, dataset_id):
        return (dataset := partial_import.read_in_part(user, dataset_id)), f"?done={dataset.id}.part"
    dataset = partial_import.read_in_part(user, dataset_id, place=_posted_place(dataset_id))
    return dataset, f"?done={dataset.id}.place"


def _posted_place(dataset_id: uuid.UUID) -> PlaceInGrid:
    """Return the point or box that was typed; the file goes on waiting where it is none."""
    try:
        return parse_place(request.form.get(PLACE, ""))
    except DomainError as fault:
        error = UnreadableFileError(fault.message, code="no_such_place")
        error.kept = dataset_id
        raise error from None


def kept_words(profile: DatasetProfile) -> str:
    """Describe how many rows of a file are in the table, and where the others can be seen."""
    report = profile.report
    left = "the other is listed" if report.rows_read - report.rows_kept == 1 else "the others are listed"
    return f"{report.rows_kept:,} of {report.rows_read:,} rows kept; {left} below with the line and the reason."
