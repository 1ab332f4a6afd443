"""Suggested derived features, chosen by what is known at prediction time, with reasons."""

from __future__ import annotations

from app.domain.analysis.profiling.series import mixes_series
from app.domain.experiment import RecipeJson
from app.domain.hydrology.naming import is_rain
from app.domain.json_values import JsonObject
from app.domain.recommendation.features import FeatureContext
from app.domain.recommendation.gaps import suggest_gap_recipes
from app.domain.recommendation.memory_set import DAY_SECONDS, build_memory_set, fitting_windows
from app.domain.recommendation.sparse_records import lags_are_mostly_empty, last_known_recipe
from app.domain.text.words import join_words, pluralise
from app.domain.training.preprocessing.knowledge import driver_cutoff, horizon_of, target_cutoff
from app.domain.vocabulary import Purpose, TaskKind

# How a sentence names the day of the year among what is suggested.
SEASON = "the season"
# The target's last values that are known, one by one, and its means over a week and a month that end there.
TARGET_LAGS, TARGET_DAYS = 5, (7, 30)


def suggest_transforms(context: FeatureContext, selected: list[str]) -> tuple[list[RecipeJson], str]:
    """Return derived-feature recipes for a series in time, and why; nothing where time does not order the rows.

    Parameters
    ----------
    context
        The dataset and what the model is for: of the target, only a forecast is given earlier values.
    selected
        The measured columns that the model looks at.
    """
    axis = context.profile.time_axis
    if context.purpose is Purpose.NEW_ROWS:
        return [], "Each new row is predicted from its own columns, so nothing looks back."
    if not context.time_column or context.task is not TaskKind.REGRESSION or axis is None:
        return [], "Derived features need a time column and a number to predict."
    mixed = mixes_series(context.profile.rows, axis.duplicates) and not context.group_column
    if axis.column != context.time_column or mixed:
        return [], "The dates repeat, so earlier values cannot be told apart."
    if context.purpose is Purpose.FILL_GAPS:
        return suggest_gap_recipes(context, selected)
    if context.purpose is None:
        return _recipes_without_purpose(context, selected)
    return _memory_recipes(context, selected)


def _memory_recipes(context: FeatureContext, selected: list[str]) -> tuple[list[RecipeJson], str]:
    """Return the memory of the drivers as one set, in a forecast that of the target too, and the season."""
    recipes: list[RecipeJson] = []
    words = []
    cutoff = target_cutoff(context)
    if cutoff is not None:
        recipe, word = _target_recipe(context, [cutoff + step for step in range(TARGET_LAGS)])
        recipes.append(recipe)
        words.append(word)
        if recipe["kind"] == "lag":
            windows = _target_windows(context)
            parameters: JsonObject = {"windows": [*windows]}
            recipes += (
                [{"columns": [context.target], "kind": "window_means", "parameters": parameters}] if windows else []
            )
    memory_set = build_memory_set(
        context.profile,
        target=context.target,
        time_column=context.time_column,
        group_column=context.group_column,
        selected=selected,
        cutoff=driver_cutoff(context),
    )
    if memory_set is not None:
        recipes += memory_set.recipes
        words.append(memory_set.sentence())
    if _has_season(context):
        recipes.append({"columns": [], "kind": "date_parts", "parameters": {"parts": ["doy_cyclic"]}})
        words.append(SEASON)
    return recipes, _why_transforms(context, words)


def _recipes_without_purpose(context: FeatureContext, selected: list[str]) -> tuple[list[RecipeJson], str]:
    """Suggest recipes for a config without a purpose, as before purposes existed."""
    recipe, word = _target_recipe(context, [1, 2, 3])
    recipes, words = [recipe], [word]
    rain = [name for name in selected if is_rain(name)][:3]
    if rain:
        recipes.append({"columns": rain, "kind": "lag", "parameters": {"steps": [1, 2, 3]}})
        recipes.append({"columns": rain, "kind": "rolling_sum", "parameters": {"window": 7}})
        recipes.append({"columns": rain, "kind": "rolling_sum", "parameters": {"window": 30}})
        words.append("earlier rain and its sums over 7 and 30 steps")
    if _has_season(context):
        recipes.append({"columns": [], "kind": "date_parts", "parameters": {"parts": ["doy_cyclic"]}})
        words.append(SEASON)
    return recipes, _why_transforms(context, words)


def _target_windows(context: FeatureContext) -> list[int]:
    """Return the windows over which the target's means are suggested, in steps that the record is long enough for."""
    axis = context.profile.time_axis
    step_days = axis.step_seconds / DAY_SECONDS if axis is not None and axis.step_seconds > 0 else 1.0
    fitting = fitting_windows(context.profile, step_days=step_days, group_column=context.group_column)
    steps = {round(days / step_days) for days in TARGET_DAYS}
    return sorted(step for step in steps if 2 <= step <= max(fitting, default=0))


def _has_season(context: FeatureContext) -> bool:
    """Return whether steps are neither so short nor so long that the day of the year tells nothing."""
    axis = context.profile.time_axis
    return axis is not None and 3600 <= axis.step_seconds <= 32 * 86_400


def _target_recipe(context: FeatureContext, steps: list[int]) -> tuple[RecipeJson, str]:
    """Return the recipe suggested for the target's earlier values, and how a sentence names it."""
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
    remembered = join_words(words)
    if context.purpose is None:
        return f"A series remembers: {listed}. They assume that the target of the step before is known."
    if context.purpose is Purpose.FORECAST:
        if context.drivers_known_ahead:
            return f"Memory of the drivers and the target: {remembered}. Drivers of the steps ahead are known."
        ahead = pluralise(horizon_of(context), "step")
        return f"Memory of the drivers and the target: {remembered}. Drivers enter as they were {ahead} before."
    if words == [SEASON]:
        return "No driver was recognised, so only the season is added. No earlier value of the target is used."
    return f"Memory of the drivers: {remembered}. No earlier value of the target is used."
