"""The Problem and Remedy classes: one thing wrong with a config, and how to put it right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from app.domain.vocabulary import Severity


@dataclass(frozen=True)
class Remedy:
    """What to do. With `changes` (step -> field -> value) it is one button; without, it is a sentence.

    `patch` changes what no form holds: a merge patch of the config as a program sent it.
    """

    label: str
    changes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    patch: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Problem:
    """One thing wrong or worth knowing. `field` is a form field name of that step, or "" for the step as a whole."""

    step: str
    field: str
    severity: Severity
    code: str
    message: str
    remedy: Remedy | None = None
    # No file waits because of a problem, as one may because of a fault.
    kept: ClassVar[None] = None
