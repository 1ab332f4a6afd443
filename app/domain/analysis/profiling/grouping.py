"""Detection of the column that names what is measured repeatedly, by its name and by the other columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from app.domain.analysis.findings.wording import quote_column, quote_columns
from app.domain.analysis.profiling.profile import ColumnProfile, Finding, FindingRemedy, TimeAxis
from app.domain.analysis.profiling.series import GROUP_KINDS, is_clock, mixes_series
from app.domain.analysis.profiling.table_query import DistinctCount, PairCount, RowCount, TableQuery
from app.domain.hydrology.naming import is_calendar, may_name_groups, names_groups, names_moments, names_sites, words_of
from app.domain.vocabulary import ColumnKind, Severity

# How a group behaves is looked up in so many first rows, for so many candidates and columns beside them.
LOOKED_AT = 5_000
GROUPS_LOOKED_AT = 5
MAX_SCREENED = 12
NUMBERS = ("number", "integer")
MAX_CANDIDATES = 6
MAX_BESIDE = 40
# A row in a thousand may share its group and its time with another, as a repeated measurement does.
ALONE = 0.999
MIN_GROUPS = 3
# Of all pairs of group and time that could be, so many are there in an experiment of repeated measures.
COVERED = 0.5
# What has no telling name is a thing by two amounts that hardly any two of its values share.
OWN_SHARE, FEWEST_OWN = 0.5, 2


@dataclass(frozen=True)
class GroupCandidate:
    """A column whose values are measured again and again, and why it is taken for one."""

    column: str
    reason: str


def find_repeated_measurement(
    columns: Sequence[ColumnProfile], rows: int, axis: TimeAxis | None, table: TableQuery | None
) -> GroupCandidate | None:
    """Return the column that divides the rows into groups of repeated measurements, or None.

    Parameters
    ----------
    columns, rows
        The profiled columns and how many rows they have.
    axis
        The time axis; where each of its times comes once per value of a column, this column is the group.
    table
        The table; without it only names can tell.

    Notes
    -----
    A single regular series has no groups, nor has a table with one row per site. A name such as site, station,
    basin or subject suffices where its values repeat. Where the name is that of an id or of something that may be a
    thing (tree, lake, chick), the other columns have to bear it out: some of them hold one value within each group,
    or the rows of a group differ in a time or a visit and each comes once.
    """
    is_mixed = axis is not None and mixes_series(rows, axis.duplicates)
    if axis is not None and axis.group and (is_mixed or names_sites(axis.group)):
        return _time_group(columns, axis.group)
    if axis is not None and axis.regular and not is_mixed:
        # One series: every step of it comes once, whatever stands beside it.
        return None
    if any(column.kind is ColumnKind.IDENTIFIER and names_groups(column.name) for column in columns):
        # Each row is a site or a subject of its own, and what repeats beside it is no more than a class of them.
        return None
    repeated = [column for column in columns if _has_repeats(column, rows)]
    best = _named_candidates(repeated)
    if best is not None:
        return GroupCandidate(best.name, f"Its name and its {best.distinct:,} values, each on several rows, say so.")
    if table is None:
        return None
    candidates = [column for column in repeated if _may_group(column)]
    candidates.sort(key=lambda column: (not may_name_groups(column.name), -column.distinct))
    return next(_is_confirmed(candidates[:MAX_CANDIDATES], columns, rows, table), None)


def _time_group(columns: Sequence[ColumnProfile], name: str) -> GroupCandidate:
    """Return the group that tells rows of one time apart; of a few such rows, almost any column would do that."""
    count = next(column.distinct for column in columns if column.name == name)
    return GroupCandidate(name, f"Each date appears once per value ({count:,} values).")


def _named_candidates(repeated: Sequence[ColumnProfile]) -> ColumnProfile | None:
    """Return the column whose name alone says that its values are measured again, the finest of several."""
    named = [column for column in repeated if names_groups(column.name)]
    # An id that comes again names what its rows have in common, whatever that is.
    named = named or [column for column in repeated if words_of(column.name) == ("id",)]
    return max(named, key=lambda column: column.distinct, default=None)


def _has_repeats(column: ColumnProfile, rows: int) -> bool:
    """Return whether a column without gaps holds each of some values on two rows or more, on average."""
    fewest = 2 if column.storage == "text" else MIN_GROUPS
    return column.missing == 0 and fewest <= column.distinct <= rows // 2 and column.kind in GROUP_KINDS


def _may_group(column: ColumnProfile) -> bool:
    return column.distinct >= MIN_GROUPS and not is_calendar(column.name) and not is_clock(column)


def _is_confirmed(
    candidates: Sequence[ColumnProfile], columns: Sequence[ColumnProfile], rows: int, table: TableQuery
) -> Iterator[GroupCandidate]:
    """Yield the candidates that the other columns bear out, the likeliest first."""
    for candidate in _screen_columns(candidates, columns, rows, table.head(LOOKED_AT)):
        share = max(1, min(rows // LOOKED_AT, candidate.distinct // GROUPS_LOOKED_AT))
        part = table if share == 1 else table.sample(candidate.key, share)
        beside = [column for column in columns if column.key != candidate.key and column.distinct > 1][:MAX_BESIDE]
        group = _judge_candidate(candidate, beside, rows, part)
        if group is not None:
            yield group


def _judge_candidate(
    candidate: ColumnProfile, beside: Sequence[ColumnProfile], rows: int, part: TableQuery
) -> GroupCandidate | None:
    """Return a candidate as a group where the other columns of some of its groups bear that out."""
    is_named, count = may_name_groups(candidate.name), f"{candidate.distinct:,}"
    moments = [column for column in beside if _may_order(column, rows)]
    seen, *pairs = part.answer([RowCount(), *(PairCount(candidate.key, column.key) for column in moments)])
    unique = [column for column, pair in zip(moments, pairs, strict=True) if pair >= ALONE * seen]
    moment = next(
        (column for column in unique if is_named or rows >= COVERED * candidate.distinct * column.distinct), None
    )
    fixed = _constant_within(candidate, beside, part)
    amounts = [column for column in fixed if column.storage in NUMBERS and column.distinct >= MIN_GROUPS]
    own = [
        amount for amount in amounts if amount.storage == "number" and amount.distinct >= OWN_SHARE * candidate.distinct
    ]
    if (is_named and amounts) or len(own) >= FEWEST_OWN:
        names = quote_columns([amount.name for amount in amounts])
        stay = "stays" if len(amounts) == 1 else "stay"
        return GroupCandidate(candidate.name, f"{names} {stay} the same within each of its {count} values.")
    if moment is not None and (is_named or fixed):
        return GroupCandidate(
            candidate.name, f"Each value of {quote_column(moment.name)} appears once for each of its {count} values."
        )
    return None


def _screen_columns(
    candidates: Sequence[ColumnProfile], columns: Sequence[ColumnProfile], rows: int, head: TableQuery
) -> list[ColumnProfile]:
    """Drop candidates without a telling name that the first rows speak against, all of them in one question."""
    beside = [column for column in columns if column.storage in NUMBERS and column.distinct >= MIN_GROUPS][
        :MAX_SCREENED
    ]
    doubtful = [candidate for candidate in candidates if not may_name_groups(candidate.name)]
    query = [
        (column_profile, other) for column_profile in doubtful for other in beside if other.key != column_profile.key
    ]
    counts = head.answer(
        [
            RowCount(),
            *(DistinctCount(column_profile.key) for column_profile in doubtful),
            *(PairCount(column_profile.key, other.key) for column_profile, other in query),
        ]
    )
    seen, groups = counts[0], dict(zip((column_profile.key for column_profile in doubtful), counts[1:], strict=False))
    fixed, ordered = Counter[str](), set[str]()
    for (first, other), pairs in zip(query, counts[1 + len(doubtful) :], strict=True):
        fixed[first.key] += pairs == groups[first.key]
        if pairs >= ALONE * seen and _may_order(other, rows):
            ordered.add(first.key)
    return [
        candidate
        for candidate in candidates
        if candidate.key not in groups or fixed[candidate.key] >= FEWEST_OWN or candidate.key in ordered
    ]


def _may_order(column: ColumnProfile, rows: int) -> bool:
    """Return whether a column may order the rows of a group: a time by name or kind whose values come again."""
    is_ordered = column.storage in (*NUMBERS, "datetime")
    return (
        is_ordered
        and 3 <= column.distinct <= rows // 2
        and (column.storage == "datetime" or names_moments(column.name))
    )


def _constant_within(group: ColumnProfile, beside: Sequence[ColumnProfile], head: TableQuery) -> list[ColumnProfile]:
    """Return the columns that hold one value within each group; what varies as finely as the groups tells nothing."""
    columns = [column for column in beside if column.storage != "datetime" and column.distinct <= group.distinct]
    counts = head.answer([DistinctCount(group.key), *(PairCount(group.key, column.key) for column in columns)])
    return [column for column, count in zip(columns, counts[1:], strict=True) if count == counts[0]]


NO_GROUP = GroupCandidate("", "")


def mark_group_column(
    columns: Sequence[ColumnProfile], rows: int, axis: TimeAxis | None, table: TableQuery | None
) -> tuple[list[ColumnProfile], GroupCandidate]:
    """Return the columns, of which the one that names groups holds no amounts, and the group or `NO_GROUP`."""
    group = find_repeated_measurement(columns, rows, axis, table) or NO_GROUP
    reason = "numbers that name groups, not amounts"
    return [
        replace(column, kind=ColumnKind.CATEGORICAL, kind_reason=reason)
        if column.name == group.column and column.kind is ColumnKind.INTEGER
        else column
        for column in columns
    ], group


def group_findings(group: GroupCandidate, axis: TimeAxis | None) -> Iterator[Finding]:
    """Yield that rows belong to groups, where no time axis has told so already."""
    if not group.column or (axis is not None and axis.group):
        return
    message = f"{quote_column(group.column)} groups the rows. {group.reason}"
    button = FindingRemedy(f"Use {group.column[:40]} as the group column", "draft", {"data.group_column": group.column})
    remedy = "As the group column it keeps each group on one side of the split."
    yield Finding("groups", Severity.NOTICE, (group.column,), message, remedy, (button,))
