"""Enums of the field's terms. Their values are wire values in configs, tables and URLs."""

from __future__ import annotations

from enum import StrEnum


class TaskKind(StrEnum):
    """What kind of answer the target asks for."""

    BINARY = "binary"
    MULTICLASS = "multiclass"
    REGRESSION = "regression"

    @property
    def is_classification(self) -> bool:
        """Return whether the target is a class rather than a number."""
        return self is not TaskKind.REGRESSION


class Purpose(StrEnum):
    """What a model is for: which values of target and drivers are known when it is used."""

    SIMULATE = "simulate"
    FORECAST = "forecast"
    FILL_GAPS = "fill_gaps"
    UNGAUGED = "ungauged"
    NEW_ROWS = "new_rows"


class ColumnKind(StrEnum):
    """What a column holds, as far as modelling is concerned."""

    NUMERIC = "numeric"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    CATEGORICAL = "categorical"
    DATETIME = "datetime"
    TEXT = "text"
    IDENTIFIER = "identifier"
    CONSTANT = "constant"

    @property
    def is_number(self) -> bool:
        """Return whether arithmetic on the values means something."""
        return self in (ColumnKind.NUMERIC, ColumnKind.INTEGER)


class Severity(StrEnum):
    """How much a problem or finding matters: an error stops the launch."""

    ERROR = "error"
    WARNING = "warning"
    NOTICE = "notice"


class SplitStrategy(StrEnum):
    """How rows are divided into those that train and those that judge."""

    HOLDOUT = "holdout"
    K_FOLD = "k_fold"
    STRATIFIED_K_FOLD = "stratified_k_fold"
    REPEATED_K_FOLD = "repeated_k_fold"
    GROUP_K_FOLD = "group_k_fold"
    LEAVE_ONE_GROUP_OUT = "leave_one_group_out"
    TIME_SERIES = "time_series"
    MASKED_BLOCKS = "masked_blocks"
    GROUP_TIME_SERIES = "group_time_series"


class Level(StrEnum):
    """Who needs to see a hyperparameter."""

    BASIC = "basic"
    ADVANCED = "advanced"
    EXPERT = "expert"


class Role(StrEnum):
    """What an account may do."""

    MEMBER = "member"
    ADMIN = "admin"


class Scope(StrEnum):
    """What a token for programs may do."""

    READ = "read"
    WRITE = "write"


class TemplateVisibility(StrEnum):
    """Who sees an experiment template beside its owner and administrators."""

    PRIVATE = "private"
    PEOPLE = "people"
    EVERYONE = "everyone"


class DatasetState(StrEnum):
    """The life of a dataset."""

    RECEIVING = "receiving"
    READING = "reading"
    READY = "ready"
    FAILED = "failed"


class RunState(StrEnum):
    """The life of an experiment and of a job."""

    QUEUED = "queued"
    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        """Return whether nothing more will happen."""
        return self in (RunState.FINISHED, RunState.FAILED, RunState.CANCELLED)


class JobKind(StrEnum):
    """What a worker can be asked to do."""

    ANALYSE = "analyse"
    ASSOCIATE = "associate"
    CALIBRATE = "calibrate"
    COMPARE_SPLITS = "compare_splits"
    CORRELATE = "correlate"
    MEASURE_MEMORY = "measure_memory"
    RANK = "rank"
    RANK_DERIVED = "rank_derived"
    RECOMMEND = "recommend"
    TRAIN = "train"
