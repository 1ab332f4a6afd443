"""The profile of a dataset: columns, statistics, findings, time axis and import report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Any, TypeVar

from app.domain.analysis.import_options.import_choices import LISTED, Dialect
from app.domain.json_values import JsonObject
from app.domain.vocabulary import ColumnKind, Severity

Fact = TypeVar("Fact")
# Part of the key under which analyses are cached: raise it when the same file would give another profile.
ANALYSIS_VERSION = 7
STRONG_LEAK = 0.9
# What a page shows of a dataset without opening its rows.
FIRST_ROWS, FIRST_COLUMNS = 12, 60


@dataclass(frozen=True)
class FindingRemedy:
    """A change of one click. `label` stands on the button; `kind` says where the change is made.

    "reading": read the file again with `changes` of the reading choices (see ReadingChoices.merged).
    "draft": change answers of a draft, `changes` maps "step.field" to the answer.
    "leave_out": untick `columns` among the features of a draft.
    """

    label: str
    kind: str
    changes: dict[str, Any] = field(default_factory=dict)
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Finding:
    """Something noticed in the data. `columns` are names; `remedy` is a sentence or "", `remedies` are buttons."""

    code: str
    severity: Severity
    columns: tuple[str, ...]
    message: str
    remedy: str = ""
    remedies: tuple[FindingRemedy, ...] = ()

    def about(self, column: str) -> Finding:
        """Return this finding with its remedies narrowed to one of its columns, for a page about that column alone."""
        narrowed = []
        for remedy in self.remedies:
            changes = {
                name: [item for item in value if item["column"] == column] if name in LISTED else value
                for name, value in remedy.changes.items()
            }
            left_out = tuple(name for name in remedy.columns if name == column)
            if remedy.kind != "leave_out" or left_out:
                narrowed.append(replace(remedy, changes=changes, columns=left_out))
        return replace(self, remedies=tuple(narrowed))


@dataclass(frozen=True)
class ColumnProfile:
    """One column. Numbers are None where they mean nothing; datetimes stand as ISO text in `minimum`/`maximum`.

    `key` is the column's name in the stored Parquet ("c0", "c1", ...): SQL never sees the user's own name.
    `histogram_edges` has one more item than `histogram_counts`. `unit` is what is known, or "", and
    `unit_source` who says so: user, name, unit_row, note, values or convention. `unit_suggested` is what the range
    of the values suggests where nobody says anything; it is shown as probable and used for nothing.
    `missing_words` are words that reading took for missing in a column of texts ("NA"), with their counts. `time_form`
    is how times such as `time_example` were read, `joined_from` the columns that make them together. `flag_of` is the
    column whose quality this one tells of, "" for any other.
    """

    name: str
    key: str
    kind: ColumnKind
    kind_reason: str
    storage: str
    missing: int
    distinct: int
    mean: float | None = None
    std: float | None = None
    minimum: float | str | None = None
    maximum: float | str | None = None
    quantiles: tuple[float, ...] = ()
    zeros: int | None = None
    negatives: int | None = None
    outliers: int | None = None
    histogram_edges: tuple[float, ...] = ()
    histogram_counts: tuple[int, ...] = ()
    top_values: tuple[tuple[str, int], ...] = ()
    original_name: str = ""
    unit: str = ""
    missing_words: tuple[tuple[str, int], ...] = ()
    time_form: str = ""
    time_example: str = ""
    joined_from: tuple[str, ...] = ()
    unit_source: str = ""
    unit_suggested: str = ""
    flag_of: str = ""


@dataclass(frozen=True)
class TimeAxis:
    """The time column found, if any. `step_seconds` is the most common step; `gaps` counts missing steps.

    `duplicates` counts rows that share a time with an earlier row. `group` names the column that tells such rows apart,
    "" where none does, None where nobody looked; `group_duplicates` counts rows that share both. Water years start on
    the first of `water_year_month` and are numbered by the year they end in; `water_years` are those that any row
    touches, `complete_water_years` those without a hole. `clock_forward` and `clock_back` count the changes to and from
    daylight saving time, whose missing and repeated hours are neither gaps nor duplicates. `columns` are those that
    were joined into `column`; `form` and `reason` say how its times were read, "" where they need no reading.
    """

    column: str
    start: str
    end: str
    step_seconds: float
    step_label: str
    regular: bool
    gaps: int
    duplicates: int
    group: str | None = None
    group_duplicates: int = 0
    water_year_month: int = 10
    water_years: int = 0
    complete_water_years: tuple[int, ...] = ()
    clock_forward: int = 0
    clock_back: int = 0
    columns: tuple[str, ...] = ()
    form: str = ""
    reason: str = ""


@dataclass(frozen=True)
class ImportReport:
    """What reading did to the file: rows_read = rows_kept + rows_rejected + left_out, always.

    `left_out` counts rows that fit and were left out because the user said so (exact copies). Of a text, lines =
    header_lines + rows_read + rows_passed_over + lines_continued, where the last are the lines beyond the first of
    records of several lines; lines is 0 where the format has none, or an earlier version read the file. `passed_over`
    has first line, last line and kind of the first ranges that are no rows.
    """

    rows_read: int
    rows_kept: int
    rows_rejected: int
    encoding: str
    delimiter: str
    decimal: str = "."
    quote: str = '"'
    skipped_lines: int = 0
    rejected: tuple[tuple[int, str], ...] = ()
    notes: tuple[str, ...] = ()
    dialect: Dialect = field(default_factory=Dialect)
    left_out: int = 0
    lines: int = 0
    header_lines: int = 0
    rows_passed_over: int = 0
    lines_continued: int = 0
    passed_over: tuple[tuple[int, int, str], ...] = ()


@dataclass(frozen=True)
class DatasetProfile:
    """The description of a dataset. `quantiles` of a column are at 0.05, 0.25, 0.5, 0.75 and 0.95.

    `first_rows` are the FIRST_ROWS first rows as texts, of FIRST_COLUMNS columns at most, with an empty text for a
    missing value; () where an earlier version read the file. `group` is the column whose values are measured again and
    again, with the reason, "" where none is.
    """

    rows: int
    columns: tuple[ColumnProfile, ...]
    report: ImportReport
    findings: tuple[Finding, ...] = ()
    time_axis: TimeAxis | None = None
    duplicate_rows: int | None = None
    first_rows: tuple[tuple[str, ...], ...] = ()
    group: str = ""
    group_reason: str = ""
    _by_name: dict[str, ColumnProfile] = field(default_factory=dict, repr=False, compare=False)
    _memory: dict[str, tuple[Any, ...]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._by_name.update({column.name: column for column in self.columns})

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the columns in the order of the file."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> ColumnProfile:
        """Return a column by name; KeyError if there is none."""
        return self._by_name[name]

    def has(self, name: str) -> bool:
        """Return whether a column has this name."""
        return name in self._by_name

    def remember(self, name: str, work_out: Callable[[DatasetProfile], tuple[Fact, ...]]) -> tuple[Fact, ...]:
        """Return facts that follow from the profile alone, worked out once for all that ask."""
        if name not in self._memory:
            self._memory[name] = work_out(self)
        return self._memory[name]

    def preview_rows(self, limit: int, most_columns: int) -> list[list[str]] | None:
        """Return the first rows as texts; None where so many of them, or of their columns, are not kept here."""
        rows, columns = min(limit, self.rows), min(most_columns, len(self.columns))
        if rows > len(self.first_rows) or columns > FIRST_COLUMNS:
            return None
        return [list(row[:columns]) for row in self.first_rows[:rows]]

    def to_json(self) -> JsonObject:
        """Return plain JSON values."""
        # Columns hold nothing that goes deeper, and there may be ten thousand of them.
        return {
            "rows": self.rows,
            "columns": [dict(vars(column)) for column in self.columns],
            "report": {**asdict(self.report), "dialect": self.report.dialect.model_dump(mode="json")},
            "findings": [asdict(finding) for finding in self.findings],
            "time_axis": asdict(self.time_axis) if self.time_axis else None,
            "duplicate_rows": self.duplicate_rows,
            "first_rows": [list(row) for row in self.first_rows],
            "group": self.group,
            "group_reason": self.group_reason,
        }

    @staticmethod
    def from_json(values: dict[str, Any]) -> DatasetProfile:
        """Build the profile from what `to_json` gave."""
        return DatasetProfile(
            rows=values["rows"],
            columns=tuple(_column_from_json(item) for item in values["columns"]),
            report=_report(values["report"]),
            findings=tuple(_finding_from_json(item) for item in values["findings"]),
            time_axis=_axis_from_json(values["time_axis"]) if values["time_axis"] else None,
            duplicate_rows=values["duplicate_rows"],
            first_rows=tuple(map(tuple, values.get("first_rows", ()))),
            group=values.get("group", ""),
            group_reason=values.get("group_reason", ""),
        )


def _column_from_json(item: dict[str, Any]) -> ColumnProfile:
    values = item.copy()
    values["kind"] = ColumnKind(item["kind"])
    for name in ("quantiles", "histogram_edges", "histogram_counts", "joined_from"):
        values[name] = tuple(item.get(name, ()))
    for name in ("top_values", "missing_words"):
        values[name] = tuple(map(tuple, item.get(name, ())))
    return ColumnProfile(**values)


def _axis_from_json(item: dict[str, Any]) -> TimeAxis:
    lists = {name: tuple(item.get(name, ())) for name in ("complete_water_years", "columns")}
    return TimeAxis(**{**item, **lists})


def _report(item: dict[str, Any]) -> ImportReport:
    rejected = tuple((line, reason) for line, reason in item["rejected"])
    values = {
        "rejected": rejected,
        "notes": tuple(item["notes"]),
        "dialect": Dialect.model_validate(item.get("dialect") or {}),
        "passed_over": tuple((first, last, kind) for first, last, kind in item.get("passed_over", ())),
    }
    return ImportReport(**{**item, **values})


def _finding_from_json(item: dict[str, Any]) -> Finding:
    remedies = tuple(
        FindingRemedy(**{**element, "columns": tuple(element["columns"])}) for element in item.get("remedies", ())
    )
    severity, columns = Severity(item["severity"]), tuple(item["columns"])
    return Finding(**{**item, "severity": severity, "columns": columns, "remedies": remedies})


@dataclass(frozen=True)
class Association:
    """How strongly one column goes with the target. `value` is signed for Pearson and Spearman, 0 to 1 otherwise.

    `copy_of_target` says that the column is the target itself under another name or a function of it.
    """

    column: str
    method: str
    value: float | None
    rows: int
    copy_of_target: bool = False
    reason: str = ""


@dataclass(frozen=True)
class Leak:
    """One suspicion that a column gives the target away, or that it is known only afterwards.

    `score` from 0 to 1 says how sure it is. From STRONG_LEAK on, the column is left out until a person has answered
    whether it would be known at prediction time. `others` are the columns that belong to the evidence. `is_part` says
    that the target is the sum of the column and the others, so that one answer decides about all of them.
    """

    column: str
    code: str
    score: float
    evidence: str
    others: tuple[str, ...] = ()
    is_part: bool = False

    @property
    def strong(self) -> bool:
        """Return whether the column is left out until the question is answered."""
        return self.score >= STRONG_LEAK


@dataclass(frozen=True)
class Associations:
    """The association of every other column with one target, measured on `rows_used` rows, and suspected leaks.

    `target_std` is the standard deviation of a numeric target on these rows, None where it was not measured, and
    `target_quantiles` are its 5, 25, 50, 75 and 95 % quantiles there. `target_counts` has how many of these rows each
    value of a target of few values has, the commonest first; both are empty where they were not measured.
    """

    target: str
    rows_used: int
    items: tuple[Association, ...]
    complete: bool = True
    leaks: tuple[Leak, ...] = ()
    target_std: float | None = None
    target_quantiles: tuple[float, ...] = ()
    target_counts: tuple[int, ...] = ()

    def of(self, column: str) -> Association | None:
        """Return one column's association, or None while it is unknown."""
        return self._items.get(column)

    def leaks_of(self, column: str) -> tuple[Leak, ...]:
        """Return the suspicions against a column, the surest first; a copy of the target is always the first."""
        item = self.of(column)
        leaks = self._leaks.get(column, ())
        if item is None or not item.copy_of_target:
            return leaks
        reason = item.reason or "It is the target under another name."
        return (Leak(column, "target_leakage", 1.0, reason), *leaks)

    def with_values_of(self, other: Associations | None) -> Associations:
        """Return this with the strengths that other rows gave; a column not measured there has none.

        What may give the target away stays as all rows say: it becomes a question and chooses nothing.
        """
        items = []
        for item in self.items:
            association = other.of(item.column) if other is not None else None
            told = Association(item.column, "none", None, 0) if association is None else association
            items.append(replace(told, copy_of_target=item.copy_of_target, reason=item.reason or told.reason))
        complete = self.complete and other is not None and other.complete
        return replace(self, items=tuple(items), complete=complete).with_target_of(other)

    def with_target_of(self, other: Associations | None) -> Associations:
        """Return this with what other rows say of the target itself; without any, nothing is known of it."""
        if other is None:
            return replace(self, target_std=None, target_quantiles=(), target_counts=())
        quantiles, counts = other.target_quantiles, other.target_counts
        return replace(self, target_std=other.target_std, target_quantiles=quantiles, target_counts=counts)

    def suspects(self) -> list[str]:
        """Return the columns that anything is suspected of, in the order in which they were measured."""
        return [item.column for item in self.items if self.leaks_of(item.column)]

    @cached_property
    def _items(self) -> dict[str, Association]:
        return {item.column: item for item in self.items}

    @cached_property
    def _leaks(self) -> dict[str, tuple[Leak, ...]]:
        results: dict[str, list[Leak]] = {}
        for leak in sorted(self.leaks, key=lambda item: -item.score):
            results.setdefault(leak.column, []).append(leak)
        return {column: tuple(leaks) for column, leaks in results.items()}

    def to_json(self) -> JsonObject:
        """Return plain JSON values."""
        return asdict(self)

    @staticmethod
    def from_json(values: dict[str, Any]) -> Associations:
        """Build from what `to_json` gave."""
        items = tuple(Association(**item) for item in values["items"])
        leaks = tuple(Leak(**{**leak, "others": tuple(leak["others"])}) for leak in values.get("leaks", ()))
        lists = {name: tuple(values.get(name, ())) for name in ("target_quantiles", "target_counts")}
        return Associations(**{**values, "items": items, "leaks": leaks, **lists})
