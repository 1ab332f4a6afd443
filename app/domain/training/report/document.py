"""The report of an experiment as dataclasses and as stored JSON.

Every number is finite or None. To add a key, add a field with a default here and set it in `report.build`: reports
from before open with the default, and the stored name of the key is the name of the field.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from pydantic import model_serializer

from app.domain.analysis.profiling.units import unit_of
from app.domain.contest.summary import ContestSummary
from app.domain.json_values import JsonObject, Setting, drop_absent, from_json, to_json
from app.domain.training.report.chart_series import ChartSeries
from app.domain.training.tuning.search_summary import TuningSummary
from app.domain.training.validation.score_summary import ScoreSummary
from app.domain.training.validation.split_picture import Stripe

SCHEMA = 1
Scores: TypeAlias = Mapping[str, ScoreSummary]


@dataclass(frozen=True, kw_only=True)
class ReportedTask:
    """What was predicted; `labels` are the classes, None for a number, and `unit` is "" where nobody knows it."""

    kind: str
    target: str
    unit: str = ""
    labels: tuple[str, ...] | None = None
    time_column: str | None = None


@dataclass(frozen=True, kw_only=True)
class FoldRows:
    """The rows that trained and validated in one part; dates only where there is a time column.

    `groups` names the first of the `group_count` groups that validated, where none of them trained.
    """

    fold: str
    train_rows: int
    validation_rows: int
    train_start: str | None = None
    train_end: str | None = None
    validation_start: str | None = None
    validation_end: str | None = None
    groups: tuple[str, ...] | None = None
    group_count: int | None = None

    @model_serializer(mode="wrap")
    def _without_absent(self, write: Any) -> Any:
        dates = ("train_start", "train_end", "validation_start", "validation_end")
        return drop_absent(write(self), (*dates, "groups", "group_count"))


@dataclass(frozen=True, kw_only=True)
class SplitSummary:
    """How rows were divided: the strategy in words, its parameters, the rows of every part, and a picture.

    `marks` are places of the picture from 0 to 1 with a date or the name of a group; `left_out` says in sentences which
    rows neither trained nor validated.
    """

    strategy: str
    title: str
    sentence: str
    misleads: str
    parameters: Mapping[str, Setting | tuple[int, ...]] = field(default_factory=dict)
    folds: tuple[FoldRows, ...] = ()
    holdout: FoldRows | None = None
    picture: tuple[tuple[Stripe, ...], ...] = ()
    marks: tuple[tuple[float, str], ...] = ()
    left_out: str = ""


@dataclass(frozen=True, kw_only=True)
class MetricInfo:
    """A metric as a reader needs it."""

    id: str
    title: str
    unit: str
    in_target_units: bool
    greater_is_better: bool
    help: str


@dataclass(frozen=True, kw_only=True)
class BaselineScores:
    """A baseline and its scores on the same rows."""

    id: str
    title: str
    sentence: str
    scores: Scores


@dataclass(frozen=True, kw_only=True)
class VerdictInterval:
    """How much better the model is than one baseline on all rows that judged, above zero where it is better.

    `state` is "beats", "undecided", "loses" or "no_baseline", `low` and `high` bound the interval of `level`, and
    `probability` is that of a difference above zero; they are None where too little can be resampled. `resampled` says
    what was drawn: "row", "block" or "group", of which there are `units`.
    """

    state: str
    against: str
    metric: str
    difference: float | None
    low: float | None
    high: float | None
    probability: float | None
    level: float
    rows: int
    cuts: int
    resampled: str | None
    units: int
    block_length: int | None


@dataclass(frozen=True, kw_only=True)
class ColumnCount:
    """In how many parts the rules chose a column."""

    column: str
    folds: int


@dataclass(frozen=True, kw_only=True)
class PartChoice:
    """The columns that the rules chose in one part; their names are None where they are too many to be told."""

    part: str
    count: int
    columns: tuple[str, ...] | None


@dataclass(frozen=True, kw_only=True)
class SelectionSummary:
    """What rules of the config chose among `candidates` columns in `fits` parts: the folds, and the hold-out."""

    rules: tuple[str, ...]
    candidates: int
    fits: int
    columns: tuple[ColumnCount, ...]
    parts: tuple[PartChoice, ...]


@dataclass(frozen=True, kw_only=True)
class Headline:
    """Whether the model beats its strongest baseline, on which rows, by how much, and how sure that is.

    `verdict` is "beats", "undecided", "loses" or "no_baseline"; reports from before intervals say "does_not_beat".
    `beats` is true for the first alone, and all that reports from before verdicts know. `interval` is None in these.
    `purpose` says what the model is for, None where its config does not.
    """

    beats: bool
    verdict: str = ""
    metric: str
    score: float | None
    baseline_id: str
    baseline_title: str
    baseline_score: float | None
    basis: Literal["holdout", "folds"]
    rows: int
    cuts: int | None = None
    interval: VerdictInterval | None = None
    purpose: str | None = None
    sentence: str
    detail: str

    @model_serializer(mode="wrap")
    def _without_absent(self, write: Any) -> Any:
        return drop_absent(write(self), ("interval", "cuts", "purpose"))

    def to_json(self) -> JsonObject:
        """Return it as it is stored."""
        return to_json(self)

    @classmethod
    def from_json(cls, values: object) -> Headline:
        """Read a stored headline; ValueError where it is none."""
        return from_json(cls, values)


@dataclass(frozen=True, kw_only=True)
class FeatureSummary:
    """What was trained on."""

    used: tuple[str, ...]
    derived: tuple[str, ...] = ()
    rows_used: int = 0
    rows_dropped: int = 0
    dropped_reason: str = ""
    selection: SelectionSummary | None = None

    @model_serializer(mode="wrap")
    def _without_absent(self, write: Any) -> Any:
        return drop_absent(write(self), ("selection",))


@dataclass(frozen=True, kw_only=True)
class TrainingTiming:
    """Seconds on the wall, in all, fitting and of that searching; `work` are seconds of the processor by part."""

    seconds_total: float
    seconds_fit: float = 0.0
    seconds_search: float = 0.0
    work_total: float = 0.0
    work: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class EnvironmentInfo:
    """Python, platform and the releases of libraries, for the record."""

    python: str
    platform: str
    cpus: int
    packages: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class GapScore:
    """How well gaps of some lengths, in steps, are filled, and how well a straight line across them does it."""

    shortest: int
    longest: int
    rows: int
    rmse: float
    baseline_rmse: float


@dataclass(frozen=True, kw_only=True)
class GapSummary:
    """Gaps by length; how many missing values were filled, and how many are left open at an end of the record."""

    lengths: tuple[GapScore, ...]
    filled: int = 0
    open: int = 0


@dataclass(frozen=True, kw_only=True)
class LaunchWarning:
    """A warning that stood open at the launch."""

    step: str
    code: str
    message: str


@dataclass(frozen=True, kw_only=True)
class OpenQuestion:
    """A question that stood open at the launch: an unheeded warning, or an unanswered question."""

    step: str
    code: str
    message: str
    severity: str = "warning"


@dataclass(frozen=True, kw_only=True)
class Report:
    """The report. `leakage` maps a column to what was answered when it was asked about.

    `open_questions` is all that stood open at the launch, in the words of that moment, and `warnings` what of it was
    one. It is None in reports from before it was kept, and empty where nothing stood open.
    `resolved` is what was worked out, as `resolved.document` describes it; None in reports from before it was kept.
    `contest` tells of all candidates where several competed; everything else is then about the winner.
    """

    schema: int = SCHEMA
    task: ReportedTask
    split: SplitSummary
    metrics: tuple[MetricInfo, ...]
    primary: str
    scores: Scores
    baselines: tuple[BaselineScores, ...]
    headline: Headline
    verdict: VerdictInterval | None = None
    charts: ChartSeries
    features: FeatureSummary
    leakage: Mapping[str, str] = field(default_factory=dict)
    tuning: TuningSummary | None = None
    timing: TrainingTiming
    memory_mb: float
    environment: EnvironmentInfo
    notes: tuple[str, ...] = ()
    warnings: tuple[LaunchWarning, ...] = ()
    gaps: GapSummary | None = None
    resolved: JsonObject | None = None
    open_questions: tuple[OpenQuestion, ...] | None = None
    contest: ContestSummary | None = None

    @property
    def unanswered(self) -> tuple[OpenQuestion, ...]:
        """What stood open at the launch without being a warning."""
        return tuple(question for question in self.open_questions or () if question.severity != "warning")

    @model_serializer(mode="wrap")
    def _without_absent(self, write: Any) -> Any:
        return drop_absent(write(self), ("verdict", "open_questions", "gaps", "resolved", "contest"))

    @property
    def baseline(self) -> BaselineScores:
        """The strongest baseline, of which the headline speaks."""
        return next(entry for entry in self.baselines if entry.id == self.headline.baseline_id)

    def to_json(self) -> JsonObject:
        """Return it as it is stored."""
        return to_json(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Report:
        """Read a stored report of any version.

        Raises
        ------
        ValueError
            If it is no report.
        """
        return from_json(cls, _add_target_unit(values))


def _add_target_unit(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Add the unit of the target to a report from before it was kept: the target's name may tell it."""
    task = values.get("task")
    if not isinstance(task, Mapping) or "unit" in task:
        return values
    unit = "" if task.get("labels") else unit_of(str(task.get("target")))
    metrics = [{**entry, "unit": unit if entry["in_target_units"] else entry["unit"]} for entry in values["metrics"]]
    return {**values, "task": {**task, "unit": unit}, "metrics": metrics}
