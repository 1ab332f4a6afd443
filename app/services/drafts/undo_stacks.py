"""The undo and redo stacks of a draft."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from app.storage import drafts
from app.storage.tables import DraftRow

# A draft begins with the choice of its data, which is version 2; nothing before that can be undone.
FIRST_VERSION = 2


@dataclass(frozen=True)
class UndoStacks:
    """The versions that can be taken back, and those of undos that can be taken back; the last one comes first in turn.

    Undo walks back through `undo` from its end; redo walks forth through `redo` until something new is answered.
    """

    undo: tuple[int, ...] = ()
    redo: tuple[int, ...] = ()


def stacks_of(marks: Iterable[tuple[int, int | None]]) -> UndoStacks:
    """Return the undo and redo stacks after these saves, each (version, version that it takes back or None)."""
    undo: list[int] = []
    redo: list[int] = []
    for version, undoes in marks:
        if undoes is None:
            undo.append(version)
            redo.clear()
        elif redo and redo[-1] == undoes:
            redo.pop()
            undo.append(version)
        else:
            if undo:
                undo.pop()
            redo.append(version)
    return UndoStacks(tuple(undo), tuple(redo))


def undo_stacks(row: DraftRow) -> UndoStacks:
    """Return the undo and redo stacks of a draft."""
    if row.version <= FIRST_VERSION:
        return UndoStacks()
    return stacks_of(drafts.list_undo_marks(row.id, after_version=FIRST_VERSION))
