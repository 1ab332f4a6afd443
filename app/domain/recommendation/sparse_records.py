"""Records that are sparser than the time axis, such as weekly heads beside daily weather."""

from __future__ import annotations

from app.domain.analysis.profiling.profile import DatasetProfile
from app.domain.experiment import RecipeJson
from app.domain.training.preprocessing.recipe_parameters import MAX_LENGTH

# Where fewer than so many steps have a value, most of the steps just before one have none.
MIN_KNOWN_SHARE = 0.5
# A value that is so many usual waits old counts as missing.
WAITS = 5


def lags_are_mostly_empty(profile: DatasetProfile, column: str) -> bool:
    """Return whether most of the steps before a value of a column hold none.

    A column that is measured every second step, or more seldom, has no value one step before any of its values.

    Parameters
    ----------
    profile, column
        The dataset, and the column's name.
    """
    return profile.rows - profile.column(column).missing < MIN_KNOWN_SHARE * profile.rows


def last_known_recipe(profile: DatasetProfile, column: str) -> RecipeJson:
    """Return the recipe that stands in for lags which would be empty, with a window of some usual waits for a value."""
    known = max(profile.rows - profile.column(column).missing, 1)
    window = min(max(-(-WAITS * profile.rows // known), 1), MAX_LENGTH)
    return {"columns": [column], "kind": "last_known", "parameters": {"window": window}}
