"""Dates in configs and date fields, parsed and formatted."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

FORM = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2})?)?")
LATEST = datetime.fromisoformat("9999-12-31")


def parse_date(text: str) -> datetime:
    """Return the moment that a text names; a day alone is its first moment.

    Raises
    ------
    ValueError
        With a sentence, if it is no date.
    """
    try:
        if FORM.fullmatch(text):
            return datetime.fromisoformat(text)
    except ValueError:
        pass
    raise ValueError("Write a date as year-month-day, such as 2006-10-01.")


def end_of(text: str) -> datetime:
    """Return the first moment after what a text names: the day after a day alone, else the next second."""
    moment = parse_date(text)
    step = timedelta(seconds=1) if ":" in text else timedelta(days=1)
    return min(moment, LATEST - step) + step


def start_of_water_year(year: int, month: int) -> str:
    """Return the first day of a water year, which is named by the calendar year in which it ends."""
    return f"{year if month == 1 else year - 1:04d}-{month:02d}-01"
