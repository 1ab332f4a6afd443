"""Starting hyperparameters for series that follow their drivers over days and months."""

from __future__ import annotations

from app.domain.json_values import Settings
from app.domain.recommendation.traits import Traits
from app.domain.vocabulary import Purpose, TaskKind

# From here on, (q95 - median) / (median - q05), a few floods decide most of the squared error.
FLOODS = 12.0
LONG_TAIL = 3.0
# So many derived features are windows of the same few drivers, which tell much the same.
MIN_DERIVED = 20
# From so many rows on, as several sites have, larger trees keep the sites apart.
MANY = 30_000
# Passes of the network over the rows, fewer over many; more learn the rows by heart. And what it weighs in an average.
PASSES, PASSES_OVER_MANY = 40, 15
SHARE_AT_ONE_SITE, SHARE_AT_SITES, SHARE_ELSEWHERE = 0.2, 0.5, 0.33


def follows_drivers(traits: Traits) -> bool:
    """Return whether a number in time is told by the memory of its drivers."""
    purposes = (Purpose.SIMULATE, Purpose.FORECAST, Purpose.UNGAUGED)
    in_time = traits.ordered and traits.memory_steps > 0 and traits.derived >= MIN_DERIVED
    return in_time and traits.task is TaskKind.REGRESSION and traits.purpose in purposes


def series_boosting(traits: Traits) -> Settings:
    """Return settings of boosting: small trees in small steps, each on a fifth of features that tell much the same.

    Columns drawn anew for each split make trees differ where features are correlated (Friedman 2002, Computational
    Statistics & Data Analysis 38, 367-378; Chen & Guestrin 2016, arXiv:1603.02754, 2.3). A target without negative
    values is fitted by the Poisson deviance where its tail is very long or where sites of different size stand
    together: its minimum is the mean too (Gneiting 2011, Journal of the American Statistical Association 106, 746-762),
    and errors count beside the size of the flow, so that a few floods or the wettest site do not decide. On rows
    before 2006-10-01, ten basins together reached 0.75 instead of 0.69, three flashy ones 0.1 to 0.3 more, and four
    smooth ones, below the limit, 0.04 to 0.1 less.
    """
    skewed = traits.never_negative and (traits.tail >= FLOODS or (traits.grouped and traits.tail >= LONG_TAIL))
    return {
        "learning_rate": 0.05,
        "max_iter": 300,
        "max_leaf_nodes": 31 if traits.rows >= MANY else 16,
        "min_samples_leaf": 20 if traits.rows >= 2_000 else 10,
        "l2_regularization": 10.0 if traits.rows >= 2_000 else 1.0,
        "max_features": 0.2,
        "loss": "poisson" if skewed else "squared_error",
    }


def series_trees(traits: Traits) -> Settings:
    """Return settings of extra trees: a third of the features, the usual share for a number (Breiman 2001)."""
    return {
        "min_samples_leaf": 3 if traits.rows < MANY else 5,
        "max_features": 0.3,
        "n_estimators": 150 if traits.rows < MANY else 100,
    }


def series_average(traits: Traits) -> Settings:
    """Return settings of the average, whose members err differently (Breiman 1996, Machine Learning 24, 49-64).

    The flow of one site is boosted with two losses, that of several with the Poisson deviance alone, since sites of
    different size stand together. On training rows the average was best or close to it everywhere: 0.86 at Piscataquis
    instead of 0.85, 0.83 and 0.84 for its three parts, 0.66 instead of 0.60, 0.63 and 0.64 in the mean of ten basins;
    for the ten together 0.74 with either, and 0.45 instead of 0.43 for basins left out.

    A network joins, which carries relations on where trees stop. On the last fold before what is held out the mean
    efficiency rose by 0.01 on the eight series of one site that this was chosen on, and by 0.02 on six that were put
    aside. What several sites have in common it tells best, as networks do where basins are learnt together (Kratzert et
    al. 2019, Water Resources Research 55, 11344-11354): there it weighs half, by which the median of ten basins
    together rose from 0.76 to 0.79. At sites that it never saw it weighs a third: of four basins left out three rose
    by 0.04 to 0.12, and a dry one fell by 0.11, since a network carries on what wet basins have.

    A forecast learns the change since the last observed value, as a forecaster corrects a model by what the gauge last
    said (Refsgaard 1997, Nordic Hydrology 28, 65-84), and the roots of the flow.
    """
    flow = traits.never_negative and traits.tail >= LONG_TAIL
    ahead = traits.purpose is Purpose.FORECAST and not traits.grouped
    loss = ("poisson" if traits.grouped else "roots" if ahead else "both") if flow else "squared_error"
    trees = series_trees(traits)
    return {
        **series_boosting(traits),
        "loss": loss,
        # Two thirds of the rounds in longer steps, and fewer trees: the average loses nothing, and a run takes half.
        "max_iter": 200,
        "learning_rate": 0.07,
        "n_estimators": 50,
        "network_passes": PASSES_OVER_MANY if traits.rows >= MANY else PASSES,
        "network_share": _network_share(traits),
        "change": ahead,
        "trees_min_leaf": trees["min_samples_leaf"],
        "trees_max_features": trees["max_features"],
    }


def _network_share(traits: Traits) -> float:
    if not traits.grouped:
        return SHARE_AT_ONE_SITE
    return SHARE_ELSEWHERE if traits.purpose is Purpose.UNGAUGED else SHARE_AT_SITES
