"""Gallery examples of the comparison of splits."""

from __future__ import annotations

from app.dev.example import Example, partial_example
from app.domain.experiment import FeaturesPart, MetricsPart, ModelPart, Spec, TaskPart, ValidationPart
from app.domain.training.optimism_report import FORWARD, RANDOM, SITES, SplitComparison, SplitScore
from app.domain.vocabulary import SplitStrategy, TaskKind
from app.services.measurements.split_comparisons import SplitComparisonState
from app.steps.validation.split_preview import SplitPreview
from app.web.charts.optimism import split_bars

HERE = "/dev/gallery"
SPEC = Spec(
    task=TaskPart(target="discharge_mm", kind=TaskKind.REGRESSION, time_column="date", group_column="gauge"),
    features=FeaturesPart(selected=["rain_mm"]),
    model=ModelPart(estimator="ridge"),
    validation=ValidationPart(strategy=SplitStrategy.TIME_SERIES),
    metrics=MetricsPart(primary="nse"),
)
BEGUN = SplitComparison(metric="nse", rows=4000, columns=12, train_rows=1780, total=12, done=5)
ALL = SplitComparison(
    metric="nse",
    rows=4000,
    columns=12,
    train_rows=1780,
    total=12,
    done=12,
    complete=True,
    items=(
        SplitScore(split=RANDOM, scores=(0.93, 0.9, 0.91), baseline="Persistence", baseline_scores=(0.6, 0.5, 0.55)),
        SplitScore(split=FORWARD, scores=(0.62, 0.58, 0.6), baseline="Persistence", baseline_scores=(0.6, 0.5, 0.55)),
        SplitScore(split=SITES, scores=(-0.2, 0.1, -0.3), baseline="Persistence", baseline_scores=(0.6, 0.5, 0.55)),
    ),
)


def _state(name: str, state: str, comparison: SplitComparison | None = None, reason: str = "") -> Example:
    work = SplitComparisonState(state=state, reason=reason, fraction=0.42, comparison=comparison)
    picture = split_bars(comparison, SPEC) if comparison is not None and comparison.complete else None
    preview = SplitPreview(work, picture)
    return partial_example("validation/optimism", name, optimism=preview, base=HERE, on_page="validation")


def examples() -> list[Example]:
    """Return the examples of the comparison of splits."""
    return [
        _state("not asked for", "none"),
        _state("not possible yet", "none", reason="Splits can be compared when this is put right: Choose a target."),
        _state("in the queue", "queued"),
        _state("being compared", "running", BEGUN),
        _state("failed", "failed", reason="40 rows with a target are too few to compare splits; 60 are needed."),
        _state("stopped", "cancelled", BEGUN),
        _state("three splits", "finished", ALL),
    ]
