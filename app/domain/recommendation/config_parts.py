"""ConfigParts: the config that a plan fills in step by step, before it becomes a Spec."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Required, TypeAlias, TypedDict

from app.domain.experiment import RecipeJson
from app.domain.json_values import JsonObject

# A part that nothing reads before the config is whole.
Part: TypeAlias = Mapping[str, object]


class FeaturesJson(TypedDict):
    """The features that were chosen, the recipes for derived ones, and the rules that choose in each fold."""

    selected: list[str]
    transforms: list[RecipeJson]
    selection: list[JsonObject]


class ConfigParts(TypedDict, total=False):
    """The parts of a config that are known so far."""

    data: Part
    task: Part
    features: Required[FeaturesJson]
    leakage: Part
    model: Part
    validation: Part
    metrics: Part
    reproducibility: Part
    name: str
    description: str
    tags: list[str]
