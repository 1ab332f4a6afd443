"""Of many variants of one protection a few run with `make test`, and all of them with `make test-slow`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest


def slow_after(number: int, variants: Iterable[Any]) -> list[Any]:
    """Return the variants of a parameter; those after the first few are marked as slow."""
    return [variant if place < number else _slow(variant) for place, variant in enumerate(variants)]


def slow_but(quick: Iterable[Any], variants: Iterable[Any]) -> list[Any]:
    """Return the variants of a parameter; all but the quick ones are marked as slow."""
    kept = set(quick)
    return [variant if variant in kept else _slow(variant) for variant in variants]


def _slow(item: Any) -> Any:
    if isinstance(item, tuple):
        return pytest.param(*item, marks=pytest.mark.slow)
    return pytest.param(item, marks=pytest.mark.slow)
