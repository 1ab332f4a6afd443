"""Rules about a contest: enough candidates, none twice, and a blend that is possible."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from app.domain.checks.check_context import CheckContext, error, warning
from app.domain.checks.merging import merge_patch
from app.domain.checks.model_patch import patch_model
from app.domain.contest.candidates import title_of_part, titles_of
from app.domain.estimators import registry
from app.domain.experiment import MAX_CANDIDATES, MIN_CANDIDATES, CandidatePart, Spec, candidates_of
from app.domain.json_values import JsonObject
from app.domain.problems import Problem, Remedy
from app.domain.vocabulary import Severity, SplitStrategy

CANDIDATES, BLEND = "candidates", "blend"
# With fewer rows for each candidate than this, the best of many is likely the luckiest.
MIN_ROWS_EACH = 20
NO_BLEND = Remedy("Do without the blend", {"model": {BLEND: False}})


def enough_candidates(subject: CheckContext) -> Iterator[Problem]:
    """A contest has two candidates at least and twelve at most, and a blend needs a contest."""
    count = len(subject.spec.model.candidates)
    if not count and subject.spec.model.blend:
        yield error("model", BLEND, "blend_of_one", "A blend needs two candidates or more; there is one.", NO_BLEND)
    if count and count < MIN_CANDIDATES:
        message = "A contest needs two candidates or more; there is one."
        yield error("model", CANDIDATES, "contest_of_one", message, Remedy("Add one, or train one estimator."))
    if count > MAX_CANDIDATES:
        message = f"There are {count} candidates; at most {MAX_CANDIDATES} compete."
        parts = subject.spec.model.candidates[:MAX_CANDIDATES]
        yield error(
            "model", CANDIDATES, "too_many_candidates", message, _keep(f"Keep the first {MAX_CANDIDATES}", parts)
        )


def no_candidate_twice(subject: CheckContext) -> Iterator[Problem]:
    """No two candidates have the same estimator, settings and search."""
    seen: dict[str, int] = {}
    for number, part in enumerate(subject.spec.model.candidates, start=1):
        named = json.dumps(_settled(part, subject.spec), sort_keys=True, default=str)
        if named in seen:
            message = f"Candidate {number} is the same as candidate {seen[named]}: {title_of_part(part)}."
            yield error("model", field_of(number), "candidate_twice", message, removal(subject.spec, number))
        seen.setdefault(named, number)


def _settled(part: CandidatePart, spec: Spec) -> JsonObject:
    """Return a candidate with its defaults written out, so that a default that is set makes no other candidate."""
    values: JsonObject = part.model_dump(mode="json")
    if not part.tuning.enabled:
        values["tuning"] = {}
    if registry.has(part.estimator):
        defaults = registry.get(part.estimator).defaults(spec.task.kind)
        values["parameters"] = {**defaults, **part.parameters}
    return values


def blend_can_be_made(subject: CheckContext) -> Iterator[Problem]:
    """A blend averages numbers or probabilities, and is judged by folds that had no part in its weights."""
    spec = subject.spec
    if not spec.model.blend or not spec.model.candidates:
        return
    if spec.validation.strategy is SplitStrategy.HOLDOUT:
        message = "A blend needs two folds or more: one split alone cannot judge it."
        yield warning("model", BLEND, "blend_needs_folds", message, NO_BLEND)
    if spec.task.kind.is_classification:
        parts = [part for part in spec.model.candidates if registry.has(part.estimator)]
        able = [part for part in parts if registry.get(part.estimator).probabilities]
        if len(able) < MIN_CANDIDATES:
            message = "A blend of classes averages probabilities, which fewer than two candidates give."
            yield warning("model", BLEND, "blend_needs_probabilities", message, NO_BLEND)


def rows_can_tell_candidates_apart(subject: CheckContext) -> Iterator[Problem]:
    """There are rows enough to tell so many candidates apart."""
    count = len(subject.spec.model.candidates)
    if count < MIN_CANDIDATES or subject.rows >= MIN_ROWS_EACH * count:
        return
    fewer = max(subject.rows // MIN_ROWS_EACH, MIN_CANDIDATES)
    message = f"{count} candidates compete on {subject.rows:,} rows: the best is likely the luckiest."
    remedy = Remedy("Take fewer candidates.")
    if fewer < count:
        remedy = _keep(f"Keep the first {fewer}", subject.spec.model.candidates[:fewer])
    yield warning("model", CANDIDATES, "many_candidates_few_rows", message, remedy)


OF_CONTEST = (enough_candidates, no_candidate_twice, blend_can_be_made, rows_can_tell_candidates_apart)


def field_of(number: int) -> str:
    """Return the field of a candidate by its number, from 1 on."""
    return f"{CANDIDATES}.{number}"


def as_answers(parts: Sequence[CandidatePart]) -> list[JsonObject]:
    """Return candidates as a draft and a config hold them."""
    return [part.model_dump(mode="json") for part in parts]


def _keep(label: str, parts: Sequence[CandidatePart]) -> Remedy:
    return Remedy(label, {"model": {CANDIDATES: as_answers(parts)}})


def removal(spec: Spec, number: int) -> Remedy:
    """Return the remedy that takes a candidate out; of two, only a sentence."""
    rest = [part for place, part in enumerate(spec.model.candidates, start=1) if place != number]
    return _keep("Remove it", rest) if len(rest) >= MIN_CANDIDATES else Remedy("Choose another candidate instead.")


def check_candidates(spec: Spec, check: Callable[[Spec], tuple[Problem, ...]]) -> Iterator[Problem]:
    """Yield what is wrong with any candidate by itself; what is wrong with all of them is told once, as it is.

    Parameters
    ----------
    spec
        The config of a contest.
    check
        Returns the problems of a config of one estimator.
    """
    specs = candidates_of(spec)
    result = [check(item) for item in specs]
    shared = set.intersection(*({_key(problem) for problem in problems} for problems in result))
    yield from (problem for problem in result[0] if _key(problem) in shared)
    titles = titles_of(specs)
    for number, (element, problems) in enumerate(zip(specs, result, strict=True), start=1):
        for problem in problems:
            if _key(problem) not in shared:
                yield _of_candidate(spec, element, number, titles[number - 1], problem)


def _key(problem: Problem) -> tuple[str, ...]:
    return problem.step, problem.field, problem.severity.value, problem.code, problem.message


def _merged(part: CandidatePart, patch: JsonObject) -> CandidatePart:
    """Return a candidate after a merge patch of its model."""
    return CandidatePart.model_validate(merge_patch(part.model_dump(mode="json"), patch))


def _of_candidate(spec: Spec, item: Spec, number: int, title: str, problem: Problem) -> Problem:
    """Return a problem of one candidate: named, at its field, with a remedy that changes or removes it alone."""
    remedy, own = removal(spec, number), _own_patch(problem, item)
    if own and problem.remedy is not None:
        parts = [*spec.model.candidates]
        parts[number - 1] = _merged(parts[number - 1], own)
        remedy = _keep(problem.remedy.label, parts)
    elif problem.severity is not Severity.ERROR:
        remedy = problem.remedy or remedy
    return replace(problem, step="model", field=field_of(number), message=f"{title}: {problem.message}", remedy=remedy)


def _own_patch(problem: Problem, spec: Spec) -> JsonObject:
    """Return the part of a remedy that changes a candidate's model; empty where it changes anything else."""
    remedy = problem.remedy
    if remedy is None or set(remedy.changes) != {"model"}:
        return {}
    changed = patch_model(remedy.changes["model"], spec).get("model")
    return changed if isinstance(changed, dict) else {}
