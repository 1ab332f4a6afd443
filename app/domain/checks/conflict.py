"""The Conflict class: one row of the conflict table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from app.domain.checks.check_context import CheckContext
from app.domain.problems import Problem
from app.domain.vocabulary import Severity


@dataclass(frozen=True)
class Conflict:
    """Answers that do not go together.

    `id` names the row, `code` is that of the problem, `between` are the form fields involved ("step.field", the first
    where the message stands; FOLDS stands for the folds of whichever strategy). `when`, `fails` and `remedy` are
    sentences for the page. `rule` finds it in a config, at worst with `severity`.
    """

    id: str
    code: str
    between: tuple[str, ...]
    when: str
    fails: str
    severity: Severity
    remedy: str
    rule: Callable[[CheckContext], Iterator[Problem]]
