"""What the steps of a fold must know beside their own parameters."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Needs:
    """What the estimator wants of the columns it gets, and what is worked on.

    `classes` says that the target holds classes, `words` that the columns hold words, `marked` that what is missing in
    them has marks of its own, and `filled` how many of the columns a step shall return.
    """

    scale: bool = False
    handles_missing: bool = False
    classes: bool = False
    words: bool = False
    marked: bool = False
    filled: int = 1
    seed: int = 0
