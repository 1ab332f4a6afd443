"""Polluted files and the spectrum of odd ones are read as their clean versions say, and nothing is lost unsaid."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.pollock import ARCHIVE, is_loss_reported, measures, polluted_files, read_by_us, scores
from tests.storage.texts import SHARED, read_text

SPECTRUM = SHARED / "torture" / "csv-spectrum"
NAMES = (
    *("comma_in_quotes", "empty", "empty_crlf", "escaped_quotes", "json", "location_coordinates"),
    *("newlines", "newlines_crlf", "quotes_and_newlines", "simple", "simple_crlf", "utf8"),
)


@pytest.mark.slow
def test_a_part_of_the_polluted_files_scores_as_all_should_and_loses_nothing_unsaid(tmp_path: Path) -> None:
    if not ARCHIVE.exists():
        pytest.skip("the large real files are not here")
    files = polluted_files(most=150, seed=7)
    path = tmp_path / "polluted.csv"
    measured, lost, rows = [], [], []
    for polluted in files:
        path.write_bytes(polluted.content)
        read = read_by_us(path)
        measured.append(measures(polluted.clean, read.table))
        lost += [] if is_loss_reported(polluted, read) else [polluted.name]
        rows += [sum(measured[-1])] if polluted.name.startswith("row_") else []
    assert lost == []
    assert scores(files, measured)[1] >= 9.5
    # Of all 2,290 files nearly all have one polluted row; the others are few and are all in this part.
    assert sum(rows) / len(rows) >= 9.9


@pytest.mark.parametrize("name", NAMES)
def test_the_csv_spectrum_gives_what_its_json_says(name: str) -> None:
    if not SPECTRUM.exists():
        pytest.skip("the large real files are not here")
    expected = json.loads((SPECTRUM / "json" / f"{name}.json").read_text(encoding="utf-8"))
    content = (SPECTRUM / "csvs" / f"{name}.csv").read_bytes()
    # The copy at hand has lost the Windows line ends, which these files are about.
    seen = read_text(content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n") if name.endswith("crlf") else content)
    records = [dict(zip(seen.names, row, strict=True)) for row in seen.rows]
    if name == "location_coordinates":
        # Its JSON is one record without a list, has another telephone number than the file, and no town.
        known = ("Location Coordinates",)
        assert [{key: record[key] for key in known} for record in records] == [{key: expected[key] for key in known}]
        assert list(records[0].values())[2:] == ["Modesto", "Stanislaus"]
    else:
        assert records == expected
    assert seen.tally.rejected == []
