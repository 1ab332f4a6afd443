"""Recipes with memory: means and sums over several windows, and exponential means."""

from __future__ import annotations

import math

from app.domain.training.preprocessing.recipe_parameters import ListParameter, RecipeValues
from app.domain.training.preprocessing.transform_entry import TransformEntry

MEMORY = "Memory"
DEFAULT_WINDOWS, DEFAULT_KEEPS = (3, 7, 30, 90, 365), (0.9, 0.97, 0.99)
# What is left of a value after the reach of an exponential memory: three of its mean ages later, one part in twenty.
LITTLE_LEFT = 0.05
_WINDOWS = ListParameter(
    "windows",
    "Windows",
    "windows",
    DEFAULT_WINDOWS,
    "In steps, such as 3, 7, 30, 365. Each ends at the row, or at the last step that is known.",
)


def exponential_reach(keep: float) -> int:
    """Return after how many steps little is left of a value."""
    return math.ceil(math.log(LITTLE_LEFT) / math.log(keep))


def _longest_window(values: RecipeValues) -> int:
    return int(max(values["windows"]))


MEMORY_RECIPES: tuple[TransformEntry, ...] = (
    TransformEntry(
        "window_means",
        "Means over windows",
        MEMORY,
        "The mean of each column over several windows. Use it for states that change slowly, from days to a year. "
        "Four in five values of a window must be known.",
        "before",
        (_WINDOWS,),
        looks_back=True,
        names=lambda column, values: [f"{column}_mean_{window}" for window in values["windows"]],
        memory=_longest_window,
        units=lambda units, values: [units[0]] * len(values["windows"]),
    ),
    TransformEntry(
        "window_sums",
        "Sums over windows",
        MEMORY,
        "The sum of each column over several windows. Use it for amounts that add up, as rain and melt do. "
        "Four in five values of a window must be known; the others count as their mean.",
        "before",
        (_WINDOWS,),
        looks_back=True,
        names=lambda column, values: [f"{column}_sum_{window}" for window in values["windows"]],
        memory=_longest_window,
        units=lambda units, values: [units[0]] * len(values["windows"]),
    ),
    TransformEntry(
        "exponential_memory",
        "Exponential memory",
        MEMORY,
        "The mean of all earlier values, which count less the older they are: M(t) = k M(t - 1) + (1 - k) x(t). Use it "
        "for stores that drain, as soil and groundwater. The mean age is k / (1 - k) steps: 9 for 0.9, 199 for 0.995.",
        "before",
        (
            ListParameter(
                "keeps",
                "Shares kept",
                "shares",
                DEFAULT_KEEPS,
                "Carried over to the next step, such as 0.8, 0.95, 0.995.",
            ),
        ),
        looks_back=True,
        names=lambda column, values: [f"{column}_memory_{keep:.6g}" for keep in values["keeps"]],
        memory=lambda values: exponential_reach(max(values["keeps"])),
        units=lambda units, values: [units[0]] * len(values["keeps"]),
        source="Brown (1959), Statistical Forecasting for Inventory Control.",
    ),
)
