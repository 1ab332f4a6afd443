"""Baselines that every model must beat, such as the mean, persistence and day-of-year means.

Which ones depends on what the model is for: a baseline looks at what the model may look at, and at nothing more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from app.domain.experiment import Spec
from app.domain.purpose_words import duration_words
from app.domain.training.preprocessing import gaps
from app.domain.training.preprocessing.baseline_inputs import SiteTraits
from app.domain.training.preprocessing.preparation import TrainingTable
from app.domain.training.validation.metrics import Metric
from app.domain.vocabulary import Purpose

Rows = NDArray[np.intp]
Floats = NDArray[np.float64]
# A mean of each calendar day needs every day twice.
TWO_YEARS = pd.Timedelta(days=730)


@dataclass(frozen=True)
class BaselineEntry:
    """One rule. `rule(table, train, rows)` returns predictions, and class scores where there are classes.

    NaN stands on the rows of which the rule knows nothing; `predict` has the mean of the training rows there.
    """

    id: str
    title: str
    sentence: str
    rule: Callable[[TrainingTable, Rows, Rows], tuple[NDArray[Any], Floats | None]]
    in_words: str = ""

    @property
    def spoken(self) -> str:
        """Return the name as it stands within a sentence."""
        return self.in_words or self.title.lower()

    def predict(self, table: TrainingTable, train: Rows, rows: Rows) -> tuple[NDArray[Any], Floats | None]:
        """Return predictions of some rows, and class scores where there are classes."""
        values, scores = self.rule(table, train, rows)
        return fill_unknown(values, table, train), scores


def count_unknown(values: NDArray[Any]) -> int:
    """Return on how many rows a rule knows nothing."""
    return int(np.count_nonzero(~np.isfinite(values)))


def fill_unknown(values: NDArray[Any], table: TrainingTable, train: Rows) -> NDArray[Any]:
    """Return predictions with the mean of the training rows where a rule knows nothing."""
    return np.where(np.isfinite(values), values, table.target[train].mean()) if count_unknown(values) else values


def _predict_mean(table: TrainingTable, train: Rows, rows: Rows) -> tuple[NDArray[Any], None]:
    return np.full(len(rows), table.target[train].mean()), None


def _predict_persistence(table: TrainingTable, _train: Rows, rows: Rows) -> tuple[NDArray[Any], None]:
    return np.full(len(rows), np.nan) if table.last_seen is None else table.last_seen[rows], None


def _day_of_year(table: TrainingTable, train: Rows, rows: Rows) -> tuple[NDArray[Any], None]:
    if table.times is None:
        return np.full(len(rows), np.nan), None
    days = table.times.dt.day_of_year
    learnt = pd.Series(table.target[train]).groupby(days.iloc[train].to_numpy()).mean()
    return days.iloc[rows].map(learnt).to_numpy(dtype=float, copy=True), None


def _day_of_year_at_site(table: TrainingTable, train: Rows, rows: Rows) -> tuple[NDArray[Any], None]:
    """Return the mean of the day at the row's own site, and that over all sites where the site has never trained."""
    result_values = _day_of_year(table, train, rows)[0]
    if table.groups is None or table.times is None:
        return result_values, None
    days, sites = table.times.dt.day_of_year.to_numpy(), table.groups
    learnt = pd.Series(table.target[train]).groupby([sites[train], days[train]]).mean()
    own = learnt.reindex(pd.MultiIndex.from_arrays([sites[rows], days[rows]])).to_numpy(dtype=float)
    return np.where(pd.Series(sites[rows]).isin(sites[train]), own, result_values), None


def _runoff_ratio(rain: str) -> Callable[[TrainingTable, Rows, Rows], tuple[NDArray[Any], None]]:
    """Return the rule that multiplies some rain by the rainfall-runoff ratio of the training rows.

    The ratio is r = sum(Q) / sum(P) over the training rows on which target Q and rain P are both known, at the site of
    the row where it has any. The prediction is r P of the row, or r times the mean P of the 30 days that end with it.

    The first is the benchmark "rainfall-runoff ratio to timestep" of HydroBM. A daily hydrograph is smoother than its
    rain, so a hydrologist expects more of a month of rain; its "to monthly" takes the calendar month, of which a model
    knows no later day, so that here the month ends with the row.

    References
    ----------
    Knoben, W. (2024), Setting expectations for hydrologic model performance with an ensemble of simple benchmarks,
    Hydrological Processes 38, e15288; and Schaefli, B. and Gupta, H. (2007), Do Nash values have value?, Hydrological
    Processes 21, 2075-2080.
    """

    def rule(table: TrainingTable, train: Rows, rows: Rows) -> tuple[NDArray[Any], None]:
        inputs = table.baseline_inputs
        fallen, counted = getattr(inputs, rain), inputs.rain
        if fallen is None or counted is None:
            return np.full(len(rows), np.nan), None
        known = train[np.isfinite(counted[train])]
        sums = pd.DataFrame({"flow": table.target[known], "rain": counted[known]})
        share = np.full(len(rows), _runoff_ratios(sums.groupby(np.zeros(len(sums))).sum()).get(0.0, np.nan))
        if table.groups is not None:
            by_site = _runoff_ratios(sums.groupby(table.groups[known]).sum())
            here = pd.Series(table.groups[rows])
            share = np.where(here.isin(by_site.index), here.map(by_site).astype(float), share)
        return share * fallen[rows], None

    return rule


def _runoff_ratios(sums: pd.DataFrame) -> pd.Series:
    """Return flow over rain of each line, NaN where no rain fell."""
    return sums["flow"] / sums["rain"].where(sums["rain"] > 0)


def _predict_interpolation(table: TrainingTable, train: Rows, rows: Rows) -> tuple[NDArray[Any], None]:
    if table.times is None:
        return np.full(len(rows), np.nan), None
    moments = gaps.times_as_numbers(table.times)
    result_values = gaps.interpolate(moments, table.target, known=train, rows=rows, groups=table.groups)
    if table.groups is not None:
        result_values[~pd.Series(table.groups[rows]).isin(table.groups[train]).to_numpy()] = np.nan
    return result_values, None


def _from_other_site(table: TrainingTable, train: Rows, rows: Rows) -> tuple[NDArray[Any], None]:
    """Predict from the most alike training site at the same moment, or else from the mean of the training sites.

    Distances are those on the globe where sites have a position, else those between static attributes, each divided by
    its standard deviation over the training sites. Without a time column the mean of a site stands for its moments.
    """
    groups, traits = table.groups, table.baseline_inputs.sites
    result_values = np.full(len(rows), np.nan)
    if groups is None or traits is None:
        return result_values, None
    times = np.zeros(len(groups)) if table.times is None else table.times.to_numpy()
    means = pd.Series(table.target[train]).groupby([groups[train], times[train]]).mean()
    known = means.unstack(0)
    for site in np.unique(groups[rows]):
        here = groups[rows] == site
        others = known.drop(columns=site, errors="ignore").reindex(times[rows[here]])
        result_values[here] = others.mean(axis=1).to_numpy(dtype=float)
        donor = _most_alike(traits, str(site), [str(name) for name in others.columns])
        if donor is not None:
            own = others[donor].to_numpy(dtype=float)
            result_values[here] = np.where(np.isfinite(own), own, result_values[here])
    return result_values, None


def _most_alike(traits: SiteTraits, site: str, others: list[str]) -> str | None:
    """Return the most alike of the other sites, the first by name where several are; None where nothing tells."""
    places = {name: place for place, name in enumerate(traits.names)}
    donors = [name for name in others if name in places]
    if site not in places or not donors:
        return None
    values = traits.values
    there, here = values[[places[name] for name in donors]], values[places[site]]
    if not traits.located:
        there, here = _standardise_attributes(there, here)
    distances = ((there - here) ** 2).sum(axis=1)
    return donors[int(np.nanargmin(distances))] if np.isfinite(distances).any() else None


def _standardise_attributes(there: Floats, here: Floats) -> tuple[Floats, Floats]:
    """Return attributes of training sites and of one other in units of their spread over the training sites.

    What is missing counts as the mean, and what is alike at all training sites tells nothing: both are 0.
    """
    known = pd.DataFrame(there)
    centre, spread = known.mean().to_numpy(dtype=float), known.std(ddof=0).to_numpy(dtype=float)
    scale = np.where(spread > 0, spread, np.nan)
    apart = ((there - centre) / scale, (here - centre) / scale)
    return np.where(np.isfinite(apart[0]), apart[0], 0.0), np.where(np.isfinite(apart[1]), apart[1], 0.0)


def _predict_majority(table: TrainingTable, train: Rows, rows: Rows) -> tuple[NDArray[Any], Floats]:
    shares = np.bincount(table.target[train], minlength=len(table.labels)) / len(train)
    return np.full(len(rows), int(shares.argmax())), np.tile(shares, (len(rows), 1))


MEAN = BaselineEntry("mean", "Mean", "Always predicts the mean of the training rows.", _predict_mean, "the mean")
PERSISTENCE = BaselineEntry(
    "persistence", "Persistence", "Predicts the last value observed before the row.", _predict_persistence
)
DAY_OF_YEAR = BaselineEntry(
    "day_of_year_mean",
    "Day-of-year mean",
    "Predicts the mean of that calendar day in the training rows.",
    _day_of_year,
    "the day-of-year mean",
)
DAY_OF_YEAR_AT_SITE = replace(
    DAY_OF_YEAR,
    sentence="Predicts the mean of that calendar day at the site itself, in the training rows.",
    rule=_day_of_year_at_site,
)
RUNOFF_RATIO = BaselineEntry(
    "rainfall_runoff_ratio",
    "Rainfall-runoff ratio",
    "Predicts a fixed share of the row's rain: all target over all rain of the training rows.",
    _runoff_ratio("rain"),
    "the rainfall-runoff ratio",
)
RUNOFF_RATIO_OF_A_MONTH = BaselineEntry(
    "rainfall_runoff_ratio_monthly",
    "Rainfall-runoff ratio, 30 days",
    "Predicts the same share of the mean rain over the 30 days that end with the row.",
    _runoff_ratio("recent_rain"),
    "the rainfall-runoff ratio over 30 days",
)
INTERPOLATION = BaselineEntry(
    "linear_interpolation",
    "Linear interpolation",
    "Draws a straight line between the known values before and after the gap.",
    _predict_interpolation,
)
NEAREST_SITE = BaselineEntry(
    "nearest_site",
    "Nearest site",
    "Predicts what the nearest training site has at the same moment.",
    _from_other_site,
    "the nearest site",
)
MOST_SIMILAR_SITE = BaselineEntry(
    "most_similar_site",
    "Most similar site",
    "Predicts what the training site with the most similar static attributes has at the same moment.",
    _from_other_site,
    "the most similar site",
)
MAJORITY = BaselineEntry(
    "majority",
    "Most common class",
    "Always predicts the most common class of the training rows.",
    _predict_majority,
    "the most common class",
)
BASELINES = (
    PERSISTENCE,
    DAY_OF_YEAR,
    RUNOFF_RATIO,
    RUNOFF_RATIO_OF_A_MONTH,
    INTERPOLATION,
    NEAREST_SITE,
    MOST_SIMILAR_SITE,
    MEAN,
    MAJORITY,
)


def baselines_for_experiment(spec: Spec, table: TrainingTable) -> tuple[BaselineEntry, ...]:
    """Return the baselines that know as much as the model does, by what it is for; the one to beat first is first."""
    if spec.task.kind.is_classification:
        return (MAJORITY,)
    purpose = spec.task.purpose
    if purpose is Purpose.UNGAUGED:
        return (*_site_baselines(table), *_seasonal_baselines(spec, table), *_rain_baselines(table), MEAN)
    if table.times is None or purpose is Purpose.NEW_ROWS:
        return (MEAN,)
    first: tuple[BaselineEntry, ...] = ()
    if purpose in (None, Purpose.FORECAST):
        first = (_persistence_entry(table),)
    elif purpose is Purpose.FILL_GAPS:
        first = (INTERPOLATION,)
    return (*first, *_seasonal_baselines(spec, table), *_rain_baselines(table), MEAN)


def _persistence_entry(table: TrainingTable) -> BaselineEntry:
    """Return persistence under a name that tells how far back its value lies."""
    inputs = table.baseline_inputs
    if inputs.steps == 1:
        return PERSISTENCE
    back = duration_words(inputs.steps, inputs.step_seconds)
    sentence = f"Predicts the last value observed at least {back} before the row."
    title = f"{PERSISTENCE.title}, {back}"
    return replace(PERSISTENCE, title=title, sentence=sentence, in_words=f"persistence over {back}")


def _seasonal_baselines(spec: Spec, table: TrainingTable) -> tuple[BaselineEntry, ...]:
    if table.times is None or table.times.iloc[-1] - table.times.iloc[0] < TWO_YEARS:
        return ()
    # A config from before purposes is compared as it was then, and a site never gauged has no days of its own.
    at_site = spec.task.purpose not in (None, Purpose.UNGAUGED) and table.groups is not None
    return (DAY_OF_YEAR_AT_SITE if at_site else DAY_OF_YEAR,)


def _rain_baselines(table: TrainingTable) -> Iterator[BaselineEntry]:
    if table.baseline_inputs.rain is not None:
        yield RUNOFF_RATIO
    if table.baseline_inputs.recent_rain is not None:
        yield RUNOFF_RATIO_OF_A_MONTH


def _site_baselines(table: TrainingTable) -> Iterator[BaselineEntry]:
    sites = table.baseline_inputs.sites
    if sites is not None:
        yield NEAREST_SITE if sites.located else MOST_SIMILAR_SITE


def strongest_baseline(metric: Metric, scores: Mapping[str, float | None]) -> str:
    """Return the id of the baseline that scores best; the first one where none has a score."""
    known = {name: score for name, score in scores.items() if score is not None}
    best = next(iter(known or scores))
    for name, score in known.items():
        if metric.better(score, known[best]):
            best = name
    return best
