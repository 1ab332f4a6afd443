"""The Format class: how files of a format are recognised, opened and previewed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from app.domain.analysis.import_options.import_choices import Peek, ReadingChoices
from app.storage.reading.rows import ColumnTable, RowTable


class OpenFormat(Protocol):
    """Open a file of the format as a table; what is needed while reading goes to the scratch folder inside `folder`."""

    def __call__(
        self, path: Path, *, folder: Path, choices: ReadingChoices, limits: dict[str, int]
    ) -> RowTable | ColumnTable: ...


class FirstLook(Protocol):
    """Look at the head of a file of the format."""

    def __call__(self, path: Path, *, folder: Path, choices: ReadingChoices, limits: dict[str, int]) -> Peek: ...


@dataclass(frozen=True)
class Format:
    """One format of files.

    `what` is its name in a sentence, with its article; `endings` are the ends of names that promise it, the usual one
    first, and `holds` says whether a file has it, by its first bytes and what its name promises. A format that
    `is_text` may be named like any text.
    """

    name: str
    what: str
    endings: tuple[str, ...]
    holds: Callable[[bytes, str], bool]
    open: OpenFormat
    peek: FirstLook
    is_text: bool = False
