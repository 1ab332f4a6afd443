"""Which column names what is measured again and again: by its name, and by how the other columns behave within it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from app.domain.analysis.lent import Lent
from app.domain.analysis.profile import ColumnProfile, Finding, Remedy, TimeAxis
from app.domain.analysis.series import GROUP_KINDS, is_clock
from app.domain.analysis.wording import called, called_all
from app.domain.hydrology.naming import is_calendar, may_name_groups, names_groups, names_moments
from app.domain.vocabulary import ColumnKind, Severity

# How a group behaves is looked up in so many first rows, for so many candidates and columns beside them.
LOOKED_AT = 20_000
MOST_CANDIDATES = 6
MOST_BESIDE = 40
# A row in a thousand may share its group and its time with another, as a repeated measurement does.
ALONE = 0.999
FEWEST_GROUPS = 3
# Of all pairs of group and time that could be, so many are there in an experiment of repeated measures.
COVERED = 0.5


@dataclass(frozen=True)
class Group:
    """A column whose values are measured again and again, and why it is taken for one."""

    column: str
    reason: str


def find_repeated(
    columns: Sequence[ColumnProfile], rows: int, axis: TimeAxis | None, lent: Lent | None
) -> Group | None:
    """Return the column that divides the rows into groups of repeated measurements, or None.

    Parameters
    ----------
    columns, rows
        The profiled columns and how many rows they have.
    axis
        The time axis; where each of its times comes once per value of a column, this column is the group.
    lent
        The table; without it only names can tell.

    Notes
    -----
    A single regular series has no groups, nor has a table with one row per site. A name such as site, station,
    basin or subject suffices where its values repeat. Where the name is that of an id or of something that may be a
    thing (tree, lake, chick), the other columns have to bear it out: some of them hold one value within each group,
    or the rows of a group differ in a time or a visit and each comes once.
    """
    if axis is not None and axis.group:
        count = next(column.distinct for column in columns if column.name == axis.group)
        return Group(axis.group, f"Every date comes once for each of its {count:,} values.")
    if axis is not None and axis.regular and not axis.duplicates:
        # One series: every step of it comes once, whatever stands beside it.
        return None
    if any(column.kind is ColumnKind.IDENTIFIER and names_groups(column.name) for column in columns):
        # Each row is a site or a subject of its own, and what repeats beside it is no more than a class of them.
        return None
    named = [column for column in columns if _repeats(column, rows) and names_groups(column.name)]
    if named:
        best = max(named, key=lambda column: column.distinct)
        return Group(best.name, f"Its name and its {best.distinct:,} values, each on several rows, say so.")
    if lent is None:
        return None
    candidates = [column for column in columns if _repeats(column, rows) and _may_group(column)]
    candidates.sort(key=lambda column: (not may_name_groups(column.name), -column.distinct))
    return next(_borne_out(candidates[:MOST_CANDIDATES], columns, rows, lent), None)


def _repeats(column: ColumnProfile, rows: int) -> bool:
    """Say whether a column without gaps holds each of some values on two rows or more, on average."""
    fewest = 2 if column.storage == "text" else FEWEST_GROUPS
    return column.missing == 0 and fewest <= column.distinct <= rows // 2 and column.kind in GROUP_KINDS


def _may_group(column: ColumnProfile) -> bool:
    return column.distinct >= FEWEST_GROUPS and not is_calendar(column.name) and not is_clock(column)


def _borne_out(
    candidates: Sequence[ColumnProfile], columns: Sequence[ColumnProfile], rows: int, lent: Lent
) -> Iterator[Group]:
    """Yield the candidates that the other columns bear out, the likeliest first."""
    head = lent.head(LOOKED_AT)
    for candidate in candidates:
        beside = [one for one in columns if one.key != candidate.key and one.distinct > 1][:MOST_BESIDE]
        is_named = may_name_groups(candidate.name)
        moments = [one for one in beside if _may_order(one, rows)]
        pairs = head.values([_pairs_sql(candidate, one) for one in moments])
        seen = min(rows, LOOKED_AT)
        unique = [one for one, count in zip(moments, pairs, strict=True) if count >= ALONE * seen]
        moment = next((one for one in unique if is_named or rows >= COVERED * candidate.distinct * one.distinct), None)
        fixed = _constant_within(candidate, beside, head) if is_named or moment is not None else []
        amounts = [one for one in fixed if one.storage in ("number", "integer") and one.distinct >= FEWEST_GROUPS]
        if is_named and amounts:
            names = called_all([one.name for one in amounts])
            stay = "stays" if len(amounts) == 1 else "stay"
            yield Group(candidate.name, f"{names} {stay} the same within each of its {candidate.distinct:,} values.")
        elif moment is not None and (is_named or fixed):
            how = f"Each value of {called(moment.name)} appears once for each of its {candidate.distinct:,} values."
            yield Group(candidate.name, how)


def _may_order(column: ColumnProfile, rows: int) -> bool:
    """Say whether a column may order the rows of a group: a time by name or kind whose values come again."""
    is_ordered = column.storage in ("number", "integer", "datetime")
    return (
        is_ordered
        and 3 <= column.distinct <= rows // 2
        and (column.storage == "datetime" or names_moments(column.name))
    )


def _pairs_sql(one: ColumnProfile, other: ColumnProfile) -> str:
    return f"count(DISTINCT hash({one.key}, {other.key}))"


def _constant_within(group: ColumnProfile, beside: Sequence[ColumnProfile], head: Lent) -> list[ColumnProfile]:
    """Return the columns that hold one value within each group; what varies as finely as the groups tells nothing."""
    asked = [one for one in beside if one.storage != "datetime" and one.distinct <= group.distinct]
    counts = head.values([f"count(DISTINCT {group.key})", *(_pairs_sql(group, one) for one in asked)])
    return [one for one, count in zip(asked, counts[1:], strict=True) if count == counts[0]]


def as_group(column: ColumnProfile) -> ColumnProfile:
    """Return a column whose values name groups: its whole numbers are no amounts."""
    if column.kind is not ColumnKind.INTEGER:
        return column
    return replace(column, kind=ColumnKind.CATEGORICAL, kind_reason="numbers that name groups, not amounts")


def group_findings(group: Group | None, axis: TimeAxis | None) -> Iterator[Finding]:
    """Yield that rows belong to groups, where no time axis has told so already."""
    if group is None or (axis is not None and axis.group):
        return
    message = f"{called(group.column)} groups the rows. {group.reason}"
    button = Remedy(f"Use {group.column[:40]} as the group column", "draft", {"data.group_column": group.column})
    remedy = "As the group column it keeps each group on one side of the split."
    yield Finding("groups", Severity.NOTICE, (group.column,), message, remedy, (button,))
