"""Suitability of a template for a file: a score and the reasons."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from app.domain.analysis.profiling.profile import DatasetProfile
from app.domain.analysis.profiling.targets import TargetFacts, target_summary
from app.domain.experiment_templates.applying import TemplateUse
from app.domain.experiment_templates.matching import ColumnMatch
from app.domain.experiment_templates.requirements import TASKS, Requirements
from app.domain.experiment_templates.template_config import TemplateConfig
from app.domain.hydrology.driver_context import MAX_COMPANY, WATER_QUALITY
from app.domain.hydrology.driver_grammar import key_of
from app.domain.hydrology.drivers import is_weather, recognise_drivers
from app.domain.recommendation.task import suggest_target
from app.domain.text.words import join_words, pluralise
from app.domain.vocabulary import Purpose, Severity, SplitStrategy, TaskKind

# Below this share of the rarer class, plain scores reward a model that never answers it.
RARE = 0.2
# So few rows make the score of one draw of folds a matter of chance; so many columns call for a selection.
FEW_ROWS, MANY_COLUMNS, ROWS_PER_COLUMN = 500, 40, 10
# Fewer missing values need no model, and more leave too little to learn from.
GAPS = (0.01, 0.6)
# The target is only suggested, so a template for another kind of target is shown, and far behind.
NO_TARGET, OTHER_TASK = -1.25, -3.0
# A series with weather is rather simulated than predicted from its past; with no target known, its step says most.
SERIES = 0.4
RARE_METRICS = ("average_precision", "matthews_corrcoef", "f1", "balanced_accuracy", "recall")
ROBUST_METRICS = ("median_absolute_error",)
STRONGEST = ("keep_strongest",)
# What is measured in water, and in wine, food and soil as well.
ALSO_ELSEWHERE = frozenset({"ph", "do", "conductivity", "turbidity"})


@dataclass(frozen=True)
class FileFacts:
    """What of a file decides which template suits it. `target` is None where none is suggested."""

    profile: DatasetProfile
    target: TargetFacts | None
    is_weather_there: bool
    is_water_quality: bool

    @property
    def rare_share(self) -> float | None:
        """Return the share of the rarest class of the target, None where it has no classes."""
        imbalance = self.target.imbalance if self.target is not None else None
        return None if imbalance is None else imbalance.minority_share

    @property
    def missing_share(self) -> float:
        """Return the share of rows without the target."""
        return self.target.missing / max(self.profile.rows, 1) if self.target is not None else 0.0

    @property
    def has_series(self) -> bool:
        """Return whether rows follow each other in time at a regular step."""
        axis = self.profile.time_axis
        return axis is not None and (axis.regular or axis.step_seconds > 0) and axis.duplicates == 0


@dataclass(frozen=True)
class Suitability:
    """How well a template suits a file: the higher, the better.

    `is_sure` says that nothing speaks against it, `is_general` that it names no column that it needs.
    """

    score: float
    reason: str
    is_sure: bool
    is_general: bool


def facts_of(profile: DatasetProfile) -> FileFacts:
    """Return the facts about a file that decide which template suits it.

    Parameters
    ----------
    profile
        The file.
    """
    name = suggest_target(profile)[0]
    words = {word for column in profile.columns[:MAX_COMPANY] for word in key_of(column.name).split("_")}
    return FileFacts(
        profile=profile,
        target=target_summary(profile, name) if name else None,
        is_weather_there=any(is_weather(driver) for driver in recognise_drivers(profile, target=name)),
        is_water_quality=bool(words & (WATER_QUALITY - ALSO_ELSEWHERE))
        or any(finding.code == "values_beyond_limit" for finding in profile.findings),
    )


def rate_suitability(
    config: TemplateConfig,
    requirements: Requirements,
    matches: tuple[ColumnMatch, ...],
    use: TemplateUse,
    facts: FileFacts,
) -> Suitability | None:
    """Return how well a template suits a file, None where it does not fit it.

    Parameters
    ----------
    config, requirements
        The template.
    matches, use
        Which column stands for which, and what comes of the template on the file.
    facts
        The file.
    """
    if not use.fits:
        return None
    wanted = [match for match in matches if match.need.needed]
    matched = [match for match in wanted if match.column]
    sure = [match for match in matched if not match.doubt]
    warnings = [problem.message for problem in use.problems if problem.severity is Severity.WARNING]
    told = list(_speaking(config, facts))
    if not _has_task(requirements, facts):
        told.insert(0, (OTHER_TASK, f"It predicts {TASKS[requirements.task]}." if requirements.task else ""))
    elif facts.target is None and requirements.task is not None and not _forecasts_series(config, facts):
        # Whether the file has such a target is not known before somebody chooses one.
        told.append((NO_TARGET, ""))
    # What names more of the file suits it better; each warning speaks against it as much as three columns for it.
    score = sum(1.0 if match in sure else 0.4 for match in matched) - 1.5 * len(warnings)
    score += sum(weight for weight, _ in told)
    return Suitability(
        score=round(score, 3),
        reason=_reason(matched, told, warnings),
        is_sure=len(sure) == len(wanted) and not warnings and all(weight >= 0 for weight, _ in told),
        is_general=not wanted,
    )


def _reason(matched: list[ColumnMatch], told: list[tuple[float, str]], warnings: list[str]) -> str:
    """Return the strongest reasons for a template, and a warning where there is room."""
    reasons = [f"It finds {_pairs(matched)}."] if matched else []
    reasons += [reason for weight, reason in told if reason and (weight > 0 or not matched)]
    return " ".join([*reasons, *warnings[:1]][:2]) or "It works with any data that has a target."


def _has_task(requirements: Requirements, facts: FileFacts) -> bool:
    """Return whether the target that is suggested is of the kind that a template predicts."""
    if requirements.task is None or facts.target is None:
        return True
    if requirements.task is TaskKind.REGRESSION:
        return facts.target.task is TaskKind.REGRESSION
    return facts.target.task.is_classification and (requirements.task is facts.target.task)


def _forecasts_series(config: TemplateConfig, facts: FileFacts) -> bool:
    return config.task.purpose is Purpose.FORECAST and facts.has_series


def _pairs(matched: list[ColumnMatch]) -> str:
    pairs = [
        match.column if match.need.name == match.column else f"{match.need.meaning or match.need.name}: {match.column}"
        for match in matched
    ]
    return join_words([pair[:40] for pair in pairs], most=4)


def _speaking(config: TemplateConfig, facts: FileFacts) -> Iterator[tuple[float, str]]:
    """Yield what a template is made for, weighed by whether the file is of that kind, each with a sentence."""
    if config.task.kind is TaskKind.BINARY and config.metrics.primary in RARE_METRICS:
        yield _about_rare_class(facts)
    if config.validation.strategy is SplitStrategy.REPEATED_K_FOLD:
        yield _about_few_rows(facts)
    if any(rule.kind in STRONGEST for rule in config.features.selection):
        yield _about_many_columns(facts)
    if config.metrics.primary in ROBUST_METRICS:
        result = facts.is_water_quality
        yield (2.5, "The file holds water quality.") if result else (-2.5, "No column looks like water quality.")
    yield from _about_time(config, facts)
    if config.task.kind is None and config.task.target is None and config.validation.strategy is None:
        yield 0.5, "It works with any target and is quick."


def _about_rare_class(facts: FileFacts) -> tuple[float, str]:
    share = facts.rare_share
    name = facts.target.name[:40] if facts.target is not None else ""
    if share is None:
        return -0.5, ""
    if share < RARE:
        return 3.0, f"Only {share:.1%} of the rows have the rarer class of {name}."
    return -0.5, f"The rarer class of {name} has {share:.0%} of the rows, which is not rare."


def _about_few_rows(facts: FileFacts) -> tuple[float, str]:
    rows = facts.profile.rows
    if rows <= FEW_ROWS:
        return 1.5, f"{pluralise(rows, 'row')} are few, so it draws the folds several times."
    return -1.5, f"{pluralise(rows, 'row')} are enough for one draw of folds."


def _about_many_columns(facts: FileFacts) -> tuple[float, str]:
    columns = len(facts.profile.columns) - 1
    if columns >= MANY_COLUMNS or columns * ROWS_PER_COLUMN > facts.profile.rows > 0:
        return 1.5, f"{pluralise(columns, 'column')} are many, so it keeps the strongest."
    return -1.0, f"{pluralise(columns, 'column')} need no selection."


def _about_gaps(facts: FileFacts) -> tuple[float, str]:
    if facts.target is None:
        return -1.0, ""
    low, high = GAPS
    share, name = facts.missing_share, facts.target.name[:40]
    if low <= share <= high:
        return 1.0, f"{share:.0%} of {name} is missing."
    return -1.0, f"Hardly a value of {name} is missing." if share < low else f"Most of {name} is missing."


def _about_time(config: TemplateConfig, facts: FileFacts) -> Iterator[tuple[float, str]]:
    purpose = config.task.purpose
    if purpose is Purpose.FILL_GAPS:
        yield _about_gaps(facts)
    elif purpose is Purpose.FORECAST:
        if not facts.has_series:
            yield -1.0, "The rows have no regular step."
        elif not facts.is_weather_there:
            yield 1.5, "The target is predicted from its own past."
        elif config.task.target is None:
            yield SERIES if facts.target is not None else 2 * SERIES, "The rows have a regular step."
    elif purpose is not None and purpose is not Purpose.NEW_ROWS:
        yield 0.5, ""
    elif facts.has_series and config.validation.strategy is not None:
        yield -2.0, "Its folds mix rows that follow each other in time."
