"""Time zones by name: "Europe/Berlin", "UTC", or an offset such as "+01:00"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

OFFSET = re.compile(r"([+-])([0-9]{2}):?([0-9]{2})")


def zone_of(name: str) -> tzinfo:
    """Return a time zone by its name.

    Raises
    ------
    ValueError
        With a sentence, where there is no such zone.
    """
    match = OFFSET.fullmatch(name)
    if match and int(match[2]) < 24 and int(match[3]) < 60:
        offset = timedelta(hours=int(match[2]), minutes=int(match[3]))
        return timezone(-offset if match[1] == "-" else offset)
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"There is no time zone {name[:40]}. Write one such as Europe/Berlin or +01:00.") from None


@dataclass(frozen=True)
class ClockChange:
    """A change of a zone's clock: from `wall` on, times there are `after` minutes ahead of UTC, before it `before`.

    Where the clock went back, the times from `repeats_from` up to `wall` come twice.
    """

    wall: datetime
    before: int
    after: int
    repeats_from: datetime | None


def changes_between(zone: tzinfo, first: datetime, last: datetime) -> tuple[int, list[ClockChange]]:
    """Return the offset of a zone at the first of two times on its clock, in minutes, and the changes up to the last.

    Parameters
    ----------
    zone
        The zone.
    first, last
        Times without a zone.
    """
    moment = first.replace(tzinfo=UTC) - timedelta(days=1)
    end, offset = last.replace(tzinfo=UTC) + timedelta(days=1), _utc_offset(zone, moment)
    start, changes = offset, list[ClockChange]()
    while moment < end:
        following = moment + timedelta(days=1)
        after = _utc_offset(zone, following)
        if after != offset:
            position = _change_between(zone, moment, following, after).replace(tzinfo=None)
            back = position + timedelta(minutes=after) if after < offset else None
            changes.append(ClockChange(position + timedelta(minutes=max(offset, after)), offset, after, back))
            offset = after
        moment = following
    return start, changes


def _utc_offset(zone: tzinfo, moment: datetime) -> int:
    return round((moment.astimezone(zone).utcoffset() or timedelta()).total_seconds() / 60)


def _change_between(zone: tzinfo, low: datetime, high: datetime, after: int) -> datetime:
    while high - low > timedelta(minutes=1):
        middle = low + timedelta(minutes=int((high - low).total_seconds() // 120))
        low, high = (low, middle) if _utc_offset(zone, middle) == after else (middle, high)
    return high
