"""Evidence of leakage from columns that tell on which rows the target is missing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from app.domain.analysis.associations.explained_share import PreparedTarget
from app.domain.analysis.leakage.class_evidence import MIN_ROWS, StateEvidence, value_evidence
from app.domain.vocabulary import ColumnKind

# Gaps on the same rows, but for a few.
SAME_GAPS = 0.95
# Where more columns have the same gaps, the whole record was interrupted, which tells nothing of one column.
MAX_TOGETHER = 2
MAX_CANDIDATES = 20
# How far counts of gaps may lie apart for the rows to be worth a look.
NEAR = 0.05
FLAG_TELLS = 0.8
VALUE_TELLS = 0.95


def marks_gaps(
    values: pd.Series, kind: ColumnKind, goal: PreparedTarget, target: str, *, is_flag: bool
) -> StateEvidence | None:
    """Return the evidence that a value of a column marks the rows without a target; None where there is none.

    Parameters
    ----------
    values, kind, goal, target
        The column, its kind, the target made ready, and its name.
    is_flag
        Whether the column holds the quality flags of the target. Then less agreement is enough, and it is surer.
    """
    gone = ~goal.there
    if not MIN_ROWS <= np.count_nonzero(gone) <= len(gone) - MIN_ROWS:
        return None
    score = 0.95 if is_flag else 0.7
    limit = FLAG_TELLS if is_flag else VALUE_TELLS
    return value_evidence(values, kind, gone, where=f"{target[:60]} is missing", limit=limit, score=score)


def gap_candidates(missing: Mapping[str, int], target: str, rows: int) -> list[str]:
    """Return the columns with about as many gaps as the target; none where a whole record seems interrupted.

    Parameters
    ----------
    missing
        How many values each column lacks, the target among them.
    target, rows
        The target's name, and how many rows there are.
    """
    gaps = missing[target]
    if not MIN_ROWS <= gaps <= rows - MIN_ROWS:
        return []
    near = [name for name, count in missing.items() if name != target and abs(count - gaps) <= NEAR * gaps]
    return near if len(near) <= MAX_CANDIDATES else []


def shared_gaps(frame: pd.DataFrame, target: str, names: Iterable[str]) -> dict[str, str]:
    """Return the columns that are missing on the same rows as the target, each with the evidence in a sentence."""
    gone = frame[target].isna().to_numpy()
    results = {}
    for name in names:
        missing = frame[name].isna().to_numpy()
        if min(missing.sum(), gone.sum()) < MIN_ROWS or missing.all() or gone.all():
            continue
        if np.corrcoef(missing, gone)[0, 1] >= SAME_GAPS:
            both, others = int(np.sum(missing & gone)), int(np.sum(missing & ~gone))
            results[name] = (
                f"It is missing on {both:,} of the {int(gone.sum()):,} rows where {target[:60]} is missing, "
                f"and on {others:,} of the {int(np.sum(~gone)):,} others."
            )
    return results if len(results) <= MAX_TOGETHER else {}
