"""What column names tell a hydrologist."""

from __future__ import annotations

import re
from collections.abc import Iterable

RAIN = re.compile(r"^(prcp|precip|rain|ppt|pcp|precipitation|rainfall)", re.IGNORECASE)
DERIVED = re.compile(r"_(lag|sum|mean)_\d+$")
TARGET = re.compile(
    r"^(target|y|label|class|outcome|discharge|streamflow|runoff|qobs|q|flow|in_?flow|head|level|stage)(_|$)",
    re.IGNORECASE,
)


# A code of quality beside a measured value, as the files of the U.S. Geological Survey carry them.
QUALITY = re.compile(r"_(cd|rmk|flag|qc|qual|quality|code)s?$", re.IGNORECASE)


def is_rain(name: str) -> bool:
    """Say whether a measured column looks like precipitation by its name."""
    return bool(RAIN.match(name)) and not DERIVED.search(name)


def rain_column(names: Iterable[str]) -> str | None:
    """Return the first column that looks like measured precipitation, or None."""
    return next((name for name in names if is_rain(name)), None)


def looks_like_target(name: str) -> bool:
    """Say whether a name is one that people give to what they want to estimate."""
    return bool(TARGET.match(name)) and not QUALITY.search(name)
