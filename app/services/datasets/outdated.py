"""Datasets read by an older version, and what reading them again would change."""

from __future__ import annotations

from app.domain.analysis.profiling.profile import ANALYSIS_VERSION, DatasetProfile
from app.domain.analysis.time_forms.joining import TimePart, find_joins
from app.domain.errors import DomainError
from app.domain.vocabulary import DatasetState
from app.services.datasets import analysis, originals
from app.storage.tables import Dataset

MAX_SENTENCES = 8
WORDS = {
    "datetime": "times",
    "number": "numbers",
    "integer": "whole numbers",
    "text": "text",
    "boolean": "true and false",
}
NUMBERS = ("number", "integer")


def changes_when_read_again(dataset: Dataset) -> tuple[str, ...] | None:
    """Return in sentences what another reading would change, as far as the head of the file tells.

    None where the dataset was read by this version, or its file was not kept.
    """
    profile = analysis.profile_of(dataset)
    is_current = dataset.analysis_version == ANALYSIS_VERSION or dataset.state != DatasetState.READY.value
    if profile is None or is_current or originals.original_of(dataset) is None:
        return None
    try:
        peek = analysis.peek_with(dataset, analysis.choices_of(dataset))
    except DomainError:
        # Reading again says what is wrong with the file; nothing can be said about it before.
        return ()
    results = []
    for name, kind in zip(peek.names, peek.kinds, strict=False):
        if not profile.has(name):
            results.append(f"`{name[:60]}` is a column of its own.")
        elif _is_read_otherwise(profile.column(name).storage, kind):
            was, now = WORDS.get(profile.column(name).storage, "text"), WORDS[kind]
            results.append(f"`{name[:60]}` is read as {now}; it was {was}.")
    results += _joined_columns(profile)
    return tuple(results[:MAX_SENTENCES])


def _is_read_otherwise(storage: str, kind: str) -> bool:
    """Return whether a column would be read otherwise; of numbers the head cannot tell whether all are whole."""
    return kind in WORDS and storage != kind and not (storage in NUMBERS and kind in NUMBERS)


def _joined_columns(profile: DatasetProfile) -> list[str]:
    if profile.time_axis is not None:
        return []
    parts = [
        TimePart(column.name, "integer", float(column.minimum), float(column.maximum))
        for column in profile.columns
        if column.storage in NUMBERS
        and isinstance(column.minimum, int | float)
        and isinstance(column.maximum, int | float)
    ]
    ways = find_joins(parts)
    return [f"{', '.join(f'`{name[:40]}`' for name in ways[0][0])} are joined into one time column."] if ways else []
