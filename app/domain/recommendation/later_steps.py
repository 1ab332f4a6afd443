"""The parts of a plan for the Model, Validation and Review steps."""

from __future__ import annotations

from typing import Any

from app.domain.analysis.profiling.profile import DatasetProfile
from app.domain.estimators import registry
from app.domain.estimators.parameters import Parameter, ParameterValues
from app.domain.experiment import NAME_LENGTH, SelectionPart, TransformPart
from app.domain.problems import Remedy
from app.domain.recommendation.answers import AnswerReader
from app.domain.recommendation.config_parts import ConfigParts
from app.domain.recommendation.estimators import EstimatorSuggestion, rank
from app.domain.recommendation.features import FeatureContext
from app.domain.recommendation.goal import Goal
from app.domain.recommendation.holdout_answers import read_holdout, read_warm_up
from app.domain.recommendation.memory_set import build_memory_set
from app.domain.recommendation.traits import Traits, traits_of
from app.domain.recommendation.tuning import fill_tuning
from app.domain.recommendation.validation import (
    Suggestion,
    ValidationContext,
    suggest_folds,
    suggest_gap,
    suggest_metrics,
    suggest_strategy,
)
from app.domain.recommendation.verdict import ShortFitEvidence, order_estimators
from app.domain.training.preprocessing.knowledge import horizon_of
from app.domain.training.preprocessing.transforms import target_memory_of
from app.domain.training.validation import metrics, splitting
from app.domain.training.validation.holdout_share import span_of
from app.domain.vocabulary import Purpose, SplitStrategy, TaskKind

SEED = Parameter("seed", "Seed", "integer", 42, "Same seed, same result.", low=0, high=2**32 - 1)
MAX_TAGS = 20


def fill_model(
    reader: AnswerReader, config: ConfigParts, context: FeatureContext, evidence: ShortFitEvidence | None = None
) -> tuple[EstimatorSuggestion, ...]:
    """Add the estimator and its hyperparameters; returns the estimators in the order in which to try them.

    With evidence of short fits, the estimator that they put first is suggested instead of that of the rules, unless
    somebody changed a setting of the latter: who sets an estimator wants it.
    """
    metric = reader.raw("validation", "primary_metric")
    by_rules = rank(traits_in(config, context), metric=metric if isinstance(metric, str) else "")
    if evidence is not None and _is_set(reader, by_rules[0].entry.id) and not _is_set(reader, evidence.choice):
        evidence = None
    ranked = order_estimators(by_rules, evidence)
    reader.suggest("model", "ranking", [item.entry.id for item in ranked])
    first = ranked[0]
    chosen = reader.text("model", "estimator", first.entry.id, f"{first.why}.")
    try:
        entry = registry.get(chosen)
    except KeyError:
        remedy = Remedy(f"Use {first.entry.title.lower()}", {"model": {"estimator": first.entry.id}})
        reader.wrong("model", "estimator", registry.unknown_sentence(chosen), code="estimator_unknown", remedy=remedy)
        entry = first.entry
    start = next(
        (suggestion.parameters for suggestion in ranked if suggestion.entry.id == entry.id),
        entry.defaults(context.task),
    )
    parameters = ParameterValues(
        {
            parameter.name: reader.parameter("model", f"{entry.id}.{parameter.name}", parameter, start[parameter.name])
            for parameter in entry.parameters_for(context.task)
        }
    )
    tuning = fill_tuning(reader, entry, context.task, parameters)
    config["model"] = {"estimator": entry.id, "parameters": parameters, "tuning": tuning}
    return ranked


def _is_set(reader: AnswerReader, estimator: str) -> bool:
    """Return whether a setting of an estimator was answered."""
    answers = reader.draft.answers.get("model") or {}
    return any(name.startswith(f"{estimator}.") and value is not None for name, value in answers.items())


def traits_in(config: ConfigParts, context: FeatureContext) -> Traits:
    """Return the traits of the chosen features, for the suggestions of the Model step."""
    traits = traits_of(
        context.profile,
        task=context.task,
        target=context.target,
        selected=config["features"]["selected"],
        kinds=context.kinds,
        recipes=[TransformPart(**recipe) for recipe in config["features"]["transforms"]],
        time_column=context.time_column,
        associations=context.associations,
    )
    rules = [SelectionPart.model_validate(rule) for rule in config["features"]["selection"]]
    return traits.narrowed(rules).for_purpose(context.purpose, grouped=bool(context.group_column))


def situation_of(config: ConfigParts, context: FeatureContext) -> ValidationContext:
    """Return the context for the suggestions of the Validation step."""
    recipes = (TransformPart(**recipe) for recipe in config["features"]["transforms"])
    goal = Goal(
        context.target,
        context.task,
        context.time_column,
        context.group_column,
        context.kinds,
        context.purpose,
        context.horizon,
        context.drivers_known_ahead,
    )
    return situation_for(goal, context.profile, memory=target_memory_of(recipes, goal))


def situation_for(goal: Goal, profile: DatasetProfile, *, memory: int) -> ValidationContext:
    """Return the context for the suggestions of the Validation step."""
    target = profile.column(goal.target)
    counts = [count for _, count in target.top_values] if target.distinct <= len(target.top_values) else [1]
    rows, axis, span = max(profile.rows - target.missing, 0), profile.time_axis, span_of(profile, goal.time_column)
    return ValidationContext(
        task=goal.task,
        rows=rows,
        ordered=bool(goal.time_column),
        groups=profile.column(goal.group_column).distinct if goal.group_column else 0,
        rarest_class=min(counts, default=1) if goal.task.is_classification else 0,
        memory=memory,
        moments=min(span.moments, rows) if span is not None else rows,
        span=span,
        month=axis.water_year_month if axis is not None and axis.column == goal.time_column else 10,
        purpose=goal.purpose,
        horizon=horizon_of(goal) if goal.purpose is Purpose.FORECAST else 0,
        warm_up=_warm_up_of(goal, profile),
    )


def _warm_up_of(goal: Goal, profile: DatasetProfile) -> int:
    """Return how many steps pass before the windows of the suggested drivers are full; 0 where none are suggested."""
    looks_back = goal.purpose in (Purpose.SIMULATE, Purpose.FORECAST, Purpose.UNGAUGED)
    if not looks_back or goal.task is not TaskKind.REGRESSION or not goal.time_column:
        return 0
    memory_set = build_memory_set(
        profile, target=goal.target, time_column=goal.time_column, group_column=goal.group_column
    )
    return 0 if memory_set is None else memory_set.warm_up


def fill_validation(reader: AnswerReader, config: ConfigParts, context: FeatureContext) -> None:
    """Add strategy, parameters, hold-out, metrics and seed."""
    situation = situation_of(config, context)
    config["validation"] = read_split(reader, situation)
    config["metrics"] = _choose_metrics(reader, situation)
    config["reproducibility"] = {"seed": read_seed(reader)}


def read_seed(reader: AnswerReader) -> Any:
    """Return the seed that was given, or the suggested one."""
    return reader.parameter("validation", "seed", SEED, 42)


def read_split(reader: AnswerReader, situation: ValidationContext) -> dict[str, Any]:
    """Return strategy, parameters and hold-out, as given or suggested."""
    strategy = _choose_strategy(reader, suggest_strategy(situation))
    parameters = {}
    for parameter in splitting.get(strategy).parameters:
        suggested = _suggested_value(situation, strategy, parameter)
        field = f"{strategy.value}.{parameter.name}"
        if suggested.reason:
            reader.reasons[f"validation.{field}"] = suggested.reason
        parameters[parameter.name] = reader.parameter("validation", field, parameter, suggested.value)
    if parameters.get("align") == "rows":
        # A config without water years reads as it did before there were any.
        parameters = {name: value for name, value in parameters.items() if name not in ("align", "start_month")}
    warm_up = read_warm_up(reader, situation.warm_up) if situation.ordered else 0
    return {
        "strategy": strategy,
        "parameters": parameters,
        "holdout": read_holdout(reader, situation, strategy),
        **({"warm_up": warm_up} if warm_up else {}),
    }


def _choose_strategy(reader: AnswerReader, best: Suggestion) -> SplitStrategy:
    words = reader.text("validation", "strategy", best.value.value, best.reason)
    try:
        return SplitStrategy(words)
    except ValueError:
        remedy = Remedy("Use the suggested one", {"validation": {"strategy": best.value.value}})
        message = f"There is no strategy {words[:40]}."
        reader.wrong("validation", "strategy", message, code="strategy_unknown", remedy=remedy)
        return SplitStrategy(best.value)


def _suggested_value(situation: ValidationContext, strategy: SplitStrategy, parameter: Parameter) -> Suggestion:
    if parameter.name == "n_splits":
        return suggest_folds(situation, strategy)
    if parameter.name == "gap":
        return suggest_gap(situation)
    if parameter.name == "start_month":
        return Suggestion(situation.month, "")
    return Suggestion(parameter.default, "")


def _choose_metrics(reader: AnswerReader, situation: ValidationContext) -> dict[str, Any]:
    primary, others, why = suggest_metrics(situation)
    known = {metric.id for metric in metrics.METRICS}
    words = reader.text("validation", "primary_metric", primary, why)
    if metrics.ALIASES.get(words, words) not in known:
        remedy = Remedy("Use the suggested one", {"validation": {"primary_metric": primary}})
        reader.wrong(
            "validation", "primary_metric", f"There is no metric {words[:40]}.", code="metric_unknown", remedy=remedy
        )
        words = primary
    reader.suggest("validation", "other_metrics", others)
    raw = reader.raw("validation", "other_metrics")
    if raw is not None and not isinstance(raw, list):
        reader.misread("validation", "other_metrics")
    wanted = [str(item) for item in raw] if isinstance(raw, list) else others
    unknown = [item for item in wanted if metrics.ALIASES.get(item, item) not in known]
    if unknown:
        message = f"There is no metric {unknown[0][:40]}."
        reader.wrong("validation", "other_metrics", message, code="metric_unknown")
    kept = [metrics.get(item).id for item in wanted if item not in unknown]
    primary_id = metrics.get(words).id
    return {"primary": primary_id, "others": [item for item in dict.fromkeys(kept) if item != primary_id]}


def fill_review(reader: AnswerReader, config: ConfigParts, context: FeatureContext) -> None:
    """Add name, description and tags."""
    candidates = config["model"].get("candidates")
    title = registry.get(str(config["model"]["estimator"])).title.lower()
    title = f"a contest of {len(candidates)}" if isinstance(candidates, list) else title
    name = reader.text("review", "name", f"{context.target[:80]} by {title}").strip()
    if not name or len(name) > NAME_LENGTH:
        message = f"Give it a name of 1 to {NAME_LENGTH} characters."
        reader.wrong("review", "name", message, code="name_invalid")
        name = name[:NAME_LENGTH]
    description = reader.text("review", "description", "")
    if len(description) > 5000:
        reader.wrong("review", "description", "The description may have 5,000 characters.", code="description_too_long")
    reader.suggest("review", "notes", "")
    words = [word.strip() for word in reader.text("review", "tags", "").split(",")]
    tags = list(dict.fromkeys(word for word in words if word))
    if len(tags) > MAX_TAGS or any(len(tag) > 50 for tag in tags):
        reader.wrong("review", "tags", f"Up to {MAX_TAGS} tags of 50 characters each.", code="tags_invalid")
        tags = [tag[:50] for tag in tags[:MAX_TAGS]]
    config.update({"name": name, "description": description[:5000], "tags": tags})
