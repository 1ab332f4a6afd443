"""Selected columns of a draft: suggestions, then rules about many columns, then single choices."""

from __future__ import annotations

from app.domain.analysis.profiling.profile import Association, ColumnProfile
from app.domain.problems import Remedy
from app.domain.recommendation.answers import AnswerReader
from app.domain.recommendation.features import NOT_KNOWN, FeatureContext, judge_column
from app.domain.recommendation.plan import ColumnChoice
from app.domain.recommendation.selection import ColumnFacts, Rule, findings_by_column, read_rules
from app.domain.recommendation.strategies import why_dropped


def choose_columns(reader: AnswerReader, context: FeatureContext) -> tuple[ColumnChoice, ...]:
    """Return every column but the target in file order, each with whether it is ticked, and why.

    Parameters
    ----------
    reader
        The raw answers: `features.rules` is a list of rules, `features.column.<key>` an exception to them.
    context
        What is known about the columns.
    """
    rules, fault = read_rules(reader.raw("features", "rules"))
    if fault:
        remedy = Remedy("Forget the rules", {"features": {"rules": None}})
        reader.wrong("features", "rules", fault, code="rule_unreadable", remedy=remedy)
    names = {column.key: column.name for column in context.profile.columns}
    findings = findings_by_column(context.profile)
    return tuple(
        _column_choice(
            reader, context, column, findings=findings.get(column.name, frozenset()), rules=rules, names=names
        )
        for column in context.profile.columns
        if column.name != context.target
    )


def _column_choice(
    reader: AnswerReader,
    context: FeatureContext,
    column: ColumnProfile,
    *,
    findings: frozenset[str],
    rules: tuple[Rule, ...],
    names: dict[str, str],
) -> ColumnChoice:
    association = context.associations.of(column.name) if context.associations else None
    facts = _column_facts(context, column, association, findings)
    suggested, reason = judge_column(context, column)
    ruled, decided = suggested, None
    for rule in rules:
        before, ruled = ruled, rule.decide(facts, ticked=ruled)
        decided = rule if ruled != before else decided
    # What was said not to be known in time is left out whatever was ticked, by itself or by a rule.
    known = context.answers.get(column.name) != NOT_KNOWN
    ruled = ruled and known
    raw = reader.raw("features", f"column.{column.key}")
    if raw is not None and not isinstance(raw, bool):
        reader.misread("features", f"column.{column.key}")
    selected = raw and known if isinstance(raw, bool) else ruled
    if selected != suggested:
        by_hand = selected != ruled or decided is None
        reason = _apply_user_choice(
            selected, reason, None if by_hand else decided, why=_rule_reason(decided, facts, names)
        )
    return ColumnChoice(column, facts.kind, selected, suggested, reason, ruled, facts, association)


def _column_facts(
    context: FeatureContext, column: ColumnProfile, association: Association | None, findings: frozenset[str]
) -> ColumnFacts:
    value = association.value if association is not None else None
    leaks = context.associations.leaks_of(column.name) if context.associations else ()
    return ColumnFacts(
        key=column.key,
        name=column.name,
        kind=context.kinds[column.name].value,
        missing_percent=100 * column.missing / max(context.profile.rows, 1),
        present=context.profile.rows - column.missing,
        strength=None if value is None else abs(value),
        findings=findings | {leak.code for leak in leaks},
    )


def _rule_reason(rule: Rule | None, facts: ColumnFacts, names: dict[str, str]) -> str:
    if rule is None or not rule.strategy:
        return ""
    return why_dropped(rule.strategy, amount=rule.amount, partner=names.get(rule.columns.get(facts.key, ""), ""))


def _apply_user_choice(selected: bool, reason: str, rule: Rule | None, *, why: str) -> str:
    if rule is None:
        return f"Ticked by you. {reason}" if selected else "Left out by you."
    if selected:
        return f"Ticked by a rule of yours. {reason}"
    return why or f"Left out by a rule of yours: {rule.filter.sentence()}."
