"""Which columns the model may look at, each with the reason; and which derived features are worth having."""

from __future__ import annotations

from dataclasses import dataclass, field

from app.domain.analysis.profiling.profile import Associations, ColumnProfile, DatasetProfile
from app.domain.analysis.profiling.series import mixes_series
from app.domain.experiment import RecipeJson
from app.domain.hydrology.naming import is_rain
from app.domain.vocabulary import ColumnKind, Purpose, TaskKind

KNOWN, NOT_KNOWN = "known", "not_known"
MAX_CATEGORIES = 50
MAX_MISSING = 0.95


@dataclass(frozen=True)
class FeatureContext:
    """What the suggestion may look at."""

    profile: DatasetProfile
    target: str
    task: TaskKind
    time_column: str
    group_column: str
    kinds: dict[str, ColumnKind]
    associations: Associations | None
    answers: dict[str, str] = field(default_factory=dict)
    purpose: Purpose | None = None
    horizon: int | None = None
    drivers_known_ahead: bool | None = None


def judge_column(context: FeatureContext, column: ColumnProfile) -> tuple[bool, str]:
    """Return whether a column is suggested as a feature, and why."""
    kind = context.kinds[column.name]
    rows = max(context.profile.rows, 1)
    left_out = _leave_out(context, column, kind, rows)
    if left_out:
        return False, left_out
    if column.missing:
        return True, f"{100 * column.missing / rows:.1f} % missing; filled in inside each fold."
    return True, ""


def _leave_out(context: FeatureContext, column: ColumnProfile, kind: ColumnKind, rows: int) -> str:
    if column.name == context.time_column:
        return "The time column orders the rows; derive the season from it instead."
    if column.name == context.group_column:
        return "The group column says which rows belong together."
    if column.missing >= rows:
        return "Every value is missing."
    if kind is ColumnKind.CONSTANT or column.distinct <= 1:
        return "Constant: it carries no information."
    if kind is ColumnKind.IDENTIFIER:
        return "Looks like a row ID; a model would only memorise rows."
    hindsight = _hindsight(context, column.name)
    if hindsight:
        return hindsight
    if kind is ColumnKind.TEXT:
        return "Free text is not used as a feature."
    if kind is ColumnKind.DATETIME:
        return "A date; derived features use the time column."
    if column.missing > MAX_MISSING * rows:
        return f"{100 * column.missing / rows:.0f} % of its values are missing."
    if kind is ColumnKind.CATEGORICAL and column.distinct > max(MAX_CATEGORIES, rows // 20):
        return f"{column.distinct:,} different words are too many to learn from."
    return ""


def _hindsight(context: FeatureContext, name: str) -> str:
    """Return why a column is left out that would not be known in time, or is likely not to be; else an empty text."""
    answer = context.answers.get(name)
    if answer == NOT_KNOWN:
        return "You said that it is not known at prediction time."
    leaks = context.associations.leaks_of(name) if context.associations else ()
    return leaks[0].evidence if answer != KNOWN and leaks and leaks[0].strong else ""


def suggest_transforms(context: FeatureContext, selected: list[str]) -> tuple[list[RecipeJson], str]:
    """Return derived-feature recipes for a series in time, and why; nothing where time does not order the rows."""
    axis = context.profile.time_axis
    if not context.time_column or context.task is not TaskKind.REGRESSION or axis is None:
        return [], "Derived features need a time column and a number to predict."
    mixed = mixes_series(context.profile.rows, axis.duplicates) and not context.group_column
    if axis.column != context.time_column or mixed:
        return [], "The dates repeat, so earlier values cannot be told apart."
    recipes: list[RecipeJson] = [
        {"columns": [context.target], "kind": "lag", "parameters": {"steps": [1, 2, 3]}},
    ]
    rain = [name for name in selected if is_rain(name)][:3]
    if rain:
        recipes.append({"columns": rain, "kind": "lag", "parameters": {"steps": [1, 2, 3]}})
        recipes.append({"columns": rain, "kind": "rolling_sum", "parameters": {"window": 7}})
        recipes.append({"columns": rain, "kind": "rolling_sum", "parameters": {"window": 30}})
    words = ["the last three values of the target"]
    words += ["earlier rain and its sums over 7 and 30 steps"] if rain else []
    if 3600 <= axis.step_seconds <= 32 * 86_400:
        recipes.append({"columns": [], "kind": "date_parts", "parameters": {"parts": ["doy_cyclic"]}})
        words.append("the season")
    said = ", and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
    return recipes, f"A series remembers: {said}. They assume that the target of the step before is known."
