"""The shipped list of common passwords."""

from __future__ import annotations

import functools
import gzip
from pathlib import Path

LIST = Path(__file__).resolve().parents[1] / "vendor" / "django-5.2.19" / "common-passwords.txt.gz"


@functools.cache
def common_passwords() -> frozenset[str]:
    """Return the most used passwords, in small letters."""
    with gzip.open(LIST, "rt", encoding="utf-8") as lines:
        return frozenset(line.strip().casefold() for line in lines)
