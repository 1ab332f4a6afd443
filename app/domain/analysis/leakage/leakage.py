"""Search for leaks: columns that may reveal the target, each with evidence, a score and a question to answer.

Nothing is removed for being suspicious: a column is left out until somebody says that it is known at prediction time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

import pandas as pd

from app.domain.analysis.associations.association import MIN_ROWS, is_number, numbers_of
from app.domain.analysis.associations.explained_share import (
    PreparedTarget,
    class_names,
    explained_share,
    prepare_target,
    separates_classes,
)
from app.domain.analysis.leakage import name_evidence as naming
from app.domain.analysis.leakage.class_evidence import class_evidence
from app.domain.analysis.leakage.class_functions import MAX_LEVELS, class_functions
from app.domain.analysis.leakage.gap_evidence import marks_gaps, shared_gaps
from app.domain.analysis.leakage.identities import find_identities
from app.domain.analysis.leakage.time_shifts import time_leaks
from app.domain.analysis.profiling.profile import STRONG_LEAK, Association, Leak
from app.domain.text.words import join_words
from app.domain.vocabulary import ColumnKind

# A single column that explains this share of the target is the target in disguise; EvalML warns at the same 0.95.
GIVES_AWAY = 0.95
# From here on it is worth a question; honest features of the real files stay below.
TELLING = 0.8
# A column whose gaps alone explain this share is filled in once the target is known.
GAPS_TELL = 0.4
# Two columns that a published data set calculates from one record are left out once one tells this much of the other.
NOTICEABLE = 0.1
ID_ORDERS = 0.3
# Rows of the same thing on both sides of a split are a matter of things that come at least so often.
ROWS_PER_GROUP = 3
GROUP_TELLS = 0.02

# The highest score of a suspicion that leaves nothing out by itself.
UNSURE = STRONG_LEAK - 0.01

QUESTIONS = {
    "group_leakage": "Will the model meet new values of {column} that it has never seen? Then split by it.",
    "identifier_orders_target": "Does {column} mean anything beyond the order of the file?",
}
QUESTION = "Would you know {column} at the moment when {target} is to be predicted?"


def question_of(leak: Leak, target: str) -> str:
    """Return the question that a suspicion asks; the parts of a sum are asked about together."""
    names = [name[:60] for name in (leak.column, *(leak.others if leak.is_part else ()))]
    return QUESTIONS.get(leak.code, QUESTION).format(column=join_words(names), target=target[:60])


def column_leaks(
    frame: pd.DataFrame,
    target: str,
    kinds: Mapping[str, ColumnKind],
    items: Iterable[Association],
    *,
    flags: Collection[str] = (),
) -> list[Leak]:
    """Return the suspicions against each column by itself.

    Parameters
    ----------
    frame
        The rows looked at, with the user's column names.
    target, kinds
        The target, and every column's kind.
    items
        The associations of the columns to look at; a copy of the target is known from there and not named again.
    flags
        The columns that hold the quality flags of the target.
    """
    goal = prepare_target(frame[target], kinds[target])
    classed = _as_classes(frame[target], goal)
    classes = class_names(frame[target], classed)
    leaks: list[Leak] = []
    for item in items:
        if not item.copy_of_target and kinds[item.column] is not ColumnKind.CONSTANT:
            values, kind = frame[item.column], kinds[item.column]
            leaks.extend(_suspicions(values, kind, goal, target))
            leaks.extend(_state_suspicions(values, kind, classed, classes, target, is_flag=item.column in flags))
    return leaks


def _as_classes(values: pd.Series, goal: PreparedTarget) -> PreparedTarget:
    """Return a target of few numbers as classes, since each of them may be one; any other as it is."""
    if goal.classes is None and values.nunique() <= MAX_LEVELS:
        return prepare_target(values, ColumnKind.CATEGORICAL)
    return goal


def _state_suspicions(
    values: pd.Series, kind: ColumnKind, goal: PreparedTarget, classes: list[str], target: str, *, is_flag: bool
) -> Iterator[Leak]:
    """Yield what one state of a column says of one class, or of the rows without a target."""
    name = str(values.name)
    for evidence in (
        class_evidence(values, kind, goal, classes, target),
        marks_gaps(values, kind, goal, target, is_flag=is_flag),
    ):
        if evidence is not None:
            yield Leak(name, "known_only_afterwards", evidence.score, evidence.text)
    if is_flag:
        evidence_text = f"It holds the quality flags of {target[:60]}, which are given after that is measured."
        yield Leak(name, "known_only_afterwards", 0.6, evidence_text)


def gap_leaks(frame: pd.DataFrame, target: str, names: Iterable[str]) -> list[Leak]:
    """Return a question for each column that is missing on the same rows as the target, as if measured with it."""
    gaps = shared_gaps(frame, target, names)
    return [Leak(name, "known_only_afterwards", 0.6, evidence) for name, evidence in gaps.items()]


def _suspicions(values: pd.Series, kind: ColumnKind, goal: PreparedTarget, target: str) -> Iterator[Leak]:
    name = str(values.name)
    if kind is ColumnKind.DATETIME:
        return
    power = explained_share(values, kind, goal)
    if kind is ColumnKind.IDENTIFIER and pd.api.types.is_numeric_dtype(values):
        if power >= ID_ORDERS:
            share = f"{100 * power:.0f} %"
            yield Leak(name, "identifier_orders_target", power, f"The order of the rows alone explains {share} of it.")
        return
    if separates_classes(values, kind, goal):
        yield Leak(
            name, "target_leakage", 1.0, "Its values and the target's split into the same parts, without a miss."
        )
    elif power >= GIVES_AWAY:
        yield Leak(name, "target_leakage", power, f"By itself it explains {_format_share(power)} of {target[:60]}.")
    elif power >= TELLING and not naming.is_earlier(name):
        evidence = f"By itself it explains {_format_share(power)} of {target[:60]}, more than is usual."
        yield Leak(name, "known_only_afterwards", 0.6 + 0.25 * power, evidence)
    yield from _hindsight_suspicions(values, name=name, power=power, goal=goal, target=target)
    if power >= GROUP_TELLS and _is_group(values, name, kind):
        things = values.nunique()
        evidence = f"{things:,} values, each on about {len(values) / things:,.0f} rows that belong together."
        yield Leak(name, "group_leakage", 0.5, evidence)


def _format_share(power: float) -> str:
    return "100 %" if power > 0.9995 else f"{100 * power:.3g} %"


def _hindsight_suspicions(
    values: pd.Series, *, name: str, power: float, goal: PreparedTarget, target: str
) -> Iterator[Leak]:
    """Yield what its name and its gaps say about when a column is known."""
    missing = values.isna()
    if MIN_ROWS <= missing.sum() <= len(values) - MIN_ROWS:
        gaps = explained_share(missing.rename(name), ColumnKind.BOOLEAN, goal)
        if gaps >= GAPS_TELL:
            evidence = f"Whether it is missing already explains {_format_share(gaps)} of {target[:60]}."
            yield Leak(name, "known_only_afterwards", max(0.9, gaps), evidence)
    suspicion = naming.find_name_suspicion(name, target)
    if suspicion is not None and power >= suspicion.least:
        # A name is a notice at most, unless a published data set says how both columns were made.
        score = 0.9 if suspicion.published and power >= NOTICEABLE else 0.6
        evidence = f"{suspicion.reason} By itself it explains {_format_share(power)} of {target[:60]}."
        yield Leak(name, "known_only_afterwards", score, evidence)


def _is_group(values: pd.Series, name: str, kind: ColumnKind) -> bool:
    if kind is ColumnKind.IDENTIFIER or not naming.names_a_thing(name) or pd.api.types.is_float_dtype(values):
        return False
    things = values.nunique()
    return things >= 2 and len(values) >= ROWS_PER_GROUP * things


def joint_leaks(frame: pd.DataFrame, target: str, kinds: Mapping[str, ColumnKind], alone: Iterable[Leak]) -> list[Leak]:
    """Return the columns that give the target away together: sums, means, products, ratios, and what decides a class.

    Parameters
    ----------
    frame
        The rows looked at, with the target and the columns that may take part.
    target, kinds
        The target, and every column's kind.
    alone
        What is suspected of columns by themselves. A column that needs one of those for its evidence is asked about
        and not left out, since the target cannot be calculated from it once the other is gone. The parts of a sum or
        difference that is the target are left out together all the same, and so are columns that decide a class: one
        is no more known than the other.
    """
    strong = {leak.column for leak in alone if leak.strong}
    summed = _identity_leaks(frame, target, kinds, strong) if is_number(kinds[target], frame[target]) else []
    return summed or class_function_leaks(frame, target, kinds, strong)


def _identity_leaks(
    frame: pd.DataFrame, target: str, kinds: Mapping[str, ColumnKind], strong: Collection[str]
) -> list[Leak]:
    numbers = {
        str(name): numbers_of(frame[name])
        for name in frame.columns
        if name != target and kinds[str(name)] is not ColumnKind.CONSTANT and is_number(kinds[str(name)], frame[name])
    }
    leaks: dict[str, Leak] = {}
    for identity in find_identities(numbers_of(frame[target]), numbers):
        for name in identity.names:
            others = tuple(other for other in identity.names if other != name)
            alone_harmless = not identity.is_sum and name not in strong and not set(strong).isdisjoint(others)
            score = 0.7 if alone_harmless else 1.0
            evidence = f"{identity.text} is {target[:60]}."
            leak = Leak(name, "target_leakage", score, evidence, others, is_part=identity.is_sum)
            if name not in leaks or leaks[name].score < leak.score:
                leaks[name] = leak
    return list(leaks.values())


def class_function_leaks(
    frame: pd.DataFrame, target: str, kinds: Mapping[str, ColumnKind], strong: Collection[str]
) -> list[Leak]:
    """Return the columns of few values that decide the class of the target together."""
    goal = _as_classes(frame[target], prepare_target(frame[target], kinds[target]))
    names = [str(name) for name in frame.columns if name != target and name not in strong]
    leaks: dict[str, Leak] = {}
    for parts, rows in class_functions(frame[names], kinds, goal):
        listed = join_words([name[:60] for name in parts])
        evidence = f"Each combination of {listed} has one value of {target[:60]}, on all {rows:,} rows looked at."
        for name in parts:
            others = tuple(other for other in parts if other != name)
            leaks.setdefault(name, Leak(name, "target_leakage", 1.0, evidence, others, is_part=True))
    return list(leaks.values())


def series_leaks(frame: pd.DataFrame, target: str, kinds: Mapping[str, ColumnKind], *, time_column: str) -> list[Leak]:
    """Return the numbers of a series that hold the target of the same or a later moment.

    Parameters
    ----------
    frame
        All rows of the series in any order, with the time column; its moments are distinct.
    target, kinds, time_column
        The target, every column's kind, and the column that orders the rows.
    """
    if not is_number(kinds[target], frame[target]):
        return []
    ordered = frame.sort_values(time_column, kind="stable")
    goal = numbers_of(ordered[target])
    leaks = []
    for name in ordered.columns:
        if name not in (target, time_column) and is_number(kinds[str(name)], ordered[name]):
            evidence = time_leaks(numbers_of(ordered[name]), goal, target[:60])
            if evidence:
                leaks.append(Leak(str(name), "target_leakage", 1.0, evidence))
    return leaks


def merge_leaks(leaks: Iterable[Leak]) -> tuple[Leak, ...]:
    """Return the leaks with each column and code once, the surest first; more evidence of one kind adds a little.

    Two notices do not make a warning.
    """
    best: dict[tuple[str, str], Leak] = {}
    for leak in sorted(leaks, key=lambda item: -item.score):
        known = best.get((leak.column, leak.code))
        if known is None:
            best[leak.column, leak.code] = leak
        elif leak.evidence not in known.evidence:
            best[leak.column, leak.code] = replace(
                known,
                evidence=f"{known.evidence} {leak.evidence}",
                score=min(1.0 if known.strong else UNSURE, known.score + 0.1),
                others=known.others or leak.others,
                is_part=known.is_part or leak.is_part,
            )
    return tuple(best.values())
