"""Predictions of a finished experiment, page by page."""

from __future__ import annotations

import csv
from itertools import islice
from typing import Any

from app.services.experiments import FORMULA, predictions_file
from app.storage.tables import Experiment

# Columns that hold numbers whatever is predicted.
NUMBERS = ("row",)
PROBABILITY = "probability_"


def list_predictions(
    experiment: Experiment, *, classes: bool, limit: int, offset: int
) -> tuple[list[dict[str, Any]], int]:
    """Return some of the judged rows by the names of the columns, in the order of the file, and how many there are.

    Raises
    ------
    NotFoundError, DamagedFileError
        If there are none, or they are not what was stored.
    """
    with predictions_file(experiment).open(encoding="utf-8", newline="") as handle:
        lines = csv.reader(handle)
        names = next(lines, [])
        numbers = {*NUMBERS, *(() if classes else ("observed", "predicted"))}
        read = [name in numbers or name.startswith(PROBABILITY) for name in names]
        before = sum(1 for _ in islice(lines, offset))
        page = list(islice(lines, limit))
        total = before + len(page) + sum(1 for _ in lines)
    rows = [
        {name: _parse_cell(cell, is_number) for name, cell, is_number in zip(names, line, read, strict=True)}
        for line in page
    ]
    return rows, total


def _parse_cell(cell: str, is_number: bool) -> int | float | str | None:
    """Return the value of a cell; what keeps a spreadsheet from taking a text for a formula is left out."""
    if not cell:
        return None
    if not is_number:
        return cell[1:] if cell.startswith("'") and cell[1:].startswith(FORMULA) else cell
    return int(cell) if cell.lstrip("-").isdigit() else float(cell)
