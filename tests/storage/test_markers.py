"""What the user said about values, decimals and copies is done on the next reading; what nobody said is asked."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest

import config
from app.domain.analysis.import_options.import_choices import ReadingChoices
from app.domain.analysis.profiling.profile import DatasetProfile, Finding
from app.storage.columnar import connect
from app.storage.reading import child

REAL = Path(__file__).resolve().parents[3] / "shared" / "data"
Rows = list[tuple[Any, ...]]


def _read(content: bytes, **choices: Any) -> tuple[DatasetProfile, Rows]:
    """Read a file with what the user said; return its profile and its rows."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "upload").write_bytes(content)
        answers = child.answer_request(
            {
                "what": "read",
                "source": str(folder / "upload"),
                "folder": name,
                "suffix": ".csv",
                "limits": config.Limits().__dict__,
                "seconds": 30,
                "choices": ReadingChoices.model_validate(choices).to_json(),
            }
        )
        assert "error" not in answers, answers["error"]
        with connect(folder) as connection:
            rows = connection.execute("SELECT * FROM read_parquet(?)", [str(folder / "data.parquet")]).fetchall()
    profile = DatasetProfile.from_json(json.loads(json.dumps(answers["profile"], allow_nan=False)))
    assert profile.report.rows_kept == profile.rows == len(rows)
    assert profile.report.rows_read == len(rows) + profile.report.rows_rejected + profile.report.left_out
    return profile, rows


def _asked(profile: DatasetProfile, column: str) -> Finding | None:
    findings = (
        finding
        for finding in profile.findings
        if finding.code == "missing_value_marker" and finding.columns == (column,)
    )
    return next(findings, None)


def _marked(**marker: Any) -> list[dict[str, Any]]:
    return [{"column": "v", **marker}]


SENTINEL = (
    b"v,w\n" + b"".join(b"%d,%d.5\n" % (position, position) for position in range(60)) + b"-999,1\n-999.0,2\n-998,3\n"
)
MISSING = [
    pytest.param(SENTINEL, {"value": "-999"}, 2, id="a number, compared as one"),
    pytest.param(SENTINEL, {"below": -900}, 3, id="everything below"),
    pytest.param(SENTINEL, {"above": 57}, 2, id="everything above"),
    pytest.param(SENTINEL, {"value": "7", "below": -998.5}, 3, id="a value and a bound"),
    pytest.param(b"v,w\n" + b"1.5,2\n" * 9 + b" ? ,3\n", {"value": "?"}, 1, id="a word among numbers"),
    pytest.param(b"v,w\n" + b"x,2\n" * 9 + b"None,3\n none,3\n", {"value": "None"}, 1, id="a word among words"),
    pytest.param(b"v,w\n" + b"x,2\n" * 9 + b"-999,3\n-999.0,3\n", {"value": "-999"}, 2, id="a number among words"),
    pytest.param(b"v,w\n2001-02-03,2\n2001-02-04,3\n1900-01-01,4\n", {"value": "1900-01-01"}, 1, id="a date"),
    pytest.param(b"v;w\n" + b"1,5;2\n" * 9 + b"-999,0;3\n", {"value": "-999"}, 1, id="a decimal comma"),
    pytest.param(b"v,w\n" + b"007,2\n" * 9 + b"999,3\n", {"value": "999"}, 1, id="a site number"),
]


@pytest.mark.parametrize(("content", "marker", "missing"), MISSING)
def test_what_means_missing_is_missing_before_anything_is_counted(
    content: bytes, marker: dict[str, Any], missing: int
) -> None:
    plain, _ = _read(content)
    profile, rows = _read(content, markers=_marked(**marker))
    column = profile.column("v")
    # A sign that is no number counts as missing until somebody answers; everything else counts as a value.
    assert (column.missing, plain.column("v").missing) == (missing, missing if marker.get("value") == "?" else 0)
    assert sum(row[0] is None for row in rows) == missing
    assert sum(count for _, count in column.top_values) in (0, profile.rows - missing)
    assert [row[1] for row in rows] == [row[1] for row in _read(content)[1]]


@pytest.mark.parametrize("mark", ["?", "-", "*", "ND", "n/a", "--", "Ice", "<LOD", "#DIV/0!", "\u2014"])
@pytest.mark.parametrize("value", ["%d", "%d.25"])
def test_signs_among_numbers_leave_numbers_and_are_asked_about(mark: str, value: str) -> None:
    texts = [mark if position % 5 == 0 else value % (position % 40) for position in range(300)]
    content = "\n".join(["w,v", *(f"{index},{text}" for index, text in enumerate(texts))]).encode()
    profile, rows = _read(content)
    column = profile.column("v")
    assert (column.kind, column.storage) == (("integer", "integer") if value == "%d" else ("numeric", "number"))
    assert (column.missing, sum(row[1] is None for row in rows)) == (60, 60)
    # "n/a" means missing in every file; all others are asked about.
    assert (_asked(profile, "v") is None) == (mark == "n/a")
    if mark != "n/a":
        kept, _ = _read(content, markers=_marked(value=mark, meaning="value"))
        assert (kept.column("v").storage, kept.column("v").missing) == ("text", 0)


def test_kind_of_words_is_judged_without_their_marks() -> None:
    texts = ["?" if position % 3 == 0 else ("yes", "no")[position % 2] for position in range(90)]
    profile, _ = _read("\n".join(["w,v", *(f"{index % 7},{text}" for index, text in enumerate(texts))]).encode())
    column = profile.column("v")
    assert (column.kind, column.kind_reason, column.distinct) == ("categorical", "2 different words", 3)


def test_words_that_mean_missing_leave_numbers() -> None:
    content = b"v,w\n" + b"".join(b"%d.25,a\n" % position for position in range(90)) + b"?,b\nNone,c\n?,d\n" * 3
    before, _ = _read(content)
    assert (before.column("v").storage, before.column("v").missing) == ("number", 9)
    assert _asked(before, "v") is not None
    profile, _ = _read(content, markers=[*_marked(value="?"), *_marked(value="None")])
    assert (profile.column("v").storage, profile.column("v").missing) == ("number", 9)
    assert _asked(profile, "v") is None


def test_numbers_with_few_odd_words_are_asked_about_and_both_answers_are_kept() -> None:
    content = b"v,w\n" + b"".join(b"%d.5,1\n" % position for position in range(2999)) + b'"1,5",2\nbroken,3\n'
    profile, _ = _read(content)
    finding = _asked(profile, "v")
    assert finding is not None
    assert '2 of 3,001 values in `v` are not numbers: "1,5" (1), "broken" (1).' in finding.message
    assert (profile.column("v").storage, profile.column("v").missing) == ("number", 2)
    missing, text = (remedy.changes for remedy in finding.remedies)
    again, _ = _read(content, **missing)
    assert (again.column("v").storage, again.column("v").missing, _asked(again, "v")) == ("number", 2, None)
    kept, rows = _read(content, **text)
    assert (kept.column("v").storage, kept.column("v").missing, _asked(kept, "v")) == ("text", 0, None)
    assert [row[0] for row in rows[-2:]] == ["1,5", "broken"]


def test_words_beside_many_numbers_count_as_missing_until_answered() -> None:
    content = b"v,w\n" + b"".join(b"%d.5,1\n" % position for position in range(95)) + b"?,2\n" * 5
    profile, _ = _read(content)
    finding = _asked(profile, "v")
    assert finding is not None
    assert "They are treated as missing until you decide." in finding.message
    again, _ = _read(content, **finding.remedies[0].changes)
    assert (again.column("v").storage, again.column("v").missing) == ("number", 5)


def test_cells_of_blanks_among_numbers_are_asked_about() -> None:
    content = b"v,w\n" + b"".join(b"%d.5,1\n" % position for position in range(95)) + b"  ,2\n" * 5 + b",3\n"
    profile, _ = _read(content)
    finding = _asked(profile, "v")
    assert finding is not None
    assert "5 of 100 values in `v` are not numbers: blank (5)." in finding.message
    assert (profile.column("v").storage, profile.column("v").missing) == ("number", 6)
    assert _asked(_read(content, **finding.remedies[0].changes)[0], "v") is None
    assert _read(content, **finding.remedies[1].changes)[0].column("v").storage == "text"


def test_dates_with_few_odd_words_are_asked_about() -> None:
    content = b"v,w\n" + b"".join(b"20%02d-01-02,1\n" % (position % 99) for position in range(400)) + b"long ago,2\n"
    profile, _ = _read(content)
    finding = _asked(profile, "v")
    assert finding is not None
    assert "are not dates" in finding.message
    assert profile.column("v").storage == "datetime"
    assert _read(content, **finding.remedies[1].changes)[0].column("v").storage == "text"


def test_a_value_that_is_said_to_be_one_is_kept_and_not_asked_about() -> None:
    content = b"v,w\n" + b"x,1\n" * 9 + b"NA,2\n"
    assert _read(content)[0].column("v").missing == 1
    profile, rows = _read(content, markers=_marked(value="NA", meaning="value"))
    assert (profile.column("v").missing, rows[-1]) == (0, ("NA", 2))


@pytest.mark.parametrize("word", ["'; DROP TABLE raw;--", '"', "\\", "a\x00b", "1e999", "nan", ""])
def test_any_text_of_a_marker_is_only_a_text(word: str) -> None:
    profile, _ = _read(b"v,w\nx,1\ny,2\n", markers=_marked(value=word))
    assert profile.column("v").missing == 0


def test_a_marker_of_a_column_that_is_not_there_changes_nothing() -> None:
    assert _read(b"v,w\n1,2\n", markers=[{"column": "u", "value": "1"}])[0].column("v").missing == 0


@pytest.mark.parametrize(
    ("content", "decimal", "storage", "values"),
    [
        pytest.param(b'v,w\n"1,5",x\n"2,5",y\n', ",", "number", [1.5, 2.5], id="commas in quotes"),
        pytest.param(b'v,w\n"1,5",x\n"2,5",y\n', None, "number", [1.5, 2.5], id="the same, nothing said"),
        pytest.param(b'v,w\n"1,5",x\n"2,5",y\n', ".", "text", ["1,5", "2,5"], id="the same, points said"),
        pytest.param(b"v;w\n1,5;x\n2,5;y\n", ".", "text", ["1,5", "2,5"], id="points, where commas are"),
        pytest.param(b"v;w\n1,5;x\n2;y\n", ",", "number", [1.5, 2.0], id="commas and whole numbers"),
    ],
)
def test_the_decimal_sign_can_be_said(content: bytes, decimal: str | None, storage: str, values: list[Any]) -> None:
    profile, rows = _read(content, decimal=decimal)
    assert (profile.column("v").storage, [row[0] for row in rows]) == (storage, values)


@pytest.mark.parametrize("rows", [3, 9000], ids=["few rows", "many rows"])
def test_exact_copies_are_left_out_when_the_user_says_so(rows: int) -> None:
    lines = [b"%d,%s" % (position % 7, b"" if position % 3 else b"x") for position in range(rows)]
    content = b"v,w\n" + b"\n".join(lines) + b"\n" + b"0,x\n1,\n1.0,\n"
    kept, _ = _read(content)
    profile, results = _read(content, duplicates="leave_out")
    assert kept.rows == rows + 3
    wanted = list(dict.fromkeys((float(line.split(b",")[0]), line.split(b",")[1]) for line in content.split()[1:]))
    assert results == [(value, word.decode() or None) for value, word in wanted]
    assert (profile.report.left_out, profile.duplicate_rows) == (rows + 3 - len(wanted), 0)
    assert any("exact copies" in note for note in profile.report.notes)


REAL_MARKS = [
    ("hydro/piscataquis_01031500_daily_sentinel.csv", "q_cfs", "-999"),
    ("hydro/reservoir_08049800_inflow.csv", "in_flow", "-999"),
]


@pytest.mark.parametrize(("name", "column", "value"), REAL_MARKS)
def test_sentinels_of_real_files_become_missing_and_genuine_negatives_stay(name: str, column: str, value: str) -> None:
    if not (REAL / name).exists():
        pytest.skip(f"{name} is not here")
    content = (REAL / name).read_bytes()
    before = _read(content)[0].column(column)
    after = _read(content, markers=[{"column": column, "value": value}])[0].column(column)
    gone = after.missing - before.missing
    assert gone > 0
    assert (after.negatives or 0) == (before.negatives or 0) - gone
    assert float(after.minimum or 0) > float(value)


def test_blanks_in_the_numbers_of_a_real_file_are_asked_about() -> None:
    path = REAL / "general" / "telco_churn.csv"
    if not path.exists():
        pytest.skip("telco_churn.csv is not here")
    profile, _ = _read(path.read_bytes())
    column = profile.column("TotalCharges")
    assert (column.storage, column.missing) == ("number", 11)
    assert _asked(profile, "TotalCharges") is not None
