"""Every line of a text is in a row, or is counted with what it is instead; the same choices give the same rows."""

from __future__ import annotations

import csv
import io
import string
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.storage.reading.refusals import RefusedError
from tests.storage.texts import LIMITS, read_text

PIECES = st.sampled_from(
    [
        *["a", "1", "2.5", ",", ";", "|", "#", "NA", "é", "\\", "'", "//", "Total", "2001-01-02"],
        "\n",
        "\r\n",
        "\r",
        "\t",
        '"',
        '""',
        " ",
        "a,b\n1,2\n",
    ]
)
CHOICES = st.fixed_dictionaries(
    {},
    optional={
        "delimiter": st.sampled_from([",", ";", "whitespace", ", ", "||"]),
        "quote": st.sampled_from(['"', "'", ""]),
        "escape": st.sampled_from(["double", "\\", ""]),
        "comment": st.sampled_from(["#", ""]),
        "first_line": st.integers(1, 6),
        "header_lines": st.integers(0, 3),
        "footer_lines": st.integers(0, 3),
        "ragged": st.sampled_from(["pad", "leave_out"]),
    },
)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.lists(PIECES, max_size=40).map("".join), CHOICES)
def test_no_line_of_any_text_is_lost_unsaid_under_any_choices(text: str, said: dict[str, Any]) -> None:
    first, second = _read_or_refused(text, said), _read_or_refused(text, said)
    assert first == second
    if isinstance(first, str):
        assert first.endswith(".")


def _read_or_refused(text: str, answers: dict[str, Any]) -> object:
    """Read a text of which the helper has accounted for every line, or return the sentence that refuses it."""
    try:
        seen = read_text(text.encode(), **answers)
    except RefusedError as refusal:
        return refusal.message
    return seen.names, seen.rows, seen.tally


CELLS = st.text(st.sampled_from(string.ascii_letters + string.digits + ' ,;"\n\t|#'), max_size=8).map("v{}".format)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.integers(0, 999), CELLS, st.integers(0, 999)), min_size=2, max_size=20))
def test_a_standard_file_gives_what_the_standard_reader_gives(rows: list[tuple[int, str, int]]) -> None:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([("first", "words", "last"), *rows])
    seen = read_text(out.getvalue().encode())
    assert seen.names == ["first", "words", "last"]
    assert seen.rows == [[str(cell) for cell in row] for row in rows]
    assert seen.layout.is_plain


def test_a_quote_that_swallows_lines_costs_one_row_which_is_named() -> None:
    seen = read_text(b'a,b\n1,"x\n2,y\n3,"z"\n4,w\n5,v\n')
    assert [row[0] for row in seen.rows] == ["2", "3", "4", "5"]
    assert [line for line, _ in seen.tally.rejected] == [2]


def test_a_quote_inside_of_a_quoted_value_is_kept_where_only_one_reading_fits_and_that_is_said() -> None:
    seen = read_text(b'a,b,c\n1,"a 5" pipe, long",x\n' + b'2,"y, z",w\n' * 5)
    assert seen.rows[0] == ["1", 'a 5" pipe, long', "x"]
    assert seen.tally.notes == [
        "A quote inside of a quoted value was kept as a part of the value, in 1 row (the first on line 2)."
    ]


def test_a_quote_left_open_on_the_last_line_costs_that_line() -> None:
    seen = read_text(b'a,b\n1,"x"\n2,"y"\n3,"z')
    assert (len(seen.rows), [line for line, _ in seen.tally.rejected]) == (2, [4])


@pytest.mark.parametrize(
    ("row", "kept"),
    [(b"1,2,3,,", ["1", "2", "3"]), (b"1,2", None), (b"1,2,3,4", None), (b"1,2,", ["1", "2", ""])],
)
def test_cells_too_many_or_too_few_are_reported_unless_they_are_empty(row: bytes, kept: list[str] | None) -> None:
    seen = read_text(b"a,b,c\n" + b"4,5,6\n" * 9 + row + b"\n")
    assert (len(seen.rows) == 10) == (kept is not None)
    assert (kept is None) or seen.rows[-1] == kept
    assert [line for line, _ in seen.tally.rejected] == ([] if kept else [11])


def test_short_rows_are_padded_where_the_user_says_so_and_long_ones_are_still_reported() -> None:
    seen = read_text(b"a,b,c\n" + b"4,5,6\n" * 9 + b"1,2\n1\n1,2,3,4\n", ragged="pad")
    assert seen.rows[-2:] == [["1", "2", ""], ["1", "", ""]]
    assert seen.tally.rejected == [(13, "It has 4 cells; the table has 3 columns.")]


def test_names_without_values_get_empty_columns_and_that_is_said() -> None:
    seen = read_text(b"a,b,c,d\n1,2,3\n4,5,6\n7,8,9\n")
    assert (seen.names, seen.rows[0]) == (["a", "b", "c", "d"], ["1", "2", "3", ""])
    assert seen.tally.notes == ["There are 4 names, but rows have 3 cells; the last columns hold nothing."]


PLAIN = [
    pytest.param(b"a,b\n1,2\n3,4\n", {}, True, id="plain"),
    pytest.param(b'a;b\r\n1;"x;\r\ny"\r\n', {}, True, id="quoted"),
    pytest.param(b"\xef\xbb\xbfa,b\n1,2\n3,4\n", {}, True, id="a mark before names"),
    pytest.param(b"\xef\xbb\xbf1,2\n3,4\n", {}, False, id="a mark before values"),
    pytest.param("a,b\n1,ö\n".encode("cp1252"), {}, False, id="another encoding"),
    pytest.param(b"a,b\r1,2\r3,4\r", {}, False, id="old line ends"),
    pytest.param(b"# x\na,b\n1,2\n3,4\n", {}, False, id="comments"),
    pytest.param(b"day,b\n2001-01-01,2\n2001-01-01,4\nTotal,6\n", {}, False, id="a footer"),
    pytest.param(b"a b\n1 2\n3 4\n", {}, False, id="blanks"),
    pytest.param(b"a,b,,\n1,2,,\n3,4,,\n", {}, False, id="empty cells without names"),
    pytest.param(b"a,b\n1,2\n3,4\n", {"ragged": "pad"}, False, id="padding"),
]


@pytest.mark.parametrize(("content", "said", "is_plain"), PLAIN)
def test_a_text_is_called_plain_only_where_a_strict_reader_reads_the_same(
    content: bytes, said: dict[str, Any], is_plain: bool
) -> None:
    assert read_text(content, **said).layout.is_plain == is_plain


def test_a_cell_over_its_limit_is_refused() -> None:
    with pytest.raises(RefusedError, match="Line 2 ") as info:
        read_text(b'a,b\n1,"' + b"x" * 1500 + b'"\n2,3\n', limits={**LIMITS, "cell_kb": 1})
    assert info.value.code == "cell_too_large"


def test_a_quote_that_is_never_closed_costs_its_line() -> None:
    seen = read_text(b'a,b\n1,"x\n' + b"2,y\n" * 500, limits={**LIMITS, "cell_kb": 1})
    assert len(seen.rows) == 500
    assert seen.tally.rejected == [(2, "A quote is opened on it and not closed where the row ends.")]


def test_many_quotes_that_are_never_closed_refuse_the_file() -> None:
    with pytest.raises(RefusedError, match="A quote opened on line") as info:
        read_text((b'1,"x\n' + b"2,y\n" * 500) * 9, limits={**LIMITS, "cell_kb": 1})
    assert info.value.code == "open_quote"
