"""The purpose of a model: the suggestion with its reason, and the answers given."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

from app.domain.analysis.profiling.series import mixes_series
from app.domain.estimators.parameters import Parameter
from app.domain.experiment import MAX_HORIZON
from app.domain.hydrology.drivers import DriverRole, columns_of_role
from app.domain.hydrology.naming import is_calendar
from app.domain.problems import Remedy
from app.domain.purpose_words import get_entry
from app.domain.recommendation.answers import AnswerReader
from app.domain.recommendation.features import FeatureContext, judge_column
from app.domain.text.words import pluralise
from app.domain.vocabulary import ColumnKind, Purpose

HORIZON = Parameter(
    "horizon",
    "Steps ahead",
    "integer",
    1,
    "How far ahead the target is predicted.",
    low=1,
    high=MAX_HORIZON,
)
# An imported config may say nothing of its purpose; the draft that it becomes keeps that as an answer.
NO_PURPOSE = ""
# So many drivers say enough, and a table may have ten thousand columns.
MAX_DRIVERS = 50
NUMBERS = (ColumnKind.NUMERIC, ColumnKind.INTEGER)


@dataclass(frozen=True)
class PurposeAnswers:
    """What was answered or suggested; `horizon` and `drivers_known_ahead` are set for a forecast alone."""

    purpose: Purpose | None
    horizon: int | None = None
    drivers_known_ahead: bool | None = None


def drivers_of(context: FeatureContext) -> list[str]:
    """Return columns that may drive the target: numbers that vary, are known in time and are no part of a date.

    Of very many, the first `MAX_DRIVERS` are returned.
    """
    result = (
        column.name
        for column in context.profile.columns
        if column.name != context.target
        and context.kinds[column.name] in NUMBERS
        and not is_calendar(column.name)
        and judge_column(context, column)[0]
    )
    return list(islice(result, MAX_DRIVERS))


def suggest_purpose(context: FeatureContext) -> tuple[Purpose, str]:
    """Suggest the purpose of a model, with the reason.

    Parameters
    ----------
    context
        The dataset, the target, the time and group columns, and what is known of the columns beside the target.

    Notes
    -----
    Filling gaps and sites never gauged are never suggested: the same table serves them and a simulation alike, so
    that a person says which is meant.
    """
    if not context.time_column:
        return Purpose.NEW_ROWS, "Suggested because there is no time column."
    target = context.target[:60]
    if context.task.is_classification:
        return Purpose.NEW_ROWS, f"Suggested because {target} holds classes."
    drivers = drivers_of(context)
    if drivers:
        return Purpose.SIMULATE, _why_simulate(context, drivers)
    axis = context.profile.time_axis
    repeats = axis.duplicates if axis is not None and axis.column == context.time_column else 0
    if mixes_series(context.profile.rows, repeats) and not context.group_column:
        return Purpose.NEW_ROWS, "Suggested because the dates repeat and no group column tells the series apart."
    return Purpose.FORECAST, f"Suggested because no other column could drive {target}."


def _why_simulate(context: FeatureContext, drivers: list[str]) -> str:
    if context.group_column:
        groups = pluralise(context.profile.column(context.group_column).distinct, "group has", "groups have")
        unseen = get_entry(Purpose.UNGAUGED).label
        return f'Suggested because {groups} drivers. For groups never seen, choose "{unseen}".'
    rain = columns_of_role(context.profile, DriverRole.RAIN, drivers)
    example, target = (rain or drivers)[0][:60], context.target[:60]
    if len(drivers) == 1:
        return f"Suggested because one driver, {example}, is measured beside {target}."
    many = f"{MAX_DRIVERS} or more" if len(drivers) == MAX_DRIVERS else str(len(drivers))
    return f"Suggested because {many} drivers, such as {example}, are measured beside {target}."


def read_purpose(reader: AnswerReader, context: FeatureContext) -> PurposeAnswers:
    """Read the purpose of a model, answered or suggested; an unknown one is recorded as an error.

    Parameters
    ----------
    reader
        The raw answers; suggestions, reasons and problems are recorded in it.
    context
        What the suggestion may look at.
    """
    suggested, why = suggest_purpose(context)
    raw = reader.text("data", "purpose", suggested.value, why)
    purpose: Purpose | None = suggested
    if raw == NO_PURPOSE:
        purpose = None
    elif raw in list(Purpose):
        purpose = Purpose(raw)
    else:
        remedy = Remedy(f"Use {get_entry(suggested).label}", {"data": {"purpose": None}})
        reader.wrong("data", "purpose", f"{raw[:40]} is no purpose.", code="purpose_unknown", remedy=remedy)
    if purpose is not Purpose.FORECAST:
        # What was said of a forecast stays for the day on which it is chosen again.
        reader.suggest("data", "horizon", HORIZON.default)
        reader.suggest("data", "drivers_known_ahead", value=False)
        return PurposeAnswers(purpose)
    horizon = reader.parameter("data", "horizon", HORIZON, HORIZON.default)
    return PurposeAnswers(purpose, int(horizon), _drivers_known(reader))


def _drivers_known(reader: AnswerReader) -> bool:
    """Return whether drivers are known ahead; False unless the user chose it, which never promises too much."""
    reader.suggest("data", "drivers_known_ahead", value=False)
    raw = reader.raw("data", "drivers_known_ahead")
    if raw is not None and not isinstance(raw, bool):
        reader.misread("data", "drivers_known_ahead")
    return raw is True
