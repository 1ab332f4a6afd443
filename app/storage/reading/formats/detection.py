"""Detection of an uploaded file's format, for the preview and for reading."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.domain.analysis.import_options.import_choices import Dialect, Peek, ReadingChoices
from app.storage.reading.file_signature import check_kind
from app.storage.reading.formats.file_format import Format
from app.storage.reading.formats.registry import HEAD_BYTES, find_format
from app.storage.reading.formats.unpacking import Unpacked, unpack
from app.storage.reading.rows import ColumnTable, RowTable


@dataclass(frozen=True)
class RecognisedFile:
    """A file that can be read: unpacked, and of a format, or plain text where `format` is None."""

    unpacked: Unpacked
    format: Format | None
    folder: Path
    choices: ReadingChoices
    limits: dict[str, int]

    def open(self) -> RowTable | ColumnTable:
        """Open the table of a format."""
        table = self._format.open(self.unpacked.path, folder=self.folder, choices=self.choices, limits=self.limits)
        table.dialect = self.packed(table.dialect)
        table.tally.notes[:0] = self.unpacked.notes
        return table

    def peek(self) -> Peek:
        """Look at the head of a file of a format."""
        look = self._format.peek(self.unpacked.path, folder=self.folder, choices=self.choices, limits=self.limits)
        notes = (*self.unpacked.notes, *look.notes)
        return look.model_copy(
            update={
                "dialect": self.packed(look.dialect),
                "notes": notes,
                "whole": look.whole and self.unpacked.whole,
            }
        )

    def packed(self, dialect: Dialect) -> Dialect:
        """Return how a table was read, with the archive it came from."""
        changes: dict[str, Any] = {"packing": self.unpacked.packing}
        if self.unpacked.members:
            changes |= {"sheets": self.unpacked.members, "sheet": self.unpacked.member}
        if self.unpacked.members and self.unpacked.member and "sheet" not in dialect.said:
            changes["said"] = (*dialect.said, "sheet")
        return dialect.model_copy(update=changes)

    @property
    def _format(self) -> Format:
        if self.format is None:
            raise TypeError("Plain text is read by the reader of text.")
        return self.format


def recognise(request: dict[str, Any], *, head_mb: int | None = None) -> RecognisedFile:
    """Return the file of a request, unpacked into its folder; `head_mb` as for `unpack`.

    Raises
    ------
    RefusedError
        With code, status and sentence, for what is no table.
    """
    folder, limits = Path(request["folder"]), request["limits"]
    choices = ReadingChoices.model_validate(request.get("choices", {}))
    source, suffix = Path(request["source"]), request["suffix"]
    unpacked = unpack(source, folder, choices=choices, limits=limits, suffix=suffix, head_mb=head_mb)
    result = find_format(unpacked.path, unpacked.suffix, as_text=choices.format == "csv")
    if result is None:
        with unpacked.path.open("rb") as handle:
            check_kind(handle.read(HEAD_BYTES), unpacked.suffix, tar=".tar" in unpacked.suffix)
    if unpacked.member and choices.sheet == unpacked.member:
        # The name of the member was meant, so it names no sheet inside it.
        choices = choices.model_copy(update={"sheet": None})
    return RecognisedFile(unpacked, result, folder, choices, limits)
