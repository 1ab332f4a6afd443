"""Values for the comparison of splits on the Validation step."""

from __future__ import annotations

from dataclasses import dataclass

from app.services.measurements import split_comparisons
from app.services.measurements.split_comparisons import SplitComparisonState
from app.steps.context import DraftContext
from app.web.charts.optimism import SplitBars, split_bars


@dataclass(frozen=True)
class SplitPreview:
    """How the comparison stands, and its picture once it is complete."""

    work: SplitComparisonState
    picture: SplitBars | None


def preview_of(draft: DraftContext) -> SplitPreview | None:
    """Look up the comparison of splits, None where a draft has one kind of split only; nothing is started."""
    spec = draft.plan.spec
    if draft.dataset is None or spec is None:
        return None
    work = split_comparisons.known_of(draft.dataset, draft.plan)
    if work is None:
        return None
    comparison = work.comparison
    return SplitPreview(work, split_bars(comparison, spec) if comparison is not None and comparison.complete else None)
