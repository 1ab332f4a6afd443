"""Drafts, which may be incomplete, and specs, which are complete, frozen and versioned.

The Spec is the one schema of the config: pages, workers and programs all read and write it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, Self, TypeAlias, TypedDict

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    StrictBool,
    model_serializer,
    model_validator,
)
from pydantic_core import PydanticCustomError

from app.domain.json_values import JsonObject
from app.domain.text.dates import parse_date
from app.domain.vocabulary import ColumnKind, Purpose, SplitStrategy, TaskKind

SCHEMA_VERSION = 1
NAME_LENGTH = 200
MOST_RECIPES, MOST_METRICS = 200, 50
MAX_SELECTION_RULES = 20
MAX_HORIZON = 10_000
MAX_WARM_UP = 100_000
# So many candidates compete at most; a few more are read, so that a rule can say which way is out.
MIN_CANDIDATES, MAX_CANDIDATES, MOST_CANDIDATES_READ = 2, 12, 50


def _parse_number(raw: Any) -> Any:
    """Return a value as a number; a text that holds one, or true for 1, is refused."""
    if isinstance(raw, str | bool):
        raise PydanticCustomError("float_type", "not a number")
    return raw


def _number_alone(raw: Any) -> Any:
    """Return a number or nothing, so that of two types a misfit is told once."""
    if raw is not None and (isinstance(raw, bool) or not isinstance(raw, int | float)):
        raise PydanticCustomError("float_type", "not a number")
    return raw


def _whole_number(raw: Any) -> Any:
    if isinstance(raw, str | bool):
        raise PydanticCustomError("int_type", "not a whole number")
    return raw


def _parse_version(raw: Any) -> Any:
    if isinstance(raw, str | bool):
        raise PydanticCustomError("literal_error", "no version", {"expected": str(SCHEMA_VERSION)})
    return raw


def _parse_date(raw: str | None) -> str | None:
    """Refuse a text that is no date; the text is kept as it was written."""
    if raw is not None:
        try:
            parse_date(raw)
        except ValueError as fault:
            raise PydanticCustomError("date_invalid", "{sentence}", {"sentence": str(fault)}) from None
    return raw


def _parse_choice(raw: Any) -> Any:
    if not isinstance(raw, str | bool):
        raise PydanticCustomError("string_type", "neither a word nor yes or no")
    return raw


Whole = Annotated[int, BeforeValidator(_whole_number)]
WholeOrAmount = Annotated[int | float | None, BeforeValidator(_number_alone)]
# Raw answers of one step by field, as a form or a program sent them; of all steps, by step.
StepAnswers: TypeAlias = Mapping[str, Any]
Answers: TypeAlias = Mapping[str, StepAnswers]
ColumnName = Annotated[str, Field(min_length=1, max_length=1000)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DataPart(_Part):
    """The choices about the dataset itself."""

    column_kinds: dict[ColumnName, ColumnKind] = {}


class TaskPart(_Part):
    """What to predict, and what the model is for.

    A config from before there were purposes has none, and runs as it did. `horizon` is how many steps ahead a forecast
    looks (1 where it is not said), and `drivers_known_ahead` whether the other columns are known for those steps.
    """

    target: ColumnName
    kind: TaskKind
    time_column: ColumnName | None = None
    group_column: ColumnName | None = None
    purpose: Purpose | None = None
    horizon: Annotated[int | None, BeforeValidator(_whole_number)] = Field(default=None, ge=1, le=MAX_HORIZON)
    drivers_known_ahead: StrictBool | None = None

    @model_serializer(mode="wrap")
    def _as_before_purposes(self, write: SerializerFunctionWrapHandler) -> JsonObject:
        """Return a config without a purpose as it was before there were any."""
        later = ("purpose", "horizon", "drivers_known_ahead")
        return {name: value for name, value in write(self).items() if value is not None or name not in later}


class RecipeJson(TypedDict):
    """A recipe for features as a config holds it."""

    columns: list[str]
    kind: str
    parameters: dict[str, Any]


class TransformPart(_Part):
    """One derived-feature recipe; `kind` names an entry of the transform registry."""

    columns: list[ColumnName] = []
    kind: str
    parameters: dict[str, Any] = {}


class SelectionPart(_Part):
    """One rule that keeps some of the selected columns, learned anew from the training rows of every fold.

    `amount` is the number of columns that "keep_strongest" keeps; `threshold` belongs to "drop_correlated" (strength
    of a pair) and "drop_near_constant" (variance); `low` and `high` are the range of strengths of "keep_associated"
    and "drop_associated", which judge `columns` alone where some are named. What is absent has the default of the
    kind. `seed` draws the rows of a table too large to be measured whole; absent, it is that of the experiment.
    """

    kind: Literal["keep_strongest", "drop_correlated", "drop_near_constant", "keep_associated", "drop_associated"]
    amount: Annotated[int | None, BeforeValidator(_whole_number)] = Field(default=None, ge=1, le=20_000)
    threshold: Annotated[float | None, BeforeValidator(_parse_number)] = Field(default=None, gt=0, le=1)
    low: Annotated[float | None, BeforeValidator(_parse_number)] = Field(default=None, ge=0, le=1)
    high: Annotated[float | None, BeforeValidator(_parse_number)] = Field(default=None, ge=0, le=1)
    measure: Literal["association", "mutual_information"] = "association"
    columns: list[ColumnName] = []
    seed: Annotated[int | None, BeforeValidator(_whole_number)] = Field(default=None, ge=0, le=2**32 - 1)

    @model_serializer(mode="wrap")
    def _without_absent(self, write: SerializerFunctionWrapHandler) -> JsonObject:
        """Return the rule without what it does not say, so that it reads as it was written."""
        return {name: value for name, value in write(self).items() if value not in (None, [])}


class FeaturesPart(_Part):
    """The columns the model may look at, what is derived from them, and the rules that choose among them per fold."""

    selected: list[ColumnName]
    transforms: list[TransformPart] = Field(default=[], max_length=MOST_RECIPES)
    selection: list[SelectionPart] = Field(default=[], max_length=MAX_SELECTION_RULES)

    @model_serializer(mode="wrap")
    def _as_before_rules(self, write: SerializerFunctionWrapHandler) -> JsonObject:
        """Return a config without rules as it was before there were any."""
        json_object: JsonObject = write(self)
        return (
            json_object if self.selection else {name: part for name, part in json_object.items() if name != "selection"}
        )


class LeakagePart(_Part):
    """What was answered to "would you know this at prediction time?", column by column."""

    answers: dict[ColumnName, Literal["known", "not_known"]] = {}


class SpacePart(_Part):
    """The values that a search tries for one hyperparameter; what is missing follows the parameter's description.

    `fixed` keeps the value of the config, whatever else is said.
    """

    fixed: StrictBool = False
    low: WholeOrAmount = None
    high: WholeOrAmount = None
    log: StrictBool | None = None
    choices: list[Annotated[str | bool, BeforeValidator(_parse_choice)]] | None = None


class TuningPart(_Part):
    """The search for better hyperparameters, within the training rows of each fold.

    `metric` decides among trials, the primary one where it is None. `inner` is the number of folds within a fold.
    `space` maps parameters to where they are looked for.
    """

    enabled: StrictBool = False
    trials: Whole = Field(default=30, ge=1, le=10_000)
    metric: str | None = None
    sampler: Literal["tpe", "random", "qmc", "grid"] = "tpe"
    pruning: Literal["none", "median", "halving"] = "median"
    inner: Whole = Field(default=3, ge=2, le=10)
    space: dict[str, SpacePart] = {}


class CandidatePart(_Part):
    """One candidate of a contest: an estimator, its hyperparameters, and its search for better ones."""

    estimator: str
    parameters: dict[str, Any] = {}
    tuning: TuningPart = TuningPart()


class ModelPart(CandidatePart):
    """Which estimator learns, and its hyperparameters (those that differ from the registry's defaults, or all).

    With `candidates` several compete on the same folds, and `blend` lets their weighted average compete too. The other
    fields are then those of the first candidate, whatever a program sent, so that they never contradict the list.
    """

    candidates: list[CandidatePart] = Field(default=[], max_length=MOST_CANDIDATES_READ)
    blend: StrictBool = False

    @model_validator(mode="before")
    @classmethod
    def _as_first_candidate(cls, raw: Any) -> Any:
        """Fill the fields of one estimator from the first candidate."""
        listed = raw.get("candidates") if isinstance(raw, Mapping) else None
        first = listed[0] if isinstance(listed, list) and listed else None
        if isinstance(first, CandidatePart):
            first = first.model_dump()
        if not isinstance(first, Mapping) or "estimator" not in first:
            return raw
        kept = {name: value for name, value in raw.items() if name not in CandidatePart.model_fields}
        return {**{name: first[name] for name in CandidatePart.model_fields if name in first}, **kept}

    @model_serializer(mode="wrap")
    def _as_before_contests(self, write: SerializerFunctionWrapHandler) -> JsonObject:
        """Return a config of one estimator as it was before there were contests."""
        json_object: JsonObject = write(self)
        if self.candidates or self.blend:
            return json_object
        return {name: part for name, part in json_object.items() if name not in ("candidates", "blend")}


class HoldoutPart(_Part):
    """Rows kept away until the very last score: a share of them, or all from a date on.

    `from` and `to` are dates as "2006-10-01", with a time of day where one is needed; a day at the end is held out
    whole. Rows after `to` neither train nor validate.
    """

    fraction: Annotated[float | None, BeforeValidator(_number_alone)] = Field(default=None, gt=0, lt=0.9)
    from_date: Annotated[str | None, AfterValidator(_parse_date)] = Field(default=None, alias="from")
    to_date: Annotated[str | None, AfterValidator(_parse_date)] = Field(default=None, alias="to")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        """Refuse a share beside a date, and neither of both."""
        if (self.fraction is None) == (self.from_date is None):
            raise PydanticCustomError("holdout_unclear", "This must have either a fraction or a date from which")
        if self.fraction is not None and self.to_date is not None:
            raise PydanticCustomError("holdout_unclear", "A last date belongs to a first one")
        return self

    @model_serializer
    def _as_given(self) -> JsonObject:
        """Return the share alone, or the dates alone."""
        if self.fraction is not None:
            return {"fraction": self.fraction}
        return {"from": self.from_date, "to": self.to_date}


class ValidationPart(_Part):
    """Who trains and who judges.

    `warm_up` is how many steps at the start of each group's record neither train nor judge, since windows that look
    back are not full there.
    """

    strategy: SplitStrategy
    parameters: dict[str, Any] = {}
    holdout: HoldoutPart | None = None
    warm_up: Whole = Field(default=0, ge=0, le=MAX_WARM_UP)

    @model_serializer(mode="wrap")
    def _as_before_warm_up(self, write: SerializerFunctionWrapHandler) -> JsonObject:
        """Return a config without a warm-up as it was before there was any."""
        json_object: JsonObject = write(self)
        return json_object if self.warm_up else {name: part for name, part in json_object.items() if name != "warm_up"}


class MetricsPart(_Part):
    """What is measured; `primary` decides."""

    primary: str
    others: list[str] = Field(default=[], max_length=MOST_METRICS)


class ReproducibilityPart(_Part):
    """The seed every random act takes."""

    seed: Whole = Field(default=42, ge=0, le=2**32 - 1)


class Spec(_Part):
    """A complete, frozen experiment config. The JSON of this class is the config of the contract."""

    schema_version: Annotated[Literal[1], BeforeValidator(_parse_version)] = 1
    name: str = Field(default="", max_length=NAME_LENGTH)
    description: str = Field(default="", max_length=5000)
    tags: list[Annotated[str, Field(min_length=1, max_length=50)]] = Field(default=[], max_length=20)
    data: DataPart = DataPart()
    task: TaskPart
    features: FeaturesPart
    leakage: LeakagePart = LeakagePart()
    model: ModelPart
    validation: ValidationPart
    metrics: MetricsPart
    reproducibility: ReproducibilityPart = ReproducibilityPart()

    def to_json(self) -> JsonObject:
        """Return the config as plain JSON values."""
        return self.model_dump(mode="json")


def is_contest(spec: Spec) -> bool:
    """Return whether several candidates compete."""
    return bool(spec.model.candidates)


def candidates_of(spec: Spec) -> tuple[Spec, ...]:
    """Return the config of each candidate by itself; that of one estimator is its own only candidate."""
    parts = spec.model.candidates
    return tuple(with_model(spec, part) for part in parts) if parts else (spec,)


def with_model(spec: Spec, part: CandidatePart) -> Spec:
    """Return a config in which one candidate is the only estimator."""
    model = ModelPart(estimator=part.estimator, parameters=dict(part.parameters), tuning=part.tuning)
    return spec.model_copy(update={"model": model})


@dataclass(frozen=True)
class Draft:
    """The user's own answers, raw and possibly incomplete.

    `answers` maps step slug -> field name -> raw value. A field that is absent was never answered, so the
    suggestion holds. Field names equal form field names; values are what was typed, even when invalid.
    """

    answers: Answers = field(default_factory=dict)

    def get(self, step: str, name: str, default: Any = None) -> Any:
        """Return one raw answer, or `default` where the field was never answered."""
        return self.answers.get(step, {}).get(name, default)

    def has(self, step: str, name: str) -> bool:
        """Return whether the user answered this field."""
        return name in self.answers.get(step, {})
