"""Findings about quality flags, columns that say whether a value is approved, estimated or below a limit."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from app.domain.analysis.findings.censored import limit_remedies, limits_among
from app.domain.analysis.findings.wording import quote_column, quote_columns
from app.domain.analysis.import_options.import_choices import ReadingChoices
from app.domain.analysis.profiling.profile import ColumnProfile, Finding, FindingRemedy
from app.domain.vocabulary import ColumnKind, Severity

# What stands before or behind the name of the measured column in the name of its flags.
WORDS = (
    r"(?:flags?|qc|qcode|cd|rmk|remark(?:_?cd)?|qualifiers?|qual|quality|quality[_ ]code|attributes|status|sym(?:bol)?)"
)
BEHIND = re.compile(rf"^(?P<of>.+?)[_ .-]{WORDS}$", re.IGNORECASE)
BEFORE = re.compile(r"^(?:q|qn|qf|qc|flag|qual)[_ .-](?P<of>.+)$", re.IGNORECASE)
# A name that is one of these alone tells of the value before it.
ALONE = re.compile(
    r"^(flag|flags|qc|qcode|qualifiers?|quality|quality[_ ]?(code|flag)|data[_ ]?flag|approval[_ ]?status|approval|"
    r"(grade|value)[_ ]?code|remark[_ ]?(cd|code)?|censor[_ ]?code|sym|status)$",
    re.IGNORECASE,
)
MAX_DIFFERENT = 60
MAX_LETTERS = 24
VALUES_SHOWN = 4
# Words that agencies give values which were checked; a second word, as in "A, e", says how they were made.
APPROVED = re.compile(r"^(a|approved|final|good|validated|verified)\b", re.IGNORECASE)
BELOW = re.compile(r"^lt$|[<≤]", re.IGNORECASE)
MEASURES = (ColumnKind.NUMERIC, ColumnKind.INTEGER)


def mark_flag_columns(columns: Sequence[ColumnProfile], declared: Mapping[str, str]) -> list[ColumnProfile]:
    """Return the columns of which those that hold flags name the column that they tell of.

    Parameters
    ----------
    columns
        The profiled columns in the order of the file; the kind of none is changed.
    declared
        What the format of the file says: the column of values by the column of its flags.
    """
    names = {column.name.lower(): column for column in columns}
    column_profiles, before = [], ""
    for column in columns:
        of = declared.get(column.name) or _flagged_column(column, names, before)
        column_profiles.append(replace(column, flag_of=of) if of else column)
        if not of and (column.kind in MEASURES or column.unit):
            before = column.name
    return column_profiles


def _flagged_column(column: ColumnProfile, names: Mapping[str, ColumnProfile], before: str) -> str:
    """Return the column whose flags these are by name and values, "" where they are none."""
    name = column.name.strip()
    for pattern in (BEHIND, BEFORE):
        match = pattern.match(name)
        of = names.get(match["of"].lower()) if match else None
        if of is not None and of is not column and _is_measured(of) and _looks_like_flags(column):
            return of.name
    return before if ALONE.match(name) and column.storage == "text" and _looks_like_flags(column) else ""


def _is_measured(column: ColumnProfile) -> bool:
    return column.storage in ("number", "integer") or column.kind is ColumnKind.CONSTANT


def _looks_like_flags(column: ColumnProfile) -> bool:
    """Return whether a column holds few short words or small whole numbers."""
    if column.storage in {"number", "datetime"} or column.distinct > MAX_DIFFERENT:
        return False
    return all(len(value) <= MAX_LETTERS for value, _ in column.top_values)


def flag_findings(columns: Sequence[ColumnProfile], choices: ReadingChoices) -> Iterator[Finding]:
    """Yield which columns hold flags, that they are no features, and how to use only values with some of them.

    Parameters
    ----------
    columns
        The profiled columns.
    choices
        What the user said: what was chosen is not offered again.
    """
    flags = [column for column in columns if column.flag_of]
    if not flags:
        return
    names = tuple(column.name for column in flags)
    if len(flags) == 1:
        current = ", ".join(value[:MAX_LETTERS] for value, _ in flags[0].top_values[:VALUES_SHOWN])
        text = f" ({current})" if current else ""
        message = f"{quote_column(names[0])} holds quality flags of {quote_column(flags[0].flag_of)}{text}."
    else:
        message = f"{quote_columns(names)} hold quality flags of the columns beside them."
    remedy = "Flags are not suggested as features: they may tell which values are missing."
    remedies = () if choices.flags else tuple(_approved_remedy(flags))
    yield Finding("quality_flags", Severity.NOTICE, names, message, remedy, remedies)
    chosen = {choice.column for choice in choices.censored}
    for column in flags:
        below = sum(count for value, count in column.top_values if BELOW.search(value))
        if below and column.flag_of not in chosen:
            yield _below_limit(column, below)


def limit_findings(
    columns: Sequence[ColumnProfile], choices: ReadingChoices, findings: Sequence[Finding]
) -> Iterator[Finding]:
    """Yield the columns of texts that are measured values with limits among them, and how they may be read.

    Parameters
    ----------
    columns
        The profiled columns.
    choices
        What the user said: a column kept as text is not asked about.
    findings
        The questions of reading itself, which have the same answers.
    """
    answered_names = {choice.column for choice in choices.censored} | {marker.column for marker in choices.markers}
    answered_names |= {choice.column for choice in choices.columns}
    answered_names |= {name for finding in findings for name in finding.columns}
    for column in columns:
        count = (
            limits_among(column.top_values) if column.storage == "text" and column.name not in answered_names else None
        )
        if count:
            name = quote_column(column.name)
            message = f"{name} is read as text, because {count:,} values or more are limits, such as <0.5."
            remedy = "Choose how to read them, and the column becomes numeric."
            remedies = limit_remedies(column.name)
            yield Finding("values_beyond_limit", Severity.WARNING, (column.name,), message, remedy, remedies)


def _approved_remedy(flags: Sequence[ColumnProfile]) -> Iterator[FindingRemedy]:
    """Yield the filter on approved values, where some are and others are not."""
    changes = []
    for column in flags:
        kept = [value for value, _ in column.top_values if APPROVED.match(value.strip())]
        if kept and (len(kept) < len(column.top_values) or column.missing):
            changes.append({"column": column.flag_of[:200], "flag": column.name[:200], "keep": kept})
    if changes:
        yield FindingRemedy("Use only approved values", "reading", {"flags": changes})


def _below_limit(column: ColumnProfile, below: int) -> Finding:
    """Return that values lie below a limit by their flags: they are read at the limit until something else is said."""
    name = quote_column(column.flag_of)
    message = f"{below:,} values in {name} are below a detection limit and are read at the limit."
    remedy = "A model treats them as measured values."
    take = {"half": "Read them at half the limit", "missing": "Read them as missing"}
    remedies = tuple(
        FindingRemedy(
            label, "reading", {"censored": [{"column": column.flag_of[:200], "flag": column.name[:200], "take": text}]}
        )
        for text, label in take.items()
    )
    return Finding("values_below_limit", Severity.NOTICE, (column.flag_of, column.name), message, remedy, remedies)
