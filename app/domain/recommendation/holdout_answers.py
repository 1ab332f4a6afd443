"""The hold-out in a draft's answers: a share of the rows, from a date on, or from a water year on."""

from __future__ import annotations

from app.domain.estimators.parameters import Parameter
from app.domain.experiment import MAX_WARM_UP
from app.domain.json_values import JsonObject
from app.domain.problems import Remedy
from app.domain.recommendation.answers import AnswerReader
from app.domain.recommendation.memory_set import longest_window
from app.domain.recommendation.validation import ValidationContext, suggest_date, suggest_holdout_percent
from app.domain.text.dates import parse_date, start_of_water_year
from app.domain.text.words import pluralise
from app.domain.training.validation.strategies import MONTHS
from app.domain.vocabulary import SplitStrategy

PERCENT = Parameter(
    "holdout_percent",
    "Held out at the end",
    "number",
    20,
    "Rows never used before the last score.",
    low=0,
    high=80,
    unit="%",
)
YEAR = Parameter(
    "holdout_year", "First water year held out", "integer", 2000, "Named by the year it ends in.", low=1, high=9999
)
MONTH = Parameter(
    "holdout_month",
    "Water years begin in",
    "integer",
    10,
    "October in the north, July in the south.",
    low=1,
    high=12,
    choices=MONTHS,
)
WARM_UP = Parameter(
    "warm_up",
    "Warm-up",
    "integer",
    0,
    "The first steps of each record are not used, since windows are not yet full.",
    low=0,
    high=MAX_WARM_UP,
    unit="steps",
)
BY_SHARE, BY_DATE, BY_YEAR = "share", "date", "water_year"
WAYS = ((BY_SHARE, "The last part"), (BY_DATE, "From a date"), (BY_YEAR, "From a water year"))


def read_holdout(reader: AnswerReader, situation: ValidationContext, strategy: SplitStrategy) -> JsonObject | None:
    """Return the hold-out of a draft in the form of a config, None where no rows are held out."""
    way = _holdout_way(reader, situation)
    share = _holdout_share(reader, situation, strategy, decides=way == BY_SHARE)
    if strategy is SplitStrategy.HOLDOUT:
        return None
    if way == BY_SHARE:
        return {"fraction": share} if share else None
    suggested = suggest_date(situation)
    if way == BY_DATE:
        first = _holdout_date(reader, "holdout_from", suggested.value, suggested.reason)
    else:
        year = reader.parameter("validation", YEAR.name, YEAR, _year_of(suggested.value, situation.month))
        month = reader.parameter("validation", MONTH.name, MONTH, situation.month)
        first = start_of_water_year(int(year), int(month))
    return {"from": first, "to": _holdout_date(reader, "holdout_to", "") or None}


def read_warm_up(reader: AnswerReader, suggested: int) -> int:
    """Return how many steps at the start of each record are left out, as given or suggested.

    Which rows are held out follows from it, so that the suggestion rests on the profile and on the user's own recipes
    alone, and on nothing that is measured on the other rows.
    """
    raw = reader.raw("features", "transforms")
    if isinstance(raw, list):
        suggested = min(suggested, longest_window(raw))
    if suggested:
        reason = f"The longest window is full after {pluralise(suggested, 'step')}."
        reader.suggest("validation", WARM_UP.name, suggested, reason)
    return int(reader.parameter("validation", WARM_UP.name, WARM_UP, suggested))


def _holdout_way(reader: AnswerReader, situation: ValidationContext) -> str:
    way = reader.text("validation", "holdout_by", BY_SHARE)
    if way not in dict(WAYS):
        remedy = Remedy("Use the suggested one", {"validation": {"holdout_by": BY_SHARE}})
        message = f"There is no way {way[:40]} to hold out rows."
        reader.wrong("validation", "holdout_by", message, code="answer_unreadable", remedy=remedy)
        return BY_SHARE
    if way != BY_SHARE and not suggest_date(situation).value:
        remedy = Remedy("Hold out the last part", {"validation": {"holdout_by": BY_SHARE}})
        message = "Holding out from a date needs a time column. Choose one on the Data step."
        reader.wrong("validation", "holdout_by", message, code="time_column_missing", remedy=remedy)
        return BY_SHARE
    return way


def _holdout_share(
    reader: AnswerReader, situation: ValidationContext, strategy: SplitStrategy, *, decides: bool
) -> float:
    """Return the share held out; only where it decides is an answer that cannot be read an error."""
    suggested = suggest_holdout_percent(situation, strategy)
    reader.reasons["validation.holdout_percent"] = suggested.reason
    if not decides:
        reader.suggest("validation", PERCENT.name, suggested.value)
        return 0.0
    percent = reader.parameter("validation", PERCENT.name, PERCENT, suggested.value)
    fraction = round(float(percent or 0) / 100, 4)
    if float(percent or 0) > 0 and not fraction:
        message = f"{PERCENT.title}: must be 0, or at least 0.01; you wrote {float(percent):g}."
        reader.wrong("validation", PERCENT.name, message, code="parameter_invalid")
    return fraction


def _holdout_date(reader: AnswerReader, field: str, suggested: str, reason: str = "") -> str:
    text = reader.text("validation", field, suggested, reason).strip()
    if not text:
        return suggested
    try:
        parse_date(text)
    except ValueError as fault:
        label = suggested or "no date"
        remedy = Remedy(f"Use {label}", {"validation": {field: suggested}})
        message = f"{text[:40]} is no date. {fault}"
        reader.wrong("validation", field, message, code="date_invalid", remedy=remedy)
        return suggested
    return text


def _year_of(day: str, month: int) -> int:
    """Return the water year that begins next to a day."""
    moment = parse_date(day)
    start = moment.year + (moment.month >= month > 1)
    half_over = (moment.month - month) % 12 >= 6
    return start + half_over
