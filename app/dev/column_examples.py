"""Gallery examples of column summaries, import reports, and findings with remedies."""

from __future__ import annotations

from app.dev.example import Example, macro_example
from app.domain.analysis.import_options.import_choices import Dialect, Peek
from app.domain.analysis.profiling.column_listing import ORDERS, ColumnPage
from app.domain.analysis.profiling.profile import ColumnProfile, DatasetProfile, Finding, ImportReport, TimeAxis
from app.domain.vocabulary import ColumnKind, Severity
from app.storage.tables import Dataset
from app.web.columns import ColumnsPanel
from app.web.import_options_form import look_of
from app.web.remedies import Button, FindingView

FLOW = ColumnProfile(
    name="discharge_mm",
    key="c1",
    kind=ColumnKind.NUMERIC,
    kind_reason="numbers with many values",
    storage="number",
    missing=14,
    distinct=812,
    mean=2.1,
    std=1.4,
    minimum=0.1,
    maximum=14.2,
    quantiles=(0.3, 0.9, 1.8, 2.9, 6.4),
    zeros=0,
    negatives=0,
    outliers=9,
    histogram_edges=(0.1, 2.1, 4.1, 6.1, 8.1, 10.1, 12.1, 14.2),
    histogram_counts=(520, 260, 110, 40, 12, 0, 3),
    unit="mm",
    unit_source="name",
)
DAY = ColumnProfile(
    "date",
    "c0",
    ColumnKind.DATETIME,
    "dates",
    "datetime",
    0,
    959,
    minimum="2019-01-01 00:00:00",
    maximum="2021-08-16 00:00:00",
)
REGIME = ColumnProfile(
    "regime",
    "c2",
    ColumnKind.CATEGORICAL,
    "words that come again",
    "text",
    3,
    3,
    top_values=(("low", 600), ("middle", 300), ("flood", 56)),
)
SINGLE = ColumnProfile(
    "gauge", "c3", ColumnKind.CATEGORICAL, "one value", "text", 0, 1, top_values=(("01031500", 959),)
)
COLUMNS = (DAY, FLOW, REGIME, SINGLE)
REJECTED = ((17, "The value 'n/a mm' in discharge_mm is no number."), (402, "It has 3 fields where 4 are expected."))
PASSED = ((1, 4, "preamble"), (88, 88, "blank"), (964, 970, "footer"))
WHOLE = ImportReport(959, 959, 0, "utf-8", ",", lines=960, header_lines=1)
PARTLY = ImportReport(
    968,
    959,
    2,
    "utf-8",
    ";",
    decimal=",",
    rejected=REJECTED,
    notes=("A decimal comma was found.", "Empty lines were passed over."),
    left_out=7,
    lines=981,
    header_lines=1,
    rows_passed_over=12,
    passed_over=PASSED,
)
AXIS = TimeAxis("date", "2019-01-01", "2021-08-16", 86400.0, "daily", regular=True, gaps=3, duplicates=0)
NOTICED = Finding("units_in_names", Severity.NOTICE, ("discharge_mm",), "The unit of `discharge_mm` is in its name.")
CONSTANT = Finding("constant", Severity.WARNING, ("gauge",), "`gauge` has one value.", "Leave it out.")
BROKEN = Finding("unreadable", Severity.ERROR, (), "Two rows could not be read.")
MANY = tuple(
    Finding(code, Severity.NOTICE, ("discharge_mm",), "Worth a look.")
    for code in ("skewed", "outliers", "zeros", "spikes", "gaps")
)
FINDINGS = (NOTICED, CONSTANT, BROKEN)
PROFILE = DatasetProfile(959, COLUMNS, PARTLY, FINDINGS, AXIS)
TIDY = DatasetProfile(959, COLUMNS, WHOLE)
VIEWS = [
    FindingView(
        CONSTANT, (Button("leave_out:0", "Leave it out"),), (Button("leave_out:all", "Leave all of these out"),)
    ),
    FindingView(NOTICED, (Button("units:0", "Take the unit", done=True),)),
    FindingView(BROKEN, ()),
]
PEEK = Peek(
    dialect=Dialect(encoding="utf-8", delimiter=";", decimal=","),
    names=("date", "discharge_mm", "regime"),
    rows=(("2019-01-01", "1,8", "low"), ("2019-01-02", "", "low"), ("2019-01-03", "2,4", "middle")),
    kinds=("datetime", "number", "text"),
    missing=(0.0, 1 / 3, 0.0),
    rows_seen=3,
    whole=True,
)


def panel(columns: tuple[ColumnProfile, ...], *, page: int = 1, pages: int = 1, word: str = "") -> ColumnsPanel:
    """Return a page of the table of columns."""
    return ColumnsPanel(
        page=ColumnPage(columns, len(columns) * pages, page, pages, 60, word, "", "file", ""),
        findings={
            column.name: [finding for finding in FINDINGS if column.name in finding.columns] for column in columns
        },
        kinds=(("", "All kinds"), ("numeric", "numeric, 1"), ("categorical", "categorical, 2")),
        codes=(("", "All"), ("constant", "constant, 1")),
        orders=tuple((name, title) for name, (title, _) in ORDERS.items()),
        details="/dev/gallery",
        address="/dev/gallery",
    )


def examples() -> list[Example]:
    """Return the examples of `columns`."""
    return [*_strip_examples(), *_accounts(), *_finding_examples(), *_tables()]


def _strip_examples() -> list[Example]:
    states = (("a number", FLOW), ("a time", DAY), ("classes", REGIME), ("one value", SINGLE))
    return [
        *(macro_example("columns", "strip", state, column=column) for state, column in states),
        macro_example("columns", "histogram", "without a unit", column=FLOW),
        macro_example("columns", "histogram", "with a unit", column=FLOW, unit="mm"),
        macro_example("columns", "classes", "three classes", column=REGIME),
    ]


def _accounts() -> list[Example]:
    dataset = Dataset(file_name="piscataquis.csv", size_bytes=81_204, sha256="9f" * 32)
    return [
        macro_example("columns", "account", "all rows kept", report=WHOLE),
        macro_example("columns", "account", "some left out", report=PARTLY),
        macro_example("columns", "period", "a daily series", axis=AXIS),
        macro_example("columns", "report", "all rows kept", dataset=dataset, profile=TIDY),
        macro_example("columns", "report", "with rows rejected", dataset=dataset, profile=PROFILE),
        macro_example("columns", "rejected", "all listed", lines=REJECTED, total=2),
        macro_example("columns", "rejected", "the first", lines=REJECTED, total=90),
        macro_example("columns", "passed_over", "all listed", ranges=PASSED, total=12),
        macro_example("columns", "passed_over", "the first", ranges=PASSED, total=44),
    ]


def _finding_examples() -> list[Example]:
    return [
        macro_example("columns", "mark", "a code", code="near_constant"),
        macro_example("columns", "findings", "a warning", all=FINDINGS[:2]),
        macro_example("columns", "findings", "more than four", all=MANY),
        macro_example("columns", "finding_items", "each severity", items=VIEWS, form="remedies"),
        macro_example("columns", "finding_list", "short", items=VIEWS, more=0, form="remedies"),
        macro_example("columns", "finding_list", "long", items=VIEWS * 3, more=12, form="remedies"),
    ]


def _tables() -> list[Example]:
    rows = (("2019-01-01", "1.8", "low"), ("2019-01-02", "", "low"))
    cut = PEEK.model_copy(update={"whole": False, "rejected": REJECTED, "notes": ("A decimal comma was found.",)})
    return [
        macro_example("columns", "preview_table", "two rows", names=PEEK.names, rows=rows, label="First rows"),
        macro_example("columns", "controls", "nothing asked for", table=panel(COLUMNS), form="columns-form"),
        macro_example("columns", "controls", "a word", table=panel((FLOW,), word="mm"), form="columns-form"),
        macro_example("columns", "look", "a whole file", look=look_of(PEEK)),
        macro_example("columns", "look", "with rows rejected", look=look_of(cut, most_columns=2)),
    ]
