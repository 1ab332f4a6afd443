"""Chains of preparation recipes on one column, their order, and pairs that clash."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from app.domain.experiment import TransformPart
from app.domain.training.preprocessing.recipe_parameters import RecipeValues
from app.domain.training.preprocessing.recipes import TransformEntry
from app.domain.training.preprocessing.transforms import readable_recipes


@dataclass(frozen=True)
class Link:
    """One recipe in the chain of a column, and its place in the config's list."""

    entry: TransformEntry
    parameters: RecipeValues
    place: int

    @property
    def key(self) -> tuple[Any, ...]:
        """What it does: columns with the same keys are worked on together."""
        return (self.entry.kind, *sorted((name, str(value)) for name, value in self.parameters.items()))


@dataclass(frozen=True)
class Clash:
    """Two recipes of a column that do not go together. `remedy` is "drop" or "first", done to the one at `place`."""

    column: str
    sentence: str
    place: int
    remedy: str
    severe: bool = True


def chains_of(parts: Iterable[TransformPart]) -> dict[str, tuple[Link, ...]]:
    """Return the recipes of each column that are carried out within folds, in the config's order."""
    chains: dict[str, list[Link]] = {}
    listed = list(parts)
    for part, entry, parameters in readable_recipes(listed):
        if entry.place == "fold":
            place = next(index for index, transform in enumerate(listed) if transform is part)
            for column in dict.fromkeys(part.columns):
                chains.setdefault(column, []).append(Link(entry, parameters, place))
    return {column: tuple(links) for column, links in chains.items()}


def clash_of(column: str, links: tuple[Link, ...]) -> Clash | None:
    """Return the first thing about a chain that makes no sense, or None."""
    seen: list[Link] = []
    for link in links:
        fault = next((clash for before in seen if (clash := _chain_clash(column, before, link)) is not None), None)
        if fault is not None:
            return fault
        if link.entry.role != "mark":
            seen.append(link)
    return None


def _chain_clash(column: str, first: Link, second: Link) -> Clash | None:
    text, two, name = first.entry.title, second.entry.title, column[:60]
    roles = (first.entry.role, second.entry.role)
    if roles == ("encode", "encode"):
        return Clash(column, f"{name} can become numbers in one way only: {text}, or {two}.", second.place, "drop")
    if first.entry.kind == "one_hot" and second.entry.role != "mark":
        return Clash(column, f"{two} cannot follow {text} on {name}: no single number is left.", second.place, "drop")
    if roles[0] == "encode" and second.entry.as_measured:
        sentence = f"{two} cannot follow {text} on {name}: it works on values as measured."
        return Clash(column, sentence, second.place, "drop")
    if roles == ("encode", "fill"):
        return Clash(column, f"{two} must come before {text} on {name}.", second.place, "first")
    if roles == ("fill", "fill"):
        sentence = f"{name} has {text} and {two}: only the first has an effect."
        return Clash(column, sentence, second.place, "drop", severe=False)
    if roles == ("scale", "scale"):
        sentence = f"{name} has {text} and {two}: only the last has an effect."
        return Clash(column, sentence, first.place, "drop", severe=False)
    if second.entry.as_measured and roles[0] != "fill":
        if first.entry.as_measured and roles == ("shape", "shape"):
            return Clash(column, f"{name} needs one of {text} and {two}, not both.", second.place, "drop")
        sentence = f"{two} must come before {text} on {name}: it works on values as measured."
        return Clash(column, sentence, second.place, "first")
    return None
