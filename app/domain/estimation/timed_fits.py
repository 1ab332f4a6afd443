"""Short timed fits of an estimator on growing samples, within a budget of seconds.

How soon a solver settles, and how deep trees grow, hangs on the data; a few seconds of it tell more than any formula.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd

from app.domain.analysis.profiling.profile import DatasetProfile
from app.domain.errors import TrainingError
from app.domain.estimation.experience import Timing
from app.domain.estimation.prior import FIT, IMPORTANCE
from app.domain.estimation.workload import Workload, workload_of
from app.domain.experiment import Spec
from app.domain.training.preprocessing.pipeline import build_pipeline
from app.domain.training.preprocessing.preparation import TrainingTable, prepare
from app.domain.training.report.clock import Clock

BUDGET_SECONDS = 4.0
SIZES = (300, 1_200, 5_000)
# The next part is four times as large: it is begun only while even work that grows with the square would be in time.
GROWTH = 16
MIN_ROWS = 40
SEED = 42


def timed_fits(
    spec: Spec, frame: pd.DataFrame, profile: DatasetProfile, *, budget_seconds: float = BUDGET_SECONDS
) -> Iterator[Timing]:
    """Fit on growing random parts of the rows, and yield what each fit and its judging took of the processor.

    Parameters
    ----------
    spec
        The config; its folds do not matter here.
    frame, profile
        The dataset, with the columns that the config names.
    budget_seconds
        No fit is begun that would likely end after so many seconds of all of them.

    Raises
    ------
    TrainingError
        When the data cannot carry the config.
    """
    import sklearn.ensemble  # noqa: F401
    from threadpoolctl import threadpool_limits

    whole, began = workload_of(spec, profile), time.process_time()
    with threadpool_limits(limits=1), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table = prepare(spec, frame, profile)
        places = np.random.default_rng(SEED).permutation(len(table.target))
        for size in SIZES:
            rows = min(size, whole.train_rows, len(places) * 3 // 4)
            start = time.process_time()
            if rows < MIN_ROWS or (table.labels and len(np.unique(table.target[places[:rows]])) < 2):
                return
            yield _time_fit(spec, table, whole, places[: rows + max(rows // 4, 1)], rows)
            took = time.process_time() - start
            if rows < size or time.process_time() - began + took * GROWTH > budget_seconds:
                return


def _time_fit(spec: Spec, table: TrainingTable, whole: Workload, places: np.ndarray, rows: int) -> Timing:
    from app.domain.training.validation import scoring

    clock, judging = Clock(), places[rows:]
    pipeline, judged = build_pipeline(spec, table), table.features.iloc[judging]
    try:
        with clock.part(FIT):
            pipeline.fit(table.features.iloc[places[:rows]], table.target[places[:rows]])
            scoring.predict(pipeline, judged, classes=len(table.labels))
        with clock.part(IMPORTANCE):
            predictions = scoring.predict(pipeline, judged, classes=len(table.labels))
            scoring.judge(spec, table, judging, predictions)
    except (ValueError, np.linalg.LinAlgError) as fault:
        raise TrainingError("The estimator could not be fitted on a part of the rows.", code="fit_failed") from fault
    count = len(judging)
    part = replace(whole, train_rows=rows, judge_rows=count, fits=1, per_fold=1)
    return Timing(replace(part, importance_calls=1, importance_rows=count), dict(clock.work))
