"""The schema of `resolved`: rows, columns, steps, parameters and seeds of a training.

docs/resolved.md explains every field and each step of ours; whoever has the config and the data file needs nothing
else to repeat the experiment. A key that is absent is None.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import ConfigDict, Field, JsonValue, StrictBool, StrictInt, StrictStr, model_serializer

from app.domain.json_values import JsonObject, drop_absent, to_json

# Bounds of what is read from a config that somebody gives; what training writes stays far below them.
MAX_PARTS, MAX_COLUMNS, MAX_RUNS, MAX_STEPS = 500, 100_000, 200_000, 100
Rule: TypeAlias = Literal["groups", "dates", "groups_and_dates", "rest", "rows", "drawn"]
Name = Annotated[StrictStr, Field(max_length=2000)]
Digest = Annotated[StrictStr, Field(pattern=r"^[0-9a-f]{64}$")]
Count = Annotated[StrictInt, Field(ge=0, le=2**53)]
Number: TypeAlias = StrictInt | float
Names = Annotated[tuple[Name, ...], Field(max_length=MAX_COLUMNS)]
Run = tuple[Count, Count]
STRICT = ConfigDict(extra="forbid", allow_inf_nan=False)


def _absent_left_out(values: Any) -> Any:
    return drop_absent(values, tuple(values))


@dataclass(frozen=True, kw_only=True)
class RowSet:
    """Some rows of the table: how many, by which rule they are found, and the hash that proves them.

    `sha256` is that of the 1-based row numbers of the file, as decimal texts with a line feed between two of them, in
    the order of the table. `start` and `end` are the first and last time among the rows, both included.
    """

    __pydantic_config__ = STRICT

    count: Count
    sha256: Digest
    rule: Rule
    start: Name | None = None
    end: Name | None = None
    groups: Names | None = None
    runs: Annotated[tuple[Run, ...], Field(max_length=MAX_RUNS)] | None = None

    @model_serializer(mode="wrap")
    def _without_absent(self, write: Any) -> Any:
        return _absent_left_out(write(self))


@dataclass(frozen=True, kw_only=True)
class PipelineStep:
    """A step of scikit-learn, or one of ours (`hydroml.…`), with all its parameters; a parameter may be a step."""

    __pydantic_config__ = STRICT

    step: Name
    parameters: Mapping[Name, JsonValue]


@dataclass(frozen=True, kw_only=True)
class ColumnSteps:
    """Columns that share their steps, and these in order; the results of all of them stand side by side."""

    __pydantic_config__ = STRICT

    name: Name
    columns: Names
    steps: Annotated[tuple[PipelineStep, ...], Field(max_length=MAX_STEPS)]


@dataclass(frozen=True, kw_only=True)
class KeptFlags:
    """The flags in another column with which a value counts; with any other it is missing. "" is no flag."""

    __pydantic_config__ = STRICT

    flag: Name
    keep: Names


@dataclass(frozen=True, kw_only=True)
class CensoredValues:
    """What stands for values beyond a limit, which the column itself marks with a sign, or the column `flag`."""

    __pydantic_config__ = STRICT

    take: Literal["limit", "half", "missing"]
    flag: Name | None = None

    @model_serializer(mode="wrap")
    def _without_absent(self, write: Any) -> Any:
        return _absent_left_out(write(self))


@dataclass(frozen=True, kw_only=True)
class ResolvedColumn:
    """A column of the file that training reads: what it holds there, and as what it enters.

    A "number" stored as a word is not read as one. A "word" stored as a number is written as short as can be, a whole
    one without decimals. A "time" enters as days since 1970. A word of `missing` that is a number stands for it however
    it is written, and numbers beyond `missing_below` and `missing_above` are missing too. One that `marks` another is
    in no file: it holds the sign of each value beyond a limit there.
    """

    __pydantic_config__ = STRICT

    name: Name
    stored_as: Name
    read_as: Literal["number", "word", "time"]
    missing: Annotated[tuple[Name, ...], Field(max_length=MAX_COLUMNS)] | None = None
    missing_below: float | None = None
    missing_above: float | None = None
    time_form: Name | None = None
    joined_from: Names | None = None
    kept_flags: tuple[KeptFlags, ...] | None = None
    censored: CensoredValues | None = None
    marks: Name | None = None

    @model_serializer(mode="wrap")
    def _without_absent(self, write: Any) -> Any:
        return _absent_left_out(write(self))


@dataclass(frozen=True, kw_only=True)
class FileReading:
    """How the file was read, for whoever reads it with something else."""

    __pydantic_config__ = STRICT

    format: Name
    encoding: Name
    delimiter: Name
    quote: Name
    decimal: Name
    comment: Name
    first_line: Count
    header_lines: Count
    footer_lines: Count


@dataclass(frozen=True, kw_only=True)
class RowOrder:
    """The order of the rows: ascending by `by`, equal times in the order of the file; that order alone without it."""

    __pydantic_config__ = STRICT

    by: Name | None = None
    ties: Literal["file"] = "file"


@dataclass(frozen=True, kw_only=True)
class ResolvedTable:
    """The table that is divided: rows with a target (and a time), in order; `classes` in the order of their codes."""

    __pydantic_config__ = STRICT

    rows: Count
    sha256: Digest
    left_out: Count
    order: RowOrder
    target: Name
    columns: Annotated[tuple[ResolvedColumn, ...], Field(max_length=MAX_COLUMNS)]
    classes: Names | None = None
    reading: FileReading | None = None

    @model_serializer(mode="wrap")
    def _without_absent(self, write: Any) -> Any:
        return _absent_left_out(write(self))


@dataclass(frozen=True, kw_only=True)
class DerivedColumn:
    """One column derived before the rows are divided, by the rule `kind` of docs/resolved.md.

    It looks at `source`, or at all `sources` together, of which that is the first, and at nothing later than `offset`
    steps before the row; `inclusive` says that the row itself is looked at. Of a window of `window` steps,
    `minimum_known` values must be known. `by` says whether a step is a stretch of time (of `step_seconds`) or leads to
    the next moment that has a row; no step leads into another group.
    """

    __pydantic_config__ = STRICT

    name: Name
    kind: Name
    parameters: Mapping[Name, JsonValue]
    source: Name
    offset: Count
    inclusive: StrictBool
    by: Literal["time", "moment", "row"]
    window: Count | None = None
    minimum_known: Count | None = None
    step_seconds: Number | None = None
    group: Name | None = None
    sources: tuple[Name, ...] | None = None

    @model_serializer(mode="wrap")
    def _without_absent(self, write: Any) -> Any:
        return _absent_left_out(write(self))


@dataclass(frozen=True, kw_only=True)
class Knowledge:
    """How many steps before a row the last usable value lies: of the target, None for never, and of the drivers."""

    __pydantic_config__ = STRICT

    purpose: Name | None
    target_cutoff: Count | None
    driver_cutoff: Count


@dataclass(frozen=True, kw_only=True)
class ResolvedSplit:
    """How the rows are divided: the strategy with every parameter, and what draws rows where chance does.

    `development` are the rows that the folds share: neither held out, nor warm-up, nor after a last date.
    """

    __pydantic_config__ = STRICT

    strategy: Name
    parameters: Mapping[Name, JsonValue]
    development: RowSet
    holdout: Mapping[Name, JsonValue] | None = None
    warm_up: Count | None = None
    draw: PipelineStep | None = None
    holdout_draw: PipelineStep | None = None

    @model_serializer(mode="wrap")
    def _without_absent(self, write: Any) -> Any:
        return _absent_left_out(write(self))


@dataclass(frozen=True, kw_only=True)
class ResolvedPart:
    """One fold, or the hold-out: its rows, and what it has of its own.

    `chosen` are the columns that the rules of `selection` kept on its training rows. `settings` are what its search
    found, begun with `search_seed`. `prepare` and `estimator` stand here only where they are not those of all parts.
    """

    __pydantic_config__ = STRICT

    name: Name
    train: RowSet
    validation: RowSet
    search_seed: Count | None = None
    settings: Mapping[Name, JsonValue] | None = None
    chosen: Names | None = None
    prepare: Annotated[tuple[ColumnSteps, ...], Field(max_length=1000)] | None = None
    estimator: PipelineStep | None = None

    @model_serializer(mode="wrap")
    def _without_absent(self, write: Any) -> Any:
        return _absent_left_out(write(self))


@dataclass(frozen=True, kw_only=True)
class MemberPart:
    """What a member of a blend has of its own in one part; see `ResolvedPart`."""

    __pydantic_config__ = STRICT

    name: Name
    settings: Mapping[Name, JsonValue] | None = None
    prepare: Annotated[tuple[ColumnSteps, ...], Field(max_length=1000)] | None = None
    estimator: PipelineStep | None = None

    @model_serializer(mode="wrap")
    def _without_absent(self, write: Any) -> Any:
        return _absent_left_out(write(self))


@dataclass(frozen=True, kw_only=True)
class ResolvedMember:
    """A member of a blend: the number of its candidate in the config, its steps, and its share in each part.

    The shares of a fold were found on the other folds; those of the hold-out on all of them.
    """

    __pydantic_config__ = STRICT

    candidate: Count
    weights: Mapping[Name, Number]
    prepare: Annotated[tuple[ColumnSteps, ...], Field(max_length=1000)]
    estimator: PipelineStep
    filling: PipelineStep | None = None
    parts: Annotated[tuple[MemberPart, ...], Field(max_length=MAX_PARTS)] = ()

    @model_serializer(mode="wrap")
    def _without_absent(self, write: Any) -> Any:
        return drop_absent(write(self), ("filling",))


@dataclass(frozen=True, kw_only=True)
class Resolved:
    """All that a training worked out. `prepare` and `estimator` are those of every part that names no other.

    `filling` says how gaps are filled, where that is what the model is for. Of a contest, `candidate` is the number of
    the one that is described: the winner, or the largest member of a blend, whose `members` are then all described.
    """

    __pydantic_config__ = STRICT

    schema: Literal[1] = 1
    table: ResolvedTable
    knowledge: Knowledge
    derived: Annotated[tuple[DerivedColumn, ...], Field(max_length=MAX_COLUMNS)]
    selection: Annotated[tuple[Mapping[Name, JsonValue], ...], Field(max_length=100)] = ()
    split: ResolvedSplit
    prepare: Annotated[tuple[ColumnSteps, ...], Field(max_length=1000)]
    estimator: PipelineStep
    filling: PipelineStep | None = None
    parts: Annotated[tuple[ResolvedPart, ...], Field(max_length=MAX_PARTS)]
    seed: Count
    versions: Mapping[Name, Name] = field(default_factory=dict)
    candidate: Count | None = None
    members: Annotated[tuple[ResolvedMember, ...], Field(max_length=MAX_PARTS)] | None = None

    @model_serializer(mode="wrap")
    def _without_absent(self, write: Any) -> Any:
        return drop_absent(write(self), ("filling", "candidate", "members"))

    def to_json(self) -> JsonObject:
        """Return it as it stands in a config."""
        return to_json(self)
