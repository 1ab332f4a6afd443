"""What scikit-learn and NumPy do where answers about the purpose clash; it adds to what stands in failures."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn import metrics as sk
from sklearn import model_selection as ms
from sklearn.linear_model import Ridge
from sklearn.neighbors import KNeighborsRegressor

from tests.domain.failures import ROWS, WORDS, X, Y, raises, shows

DAYS = np.arange(400.0)
LEVEL = np.cumsum(np.random.default_rng(1).normal(size=400))


def _score(feature: np.ndarray) -> float:
    """Return the efficiency on the second half of a level that follows one feature."""
    half = len(feature) // 2
    model = Ridge().fit(feature[:half, None], LEVEL[-len(feature) :][:half])
    return float(model.score(feature[half:, None], LEVEL[-len(feature) :][half:]))


def _errors(masked: np.ndarray) -> float:
    """Return the error of a straight line across what is masked."""
    filled = np.interp(DAYS[masked], DAYS[~masked], LEVEL[~masked])
    return float(sk.root_mean_squared_error(LEVEL[masked], filled))


@shows("purpose_needs_time")
def _() -> None:
    days = np.random.default_rng(0).permutation(ROWS)
    earlier = pd.Series(days).shift(1).dropna()
    assert (earlier != days[1:] - 1).mean() > 0.9


@shows("purpose_needs_sites")
def _() -> None:
    raises("greater than the number of groups", lambda: list(ms.GroupKFold(2).split(X, groups=np.zeros(ROWS))))


@shows("horizon_too_long")
def _() -> None:
    earlier = pd.Series(Y).shift(ROWS)
    assert earlier.isna().all()
    raises("contains NaN", lambda: Ridge().fit(earlier.to_numpy()[:, None], Y))


@shows("target_never_known")
def _() -> None:
    known = np.full(393, LEVEL[:200].mean())
    assert _score(LEVEL[:-7]) > 0.5
    assert _score(known) < 0.1


@shows("no_earlier_rows")
def _() -> None:
    alone = pd.Series(Y[:1]).shift(1).to_numpy()
    raises("contains NaN", lambda: Ridge().fit(X[:, :1], Y).predict(alone[:, None]))


@shows("target_not_known_yet")
def _() -> None:
    assert _score(LEVEL[:-1]) > _score(LEVEL[:-30]) + 0.1


@shows("driver_not_known_yet")
def _() -> None:
    driver = LEVEL + 0.1
    assert _score(driver[:-1]) > _score(driver[:-30]) + 0.1


@shows("gaps_need_numbers")
def _() -> None:
    raises("Cannot cast array data", lambda: np.interp(0.5, [0.0, 1.0], WORDS[:2]), kind=TypeError)


@shows("gaps_without_blocks")
def _() -> None:
    single = np.zeros(400, dtype=bool)
    single[np.random.default_rng(0).permutation(398)[:120] + 1] = True
    blocks = (DAYS % 40 >= 5) & (DAYS % 40 < 35)
    assert _errors(blocks) > 1.5 * _errors(single)


@shows("blocks_without_gaps")
def _() -> None:
    blocks = (DAYS % 40 >= 5) & (DAYS % 40 < 15)
    model = KNeighborsRegressor(3)
    both_sides = model.fit(DAYS[~blocks, None], LEVEL[~blocks]).score(DAYS[blocks, None], LEVEL[blocks])
    forward = ms.cross_val_score(model, DAYS[:, None], LEVEL, cv=ms.TimeSeriesSplit(5))
    assert both_sides > 0.7
    assert forward.mean() < 0


@shows("sites_not_held_out")
def _() -> None:
    sites = np.arange(400) % 8
    level = 100.0 * np.random.default_rng(2).permutation(8)[sites] + LEVEL
    drawn = ms.cross_val_score(KNeighborsRegressor(3), sites[:, None], level, cv=ms.TimeSeriesSplit(5))
    apart = ms.cross_val_predict(KNeighborsRegressor(3), sites[:, None], level, cv=ms.LeaveOneGroupOut(), groups=sites)
    assert drawn.min() > 0.9
    assert sk.r2_score(level, apart) < 0.5


@shows("holdout_is_no_gap")
def _() -> None:
    beyond = np.interp(DAYS[320:], DAYS[:320], LEVEL[:320])
    assert set(beyond) == {LEVEL[319]}


@shows("blocks_too_long")
def _() -> None:
    # Where 300 of 400 steps are masked at the end, one value stands for all of them.
    assert set(np.interp(DAYS[100:], DAYS[:100], LEVEL[:100])) == {LEVEL[99]}


@shows("holdout_outside")
def _() -> None:
    raises("0 sample", lambda: sk.r2_score(Y[:0], Y[:0]))


@shows("nothing_to_train")
def _() -> None:
    raises("0 sample", lambda: Ridge().fit(X[:0], Y[:0]))


@shows("warm_up_too_long")
def _() -> None:
    raises("Cannot have number of folds", lambda: list(ms.TimeSeriesSplit(5).split(X[-1:])))


@shows("too_few_years")
def _() -> None:
    raises("Cannot have number of folds", lambda: list(ms.TimeSeriesSplit(5).split(np.array([2002, 2003]))))


@shows("window_longer_than_training")
def _() -> None:
    train, _ = next(ms.TimeSeriesSplit(5).split(DAYS))
    assert pd.Series(LEVEL[train]).rolling(90).mean().isna().all()
