"""The contest panel of the Model step: candidates, their settings and buttons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.domain.contest.candidates import titles_of
from app.domain.estimators import registry
from app.domain.estimators.parameters import Parameter
from app.domain.experiment import MAX_CANDIDATES, Spec, candidates_of, is_contest
from app.domain.recommendation.contest_answers import BLEND, CANDIDATES, SUGGESTED
from app.domain.recommendation.plan import Plan
from app.domain.recommendation.tuning import NO, YES
from app.steps.views import Form

# The switch between one estimator and several, which is no answer of its own, and its two values.
SWITCH, ONE, SEVERAL = "compete", "one", "several"
# Marks a candidate whose settings the form showed; its number stands behind the dot.
SHOWN = "candidate.shown."
ADD, COPY, REMOVE, SUGGEST = "add-candidate", "copy-candidate:", "remove-candidate:", "suggested-set"
NEW_CANDIDATE = "candidate.new"


@dataclass(frozen=True)
class CandidateRow:
    """A candidate as the panel shows it; `prefix` stands before the name of each of its settings."""

    number: int
    title: str
    prefix: str
    settings: tuple[Parameter, ...]
    values: Mapping[str, Any]
    is_tuned: bool
    is_faulty: bool


@dataclass(frozen=True)
class ContestPanel:
    """The contest: whether there is one, its candidates, whether they are blended, and which estimators can be added.

    `suggested` is how many candidates are suggested, and `offered` pairs an estimator with its title.
    """

    on: bool
    rows: tuple[CandidateRow, ...]
    blend: bool
    suggested: int
    offered: tuple[tuple[str, str], ...]
    is_full: bool
    most: int = MAX_CANDIDATES


def read(form: Form, plan: Plan) -> dict[str, Any]:
    """Return the candidates and whether they are blended, for what the form showed."""
    listed = _listed(plan)
    if SWITCH in form and (form[SWITCH] == SEVERAL) != bool(listed):
        return {CANDIDATES: _suggested(plan) if form[SWITCH] == SEVERAL else None}
    if not listed or SWITCH not in form:
        return {}
    values: dict[str, Any] = {BLEND: form[BLEND] == YES} if form.get(BLEND) in (YES, NO) else {}
    changed = [_with_settings(form, place, item) for place, item in enumerate(listed, start=1)]
    return {**values, CANDIDATES: changed}


def _with_settings(form: Form, number: int, part: dict[str, Any]) -> dict[str, Any]:
    """Return a candidate with the settings that the form shows; what cannot be read stays as typed, and is refused."""
    if f"{SHOWN}{number}" not in form or not registry.has(str(part.get("estimator"))):
        return part
    entry, settings = registry.get(part["estimator"]), dict(part.get("parameters") or {})
    for parameter in entry.parameters:
        raw = form.get(f"candidate.{number}.{parameter.name}")
        if raw is not None:
            settings |= _setting(
                parameter, raw, settings.get(parameter.name, parameter.default), is_given=parameter.name in settings
            )
    return {**part, "parameters": settings}


def _setting(parameter: Parameter, raw: str, current: Any, *, is_given: bool) -> dict[str, Any]:
    try:
        value = parameter.parse(raw)
    except ValueError:
        return {parameter.name: raw}
    return {} if value == current and not is_given else {parameter.name: value}


def act(form: Form, plan: Plan) -> dict[str, Any]:
    """Return the changes of a button: add, copy or remove a candidate, or take the suggested ones again."""
    action, listed = form.get("action", ""), read(form, plan).get(CANDIDATES) or _listed(plan)
    if action == SUGGEST:
        return {CANDIDATES: _suggested(plan)}
    if action.startswith((ADD, COPY)) and len(listed) > MAX_CANDIDATES:
        # That there are too many stands on the step already, with the way out; more of them would hide it.
        return {}
    wanted = form.get(NEW_CANDIDATE, "")
    if action == ADD and wanted in dict(_offered(plan.spec)):
        return {CANDIDATES: [*listed, {"estimator": wanted, "parameters": {}}]}
    place = _place(action, listed)
    if place is None:
        return {}
    if action.startswith(COPY):
        return {CANDIDATES: [*listed[: place + 1], dict(listed[place]), *listed[place + 1 :]]}
    return {CANDIDATES: [*listed[:place], *listed[place + 1 :]] or None}


def _place(action: str, listed: Sequence[Any]) -> int | None:
    """Return the place of the candidate that a button is about, None where there is none."""
    number = action.partition(":")[2]
    known = action.startswith((COPY, REMOVE)) and number.isascii() and number.isdigit() and len(number) < 4
    return int(number) - 1 if known and 1 <= int(number) <= len(listed) else None


def _listed(plan: Plan) -> list[dict[str, Any]]:
    result = plan.values["model"].get(CANDIDATES)
    return [dict(item) for item in result if isinstance(item, Mapping)] if isinstance(result, list) else []


def _suggested(plan: Plan) -> list[Any]:
    return list(plan.suggestions["model"].get(SUGGESTED) or [])


def _typed(listed: Sequence[Mapping[str, Any]], number: int) -> Mapping[str, Any]:
    """Return the settings of a candidate as they were typed, be they valid or not."""
    result = listed[number - 1].get("parameters") if number <= len(listed) else None
    return result if isinstance(result, Mapping) else {}


def _offered(spec: Spec | None) -> tuple[tuple[str, str], ...]:
    if spec is None:
        return ()
    entries = registry.estimators_for_task(spec.task.kind, spec.task.purpose)
    return tuple((entry.id, entry.title) for entry in entries if not entry.is_baseline)


def contest_panel(plan: Plan, spec: Spec) -> ContestPanel:
    """Return the values of the panel of candidates."""
    on = is_contest(spec)
    specs, listed = candidates_of(spec) if on else (), _listed(plan)
    faulty = [problem.field for problem in plan.problems_of("model")]
    rows = tuple(
        CandidateRow(
            number=number,
            title=title,
            prefix=f"candidate.{number}.",
            settings=tuple(registry.get(item.model.estimator).parameters_for(spec.task.kind)),
            values={**item.model.parameters, **_typed(listed, number)},
            is_tuned=item.model.tuning.enabled,
            is_faulty=any(field.startswith(f"candidate.{number}.") for field in faulty),
        )
        for number, (item, title) in enumerate(zip(specs, titles_of(specs), strict=True), start=1)
    )
    return ContestPanel(
        on=on,
        rows=rows,
        blend=bool(spec.model.blend),
        suggested=len(_suggested(plan)),
        offered=_offered(spec),
        is_full=len(rows) >= MAX_CANDIDATES,
    )
