"""Comparison of splits: one cheap estimator under random, forward and leave-site-out splits on the same rows.

Rows near one another in time, or of one site, are alike, so a model that trains on neighbours of what it is judged by
scores better than it will on rows to come (Roberts et al. 2017, Ecography 40, 913-929; Meyer et al. 2018, Environmental
Modelling & Software 101, 1-9). Which rows were held back is all that differs between the scores here: every split
judges the same rows, in the same pieces, and learns from as many rows on average.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from app.domain.analysis.profiling.profile import DatasetProfile
from app.domain.errors import TrainingError
from app.domain.experiment import MetricsPart, ModelPart, ReproducibilityPart, Spec, ValidationPart
from app.domain.training.fold_fit import fit_fold
from app.domain.training.gap_filling import fills_gaps
from app.domain.training.optimism_report import (
    BLOCKS,
    FORWARD,
    RANDOM,
    SITES,
    TITLES,
    SplitComparison,
    SplitScore,
    comparable_splits,
    mean_of,
)
from app.domain.training.preprocessing.preparation import TrainingTable, prepare
from app.domain.training.preprocessing.transforms import target_memory_of
from app.domain.training.tuning.inner_folds import facts_of
from app.domain.training.validation import baselines, metrics, scoring
from app.domain.training.validation.scoring import Predictions
from app.domain.training.validation.splitting import Fold, longest_gap, make_split
from app.domain.vocabulary import SplitStrategy

# The work is bounded by rows and values, never by a clock, so the same data give the same figures on every machine.
MAX_ROWS = 4_000
# What fills gaps learns from every row twice, with more features.
MAX_ROWS_OF_GAPS = 2_000
MAX_CELLS = 200_000
MAX_COLUMNS = 1_000
MIN_ROWS = 60
MAX_SITES = 20
RANDOM_FOLDS, FORWARD_FOLDS, SITE_FOLDS, MAX_FOLDS = 5, 3, 5, 10
# Stretches of time that are judged one by one where there are no sites.
STRETCHES = 5
ESTIMATOR = ModelPart(
    estimator="extra_trees",
    parameters={"n_estimators": 60, "min_samples_leaf": 3, "max_features": 1.0},
)
# One seed for everybody: the figures are about the data, and another seed in the config changes nothing.
SEEDED = ReproducibilityPart(seed=42)
Rows = NDArray[np.intp]


@dataclass(frozen=True)
class _JudgedFold:
    """Rows that were judged, in the order of the table, with what the model and each baseline predict of them."""

    rows: Rows
    model: Predictions
    baselines: Mapping[str, Predictions]


def compare_splits(spec: Spec, frame: pd.DataFrame, profile: DatasetProfile) -> Iterator[SplitComparison]:
    """Yield the comparison as far as it has come after each fit; the last one is complete and has the scores.

    Parameters
    ----------
    spec
        The config; its task, features and primary metric are used, its estimator, hold-out and seed are not.
    frame
        Development rows alone, with the user's column names.
    profile
        What is known about the dataset.

    Raises
    ------
    TrainingError
        With a sentence, where too few rows or too many columns are there to be compared.
    """
    spec = _simplify_spec(spec)
    table = prepare(spec, frame, profile)
    rows = sample_rows(table, most=MAX_ROWS_OF_GAPS if fills_gaps(spec) else MAX_ROWS)
    splits, reasons = _comparable_splits(spec, profile, table, rows)
    sizes = {name: _mean_size(folds) for name, (_, folds) in splits.items()}
    comparison = SplitComparison(
        metric=spec.metrics.primary,
        rows=len(rows),
        columns=table.features.shape[1],
        train_rows=round(min(sizes.values())),
        total=sum(len(folds) for _, folds in splits.values()),
    )
    yield comparison
    judged, done = {}, 0
    for name, (of_split, folds) in splits.items():
        # Rows left out of training would be gaps of their own, so where gaps are filled all of them stay.
        share, parts = 1.0 if BLOCKS in splits else min(sizes.values()) / sizes[name], []
        for number, fold in enumerate(folds):
            parts.append(_fit(of_split, table, _thin_fold(fold, share, number), name=name, number=number))
            done += 1
            yield replace(comparison, done=done)
        judged[name] = _predict_folds(table, parts)
    yield replace(comparison, done=done, complete=True, items=_score_splits(spec, table, judged, reasons))


def _simplify_spec(spec: Spec) -> Spec:
    """Return the config with what is the same for everybody: the estimator, without a search, and the seed.

    Of its validation the blocks alone are kept, which are as long as the user wants gaps to be.
    """
    metric, validation = MetricsPart(primary=spec.metrics.primary), _random_split(spec)
    if fills_gaps(spec):
        blocks = SplitStrategy.MASKED_BLOCKS
        answers = dict(spec.validation.parameters) if spec.validation.strategy is blocks else {}
        validation = ValidationPart(strategy=blocks, parameters=answers)
    return spec.model_copy(
        update={"model": ESTIMATOR, "metrics": metric, "validation": validation, "reproducibility": SEEDED}
    )


def sample_rows(table: TrainingTable, *, most: int) -> Rows:
    """Return the rows that are compared, as positions in the order of the table: at most so many rows and values.

    The latest where time orders them, of each site as many; else drawn. Of many sites some are drawn.

    Raises
    ------
    TrainingError
        Where there are too few rows, or too many columns.
    """
    width = table.features.shape[1]
    refuse_too_many(width)
    most = min(most, MAX_CELLS // max(width, 1))
    random, rows = np.random.default_rng(SEEDED.seed), np.arange(len(table.target))
    if table.groups is None:
        chosen = _draw_rows(rows, most, random, latest=table.times is not None)
    else:
        names = np.unique(table.groups)
        if len(names) > MAX_SITES:
            names = np.sort(random.permutation(names)[:MAX_SITES])
        of_each = [rows[table.groups == name] for name in names]
        parts = [_draw_rows(part, most // len(names), random, latest=table.times is not None) for part in of_each]
        chosen = np.sort(np.concatenate(parts))
    if len(chosen) < MIN_ROWS:
        raise TrainingError(
            f"{len(chosen):,} rows with a target are too few to compare splits; {MIN_ROWS} are needed.",
            code="too_few_rows",
        )
    return chosen


def refuse_too_many(columns: int) -> None:
    """Refuse more columns than are compared.

    Raises
    ------
    TrainingError
        With a sentence that says how many there may be.
    """
    if columns > MAX_COLUMNS:
        raise TrainingError(
            f"{columns:,} features are more than the {MAX_COLUMNS:,} that can be compared here. Keep fewer first.",
            code="too_many_columns",
        )


def _draw_rows(rows: Rows, most: int, random: np.random.Generator, *, latest: bool) -> Rows:
    if len(rows) <= most:
        return rows
    return rows[-most:] if latest else np.sort(random.permutation(rows)[:most])


def _random_split(spec: Spec) -> ValidationPart:
    strategy = SplitStrategy.STRATIFIED_K_FOLD if spec.task.kind.is_classification else SplitStrategy.K_FOLD
    return ValidationPart(strategy=strategy, parameters={"n_splits": RANDOM_FOLDS})


def _named_split(name: str, spec: Spec, table: TrainingTable, rows: Rows) -> ValidationPart:
    """Return the split of a name as the config of an experiment would say it."""
    if name == BLOCKS:
        return spec.validation
    if name == FORWARD and table.times is not None:
        memory = target_memory_of(spec.features.transforms, spec.task)
        gap = min(memory, longest_gap(table.times.iloc[rows].nunique()))
        return ValidationPart(
            strategy=SplitStrategy.TIME_SERIES,
            parameters={"n_splits": FORWARD_FOLDS, "gap": gap, "window": "expanding"},
        )
    if name == SITES and table.groups is not None:
        if len(np.unique(table.groups[rows])) <= MAX_FOLDS:
            return ValidationPart(strategy=SplitStrategy.LEAVE_ONE_GROUP_OUT)
        return ValidationPart(strategy=SplitStrategy.GROUP_K_FOLD, parameters={"n_splits": SITE_FOLDS})
    if table.labels and np.bincount(table.target[rows], minlength=len(table.labels)).min() < RANDOM_FOLDS:
        # A class too rare to be in every fold is drawn as it comes.
        return ValidationPart(strategy=SplitStrategy.K_FOLD, parameters={"n_splits": RANDOM_FOLDS})
    return _random_split(spec)


def _comparable_splits(
    spec: Spec, profile: DatasetProfile, table: TrainingTable, rows: Rows
) -> tuple[dict[str, tuple[Spec, list[Fold]]], dict[str, str]]:
    """Return the config and the folds of each split, as positions in the table, and why others cannot be made.

    Raises
    ------
    TrainingError
        Where nothing can stand beside the random split.
    """
    results, reasons, facts = {}, {}, facts_of(table).of(rows)
    for name in comparable_splits(spec, profile):
        of_split = spec.model_copy(update={"validation": _named_split(name, spec, table, rows)})
        try:
            folds = [Fold(rows[item.train], rows[item.validation]) for item in make_split(of_split, facts).folds]
        except TrainingError as fault:
            reasons[name] = str(fault)
            continue
        if table.labels and any(len(np.unique(table.target[fold.train])) < 2 for fold in folds):
            reasons[name] = "The training rows of a fold hold one class only."
            continue
        results[name] = (of_split, folds)
    if RANDOM not in results or len(results) < 2:
        raise TrainingError(next(iter(reasons.values()), "There is one split only."), code="splits_not_comparable")
    return results, reasons


def _mean_size(folds: Sequence[Fold]) -> float:
    """Return how many rows train, as the geometric mean over folds, since what is learnt grows ever more slowly."""
    return math.exp(float(np.mean([math.log(len(fold.train)) for fold in folds])))


def _thin_fold(fold: Fold, share: float, number: int) -> Fold:
    """Return the fold with a share of its training rows, so that every split learns from as many on average."""
    count = max(round(share * len(fold.train)), 2)
    if count >= len(fold.train):
        return fold
    return Fold(np.sort(np.random.default_rng([SEEDED.seed, number]).permutation(fold.train)[:count]), fold.validation)


def _fit(spec: Spec, table: TrainingTable, fold: Fold, *, name: str, number: int) -> _JudgedFold:
    fit = fit_fold(spec, table, fold, name=f"fold {number + 1} of {TITLES[name].lower()}", number=number)
    rules = {
        entry.id: Predictions(*entry.predict(table, fold.train, fold.validation), are_probabilities=True)
        for entry in baselines.baselines_for_experiment(spec, table)
    }
    return _JudgedFold(fold.validation, fit.predicted, rules)


def _predict_folds(table: TrainingTable, folds: Sequence[_JudgedFold]) -> _JudgedFold:
    """Join the predictions of all folds of a split, each row once."""
    rows = np.concatenate([fold.rows for fold in folds])
    order = np.argsort(rows, kind="stable")
    names = folds[0].baselines

    def join(parts: Sequence[Predictions]) -> Predictions:
        scores = [part.scores for part in parts if part.scores is not None]
        return Predictions(
            np.concatenate([part.values for part in parts])[order],
            np.concatenate(scores)[order] if len(scores) == len(parts) else None,
            parts[0].are_probabilities,
        )

    return _JudgedFold(
        rows[order],
        join([fold.model for fold in folds]),
        {name: join([fold.baselines[name] for fold in folds]) for name in names},
    )


def _score_splits(
    spec: Spec, table: TrainingTable, judged: Mapping[str, _JudgedFold], reasons: Mapping[str, str]
) -> tuple[SplitScore, ...]:
    """Return the scores of every split on the pieces of the rows that all of them judged."""
    common = reduce(np.intersect1d, [item.rows for item in judged.values()])
    pieces = _split_into_pieces(table, common)
    items, titles = [], {entry.id: entry.title for entry in baselines.baselines_for_experiment(spec, table)}
    for name, split in judged.items():
        rules = {
            key: _score_pieces(spec, table, split.rows, baseline, pieces) for key, baseline in split.baselines.items()
        }
        means = {key: mean_of(scores) for key, scores in rules.items()}
        best = baselines.strongest_baseline(metrics.get(spec.metrics.primary), means)
        scores = _score_pieces(spec, table, split.rows, split.model, pieces)
        items.append(SplitScore(split=name, scores=scores, baseline=titles[best], baseline_scores=rules[best]))
    return (*items, *(SplitScore(split=name, reason=reason) for name, reason in reasons.items()))


def _split_into_pieces(table: TrainingTable, rows: Rows) -> list[Rows]:
    """Return the rows of each site, or stretches of as many rows where there are no sites."""
    if table.groups is not None:
        here = table.groups[rows]
        return [rows[here == name] for name in np.unique(here)]
    return [part for part in np.array_split(rows, STRETCHES) if len(part)]


def _score_pieces(
    spec: Spec, table: TrainingTable, rows: Rows, predictions: Predictions, pieces: Sequence[Rows]
) -> tuple[float | None, ...]:
    primary, scores = spec.metrics.primary, []
    for piece in pieces:
        places = np.searchsorted(rows, piece)
        of_piece = Predictions(
            predictions.values[places],
            None if predictions.scores is None else predictions.scores[places],
            predictions.are_probabilities,
        )
        scores.append(scoring.judge(spec, table, piece, of_piece)[primary])
    return tuple(scores)
