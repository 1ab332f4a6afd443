"""Conversion of NetCDF times, such as "days since 1980-01-01", to dates in text.

Units and calendars are those of the CF conventions, section 4.4 (https://cfconventions.org).
"""

from __future__ import annotations

from typing import Any

from app.storage.reading.rows import Tally

REAL_CALENDARS = ("standard", "gregorian", "proleptic_gregorian")
# Every date of these is a date of the real calendar too, though not every real date is one of theirs.
NEARLY_REAL = ("noleap", "365_day")
SECONDS = {"second": 1.0, "sec": 1.0, "s": 1.0, "minute": 60.0, "min": 60.0, "hour": 3600.0, "hr": 3600.0,
           "h": 3600.0, "day": 86_400.0, "d": 86_400.0, "millisecond": 1e-3, "millisec": 1e-3, "msec": 1e-3, "ms": 1e-3,
           "microsecond": 1e-6}  # fmt: skip


def texts_of_times(values: Any, units: str, calendar: str, tally: Tally) -> list[str]:
    """Return masked numbers as dates in ISO 8601, without a time of day where all of them are midnight.

    Dates that the real calendar does not have, and units of no fixed length, stay as they are, and that is said once.
    """
    import numpy as np

    gone = np.ma.getmaskarray(values)
    here = values.data[~gone].astype("float64")
    texts = np.full(values.shape, "", dtype=object)
    if here.size:
        texts[~gone] = _decode_dates(here, units, calendar, tally)
    return [str(text) for text in texts.tolist()]


def _decode_dates(here: Any, units: str, calendar: str, tally: Tally) -> list[str]:
    import numpy as np

    moments = _plain_dates(here, units) if calendar in REAL_CALENDARS else None
    if moments is None:
        return _decode_each(here, units, calendar, tally)
    midnight = bool(np.all(moments == moments.astype("datetime64[D]")))
    whole = bool(np.all(moments == moments.astype("datetime64[s]")))
    view = np.datetime_as_string(moments, unit="D" if midnight else "s" if whole else "us")
    return [str(text).replace("T", " ") for text in view.tolist()]


def _plain_dates(here: Any, units: str) -> Any | None:
    """Return the dates by plain arithmetic from the first one, if the last one agrees with what the library says."""
    import numpy as np

    word = units.split(maxsplit=1)[0].lower()
    length = SECONDS.get(word) or SECONDS.get(word.removesuffix("s"))
    if length is None:
        return None
    try:
        ends = _library_dates(here[[0, int(np.argmin(here)), int(np.argmax(here))]], units, "standard")
        known = [np.datetime64(end.isoformat(), "us") for end in ends]
    except (ValueError, OverflowError):
        return None
    steps = np.round((here - here[0]) * (length * 1e6)).astype("int64").astype("timedelta64[us]")
    moments = known[0] + steps
    agree = max(abs(moments.min() - known[1]), abs(moments.max() - known[2])) <= np.timedelta64(1, "ms")
    # A reference of exact seconds leaves crumbs of floating point below them.
    rounded = (moments + np.timedelta64(500, "us")).astype("datetime64[ms]").astype("datetime64[us]")
    return rounded if agree else None


def _library_dates(values: Any, units: str, calendar: str) -> list[Any]:
    from netCDF4 import num2date

    result: Any = num2date(values, units, calendar)
    return list(result)


def _decode_each(here: Any, units: str, calendar: str, tally: Tally) -> list[str]:
    try:
        moments = _library_dates(here, units, calendar)
    except (ValueError, OverflowError):
        _note_once(tally, f"The times in {units[:60]} could not be turned into dates, and stay numbers.")
        return [repr(float(value)) for value in here]
    if calendar not in (*REAL_CALENDARS, *NEARLY_REAL):
        _note_once(tally, f"Its dates are of the calendar {calendar[:20]}, which is not the real one, and stay text.")
    midnight = all(moment.hour == moment.minute == moment.second == moment.microsecond == 0 for moment in moments)
    return [moment.strftime("%Y-%m-%d" if midnight else "%Y-%m-%d %H:%M:%S") for moment in moments]


def _note_once(tally: Tally, note: str) -> None:
    if note not in tally.notes:
        tally.notes.append(note)
