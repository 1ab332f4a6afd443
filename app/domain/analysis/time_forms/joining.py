"""Detection of columns that make up a time together, such as year, month, day and hour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.domain.analysis.time_forms.month_names import fold_case
from app.domain.analysis.time_forms.name_words import WORD

ROLES = {
    "year": "year yr yyyy y jahr annee ano anno jaar ar aar rok",
    "month": "month mon mo mm mnth mth m monat mes mois maand manad maned mese mesiac",
    "day": "day dd dy d dom dayofmonth monthday mday tag dia jour dag giorno den",
    "day_of_year": "doy jday yday dayofyear yearday julianday jd julday julian ddd jul jour_annee",
    "hour": "hour hr hrs hh h stunde std hora heure uur ora time timme",
    "minute": "minute min minutes mi mm mn mins",
    "second": "second sec seconds ss s secs",
    "clock": "time clock hhmm hhmmss tid tijd zeit uhrzeit hora heure ora hour timeofday obstime klok",
    "quarter": "quarter qtr q quartal trimestre trimester",
}
WORDS = {role: frozenset(words.split()) for role, words in ROLES.items()}
# Words beside the one that names the part: of whom or when, not of what.
BESIDE_WORDS = (
    "obs observation observed sample sampling measurement meas start date utc gmt lst local cal calendar of the "
    "month year day time std standard civil"
)
BESIDES = frozenset(BESIDE_WORDS.split())
BOUNDS = {
    "month": (1, 12),
    "day": (1, 31),
    "day_of_year": (1, 366),
    "hour": (0, 24),
    "minute": (0, 59),
    "second": (0, 59),
    "quarter": (1, 4),
}
DAYS = (("year", "month", "day"), ("year", "day_of_year"), ("year", "quarter"), ("year", "month"), ("date",))
CODES = {
    "year": "%Y",
    "short_year": "%y",
    "month": "%m",
    "month_name": "%b",
    "day": "%d",
    "day_of_year": "%j",
    "quarter": "%q",
    "hour": "%H",
    "clock_number": "%H:%M",
    "minute": "%M",
    "second": "%S",
}


@dataclass(frozen=True)
class TimePart:
    """A column as it may stand in a time. `kind` is "integer", "clock" (a time of day), "month_name" or "date"."""

    name: str
    kind: str
    low: float = 0.0
    high: float = 0.0


def roles_of(part: TimePart) -> list[str]:
    """Return the parts of a time that a column may hold, by its name and bounds, the likeliest first."""
    if part.kind == "date":
        return ["date"]
    named = [role for role, words in WORDS.items() if _is_named(part.name, words)]
    if part.kind == "clock":
        return ["clock"]
    if part.kind == "month_name":
        return ["month_name"] if "month" in named else []
    results = []
    for role in named:
        if role == "year":
            results += ["year"] if 1500 <= part.low <= part.high <= 2200 else []
            results += ["short_year"] if 0 <= part.low <= part.high <= 99 else []
        elif role == "clock":
            results += ["clock_number"] if part.low >= 0 and 24 < part.high <= 2400 else []
        elif BOUNDS[role][0] <= part.low <= part.high <= BOUNDS[role][1]:
            results.append(role)
    return results


def names_part(name: str) -> bool:
    """Return whether a column's name is that of any part of a time."""
    return any(_is_named(name, words) for words in WORDS.values())


def _is_named(name: str, words: frozenset[str]) -> bool:
    parts = [fold_case(word) for word in WORD.findall(name)]
    if "".join(parts) in words:
        return True
    rest = [part for part in parts if part not in words]
    return len(parts) - len(rest) == 1 and all(part in BESIDES for part in rest)


def find_joins(parts: Sequence[TimePart]) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Return the ways in which columns could make a time: their names and their roles, the most complete first."""
    by_role: dict[str, list[str]] = {}
    for part in parts:
        for role in roles_of(part):
            by_role.setdefault(role, []).append(part.name)
    results = []
    for day in DAYS:
        # A time of day belongs to a day, not to a month.
        behind = TIMES if {"day", "day_of_year", "date"} & set(day) else ()
        for time in (*behind, ()):
            current_values = _assign_roles((*day, *time), by_role)
            if len(current_values) > 1:
                results.append((tuple(name for name, _ in current_values), tuple(role for _, role in current_values)))
    return results


TIMES = (("hour", "minute", "second"), ("hour", "minute"), ("clock",), ("clock_number",), ("hour",))
OTHERS = {"year": "short_year", "month": "month_name"}


def _assign_roles(roles: Sequence[str], by_role: Mapping[str, list[str]]) -> list[tuple[str, str]]:
    """Return a column of its own for each role, or nothing; a year may have two digits, and a month be a name."""
    used_names: list[tuple[str, str]] = []
    for role in roles:
        able = [(name, text) for text in (role, OTHERS.get(role, role)) for name in by_role.get(text, [])]
        free = next(((name, text) for name, text in able if name not in [name for name, _ in used_names]), None)
        if free is None:
            return []
        used_names.append(free)
    return used_names


def code_of(roles: Sequence[str]) -> str:
    """Return the form of the columns written one behind the other, with a blank between; "" where one is free."""
    if {"date", "clock"} & set(roles):
        return ""
    return " ".join(CODES[role] for role in roles)


def name_of(roles: Sequence[str], used_names: Sequence[str]) -> str:
    """Return a name for the column of the joined times that no other column has."""
    is_timed = bool({"hour", "clock", "clock_number"} & set(roles))
    names = ("datetime", "date_time", "joined_time") if is_timed else ("date", "joined_date", "joined_time")
    free = next((name for name in names if name not in used_names), None)
    return free or next(
        f"{names[-1]}_{count}" for count in range(2, len(used_names) + 3) if f"{names[-1]}_{count}" not in used_names
    )
