"""Stored series behind the charts of a report: sampled, rounded, None where not finite."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

from pydantic import model_serializer

from app.domain.json_values import drop_absent

Series: TypeAlias = tuple[float | None, ...]


@dataclass(frozen=True, kw_only=True)
class HydrographSeries:
    """Observed and predicted values over time, each moment once, and rain where a column holds it."""

    title: str = ""
    times: tuple[str | None, ...]
    observed: Series
    predicted: Series
    rain: Series | None = None
    rain_column: str | None = None
    rows_total: int = 0


@dataclass(frozen=True, kw_only=True)
class ScatterSeries:
    """A sample of observed and predicted values, and whether they need logarithmic axes."""

    observed: Series
    predicted: Series
    rows_shown: int = 0
    rows_total: int = 0
    log: bool = False


@dataclass(frozen=True, kw_only=True)
class ResidualCounts:
    """Residuals counted between edges; there is one edge more than counts."""

    edges: Series = ()
    counts: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class MonthQuantiles:
    """Quantiles of the residuals of one month, 1 to 12."""

    month: int
    q05: float | None
    q25: float | None
    q50: float | None
    q75: float | None
    q95: float | None
    rows: int

    @property
    def marks(self) -> Series:
        """The five quantiles from the lowest to the highest."""
        return (self.q05, self.q25, self.q50, self.q75, self.q95)


@dataclass(frozen=True, kw_only=True)
class ResidualSeries:
    """Predicted minus observed: a sample, counts, and quantiles by month where there are enough months."""

    predicted: Series = ()
    residual: Series = ()
    histogram: ResidualCounts = ResidualCounts()
    by_month: tuple[MonthQuantiles, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class ConfusionCounts:
    """How many rows of each class (a line) were taken for each class (a column)."""

    labels: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, kw_only=True)
class RocCurve:
    """The ROC curve of one class against the rest."""

    label: str
    fpr: Series
    tpr: Series
    auc: float | None


@dataclass(frozen=True, kw_only=True)
class PrecisionRecallCurve:
    """Precision against recall of one class against the rest; `ap` is the average precision."""

    label: str
    recall: Series
    precision: Series
    ap: float | None


@dataclass(frozen=True, kw_only=True)
class FeatureLoss:
    """The loss of the score when one feature is shuffled: mean and standard deviation of the repeats.

    `steps_before` is how many steps before its row the value of a column lies that is not known ahead.
    """

    feature: str
    mean: float | None
    std: float | None = None
    steps_before: int | None = None

    @model_serializer(mode="wrap")
    def _without_absent(self, write: Any) -> Any:
        return drop_absent(write(self), ("steps_before",))


@dataclass(frozen=True, kw_only=True)
class ImportanceSeries:
    """Permutation importance, the feature that matters most first; `basis` names the rows it was measured on."""

    metric: str
    repeats: int
    basis: str
    rows: int
    items: tuple[FeatureLoss, ...]


@dataclass(frozen=True, kw_only=True)
class ChartSeries:
    """Every chart of a report; one that does not apply is None. `basis` is "hold-out" or "folds"."""

    hydrograph: HydrographSeries | None = None
    predicted_observed: ScatterSeries | None = None
    residuals: ResidualSeries | None = None
    confusion: ConfusionCounts | None = None
    roc: tuple[RocCurve, ...] | None = None
    pr: tuple[PrecisionRecallCurve, ...] | None = None
    importance: ImportanceSeries | None = None
    basis: str
