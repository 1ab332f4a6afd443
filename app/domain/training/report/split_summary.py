"""The summary of a split: rows, dates and groups of each part, and the picture."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from app.domain.experiment import Spec
from app.domain.text.words import pluralise
from app.domain.training.preprocessing.preparation import TrainingTable
from app.domain.training.report.charts import iso_time
from app.domain.training.report.document import FoldRows, SplitSummary
from app.domain.training.tuning.inner_folds import facts_of
from app.domain.training.validation import splitting
from app.domain.training.validation.split_picture import draw_split
from app.domain.training.validation.split_rows import Fold, Split, group_codes

# The place of each row's group among all, and their names.
Groups: TypeAlias = tuple[NDArray[np.intp], list[str]]
# So many groups are named; a page cannot show more at a glance.
MAX_GROUPS_NAMED = 20


def summarise(spec: Spec, table: TrainingTable, split: Split) -> SplitSummary:
    """Return the split of a table in words, numbers and a picture.

    Parameters
    ----------
    spec, table
        The config, and the rows in the order in which they were divided.
    split
        The folds and the rows held out, as positions in the table.
    """
    entry = splitting.get(spec.validation.strategy)
    parameters = {**entry.defaults(), **spec.validation.parameters}
    picture = draw_split(split, facts_of(table), by_group=entry.needs_group)
    groups = None if table.groups is None else group_codes(table.groups)
    rows = None
    if split.holdout is not None:
        rows = _rows_of(table, groups, Fold(split.development, split.holdout), "hold-out")
    return SplitSummary(
        strategy=entry.id.value,
        title=entry.title,
        sentence=f"{entry.summary} {entry.protects}",
        misleads=entry.misleads,
        parameters={name: tuple(value) if isinstance(value, list) else value for name, value in parameters.items()},
        folds=tuple(
            _rows_of(table, groups, fold, f"fold {number}") for number, fold in enumerate(split.folds, start=1)
        ),
        holdout=rows,
        picture=picture.lines,
        marks=picture.marks,
        left_out=" ".join(_left_out(spec, table, split)),
    )


def _rows_of(table: TrainingTable, groups: Groups | None, fold: Fold, name: str) -> FoldRows:
    counts = FoldRows(fold=name, train_rows=len(fold.train), validation_rows=len(fold.validation))
    if groups is not None:
        codes, names = groups
        judging = np.flatnonzero(np.bincount(codes[fold.validation], minlength=len(names)))
        if not np.bincount(codes[fold.train], minlength=len(names))[judging].any():
            visible_rows = tuple(names[code] for code in judging[:MAX_GROUPS_NAMED])
            counts = replace(counts, groups=visible_rows, group_count=len(judging))
    times = table.times
    if times is None:
        return counts
    trained, validated = times.iloc[fold.train], times.iloc[fold.validation]
    return replace(
        counts,
        train_start=iso_time(trained.min()),
        train_end=iso_time(trained.max()),
        validation_start=iso_time(validated.min()),
        validation_end=iso_time(validated.max()),
    )


def _left_out(spec: Spec, table: TrainingTable, split: Split) -> Iterator[str]:
    """Yield a sentence for each reason why rows neither train nor judge, with their number."""
    warm_up, holdout = spec.validation.warm_up, spec.validation.holdout
    if warm_up and table.ages is not None:
        rows = int((table.ages < warm_up).sum())
        yield f"The warm-up of {pluralise(warm_up, 'step')} leaves out {pluralise(rows, 'row')}."
    if holdout is not None and holdout.to_date and split.holdout is not None:
        last = int(split.holdout.max())
        rows = len(table.target) - 1 - last
        if rows:
            yield f"{pluralise(rows, 'row')} after {holdout.to_date} neither train nor validate."
