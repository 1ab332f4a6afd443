"""The requirements of a template: derived from its config, described in words, and editable."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from enum import StrEnum

from app.domain.analysis.profiling.profile import ColumnProfile, DatasetProfile
from app.domain.experiment_templates.column_words import read_name
from app.domain.experiment_templates.template_config import TemplateConfig, named_columns, recipe_columns
from app.domain.json_values import JsonObject, from_json, to_json
from app.domain.purpose_words import get_entry
from app.domain.text.words import join_words, pluralise
from app.domain.training.validation import splitting
from app.domain.vocabulary import ColumnKind, Purpose, SplitStrategy, TaskKind

# So many rows for each fold and one more stretch to train on: fewer say nothing.
ROWS_PER_FOLD = 10
MIN_ROWS = 30
# More of anything is asked for by no config that anybody can use.
MAX_NUMBER = 1_000_000
# Of a template with more features than this, no single one is needed unless a recipe works on it.
FEW_FEATURES = 12
DRIVERS = ("rain", "temperature", "evaporation", "snow", "radiation", "humidity", "vapour", "pressure", "wind", "flow")


class NeedRole(StrEnum):
    """What a column is to a template."""

    TARGET = "target"
    TIME = "time"
    GROUP = "group"
    FEATURE = "feature"


ROLE_WORDS = {
    NeedRole.TARGET: "the target",
    NeedRole.TIME: "the time column",
    NeedRole.GROUP: "the group column",
    NeedRole.FEATURE: "a feature",
}


@dataclass(frozen=True)
class ColumnNeed:
    """One column that a template names.

    `meaning` is what was measured ("rain", "temperature"), "" where the name does not tell. `kind` is None where any
    kind will do. `quantiles` are those of the column it was made on, at 5, 25, 50, 75 and 95 %, and `spread` its
    standard deviation; both say nothing about what is allowed, and help to find the same column under another name.
    """

    name: str
    role: NeedRole
    meaning: str = ""
    kind: ColumnKind | None = None
    unit: str = ""
    needed: bool = True
    quantiles: tuple[float, ...] = ()
    mean: float | None = None
    spread: float | None = None


@dataclass(frozen=True)
class Requirements:
    """What a dataset must have for a template to be used on it.

    `step_seconds` is the step of the series it was made for, None where any will do; another step is a warning.
    `min_groups` is 0 where no groups are needed. `task` and `purpose` are None where any will do.
    """

    task: TaskKind | None = None
    purpose: Purpose | None = None
    columns: tuple[ColumnNeed, ...] = ()
    needs_time: bool = False
    step_seconds: float | None = None
    min_rows: int = MIN_ROWS
    min_groups: int = 0
    min_features: int = 1
    edited: tuple[str, ...] = field(default=())

    def to_json(self) -> JsonObject:
        """Return plain JSON values."""
        return to_json(self)

    @staticmethod
    def from_json(values: object) -> Requirements:
        """Return requirements as they were stored; ValueError where they cannot be read."""
        return from_json(Requirements, values)

    def need_of(self, role: NeedRole) -> ColumnNeed | None:
        """Return the column that has a role only one can have, or None."""
        return next((need for need in self.columns if need.role is role), None)


def derive_requirements(
    config: TemplateConfig, profile: DatasetProfile | None = None, before: Requirements | None = None
) -> Requirements:
    """Derive the requirements of a config: columns, time, groups and rows.

    Parameters
    ----------
    config
        The config of a template.
    profile
        The dataset it was made on, where it is known: it tells kinds, units, the step and how values lie.
    before
        The requirements of the version before. What was told of a column by its dataset is kept, and so is what was
        edited (`edited` names it).

    Returns
    -------
    Requirements
        Derived anew, but for what somebody edited.
    """
    strategy = config.validation.strategy
    entry = None if strategy is None else splitting.get(strategy)
    known = {need.name: need for need in (before.columns if before else ())}
    essential = _essential_features(config)
    derived = Requirements(
        task=config.task.kind,
        purpose=config.task.purpose,
        columns=tuple(
            _column_need(name, config, profile, known.get(name), is_essential=name in essential)
            for name in named_columns(config)
        ),
        needs_time=_needs_time(config),
        step_seconds=_step_of(config, profile),
        min_rows=_least_rows(config),
        min_groups=_least_groups(config) if entry is not None and entry.needs_group else 0,
    )
    return derived if before is None else _keep_edits(derived, before, profile)


def _keep_edits(derived: Requirements, before: Requirements, profile: DatasetProfile | None) -> Requirements:
    """Return requirements with what somebody edited in the version before, and with columns that they added."""
    editable = {field.name for field in fields(Requirements)} - {"columns", "edited"}
    kept = {name: getattr(before, name) for name in before.edited if name in editable}
    if "columns" in before.edited:
        named = {need.name for need in derived.columns}
        derived = replace(
            derived, columns=(*derived.columns, *(column for column in before.columns if column.name not in named))
        )
    if derived.step_seconds is None and profile is None:
        kept.setdefault("step_seconds", before.step_seconds)
    return replace(derived, edited=before.edited, **kept)


def _role_of(name: str, config: TemplateConfig) -> NeedRole:
    task = config.task
    roles = {task.target: NeedRole.TARGET, task.time_column: NeedRole.TIME, task.group_column: NeedRole.GROUP}
    return roles.get(name, NeedRole.FEATURE)


def _column_need(
    name: str,
    config: TemplateConfig,
    profile: DatasetProfile | None,
    known: ColumnNeed | None,
    *,
    is_essential: bool,
) -> ColumnNeed:
    role, words = _role_of(name, config), read_name(name)
    column = profile.column(name) if profile is not None and profile.has(name) else None
    meaning = next((meaning for meaning in (*DRIVERS, "level") if meaning in words.meanings), "")
    need = ColumnNeed(
        name=name,
        role=role,
        meaning=meaning,
        kind=_kind_of(role, name, config, column),
        unit=column.unit if column is not None else words.unit,
        needed=role is not NeedRole.FEATURE or is_essential,
        quantiles=column.quantiles if column is not None else (),
        mean=column.mean if column is not None else None,
        spread=column.std if column is not None else None,
    )
    if known is None or column is not None:
        return need
    return replace(known, role=role, needed=known.needed if known.role is role else need.needed)


def _kind_of(role: NeedRole, name: str, config: TemplateConfig, column: ColumnProfile | None) -> ColumnKind | None:
    if name in config.data.column_kinds:
        return config.data.column_kinds[name]
    if column is not None:
        return column.kind
    if role is NeedRole.TIME:
        return ColumnKind.DATETIME
    is_number = role is NeedRole.TARGET and config.task.kind is TaskKind.REGRESSION
    return ColumnKind.NUMERIC if is_number else None


def _essential_features(config: TemplateConfig) -> frozenset[str]:
    """Return the features without which a template makes little sense: a recipe works on them, or there are few."""
    selected = config.features.selected or ()
    few = selected if len(selected) <= FEW_FEATURES else ()
    return frozenset(recipe_columns(config)) | {name for name in few if read_name(name).meanings & {"rain", "flow"}}


def _needs_time(config: TemplateConfig) -> bool:
    strategy, purpose = config.validation.strategy, config.task.purpose
    by_split = strategy is not None and splitting.get(strategy).needs_time
    return (
        by_split or purpose in (Purpose.SIMULATE, Purpose.FORECAST, Purpose.FILL_GAPS) or bool(config.task.time_column)
    )


def _step_of(config: TemplateConfig, profile: DatasetProfile | None) -> float | None:
    axis = profile.time_axis if profile is not None else None
    uses = axis is not None and axis.regular and axis.column == config.task.time_column
    return axis.step_seconds if axis is not None and uses else None


def _parameter_number(values: JsonObject, name: str, default: int) -> int:
    results = values.get(name, default)
    number = results if isinstance(results, int | float) and not isinstance(results, bool) else default
    return int(min(max(number, 0), MAX_NUMBER))


def _least_rows(config: TemplateConfig) -> int:
    validation = config.validation
    folds = _parameter_number(validation.parameters, "n_splits", 5)
    gap = _parameter_number(validation.parameters, "gap", 0)
    apart = folds * gap if validation.strategy is SplitStrategy.TIME_SERIES else 0
    return max(MIN_ROWS, (folds + 1) * ROWS_PER_FOLD + apart + (validation.warm_up or 0) + (config.task.horizon or 0))


def _least_groups(config: TemplateConfig) -> int:
    if config.validation.strategy is SplitStrategy.LEAVE_ONE_GROUP_OUT:
        return 3
    return max(2, _parameter_number(config.validation.parameters, "n_splits", 5))


TASKS = {
    TaskKind.REGRESSION: "a number to predict",
    TaskKind.BINARY: "a target of two classes",
    TaskKind.MULTICLASS: "a target of several classes",
}
STEPS = {3600.0: "an hourly step", 86_400.0: "a daily step", 604_800.0: "a weekly step"}


def needs_in_words(requirements: Requirements) -> tuple[str, ...]:
    """Return the requirements of a template as short phrases for its card.

    Parameters
    ----------
    requirements
        What it needs.

    Returns
    -------
    tuple of str
        Short phrases: the target, time and step, groups, drivers, rows.
    """
    results = [TASKS[requirements.task] if requirements.task else "a target"]
    if requirements.needs_time:
        results.append(STEPS.get(requirements.step_seconds or 0, "a time column"))
    if requirements.min_groups:
        results.append(f"at least {pluralise(requirements.min_groups, 'site or group', 'sites or groups')}")
    features = [need for need in requirements.columns if need.role is NeedRole.FEATURE and need.needed]
    named = dict.fromkeys(need.meaning or need.name for need in features)
    if named:
        results.append(join_words(list(named), most=4))
    results.append(f"at least {pluralise(requirements.min_rows, 'row')}")
    return tuple(results)


def purpose_words(requirements: Requirements) -> str:
    """Return the label of a template's purpose, "" where it has none."""
    return get_entry(requirements.purpose).label if requirements.purpose is not None else ""
