"""The share of rows that a config holds out or drops, estimated from the profile."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from math import ceil

from app.domain.analysis.profiling.profile import DatasetProfile
from app.domain.experiment import HoldoutPart, Spec
from app.domain.text.dates import end_of, parse_date
from app.domain.training.validation.holdouts import SHARE_OF_GROUPS
from app.domain.training.validation.strategies import get
from app.domain.vocabulary import SplitStrategy

USUAL_SHARE = 0.2


@dataclass(frozen=True)
class HoldoutShare:
    """Shares from 0 to 1. `later` is the part of time from the first moment held out to the end, `judged` what of the
    time is held out, `groups` the share of groups held out whole, `warm_up` the part of time taken by the warm-up.

    Where time orders nothing, `later` and `judged` are shares of drawn rows.
    """

    later: float = 0.0
    judged: float = 0.0
    groups: float = 0.0
    warm_up: float = 0.0

    @property
    def lost(self) -> float:
        """The share of rows that the folds do not share: held out, or not used at all."""
        lost = self.later + self.groups - self.later * self.groups
        return lost + self.warm_up * (1 - lost)

    @property
    def row_share(self) -> float:
        """The share of rows that are held out."""
        if not self.later and not self.groups:
            return 0.0
        return (self.judged if self.later else 1.0) * (self.groups or 1.0)


@dataclass(frozen=True)
class TimeSpan:
    """The first and the last moment of a record, and how many there are."""

    start: datetime
    end: datetime
    moments: int

    def share_before(self, moment: datetime) -> float:
        """Return the share of moments before one: exact where they are evenly spaced."""
        if moment <= self.start or self.moments < 2:
            return 0.0 if moment <= self.start else 1.0
        step = (self.end - self.start) / (self.moments - 1)
        return min(ceil(round((moment - self.start) / step, 6)), self.moments) / self.moments

    def later_day(self) -> str:
        """Return the day from which about one in five moments is left."""
        return (self.start + (self.end - self.start) * (1 - USUAL_SHARE)).date().isoformat()


def span_of(profile: DatasetProfile, time_column: str | None) -> TimeSpan | None:
    """Return the record's span in time, None where there is no column of dates."""
    if not time_column or not profile.has(time_column):
        return None
    column = profile.column(time_column)
    try:
        start, end = (datetime.fromisoformat(str(text)) for text in (column.minimum, column.maximum))
    except ValueError:
        return None
    return TimeSpan(start.replace(tzinfo=None), end.replace(tzinfo=None), max(column.distinct, 1))


def holdout_share(spec: Spec, profile: DatasetProfile) -> HoldoutShare:
    """Return how much of the rows a config holds out and does not use.

    Parameters
    ----------
    spec, profile
        The config and its dataset. Shares of dates are exact where the record is regular and complete, with a target
        throughout; otherwise they take rows for evenly spread between its first and last date.
    """
    holdout, strategy = spec.validation.holdout, spec.validation.strategy
    span = span_of(profile, spec.task.time_column)
    warm_up = _share_of_warm_up(spec, profile, span)
    if holdout is None or strategy is SplitStrategy.HOLDOUT:
        return HoldoutShare(warm_up=warm_up)
    entry = get(strategy)
    if holdout.fraction is None:
        later, judged = _shares_of_dates(holdout, span)
        both = entry.needs_group and entry.needs_time
        return HoldoutShare(later, judged, SHARE_OF_GROUPS if both else 0.0, warm_up)
    in_time = not entry.needs_group or entry.needs_time
    later = holdout.fraction if in_time else 0.0
    return HoldoutShare(later, later, holdout.fraction if entry.needs_group else 0.0, warm_up)


def _share_of_warm_up(spec: Spec, profile: DatasetProfile, span: TimeSpan | None) -> float:
    """Return the share of rows at the start of the records: each group has a record of its own."""
    warm_up, group = spec.validation.warm_up, spec.task.group_column
    if not warm_up:
        return 0.0
    lengths = [span.moments if span else profile.rows]
    if group is not None and profile.has(group):
        column = profile.column(group)
        lengths = [count for _, count in column.top_values] + ([column.missing] if column.missing else [])
        if len(column.top_values) < column.distinct or not lengths:
            lengths = [profile.rows // max(column.distinct, 1)]
    return 1 - sum(max(length - warm_up, 0) for length in lengths) / max(sum(lengths), 1)


def _shares_of_dates(holdout: HoldoutPart, span: TimeSpan | None) -> tuple[float, float]:
    if span is None:
        return 0.0, 0.0
    before = span.share_before(parse_date(str(holdout.from_date)))
    until = span.share_before(end_of(holdout.to_date)) if holdout.to_date else 1.0
    return 1 - before, max(until - before, 0.0)
