"""JSON: every usual shape of a table, streamed, with the line of whatever is wrong."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.storage.answers import ask, look, read, refused, shared

RECORDS = [
    {"day": f"2020-01-{position:02d}", "rain": position / 4, "site": f"0{position}", "wet": position > 3}
    for position in range(1, 29)
]
FRAME = pd.DataFrame(RECORDS)
SHAPES = [
    pytest.param(FRAME.to_json(orient="records"), "json", id="a list of records"),
    pytest.param(FRAME.to_json(orient="records", indent=2), "json", id="a list of records over many lines"),
    pytest.param(FRAME.to_json(orient="records", lines=True), "jsonl", id="one record on each line"),
    pytest.param(FRAME.to_json(orient="columns"), "json", id="columns of numbered values"),
    pytest.param(json.dumps(FRAME.to_dict("list")), "json", id="columns of lists"),
    pytest.param(FRAME.to_json(orient="split"), "json", id="columns, index and data"),
    pytest.param(json.dumps({"data": RECORDS}), "json", id="a list under one key"),
    pytest.param(json.dumps({"count": 28, "next": None, "results": RECORDS, "of": {"a": [1]}}), "json", id="a page"),
    pytest.param(json.dumps([list(FRAME), *FRAME.to_numpy().tolist()]), "json", id="a list of rows under names"),
    pytest.param("\ufeff" + FRAME.to_json(orient="records"), "json", id="a mark before it"),
    pytest.param(" \n\t" + FRAME.to_json(orient="records") + "\n\n", "json", id="blanks around it"),
]


@pytest.mark.parametrize(("text", "form"), SHAPES)
@pytest.mark.parametrize("name", ["x.json", "x.txt"])
def test_every_usual_shape_is_the_same_table(tmp_path: Path, text: str, form: str, name: str) -> None:
    profile, rows = read(tmp_path, text.encode(), name)
    assert [column.name for column in profile.columns] == ["day", "rain", "site", "wet"]
    assert [column.storage for column in profile.columns] == ["datetime", "number", "text", "boolean"]
    assert [row[1:] for row in rows] == [(item["rain"], item["site"], item["wet"]) for item in RECORDS]
    assert profile.report.dialect.format == form
    seen = look(tmp_path, text.encode(), name)
    assert (seen.names, seen.whole, seen.rows_seen) == (("day", "rain", "site", "wet"), True, 28)


def test_utf_16_is_read_by_its_mark(tmp_path: Path) -> None:
    assert read(tmp_path, '[{"å": "é"}, {"å": "b"}]'.encode("utf-16"), "x.json")[1] == [("é",), ("b",)]


def test_what_stands_beside_the_list_is_said(tmp_path: Path) -> None:
    profile, _ = read(tmp_path, json.dumps({"count": 2, "results": RECORDS, "more": [1]}).encode(), "x.json")
    assert "Passed over beside the list results: count, more." in profile.report.notes


def test_keys_that_come_later_are_columns_and_missing_before(tmp_path: Path) -> None:
    _, rows = read(tmp_path, b'[{"a": 1}, {"b": 2}, {"a": null, "b": 3}]', "x.json")
    assert rows == [(1, None), (None, 2), (None, 3)]


def test_nested_values_are_left_out_and_listed(tmp_path: Path) -> None:
    content = b'[{"a": 1, "tags": ["x"], "at": {"lat": 1}}, {"a": 2, "tags": 7, "at": null}]'
    profile, rows = read(tmp_path, content, "x.json")
    assert rows == [(1,), (2,)]
    assert "Left out, because they hold no single values: tags, at." in profile.report.notes
    assert refused(tmp_path, b'[{"tags": ["x"]}]', "x.json")["code"] == "unsupported_type"


def test_a_broken_line_among_many_is_rejected_with_its_number(tmp_path: Path) -> None:
    lines = [json.dumps(row) for row in RECORDS]
    lines[11] = '{"day": "2020-01-12", "rain": 3.0'
    lines[20] = '{"rain": 1, "rain": 2}'
    lines[25] = "17"
    lines.insert(5, "")
    profile, rows = read(tmp_path, "\n".join(lines).encode(), "x.jsonl")
    report = profile.report
    assert (report.rows_read, report.rows_kept, report.rows_rejected, len(rows)) == (28, 25, 3, 25)
    assert [line for line, _ in report.rejected] == [13, 22, 27]
    assert report.rejected[1][1] == "The key rain stands twice in one record."
    assert "1 blank line was passed over." in report.notes


def test_numbers_keep_every_digit_and_odd_ones_count_as_missing(tmp_path: Path) -> None:
    values = ["0.1", "1e400", "NaN", "-Infinity", "-0", "5e-324"] + ["1"] * 2000
    records = ",".join(f'{{"a": 1, "x": {value}}}' for value in values)
    profile, rows = read(tmp_path, f"[{records}]".encode(), "x.json")
    assert [row[1] for row in rows[:6]] == [0.1, None, None, None, -0.0, 5e-324]
    assert profile.column("x").missing == 3
    long = read(tmp_path, b'[{"a": 1, "id": %s}, {"a": 2, "id": 12}]' % (b"9" * 5000), "x.json")
    assert long[1][0][1] == "9" * 5000


WRONG = [
    pytest.param(b'[{"a": 1},\n{"a": 2},\n{"a": }]', "invalid_json", 3, id="a value is missing"),
    pytest.param(b'[{"a": 1}\n{"a": 2}]', "invalid_json", 2, id="a comma is missing"),
    pytest.param(b'[{"a": 1},\n{"a": 2}', "invalid_json", 2, id="it ends too early"),
    pytest.param(b'[{"a": 1},\n{"a": "tw', "invalid_json", 2, id="it ends in a text"),
    pytest.param(b'[{"a": 1}]\n\nand more', "invalid_json", 3, id="something after its end"),
    pytest.param(b'[{"a": 1,\n"a": 2}]', "invalid_json", None, id="a key twice"),
    pytest.param(b"[" * 100_000, "invalid_json", 1, id="deep"),
    pytest.param(b'[{"a":' * 50_000, "invalid_json", 1, id="deep objects"),
    pytest.param(b'[{"a": "\xff\xfe"}]', "damaged", None, id="bytes that are no text"),
    pytest.param(b"[]", "no_rows", None, id="an empty list"),
    pytest.param(b"{}", "", None, id="an empty object"),
    pytest.param(b"[1, 2, 3]", "no_rows", None, id="a list of numbers"),
    pytest.param(b'{"a": [1, 2], "b": [1]}', "columns_uneven", None, id="columns of different lengths"),
    pytest.param(b'{"a": {"b": {"c": 1}}}', "unsupported_type", None, id="only nested"),
    pytest.param(b'{"a": 1}\n{"a"\n{"a" 2}\n', "ragged", 2, id="mostly broken lines"),
]


@pytest.mark.parametrize(("content", "code", "line"), WRONG)
def test_what_is_no_table_is_refused_with_its_line(tmp_path: Path, content: bytes, code: str, line: int | None) -> None:
    error = refused(tmp_path, content, "x.json")
    assert error["status"] == 422
    assert code in ("", error["code"])
    assert line is None or error["line"] == line


def test_a_fault_far_down_names_its_line(tmp_path: Path) -> None:
    lines = [json.dumps({"a": position, "text": "w" * 100}) for position in range(60_000)]
    lines[45_000] = '{"a": 1 "text": 2}'
    error = refused(tmp_path, ("[\n" + ",\n".join(lines) + "\n]").encode(), "x.json")
    assert (error["code"], error["line"]) == ("invalid_json", 45_002)
    assert error["message"].startswith("Line 45,002: ")


def test_values_cut_by_the_pieces_of_reading_are_whole(tmp_path: Path) -> None:
    noise = random.Random(6)
    records = [
        {
            "n": noise.randrange(10**18),
            "x": noise.random(),
            "t": 'é"\\\n' * noise.randrange(9),
            "b": noise.random() < 0.5,
        }
        for _ in range(40_000)
    ]
    _, rows = read(tmp_path, json.dumps(records).encode(), "x.json")
    assert [row[0] for row in rows] == [record["n"] for record in records]
    assert [row[1] for row in rows] == [record["x"] for record in records]
    assert [row[2] or "" for row in rows] == [record["t"] for record in records]


def test_names_and_content_must_agree(tmp_path: Path) -> None:
    error = refused(tmp_path, b'[{"a": 1}, {"a": 2}]', "x.csv")
    assert (error["status"], error["code"]) == (415, "name_and_content_differ")
    assert error["message"] == "This is a JSON file, but its name ends in csv. Rename it to .json."
    assert refused(tmp_path, b"a,b\n1,2\n", "x.jsonl")["code"] == "name_and_content_differ"


def test_limits_name_their_setting(tmp_path: Path) -> None:
    wide = json.dumps([{f"c{position}": 1 for position in range(30)}]).encode()
    assert refused(tmp_path, wide, "x.json", limits={"columns": 20})["code"] == "too_many_columns"
    assert refused(tmp_path, b'[{"a": 1}, {"a": 2}]', "x.json", limits={"rows": 1})["code"] == "too_many_rows"
    large = json.dumps([{"a": 1, "b": "w"}, {"a": 2, "b": "x" * 3000}]).encode()
    error = refused(tmp_path, large, "x.json", limits={"cell_kb": 1})
    assert error["message"].startswith("Row 2, column b holds more than 1 kB of text.")


def test_any_broken_json_is_refused_or_read(tmp_path: Path) -> None:
    whole, noise = json.dumps({"data": RECORDS}), random.Random(7)
    for _ in range(150):
        position = noise.randrange(len(whole))
        broken = (
            whole[:position]
            + noise.choice(['"', "{", "]", ",", "", "\\", "\n", "nul"])
            + whole[position + noise.randrange(3) :]
        )
        answers: dict[str, Any] = ask("peek", tmp_path, broken.encode(), "x.json")
        assert "peek" in answers or answers["error"]["message"].endswith(".")


@pytest.mark.parametrize("name", ["simple", "utf8", "quotes_and_newlines", "comma_in_quotes", "escaped_quotes"])
def test_the_real_json_is_read(tmp_path: Path, name: str) -> None:
    path = shared(f"torture/csv-spectrum/json/{name}.json")
    records = json.loads(path.read_text(encoding="utf-8"))
    profile, rows = read(tmp_path, path, f"{name}.json")
    assert [column.name for column in profile.columns] == list(records[0])
    assert [tuple(str(cell or "") for cell in row) for row in rows] == [tuple(record.values()) for record in records]
