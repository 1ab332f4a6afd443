"""Problems where a config's `resolved` part differs from what this version works out."""

from __future__ import annotations

from collections.abc import Iterable

from app.domain.checks.check_context import error, notice, warning
from app.domain.problems import Problem, Remedy
from app.domain.training.resolved.differences import Difference

STEP, FIELD, DIFFERS = "review", "resolved", "resolved_differs"
TAKE_OUT = Remedy("Take `resolved` out, to launch as it is worked out here.", patch={"resolved": None})


def not_an_object_problem() -> Problem:
    """Return the problem of a `resolved` that is no object."""
    return error(STEP, FIELD, "resolved_invalid", "resolved: This must be an object.", TAKE_OUT)


def not_finite_problem() -> Problem:
    """Return the problem of a `resolved` that holds what is no number."""
    return error(STEP, FIELD, "resolved_invalid", "resolved: It holds a number that is not finite.", TAKE_OUT)


def difference_problems(differences: Iterable[Difference]) -> list[Problem]:
    """Return an error for each difference: a launch would not repeat what the config says."""
    return [error(STEP, FIELD, DIFFERS, difference.sentence, TAKE_OUT) for difference in differences]


def other_versions(differences: Iterable[Difference]) -> list[Problem]:
    """Return a warning for each library of another version: the same steps may round otherwise."""
    return [
        warning(STEP, FIELD, "resolved_versions", difference.sentence, Remedy("Install that version, or take it out."))
        for difference in differences
    ]


def unmeasured_problems() -> list[Problem]:
    """Return that `resolved` is compared when the training begins, since the table is large."""
    message = "resolved is compared with what is worked out when the training begins, since the table is large."
    return [notice(STEP, FIELD, "resolved_later", message, Remedy("Launch, and see the result."))]


def impossible_problems(sentence: str) -> list[Problem]:
    """Return that nothing could be worked out to compare with, and why."""
    message = f"resolved cannot be compared: {sentence}"
    return [warning(STEP, FIELD, "resolved_not_compared", message, TAKE_OUT)]
