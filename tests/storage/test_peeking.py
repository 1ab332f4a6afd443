"""The first look at a file: its head tells how it would be read, and nothing is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.domain.errors import UnreadableFileError
from app.storage.reading import peek_file
from config import Limits

SAMPLE = Path(__file__).resolve().parents[2] / "samples" / "piscataquis_01031500_daily.csv"


def test_the_sample_is_seen_with_its_names_kinds_and_first_rows() -> None:
    look = peek_file(SAMPLE, limits=Limits(), seconds=20)
    assert look.names[0] == "date"
    assert look.kinds[0] == "datetime"
    assert set(look.kinds[1:]) <= {"number", "integer"}
    assert look.rows[0][0] == "1980-01-01"
    assert (look.dialect.delimiter, look.dialect.first_line, look.dialect.header_lines) == (",", 1, 1)
    assert not look.whole


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    source = tmp_path / "x.part"
    source.write_text("a;b\n1;2\n3;4\n")
    look = peek_file(source, limits=Limits(), seconds=20)
    assert (look.names, look.rows, look.whole) == (("a", "b"), (("1", "2"), ("3", "4")), True)
    assert [path.name for path in tmp_path.iterdir()] == ["x.part"]


def test_a_file_that_is_no_table_is_refused_with_a_sentence(tmp_path: Path) -> None:
    source = tmp_path / "x.part"
    source.write_bytes(b"%PDF-1.7 and so on")
    with pytest.raises(UnreadableFileError) as refused:
        peek_file(source, limits=Limits(), seconds=20, file_name="x.csv")
    assert refused.value.status == 415
