"""Differences between the `resolved` part of a sent config and what this version works out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from pydantic import JsonValue

from app.domain.json_values import JsonObject

# More at once nobody reads.
MAX_DIFFERENCES = 20
MAX_SHOWN = 60
# What only the fit of a part tells.
LEARNED = ("chosen", "settings", "prepare", "estimator")
VERSIONS = "versions"
_ABSENT: Any = object()


@dataclass(frozen=True)
class Difference:
    """One value that is given otherwise than it is worked out; both in short, as JSON would show them."""

    place: str
    given: str
    computed: str

    @property
    def sentence(self) -> str:
        """Say where they differ."""
        if self.computed == "nothing":
            return f"{self.place} is given as {self.given}, and nothing of that name is worked out."
        return f"{self.place} is given as {self.given}, and worked out as {self.computed}."


def unfitted_differences(given: Mapping[str, JsonValue], values: Mapping[str, JsonValue]) -> tuple[Difference, ...]:
    """Return where a given `resolved` differs from what is worked out before anything is fitted, versions aside.

    Parameters
    ----------
    given
        JSON values of any shape. What it leaves out is not compared.
    values
        The `resolved` of this config, as JSON values. Parts that only a fit can tell are not compared.
    """
    return _first_differences(_compare(_remove_learned(given), _remove_learned(values), "resolved"))


def fitted_differences(given: Mapping[str, JsonValue], values: Mapping[str, JsonValue]) -> tuple[Difference, ...]:
    """Return where the columns chosen and the settings found differ from those that were given."""
    return _first_differences(_compare(_learned_values(given), _learned_values(values), "resolved"))


def version_differences(given: Mapping[str, JsonValue], results: Mapping[str, str]) -> tuple[Difference, ...]:
    """Return which libraries the config was made with that are here in another version, or not at all."""
    versions = given.get(VERSIONS)
    return _first_differences(_compare({} if versions is None else versions, dict(results), f"resolved.{VERSIONS}"))


def _first_differences(differences: Iterator[Difference]) -> tuple[Difference, ...]:
    return tuple(islice(differences, MAX_DIFFERENCES))


def _remove_learned(resolved: Mapping[str, JsonValue]) -> JsonObject:
    parts = resolved.get("parts")
    kept = {name: value for name, value in resolved.items() if name not in ("parts", VERSIONS, "members")}
    if "parts" not in resolved:
        return kept
    if not isinstance(parts, list):
        return {**kept, "parts": parts}
    fixed = [
        {name: value for name, value in part.items() if name not in LEARNED} if isinstance(part, Mapping) else part
        for part in parts
    ]
    return {**kept, "parts": fixed}


def _learned_values(resolved: Mapping[str, JsonValue]) -> JsonObject:
    parts = resolved.get("parts")
    if not isinstance(parts, list):
        return {}
    names = ("name", *LEARNED)
    chosen = {name: resolved[name] for name in ("candidate", "members") if name in resolved}
    return {
        **chosen,
        "parts": [
            {name: part[name] for name in names if name in part} if isinstance(part, Mapping) else part
            for part in parts
        ],
    }


def _compare(given: JsonValue, result: Any, place: str) -> Iterator[Difference]:
    """Yield what differs; what is given as null is as if it were not given."""
    if given is None and result is _ABSENT:
        return
    if isinstance(given, Mapping) and isinstance(result, Mapping):
        for name, value in given.items():
            yield from _compare(value, result.get(name, _ABSENT), f"{place}.{str(name)[:MAX_SHOWN]}")
    elif isinstance(given, list) and isinstance(result, Sequence) and not isinstance(result, str):
        if len(given) != len(result):
            yield Difference(place, f"a list of {len(given):,}", f"a list of {len(result):,}")
            return
        for number, (first, other) in enumerate(zip(given, result, strict=True), start=1):
            label = other.get("name") if isinstance(other, Mapping) else None
            yield from _compare(first, other, f"{place}.{str(label)[:MAX_SHOWN] if label else number}")
    elif isinstance(given, bool) != isinstance(result, bool) or given != result:
        yield Difference(place, shorten(given), shorten(result))


def shorten(value: Any) -> str:
    """Return a value as a sentence can hold it."""
    if value is _ABSENT:
        return "nothing"
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, list):
        return f"a list of {len(value):,}"
    text = "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 1]}…"
