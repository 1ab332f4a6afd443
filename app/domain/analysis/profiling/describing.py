"""The description of a dataset as JSON for programs and for the cache."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict

from app.domain.analysis.profiling.profile import ColumnProfile, DatasetProfile, Finding, ImportReport
from app.domain.analysis.profiling.targets import target_summary
from app.domain.json_values import JsonObject

QUANTILES = ("0.05", "0.25", "0.5", "0.75", "0.95")


def describe(profile: DatasetProfile, target: str | None = None) -> JsonObject:
    """Return all that is known about a dataset as plain JSON values.

    Parameters
    ----------
    profile
        The dataset.
    target
        The name of the column to be estimated, or None.

    Raises
    ------
    KeyError
        If there is no column of this name.
    """
    codes: dict[str, list[str]] = defaultdict(list)
    for finding in profile.findings:
        for name in finding.columns:
            codes[name].append(finding.code)
    return {
        "rows": profile.rows,
        "columns": [_column_json(column, codes[column.name]) for column in profile.columns],
        "target": None if target is None else _target_json(profile, target),
        "findings": [finding_json(item) for item in profile.findings],
        "duplicate_rows": profile.duplicate_rows,
        "time_axis": None if profile.time_axis is None else asdict(profile.time_axis),
        "group": {"column": profile.group, "reason": profile.group_reason} if profile.group else None,
    }


def _column_json(column: ColumnProfile, codes: list[str]) -> JsonObject:
    histogram: JsonObject | None = None
    if column.histogram_counts:
        histogram = {"edges": list(column.histogram_edges), "counts": list(column.histogram_counts)}
    return {
        "name": column.name,
        "key": column.key,
        "kind": column.kind.value,
        "kind_reason": column.kind_reason,
        "storage": column.storage,
        "unit": column.unit,
        "unit_source": column.unit_source,
        "unit_suggested": column.unit_suggested,
        "flag_of": column.flag_of,
        "missing": column.missing,
        "distinct": column.distinct,
        "mean": column.mean,
        "std": column.std,
        "min": column.minimum,
        "max": column.maximum,
        "quantiles": {**dict(zip(QUANTILES, column.quantiles, strict=True))} if column.quantiles else None,
        "histogram": histogram,
        "top_values": [{"value": value, "count": count} for value, count in column.top_values],
        "outliers": column.outliers,
        "zeros": column.zeros,
        "negatives": column.negatives,
        "findings": [*codes],
    }


def _target_json(profile: DatasetProfile, target: str) -> JsonObject:
    facts = target_summary(profile, target)
    return {**facts.to_json(), "findings": [finding_json(finding) for finding in facts.findings]}


def finding_json(finding: Finding) -> JsonObject:
    """Return a finding as plain JSON values."""
    return {
        "code": finding.code,
        "severity": finding.severity.value,
        "columns": list(finding.columns),
        "message": finding.message,
        "remedy": finding.remedy,
        "remedies": [{**asdict(remedy), "columns": list(remedy.columns)} for remedy in finding.remedies],
    }


def report_json(report: ImportReport) -> JsonObject:
    """Return the import report as plain JSON values."""
    return {
        "rows_read": report.rows_read,
        "rows_kept": report.rows_kept,
        "rows_rejected": report.rows_rejected,
        "left_out": report.left_out,
        "rows_passed_over": report.rows_passed_over,
        "lines": report.lines or None,
        "header_lines": report.header_lines,
        "lines_continued": report.lines_continued,
        "passed_over": [{"line": first, "last_line": last, "kind": kind} for first, last, kind in report.passed_over],
        "encoding": report.encoding,
        "dialect": report.dialect.model_dump(mode="json"),
        "rejected": [{"line": line, "reason": reason} for line, reason in report.rejected],
        "notes": list(report.notes),
    }
