"""Partial import of a refused file: without the bad rows, or one part of a grid."""

from __future__ import annotations

import uuid

from app.domain.analysis.import_options.import_choices import ReadingChoices
from app.domain.analysis.import_options.quality_choices import PlaceInGrid
from app.domain.analysis.profiling.profile import ANALYSIS_VERSION
from app.domain.errors import ConflictError, NoSpaceError, UnreadableFileError
from app.domain.vocabulary import DatasetState
from app.services.datasets import analysis, originals
from app.services.datasets.uploads import drop_upload, first_look
from app.storage import datasets
from app.storage.datasets import PLACES, RAGGED, WAITING
from app.storage.db import now, transaction
from app.storage.tables import Dataset, User

GONE = "This file does not wait to be read in part any more. Send it again."


def can_be_read_in_part(dataset: Dataset | None) -> bool:
    """Return whether a file was refused for rows that do not fit, or as a grid too large, and is still there."""
    is_refused = dataset is not None and dataset.state == DatasetState.FAILED.value and dataset.reason_code in WAITING
    return dataset is not None and is_refused and originals.original_of(dataset) is not None


def asks_for_place(user: User, dataset_id: uuid.UUID) -> bool:
    """Return whether a file that waits is a grid, of which a part is to be chosen."""
    return datasets.get_dataset(dataset_id, owner_id=user.id).reason_code in PLACES


def read_in_part(user: User, dataset_id: uuid.UUID, *, place: PlaceInGrid | None = None) -> Dataset:
    """Read a file that was refused without the rows that do not fit, which are counted, or at a place of its grid.

    Returns the dataset it becomes, or the one that was read from the same file in this way before.

    Raises
    ------
    NotFoundError, ConflictError
        If there is no such dataset, or it does not wait for this.
    UnreadableFileError, NoSpaceError
        If it cannot be read like this either.
    """
    row = datasets.get_dataset(dataset_id, owner_id=user.id)
    if not can_be_read_in_part(row):
        raise ConflictError(GONE, code="not_refused")
    chosen = {"ragged": "leave_out"} if place is None else {"place": place.model_dump(mode="json", exclude_none=True)}
    choices = analysis.choices_of(row).merged(chosen)
    known = datasets.find_reading(
        user.id, sha256=row.sha256 or "", fingerprint=choices.fingerprint(), analysis_version=ANALYSIS_VERSION
    )
    if known is not None:
        drop_upload(row.id)
        return known
    refused_for = row.reason_code or RAGGED
    try:
        _look_at_place(row, choices)
        if _start(row, choices):
            return row
        return analysis.read_now_or_later(row)
    except UnreadableFileError as fault:
        originals.fail_dataset(row.id, code=fault.code, message=fault.message)
        fault.kept = row.id if fault.code in PLACES else None
        raise
    except NoSpaceError as fault:
        # With more room it can be asked for again.
        originals.mark_failed(row.id, code=refused_for, message=fault.message)
        raise


def _look_at_place(row: Dataset, choices: ReadingChoices) -> None:
    """Refuse a place that a large grid does not have, before a worker reads it."""
    path = originals.original_of(row)
    if choices.place is not None and path is not None and analysis.is_large(row.size_bytes):
        first_look(path, row.file_name, choices)


def _start(row: Dataset, choices: ReadingChoices) -> bool:
    """Say that a file is being read again; returns whether a worker reads it, as a large one."""
    is_large = analysis.is_large(row.size_bytes)
    with transaction():
        row.state, row.reason, row.reason_code = DatasetState.READING.value, None, None
        row.choices, row.fingerprint, row.touched_at = choices.to_json(), choices.fingerprint(), now()
        if is_large:
            analysis.enqueue_analysis(row)
    return is_large
