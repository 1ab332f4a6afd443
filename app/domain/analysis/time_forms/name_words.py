"""Words in column names that say whether a column has times."""

from __future__ import annotations

import re

WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_]+")
_WORDS = {
    # A column of times.
    "time": "date datum data dato fecha time tid tijd zeit datetime timestamp dt ts t when moment period day dag jour "
    "tag dia utc gmt lst heure hora ora epoch unix month monat mes mois quarter quartal trimestre week woche semaine "
    "semana year jahr annee ano anno observed sampled sampling measured recorded yyyymmdd ymd yyyymm yyyyddd "
    "yyyymmddhh yyyymmddhhmm start end begin stamp hour instant",
    # A column of codes, counts or measurements.
    "other": "id ids uid uuid code codes version versions ver release build number nr no num zip postal postcode plz "
    "phone tel telephone fax sku part serial article item order account acct price cost amount discharge flow q runoff "
    "stage level depth elevation elev altitude height area count population pop total sum value val ip station site "
    "gauge gage huc lot batch invoice hash rank score rate ratio index idx key product model isbn ean barcode customer "
    "client user patient household parcel reference ref ticket case record row line seq sequence size length weight "
    "salary income revenue votes capacity volume storage pressure temp temperature precip rain snow",
    # The year of the row.
    "year": "year yr yyyy jahr annee ano anno jaar ar aar rok god wateryear hydroyear wy",
    # What may stand beside the word for a year without making it something else, such as the year of building.
    "beside_year": "water hydro hydrological calendar cal obs observation the date time of sample data",
    # Numbers that may count days.
    "serial": "date datum fecha data dato time zeit datetime timestamp serial excel day dt dates",
    # Numbers that count days in another way than spreadsheets do.
    "matlab": "datenum matlab",
    "mjd": "mjd mjday",
    "julian_day": "jd julian",
    "decimal_year": "decimal dec fractional decyear decdate decimaldate decimalyear decyr fracyear year yr jahr date "
    "time t datum",
    # What can hardly be anything but times.
    "sure": "date datum fecha datetime timestamp zeitstempel",
}
NAME_WORDS = {what: frozenset(words.split()) for what, words in _WORDS.items()}
TIME_ENDINGS = ("date", "datum", "time", "zeit", "stamp", "fecha", "monat")


def words_in(name: str) -> list[str]:
    """Return the words of a column's name in small letters."""
    return [word.lower() for word in WORD.findall(name)]


def names_time(name: str) -> bool:
    """Return whether a column's name says that it holds times."""
    return any(word in NAME_WORDS["time"] or word.endswith(TIME_ENDINGS) for word in words_in(name))


def names_other(name: str) -> bool:
    """Return whether a column's name says that it holds codes, counts or measurements."""
    return any(word in NAME_WORDS["other"] for word in words_in(name))


def names_count(name: str, code: str) -> bool:
    """Return whether a column's name says that its numbers count in the way of a form, such as "mjd"."""
    return any(word in NAME_WORDS[code] for word in words_in(name))


def names_serial(name: str) -> bool:
    """Return whether a column's name says that its numbers count days."""
    return any(word in NAME_WORDS["serial"] for word in words_in(name))


def names_sure_time(name: str) -> bool:
    """Return whether a column's name can hardly be that of anything but times."""
    return any(word in NAME_WORDS["sure"] for word in words_in(name))


def names_year(name: str) -> bool:
    """Return whether a column's name is that of the year of the row."""
    words = words_in(name)
    able = NAME_WORDS["year"] | NAME_WORDS["beside_year"]
    return any(word in NAME_WORDS["year"] for word in words) and all(word in able for word in words)
