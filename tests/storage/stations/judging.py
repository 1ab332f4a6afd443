"""Compare what is read of a file with what it holds, and say each difference."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app.domain.analysis.profiling.profile import DatasetProfile
from tests.storage.answers import look, read
from tests.storage.stations.cases import StationCase


def differences(folder: Path, path: Path, case: StationCase) -> list[str]:
    """Return the differences between a file as read and its case, one sentence each."""
    profile, rows = read(folder, path, path.name)
    return [*_of_table(profile, rows, case), *_of_report(profile, case), *_of_look(folder, path, profile)]


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dt.datetime):
        return str(value.date() if value.time() == dt.time() else value)
    if isinstance(value, float):
        return f"{value:.10g}"
    return str(value)


def _same(result: Any, expected: str) -> bool:
    if isinstance(result, dt.datetime):
        return result == dt.datetime.fromisoformat(expected)
    return _text(result) == expected


def _of_table(profile: DatasetProfile, rows: list[tuple[Any, ...]], case: StationCase) -> Iterator[str]:
    if profile.report.dialect.format != case.format:
        yield f"format {profile.report.dialect.format}"
    if profile.names != case.names:
        yield f"names {profile.names}"
        return
    if len(rows) != case.rows:
        yield f"{len(rows)} rows"
    if not all(_same(row, expected) for row, expected in zip(rows[0], case.first, strict=True)):
        yield f"first row {rows[0]}"
    units = {name: profile.column(name).unit for name in case.units}
    if units != case.units:
        yield f"units {units}"
    flags = {name: profile.column(name).flag_of for name in case.flags}
    if flags != case.flags:
        yield f"flags {flags}"
    missing = {name: profile.column(name).missing for name in case.missing}
    if missing != case.missing:
        yield f"missing {missing}"


def _of_report(profile: DatasetProfile, case: StationCase) -> Iterator[str]:
    report = profile.report
    facts = dict(report.dialect.facts)
    if not case.facts.items() <= facts.items():
        yield f"facts {facts}"
    zone = f"in {case.zone}." if case.zone == "UTC" else f"zone {case.zone},"
    if case.zone and not any(zone in note for note in report.notes):
        yield f"no zone {case.zone}: {report.notes}"
    if (report.rows_passed_over, report.rows_rejected) != (case.passed, case.rejected):
        yield f"passed over {report.rows_passed_over}, rejected {report.rows_rejected}"
    lines = report.header_lines + report.rows_read + report.rows_passed_over + report.lines_continued
    if report.lines not in (0, lines):
        yield f"{report.lines} lines, {lines} accounted for"


def _of_look(folder: Path, path: Path, profile: DatasetProfile) -> Iterator[str]:
    seen = look(folder, path, path.name)
    if seen.names != profile.names or seen.dialect.format != profile.report.dialect.format:
        yield f"the first look sees {seen.names} as {seen.dialect.format}"
