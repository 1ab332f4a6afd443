"""The suggested set of derived features: its content, whether it is in use, adding and removing it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from app.domain.experiment import DataPart, RecipeJson, TaskPart, TransformPart
from app.domain.recommendation.plan import Plan
from app.domain.text.words import join_words, pluralise
from app.domain.training.derived_measures import recipe_key
from app.domain.training.preprocessing.transforms import memory_of, recipe_names


class SetUse(StrEnum):
    """How much of the suggested set is in use."""

    ALL = "all"
    SOME = "some"
    NONE = "none"


@dataclass(frozen=True)
class SuggestedSet:
    """The suggested recipes, the features that they derive, and which recipes in use are theirs.

    `places` are those of its recipes among the ones in use, `missing` the number of its recipes that are not.
    """

    recipes: tuple[TransformPart, ...]
    names: tuple[str, ...]
    places: frozenset[int]
    missing: int

    @property
    def use(self) -> SetUse:
        """Return how much of it is in use."""
        return SetUse.ALL if not self.missing else SetUse.SOME if self.places else SetUse.NONE


@dataclass(frozen=True)
class DerivedConfig:
    """What decides about the derived features: the recipes in use and the suggested ones, the data and the task."""

    data: DataPart
    task: TaskPart
    used: tuple[TransformPart, ...]
    suggested: tuple[TransformPart, ...]

    @property
    def names(self) -> list[str]:
        """Return the names of all features that the recipes in use derive."""
        return recipe_names(self.used, self.task)


def derived_config(plan: Plan) -> DerivedConfig | None:
    """Return the part of a plan that derived features rest on, None where it has no config."""
    spec = plan.spec
    if spec is None:
        return None
    return DerivedConfig(spec.data, spec.task, tuple(spec.features.transforms), tuple(suggested_recipes(plan)))


def suggested_recipes(plan: Plan) -> list[TransformPart]:
    """Return the recipes that a plan suggests, whatever was answered."""
    return read_recipes(plan.suggestions.get("features", {}).get("transforms"))


def read_recipes(raw: Any, *, keep_places: bool = False) -> list[TransformPart]:
    """Return recipes that can be read; with `keep_places`, one that cannot be leaves an empty one in its place."""
    transforms = []
    for item in raw if isinstance(raw, list) else []:
        try:
            transforms.append(TransformPart(**item))
        except (TypeError, ValueError):
            transforms += [TransformPart(kind="")] if keep_places else []
    return transforms


def suggested_set(plan: Plan) -> SuggestedSet | None:
    """Return the set that a plan suggests, None where it suggests none."""
    recipes = suggested_recipes(plan)
    if plan.spec is None or not recipes:
        return None
    names = recipe_names(recipes, plan.spec.task)
    keys = {recipe_key(part) for part in recipes}
    used = [recipe_key(part) for part in read_recipes(_raw_recipes(plan), keep_places=True)]
    return SuggestedSet(
        recipes=tuple(recipes),
        names=tuple(names),
        places=frozenset(place for place, key in enumerate(used) if key in keys),
        missing=len(keys - set(used)),
    )


def describe_set(result: SuggestedSet, plan: Plan) -> str:
    """Return in a sentence what a set holds."""
    columns = {choice.profile.name for choice in plan.columns}
    names = list(dict.fromkeys(name for part in result.recipes for name in part.columns if name in columns))
    of = f" of {join_words([name[:40] for name in names], most=4)}" if names else ""
    steps = memory_of(result.recipes, plan.spec.task if plan.spec else None)
    back = f", looking back {pluralise(steps, 'step')} at most" if steps else ""
    return f"{pluralise(len(result.names), 'feature')}{of}{back}."


def _raw_recipes(plan: Plan) -> list[Any]:
    """Return the recipes of a draft as they were answered or suggested."""
    current_values = plan.values["features"].get("transforms")
    return list(current_values) if isinstance(current_values, list) else []


def add_set(plan: Plan) -> list[RecipeJson] | None:
    """Return the answer that has all of the suggested set in use, beside what else is; None for the suggestion alone.

    Recipes of the set come first, in their order, since one may work on what an earlier one derives.
    """
    others = remove_set(plan)
    return [*_to_json(suggested_recipes(plan)), *others] if others else None


def remove_set(plan: Plan) -> list[Any]:
    """Return the recipes in use but for those of the suggested set."""
    result = suggested_set(plan)
    places = result.places if result is not None else frozenset()
    return [raw for place, raw in enumerate(_raw_recipes(plan)) if place not in places]


def _to_json(parts: Iterable[TransformPart]) -> list[RecipeJson]:
    return [{"columns": list(part.columns), "kind": part.kind, "parameters": dict(part.parameters)} for part in parts]
