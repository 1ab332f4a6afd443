"""Proposed mapping of a template's columns to a dataset's columns, with reasons and doubts."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from app.domain.analysis.profiling.profile import ColumnProfile, DatasetProfile
from app.domain.experiment_templates.column_words import name_likeness, read_name
from app.domain.experiment_templates.requirements import ColumnNeed, NeedRole, Requirements
from app.domain.experiment_templates.unit_conversion import conversion_between, measure_different_things
from app.domain.hydrology.drivers import DriverRole, recognise_drivers
from app.domain.recommendation.task import suggest_target
from app.domain.text.words import join_words
from app.domain.vocabulary import ColumnKind

# A proposal below is none; one above, with no other column close to it, is sure.
MIN_LIKENESS, SURE, MARGIN = 0.35, 0.8, 0.06
# So alike are the values of one column in two files; so close are two numbers of the same rows.
SAME_VALUES, CLOSE = 0.98, 1e-6
NUMBERS = (ColumnKind.NUMERIC, ColumnKind.INTEGER)
WORDS = (ColumnKind.CATEGORICAL, ColumnKind.TEXT, ColumnKind.BOOLEAN, ColumnKind.IDENTIFIER)
# What is needed -> what a column may have been recognised as.
ROLES_OF: Mapping[str, tuple[DriverRole, ...]] = {
    "rain": (DriverRole.RAIN,),
    "snow": (DriverRole.SNOW,),
    "temperature": (DriverRole.TEMPERATURE, DriverRole.TEMPERATURE_MIN, DriverRole.TEMPERATURE_MAX),
    "evaporation": (DriverRole.EVAPORATION,),
    "radiation": (DriverRole.RADIATION,),
    "humidity": (DriverRole.HUMIDITY,),
    "vapour": (DriverRole.VAPOUR_PRESSURE,),
    "pressure": (DriverRole.PRESSURE,),
    "wind": (DriverRole.WIND,),
}
# More pairs than this are compared only where names have a word or a meaning in common.
MAX_PAIRS = 8_000
# So many pairs of names are looked at in all, of what is needed first, and so many are compared.
MAX_LOOKED_AT, MAX_COMPARED = 300_000, 30_000


@dataclass(frozen=True)
class ColumnMatch:
    """What is proposed for one column of a template.

    `column` is "" where nothing fits. `doubt` is why a proposal should be looked at, "" where it is sure. `units` says
    how units are converted, where both are known and differ. `chosen` says that a person or program said so.
    """

    need: ColumnNeed
    column: str = ""
    reason: str = ""
    doubt: str = ""
    units: str = ""
    likeness: float = 0.0
    chosen: bool = False


@dataclass(frozen=True)
class _Evidence:
    likeness: float
    reasons: tuple[str, ...]


def propose_mapping(requirements: Requirements, profile: DatasetProfile) -> tuple[ColumnMatch, ...]:
    """Return a proposal for every column that a template names.

    Parameters
    ----------
    requirements
        What the template needs.
    profile
        The dataset it is to be used on.

    Returns
    -------
    tuple of ColumnMatch
        In the order of the template. No column of the dataset is proposed twice, and as a whole the proposals are
        those with the highest likeness.
    """
    needs, columns = requirements.columns, profile.columns
    same = _match_names(needs, columns)
    open_needs = [need for need in needs if need.name not in same]
    most = max(1, MAX_LOOKED_AT // max(len(columns), 1))
    if len(open_needs) > most:
        open_needs = sorted(open_needs, key=lambda need: not need.needed)[:most]
    used_names = {column.name for column in same.values()}
    left = [column for column in columns if column.name not in used_names]
    target = suggest_target(profile)[0]
    column_matches = _assign(open_needs, left, profile, target)
    matches = []
    for need in needs:
        if need.name in same:
            matches.append(_check_match(need, same[need.name], ("the same name",), 1.0, ""))
        else:
            matches.append(column_matches.get(need.name, ColumnMatch(need, reason="No column looks like it.")))
    return tuple(matches)


def _match_names(needs: Iterable[ColumnNeed], columns: Iterable[ColumnProfile]) -> dict[str, ColumnProfile]:
    """Return columns that have the very name of the template and could be it."""
    by_name = {column.name: column for column in columns}
    return {
        need.name: by_name[need.name] for need in needs if need.name in by_name and _can_be(need, by_name[need.name])
    }


def _can_be(need: ColumnNeed, column: ColumnProfile) -> bool:
    """Return whether the kind of a column allows it to stand for what is needed."""
    if need.role is NeedRole.TIME:
        return column.kind is ColumnKind.DATETIME
    if need.kind is None:
        return column.kind is not ColumnKind.DATETIME or need.role is NeedRole.FEATURE
    if need.kind in NUMBERS:
        return column.kind in NUMBERS or (
            column.kind is ColumnKind.CONSTANT and column.storage in ("number", "integer")
        )
    if need.kind is ColumnKind.DATETIME:
        return column.kind is ColumnKind.DATETIME
    return column.kind in WORDS or column.kind in (ColumnKind.INTEGER, ColumnKind.CONSTANT)


def _assign(
    needs: list[ColumnNeed], columns: list[ColumnProfile], profile: DatasetProfile, target: str
) -> dict[str, ColumnMatch]:
    """Return the best proposals for needs, no column twice."""
    if not needs or not columns:
        return {}
    likeness = np.zeros((len(needs), len(columns)))
    reasons: dict[tuple[int, int], tuple[str, ...]] = {}
    drivers = {driver.column: driver.role for driver in recognise_drivers(profile, target=target)}
    for row, place in islice(_pairs_to_compare(needs, columns), MAX_COMPARED):
        evidence = _compare(needs[row], columns[place], profile, target, drivers)
        likeness[row, place], reasons[row, place] = evidence.likeness, evidence.reasons
    matches: dict[str, ColumnMatch] = {}
    for row, place in zip(*linear_sum_assignment(likeness, maximize=True), strict=True):
        value = float(likeness[row, place])
        if value >= MIN_LIKENESS:
            rival = _rival_column(likeness, int(row), int(place), columns)
            matches[needs[row].name] = _check_match(needs[row], columns[place], reasons[row, place], value, rival)
    return matches


def _pairs_to_compare(needs: list[ColumnNeed], columns: list[ColumnProfile]) -> Iterator[tuple[int, int]]:
    """Yield the places of needs and columns that could be the same; of very many those with something in common."""
    thorough = len(needs) * len(columns) <= MAX_PAIRS
    for row, need in enumerate(needs):
        for place, column in enumerate(columns):
            if _can_be(need, column) and (thorough or _share_a_word(need, column)):
                yield row, place


def _share_a_word(need: ColumnNeed, column: ColumnProfile) -> bool:
    words, other = read_name(need.name), read_name(column.name)
    same_mean = need.mean is not None and column.mean is not None and math.isclose(need.mean, column.mean)
    return same_mean or bool(words.words & other.words or words.meanings & other.meanings)


def _rival_column(likeness: NDArray[np.float64], row: int, place: int, columns: list[ColumnProfile]) -> str:
    """Return the name of another column that could as well be the one, or that another need wants as much."""
    value = likeness[row, place]
    others = likeness[row].copy()
    others[place] = 0.0
    # A column that fits another need better is no rival here.
    free = others * (likeness.max(axis=0) <= others + MARGIN)
    best = int(free.argmax())
    return columns[best].name if free[best] >= value - MARGIN and free[best] > 0 else ""


def _compare(
    need: ColumnNeed, column: ColumnProfile, profile: DatasetProfile, target: str, drivers: Mapping[str, DriverRole]
) -> _Evidence:
    """Return how likely a column stands for a need: independent pieces of evidence, each by itself enough or not."""
    words, other = read_name(need.name), read_name(column.name)
    named = name_likeness(words, other)
    if named == 0.0 and need.meaning and need.meaning in other.meanings:
        named = 0.0 if words.modifiers != other.modifiers else 0.5
    valued = _value_likeness(need, column)
    placed = _role_likeness(need, column, profile, target)
    driven = 0.0 if words.modifiers != other.modifiers else _driver_likeness(need, column, drivers)
    reasons = [*_name_reason(named), *(["values alike"] if valued >= 0.9 else []), *_role_reason(need, placed)]
    missing = 1 - named
    missing *= 1 - 0.9 * max(0.0, (valued - 0.6) / 0.4)
    missing *= (1 - placed) * (1 - driven)
    likeness = 1 - missing
    unit = column.unit or other.unit
    if measure_different_things(need.unit, unit):
        likeness *= 0.4
    elif need.unit and unit == need.unit:
        likeness, reasons = likeness + 0.02, [*reasons, f"same unit {unit}"]
    if need.kind is not None and need.kind is column.kind:
        likeness += 0.01
    return _Evidence(min(likeness, 1.0), tuple(reasons))


def _driver_likeness(need: ColumnNeed, column: ColumnProfile, drivers: Mapping[str, DriverRole]) -> float:
    """Return how much it says that a column was recognised as what is needed, by its name, unit and behaviour."""
    role = drivers.get(column.name)
    if role is None or need.role is not NeedRole.FEATURE:
        return 0.0
    return 0.6 if role in ROLES_OF.get(need.meaning, ()) else 0.0


def _name_reason(named: float) -> list[str]:
    if named >= 0.95:
        return ["the same name beside the unit"]
    if named >= 0.65:
        return ["a name of the same meaning"]
    return ["a similar name"] if named >= 0.3 else []


def _role_reason(need: ColumnNeed, placed: float) -> list[str]:
    words = {
        NeedRole.TARGET: "it looks like the target",
        NeedRole.TIME: "it orders the rows in time",
        NeedRole.GROUP: "its values name the groups",
    }
    return [words[need.role]] if placed > 0 and need.role in words else []


def _role_likeness(need: ColumnNeed, column: ColumnProfile, profile: DatasetProfile, target: str) -> float:
    axis = profile.time_axis
    if need.role is NeedRole.TIME:
        return 0.9 if axis is not None and axis.column == column.name else 0.0
    if need.role is NeedRole.GROUP:
        return 0.8 if profile.group == column.name else 0.0
    if need.role is NeedRole.TARGET and column.name == target:
        return 0.3
    return 0.0


def _value_likeness(need: ColumnNeed, column: ColumnProfile) -> float:
    """Return how alike the values of two columns lie, 0 where nothing is known of one of them."""
    if len(need.quantiles) != len(column.quantiles) or not need.quantiles:
        return 0.0
    if len(set(column.quantiles)) < 2:
        return 0.0
    conversion = conversion_between(column.unit, need.unit)
    factor, offset = (conversion.factor, conversion.offset) if conversion is not None else (1.0, 0.0)
    mine = [value * factor + offset for value in column.quantiles]
    width = max(need.quantiles[-1] - need.quantiles[0], 1e-12)
    apart = float(np.mean([abs(a - b) for a, b in zip(mine, need.quantiles, strict=True)])) / width
    alike = math.exp(-4 * apart) if math.isfinite(apart) else 0.0
    if need.mean is not None and need.spread and column.mean is not None and column.std is not None:
        same_mean = math.isclose(column.mean * factor + offset, need.mean, rel_tol=CLOSE, abs_tol=CLOSE * need.spread)
        same_spread = math.isclose(column.std * abs(factor), need.spread, rel_tol=CLOSE)
        # Other years of the same series are alike; only the very same rows have the same mean and spread.
        return 1.0 if same_mean and same_spread else min(alike, SAME_VALUES) * 0.9
    return min(alike, SAME_VALUES) * 0.9


def _check_match(
    need: ColumnNeed, column: ColumnProfile, reasons: tuple[str, ...], likeness: float, rival: str
) -> ColumnMatch:
    """Return a proposal with what speaks against it."""
    unit = column.unit or read_name(column.name).unit
    reason = join_words(list(reasons)) or "nothing else fits"
    match = ColumnMatch(need, column.name, f"{reason[:1].upper()}{reason[1:]}.", likeness=round(likeness, 4))
    conversion = conversion_between(unit, need.unit) if unit and need.unit else None
    if conversion is not None and not conversion.changes_nothing:
        match = replace(match, units=conversion.in_words(unit, need.unit))
    return replace(match, doubt=_match_doubt(need, unit, likeness, rival))


def _match_doubt(need: ColumnNeed, unit: str, likeness: float, rival: str) -> str:
    if rival:
        return f"{rival[:60]} could be it as well."
    if measure_different_things(need.unit, unit):
        return f"The template has {need.unit} and this column {unit}, which measure different things."
    return "" if likeness >= SURE else "Not sure: look at it once."


def chosen_mapping(
    proposed: Iterable[ColumnMatch], chosen: Mapping[str, str | None], profile: DatasetProfile
) -> tuple[ColumnMatch, ...]:
    """Return the mapping as a person changed it.

    Parameters
    ----------
    proposed
        The proposals.
    chosen
        Column of the template -> column of the dataset, "" or None for none. What it does not name stays as proposed.
    profile
        The dataset.
    """
    used_names = {name for name in chosen.values() if name}
    matches = []
    for match in proposed:
        if match.need.name not in chosen:
            # What was chosen elsewhere is not proposed here too.
            free = match.column not in used_names
            matches.append(match if free else ColumnMatch(match.need, reason="Its column was chosen for another one."))
            continue
        name = chosen[match.need.name] or ""
        if name == match.column and name:
            matches.append(replace(match, doubt="", chosen=True))
        elif name and profile.has(name):
            checked = _check_match(match.need, profile.column(name), ("chosen by you",), 1.0, "")
            matches.append(replace(checked, chosen=True))
        else:
            matches.append(ColumnMatch(match.need, reason="Left out by you.", chosen=True))
    return tuple(matches)


def mapping_of_matches(matches: Iterable[ColumnMatch]) -> dict[str, str]:
    """Return column of the template -> column of the dataset, of those that have one."""
    return {match.need.name: match.column for match in matches if match.column}
