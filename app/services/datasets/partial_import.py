"""Files that were refused because many of their rows do not fit: they wait, and can be read without those rows."""

from __future__ import annotations

import uuid

from app.domain.analysis.import_options.import_choices import ReadingChoices
from app.domain.analysis.profiling.profile import ANALYSIS_VERSION
from app.domain.errors import ConflictError, NoSpaceError, UnreadableFileError
from app.domain.vocabulary import DatasetState
from app.services.datasets import analysis, originals
from app.services.datasets.uploads import drop_upload
from app.storage import datasets
from app.storage.datasets import RAGGED
from app.storage.db import now, transaction
from app.storage.tables import Dataset, User

GONE = "This file does not wait to be read in part any more. Send it again."


def can_be_read_in_part(dataset: Dataset | None) -> bool:
    """Return whether a file was refused for rows that do not fit and is still there."""
    is_refused = dataset is not None and dataset.state == DatasetState.FAILED.value and dataset.reason_code == RAGGED
    return dataset is not None and is_refused and originals.original_of(dataset) is not None


def read_in_part(user: User, dataset_id: uuid.UUID) -> Dataset:
    """Read a file that was refused without the rows that do not fit, each of which the import report counts.

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
    choices = analysis.choices_of(row).merged({"ragged": "leave_out"})
    known = datasets.find_reading(
        user.id, sha256=row.sha256 or "", fingerprint=choices.fingerprint(), analysis_version=ANALYSIS_VERSION
    )
    if known is not None:
        drop_upload(row.id)
        return known
    if _start(row, choices):
        return row
    try:
        return analysis.read_now_or_later(row)
    except UnreadableFileError as fault:
        originals.fail_dataset(row.id, code=fault.code, message=fault.message)
        raise
    except NoSpaceError as fault:
        # With more room it can be asked for again.
        originals.mark_failed(row.id, code=RAGGED, message=fault.message)
        raise


def _start(row: Dataset, choices: ReadingChoices) -> bool:
    """Say that a file is being read again; returns whether a worker reads it, as a large one."""
    is_large = analysis.is_large(row.size_bytes)
    with transaction():
        row.state, row.reason, row.reason_code = DatasetState.READING.value, None, None
        row.choices, row.fingerprint, row.touched_at = choices.to_json(), choices.fingerprint(), now()
        if is_large:
            analysis.enqueue_analysis(row)
    return is_large
