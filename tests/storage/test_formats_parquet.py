"""Parquet: every type has a plain one, what is nested is listed, and a file is judged before it is read."""

from __future__ import annotations

import datetime as dt
import json
import math
import random
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pytest

from tests.storage.answers import SHARED, ask, look, read, refused, shared

TORTURE = SHARED / "torture" / "parquet-testing"
moment = dt.datetime.fromisoformat


def parquet(folder: Path, query: str, how: str = "") -> bytes:
    """Return a Parquet file of the rows of a query."""
    path = folder / "made.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet{how})")
    content = path.read_bytes()
    path.unlink()
    return content


def one(folder: Path, value: str, **choices: Any) -> tuple[str, Any, tuple[str, ...]]:
    """Return the storage, the value and the notes of a column of one value, written in SQL."""
    profile, rows = read(folder, parquet(folder, f"SELECT {value} AS x, 1 AS y"), "x.parquet", **choices)
    return profile.column("x").storage, rows[0][0], profile.report.notes


TYPES = [
    ("true", "boolean", True),
    ("7::TINYINT", "integer", 7),
    ("7::UINTEGER", "integer", 7),
    ("7::UBIGINT", "integer", 7),
    ("18446744073709551615::UBIGINT", "text", "18446744073709551615"),
    ("12345678901234567890123456789012345678::DECIMAL(38,0)", "text", "12345678901234567890123456789012345678"),
    ("12.50::DECIMAL(9,2)", "number", 12.5),
    ("12::DECIMAL(9,0)", "integer", 12),
    ("0.1::FLOAT", "number", float(np.float32(0.1))),
    ("1e300::DOUBLE", "number", 1e300),
    ("DATE '2020-02-29'", "datetime", moment("2020-02-29")),
    ("TIMESTAMP '2020-02-29 12:30:00'", "datetime", moment("2020-02-29 12:30:00")),
    ("TIMESTAMP_NS '2020-02-29 12:30:00'", "datetime", moment("2020-02-29 12:30:00")),
    ("TIMESTAMPTZ '2020-02-29 12:30:00+02:00'", "datetime", moment("2020-02-29 10:30:00")),
    ("TIME '12:30:00'", "text", "12:30:00"),
    ("'01031500'", "text", "01031500"),
    ("'2020-02-29'", "datetime", moment("2020-02-29")),
    ("'2020-02-29T12:30:00'", "datetime", moment("2020-02-29 12:30:00")),
    ("'2020-02-30'", "text", "2020-02-30"),
    ("'12'", "text", "12"),
    ("encode('abc')", "text", "abc"),
    ("'\\xFF'::BLOB", "text", "\\xFF"),
    ("uuid '12345678-1234-1234-1234-123456789012'", "text", "12345678-1234-1234-1234-123456789012"),
]


@pytest.mark.parametrize(("value", "storage", "stored"), TYPES)
def test_every_type_of_single_values_is_stored_as_a_plain_one(
    tmp_path: Path, value: str, storage: str, stored: Any
) -> None:
    result, here, _ = one(tmp_path, value)
    assert (result, here) == (storage, stored)


def test_times_of_a_zone_and_numbers_that_are_too_long_are_said(tmp_path: Path) -> None:
    assert "x: times of a zone were turned to UTC." in one(tmp_path, "TIMESTAMPTZ '2020-02-29 12:30:00+02:00'")[2]
    assert any("too long" in note for note in one(tmp_path, "18446744073709551615::UBIGINT")[2])


def test_what_is_not_finite_is_missing_and_counted(tmp_path: Path) -> None:
    query = "SELECT unnest(['nan'::DOUBLE, 'inf'::DOUBLE, -0.0, 5e-324, NULL]) AS x"
    profile, rows = read(tmp_path, parquet(tmp_path, query), "x.parquet")
    assert [row[0] for row in rows] == [None, None, -0.0, 5e-324, None]
    assert profile.column("x").missing == 3
    assert "x: missing, because not finite: 2 values." in profile.report.notes


def test_nested_columns_are_left_out_and_listed(tmp_path: Path) -> None:
    query = "SELECT 1 AS a, [1, 2] AS tags, {'x': 1} AS address, map {'k': 1} AS pairs, 'b' AS c"
    profile, rows = read(tmp_path, parquet(tmp_path, query), "x.parquet")
    assert rows == [(1, "b")]
    assert "Left out, because they hold no single values: tags, address, pairs." in profile.report.notes
    only = refused(tmp_path, parquet(tmp_path, "SELECT [1, 2] AS tags"), "x.parquet")
    assert (only["code"], only["status"]) == ("unsupported_type", 422)


def test_names_never_reach_the_query(tmp_path: Path) -> None:
    names = ['a"; DROP TABLE x; --', "r0", "c1", "file_row_number", "A", "a", "select"]
    query = "SELECT " + ", ".join(
        f'{index} AS "{name.replace(chr(34), chr(34) * 2)}"' for index, name in enumerate(names)
    )
    profile, rows = read(tmp_path, parquet(tmp_path, query), "x.parquet")
    assert rows == [tuple(range(len(names)))]
    assert profile.columns[0].name == names[0]


def test_the_first_look_shows_names_types_and_rows(tmp_path: Path) -> None:
    query = "SELECT i AS n, DATE '2020-01-01' + i::INT AS d, 'b' || i AS t, [i] AS l FROM range(500) r(i)"
    seen = look(tmp_path, parquet(tmp_path, query), "x.parquet")
    assert (seen.names, seen.kinds) == (("n", "d", "t"), ("integer", "datetime", "text"))
    assert (seen.rows[1], len(seen.rows), seen.whole) == (("1", "2020-01-02", "b1"), 20, False)
    assert seen.notes == ("Left out, because they hold no single values: l.",)


def test_rows_keep_their_order_over_row_groups(tmp_path: Path) -> None:
    query = "SELECT i, (i * 7919) % 10007 AS v FROM range(30000) r(i)"
    _, rows = read(tmp_path, parquet(tmp_path, query, ", ROW_GROUP_SIZE 2048"), "x.parquet")
    assert rows == [(position, position * 7919 % 10007) for position in range(30000)]


def test_too_many_rows_or_columns_are_seen_before_one_is_read(tmp_path: Path) -> None:
    rows = refused(tmp_path, parquet(tmp_path, "SELECT 1 AS a FROM range(60000000)"), "x.parquet")
    assert (rows["code"], rows["status"]) == ("too_many_rows", 422)
    assert "60,000,000 rows" in rows["message"]
    assert "HYDROML_LIMIT_ROWS" in rows["message"]
    wide = parquet(tmp_path, "SELECT " + ", ".join(f"1 AS a{position}" for position in range(30)))
    assert refused(tmp_path, wide, "x.parquet", limits={"columns": 20})["code"] == "too_many_columns"
    assert refused(tmp_path, wide, "x.parquet", limits={"cells": 20})["code"] == "too_many_rows"


@pytest.mark.parametrize("value", ["repeat('x', 9000000)", "encode(repeat('x', 9000000))"])
def test_a_huge_cell_is_refused_with_its_row_and_column(tmp_path: Path, value: str) -> None:
    query = f"SELECT CASE WHEN i = 3 THEN {value} END AS words, i FROM range(9) r(i)"
    error = refused(tmp_path, parquet(tmp_path, query, ", COMPRESSION zstd"), "x.parquet")
    assert (error["code"], error["status"]) == ("cell_too_large", 422)
    assert error["message"].startswith("Row 4, column words holds 8.6 MB of text; the limit is 1,024 kB.")


def test_an_empty_or_cut_file_is_refused(tmp_path: Path) -> None:
    assert refused(tmp_path, parquet(tmp_path, "SELECT 1 AS a WHERE false"), "x.parquet")["code"] == "no_rows"
    whole = parquet(tmp_path, "SELECT i FROM range(999) r(i)")
    assert refused(tmp_path, whole[:-9], "x.parquet")["message"] == "The Parquet file is damaged: its end is missing."
    assert refused(tmp_path, b"PAR1", "x.parquet")["code"] == "damaged"
    assert refused(tmp_path, b"PAR1" + bytes(99) + b"PAR1", "x.parquet")["code"] == "damaged"
    assert refused(tmp_path, b"PAR1" + whole[9:], "x.parquet")["code"] == "damaged"
    assert refused(tmp_path, whole, "x.csv")["code"] == "name_and_content_differ"


def test_a_mutated_file_is_refused_or_read_but_never_ends_the_child(tmp_path: Path) -> None:
    query = "SELECT i, i / 7 AS x, 'w' || i % 9 AS t, DATE '2020-01-01' + i::INT AS d FROM range(999) r(i)"
    whole, noise = parquet(tmp_path, query), random.Random(5)
    for _ in range(60):
        broken = bytearray(whole)
        for _ in range(noise.randrange(1, 6)):
            broken[noise.randrange(len(broken))] = noise.randrange(256)
        answers = ask("read", tmp_path, bytes(broken), "x.parquet")
        assert "profile" in answers or answers["error"]["message"].endswith(".")


CORRUPT = [
    "ARROW-GH-41317",
    "ARROW-GH-41321",
    "ARROW-GH-45185",
    "ARROW-GH-47662",
    "ARROW-RS-GH-6229-DICTHEADER",
    "ARROW-RS-GH-6229-LEVELS",
    "PARQUET-1481",
]


@pytest.mark.parametrize("name", CORRUPT)
def test_each_real_corrupt_file_is_refused_with_a_sentence(tmp_path: Path, name: str) -> None:
    path = shared(f"torture/parquet-testing/bad_data/{name}.parquet")
    assert refused(tmp_path, path, "x.parquet")["status"] == 422


def test_the_real_file_whose_indices_have_no_bits_is_read_as_others_read_it(tmp_path: Path) -> None:
    path = shared("torture/parquet-testing/bad_data/ARROW-GH-43605.parquet")
    _, rows = read(tmp_path, path, "x.parquet")
    assert [row[0] for row in rows] == pl.read_parquet(path)["min_fl"].to_list()


REAL = sorted(path.name for path in (TORTURE / "data").glob("*.parquet*") if not path.name.endswith(".json"))


@pytest.mark.slow
@pytest.mark.parametrize("name", REAL)
def test_each_real_file_is_refused_with_a_sentence_or_holds_what_another_engine_finds(
    tmp_path: Path, name: str
) -> None:
    path = TORTURE / "data" / name
    answers = ask("read", tmp_path, path, "x.parquet")
    if "error" in answers:
        assert answers["error"]["message"].endswith(".")
        return
    profile, rows = read(tmp_path, path, "x.parquet")
    try:
        truth = pl.read_parquet(path)
    except (pl.exceptions.PolarsError, OSError):
        return
    assert profile.rows == truth.height
    for index, column in enumerate(profile.columns):
        if column.storage in ("integer", "number", "boolean") and truth[column.name].dtype.is_numeric():
            for (*cells,), value in zip(rows, truth[column.name].to_list(), strict=True):
                _same(cells[index], value)


def _same(mine: Any, value: Any) -> None:
    if value is None or not math.isfinite(value):
        assert mine is None
    else:
        assert math.isclose(float(mine), float(value), rel_tol=1e-6)


def test_a_variant_column_is_left_out(tmp_path: Path) -> None:
    path = shared("torture/parquet-testing/shredded_variant/case-001.parquet")
    assert json.loads(json.dumps(ask("read", tmp_path, path, "x.parquet")))["profile"]["rows"] == 1
