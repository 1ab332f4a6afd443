"""The config of an experiment as a reader would say it, and how it came about."""

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
from app.web.wording import describe_answer, describe_holdout, field_title, format_answer, setting

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
    at: str
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


def lead(spec: Spec, report: Report | None) -> str:
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
    found = [Fact("Target", task.target, TASKS[task.kind])]
    found += [Fact("Purpose", words) for words in (purpose_phrase(task, step_seconds=None),) if words]
    found += [Fact(term, value) for term, value in (("Time", task.time_column), ("Groups", task.group_column)) if value]
    found.append(Fact(f"Measured features, {len(spec.features.selected):,}", _names(spec.features.selected) or "none"))
    found += [Fact("Chosen in each fold", sentence) for sentence in selection(spec)]
    found += leak_answers(spec)
    found += [_recipe(part.kind, part.columns, part.parameters) for part in spec.features.transforms]
    found.append(Fact("Model", model_title(spec)))
    found += _candidates(spec) if is_contest(spec) else [*_hyperparameters(spec), *search(spec)]
    found += _validation(spec)
    wanted = dict.fromkeys([spec.metrics.primary, *spec.metrics.others])
    found.append(Fact("Metrics", ", ".join(metrics.get(one).title for one in wanted), "the first decides"))
    found.append(Fact("Seed", str(spec.reproducibility.seed)))
    return tuple(found)


def selection(spec: Spec) -> list[str]:
    """Return a sentence for each rule that chooses columns in each fold."""
    return describe(spec.features.selection, len(spec.features.selected))


def leak_answers(spec: Spec) -> list[Fact]:
    """Return the answers to "would you know this at prediction time?", by column."""
    answers = spec.leakage.answers
    known = sorted(name for name, answer in answers.items() if answer == "known")
    unknown = sorted(name for name, answer in answers.items() if answer != "known")
    told = (("Known at prediction time", known, "by your word"), ("Not known then", unknown, "so left out"))
    return [Fact(term, _names(names), note) for term, names, note in told if names]


def _names(names: Iterable[str]) -> str:
    listed = list(names)
    rest = len(listed) - MAX_NAMES
    return ", ".join(listed[:MAX_NAMES]) + (f" and {rest:,} more" if rest > 0 else "")


def _recipe(kind: str, columns: list[str], parameters: dict[str, Any]) -> Fact:
    try:
        entry = transforms.get(kind)
    except KeyError:
        title, known = kind, {}
    else:
        title, known = entry.title, {parameter.name: parameter for parameter in entry.parameters}
    pairs = [
        (known[name].title, setting(known[name], value)) if name in known else (name, format_answer(value))
        for name, value in parameters.items()
    ]
    said = "; ".join(f"{term.lower()}: {words}" for term, words in pairs)
    return Fact(title, _names(columns) or said, said if columns else "")


def winning_estimator(spec: Spec, report: Report | None) -> str:
    """Return the id of the estimator that the report is about; of a blend, that of its largest member."""
    number = None if report is None or report.resolved is None else report.resolved.get("candidate")
    candidates = candidates_of(spec)
    return candidates[number - 1 if isinstance(number, int) else 0].model.estimator


def _candidates(spec: Spec) -> list[Fact]:
    parts = enumerate(spec.model.candidates, start=1)
    found = [Fact(f"Candidate {number}", describe_candidate(part)) for number, part in parts]
    return [*found, Fact("Blend", "competes too" if spec.model.blend else "none")]


def _hyperparameters(spec: Spec) -> list[Fact]:
    try:
        entry = registry.get(spec.model.estimator)
    except KeyError:
        return [Fact(name, format_answer(value)) for name, value in spec.model.parameters.items()]
    values = {**entry.defaults(spec.task.kind), **spec.model.parameters}
    return [Fact(one.title, setting(one, values[one.name])) for one in entry.parameters_for(spec.task.kind)]


def search(spec: Spec) -> list[Fact]:
    """Return how settings are searched for and in which ranges, where they are."""
    tuning = spec.model.tuning
    if not tuning.enabled:
        return []
    decides = metrics.get(tuning.metric or spec.metrics.primary).title
    drawn, given_up = dict(SAMPLER.choices)[tuning.sampler], dict(PRUNING.choices)[tuning.pruning]
    how = f"{drawn}; poor sets given up early: {given_up.lower()}"
    found = [Fact("Search", f"{tuning.trials:,} trials in each fold", f"{how}; {decides} decides")]
    for one in resolve(spec)[0] if registry.has(spec.model.estimator) else ():
        within = ", ".join(setting(one.parameter, choice) for choice in one.choices)
        steps = "by factors" if one.log else "evenly"
        span = within or f"{format_answer(float(one.low))} to {format_answer(float(one.high))}"
        found.append(Fact(f"Searched: {one.parameter.title}", span, "" if within else steps))
    return found


def _validation(spec: Spec) -> list[Fact]:
    entry = splitting.get(spec.validation.strategy)
    values = {**entry.defaults(), **spec.validation.parameters}
    found = [Fact("Validation", entry.title)]
    found += [Fact(parameter.title, setting(parameter, values[parameter.name])) for parameter in entry.used(values)]
    found.append(Fact("Held out at the end", describe_holdout(spec.validation.holdout)))
    warm_up = spec.validation.warm_up
    return [*found, Fact("Warm-up", pluralise(warm_up, "step"))] if warm_up else found


def history(events: list[dict[str, Any]]) -> tuple[AnswerChange, ...]:
    """Return every answer of the draft in the order in which it was given."""
    return tuple(
        AnswerChange(
            version=int(event["version"]),
            step=str(event["step"]),
            at=str(event["at"]).replace("T", " ")[:16],
            answer=field_title(path),
            before=_cut(describe_answer(path, before)) or "as suggested",
            after=_cut(describe_answer(path, after)) or "as suggested",
        )
        for event in events
        for path, (before, after) in event["changes"].items()
    )


def _cut(text: str) -> str:
    return text if len(text) <= MAX_VALUE else f"{text[:MAX_VALUE]}\u2026"
