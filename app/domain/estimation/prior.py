"""The prior cost of each part of a launch, from operation counts of the estimators and numbers of rows.

Every figure is processor time on the machine where they were measured; `slowness` carries it to another one.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log2

from app.domain.estimation.workload import Workload
from app.domain.estimators import registry
from app.domain.estimators.parameters import ParameterValues

START, FIT, IMPORTANCE, REST, MEMORY = "start", "fit", "importance", "rest", "memory"
SECONDS = (START, FIT, IMPORTANCE, REST)
# A worker that has loaded the libraries and nothing else, measured on Linux.
IDLE_MEMORY_MB = 230.0
START_SECONDS = 1.5
# What every fit and every call of a pipeline takes beside the estimator, and each of its columns of words.
FIT_SECONDS, CALL_SECONDS, WORDS_SECONDS = 0.012, 0.002, 4e-4
# Turning one word into its indicators, and one number into a filled and scaled one while learning and while asked.
WORD_SECONDS, LEARNT_SECONDS, NUMBER_SECONDS = 5.2e-7, 5e-8, 1e-8
# Judging classes by all their metrics: for each call, for each class, for each row, and for each row of each class.
JUDGED_SECONDS, CLASS_SECONDS, JUDGED_ROW_SECONDS, CLASS_ROW_SECONDS = 0.0042, 0.0015, 1.1e-6, 5.6e-7
# What it takes to compare one row that has a gap with one training row.
PAIR_SECONDS = 1.2e-7
# Methods that ask the rows they have learnt: seconds to compare one row with one of them in one column.
COMPARE_SECONDS = {"k_nearest_neighbors": 3e-10, "support_vector_machine": 1e-9, "gaussian_process": 4e-9}
# Straight distances in many columns are one product of matrices; sums of differences and trees of few are slower.
BLOCKS_SECONDS, TREE_SECONDS, TREE_COLUMNS = 8e-10, 6e-10, 15
# Looking up the last known value of one series, row by row of time.
SERIES_SECONDS = 1.2e-3
# Charts and baselines: for all, for each part and class, and for each row and column, words and classes.
REPORT_SECONDS, PART_SECONDS = 0.11, 0.0033
CELL_SECONDS, WORD_CELL_SECONDS, CLASS_CELL_SECONDS = 9e-8, 3.4e-7, 5e-6
# Copies of the table that lie beside each other while it is prepared, and what a word takes.
COPIES, WORD_BYTES = 2, 24
# Trees of classes end where a leaf holds one class only, so they have fewer nodes than rows would allow.
PURE_SHARE = 0.5


@dataclass(frozen=True)
class Parts:
    """Seconds of the start, of one fit and its judging, of one call for the importance, of the rest; MB beside idle."""

    start: float
    fit: float
    importance: float
    rest: float
    memory: float

    def of(self, part: str) -> float:
        """Return the figure of a part by its name."""
        return float(getattr(self, part))


def prior_of(work: Workload) -> Parts:
    """Return the cost of each part on the machine of the calibration."""
    entry, values = registry.get(work.estimator), work.parameters
    machines = entry.machines(work.classes)

    def fitted(rows: int) -> float:
        return entry.work(max(rows, 1), work.weight, values) * machines * _depth_share(values, max(rows, 2))

    def predict_seconds(rows: int) -> float:
        compare = _compare_seconds(work)
        return fitted(rows) * entry.predict_share if compare is None else rows * work.train_rows * work.weight * compare

    def called(rows: int) -> float:
        prepared = rows * (work.width * NUMBER_SECONDS + work.words * WORD_SECONDS) + work.words * WORDS_SECONDS
        return predict_seconds(rows) + CALL_SECONDS + prepared

    learnt = work.train_rows * (work.width * LEARNT_SECONDS + work.words * WORD_SECONDS) + work.words * WORDS_SECONDS
    pairs = PAIR_SECONDS * work.gaps * work.train_rows / max(work.rows, 1)
    return Parts(
        start=START_SECONDS + work.table_rows * work.columns * 5e-8,
        fit=FIT_SECONDS
        + fitted(work.train_rows)
        + learnt
        + called(work.judge_rows)
        + pairs * (work.train_rows + work.judge_rows),
        importance=called(work.importance_rows) + _judging_seconds(work) + pairs * work.importance_rows,
        rest=_rest_seconds(work),
        memory=entry.memory_mb(work.train_rows, work.width, values)
        * (PURE_SHARE if work.classes > 1 and "n_estimators" in values else 1.0)
        + work.table_rows * (work.width * 8 + work.words * WORD_BYTES) * COPIES / 1e6,
    )


def _compare_seconds(work: Workload) -> float | None:
    """Return the seconds that comparing two rows takes for each column."""
    if work.estimator == "k_nearest_neighbors":
        if work.parameters.get("metric") == "blocks":
            return BLOCKS_SECONDS
        if work.width <= TREE_COLUMNS:
            return TREE_SECONDS
    return COMPARE_SECONDS.get(work.estimator)


def _depth_share(values: ParameterValues, rows: int) -> float:
    """Return which share of a full tree's levels is grown, where a tree splits until its leaves are small or deep."""
    if "min_samples_leaf" not in values or "max_leaf_nodes" in values:
        return 1.0
    whole = log2(rows)
    levels = whole - log2(min(max(values["min_samples_leaf"], 1), rows)) + 1
    deepest = values.get("max_depth")
    return max(min(levels, whole, whole if deepest is None else deepest + 1), 1.0) / whole


def _judging_seconds(work: Workload) -> float:
    if work.classes == 1:
        return 0.0
    by_row = JUDGED_ROW_SECONDS + work.classes * CLASS_ROW_SECONDS
    return JUDGED_SECONDS + work.classes * CLASS_SECONDS + work.importance_rows * by_row


def _rest_seconds(work: Workload) -> float:
    by_row = work.columns * CELL_SECONDS + work.words * WORD_CELL_SECONDS + (work.classes > 1) * CLASS_CELL_SECONDS
    return REPORT_SECONDS + work.series * SERIES_SECONDS + work.fits * work.classes * PART_SECONDS + work.rows * by_row
