"""Datasets of an account: list, read again with other choices, delete, restore and purge."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from pydantic import ValidationError

from app.domain.analysis.import_options.import_choices import Peek, ReadingChoices
from app.domain.analysis.profiling.column_listing import column_page
from app.domain.analysis.profiling.profile import ANALYSIS_VERSION
from app.domain.audit.acts import AuditAct
from app.domain.errors import ConflictError, DomainError, NotFoundError, UnreadableFileError
from app.domain.vocabulary import DatasetState
from app.services.audit.trail import record
from app.services.context import current_settings
from app.services.datasets import analysis, originals
from app.services.datasets.analysis import (
    PROFILES_KEPT,
    Damage,
    analysis_job,
    choices_of,
    damage_of,
    parquet_of,
    peek_of,
    preview_rows,
    profile_of,
    read_dataset,
    require_profile,
    sound_rows_of,
)
from app.services.datasets.originals import fail_dataset, incoming_file, original_of
from app.services.datasets.samples import (
    SAMPLES,
    first_answers,
    prepare_samples,
    samples_are_ready,
    use_sample,
)
from app.services.datasets.uploads import drop_upload, finish_upload, first_look, refuse_if_full, start_upload
from app.storage import datasets, files
from app.storage.db import now, transaction
from app.storage.tables import Dataset, User

__all__ = [
    "PROFILES_KEPT",
    "RESTORE_DAYS",
    "SAMPLES",
    "analysis_job",
    "choices_of",
    "column_page",
    "count_datasets",
    "damage_of",
    "delete_dataset",
    "drop_upload",
    "fail_dataset",
    "finish_upload",
    "first_answers",
    "get_dataset",
    "incoming_file",
    "list_datasets",
    "list_deleted",
    "original_of",
    "parquet_of",
    "peek_of",
    "prepare_samples",
    "preview_reading",
    "preview_rows",
    "profile_of",
    "purge",
    "purge_old",
    "read_dataset",
    "require_profile",
    "reread",
    "restore_dataset",
    "samples_are_ready",
    "sound_rows_of",
    "start_upload",
    "use_sample",
]
RESTORE_DAYS = 30


def get_dataset(user: User, dataset_id: uuid.UUID) -> Dataset:
    """Return a dataset of the user, or raise NotFoundError."""
    return datasets.get_dataset(dataset_id, owner_id=user.id)


def list_datasets(user: User, *, limit: int = 200, offset: int = 0) -> list[Dataset]:
    """Return the user's datasets, newest first."""
    return datasets.list_datasets(user.id, limit=limit, offset=offset)


def list_own_ready(user: User) -> list[Dataset]:
    """Return the datasets that the user brought and that can be used, newest first; samples are offered elsewhere."""
    return [item for item in list_datasets(user) if item.state == DatasetState.READY.value and not item.sample]


def count_datasets(user: User) -> int:
    """Return how many datasets the user has."""
    return datasets.count_datasets(user.id)


def preview_reading(user: User, dataset_id: uuid.UUID, changes: dict[str, Any]) -> Peek:
    """Return the first rows of a dataset's file as it would be read with changed choices; nothing is kept.

    Raises
    ------
    DomainError
        If a choice is none that can be made, the file as it came was not kept, or it cannot be read so.
    """
    row = get_dataset(user, dataset_id)
    return analysis.peek_with(row, _merged_choices(row, changes))


def reread(
    user: User, dataset_id: uuid.UUID, changes: dict[str, Any], *, waiting_draft_id: uuid.UUID | None = None
) -> Dataset:
    """Read a dataset's file again with changed choices; returns the new dataset, or the one that is the same already.

    Parameters
    ----------
    user, dataset_id
        The owner, and the dataset to read again.
    changes
        As `ReadingChoices.merged` takes them.
    waiting_draft_id
        A draft that is to move to the new dataset. Where a worker reads, the draft moves when it is done; where the
        dataset that is returned is ready, moving it is left to the caller (see `drafts.reread`).

    Raises
    ------
    DomainError
        If a choice is none that can be made, the file as it came was not kept, it cannot be read so, or it was read
        in too many ways. The dataset it came from is as it was.
    """
    source = get_dataset(user, dataset_id)
    require_profile(source, code="not_ready")
    choices = _merged_choices(source, changes)
    known = _find_same(source, choices)
    if known is not None:
        damage = analysis.damage_of(known, fresh=True) if known.state == DatasetState.READY.value else None
        return _attach_waiting_draft(known, waiting_draft_id) if damage is None else _restore_rows(known, damage)
    path = original_of(source)
    if path is None:
        raise UnreadableFileError(analysis.ORIGINAL_GONE, code="original_gone", status=409)
    peek = first_look(path, source.file_name, choices) if analysis.is_large(source.size_bytes) else None
    row, is_enqueued = _add_reading(user, source, choices=choices, peek=peek, waiting_draft_id=waiting_draft_id)
    if is_enqueued:
        return row
    try:
        return analysis.read_now_or_later(row)
    except DomainError:
        drop_upload(row.id)
        raise


def _merged_choices(row: Dataset, changes: dict[str, Any]) -> ReadingChoices:
    try:
        choices = choices_of(row).merged(changes)
        _refuse_unknown_columns(row, choices)
        return choices
    except (ValidationError, TypeError, AttributeError) as fault:
        place = fault.errors()[0]["loc"] if isinstance(fault, ValidationError) else ()
        field = str(place[0]) if place else "columns" if isinstance(fault, ValidationError) else "choices"
        raise DomainError(_why_not(field, fault), code="choice_invalid", field=field) from None


def _refuse_unknown_columns(row: Dataset, choices: ReadingChoices) -> None:
    """Refuse to join or judge columns that are not there, which would do nothing without a word."""
    wanted = [name for column in choices.columns for name in column.columns]
    wanted += [name for flag in choices.flags for name in (flag.column, flag.flag)]
    wanted += [name for choice in choices.censored for name in (choice.column, choice.flag) if name]
    profile = profile_of(row) if wanted else None
    unknown = next((name for name in wanted if profile is not None and not profile.has(name)), None)
    if unknown is not None:
        raise DomainError(f"There is no column {unknown[:60]}.", code="choice_invalid", field="columns")


def _why_not(field: str, fault: Exception) -> str:
    """Return why a choice cannot be made: in the words of the rule it breaks, where that has words of its own."""
    result = fault.errors()[0] if isinstance(fault, ValidationError) else None
    if result is not None and result["type"] == "value_error":
        return str(result["msg"]).removeprefix("Value error, ")
    return f"The {field.replace('_', ' ')} cannot be set to this."


def _find_same(source: Dataset, choices: ReadingChoices) -> Dataset | None:
    """Return the dataset that was read with these choices already, the source itself before all others."""
    fingerprint = choices.fingerprint()
    if source.fingerprint == fingerprint and source.analysis_version == ANALYSIS_VERSION:
        return source
    return datasets.find_reading(
        source.owner_id,
        sha256=source.sha256 or "",
        fingerprint=fingerprint,
        analysis_version=ANALYSIS_VERSION,
        sample=source.sample,
    )


def _restore_rows(known: Dataset, damage: Damage) -> Dataset:
    """Read damaged rows again into their place, from the same bytes by the same choices: they are what they were.

    Raises
    ------
    DomainError
        If the file as it came was not kept, or is damaged too.
    """
    if originals.original_of(known) is None:
        raise UnreadableFileError(analysis.ORIGINAL_GONE, code="original_gone", status=409)
    if damage.is_being_restored:
        return known
    if not analysis.is_large(known.size_bytes):
        return analysis.read_now_or_later(known)
    analysis.enqueue_analysis(known)
    return known


def _attach_waiting_draft(known: Dataset, waiting_draft_id: uuid.UUID | None) -> Dataset:
    if known.state == DatasetState.READING.value and waiting_draft_id is not None:
        with transaction():
            datasets.change_dataset(known.id, waiting_draft_id=waiting_draft_id)
    return known


def _add_reading(
    user: User, source: Dataset, *, choices: ReadingChoices, peek: Peek | None, waiting_draft_id: uuid.UUID | None
) -> tuple[Dataset, bool]:
    """Add the dataset that the file becomes, and say whether a worker was told to read it, as a large one."""
    limits = current_settings().limits
    with files.lock_originals(current_settings().data), transaction():
        datasets.lock_owner(user.id)
        known = _find_same(source, choices)
        if known is not None:
            return known, False
        if original_of(source) is None:
            raise UnreadableFileError(analysis.ORIGINAL_GONE, code="original_gone", status=409)
        if datasets.count_readings(user.id, source.sha256 or "") >= limits.file_readings:
            message = f"This file was read in {limits.file_readings} ways already. Delete one of them first."
            raise ConflictError(message, code="too_many_readings")
        row = datasets.add_dataset(
            owner_id=user.id,
            name=source.name,
            file_name=source.file_name,
            sample=source.sample,
            source_id=source.id,
            state=DatasetState.READING.value,
            size_bytes=source.size_bytes,
            sha256=source.sha256,
            choices=choices.to_json(),
            fingerprint=choices.fingerprint(),
            analysis_version=ANALYSIS_VERSION,
            peek=None if peek is None else peek.model_dump(mode="json"),
            waiting_draft_id=waiting_draft_id,
        )
        record(AuditAct.REREAD_DATASET, actor=user, subject_id=row.id, before={"dataset_id": str(source.id)})
        if analysis.is_large(source.size_bytes):
            analysis.enqueue_analysis(row)
            return row, True
        return row, False


def delete_dataset(user: User, dataset_id: uuid.UUID) -> None:
    """Take a dataset off the lists; for 30 days it can be restored, and longer while an experiment refers to it.

    What was never ready has nothing to restore and goes at once. What is deleted may fill as much room as an account
    has; beyond that the longest deleted goes first.
    """
    with transaction():
        row = datasets.get_dataset(dataset_id, owner_id=user.id)
        row.deleted_at = now()
        record(AuditAct.DELETE_DATASET, actor=user, subject_id=row.id)
    if row.state != DatasetState.READY.value:
        purge(row)
    deleted = datasets.list_deleted(owner_id=user.id, unneeded=True)
    room = current_settings().limits.user_storage_mb * 1e6
    count = sum(item.size_bytes for item in deleted if not item.sample)
    for dataset in deleted:
        if count <= room:
            break
        count -= 0 if dataset.sample else dataset.size_bytes
        purge(dataset)


def list_deleted(user: User) -> list[Dataset]:
    """Return the user's deleted datasets that can be brought back, last deleted first."""
    return datasets.list_deleted(owner_id=user.id)[::-1]


def restore_dataset(user: User, dataset_id: uuid.UUID) -> Dataset:
    """Bring a deleted dataset back.

    Raises
    ------
    NotFoundError
        If there is none of the user's, or it was deleted too long ago and its files are gone.
    NoSpaceError
        If the account has no room for it any more.
    """
    with transaction():
        row = datasets.find_dataset(dataset_id)
        if row is None or row.owner_id != user.id:
            raise NotFoundError(datasets.MISSING)
        if row.deleted_at is not None and row.purged_at is not None:
            raise NotFoundError("This dataset was deleted for good. Upload the file again.", code="purged")
        if row.deleted_at is not None:
            row.deleted_at = None
            record(AuditAct.RESTORE_DATASET, actor=user, subject_id=row.id)
        refuse_if_full(user)
    return row


def purge(row: Dataset) -> bool:
    """Remove the files of a deleted dataset for good; False where it was restored or an experiment needs it."""
    with transaction():
        dataset = datasets.find_dataset(row.id)
        if dataset is None or dataset.deleted_at is None or datasets.is_needed(row.id):
            return False
        dataset.purged_at = now()
        record(AuditAct.PURGE_DATASET, actor=None, subject_id=row.id)
    files.remove_folder(files.dataset_dir(current_settings().data, row.id))
    originals.release_original(row)
    return True


def purge_old(*, all_of_them: bool = False) -> int:
    """Remove the files of what was deleted 30 days ago, or of all that is deleted; returns how many went."""
    before = None if all_of_them else now() - timedelta(days=RESTORE_DAYS)
    return sum(purge(row) for row in datasets.list_deleted(before=before, unneeded=True))
