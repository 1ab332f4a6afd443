"""Notes on classes that are missing from the training or validation rows of a fold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from app.domain.text.messages import fill
from app.domain.text.words import join_words
from app.domain.training.preprocessing.preparation import TrainingTable
from app.domain.training.validation.splitting import Split

# More classes or parts than these are counted instead of named.
MAX_NAMED = 3


def notes_on_classes(table: TrainingTable, split: Split) -> list[str]:
    """Return a note for the classes that some training rows lack, and one for those that some validation rows lack.

    Parameters
    ----------
    table, split
        What is trained on, and how it is divided.

    Returns
    -------
    list of str
        At most two sentences; none where the target holds numbers, or every part has every class.
    """
    parts = [(f"fold {number}", fold.train, fold.validation) for number, fold in enumerate(split.folds, start=1)]
    if split.holdout is not None:
        parts.append(("the hold-out", split.development, split.holdout))
    training = list(_absent(table, [(name, train) for name, train, _ in parts]))
    judging = list(_absent(table, [(name, rows) for name, _, rows in parts]))
    notes = []
    if training:
        message = "Classes without training rows: {classes}. They are never predicted there, and count in the scores."
        notes.append(fill(message, classes=_told(training)))
    if judging:
        message = "Classes without validation rows: {classes}. Scores there say nothing of them."
        notes.append(fill(message, classes=_told(judging)))
    return notes


def _absent(table: TrainingTable, parts: Sequence[tuple[str, NDArray[np.intp]]]) -> Iterator[tuple[str, str]]:
    """Yield the name of a part and a class that its rows lack."""
    for name, rows in parts:
        counts = np.bincount(table.target[rows], minlength=len(table.labels)) if table.labels else np.empty(0)
        yield from ((name, table.labels[code]) for code in np.flatnonzero(counts == 0))


def _told(absent: Sequence[tuple[str, str]]) -> str:
    """Return the classes, each with the parts that lack it."""
    parts_of: dict[str, list[str]] = {}
    for name, label in absent:
        parts_of.setdefault(label[:40], []).append(name)
    told = [fill("{label} ({parts})", label=label, parts=_some(parts)) for label, parts in parts_of.items()]
    return _some(told)


def _some(names: Sequence[str]) -> str:
    """Return names as a list in words; of many the first ones, and how many more there are."""
    more = len(names) - MAX_NAMED
    return join_words([*names[:MAX_NAMED], fill("{more} more", more=more)] if more > 0 else list(names))
