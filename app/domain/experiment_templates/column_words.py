"""Likeness of two column names, by the meaning of their words in several languages."""

from __future__ import annotations

import functools
import re
import unicodedata
from dataclasses import dataclass

from app.domain.analysis.profiling.units import split_name
from app.domain.hydrology.naming import one_of, words_of

# A whole word -> what it stands for. Short codes are those of E-OBS, the German and the Swiss weather services, Daymet,
# NLDAS, the U.S. Geological Survey and the CAMELS family.
_WORDS = {
    "rain": "rain rains rainfall precip precipitation prcp prec ppt pcp rr rsk rre pr tp regen pluie pluies lluvia "
    "chuva pioggia nedbor nederbord opad p precipitacion precipitacao precipitazione pluvio",
    "snow": "snow swe snowdepth snowfall snwd schnee sneeuw neige nieve neve snø sno",
    "temperature": "temperature temp t temperatur temperatuur temperatura tair t2m tmk tg tre airtemp",
    "evaporation": "evaporation evap pet et eto et0 etp pev evapotranspiration verdunstung verdamping "
    "evapotranspiracion evaporacion evaporazione avdunstning epot etpot etref",
    "radiation": "radiation srad swrad rad qq solar strahlung globalstrahlung straling rayonnement radiacion "
    "radiazione sun sunshine sonne lwrad",
    "humidity": "humidity rh hum hu feuchte luftfeuchte vochtigheid humidite humedad umidita relhum",
    "vapour": "vp vapor vapour vapo vpd dampfdruck",
    "pressure": "pressure pres press mslp slp pp druck luftdruck luchtdruk pression presion pressione baro",
    "wind": "wind ws windspeed fg fx wind10 vent viento vento windgeschwindigkeit",
    "flow": "discharge streamflow flow q qobs runoff abfluss durchfluss debit caudal afvoer portata flode vazao gasto "
    "inflow outflow",
    "level": "head level stage gwl waterlevel groundwater groundwaterlevel pegel wasserstand grundwasserstand "
    "waterstand grondwaterstand peil stijghoogte nivel niveau hauteur piezometre livello wl h",
    "daylength": "dayl daylength tageslange tageslaenge daglengte",
    "time": "date time datetime timestamp day datum zeit tag fecha jour data dia giorno dato tid moment",
    "site": "site station gauge gage basin catchment gaugeid siteid stationid staid pegelnummer messstelle meetpunt "
    "estacion stazione estacao bassin cuenca well id nr",
    "min": "min minimum minimal mini minima lowest tn tnk tmin mn",
    "max": "max maximum maximal maxi maxima highest tx txk tmax mx",
    "mean": "mean avg average mittel mittlere mittelwert gemiddelde gemiddeld moyenne moyen media medio promedio",
    "sum": "sum total summe som somme suma totale",
    "latitude": "lat latitude breite breitengrad latitud",
    "longitude": "lon long longitude lange laenge langengrad longitud",
    "elevation": "elev elevation altitude alt hohe hoehe hoogte altitud",
    "area": "area flache flaeche einzugsgebiet oppervlakte superficie surface",
    "air": "air luft lucht aire aria",
    "water": "water wasser eau agua acqua",
    "daily": "daily taglich taeglich dagelijks journalier diario tages",
}
_MEANING = {word: concept for concept, words in _WORDS.items() for word in words.split()}
# Codes that say two things at once.
_BOTH = {
    code: frozenset(meanings.split())
    for code, meanings in {
        "tn": "temperature min", "tnk": "temperature min", "tmin": "temperature min", "tx": "temperature max",
        "txk": "temperature max", "tmax": "temperature max", "tmean": "temperature mean", "tavg": "temperature mean",
        "tg": "temperature mean", "tmk": "temperature mean", "waterlevel": "level", "airtemp": "temperature air",
    }.items()
}  # fmt: skip
# Parts of compound words, longest first.
_ROOTS = tuple(
    sorted(
        (
            (root, concept)
            for concept, roots in {
                "rain": "niederschlag neerslag precipit pluviom rainfall nederbord",
                "temperature": "temperatur",
                "evaporation": "verdunst verdamp evapotransp evapor evapora",
                "radiation": "strahlung straling radiat rayonnem radiac",
                "humidity": "feuchte humid vochtig humed",
                "pressure": "druck luchtdruk pressi",
                "flow": "abfluss discharg streamflow afvoer durchfluss",
                "level": "wasserstand waterstand grundwasser grondwater groundwat stijghoog piezom waterlevel",
                "snow": "schnee sneeuw snowwater",
                "wind": "windges windspe",
                "mean": "mittel gemidd",
                "max": "maxim hochst hoogste",
                "min": "minim tiefst laagste",
                "daylength": "tageslang tageslaeng daylength daglengte",
            }.items()
            for root in roots.split()
        ),
        key=lambda pair: -len(pair[0]),
    )
)
MODIFIERS = frozenset({"min", "max", "mean", "sum", "daily", "air"})
# What says nothing about which column it is.
_IDLE = one_of("the of in de la le les der die das und and et du el per daily")
_SIGNS = re.compile(r"[^0-9a-z]+")


@dataclass(frozen=True)
class ColumnWords:
    """A name taken apart: its letters alone, its words without the unit, what they mean, and the unit it ends in."""

    plain: str
    words: frozenset[str]
    meanings: frozenset[str]
    modifiers: frozenset[str]
    unit: str


@functools.lru_cache(maxsize=20_000)
def read_name(name: str) -> ColumnWords:
    """Return a column's name taken apart.

    Parameters
    ----------
    name
        The name as the file has it, in any language.

    Returns
    -------
    ColumnWords
        Accents are dropped, compound words give what their parts mean.

    Examples
    --------
    >>> sorted(read_name("Tagesniederschlag_mm").meanings), read_name("prcp_mm").unit
    (['rain'], 'mm')
    """
    stem, unit = split_name(name)
    letters = _remove_accents(stem)
    words = frozenset(word for word in words_of(letters) if word not in ("#",))
    joined = _SIGNS.sub("", letters.lower())
    # "t" and "p" say something alone, and nothing beside other words.
    telling = {word for word in words if len(word) > 1} or words
    results = {meaning for word in {*telling, joined} for meaning in _meanings_of(word)}
    return ColumnWords(
        plain=_SIGNS.sub("", _remove_accents(name).lower()),
        words=words - _IDLE,
        meanings=frozenset(results - MODIFIERS),
        modifiers=frozenset(results & MODIFIERS) - {"daily", "air"},
        unit=unit,
    )


def _remove_accents(text: str) -> str:
    spelled = text.replace("ß", "ss").replace("ø", "o").replace("Ø", "O")
    return "".join(sign for sign in unicodedata.normalize("NFKD", spelled) if not unicodedata.combining(sign))


def _meanings_of(word: str) -> set[str]:
    if word in _BOTH:
        return set(_BOTH[word])
    if word in _MEANING:
        return {_MEANING[word]}
    return {concept for root, concept in _ROOTS if root in word} if len(word) > 4 else set()


def name_likeness(column_words: ColumnWords, other: ColumnWords) -> float:
    """Return how alike two names are, from 0 for nothing in common to 1 for the same.

    Parameters
    ----------
    column_words, other
        Two names, each divided into words.

    Returns
    -------
    float
        1 for the same letters, 0.95 for the same words beside the unit, up to 0.85 for the same meaning in other
        words, less for some words in common. Minimum and maximum are never alike.
    """
    if column_words.plain == other.plain:
        return 1.0
    opposed = {"min", "max", "mean"}
    differ = (
        column_words.modifiers & opposed and other.modifiers & opposed and column_words.modifiers != other.modifiers
    )
    if differ:
        return 0.0
    if column_words.words and column_words.words == other.words:
        return 0.95
    if column_words.meanings and column_words.meanings == other.meanings:
        return 0.85 if column_words.modifiers == other.modifiers else 0.65
    if column_words.meanings & other.meanings:
        return 0.5
    shared = column_words.words & other.words
    return 0.6 * len(shared) / len(column_words.words | other.words) if shared else 0.0
