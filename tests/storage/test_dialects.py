"""How a text is laid out is found out, whatever its dialect; what the user says stands."""

from __future__ import annotations

from typing import Any

import pytest

from tests.storage.texts import SHARED, read_text

CUTS = [
    pytest.param("a,b\n1,2\n3,4\n", ",", '"', "double", id="commas"),
    pytest.param("a;b;c\n1,5;x, y;2\n2,5;z, w;3\n", ";", '"', "double", id="semicolons beside decimal commas"),
    pytest.param("a\tb\n1\tx y\n2\tz\n", "\t", '"', "double", id="tabs"),
    pytest.param("a|b\n1|x\n2|y\n", "|", '"', "double", id="bars"),
    pytest.param("a:b\n1:2\n3:4\n", ":", '"', "double", id="colons"),
    pytest.param("a^b\n1^x\n2^y\n", "^", '"', "double", id="carets"),
    pytest.param("  a    b\n  1  2.5\n 10  3.5\n", "whitespace", '"', "double", id="blanks of any number"),
    pytest.param("39, State-gov, 77516\n50, Self, 83311\n38, Private, 215646\n", ", ", '"', "double", id="padded"),
    pytest.param('a, b\n1, "x, y"\n2, "z"\n', ", ", '"', "double", id="padded and quoted"),
    pytest.param("a,b\n1,'x, y'\n2,'won't'\n3,'z'\n", ",", "'", "double", id="single quotes"),
    pytest.param('a,b\n1,"x \\"y\\", z"\n2,"\\"q\\", w"\n', ",", '"', "\\", id="backslashes"),
    pytest.param('a\tb\n"q" t\t1\n"r" s\t2\nx\t3\n', "\t", "", "", id="quotes that are none"),
    pytest.param("id,tags\n" + "7,u;v;w\n" * 9, ",", '"', "double", id="lists inside of cells"),
    pytest.param("sep=|\na|b\n1|2\n", "|", '"', "double", id="a separator named by Excel"),
]


@pytest.mark.parametrize(("text", "delimiter", "quote", "escape"), CUTS)
def test_the_way_to_cut_is_found_and_every_row_fits(text: str, delimiter: str, quote: str, escape: str) -> None:
    seen = read_text(text.encode())
    layout = seen.layout
    assert (layout.delimiter, layout.quote, layout.escape) == (delimiter, quote, escape)
    assert seen.tally.rejected == []
    assert len(seen.rows) == text.count("\n") - layout.skip_lines


SINGLE = [
    pytest.param("flow\n1\n2\n3\n", [["1"], ["2"], ["3"]], id="numbers"),
    pytest.param("flow\n1,5\n2,5\n" + "3,5\n" * 9, [["1,5"], ["2,5"]] + [["3,5"]] * 9, id="decimal commas"),
    pytest.param("time\n12:30\n13:40\n", [["12:30"], ["13:40"]], id="times"),
    pytest.param("name\nAda Lovelace\nMary Somerville\n", [["Ada Lovelace"], ["Mary Somerville"]], id="two words"),
    pytest.param('said\n"hello, world"\n"a, b"\nx\n', [["hello, world"], ["a, b"], ["x"]], id="quoted prose"),
]


@pytest.mark.parametrize(("text", "rows"), SINGLE)
def test_a_file_of_one_column_is_not_cut_apart(text: str, rows: list[list[str]]) -> None:
    seen = read_text(text.encode())
    assert (seen.rows, seen.tally.rejected) == (rows, [])


BODY = "2001-01-01,1.5,7\n2001-01-02,2.5,8\n2001-01-03,3.5,9\n2001-01-04,4.5,9\n"
NAMED = ("date", "rain", "count")
HEADERS = [
    pytest.param("date,rain,count\n", 1, 1, NAMED, id="one line"),
    pytest.param("", 1, 0, ("column_1", "column_2", "column_3"), id="none"),
    pytest.param("# made by hand\n# twice\ndate,rain,count\n", 3, 1, NAMED, id="comments before"),
    pytest.param("Station North\n\ndate,rain,count\n", 3, 1, NAMED, id="a title before"),
    pytest.param("Report,,\n,,\ndate,rain,count\n", 3, 1, NAMED, id="a title with separators"),
    pytest.param("date,rain,count\n,mm,-\n", 1, 2, ("date", "rain mm", "count -"), id="units below"),
    pytest.param("date,rain,count\ndate,day sum,all\n", 1, 2, ("date date", "rain day sum", "count all"), id="two"),
    pytest.param("# date,rain,count\n", 1, 1, NAMED, id="in a comment"),
    pytest.param("# by hand\n# date rain count\n", 2, 1, NAMED, id="in a comment, cut by blanks"),
    pytest.param("date rain count\n", 1, 1, NAMED, id="cut otherwise than the rows"),
    pytest.param('date,"rain,count\n', 1, 1, ("date", '"rain', "count"), id="a stray quote"),
    pytest.param("date,,rain,count\n", 1, 1, NAMED, id="an empty name too many"),
    pytest.param("date,rain,count\n2000-12-31,1\n", 1, 1, NAMED, id="a ragged row right below"),
    pytest.param("date,rain,count\nNA,,\n" + ",NA,x\n" * 9, 1, 1, NAMED, id="rows without values right below"),
    pytest.param("site,2001,2002\n", 1, 1, ("site", "2001", "2002"), id="years"),
]


@pytest.mark.parametrize(("before", "first", "lines", "names"), HEADERS)
def test_names_are_found_where_they_stand(before: str, first: int, lines: int, names: tuple[str, ...]) -> None:
    body = BODY if "2002" not in before else "A,1.5,2.5\nB,0.5,2\nC,3.5,2\n"
    seen = read_text((before + body).encode())
    assert (seen.layout.first_line, seen.layout.header_lines, seen.layout.names) == (first, lines, names)
    assert seen.rows[-len(body.splitlines()) :] == [line.split(",") for line in body.splitlines()]
    if first > 1:
        note = f"The table starts on line {first}; the lines before it were passed over."
        assert note in seen.tally.notes


def test_a_row_of_years_between_numbers_is_no_line_of_names() -> None:
    assert read_text(b"1,2001,2002\n2,2003,2004\n").layout.header_lines == 0


FOOTERS = [
    pytest.param("Total,7.5,24\n", 1, id="a total"),
    pytest.param("\nSource: the Agency\n", 1, id="a source"),
    pytest.param(",,\n,,\n\n", 2, id="separators alone"),
    pytest.param("Sum,7.5,24\n\nData are provisional, see below\n", 2, id="a total and a remark"),
    pytest.param("2001-01-05,5.5\n", 0, id="a row cut short is reported, not passed over"),
    pytest.param("Checked by hand, see below, and by others\n", 1, id="a remark with as many commas as a row"),
    pytest.param("2001-01-05,,\n", 0, id="a row with nothing but its date is a row"),
]


@pytest.mark.parametrize(("after", "lines"), FOOTERS)
def test_what_stands_below_the_table_is_passed_over_and_said(after: str, lines: int) -> None:
    seen = read_text(("date,rain,count\n" + BODY + after).encode())
    assert (seen.layout.footer_lines, seen.tally.passed["footer"]) == (lines, lines)
    assert any("at the end passed over" in note for note in seen.tally.notes) == bool(lines)
    assert len(seen.rows) + seen.tally.rejected_count == 4 + (not lines)


def test_no_part_of_a_cell_of_several_lines_is_taken_for_a_footer() -> None:
    seen = read_text(b'day,text\n2001-01-01,x\n2001-01-02,"one\ntwo\nthree"\n')
    assert seen.rows[-1] == ["2001-01-02", "one\ntwo\nthree"]


def test_commented_rows_are_passed_over_anywhere_but_not_inside_of_quotes() -> None:
    seen = read_text(b'# by hand\nday,note\n2001-01-01,x\n#2001-01-02,y\n2001-01-03,"a\n# b"\n')
    assert seen.rows == [["2001-01-01", "x"], ["2001-01-03", "a\n# b"]]
    assert "1 line beginning with # passed over." in seen.tally.notes


def test_names_of_rows_that_begin_with_a_hash_are_no_comments() -> None:
    assert len(read_text(b"well,depth\n#1,5\n#2,6\n3,7\n").rows) == 3


def test_another_table_below_is_named_and_can_be_chosen() -> None:
    text = "day,rain\n" + "2001-01-01,1\n" * 9 + "\nsite,lat,lon\nA,1.5,2.5\nB,2.5,3.5\n"
    seen = read_text(text.encode())
    assert (len(seen.rows), seen.tally.passed["other_table"], seen.tally.rejected) == (9, 3, [])
    assert any("Lines 12 to 14 hold another table, of 3 columns" in note for note in seen.tally.notes)
    other = read_text(text.encode(), first_line=12)
    assert (other.names, other.rows) == (["site", "lat", "lon"], [["A", "1.5", "2.5"], ["B", "2.5", "3.5"]])


def test_rows_of_this_table_after_another_one_are_not_lost() -> None:
    text = "day,rain\n" + "2001-01-01,1\n" * 9 + "\nsite,lat,lon\nA,1.5,2.5\nB,2.5,3.5\n" + "2001-01-02,2\n" * 3
    assert len(read_text(text.encode()).rows) == 12


def test_names_that_come_again_are_left_out_and_listed() -> None:
    seen = read_text(("day,rain\n2001-01-01,1\n" * 3).encode())
    assert len(seen.rows) == 3
    assert seen.tally.rejected == [
        (3, "It repeats the names of the columns."),
        (5, "It repeats the names of the columns."),
    ]


SAID: list[Any] = [
    pytest.param("a,b;c\n1,2;3\n", {"delimiter": ";"}, ["a,b", "c"], [["1,2", "3"]], id="delimiter"),
    pytest.param("a||b\n1||2\n", {"delimiter": "||"}, ["a", "b"], [["1", "2"]], id="delimiter of two letters"),
    pytest.param('a,b\n1,"x"\n', {"quote": ""}, ["a", "b"], [["1", '"x"']], id="quote"),
    pytest.param('a,b\n1,"x\\"y"\n', {"escape": "\\"}, ["a", "b"], [["1", 'x"y']], id="escape"),
    pytest.param(
        "a,b\n1,2\n3,4\n",
        {"header_lines": 0},
        ["column_1", "column_2"],
        [["a", "b"], ["1", "2"], ["3", "4"]],
        id="no names",
    ),
    pytest.param("a,b\nx,y\n1,2\n", {"header_lines": 2}, ["a x", "b y"], [["1", "2"]], id="two lines of names"),
    pytest.param("a,b\n1,2\nc,d\n3,4\n", {"first_line": 3}, ["c", "d"], [["3", "4"]], id="first line"),
    pytest.param("a,b\n1,2\n%,4\n", {"comment": "%"}, ["a", "b"], [["1", "2"]], id="comment"),
    pytest.param("#a,b\n#1,2\n3,4\n", {"comment": ""}, ["#a", "b"], [["#1", "2"], ["3", "4"]], id="no comment"),
    pytest.param("a,b\n1,2\n3,4\n", {"footer_lines": 1}, ["a", "b"], [["1", "2"]], id="footer"),
    pytest.param(
        "a,b\n1,2\nTotal,4\n2,2\n",
        {"footer_lines": 0},
        ["a", "b"],
        [["1", "2"], ["Total", "4"], ["2", "2"]],
        id="no footer",
    ),
    pytest.param(
        "a,b,c\n1,2,3\n4,5\n", {"ragged": "pad"}, ["a", "b", "c"], [["1", "2", "3"], ["4", "5", ""]], id="pad"
    ),
]


@pytest.mark.parametrize(("text", "said", "names", "rows"), SAID)
def test_what_the_user_says_stands_field_by_field(
    text: str, said: dict[str, Any], names: list[str], rows: list[list[str]]
) -> None:
    seen = read_text(text.encode(), **said)
    assert (seen.names, seen.rows) == (names, rows)
    assert seen.layout.as_dialect().said == tuple(said)


def test_the_groundwater_file_with_two_tables_gives_the_levels_and_names_the_other_table() -> None:
    path = SHARED / "hydro" / "data_stowa__B28H1804001_1.csv"
    if not path.exists():
        pytest.skip("the large real files are not here")
    seen = read_text(path)
    assert seen.names[:4] == ["Locatie", "Filternummer", "Peildatum", "Stand (cm t.o.v. MP)"]
    assert (len(seen.names), len(seen.rows), seen.tally.rejected) == (8, 2104, [])
    assert seen.rows[0] == ["B28H1804", "001", "06-06-2012", "65", "8", "1936", "", ""]
    assert "The table starts on line 17; the lines before it were passed over." in seen.tally.notes
    assert any(note.startswith("Lines 12 to 14 look like another table, of 13 columns.") for note in seen.tally.notes)
    assert len(read_text(path, first_line=12).rows) == 2
