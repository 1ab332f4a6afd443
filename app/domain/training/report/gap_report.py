"""Gap filling in a report: scores by gap length, and the missing values filled."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from app.domain.text.words import join_words, pluralise
from app.domain.training.fold_fit import fit_fold
from app.domain.training.gap_filling import GapRecord, fills_gaps, lengths_of
from app.domain.training.preprocessing import gaps
from app.domain.training.preprocessing.gaps import Floats, Rows
from app.domain.training.report.document import GapScore, GapSummary
from app.domain.training.run_state import FilledRows, TrainingRun
from app.domain.training.tuning.tuning import set_parameters, without_search
from app.domain.training.validation.masked_blocks import step_of, usable_lengths
from app.domain.training.validation.splitting import Fold

# More lengths than these are told in ranges.
MAX_CLASSES = 6


def fill_missing_rows(run: TrainingRun) -> FilledRows | None:
    """Return the missing values between known ones, filled by a model that learnt from all rows with a target.

    A search is not made again: the values that the last one found are used.
    """
    table, missing = run.table, run.table.missing
    if missing is None or not fills_gaps(run.spec):
        return None
    record, known = GapRecord.of(run.spec, table), np.arange(len(table.target))
    places = missing.features.index.to_numpy().astype(np.intp)
    near = gaps.find_neighbours(record.days, known=known, rows=places, groups=record.groups)
    inside = (near.before >= 0) & (near.after >= 0)
    if not inside.any():
        return FilledRows(np.flatnonzero(inside), np.empty(0))
    results = run.searches[-1].chosen if run.searches else {}
    filled, fold = np.zeros(int(inside.sum())), Fold(known, run.folds[-1].rows)
    for spec, weight in run.averaged or ((without_search(set_parameters(run.spec, results)), 1.0),):
        fit = fit_fold(spec, table, fold, name="the gaps", number=len(run.folds))
        run.clock.add(fit.clock)
        filled += weight * np.asarray(fit.pipeline.predict(missing.features[inside]), dtype=float)
    return FilledRows(np.flatnonzero(inside), filled)


def summarise_gaps(run: TrainingRun) -> GapSummary | None:
    """Return how well gaps of each length are filled; None where the config fills none."""
    if not fills_gaps(run.spec) or run.table.times is None:
        return None
    rows = pd.concat(list(_judged_gaps(run)), ignore_index=True)
    missing = run.table.missing
    filled = 0 if run.filled is None else len(run.filled.values)
    return GapSummary(
        lengths=tuple(_score(part) for _, part in rows.groupby(_length_classes(rows["length"].to_numpy()))),
        filled=filled,
        open=(0 if missing is None else len(missing.rows)) - filled,
    )


def _judged_gaps(run: TrainingRun) -> Iterator[pd.DataFrame]:
    table, days = run.table, gaps.times_as_numbers(run.table.times)
    step = step_of(days, table.groups) or 1.0
    for part in run.folds:
        near = gaps.find_neighbours(days, known=part.train, rows=part.rows, groups=table.groups)
        inside = (near.before >= 0) & (near.after >= 0)
        line = gaps.interpolate_between(days, table.target, near, known=part.train, rows=part.rows)
        length = np.rint((days[near.after] - days[near.before]) / step) - 1
        values = {
            "observed": table.target[part.rows],
            "predicted": part.predictions.values,
            "line": line,
            "length": length,
        }
        yield pd.DataFrame(values)[inside]


def _length_classes(lengths: Floats) -> Rows:
    """Return the class of each length: each length by itself, or ranges that hold about as many rows."""
    known = np.unique(lengths)
    if len(known) <= MAX_CLASSES:
        return np.searchsorted(known, lengths)
    edges = np.unique(np.quantile(lengths, np.arange(1, MAX_CLASSES) / MAX_CLASSES, method="nearest"))
    return np.searchsorted(edges, lengths, side="left")


def _score(rows: pd.DataFrame) -> GapScore:
    return GapScore(
        shortest=int(rows["length"].min()),
        longest=int(rows["length"].max()),
        rows=len(rows),
        rmse=_rmse(rows["observed"], rows["predicted"]),
        baseline_rmse=_rmse(rows["observed"], rows["line"]),
    )


def _rmse(observed: pd.Series, other: pd.Series) -> float:
    return float(np.sqrt(np.mean((observed - other) ** 2)))


def filled_rows(run: TrainingRun) -> pd.DataFrame | None:
    """Return the filled values as rows of the predictions: number, time and group, without what was observed."""
    missing, filled = run.table.missing, run.filled
    if missing is None or filled is None or not len(filled.values):
        return None
    columns: dict[str, NDArray[Any]] = {
        "row": missing.rows[filled.places],
        "time": missing.times.iloc[filled.places].to_numpy(),
    }
    if missing.groups is not None:
        columns["group"] = missing.groups[filled.places]
    return pd.DataFrame({**columns, "predicted": filled.values})


def notes_on_gaps(run: TrainingRun, summary: GapSummary | None) -> list[str]:
    """Return sentences about lengths that no known stretch holds, and about missing values that were filled or left."""
    return [*_lengths_left_out(run), *_filled_or_left(summary)]


def _lengths_left_out(run: TrainingRun) -> list[str]:
    given, table = lengths_of(run.spec), run.table
    if given is None or table.times is None:
        return []
    gone = sorted(set(given) - set(usable_lengths(gaps.times_as_numbers(table.times), table.groups, given)))
    listed = join_words([f"{length:,}" for length in gone])
    return [f"No known stretch of the record holds blocks of {listed} steps, so shorter ones are used."] if gone else []


def _filled_or_left(summary: GapSummary | None) -> list[str]:
    if summary is None or not (summary.filled or summary.open):
        return []
    filled = pluralise(summary.filled, "missing value was", "missing values were")
    done = f"{filled} filled, from known ones on both sides."
    if not summary.filled:
        done = "No missing value lies between known ones, so none was filled."
    if not summary.open:
        return [done]
    left = pluralise(summary.open, "missing value is", "missing values are")
    return [f"{done} {left} left open at an end of the record, where a value is known on one side only."]
