"""How the form of reading choices is shown and understood, for every format; remedies as buttons."""

from __future__ import annotations

from typing import Any

import pytest

from app.domain.analysis.import_options.import_choices import ColumnImportChoice, Dialect, Marker, Peek, ReadingChoices
from app.domain.analysis.profiling.profile import ColumnProfile, DatasetProfile, Finding, FindingRemedy, ImportReport
from app.domain.errors import DomainError
from app.domain.vocabulary import ColumnKind, Severity
from app.web import import_options_form, remedies

SAID = import_options_form.SAID
FOUND = Dialect(encoding="cp1252", delimiter=";", quote='"', escape="double", decimal=",", first_line=4, footer_lines=1)
LEFT, KEPT = "It means missing", "It is a value"


def panel(
    dialect: Dialect = FOUND, choices: ReadingChoices | None = None, **more: Any
) -> import_options_form.ImportPanel:
    return import_options_form.panel_of(dialect, choices or ReadingChoices(), address="/x", **more)


def field(made: import_options_form.ImportPanel, name: str) -> import_options_form.ImportField:
    return next(choice for choice in made.choices if choice.name == f"reading.{name}")


def test_each_field_says_what_was_found() -> None:
    made = panel()
    assert made.summary == (
        "Delimited text, semicolon, Windows-1252 (Western Europe), decimal comma, table from line 4, "
        "1 line after the table"
    )
    firsts = {choice.name.removeprefix("reading."): choice.options[0][1] for choice in made.choices if choice.options}
    assert firsts == {
        "encoding": "Windows-1252 (Western Europe) (found)",
        "delimiter": "Semicolon (found)",
        "quote": "Double quotes (found)",
        "escape": "The quote twice (found)",
        "decimal": "Comma (found)",
        "comment": "None (found)",
        "header_lines": "One line (found)",
        "ragged": "Left out and listed (usual)",
        "duplicates": "Kept (usual)",
    }
    assert (field(made, "first_line").detected, field(made, "footer_lines").detected) == ("4", "1")
    assert not any(choice.is_decided or choice.value for choice in made.choices)


def test_what_the_user_said_stands_in_its_field_and_can_be_taken_back() -> None:
    made = panel(FOUND.model_copy(update={"said": ("quote",)}), ReadingChoices(quote="", first_line=2))
    quote = field(made, "quote")
    assert (quote.value, quote.is_decided, quote.options[0]) == (SAID, True, ("", "As found"))
    assert (field(made, "first_line").value, field(made, "first_line").is_decided) == ("2", True)


@pytest.mark.parametrize(
    ("dialect", "names"),
    [
        (Dialect(format="parquet"), ["duplicates"]),
        (Dialect(format="json"), ["encoding", "duplicates"]),
        (Dialect(format="netcdf"), ["duplicates"]),
        (
            Dialect(format="xlsx", sheet="Data", sheets=("Read me", "Data")),
            ["sheet", "decimal", "first_line", "header_lines", "footer_lines", "duplicates"],
        ),
    ],
    ids=lambda value: value.format if isinstance(value, Dialect) else "",
)
def test_only_what_means_something_for_a_format_is_asked(dialect: Dialect, names: list[str]) -> None:
    assert [choice.name for choice in panel(dialect).choices] == [f"reading.{name}" for name in names]


def test_sheets_and_files_of_an_archive_are_offered_by_name() -> None:
    book = field(panel(Dialect(format="xlsx", sheet="Data", sheets=("Read me", "Data"))), "sheet")
    assert (book.label, book.options) == (
        "Sheet",
        (("", "Data (found)"), (f"{SAID}Read me", "Read me"), (f"{SAID}Data", "Data")),
    )
    packed = Dialect(packing="zip", sheet="a.csv", sheets=("a.csv", "b.csv"))
    assert field(panel(packed), "sheet").label == "File in the archive"


def test_the_form_says_nothing_when_nothing_was_chosen() -> None:
    form = {choice.name: choice.value for choice in panel().choices}
    assert set(import_options_form.changes_from(form, ReadingChoices()).values()) == {None}
    assert ReadingChoices().merged(import_options_form.changes_from(form, ReadingChoices())) == ReadingChoices()


def test_the_form_and_the_choices_say_the_same() -> None:
    choices = ReadingChoices(
        encoding="latin-1",
        delimiter="\t",
        quote="",
        escape="\\",
        decimal=",",
        comment="#",
        first_line=3,
        header_lines=0,
        footer_lines=2,
        ragged="pad",
        duplicates="leave_out",
    )
    form = {choice.name: choice.value for choice in panel(choices=choices).choices}
    assert ReadingChoices().merged(import_options_form.changes_from(form, ReadingChoices())) == choices
    nothing = dict.fromkeys(form, "")
    assert choices.merged(import_options_form.changes_from(nothing, choices)) == ReadingChoices()


def test_a_unit_and_a_way_to_read_one_column_stand_beside_each_other() -> None:
    read = ReadingChoices().merged({"columns": [{"column": "flow", "read_as": "comma"}]})
    both = read.merged({"columns": [{"column": "flow", "unit": "cfs"}]})
    assert both.columns == (ColumnImportChoice(column="flow", read_as="comma", unit="cfs"),)
    text = both.merged({"columns": [{"column": "flow", "read_as": "text"}]})
    assert text.columns == (ColumnImportChoice(column="flow", read_as="text", unit="cfs"),)
    (mark,) = panel(choices=both).marks
    assert mark.sentence == "`flow` is read as numbers with a decimal comma; `flow` is in cfs"
    assert both.merged(import_options_form.changes_from({"flip": mark.place}, both)) == ReadingChoices()


def test_another_separator_can_be_typed() -> None:
    form = {"reading.delimiter": f"{SAID},", "reading.other_delimiter": "~|"}
    assert import_options_form.changes_from(form, ReadingChoices())["delimiter"] == "~|"
    odd = field(panel(FOUND, ReadingChoices(delimiter="~|")), "delimiter")
    assert (f"{SAID}~|", "~|") in odd.options


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("first_line", "two", "The first line is a whole number from 1 to 1,000,000, or empty."),
        ("first_line", "0", "The first line is a whole number from 1 to 1,000,000, or empty."),
        ("first_line", "-3", "The first line is a whole number"),
        ("footer_lines", "1001", "from 0 to 1,000"),
        ("header_lines", f"{SAID}9", "Names stand on none or up to five lines."),
        ("header_lines", f"{SAID}x", "Names stand on none or up to five lines."),
        ("encoding", f"{SAID}ebcdic", "This is none of the choices."),
        ("other_delimiter", "x" * 11, "A separator has one to ten characters."),
        ("delimiter", SAID, "A separator has one to ten characters."),
    ],
)
def test_a_choice_that_cannot_be_made_is_said_at_its_field(name: str, value: str, sentence: str) -> None:
    with pytest.raises(DomainError, match=sentence) as fault:
        import_options_form.changes_from({f"reading.{name}": value}, ReadingChoices())
    assert fault.value.field == f"reading.{name.removeprefix('other_')}"


def test_what_was_said_about_values_can_be_turned_round() -> None:
    choices = ReadingChoices(markers=(Marker(column="flow", value="-999"), Marker(column="rain", below=0.0)))
    marks = panel(choices=choices).marks
    assert [(mark.sentence, mark.flip) for mark in marks] == [
        ("-999 in `flow` means missing", KEPT),
        ("all below 0 in `rain` means missing", KEPT),
    ]
    after = choices.merged(import_options_form.changes_from({"flip": "0"}, choices))
    assert [(item.column, item.meaning) for item in after.markers] == [("flow", "value"), ("rain", "missing")]
    assert "markers" not in import_options_form.changes_from({"flip": "7"}, choices)


def test_what_was_said_about_a_column_can_be_taken_back() -> None:
    column_import_choices = (
        ColumnImportChoice(column="price", read_as="text"),
        ColumnImportChoice(column="flow", read_as="comma"),
    )
    choices = ReadingChoices(columns=column_import_choices)
    assert [(mark.sentence, mark.flip) for mark in panel(choices=choices).marks] == [
        ("`price` is read as text", "As found"),
        ("`flow` is read as numbers with a decimal comma", "As found"),
    ]
    after = choices.merged(import_options_form.changes_from({"flip": "column0"}, choices))
    assert after.columns == column_import_choices[1:]
    assert (
        after.fingerprint()
        != choices.fingerprint()
        == ReadingChoices(columns=column_import_choices[::-1]).fingerprint()
    )
    assert import_options_form.changes_from({"flip": "column9"}, choices) == {}


def test_the_first_look_is_cut_to_what_a_page_shows() -> None:
    names = tuple(f"n{position}" for position in range(50))
    peek = Peek(dialect=FOUND, names=names, rows=(names,) * 20, kinds=("text",) * 50, missing=(0.5,) * 50, rows_seen=20)
    look = import_options_form.look_of(peek)
    assert (len(look["heads"]), len(look["rows"]), len(look["rows"][0]), look["columns"]) == (30, 8, 30, 50)


def test_a_profile_stored_before_dialects_still_says_how_it_was_read() -> None:
    old = ImportReport(3, 3, 0, encoding="utf-8", delimiter="\t", skipped_lines=2)
    assert (
        import_options_form.summary_of(import_options_form.dialect_of(old))
        == "Delimited text, tab, UTF-8, table from line 3"
    )


def marker(column: str, value: str) -> Finding:
    changes = [{"column": column, "value": value, "meaning": meaning} for meaning in ("missing", "value")]
    buttons = (
        FindingRemedy(LEFT, "reading", {"markers": [changes[0]]}),
        FindingRemedy(KEPT, "reading", {"markers": [changes[1]]}),
    )
    return Finding("missing_value_marker", Severity.WARNING, (column,), f"`{column}` holds {value}.", "", buttons)


def profile(*findings: Finding) -> DatasetProfile:
    columns = tuple(
        ColumnProfile(name, f"c{index}", ColumnKind.NUMERIC, "numbers", "number", 0, 9)
        for index, name in enumerate(("flow", "rain", "site"))
    )
    return DatasetProfile(9, columns, ImportReport(9, 9, 0, "utf-8", ","), findings)


LEAVE = Finding(
    "constant",
    Severity.NOTICE,
    ("site",),
    "`site` is 1.",
    "",
    (FindingRemedy("Leave it out", "leave_out", {}, ("site",)),),
)
GROUP = Finding(
    "groups",
    Severity.NOTICE,
    ("site",),
    "Groups.",
    "",
    (FindingRemedy("Group", "draft", {"data.group_column": "site"}),),
)
PLAIN = Finding("time_gaps", Severity.NOTICE, ("site",), "Gaps.")


def test_findings_with_buttons_and_warnings_are_shown_and_quiet_notices_are_not() -> None:
    views, more = remedies.finding_views(profile(LEAVE, PLAIN, marker("flow", "-999")), kinds=("reading", "leave_out"))
    assert ([view.finding.code for view in views], more) == (["missing_value_marker", "constant"], 0)
    assert [button.value for button in views[0].buttons] == ["2.0", "2.1"]
    only_reading, _ = remedies.finding_views(profile(LEAVE, PLAIN), kinds=("reading",))
    assert only_reading == []
    about, _ = remedies.finding_views(profile(LEAVE, PLAIN, marker("flow", "-999")), kinds=("reading",), about="site")
    assert [view.finding.code for view in about] == ["constant", "time_gaps"]


def test_one_button_answers_for_all_findings_of_a_kind() -> None:
    made = profile(marker("flow", "-999"), marker("rain", "-200"))
    views, _ = remedies.finding_views(made, kinds=("reading",))
    assert [button.label for button in views[0].together] == [f"{LEFT}: all 2 like this", f"{KEPT}: all 2 like this"]
    assert views[1].together == ()
    pressed = remedies.selected_remedy(made, views[0].together[0].value, kinds=("reading",))
    assert pressed is not None
    assert [(change["column"], change["value"], change["meaning"]) for change in pressed.remedy.changes["markers"]] == [
        ("flow", "-999", "missing"),
        ("rain", "-200", "missing"),
    ]
    assert pressed.columns == 2


@pytest.mark.parametrize("value", ["", "9.0", "0.9", "0", "x.y", "-1.0", "0." * 20, "٣.0", "1.0"])
def test_a_button_that_is_not_ours_does_nothing(value: str) -> None:
    assert remedies.selected_remedy(profile(marker("flow", "-999"), LEAVE), value, kinds=("reading",)) is None
    assert remedies.selected_remedy(None, value, kinds=("reading",)) is None


def test_answers_of_a_draft_that_a_remedy_sets() -> None:
    made = profile(LEAVE, GROUP)
    assert remedies.answers_of(made, LEAVE.remedies[0]) == {"features": {"column.c2": False}}
    assert remedies.answers_of(made, GROUP.remedies[0]) == {"data": {"group_column": "site"}}
    assert remedies.is_answered(made, {"data": {"group_column": "site"}}, GROUP.remedies[0])
    assert not remedies.is_answered(made, {"data": {}}, GROUP.remedies[0])
