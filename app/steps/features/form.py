"""Reading the posted form of the Features step: selected columns, rules and recipes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from app.domain.errors import DomainError
from app.domain.experiment import MAX_SELECTION_RULES, SelectionPart
from app.domain.recommendation.plan import ColumnChoice, Plan
from app.domain.recommendation.selection import MAX_RULES, Filter, Rule, append_rule, read_rules
from app.domain.training.selection_rules import read_rules as read_selection
from app.domain.training.selection_rules import to_answer
from app.steps.features import memory
from app.steps.features.listing import filter_of, query_parts
from app.steps.features.recipes import add_recipe, move_recipe_up, raw_recipes
from app.steps.views import Form

ADD, REMOVE, FIRST, RESET = "add-transform", "remove-transform:", "earlier-transform:", "reset-transforms"
BULK = {"tick-all": True, "untick-all": False, "tick-suggested": None}
MATCHING = {"tick-matching": "tick", "untick-matching": "leave_out", "only-matching": "only", "invert": "invert"}
FORGET_RULE, FORGET_SELECTION, FORGET_ALL = "forget-rule:", "forget-selection:", "forget-choices"
ASSOCIATED = {"leave_out": "drop_associated", "only": "keep_associated"}


def read(form: Form, plan: Plan) -> dict[str, Any]:
    """Return which of the columns on the page were ticked or unticked by hand.

    What a measurement suggests otherwise since the page was drawn is nobody's choice, so each box is compared with what
    the page showed.
    """
    on_page = set(form.get("shown", "").split(","))
    ticked = set(form.getlist("column"))
    before = set(form["shown_ticked"].split(",")) if "shown_ticked" in form else None
    values: dict[str, Any] = {}
    for choice in plan.columns:
        key = choice.profile.key
        view = choice.selected if before is None else key in before
        if key in on_page and (key in ticked) != view:
            values[f"column.{key}"] = _tick_answer(choice, key in ticked)
    return values


def _tick_answer(choice: ColumnChoice, wanted: bool) -> bool | None:
    """Return the answer that makes a column ticked or not; where the rules say so already, it is forgotten."""
    return None if wanted == choice.ruled else wanted


def changes_of_button(form: Form, plan: Plan) -> dict[str, Any]:
    """Return the changes that a button of the step makes."""
    action = form.get("action", "")
    if action in BULK:
        return _choices_on_page(form, plan, BULK[action])
    if action in MATCHING:
        return _tick_matching(form, plan, MATCHING[action])
    if action == FORGET_ALL:
        exceptions = [name for name in plan.values["features"] if name.startswith("column.")]
        return dict.fromkeys(["rules", "selection", *exceptions])
    if action.startswith(FORGET_SELECTION):
        chosen = selection_of(plan)
        left = [rule for index, rule in enumerate(chosen) if action != f"{FORGET_SELECTION}{index}"]
        return {"selection": to_answer(left) or None}
    if action.startswith(FORGET_RULE):
        kept = [rule.to_json() for index, rule in enumerate(rules_of(plan)) if action != f"{FORGET_RULE}{index}"]
        return {"rules": kept or None}
    if action == RESET:
        return {"transforms": None}
    switched = memory.changes_of_set_button(action, plan)
    if switched is not None:
        return switched
    if action == ADD:
        return {"transforms": add_recipe(form, plan)}
    current = raw_recipes(plan)
    for place in range(len(current)):
        if action == f"{REMOVE}{place}":
            return {"transforms": [*current[:place], *current[place + 1 :]]}
        if action == f"{FIRST}{place}":
            return {"transforms": move_recipe_up(current, place)}
    return {}


def _choices_on_page(form: Form, plan: Plan, wanted: bool | None) -> dict[str, Any]:
    on_page = set(form.get("shown", "").split(","))
    return {
        f"column.{choice.profile.key}": _tick_answer(choice, choice.suggested if wanted is None else wanted)
        for choice in plan.columns
        if choice.profile.key in on_page
    }


def rules_of(plan: Plan) -> tuple[Rule, ...]:
    """Return the rules of a draft that can be understood."""
    return read_rules(plan.values["features"].get("rules"))[0]


def _tick_matching(form: Form, plan: Plan, mode: str) -> dict[str, Any]:
    wanted, faults = filter_of(query_parts(form.get("query", "")))
    if faults:
        name, fault = next(iter(faults.items()))
        raise DomainError(fault, code="filter_invalid", field=name)
    meant = [choice for choice in plan.columns if wanted.matches(choice.facts, ticked=choice.selected)]
    if not meant:
        raise DomainError(
            "No column matches what is asked for, so nothing was changed.", code="rule_matches_nothing", field="q"
        )
    if wanted.least_association is not None or wanted.most_association is not None:
        return _matching_association(plan, wanted, mode)
    changes = add_rule(plan, Rule(mode, wanted))
    # What was ticked on the page and not yet saved counts as done before.
    exceptions = {**plan.values["features"], **read(form, plan)}
    for choice in plan.columns if mode == "only" else meant:
        name = f"column.{choice.profile.key}"
        if name in exceptions:
            current = exceptions[name]
            changes[name] = not current if mode == "invert" and isinstance(current, bool) else None
    return changes


def _matching_association(plan: Plan, wanted: Filter, mode: str) -> dict[str, Any]:
    """Return the answer that has each fold measure the association by itself, among the columns meant otherwise.

    Raises
    ------
    DomainError
        If the change cannot be left to the folds.
    """
    if mode not in ASSOCIATED:
        message = "Each fold measures association again. Use \u201cTick only these\u201d or \u201cLeave out all\u201d."
        raise DomainError(message, code="association_per_fold", field="least_association")
    others = replace(wanted, least_association=None, most_association=None)
    named = [column.profile.name for column in plan.columns if others.matches(column.facts, ticked=column.selected)]
    rule = SelectionPart.model_validate(
        {
            "kind": ASSOCIATED[mode],
            "low": wanted.least_association,
            "high": wanted.most_association,
            "columns": [] if others.empty or mode == "only" else named,
        }
    )
    ticks = {} if others.empty or mode != "only" else add_rule(plan, Rule(mode, others))
    return {**ticks, **add_selection(plan, rule)}


def selection_of(plan: Plan) -> tuple[SelectionPart, ...]:
    """Return the rules of a draft that choose columns in each fold."""
    return read_selection(plan.values["features"].get("selection"))[0]


def add_selection(plan: Plan, rule: SelectionPart) -> dict[str, Any]:
    """Return the answer that adds a rule for each fold; it takes the place of one of its kind about the same columns.

    Raises
    ------
    DomainError
        If there would be too many of them.
    """
    selections = [
        selection
        for selection in selection_of(plan)
        if (selection.kind, selection.columns) != (rule.kind, rule.columns)
    ]
    if len(selections) >= MAX_SELECTION_RULES:
        message = f"A draft keeps {MAX_SELECTION_RULES} rules that choose columns in each fold. Forget some."
        raise DomainError(message, code="too_many_rules", field="q")
    return {"selection": to_answer([*selections, rule])}


def add_rule(plan: Plan, rule: Rule) -> dict[str, Any]:
    """Return the answer that adds a rule to those of a draft.

    Raises
    ------
    DomainError
        If there would be too many of them.
    """
    rules = append_rule(rules_of(plan), rule)
    if len(rules) > MAX_RULES:
        raise DomainError(
            f"A draft keeps {MAX_RULES} rules about columns. Forget some, or start over.",
            code="too_many_rules",
            field="q",
        )
    return {"rules": [item.to_json() for item in rules] or None}
