"""Time zones by name: "Europe/Berlin", "UTC", or an offset such as "+01:00"."""

from __future__ import annotations

import re
from datetime import timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

OFFSET = re.compile(r"([+-])([0-9]{2}):?([0-9]{2})")


def zone_of(name: str) -> tzinfo:
    """Return a time zone by its name.

    Raises
    ------
    ValueError
        With a sentence, where there is no such zone.
    """
    found = OFFSET.fullmatch(name)
    if found and int(found[2]) < 24 and int(found[3]) < 60:
        offset = timedelta(hours=int(found[2]), minutes=int(found[3]))
        return timezone(-offset if found[1] == "-" else offset)
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"There is no time zone {name[:40]}. Write one such as Europe/Berlin or +01:00.") from None
