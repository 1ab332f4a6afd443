"""Times with zones: kept where all have the same zone, converted to UTC otherwise.

DuckDB makes a moment of such a text by leaving its zone out, so that times of two zones would be mixed up.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from app.storage.columnar import literal

UTC = ("Z", "UTC", "GMT")
# Zones by their short names, in minutes east of Greenwich; short names that stand for two zones are left out.
OFFSETS = {
    **dict.fromkeys(("Z", "UTC", "GMT", "WET"), 0),
    **dict.fromkeys(("CET", "MEZ", "WEST", "BST"), 60),
    **dict.fromkeys(("CEST", "MESZ", "EET"), 120),
    **dict.fromkeys(("EEST", "MSK"), 180),
    "NST": -210,
    "NDT": -150,
    "AST": -240,
    "ADT": -180,
    "EST": -300,
    "EDT": -240,
    "CST": -360,
    "CDT": -300,
    "MST": -420,
    "MDT": -360,
    "PST": -480,
    "PDT": -420,
    "AKST": -540,
    "AKDT": -480,
    "HST": -600,
    "AWST": 480,
    "ACST": 570,
    "ACDT": 630,
    "AEST": 600,
    "AEDT": 660,
    "NZST": 720,
    "NZDT": 780,
    "JST": 540,
}
ZONES_NAMED = 4
CHUNK = 1 << 18
COLON, BLANK, ZERO, REACH = 58, 32, 48, 4
# What stands behind the minutes or seconds of a time with a zone, or with parts of a second and then perhaps a zone.
BEHIND = np.zeros(256, dtype=bool)
BEHIND[[ord(sign) for sign in "+-.ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"]] = True


class MixedZonesError(Exception):
    """The zones of a column cannot be brought together; the text says which and why."""


def bring_to_one_zone(connection: Any, source: str, *, moment: str, zones: tuple[str, str]) -> tuple[str, str]:
    """Return the SQL of a column's moments in one zone, and a note on the zone, "" where none is written.

    Parameters
    ----------
    connection, source
        SQL whose column `word` holds the texts.
    moment
        SQL of the moment without its zone.
    zones
        SQL of the zone of `word`, and of that of the text which the moment is made of; empty where none is written.

    Raises
    ------
    MixedZonesError
        If some times have no zone, or one that is only named.
    """
    result = connection.execute(
        f"SELECT upper({zones[0]}) AS zone, count(*) AS held FROM {source} GROUP BY zone ORDER BY held DESC, zone"
    ).fetchall()
    names = [zone for zone, _ in result]
    named = ", ".join(zone for zone in names[:ZONES_NAMED] if zone) + (", …" if len(names) > ZONES_NAMED else "")
    if not any(names):
        return moment, ""
    if len(names) == 1 or all(zone in UTC for zone in names):
        where = "in UTC" if names[0] in UTC else f"in the zone {names[0]}, as the file has them"
        return moment, f"times are {where}."
    if "" in names:
        raise MixedZonesError(f"kept as text: some times carry a time zone ({named}) and others none.")
    if any(zone[0].isalpha() and zone not in OFFSETS for zone in names):
        raise MixedZonesError(f"kept as text: the time zones {named} cannot be brought together.")
    zone = f"upper({zones[1]})"
    minutes = f"TRY_CAST({zone}[2:3] AS INTEGER) * 60 + coalesce(TRY_CAST(right({zone}[4:], 2) AS INTEGER), 0)"
    abbreviated = " ".join(f"WHEN {literal(name)} THEN {OFFSETS[name]}" for name in names if name in OFFSETS)
    offset = f"CASE {zone} {abbreviated} ELSE " if abbreviated else "("
    offset += f"CASE {zone}[1] WHEN '+' THEN {minutes} WHEN '-' THEN -({minutes}) ELSE 0 END"
    offset += " END" if abbreviated else ")"
    return f"({moment} - to_minutes({offset}))", f"times of several zones ({named}) were turned into UTC."


def may_carry_zones(path: Path) -> bool:
    """Return whether two digits after any colon of a file are followed by what a zone begins with.

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
    positions = np.flatnonzero(data[:-REACH] == COLON)
    after = data[positions + 3]
    positions = positions[BEHIND[after] | ((after == BLANK) & BEHIND[data[positions + 4]])]
    return bool(((data[positions + 1] - ZERO < 10) & (data[positions + 2] - ZERO < 10)).any())
