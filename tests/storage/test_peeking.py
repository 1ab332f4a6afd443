"""The first look at a file: its head tells how it would be read, and nothing is kept."""

from __future__ import annotations

import gzip
import subprocess
import sys
from pathlib import Path

import pytest

from app.domain.analysis.import_options.import_choices import ReadingChoices
from app.domain.errors import UnreadableFileError
from app.storage.reading import peek_file
from app.storage.reading.text import find_layout
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


def test_signs_that_stand_for_nothing_hide_no_kind(tmp_path: Path) -> None:
    source = tmp_path / "x.part"
    source.write_text("day,rain,wet,word,sign\n2001-02-03,?,true,?,-\n-,1.5,?,dry,?\n2001-02-05,2,false,wet,-\n")
    look = peek_file(source, limits=Limits(), seconds=20)
    assert look.kinds == ("datetime", "number", "boolean", "text", "text")


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    source = tmp_path / "x.part"
    source.write_text("a;b\n1;2\n3;4\n")
    look = peek_file(source, limits=Limits(), seconds=20)
    assert (look.names, look.rows, look.whole) == (("a", "b"), (("1", "2"), ("3", "4")), True)
    assert [path.name for path in tmp_path.iterdir()] == ["x.part"]


def test_a_file_that_is_no_table_is_refused_with_a_sentence(tmp_path: Path) -> None:
    source = tmp_path / "x.part"
    source.write_bytes(b"%PDF-1.7 and so on")
    with pytest.raises(UnreadableFileError) as info:
        peek_file(source, limits=Limits(), seconds=20, file_name="x.csv")
    assert info.value.status == 415


ODD = "Station Größe\n\nday;rain;note\n2001-01-01;1,5;\n2001-01-02;2,5;x\n2001-01-03;3,5\n2001-01-04;4,5;y\n"


def test_a_look_says_how_the_file_would_be_read_and_which_rows_do_not_fit(tmp_path: Path) -> None:
    source = tmp_path / "x.part"
    source.write_bytes(ODD.encode("cp1252"))
    look = peek_file(source, limits=Limits(), seconds=20)
    dialect = look.dialect
    assert (dialect.encoding, dialect.delimiter, dialect.decimal, dialect.first_line) == ("cp1252", ";", ",", 3)
    assert (look.names, look.kinds) == (("day", "rain", "note"), ("datetime", "number", "text"))
    assert look.rejected == ((6, "It has 2 cells; the table has 3 columns."),)
    assert look.missing == (0.0, 0.0, pytest.approx(1 / 3))
    assert "The table starts on line 3; the lines before it were passed over." in look.notes


def test_a_look_honours_what_the_user_says_and_names_it(tmp_path: Path) -> None:
    source = tmp_path / "x.part"
    source.write_bytes(ODD.encode("cp1252"))
    choices = ReadingChoices(encoding="cp1250", header_lines=0, first_line=4, ragged="pad")
    look = peek_file(source, limits=Limits(), seconds=20, choices=choices)
    assert (look.names, look.rows_seen, look.rejected) == (("column_1", "column_2", "column_3"), 4, ())
    assert look.rows[2] == ("2001-01-03", "3,5", "")
    assert look.dialect.said == ("encoding", "first_line", "header_lines", "ragged")


@pytest.mark.parametrize("packed", [False, True])
def test_a_look_reads_the_head_alone_and_finds_what_all_of_it_gives(tmp_path: Path, packed: bool) -> None:
    rows = "".join(f"{position},{position / 7}\n" for position in range(400_000))
    content = ("number,seventh\n" + rows).encode()
    source = tmp_path / "x.part"
    source.write_bytes(gzip.compress(content, 1) if packed else content)
    look = peek_file(source, limits=Limits(), seconds=20, file_name="x.csv.gz" if packed else "x.csv")
    assert (look.names, look.kinds, look.rows_seen, look.whole) == (
        ("number", "seventh"),
        ("integer", "number"),
        400,
        False,
    )
    assert look.dialect.packing == ("gzip" if packed else "")
    source.write_bytes(content)
    layout = find_layout(source, choices=ReadingChoices(), limits=Limits().__dict__)
    assert layout.as_dialect(look.dialect.packing) == look.dialect


def test_the_child_of_a_look_needs_neither_duckdb_nor_the_parents_side() -> None:
    code = (
        "import sys, app.storage.reading.child, app.storage.reading.peeking;"
        "print([name for name in ('duckdb', 'numpy', 'pandas', 'sqlalchemy', 'flask') if name in sys.modules])"
    )
    process = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=SAMPLE.parents[1]
    )
    assert process.stdout.strip() == "[]"
