"""Candidate date formats for a few example values, from every order of their numbers and names."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from app.domain.analysis.time_forms.forms import Form, FormError
from app.domain.analysis.time_forms.month_names import DAYS, MONTHS, fold_case

SHORTEST, LONGEST = 4, 48
LOOKED_AT = 60
# Of words, of which there may be ten thousand columns, a few tell enough.
FIRST_LOOK = 6
MOSTLY = 0.8
ZONE = r"(?P<zone>\s?(?:[A-Z]{1,5}|[+-][0-9]{2}(?::?[0-9]{2})?))?"
HALF = r"(?P<half>\s?[AaPp]\.?\s?[Mm]\.?)?"
SECOND = r"(?P<second>(?P=sign)[0-9]{2}(?P<fraction>[.,][0-9]{1,9})?)?"
UNIT = r"(?P<unit>\s?(?:Uhr|uhr|hrs|Hrs|hs|h))?"
CLOCK = rf"[0-9]{{1,2}}(?P<sign>[:.h])[0-9]{{2}}{SECOND}{HALF}{UNIT}{ZONE}"
HOUR = rf"[0-9]{{1,2}}(?P<half>\s?[AaPp]\.?\s?[Mm]\.?){ZONE}"
TIGHT = rf"(?:(?P<six>[0-9]{{6}})(?P<fraction>[.,][0-9]{{1,9}})?|[0-9]{{4}}|[0-9]{{2}}){ZONE}"
JOINER = r"(?P<joiner>T|,?\s+(?:at\s+|um\s+|kl\.?\s+)?|\s*[_/:,]\s*|-)"
BEHIND = tuple(
    (name, re.compile(f"(?P<day>.*?[^\\s,_:/-]){JOINER}{time}", re.DOTALL))
    for name, time in (("clock", CLOCK), ("hour", HOUR), ("tight", TIGHT))
)
BEFORE = re.compile(rf"(?P<clock>{CLOCK})(?P<joiner>,?\s+)(?P<day>.*)", re.DOTALL)
MIDDLE = re.compile(rf"(?P<day>.+?)(?P<joiner>\s+)(?P<clock>{CLOCK})\s+(?P<year>[0-9]{{4}})", re.DOTALL)
PIECES = re.compile(r"[0-9]+|[^\W\d_]+\.?|[^\w]+|_")
TIME_PARTS = ("%H", "%M", "%S")
ORDINALS = ("st", "nd", "rd", "th", "er")
# Digits in one piece, by how many there are.
TIGHT_DAYS = {
    4: ("%Y",),
    5: ("%y%j",),
    6: ("%Y%m", "%y%m%d", "%d%m%y", "%m%d%y"),
    7: ("%Y%j",),
    8: ("%Y%m%d", "%d%m%Y", "%m%d%Y"),
    9: ("%Y%j%H",),
    10: ("%Y%m%d%H", "%y%m%d%H%M", "%d%m%Y%H"),
    11: ("%Y%j%H%M",),
    12: ("%Y%m%d%H%M", "%y%m%d%H%M%S", "%d%m%Y%H%M"),
    14: ("%Y%m%d%H%M%S", "%d%m%Y%H%M%S"),
    17: ("%Y%m%d%H%M%S%f",),
}


@dataclass(frozen=True)
class TimeOfDayForm:
    """How the time of day is written: the sign, the joiner and what else is there.

    It stands "behind" the day, "before" it, or in the "middle", between the day and its year.
    """

    joiner: str
    kind: str
    sign: str
    digits: int
    half: str
    place: str = "behind"
    unit: str = ""
    second: bool = False
    fraction: str = ""
    zone: str = ""

    @property
    def base(self) -> tuple[object, ...]:
        """Return the unit that values of one form share."""
        return self.joiner, self.kind, self.sign, self.digits, self.half, self.place, self.unit


def may_be_times(words: Iterable[str]) -> bool:
    """Return whether the first values of a column look like times; cheap, and generous where it cannot tell."""
    some = [word.strip() for word in itertools.islice(words, LOOKED_AT) if word.strip()]
    able = sum(any(True for _ in _days_of(word)) for word in some[:FIRST_LOOK])
    if not able:
        return False
    able += sum(any(True for _ in _days_of(word)) for word in some[FIRST_LOOK:])
    return able >= MOSTLY * len(some)


def candidate_forms(values: Sequence[str]) -> list[Form]:
    """Return the forms that could have written these values, those of the first values before the others.

    Parameters
    ----------
    values
        Values that show everything a column has: of each way to write at least one.
    """
    times: dict[str, dict[tuple[object, ...], list[TimeOfDayForm | None]]] = {}
    for value in values:
        for day, time in _days_of(value.strip()):
            times.setdefault(day, {}).setdefault(time.base if time else (), []).append(time)
    forms: dict[str, Form] = {}
    for day, bases in times.items():
        bare = () in bases
        for base, time_of_day_forms in bases.items():
            if not base and len(bases) > 1:
                continue
            code = _form_code(day, [form for form in time_of_day_forms if form is not None], bare=bare and bool(base))
            try:
                forms.setdefault(code, Form(code))
            except FormError:
                continue
    return list(forms.values())


def _form_code(day: str, times: list[TimeOfDayForm], *, bare: bool) -> str:
    if not times:
        return day
    form = times[0]
    if form.kind == "tight":
        clock = "%H%M%S"[: form.digits]
        clock += _sometimes_part([time.fraction for time in times], "%f")
    elif form.kind == "hour":
        clock = f"%I{form.half}%p"
    else:
        clock = f"{'%I' if form.half else '%H'}{form.sign}%M"
        seconds = f"{form.sign}%S{_sometimes_part([time.fraction for time in times], '%f')}"
        clock += _optional_part(seconds, [time.second for time in times])
        clock += f"{form.half.strip('%')}%p" if form.half else ""
    clock += form.unit
    zones = [time.zone for time in times]
    clock += _optional_part(
        f"{' ' if any(zone[:1] == ' ' for zone in zones) else ''}%z", [bool(zone) for zone in zones]
    )
    if form.place == "before":
        return f"{clock}{form.joiner}{day}"
    if form.place == "middle":
        return f"{day.removesuffix(' %Y')}{form.joiner}{clock} %Y"
    return f"{day}[{form.joiner}{clock}]" if bare else f"{day}{form.joiner}{clock}"


def _optional_part(code: str, current_values: list[bool]) -> str:
    """Return a part that all, some or none of the values have."""
    if all(current_values):
        return code
    return f"[{code}]" if any(current_values) else ""


def _sometimes_part(signs: list[str], part: str) -> str:
    sign = next((text for text in signs if text), "")
    return _optional_part(f"{sign}{part}", [bool(text) for text in signs]) if sign else ""


def _days_of(text: str) -> Iterator[tuple[str, TimeOfDayForm | None]]:
    """Yield each code of a day that could be in a value, with how its time is written."""
    if not SHORTEST <= len(text) <= LONGEST or sum(letter.isdigit() for letter in text) < 2:
        return
    for day in _codes_of_day(text):
        yield day, None
    for kind, pattern in BEHIND:
        match = pattern.fullmatch(text)
        if match:
            time = _time_of_day_form(kind, match)
            for day in _codes_of_day(match["day"]):
                if kind != "tight" or _is_whole_day(day):
                    yield day, time
    match = BEFORE.fullmatch(text)
    if match:
        for day in _codes_of_day(match["day"]):
            yield day, _time_of_day_form("clock", match, place="before")
    match = MIDDLE.fullmatch(text)
    if match:
        for day in _codes_of_day(f"{match['day']} {match['year']}"):
            if day.endswith(" %Y"):
                yield day, _time_of_day_form("clock", match, place="middle")


def _is_whole_day(code: str) -> bool:
    """Return whether a code is that of a day whose year is written out, so that digits behind it can be its time."""
    return "%Y" in code and ("%d" in code or "%j" in code)


def _time_of_day_form(kind: str, match: re.Match[str], *, place: str = "behind") -> TimeOfDayForm:
    current_values = match.groupdict()
    half, zone, joiner = current_values.get("half") or "", current_values.get("zone") or "", match["joiner"]
    return TimeOfDayForm(
        joiner=re.sub(r"\s+", " ", joiner),
        kind=kind,
        sign=current_values.get("sign") or "",
        digits=_leading_digits(match[0][match.end("joiner") :]) if kind == "tight" else 0,
        half=(" " if half[0].isspace() else "%") if half else "",
        place=place,
        unit=re.sub(r"\s+", " ", current_values.get("unit") or ""),
        second=bool(current_values.get("second")),
        fraction=(current_values.get("fraction") or "")[:1],
        zone=(" " if zone[0].isspace() else "z") if zone else "",
    )


def _leading_digits(text: str) -> int:
    return len(text) - len(text.lstrip("0123456789"))


def _codes_of_day(text: str) -> Iterator[str]:
    """Yield the codes of a day (or a month, quarter, week, year) that could have been written like this."""
    pieces = PIECES.findall(text)
    if len(pieces) > 12 or "".join(pieces) != text:
        return
    codes = [_escape_literal(piece) for piece in pieces]
    codes, start = _remove_weekday(pieces, codes)
    numbers = [place for place in range(start, len(pieces)) if pieces[place][0].isdigit()]
    names = [place for place in range(start, len(pieces)) if pieces[place][0].isalpha()]
    months = [place for place in names if fold_case(pieces[place]) in MONTHS]
    widths = tuple(len(pieces[place]) for place in numbers)
    if len(months) == 1 and len(numbers) in (1, 2) and _are_fillers(pieces, names, months):
        codes[months[0]] = "%b"
        codes = ["%o" if piece.lower() in ORDINALS else code for piece, code in zip(pieces, codes, strict=True)]
        for order in _orders_with_name(widths, is_first=not any(place < months[0] for place in numbers)):
            yield _fill_parts(codes, numbers, order)
    elif names:
        yield from _quarters_and_weeks(pieces, codes, numbers, names)
    elif not _is_clock(pieces, widths):
        for order in _possible_orders(widths):
            yield _fill_parts(codes, numbers, order)


def _is_clock(pieces: list[str], widths: tuple[int, ...]) -> bool:
    """Return whether numbers with colons between are hours, minutes and seconds."""
    return ":" in pieces and 4 not in widths[:1]


def _escape_literal(piece: str) -> str:
    return re.sub(r"\s+", " ", piece).replace("%", "%%")


def _remove_weekday(pieces: list[str], codes: list[str]) -> tuple[list[str], int]:
    if pieces and pieces[0][0].isalpha() and fold_case(pieces[0]) in DAYS and len(pieces) > 3:
        return ["%a", *codes[1:]], 1
    return codes, 0


def _are_fillers(pieces: list[str], names: list[int], months: list[int]) -> bool:
    others = [pieces[place].lower() for place in names if place not in months]
    return all(word in ("de", "del", "of", *ORDINALS) for word in others)


def _fill_parts(codes: list[str], numbers: list[int], order: Sequence[str]) -> str:
    codes = list(codes)
    for place, part in zip(numbers, order, strict=True):
        codes[place] = part
    return "".join(codes)


def _orders_with_name(widths: tuple[int, ...], *, is_first: bool) -> Iterator[tuple[str, ...]]:
    """Yield what numbers beside the name of a month are; `is_first` says that the name comes before all of them."""
    if widths == (4,):
        yield ("%Y",)
    elif widths == (2,):
        yield ("%y",)
    elif len(widths) == 2 and widths[0] <= 2 and widths[1] in (2, 4):
        yield "%d", "%Y" if widths[1] == 4 else "%y"
        if widths == (2, 2) and not is_first:
            yield "%y", "%d"
    elif len(widths) == 2 and widths[0] == 4 and widths[1] <= 2:
        yield "%Y", "%d"


def _possible_orders(widths: tuple[int, ...]) -> Iterator[tuple[str, ...]]:
    """Yield what numbers with signs between them could be, by how many digits each has."""
    if len(widths) == 1:
        yield from ((code,) for code in TIGHT_DAYS.get(widths[0], ()))
    elif len(widths) == 2:
        first, second = widths
        if first == 4:
            yield from (("%Y", part) for part in {1: ("%m",), 2: ("%m",), 3: ("%j",)}.get(second, ()))
        elif second == 4:
            yield from ((part, "%Y") for part in {1: ("%m",), 2: ("%m",), 3: ("%j",)}.get(first, ()))
        elif first == 2 and second == 3:
            yield "%y", "%j"
    elif len(widths) == 3 and max(widths[1], min(widths)) <= 2:
        if widths[0] == 4 and widths[2] <= 2:
            yield from (("%Y", "%m", "%d"), ("%Y", "%d", "%m"))
        elif widths[2] == 4 and widths[0] <= 2:
            yield from (("%d", "%m", "%Y"), ("%m", "%d", "%Y"))
        elif max(widths) <= 2:
            orders = (("%d", "%m", "%y"), ("%m", "%d", "%y"), ("%y", "%m", "%d"))
            yield from (order for order in orders if widths[order.index("%y")] == 2)
    elif len(widths) in (4, 5, 6) and max(widths[3:]) <= 2 and 4 in (widths[0], widths[2]):
        # The time of day in numbers like those of the day.
        yield from ((*day, *TIME_PARTS[: len(widths) - 3]) for day in _possible_orders(widths[:3]))


def _quarters_and_weeks(pieces: list[str], codes: list[str], numbers: list[int], names: list[int]) -> Iterator[str]:
    """Yield the codes of "2013Q4", "Q4 2013", "2013-W41" and "2013-W41-2"."""
    if len(names) != 1 or len(numbers) not in (2, 3):
        return
    word, widths = pieces[names[0]].upper().rstrip("."), [len(pieces[place]) for place in numbers]
    if word in ("Q", "T", "QTR") and len(numbers) == 2 and sorted(widths) in ([1, 4], [1, 2]):
        year = "%Y" if 4 in widths else "%y"
        yield _fill_parts(codes, numbers, ("%q", year) if widths[0] == 1 else (year, "%q"))
    if word in ("W", "KW", "WK", "S", "WEEK") and max(widths) == 4:
        if widths[0] == 4 and widths[1] <= 2 and widths[2:] in ([], [1]):
            yield _fill_parts(codes, numbers, ("%G", "%V", "%u")[: len(numbers)])
        elif len(numbers) == 2 and widths[0] <= 2:
            yield _fill_parts(codes, numbers, ("%V", "%G"))
