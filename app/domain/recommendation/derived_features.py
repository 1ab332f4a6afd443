"""Which derived features are worth having, by what is known when the model is used, and why."""

from __future__ import annotations

from app.domain.analysis.profiling.series import mixes_series
from app.domain.experiment import RecipeJson
from app.domain.hydrology.naming import is_rain
from app.domain.recommendation.features import FeatureContext
from app.domain.recommendation.gaps import suggest_gap_recipes
from app.domain.recommendation.sparse_records import lags_are_mostly_empty, last_known_recipe
from app.domain.text.words import join_words, pluralise
from app.domain.training.preprocessing.knowledge import driver_cutoff, horizon_of, target_cutoff
from app.domain.vocabulary import Purpose, TaskKind

# How a sentence names the day of the year among what is suggested.
SEASON = "the season"


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
        words.append(SEASON)
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
    if words == [SEASON]:
        return "No column of rain was found, so only the season is added. No earlier value of the target is used."
    return f"Drivers act for a while: {listed}. No earlier value of the target is used."
