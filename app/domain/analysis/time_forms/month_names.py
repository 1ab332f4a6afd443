"""Names of months and weekdays in the languages of measuring networks, in plain letters."""

from __future__ import annotations

import unicodedata

# One line for each language: its twelve months, and forms that differ behind a bar. Short forms are made of these.
LANGUAGES = (
    "january february march april may june july august september|sept october november december",
    "januar|jaenner februar|feber marz|maerz april mai juni juli august september oktober november dezember",
    "janvier|janv fevrier|fevr mars avril|avr mai juin juillet|juil aout septembre|sept octobre novembre decembre",
    "enero febrero marzo abril mayo junio julio agosto septiembre|setiembre octubre noviembre diciembre",
    "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre|sett ottobre novembre dicembre",
    "janeiro fevereiro marco abril maio junho julho agosto setembro outubro novembro dezembro",
    "januari februari maart|mrt april mei juni juli augustus september oktober november december",
    "januari februari mars april maj juni juli augusti september oktober november december",
    "januar februar marts april maj juni juli august september oktober november desember",
    "styczen|stycznia luty|lutego marzec|marca kwiecien|kwietnia maj|maja czerwiec|czerwca lipiec|lipca "
    "sierpien|sierpnia wrzesien|wrzesnia pazdziernik|pazdziernika listopad|listopada grudzien|grudnia",
    "leden|ledna unor|unora brezen|brezna duben|dubna kveten|kvetna cerven|cervna cervenec|cervence "
    "srpen|srpna zari rijen|rijna listopad|listopadu prosinec|prosince",
    "ocak subat mart nisan mayis haziran temmuz agustos eylul ekim kasim aralik",
    "tammikuu|tammikuuta helmikuu|helmikuuta maaliskuu|maaliskuuta huhtikuu|huhtikuuta toukokuu|toukokuuta "
    "kesakuu|kesakuuta heinakuu|heinakuuta elokuu|elokuuta syyskuu|syyskuuta lokakuu|lokakuuta "
    "marraskuu|marraskuuta joulukuu|joulukuuta",
    "январь|января февраль|февраля март|марта апрель|апреля май|мая июнь|июня июль|июля август|августа "
    "сентябрь|сентября октябрь|октября ноябрь|ноября декабрь|декабря",
)
WEEKDAYS = (
    "monday tuesday wednesday thursday friday saturday sunday",
    "montag dienstag mittwoch donnerstag freitag samstag sonntag",
    "lundi mardi mercredi jeudi vendredi samedi dimanche",
    "lunes martes miercoles jueves viernes sabado domingo",
    "lunedi martedi mercoledi giovedi venerdi sabato domenica",
)
# Letters that no accent is taken off of.
LETTERS = str.maketrans({"ł": "l", "ı": "i", "ø": "o", "ß": "ss", "æ": "ae"})


def fold_case(word: str) -> str:
    """Return a word in small letters without accents and without a point behind it."""
    plain = unicodedata.normalize("NFKD", word.strip().rstrip(".").lower())
    return "".join(letter for letter in plain if not unicodedata.combining(letter)).translate(LETTERS)


def _month_numbers() -> dict[str, int]:
    """Return every name with its month; a short form that two months share names neither."""
    whole: dict[str, int] = {}
    short: dict[str, set[int]] = {}
    for language in LANGUAGES:
        for month, names in enumerate(language.split(), start=1):
            for name in map(fold_case, names.split("|")):
                whole[name] = month if whole.get(name, month) == month else 0
                for length in (3, 4, 5):
                    short.setdefault(name[:length], set()).add(month)
    for name, months in short.items():
        whole.setdefault(name, min(months) if len(months) == 1 else 0)
    # Where two languages differ, the commoner use of the short form stands; a Czech July is never abbreviated to it.
    whole |= {"mrz": 3, "mar": 3, "mai": 5, "maj": 5, "cvn": 6, "cerven": 6, "jun": 6, "cvc": 7, "jul": 7}
    whole |= dict.fromkeys(("lis", "list", "listopad"), 11)
    return {name: month for name, month in whole.items() if month}


MONTHS = _month_numbers()
DAYS = frozenset(
    fold_case(name)[:length] for language in WEEKDAYS for name in language.split() for length in (2, 3, 4, len(name))
)
