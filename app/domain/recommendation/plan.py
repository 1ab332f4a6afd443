"""The plan: a draft's answers completed by suggestions with reasons, problems and an estimate.

One function, `make_plan` in app.domain.recommendation.propose, is what page, API and worker all call.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.domain.analysis.profiling.profile import Association, ColumnProfile
from app.domain.experiment import Answers, Spec
from app.domain.problems import Problem
from app.domain.recommendation.estimators import EstimatorSuggestion
from app.domain.recommendation.selection import ColumnFacts
from app.domain.vocabulary import Severity


@dataclass(frozen=True)
class ColumnChoice:
    """One column on the Features step. `reason` says why it is suggested or not; it is never empty when left out.

    `ruled` is what the suggestion and the rules about many columns make of it, before it is ticked by itself.
    """

    profile: ColumnProfile
    kind: str
    selected: bool
    suggested: bool
    reason: str
    ruled: bool
    facts: ColumnFacts
    association: Association | None = None


@dataclass(frozen=True)
class Estimate:
    """A range for time and memory, how many fits that is, and how many of them run at once.

    The seconds are those of the processor with one fit at a time, and those on the wall with several.
    """

    fits: int
    seconds_low: float
    seconds_high: float
    memory_mb_low: float
    memory_mb_high: float
    basis: str = ""
    processes: int = 1

    @property
    def seconds_likely(self) -> float:
        """The middle of the range, which lies above what most launches take, since the range is wider upwards."""
        return (self.seconds_low + self.seconds_high) / 2


@dataclass(frozen=True)
class Plan:
    """The draft, thought through.

    Parameters
    ----------
    spec
        The complete config, valid by type (a field that cannot be parsed falls back to its suggestion and leaves
        an error in `problems`). None until a readable dataset and a target are there.
    values
        step -> field -> what the page shows: the raw answer where there is one, else the suggestion.
    suggestions
        step -> field -> the suggestion alone.
    reasons
        "step.field" -> why this is suggested, one sentence.
    columns
        Every column but the target, in file order.
    problems
        In the order of the steps, errors first within a step.
    ranking
        The estimators of the task in the order in which to try them: by rules, or by short fits once they finished.
    columns_measured
        Whether every column was compared with the target, so that all that gives it away is known.
    """

    spec: Spec | None
    values: Answers
    suggestions: Answers
    reasons: Mapping[str, str] = field(default_factory=dict)
    columns: tuple[ColumnChoice, ...] = ()
    problems: tuple[Problem, ...] = ()
    ranking: tuple[EstimatorSuggestion, ...] = ()
    estimate: Estimate | None = None
    columns_measured: bool = False

    def problems_of(self, step: str) -> tuple[Problem, ...]:
        """Return the problems of one step."""
        return tuple(problem for problem in self.problems if problem.step == step)

    def errors_of(self, step: str) -> tuple[Problem, ...]:
        """Return the errors of this step."""
        return tuple(problem for problem in self.problems_of(step) if problem.severity is Severity.ERROR)

    @property
    def launchable(self) -> bool:
        """Return whether nothing stands in the way of a launch."""
        return self.spec is not None and not any(problem.severity is Severity.ERROR for problem in self.problems)
