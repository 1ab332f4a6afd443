"""Which columns the model may look at, each with the reason; and which derived features are worth having."""

from __future__ import annotations

from dataclasses import dataclass, field

from app.domain.analysis.profiling.profile import Associations, ColumnProfile, DatasetProfile
from app.domain.analysis.profiling.series import mixes_series
from app.domain.experiment import RecipeJson
from app.domain.hydrology.naming import is_rain
from app.domain.recommendation.answers import AnswerReader
from app.domain.recommendation.sparse_records import lags_are_mostly_empty, last_known_recipe
from app.domain.text.words import join_words, pluralise
from app.domain.training.preprocessing.knowledge import driver_cutoff, horizon_of, steps_before, target_cutoff
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
    reasons = [f"{100 * column.missing / rows:.1f} % missing; filled in inside each fold."] if column.missing else []
    late = steps_before(context, column.name)
    reasons += [f"Taken as it was {pluralise(late, 'step')} before."] if late else []
    return True, " ".join(reasons)


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
    if column.flag_of:
        return f"Quality flags of {column.flag_of}: they tell how it was measured, and may tell where it is missing."
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


def read_leak_answers(reader: AnswerReader, profile: DatasetProfile) -> dict[str, str]:
    """Return the answers to "would you know this at prediction time?", by column."""
    answers = {}
    for column in profile.columns:
        field = f"leak.{column.key}"
        raw = reader.raw("features", field)
        if raw in (KNOWN, NOT_KNOWN):
            answers[column.name] = str(raw)
        elif raw not in (None, ""):
            reader.misread("features", field)
    return answers


def why_not_derived(context: FeatureContext) -> str:
    """Return why no features are derived for a series in time, "" where they can be."""
    axis = context.profile.time_axis
    if context.purpose is Purpose.NEW_ROWS:
        return "Each new row is predicted from its own columns, so nothing looks back."
    if not context.time_column or context.task is not TaskKind.REGRESSION or axis is None:
        return "Derived features need a time column and a number to predict."
    mixed = mixes_series(context.profile.rows, axis.duplicates) and not context.group_column
    if axis.column != context.time_column or mixed:
        return "The dates repeat, so earlier values cannot be told apart."
    return ""


def suggest_transforms(context: FeatureContext, selected: list[str]) -> tuple[list[RecipeJson], str]:
    """Return derived-feature recipes for a series in time, and why; nothing where time does not order the rows.

    Parameters
    ----------
    context
        The dataset and what the model is for: of the target, only a forecast is given earlier values.
    selected
        The measured columns that the model looks at.
    """
    axis, reason = context.profile.time_axis, why_not_derived(context)
    if reason or axis is None:
        return [], reason
    recipes: list[RecipeJson] = []
    words = []
    target_steps, rain_steps = _steps_known(context)
    if target_steps:
        recipe, word = _target_recipe(context, target_steps)
        recipes.append(recipe)
        words.append(word)
    rain = [name for name in selected if is_rain(name)][:3]
    if rain:
        recipes.append({"columns": rain, "kind": "lag", "parameters": {"steps": rain_steps}})
        recipes.append({"columns": rain, "kind": "rolling_sum", "parameters": {"window": 7}})
        recipes.append({"columns": rain, "kind": "rolling_sum", "parameters": {"window": 30}})
        words.append("earlier rain and its sums over 7 and 30 steps")
    if 3600 <= axis.step_seconds <= 32 * 86_400:
        recipes.append({"columns": [], "kind": "date_parts", "parameters": {"parts": ["doy_cyclic"]}})
        words.append("the season")
    return recipes, _why_transforms(context, words)


def _steps_known(context: FeatureContext) -> tuple[list[int], list[int]]:
    """Return which earlier steps of the target and of rain are suggested: the nearest three that are known in time.

    Rain of the nearest known step is a feature already, as the column itself.
    """
    target, drivers = target_cutoff(context), driver_cutoff(context)
    return [] if target is None else [target + step for step in range(3)], [drivers + step for step in (1, 2, 3)]


def _target_recipe(context: FeatureContext, steps: list[int]) -> tuple[RecipeJson, str]:
    """Return what is suggested of the target's earlier values, and how a sentence names it."""
    if context.purpose is not None and lags_are_mostly_empty(context.profile, context.target):
        return last_known_recipe(context.profile, context.target), "the last known value of the target and its age"
    recipe: RecipeJson = {"columns": [context.target], "kind": "lag", "parameters": {"steps": steps}}
    if context.purpose is None:
        return recipe, "the last three values of the target"
    return recipe, f"the target {join_words([f'{step:,}' for step in steps])} steps before"


def _why_transforms(context: FeatureContext, words: list[str]) -> str:
    """Return why these features are suggested, and what they take for known."""
    if not words:
        return "No column of rain was found to look back on."
    listed = ", and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
    if context.purpose is None:
        return f"A series remembers: {listed}. They assume that the target of the step before is known."
    if context.purpose is Purpose.FORECAST:
        if context.drivers_known_ahead:
            return f"A series remembers: {listed}. Drivers of the steps ahead are known."
        ahead = pluralise(horizon_of(context), "step")
        return f"A series remembers: {listed}. Drivers enter as they were {ahead} before."
    return f"Drivers act for a while: {listed}. No earlier value of the target is used."
