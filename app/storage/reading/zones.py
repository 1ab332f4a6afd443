"""Times that carry a zone: kept as they are written where all carry the same one, else turned into UTC, and said so.

DuckDB makes a moment of such a text by leaving its zone out, so that times of two zones would be mixed up.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from app.storage.columnar import literal

ZONE = r"[0-9]:[0-9]{2}(?::[0-9]{2}(?:[.][0-9]+)?)? ?([+-][0-9]{2}(?::?[0-9]{2})?|[A-Za-z]{1,5})$"
UTC = ("Z", "z", "UTC", "GMT")
ZONES_NAMED = 4
CHUNK = 1 << 18
COLON, BLANK, ZERO, REACH = 58, 32, 48, 4
# What stands behind the minutes or seconds of a time with a zone, or with parts of a second and then perhaps a zone.
BEHIND = np.zeros(256, dtype=bool)
BEHIND[[ord(sign) for sign in "+-.ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"]] = True


class MixedZonesError(Exception):
    """The zones of a column cannot be brought together; the text says which and why."""


def zoned(connection: Any, source: str, *, moment: str, word: str) -> tuple[str, str]:
    """Return the SQL of a column's moments in one zone, and a note on the zone, "" where none is written.

    Parameters
    ----------
    connection, source
        SQL whose column `word` holds the texts.
    moment, word
        SQL of the moment without its zone, and of the text it is made of.

    Raises
    ------
    MixedZonesError
        If some times have no zone, or one that is only named.
    """
    found = connection.execute(
        f"SELECT regexp_extract(word, {literal(ZONE)}, 1) AS zone, count(*) AS held FROM {source} "
        "GROUP BY zone ORDER BY held DESC, zone"
    ).fetchall()
    zones = [zone for zone, _ in found]
    named = ", ".join(zone for zone in zones[:ZONES_NAMED] if zone) + (", …" if len(zones) > ZONES_NAMED else "")
    if not any(zones):
        return moment, ""
    if len(zones) == 1 or all(zone in UTC for zone in zones):
        where = "in UTC" if zones[0] in UTC else f"in the zone {zones[0]}, as the file has them"
        return moment, f"times are {where}."
    if "" in zones:
        raise MixedZonesError(f"kept as text: some times carry a time zone ({named}) and others none.")
    if any(zone[0].isalpha() and zone not in UTC for zone in zones):
        raise MixedZonesError(f"kept as text: the time zones {named} cannot be brought together.")
    zone = f"regexp_extract({word}, {literal(ZONE)}, 1)"
    minutes = f"TRY_CAST({zone}[2:3] AS INTEGER) * 60 + coalesce(TRY_CAST(right({zone}[4:], 2) AS INTEGER), 0)"
    offset = f"CASE {zone}[1] WHEN '+' THEN {minutes} WHEN '-' THEN -({minutes}) ELSE 0 END"
    return f"({moment} - to_minutes({offset}))", f"times of several zones ({named}) were turned into UTC."


def may_carry_zones(path: Path) -> bool:
    """Say whether two digits after any colon of a file are followed by what a zone begins with.

    Times that are read as such, and not as texts first, lose a zone that only stands further down.
    """
    rest = b""
    with path.open("rb") as handle:
        while chunk := handle.read(CHUNK):
            block = rest + chunk
            if b":" in block and _may_carry(block):
                return True
            rest = block[-REACH:]
    return _may_carry(rest + b"\n" * REACH)


def _may_carry(block: bytes) -> bool:
    data = np.frombuffer(block, dtype=np.uint8)
    at = np.flatnonzero(data[:-REACH] == COLON)
    after = data[at + 3]
    at = at[BEHIND[after] | ((after == BLANK) & BEHIND[data[at + 4]])]
    return bool(((data[at + 1] - ZERO < 10) & (data[at + 2] - ZERO < 10)).any())
