"""Conversion of a template's unit settings to the units of another dataset."""

from __future__ import annotations

from app.domain.analysis.profiling.profile import DatasetProfile
from app.domain.experiment import TransformPart
from app.domain.experiment_templates.template_config import TemplateConfig
from app.domain.hydrology.drivers import Driver, recognise_drivers
from app.domain.problems import Problem
from app.domain.recommendation.memory_set import unit_choice
from app.domain.text.words import join_words
from app.domain.training.preprocessing.recipe_units import TEMPERATURE_UNITS, WATER_UNITS
from app.domain.vocabulary import Severity

# A parameter that tells the unit of a recipe's column -> the place of that column, and the units to choose from.
PLACES = {
    "rain_unit": (0, WATER_UNITS),
    "evaporation_unit": (1, WATER_UNITS),
    "temperature_unit": (-1, TEMPERATURE_UNITS),
}


def convert_units(config: TemplateConfig, profile: DatasetProfile) -> tuple[TemplateConfig, list[Problem]]:
    """Return a config whose recipes have the units of a dataset, with a note on each change.

    Parameters
    ----------
    config
        The config of a template under the names of the dataset.
    profile
        The dataset.
    """
    recipes, told = config.features.transforms or [], []
    if not any(name in recipe.parameters for recipe in recipes for name in PLACES):
        return config, []
    drivers = {driver.column: driver for driver in recognise_drivers(profile, target=config.task.target or "")}
    axis = profile.time_axis
    changed = []
    for recipe in recipes:
        parameters = dict(recipe.parameters)
        for name, key in _units_here(recipe, drivers, axis.step_seconds if axis is not None else 86_400.0).items():
            if key != parameters[name]:
                column = recipe.columns[PLACES[name][0]]
                told.append(f"{column[:60]} in {PLACES[name][1][key].label}")
                parameters[name] = key
        changed.append(recipe.model_copy(update={"parameters": parameters}))
    if not told:
        return config, []
    config = config.model_copy(update={"features": config.features.model_copy(update={"transforms": changed})})
    message = f"Recipes are told the units of this dataset: {join_words(list(dict.fromkeys(told)), most=4)}."
    return config, [Problem("features", "transforms", Severity.NOTICE, "template_units_converted", message)]


def _units_here(recipe: TransformPart, drivers: dict[str, Driver], step_seconds: float) -> dict[str, str]:
    """Return the key of the unit for each parameter of a recipe that tells one, where the dataset says it."""
    results = {}
    for name, (place, units) in PLACES.items():
        if name not in recipe.parameters or len(recipe.columns) < 2:
            continue
        driver = drivers.get(recipe.columns[place])
        key = unit_choice(driver, units, step_seconds=step_seconds) if driver is not None and driver.unit else None
        if key is not None:
            results[name] = key
    return results
