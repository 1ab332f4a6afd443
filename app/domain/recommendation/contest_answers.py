"""Candidates of a contest in a draft: suggested ones and answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from app.domain.estimators import boosters, registry
from app.domain.experiment import MAX_CANDIDATES, MOST_CANDIDATES_READ, CandidatePart
from app.domain.json_values import JsonObject, Settings
from app.domain.problems import Remedy
from app.domain.recommendation.answers import AnswerReader
from app.domain.recommendation.config_parts import ConfigParts
from app.domain.recommendation.estimators import EstimatorSuggestion
from app.domain.text.messages import fill
from app.domain.vocabulary import TaskKind

CANDIDATES, BLEND, SUGGESTED = "candidates", "blend", "suggested_candidates"
# So many of the recommended estimators are suggested as candidates.
MAX_SUGGESTED = 5
# Boosters compete beside them where they are installed; see docs/decisions/0062.
BOOSTERS = frozenset(entry.id for entry in boosters.ENTRIES)
BOOSTING = "hist_gradient_boosting"
# A second setting of boosting, slower and wider, with fewer features at each split; see docs/decisions/0060.
SLOW_BOOSTING: Settings = {"learning_rate": 0.03, "max_iter": 400, "max_features": 0.5}
# Of classes it learns less by heart instead, unless rows are so many that it starts from so many leaves; see 0064.
MANY_LEAVES, FEW_FEATURES, PENALTY = 31, 0.3, 1.0


def suggested_candidates(ranking: Sequence[EstimatorSuggestion], *, classes: bool = False) -> list[JsonObject]:
    """Return the candidates that are suggested: the first of the recommendation, boosting a second time, and boosters.

    Parameters
    ----------
    ranking
        The recommended estimators, the first choice first.
    classes
        Whether classes are predicted: who gives no probabilities of them has no part in a blend, and is left out.
    """
    able = [item for item in ranking if not item.entry.is_baseline and (item.entry.probabilities or not classes)]
    first = [item for item in able if item.entry.id not in BOOSTERS][:MAX_SUGGESTED]
    parts = [_as_part(item) for item in first]
    parts += [_second_boosting(part, classes=classes) for part in parts if part.estimator == BOOSTING]
    parts += [_as_part(item) for item in able if item.entry.id in BOOSTERS]
    return as_answer(parts)


def _second_boosting(first: CandidatePart, *, classes: bool) -> CandidatePart:
    """Return boosting with other settings than those it starts from."""
    start = first.parameters
    if not classes or start["max_leaf_nodes"] >= MANY_LEAVES:
        return CandidatePart(estimator=BOOSTING, parameters=dict(SLOW_BOOSTING))
    slower = {
        "learning_rate": start["learning_rate"] / 2,
        "max_leaf_nodes": max(4, start["max_leaf_nodes"] // 2),
        "max_features": FEW_FEATURES,
        "l2_regularization": max(PENALTY, start["l2_regularization"]),
    }
    return CandidatePart(estimator=BOOSTING, parameters={**start, **slower})


def _as_part(suggestion: EstimatorSuggestion) -> CandidatePart:
    return CandidatePart(estimator=suggestion.entry.id, parameters=dict(suggestion.parameters))


def as_answer(parts: Sequence[CandidatePart]) -> list[JsonObject]:
    """Return candidates as a draft holds them."""
    return [part.model_dump(mode="json") for part in parts]


def fill_candidates(reader: AnswerReader, config: ConfigParts, ranking: Sequence[EstimatorSuggestion]) -> None:
    """Let the candidates compete that were answered; without such an answer, one estimator is trained.

    What is suggested stands under a name of its own: an answer that is the same as a suggestion would not be kept.
    """
    classes = TaskKind(str(config["task"]["kind"])).is_classification
    reader.suggestions["model"][SUGGESTED] = suggested_candidates(ranking, classes=classes)
    raw = reader.raw("model", CANDIDATES)
    if not raw:
        return
    parts = _read(_kept(reader, raw))
    if parts is not None and any(not registry.has(part.estimator) for part in parts):
        parts = _without_unknown(reader, parts)
    elif parts is None:
        remedy = Remedy("Train one estimator", {"model": {CANDIDATES: None}})
        message = "A candidate could not be understood. Remove it and add it again."
        reader.wrong("model", CANDIDATES, message, code="candidate_invalid", remedy=remedy)
    if not parts:
        return
    parts = [_readable(reader, number, part) for number, part in enumerate(parts, start=1)]
    blend = reader.raw("model", BLEND)
    first = as_answer(parts)[0]
    config["model"] = {**first, CANDIDATES: as_answer(parts), BLEND: blend is not False}


def _kept(reader: AnswerReader, raw: Any) -> Any:
    """Return the candidates of an answer, of far too many the first ones, so that the step still shows a contest."""
    if not isinstance(raw, list) or len(raw) <= MOST_CANDIDATES_READ:
        return raw
    kept, values = raw[:MAX_CANDIDATES], {"count": len(raw), "most": MAX_CANDIDATES}
    remedy = Remedy(fill("Keep the first {most}", **values), {"model": {CANDIDATES: kept}})
    message = fill("There are {count} candidates; at most {most} compete.", **values)
    reader.wrong("model", CANDIDATES, message, code="too_many_candidates", remedy=remedy)
    return kept


def setting_field(number: int, name: str) -> str:
    """Return the name of the field for a setting of a candidate, whose number counts from 1 on."""
    return f"candidate.{number}.{name}"


def _readable(reader: AnswerReader, number: int, part: CandidatePart) -> CandidatePart:
    """Return a candidate without the settings that cannot be read, each of which is told at its field."""
    known = {parameter.name: parameter for parameter in registry.get(part.estimator).parameters}
    settings = dict(part.parameters)
    for name, raw in part.parameters.items():
        if name not in known:
            continue
        try:
            known[name].parse(raw)
        except ValueError as fault:
            message = f"Candidate {number}, {known[name].title.lower()}: {fault}"
            remedy = Remedy("Use the default", {"model": {CANDIDATES: _without(reader, number, name)}})
            reader.wrong("model", setting_field(number, name), message, code="candidate_setting_invalid", remedy=remedy)
            del settings[name]
    return part.model_copy(update={"parameters": settings})


def _without(reader: AnswerReader, number: int, name: str) -> list[Any]:
    """Return the candidates as they were answered, one of them without a setting."""
    listed = [dict(item) for item in reader.raw("model", CANDIDATES)]
    settings = listed[number - 1]["parameters"]
    listed[number - 1]["parameters"] = {key: value for key, value in settings.items() if key != name}
    return listed


def _without_unknown(reader: AnswerReader, parts: Sequence[CandidatePart]) -> list[CandidatePart]:
    """Return the candidates whose estimator is there; the first that is not is told, and they stay in the answers."""
    known = [part for part in parts if registry.has(part.estimator)]
    number, unknown = next((place, part) for place, part in enumerate(parts, 1) if not registry.has(part.estimator))
    label = "Remove what is not there" if known else "Train one estimator"
    remedy = Remedy(label, {"model": {CANDIDATES: as_answer(known) or None}})
    message = f"Candidate {number}: {registry.unknown_sentence(unknown.estimator)}"
    reader.wrong("model", CANDIDATES, message, code="candidate_invalid", remedy=remedy)
    return known


def _read(raw: Any) -> list[CandidatePart] | None:
    """Return the candidates of an answer, None where one is none."""
    if not isinstance(raw, list):
        return None
    try:
        parts = [CandidatePart.model_validate(item) for item in raw]
    except ValidationError:
        return None
    return parts
