"""The suggested set of features with memory: rain, snow and weather of past days and months.

It is suggested as one unit, from the profile alone. Windows and shares are those of published models: from days to a
year (Kratzert et al. 2018, Hydrology and Earth System Sciences 22, 6005-6022, let networks look back 365 days), a
degree-day factor from the middle of the published range of 1.6 to 6 mm per degree and day (USDA National Engineering
Handbook 630.11), and stores that drain (Kirchner 2009, Water Resources Research 45, W02429). On training rows of one
river, two wells and four basins, leaving out snow or the surplus of rain over evaporation cost most, and more or longer
windows brought nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import isclose

from app.domain.analysis.profiling.profile import DatasetProfile
from app.domain.experiment import RecipeJson
from app.domain.hydrology.drivers import Driver, DriverRole, recognise_drivers
from app.domain.json_values import JsonObject
from app.domain.text.words import join_words, pluralise
from app.domain.training.preprocessing.memory_recipes import exponential_reach
from app.domain.training.preprocessing.recipe_units import TEMPERATURE_UNITS, WATER_UNITS, UnitChoice

DAY_SECONDS = 86_400.0
WINDOW_DAYS = (3, 7, 14, 30, 90, 180, 365)
# Within a day, for records of hours: how the rain of this morning reaches the gauge this afternoon.
WINDOW_HOURS = (3, 6, 12, 24)
# Carried over from day to day: mean ages of 4, 9, 19, 49 and 99 days.
DAILY_KEEPS = (0.8, 0.9, 0.95, 0.98, 0.99)
WATER_LAGS = (1, 2, 3)
# A month forgets nearly everything of the month before; the value itself tells the same then.
MIN_KEEP = 0.1
# The middle of what is published, mm per degree and day; forests lie below it and open ground above.
DEGREE_DAY_FACTOR = 4.0
# Snow melts above 0 degrees, and falls as snow up to 0 and as rain from 2 degrees on.
MELT_THRESHOLD, MELT_TRANSITION = 0.0, 2.0
# A first year without full windows is left out; where it is more of a record than this, windows are shortened.
MAX_WARM_UP_SHARE = 0.1
# More drivers say the same again, and each becomes as many columns as there are windows.
MAX_DRIVERS = 8
MAX_RAIN = 2
# Which kinds come first where there are many, and how a sentence calls them. Humidity, wind and air pressure act
# through evaporation: windows of theirs took 0.06 from the efficiency of a well on training rows, and gave a river
# nothing.
WORDS = {
    DriverRole.RAIN: "rain",
    DriverRole.SNOW: "snow",
    DriverRole.EVAPORATION: "evaporation",
    DriverRole.TEMPERATURE: "temperature",
    DriverRole.TEMPERATURE_MAX: "temperature",
    DriverRole.TEMPERATURE_MIN: "temperature",
    DriverRole.RADIATION: "radiation",
    DriverRole.STAGE: "stage",
}
ORDER = tuple(WORDS)


@dataclass(frozen=True)
class MemorySet:
    """The recipes of the set in their order, its windows in steps, and what it is made of, as words."""

    recipes: tuple[RecipeJson, ...]
    windows: tuple[int, ...]
    features: int
    words: tuple[str, ...]
    step_days: float

    @property
    def warm_up(self) -> int:
        """Return how many steps pass before its longest window is full."""
        return max(self.windows, default=0)

    def sentence(self) -> str:
        """Describe the set in words, such as "24 features of rain and temperature over 3 to 365 days"."""
        count = pluralise(self.features, "feature")
        span = f"{self._days(min(self.windows))} to {self._days(max(self.windows))} days" if self.windows else "days"
        return f"{count} of {join_words(list(self.words))} over {span}"

    def _days(self, steps: int) -> str:
        return f"{steps * self.step_days:,.4g}"


def build_memory_set(
    profile: DatasetProfile,
    *,
    target: str,
    time_column: str,
    group_column: str,
    selected: Sequence[str] | None = None,
    cutoff: int = 0,
) -> MemorySet | None:
    """Return the set for a series in time, None where no rain and no other driver was recognised.

    Parameters
    ----------
    profile
        The dataset, whose time axis says how long a step is.
    target, time_column, group_column
        What is predicted, what orders the rows, and what tells sites apart ("" for nothing).
    selected
        The columns that the model may look at; every column where None.
    cutoff
        How many steps before a row the last value of a driver lies that is known.
    """
    axis = profile.time_axis
    if axis is None or axis.column != time_column or axis.step_seconds <= 0:
        return None
    step_days = axis.step_seconds / DAY_SECONDS
    windows = fitting_windows(profile, step_days=step_days, group_column=group_column)
    drivers = recognise_drivers(profile, target=target)
    usable = [driver for driver in drivers if selected is None or driver.column in selected]
    if not windows or not any(driver.role in WORDS for driver in usable):
        return None
    return _Builder(profile, usable, windows, step_days, cutoff).build()


def fitting_windows(profile: DatasetProfile, *, step_days: float, group_column: str) -> tuple[int, ...]:
    """Return the windows in steps that the records are long enough for."""
    hours = [hours / 24 for hours in WINDOW_HOURS] if step_days < 1 else []
    steps = sorted({round(days / step_days) for days in (*hours, *WINDOW_DAYS)})
    sites = max(profile.column(group_column).distinct, 1) if group_column and profile.has(group_column) else 1
    longest = MAX_WARM_UP_SHARE * profile.rows / sites
    return tuple(step for step in steps if 2 <= step <= longest)


def unit_choice(driver: Driver, units: dict[str, UnitChoice], *, step_seconds: float) -> str | None:
    """Return the key of the unit whose factor and offset are those of a driver, None where there is none."""
    for key, choice in units.items():
        factor = choice.factor * (step_seconds / choice.per_seconds if choice.per_seconds else 1.0)
        if isclose(factor, driver.factor, rel_tol=1e-6) and isclose(choice.offset, driver.offset, abs_tol=1e-6):
            return key
    return None


@dataclass
class _Builder:
    """Puts the recipes together; `water` are the columns of water that reach the ground, `states` all with windows."""

    profile: DatasetProfile
    drivers: list[Driver]
    windows: tuple[int, ...]
    step_days: float
    cutoff: int
    recipes: list[RecipeJson] = field(default_factory=list)
    water: list[str] = field(default_factory=list)
    made: int = 0
    snow: bool = False

    def build(self) -> MemorySet:
        """Return the set: snow first, since what melts becomes water, and season last."""
        chosen = self._chosen()
        rain = [driver for driver in chosen if driver.role is DriverRole.RAIN]
        self.water = [driver.column for driver in rain]
        states = [driver.column for driver in chosen]
        if rain:
            states += self._add_snow(rain[0], chosen)
            states += self._add_surplus(rain[0], chosen)
        self._add("window_means", states, {"windows": list(self.windows)}, len(self.windows))
        if self.water:
            keeps = self._keeps()
            self._add("lag", self.water, {"steps": [self.cutoff + lag for lag in WATER_LAGS]}, len(WATER_LAGS))
            self._add("exponential_memory", self.water if keeps else [], {"keeps": [*keeps]}, len(keeps))
        words = [WORDS[driver.role] for driver in chosen]
        if self.snow:
            words.insert(len(rain), "snow")
        return MemorySet(
            tuple(self.recipes), self.windows, self.made, tuple(dict.fromkeys(words)), step_days=self.step_days
        )

    def _keeps(self) -> list[float]:
        """Return the shares kept from step to step that forget within the longest window."""
        per_step = sorted({round(keep**self.step_days, 6) for keep in DAILY_KEEPS})
        return [keep for keep in per_step if keep >= MIN_KEEP and exponential_reach(keep) <= max(self.windows)]

    def _chosen(self) -> list[Driver]:
        """Return the drivers with windows: those of water first, one temperature where a mean is there, few in all."""
        roles = {driver.role for driver in self.drivers}
        extremes = {DriverRole.TEMPERATURE_MIN, DriverRole.TEMPERATURE_MAX}
        kept = [
            driver
            for driver in self.drivers
            if driver.role in WORDS and not (DriverRole.TEMPERATURE in roles and driver.role in extremes)
        ]
        ranked = sorted(kept, key=lambda driver: ORDER.index(driver.role))
        rain = [driver for driver in ranked if driver.role is DriverRole.RAIN]
        return [driver for driver in ranked if driver not in rain[MAX_RAIN:]][:MAX_DRIVERS]

    def _add(self, kind: str, columns: list[str], parameters: JsonObject, each: int) -> None:
        if columns:
            self.recipes.append({"columns": list(dict.fromkeys(columns)), "kind": kind, "parameters": parameters})
            self.made += each * len(set(columns))

    def _add_snow(self, rain: Driver, chosen: list[Driver]) -> list[str]:
        """Add snow where it freezes; what melts and rains is the water then."""
        seconds = self.step_days * DAY_SECONDS
        by_role = {driver.role: driver for driver in reversed(chosen)}
        warmth = [by_role[DriverRole.TEMPERATURE]] if DriverRole.TEMPERATURE in by_role else []
        if not warmth and {DriverRole.TEMPERATURE_MIN, DriverRole.TEMPERATURE_MAX} <= set(by_role):
            warmth = [by_role[DriverRole.TEMPERATURE_MIN], by_role[DriverRole.TEMPERATURE_MAX]]
        rain_unit = unit_choice(rain, WATER_UNITS, step_seconds=seconds)
        units = {unit_choice(driver, TEMPERATURE_UNITS, step_seconds=seconds) for driver in warmth}
        if not warmth or len(units) > 1 or None in units or rain_unit is None or not self._freezes(warmth):
            return []
        parameters: JsonObject = {
            "threshold": MELT_THRESHOLD,
            "transition": MELT_TRANSITION,
            "factor": DEGREE_DAY_FACTOR,
            "rain_unit": rain_unit,
            "temperature_unit": next(iter(units)),
        }
        self._add("degree_day_snow", [rain.column, *(driver.column for driver in warmth)], parameters, 0)
        self.made, self.snow = self.made + 3, True
        liquid = f"{rain.column}_liquid"
        self.water.append(liquid)
        return [f"{rain.column}_snow_store", liquid]

    def _freezes(self, warmth: list[Driver]) -> bool:
        """Return whether any day is below 0 degrees Celsius."""
        coldest = self.profile.column(warmth[0].column).minimum
        return isinstance(coldest, int | float) and coldest * warmth[0].factor + warmth[0].offset < 0

    def _add_surplus(self, rain: Driver, chosen: list[Driver]) -> list[str]:
        """Add what is left of rain, or of rain and melt, after evaporation."""
        evaporation = next((driver for driver in chosen if driver.role is DriverRole.EVAPORATION), None)
        if evaporation is None:
            return []
        seconds = self.step_days * DAY_SECONDS
        source = self.water[-1] if self.snow else rain.column
        rain_unit = "mm" if self.snow else unit_choice(rain, WATER_UNITS, step_seconds=seconds)
        unit = unit_choice(evaporation, WATER_UNITS, step_seconds=seconds)
        if rain_unit is None or unit is None:
            return []
        parameters: JsonObject = {"rain_unit": rain_unit, "evaporation_unit": unit}
        self._add("effective_rain", [source, evaporation.column], parameters, 0)
        self.made += 1
        surplus = f"{source}_minus_{evaporation.column}"
        self.water.append(surplus)
        return [surplus]


def longest_window(recipes: Sequence[object]) -> int:
    """Return the longest window among recipes as a draft has them, whatever shape they are of; 0 without any."""
    longest = 0
    for recipe in recipes:
        parameters = recipe.get("parameters") if isinstance(recipe, dict) else None
        if isinstance(parameters, dict):
            windows = parameters.get("windows")
            given = [*(windows if isinstance(windows, list) else []), parameters.get("window")]
            longest = max([longest, *(window for window in given if isinstance(window, int))])
    return longest
