"""StepContext: what pipeline steps need beyond their own parameters."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class StepContext:
    """What the estimator wants of the columns it gets, and what is worked on.

    `classes` says that the target holds classes, `words` that the columns hold words, `marked` that what is missing in
    them has marks of its own, and `filled` how many of the columns a step shall return. `keeps_back` says that the
    estimator draws some of the training rows to see when to stop, and learns from the others. `whole_words` says
    that it takes columns of words as categories, so that nothing need be encoded.
    """

    scale: bool = False
    handles_missing: bool = False
    classes: bool = False
    words: bool = False
    marked: bool = False
    filled: int = 1
    keeps_back: bool = False
    whole_words: bool = False
    seed: int = 0
