"""The config of an experiment as facts in words, and the history of its answers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from app.domain.contest.candidates import describe_candidate
from app.domain.estimators import registry
from app.domain.experiment import Spec, candidates_of, is_contest
from app.domain.purpose_words import purpose_phrase
from app.domain.recommendation.tuning import PRUNING, SAMPLER
from app.domain.text.words import pluralise
from app.domain.training.preprocessing import transforms
from app.domain.training.report.document import Report
from app.domain.training.selection_rules import describe, most_kept
from app.domain.training.tuning.search_space import resolve
from app.domain.training.validation import metrics, splitting
from app.domain.vocabulary import SplitStrategy, TaskKind
from app.web.wording import describe_answer, describe_holdout, field_title, format_answer, format_setting_value

MAX_NAMES = 40
MAX_VALUE = 160
TASKS = {
    TaskKind.REGRESSION: "a number",
    TaskKind.BINARY: "one of two classes",
    TaskKind.MULTICLASS: "one of several classes",
}


@dataclass(frozen=True)
class Fact:
    """A term and what it is here."""

    term: str
    value: str
    note: str = ""


@dataclass(frozen=True)
class AnswerChange:
    """One answer that was given while the config was made."""

    version: int
    step: str
    changed_at: str
    answer: str
    before: str
    after: str


def model_title(spec: Spec, report: Report | None = None) -> str:
    """Return the title of the estimator, or its id where this version no longer knows it; of a contest the winner's."""
    if report is not None and report.contest is not None:
        return report.contest.winning.title
    if is_contest(spec):
        return f"A contest of {len(spec.model.candidates)}"
    try:
        return registry.get(spec.model.estimator).title
    except KeyError:
        return spec.model.estimator


def lead_sentence(spec: Spec, report: Report | None) -> str:
    """Return one sentence about what is or was trained."""
    count = len(report.features.used) if report else len(spec.features.selected)
    title = splitting.get(spec.validation.strategy).title.lower()
    judged = title if spec.validation.strategy is SplitStrategy.TIME_SERIES else f"by {title}"
    derived = "" if report or not spec.features.transforms else " and what is derived from them"
    selected = len(spec.features.selected)
    left = selected - most_kept(spec.features.selection, selected)
    features = pluralise(count, "feature")
    features = f"{count - left:,} of {features}" if left else features
    return f"{model_title(spec, report)} predicts {spec.task.target} from {features}{derived}, validated {judged}."


def facts(spec: Spec) -> tuple[Fact, ...]:
    """Return the config, term by term."""
    task = spec.task
    results = [Fact("Target", task.target, TASKS[task.kind])]
    results += [Fact("Purpose", words) for words in (purpose_phrase(task, step_seconds=None),) if words]
    results += [
        Fact(term, value) for term, value in (("Time", task.time_column), ("Groups", task.group_column)) if value
    ]
    results.append(
        Fact(f"Measured features, {len(spec.features.selected):,}", _quote_names(spec.features.selected) or "none")
    )
    results += [Fact("Chosen in each fold", sentence) for sentence in selection_sentences(spec)]
    results += leak_answers(spec)
    results += [_recipe_fact(part.kind, part.columns, part.parameters) for part in spec.features.transforms]
    results.append(Fact("Model", model_title(spec)))
    results += _candidates(spec) if is_contest(spec) else [*_hyperparameter_facts(spec), *search(spec)]
    results += _validation_facts(spec)
    wanted = dict.fromkeys([spec.metrics.primary, *spec.metrics.others])
    results.append(Fact("Metrics", ", ".join(metrics.get(text).title for text in wanted), "the first decides"))
    results.append(Fact("Seed", str(spec.reproducibility.seed)))
    return tuple(results)


def selection_sentences(spec: Spec) -> list[str]:
    """Return a sentence for each rule that chooses columns in each fold."""
    return describe(spec.features.selection, len(spec.features.selected))


def leak_answers(spec: Spec) -> list[Fact]:
    """Return the answers to "would you know this at prediction time?", by column."""
    answers = spec.leakage.answers
    known = sorted(name for name, answer in answers.items() if answer == "known")
    unknown = sorted(name for name, answer in answers.items() if answer != "known")
    told = (("Known at prediction time", known, "by your word"), ("Not known then", unknown, "so left out"))
    return [Fact(term, _quote_names(names), note) for term, names, note in told if names]


def _quote_names(names: Iterable[str]) -> str:
    listed = list(names)
    rest = len(listed) - MAX_NAMES
    return ", ".join(listed[:MAX_NAMES]) + (f" and {rest:,} more" if rest > 0 else "")


def _recipe_fact(kind: str, columns: list[str], parameters: dict[str, Any]) -> Fact:
    try:
        entry = transforms.get(kind)
    except KeyError:
        title, known = kind, {}
    else:
        title, known = entry.title, {parameter.name: parameter for parameter in entry.parameters}
    pairs = [
        (known[name].title, format_setting_value(known[name], value)) if name in known else (name, format_answer(value))
        for name, value in parameters.items()
    ]
    text = "; ".join(f"{term.lower()}: {words}" for term, words in pairs)
    return Fact(title, _quote_names(columns) or text, text if columns else "")


def winning_estimator(spec: Spec, report: Report | None) -> str:
    """Return the id of the estimator that the report is about; of a blend, that of its largest member."""
    number = None if report is None or report.resolved is None else report.resolved.get("candidate")
    candidates = candidates_of(spec)
    return candidates[number - 1 if isinstance(number, int) else 0].model.estimator


def _candidates(spec: Spec) -> list[Fact]:
    parts = enumerate(spec.model.candidates, start=1)
    result = [Fact(f"Candidate {number}", describe_candidate(part)) for number, part in parts]
    return [*result, Fact("Blend", "competes too" if spec.model.blend else "none")]


def _hyperparameter_facts(spec: Spec) -> list[Fact]:
    try:
        entry = registry.get(spec.model.estimator)
    except KeyError:
        return [Fact(name, format_answer(value)) for name, value in spec.model.parameters.items()]
    values = {**entry.defaults(spec.task.kind), **spec.model.parameters}
    return [
        Fact(parameter.title, format_setting_value(parameter, values[parameter.name]))
        for parameter in entry.parameters_for(spec.task.kind)
    ]


def search(spec: Spec) -> list[Fact]:
    """Return how settings are searched for and in which ranges, where they are."""
    tuning = spec.model.tuning
    if not tuning.enabled:
        return []
    decides = metrics.get(tuning.metric or spec.metrics.primary).title
    drawn, given_up = dict(SAMPLER.choices)[tuning.sampler], dict(PRUNING.choices)[tuning.pruning]
    how = f"{drawn}; poor sets given up early: {given_up.lower()}"
    results = [Fact("Search", f"{tuning.trials:,} trials in each fold", f"{how}; {decides} decides")]
    for dimension in resolve(spec)[0] if registry.has(spec.model.estimator) else ():
        within = ", ".join(format_setting_value(dimension.parameter, choice) for choice in dimension.choices)
        steps = "by factors" if dimension.log else "evenly"
        span = within or f"{format_answer(float(dimension.low))} to {format_answer(float(dimension.high))}"
        results.append(Fact(f"Searched: {dimension.parameter.title}", span, "" if within else steps))
    return results


def _validation_facts(spec: Spec) -> list[Fact]:
    entry = splitting.get(spec.validation.strategy)
    values = {**entry.defaults(), **spec.validation.parameters}
    results = [Fact("Validation", entry.title)]
    results += [
        Fact(parameter.title, format_setting_value(parameter, values[parameter.name]))
        for parameter in entry.used(values)
    ]
    results.append(Fact("Held out at the end", describe_holdout(spec.validation.holdout)))
    warm_up = spec.validation.warm_up
    return [*results, Fact("Warm-up", pluralise(warm_up, "step"))] if warm_up else results


def answer_history(events: list[dict[str, Any]]) -> tuple[AnswerChange, ...]:
    """Return every answer of the draft in the order in which it was given."""
    return tuple(
        AnswerChange(
            version=int(event["version"]),
            step=str(event["step"]),
            changed_at=str(event["at"]).replace("T", " ")[:16],
            answer=field_title(path),
            before=_cut(describe_answer(path, before)) or "as suggested",
            after=_cut(describe_answer(path, after)) or "as suggested",
        )
        for event in events
        for path, (before, after) in event["changes"].items()
    )


def _cut(text: str) -> str:
    return text if len(text) <= MAX_VALUE else f"{text[:MAX_VALUE]}\u2026"
