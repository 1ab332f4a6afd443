"""Findings about duplicate columns: copies, linear copies, and codes with their labels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from app.domain.analysis.findings.wording import quote_column, quote_columns
from app.domain.analysis.profiling.profile import ColumnProfile, Finding, FindingRemedy
from app.domain.analysis.profiling.table_query import Correlation, PairCount, TableQuery
from app.domain.vocabulary import ColumnKind, Severity

# Above this correlation one column is the other, but for what was rounded.
NEARLY = 0.9995
# The first rows vary less than all of them, so that rounding weighs more there.
SUSPECT = 0.98
SCREENED = 2000
MIN_VALUES = 20
MAX_LEVELS = 60
MAX_PAIRS = 200
# How alike the quantiles of two columns must be, in standard deviations, before the rows are looked at.
CLOSE = 0.02
NEIGHBOURS = 6


def duplicate_findings(columns: Sequence[ColumnProfile], rows: int, table: TableQuery | None) -> Iterator[Finding]:
    """Yield pairs of columns that say the same; the rows themselves decide, the profiles only propose.

    Parameters
    ----------
    columns
        The profiled columns.
    rows
        How many rows the table has.
    table
        The table; without it nothing is said, since like statistics prove nothing.
    """
    if table is None or rows < MIN_VALUES:
        return
    lines = _keep_plausible_pairs(table.head(SCREENED), _number_pairs(columns, rows)[:MAX_PAIRS])
    values = table.answer([Correlation(column_profile.key, other.key) for column_profile, other in lines])
    straight = [(*pair, float(r)) for pair, r in zip(lines, values, strict=True) if r is not None and abs(r) >= NEARLY]
    told = set[str]()
    for family, least in _families(straight):
        told |= {column.name for column in family[1:]}
        yield _family_finding(family, _line_words(family, least))
    levels = [pair for pair in _class_pairs(columns) if pair[1].name not in told][:MAX_PAIRS]
    counts = table.answer(
        [
            PairCount(column_profile.key, other.key, present=(column_profile.key, other.key))
            for column_profile, other in levels
        ]
    )
    alike = [(*pair, 1.0) for pair, pairs in zip(levels, counts, strict=True) if pairs == pair[0].distinct]
    for family, _ in _families(alike):
        yield _family_finding(family, _level_words(family))


def _families(
    pairs: Sequence[tuple[ColumnProfile, ColumnProfile, float]],
) -> list[tuple[list[ColumnProfile], float]]:
    """Return columns that are alike as families in the order of the file, each with the weakest link that makes it."""
    families: list[tuple[dict[str, ColumnProfile], float]] = []
    for column, other, value in pairs:
        met = [family for family in families if {column.key, other.key} & set(family[0])]
        members = {column.key: column, other.key: other}
        for family in met:
            members |= family[0]
            families.remove(family)
        families.append((members, min([value, *(family[1] for family in met)], key=abs)))
    results = [(sorted(members.values(), key=_place), least) for members, least in families]
    return sorted(results, key=lambda family: _place(family[0][0]))


def _place(column: ColumnProfile) -> int:
    return int(column.key[1:])


def _line_words(family: Sequence[ColumnProfile], least: float) -> str:
    if len(family) == 2:
        first, other = family
        sense = "rises and falls with" if least > 0 else "falls as it rises beside"
        way = f"{quote_column(other.name)} {sense} {quote_column(first.name)} in a straight line (r = {_cut(least)})"
        return f"{way}: it says nothing more."
    names = quote_columns([column.name for column in family])
    reach = _cut(abs(least)) if abs(least) == 1 else f"{_cut(abs(least))} or more"
    way = f"{names} follow one another in straight lines (r = {reach})"
    return f"{way}: one of these {len(family):,} columns says it all."


def _level_words(family: Sequence[ColumnProfile]) -> str:
    if len(family) == 2:
        column_profile, other = family
        each, partner = quote_column(other.name), quote_column(column_profile.name)
        way = f"Each value of {each} goes with one value of {partner}, and the other way round"
        return f"{way}: it says nothing more."
    names = quote_columns([column.name for column in family])
    return f"The values of {names} go with one another one by one: one of these {len(family):,} columns says it all."


def _keep_plausible_pairs(
    head: TableQuery, pairs: list[tuple[ColumnProfile, ColumnProfile]]
) -> list[tuple[ColumnProfile, ColumnProfile]]:
    """Return the pairs that the first rows do not speak against; where they do not vary they say nothing."""
    values = head.answer([Correlation(column.key, other.key) for column, other in pairs])
    return [pair for pair, value in zip(pairs, values, strict=True) if value is None or not abs(value) < SUSPECT]


def _cut(value: float) -> str:
    """Return a correlation without rounding it up to 1."""
    return "1" if value == 1 else "-1" if value == -1 else f"{int(value * 10_000) / 10_000:g}"


def _family_finding(family: Sequence[ColumnProfile], message: str) -> Finding:
    """Return one finding for a family, with buttons that keep its first column, or, of two, either."""
    names = tuple(column.name for column in family)
    if len(family) == 2:
        first, other = names
        buttons = (
            FindingRemedy(f"Leave out {other[:40]}", "leave_out", columns=(other,)),
            FindingRemedy(f"Leave out {first[:40]}", "leave_out", columns=(first,)),
        )
        remedy = "Leave one of them out, unless one is the target."
        return Finding("near_copy", Severity.NOTICE, names, message, remedy, buttons)
    keep = FindingRemedy(f"Leave out all but {names[0][:40]}", "leave_out", columns=names[1:])
    remedy = "Keep one of them, unless one is the target."
    return Finding("near_copy", Severity.NOTICE, names, message, remedy, (keep,))


def _number_pairs(columns: Sequence[ColumnProfile], rows: int) -> list[tuple[ColumnProfile, ColumnProfile]]:
    """Return pairs of number columns whose shapes agree, the same way round or mirrored.

    Quantiles less the mean, over the standard deviation, are the same for every straight line of a column. Sorted by
    their outer spread, like shapes stand side by side.
    """
    shapes = []
    for column in columns:
        number = column.storage in ("number", "integer") and column.kind is not ColumnKind.CONSTANT
        if number and column.distinct >= MIN_VALUES and column.std and column.mean is not None and column.quantiles:
            shape = [(value - column.mean) / column.std for value in column.quantiles]
            shapes.append((shape[-1] - shape[0], shape, column))
    shapes.sort(key=lambda item: (item[0], item[2].key))
    pairs = []
    for index, (width, shape, column) in enumerate(shapes):
        for other_width, other_shape, other in shapes[index + 1 : index + 1 + NEIGHBOURS]:
            if other_width - width > 2 * CLOSE:
                break
            mirrored = [-value for value in reversed(other_shape)]
            together = rows - column.missing - other.missing
            if together >= MIN_VALUES and (_close(shape, other_shape) or _close(shape, mirrored)):
                pairs.append(_sort_by_file_order(column, other))
    return sorted(pairs, key=lambda pair: (int(pair[0].key[1:]), int(pair[1].key[1:])))


def _close(first: Sequence[float], other: Sequence[float]) -> bool:
    return all(abs(a - b) <= CLOSE for a, b in zip(first, other, strict=True))


def _sort_by_file_order(column: ColumnProfile, other: ColumnProfile) -> tuple[ColumnProfile, ColumnProfile]:
    return (column, other) if int(column.key[1:]) < int(other.key[1:]) else (other, column)


def _class_pairs(columns: Sequence[ColumnProfile]) -> list[tuple[ColumnProfile, ColumnProfile]]:
    """Return pairs of columns of few values that are there on as many rows each."""
    alike: dict[tuple[Any, ...], list[ColumnProfile]] = {}
    for column in columns:
        few = 3 <= column.distinct <= MAX_LEVELS and len(column.top_values) == column.distinct
        if few and column.storage != "datetime":
            counts = tuple(sorted(count for _, count in column.top_values))
            alike.setdefault((column.missing, counts), []).append(column)
    return [(some[0], other) for some in alike.values() for other in some[1:]]
