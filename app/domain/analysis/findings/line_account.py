"""Sentences that account for every line of a text file: read, rejected, or passed over."""

from __future__ import annotations

from app.domain.analysis.profiling.profile import ImportReport

KINDS = {
    "preamble": "Before the table",
    "blank": "Empty line",
    "comment": "Comment",
    "formats": "Formats of the columns",
    "repeated_names": "Names of the columns again",
    "other_table": "Another table",
    "footer": "Below the table",
    "event": "Event of the logger",
}

ACCOUNT = "{lines:,} = {names:,} of names + {rows:,} rows + {passed:,} passed over."
CONTINUED = (
    "{lines:,} = {names:,} of names + {rows:,} rows + {continued:,} that continue a row + {passed:,} passed over."
)


def describe_lines(report: ImportReport) -> str:
    """Return the account of all lines of a text, or nothing where a format has none.

    Parameters
    ----------
    report
        What reading did to the file.
    """
    if not report.lines:
        return ""
    parts = {
        "lines": report.lines,
        "names": report.header_lines,
        "rows": report.rows_read,
        "passed": report.rows_passed_over,
        "continued": report.lines_continued,
    }
    return (CONTINUED if report.lines_continued else ACCOUNT).format(**parts)


def describe_line_kind(kind: str) -> str:
    """Return the page's name for lines that are no rows."""
    return KINDS.get(kind, kind.replace("_", " "))
