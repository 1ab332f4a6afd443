"""Suggested derived features for filling gaps: past drivers over days and months."""

from __future__ import annotations

from collections.abc import Sequence

from app.domain.experiment import RecipeJson
from app.domain.hydrology.drivers import DriverRole, columns_of_role
from app.domain.recommendation.features import FeatureContext
from app.domain.text.words import join_words
from app.domain.vocabulary import ColumnKind

# From the quick response of a stream to the slow one of groundwater, in steps.
WINDOWS = (3, 10, 30, 90)
# More drivers repeat one another, and each of them becomes as many columns as there are windows.
MAX_DRIVERS = 10
# Weights by which yesterday's wetness counts today: half of it is gone after 3, 7, 14 and 34 steps.
DECAYS = (0.8, 0.9, 0.95, 0.98)


def suggest_gap_recipes(context: FeatureContext, selected: Sequence[str]) -> tuple[list[RecipeJson], str]:
    """Return the recipes that are suggested where gaps are filled, and why.

    Parameters
    ----------
    context
        The dataset and its goal; time must order the rows.
    selected
        The columns that the model may look at.
    """
    axis = context.profile.time_axis
    drivers = _varying_numbers(context, selected)
    rain = columns_of_role(context.profile, DriverRole.RAIN, drivers)[:3]
    recipes: list[RecipeJson] = []
    if rain:
        recipes.append({"columns": rain, "kind": "lag", "parameters": {"steps": [1, 2, 3]}})
    if drivers:
        recipes += [
            {"columns": drivers, "kind": "rolling_mean", "parameters": {"window": window}} for window in WINDOWS
        ]
    if rain:
        recipes += [
            {"columns": rain, "kind": "antecedent_precipitation", "parameters": {"decay": decay}} for decay in DECAYS
        ]
    if axis is not None and 3600 <= axis.step_seconds <= 32 * 86_400:
        recipes.append({"columns": [], "kind": "date_parts", "parameters": {"parts": ["doy_cyclic"]}})
    if not drivers:
        return recipes, "Without drivers, only the values around a gap and the season tell what happened in it."
    windows = join_words([str(window) for window in WINDOWS])
    return recipes, f"A record follows its drivers: their means over {windows} steps. No value inside a gap is used."


def _varying_numbers(context: FeatureContext, selected: Sequence[str]) -> list[str]:
    """Return the selected columns of numbers that vary in time, rain first."""
    numbers = [
        name
        for name in selected
        if context.kinds[name].is_number and context.kinds[name] is not ColumnKind.CONSTANT and name != context.target
    ]
    rain = set(columns_of_role(context.profile, DriverRole.RAIN, numbers))
    return sorted(numbers, key=lambda name: name not in rain)[:MAX_DRIVERS]
