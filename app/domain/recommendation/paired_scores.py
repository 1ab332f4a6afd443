"""Comparison of scores on the same folds in pairs, with the uncertainty of their difference."""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import StrEnum
from statistics import NormalDist

import numpy as np

# Of two that were judged on one fold alone, a difference below this share of what the better one gains is luck.
ONE_FOLDS_LUCK = 0.1


class Standing(StrEnum):
    """How a score stands beside another one."""

    BETTER = "better"
    TIED = "tied"
    WORSE = "worse"


def compare_scores(scores: Sequence[float], others: Sequence[float], *, shared: float = 0.0) -> Standing:
    """Return how scores stand beside others of the same folds, larger ones being better.

    A difference within one standard error of the paired differences is a tie. One fold alone tells the sign only.

    Parameters
    ----------
    scores, others
        One score for each fold, in the same order; what one of them has more is left out.
    shared
        How many rows judge for each that trains, by which folds that share rows are corrected (Nadeau & Bengio 2003,
        Machine Learning 52, eq. 7).
    """
    count = min(len(scores), len(others))
    gaps = np.asarray(scores[:count], dtype=float) - np.asarray(others[:count], dtype=float)
    if count == 0 or not gaps.any():
        return Standing.TIED
    luck = standard_error(gaps.tolist(), shared=shared)
    if abs(float(gaps.mean())) <= luck:
        return Standing.TIED
    return Standing.BETTER if gaps.mean() > 0 else Standing.WORSE


def standard_error(gaps: Sequence[float], *, shared: float = 0.0) -> float:
    """Return the standard error of the mean of paired differences; 0 where one fold alone gave them."""
    if len(gaps) < 2:
        return 0.0
    return float(np.std(gaps, ddof=1)) * math.sqrt(1 / len(gaps) + shared)


def is_tied_with_best(
    scores: Sequence[float],
    best: Sequence[float],
    *,
    baseline: float,
    errors: float = 1.0,
    probability: float | None = None,
    is_baseline: bool = False,
) -> bool:
    """Return whether only luck tells a candidate from the best one on the same folds, larger scores being better.

    Luck is so many standard errors of the paired differences, or, where one fold alone was judged, a tenth of what the
    best gains over the baseline. Few folds may differ so much among themselves that they hide what their rows bear out:
    where the `probability` that the candidate is worse, found by resampling rows, is that of so many errors, it
    is not tied. Who loses to the baseline, as by a single wild fold, is tied with nobody who beats it.
    """
    if len(scores) != len(best):
        return False
    gaps = np.asarray(best, dtype=float) - np.asarray(scores, dtype=float)
    top, mean = float(np.mean(best)), float(np.mean(scores))
    luck = errors * standard_error(gaps.tolist()) if len(gaps) > 1 else ONE_FOLDS_LUCK * abs(top - baseline)
    loses = mean <= baseline < top and not is_baseline
    beyond = probability is not None and probability > NormalDist().cdf(errors)
    return float(gaps.mean()) <= luck and not loses and not beyond
