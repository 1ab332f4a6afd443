"""Columns that make a time together, with the axis that a reader should find."""

from __future__ import annotations

from datetime import datetime

from benchmarks.truth.form import DAY, HOUR, MINUTE, MONTH, QUARTER, Form, form, hour_1_to_24, lower_pm, parts


def hours_and_minutes(time: datetime) -> tuple[str, ...]:
    """Return a date, and the clock as one whole number without zeros in front."""
    return time.strftime("%Y-%m-%d"), str(time.hour * 100 + time.minute)


def with_pm(time: datetime) -> tuple[str, ...]:
    """Return a date, and the clock of twelve hours."""
    return time.strftime("%m/%d/%Y"), lower_pm("%i:%M:%S @", "AM", "PM")(time)


def year_quarter(time: datetime) -> tuple[str, ...]:
    """Return a year and the number of its quarter."""
    return str(time.year), str((time.month + 2) // 3)


YMD, YMDH, YMDHM = ("%Y", "%n", "%e"), ("%Y", "%n", "%e", "%k"), ("%Y", "%n", "%e", "%k", "%M")
JOINS: list[Form] = [
    form("year, month, day", "year|month|day", parts(*YMD), DAY, "1999-10-01"),
    form("YEAR, MO, DY", "YEAR|MO|DY", parts(*YMD), DAY, "1999-10-01"),
    form("YR, MNTH, DY, HR", "YR|MNTH|DY|HR", parts(*YMDH), HOUR, "1999-12-20"),
    form("year, month, day, hour", "Year|Month|Day|Hour", parts(*YMDH), HOUR, "1999-12-20"),
    form("year to minute", "year|month|day|hour|minute", parts(*YMDHM), 10 * MINUTE, "2005-06-07"),
    form("yyyy, mm, dd, HH, MM", "yyyy|mm|dd|HH|MM", parts("%Y", "%m", "%d", "%H", "%M"), 15 * MINUTE, "2005-06-07"),
    form("Jahr, Monat, Tag", "Jahr|Monat|Tag", parts(*YMD), DAY, "1987-11-01"),
    form("Tag, Monat, Jahr", "Tag|Monat|Jahr", parts("%e", "%n", "%Y"), DAY, "1987-11-01"),
    form("Jahr, Monat, Tag, Stunde", "Jahr|Monat|Tag|Stunde", parts(*YMDH), HOUR, "1987-11-01"),
    form("annee, mois, jour", "annee|mois|jour", parts(*YMD), DAY, "1987-11-01"),
    form("ano, mes, dia", "ano|mes|dia", parts(*YMD), DAY, "1987-11-01"),
    form("year, name of month, day", "Year|Month|Day", parts("%Y", "%b", "%e"), DAY, "1987-11-01"),
    form("year and month", "year|month", parts("%Y", "%n"), MONTH, "1960-01-01"),
    form("year and quarter", "year|quarter", year_quarter, QUARTER, "1915-01-01"),
    form("year and doy", "year|doy", parts("%Y", "%j"), DAY, "2003-01-01"),
    form("YEAR, DOY, HOUR", "YEAR|DOY|HOUR", parts("%Y", "%j", "%k"), HOUR, "2003-12-20"),
    form("year and jday", "Year|JDay", parts("%Y", "%j"), DAY, "2003-06-01"),
    form("ISO date and time", "Date|Time", parts("%Y-%m-%d", "%H:%M:%S"), HOUR, "2004-03-10 18:00"),
    form("DD.MM.YYYY and hh:mm", "Datum|Uhrzeit", parts("%d.%m.%Y", "%H:%M"), 15 * MINUTE, "2004-03-10 18:00"),
    form("DD/MM/YYYY and hh.mm.ss", "Date|Time", parts("%d/%m/%Y", "%H.%M.%S"), HOUR, "2004-03-10 18:00"),
    form("MM/DD/YYYY and h:mm:ss PM", "Date|Time", with_pm, HOUR, "2004-03-10 18:00"),
    form("ISO date and hour", "date|hour", parts("%Y-%m-%d", "%k"), HOUR, "2011-01-01"),
    form("ISO date and hr", "dteday|hr", parts("%Y-%m-%d", "%k"), HOUR, "2011-01-01"),
    form("ISO date and hours 1 to 24", "date|hour", hour_1_to_24("%Y-%m-%d"), HOUR, "2011-01-01 01:00"),
    form("ISO date and hhmm as a number", "date|hhmm", hours_and_minutes, 15 * MINUTE, "2011-01-01"),
    form("YYYYMMDD and hour", "YYYYMMDD|HH", parts("%Y%m%d", "%k"), HOUR, "2011-01-01"),
    form("YYYYMMDD and hhmm", "date|time", parts("%Y%m%d", "%H%M"), 10 * MINUTE, "2011-01-01"),
    form("DD-Mon-YYYY and hh:mm", "Sample Date|Sample Time", parts("%d-%b-%Y", "%H:%M"), HOUR, "2011-01-01"),
    form("year, month, day, 4 stations", "year|month|day", parts(*YMD), DAY, "1999-10-01", stations=4),
]
