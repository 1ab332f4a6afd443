"""Rules about leakage: columns unknown at prediction time, and related rows on both sides of a split."""

from __future__ import annotations

from collections.abc import Iterator

from app.domain.analysis.profiling.profile import Leak
from app.domain.checks.about_features import leave_out
from app.domain.checks.check_context import CheckContext, error, notice, warning
from app.domain.problems import Problem, Remedy
from app.domain.vocabulary import SplitStrategy

# A copy of a row in every twenty is more than the noise of most scores.
MANY_COPIES = 0.05
# These are about the split or the file and not about the moment at which a column is known.
ABOUT_ROWS = ("group_leakage",)
# What is asked of a person and stays open until it is answered.
QUESTIONS = ("target_leakage", "known_only_afterwards", "identifier_orders_target", "group_leakage")
RANDOM = (SplitStrategy.HOLDOUT, SplitStrategy.K_FOLD, SplitStrategy.STRATIFIED_K_FOLD, SplitStrategy.REPEATED_K_FOLD)


def no_target_among_features(subject: CheckContext) -> Iterator[Problem]:
    """The target is not its own feature."""
    if subject.spec.task.target in subject.spec.features.selected:
        remedy = leave_out(subject, subject.spec.task.target)
        yield error("features", "", "target_leakage", "The target cannot be its own feature.", remedy)


def answers_are_kept(subject: CheckContext) -> Iterator[Problem]:
    """Report features that the user marked as not known at prediction time."""
    for name in subject.spec.features.selected:
        if subject.spec.leakage.answers.get(name) == "not_known":
            message = f"{name[:60]} is not known at prediction time, as you said, so it cannot be a feature."
            yield error("features", subject.field(name), "known_only_afterwards", message, leave_out(subject, name))


def questions_are_answered(subject: CheckContext) -> Iterator[Problem]:
    """Every suspected leak among the features was answered for by a person."""
    if subject.associations is None:
        return
    for name in subject.spec.features.selected:
        if name in subject.spec.leakage.answers or name == subject.spec.task.target:
            continue
        leaks = [leak for leak in subject.associations.leaks_of(name) if leak.code not in ABOUT_ROWS]
        if leaks:
            yield _open(subject, leaks[0])


def _open(subject: CheckContext, leak: Leak) -> Problem:
    name, field = leak.column[:60], subject.field(leak.column)
    if leak.strong:
        what = "gives the answer away" if leak.code == "target_leakage" else "may be known only afterwards"
        message = f"{name} {what}. {leak.evidence} Say whether you would know it at prediction time."
        return warning("features", field, leak.code, message, leave_out(subject, leak.column))
    remedy = Remedy("I would know it", {"features": {f"leak.{subject.profile.column(leak.column).key}": "known"}})
    message = f"Would you know {name} at prediction time? {leak.evidence}"
    return notice("features", field, leak.code, message, remedy)


def groups_stay_together(subject: CheckContext) -> Iterator[Problem]:
    """Rows of the same thing are not divided at random between training and judging."""
    strategy, task = subject.strategy, subject.spec.task
    if subject.associations is None or task.group_column is not None or strategy.id not in RANDOM:
        return
    for name in subject.associations.suspects():
        for leak in subject.associations.leaks_of(name):
            if leak.code == "group_leakage":
                remedy = Remedy(
                    f"Split by {name[:40]}",
                    {"data": {"group_column": name}, "validation": {"strategy": SplitStrategy.GROUP_K_FOLD.value}},
                )
                message = f"{name[:60]} has {leak.evidence} This split puts some of them on both sides."
                yield notice("validation", "strategy", "group_leakage", message, remedy)
                return


def copies_stay_together(subject: CheckContext) -> Iterator[Problem]:
    """Rows that are exact copies are not divided at random between training and judging."""
    copies, rows = subject.profile.duplicate_rows or 0, max(subject.profile.rows, 1)
    if copies <= MANY_COPIES * rows or subject.strategy.id not in RANDOM:
        return
    message = (
        f"{copies:,} rows ({100 * copies / rows:.1f} %) are exact copies of others, and this split trains on some and "
        "judges by the others: the score will be too good. Leave them out when the file is read, on the Data step."
    )
    remedy = Remedy("Leave exact copies out, on the Data step.")
    yield warning("validation", "strategy", "duplicates_across_folds", message, remedy)
