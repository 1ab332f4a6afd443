"""Measurements behind the Features step: matrix, ranking and the selected columns."""

from __future__ import annotations

from app.domain.analysis.associations.correlation import Method
from app.domain.errors import DomainError
from app.domain.recommendation.goal import Goal
from app.domain.vocabulary import ColumnKind
from app.services.measurements import correlations, rankings
from app.services.measurements.correlations import MatrixState
from app.services.measurements.rankings import RankingState
from app.steps.context import DraftContext
from app.storage.tables import Dataset

# No measure of going together fits these.
UNMEASURED = (ColumnKind.CONSTANT, ColumnKind.DATETIME, ColumnKind.TEXT, ColumnKind.IDENTIFIER)


def measured_on(draft: DraftContext) -> str:
    """Say which rows the measures of this step come from."""
    if draft.rule is None:
        return "Measured on all rows, since none are held out."
    return "Measured on development rows; held-out rows are not used."


def chosen_columns(draft: DraftContext) -> list[str]:
    """Return the columns between which pairs are measured: target and all that can be, or else those that are ticked.

    A matrix of ten thousand columns has fifty million pairs, so there it is of what was chosen.
    """
    _, goal = standing_of(draft)
    names = [name for name in goal.kinds if name != goal.target]
    able = [name for name in names if goal.kinds[name] not in UNMEASURED]
    if len(able) > correlations.most_columns():
        ticked = {choice.profile.name for choice in draft.plan.columns if choice.selected}
        able = [name for name in able if name in ticked]
    return [goal.target, *able]


def standing_of(draft: DraftContext) -> tuple[Dataset, Goal]:
    """Return the dataset and the goal of a draft.

    Raises
    ------
    DomainError
        If there are none.
    """
    if draft.dataset is None or draft.goal is None:
        raise DomainError("Choose a dataset and a target on the Data step first.", code="dataset_missing")
    return draft.dataset, draft.goal


def matrix_of(draft: DraftContext, method: Method = Method.AUTO) -> MatrixState:
    """Return the matrix of a draft's columns as far as it is measured, and start nothing."""
    dataset, goal = standing_of(draft)
    return correlations.matrix_for(
        dataset, columns=chosen_columns(draft), method=method, kinds=goal.kinds, rule=draft.rule
    )


def begin_matrix(draft: DraftContext, method: Method) -> MatrixState:
    """Have the matrix measured, also where that was stopped before."""
    dataset, goal = standing_of(draft)
    return correlations.start(dataset, columns=chosen_columns(draft), method=method, kinds=goal.kinds, rule=draft.rule)


def stop_matrix(draft: DraftContext, method: Method) -> None:
    """Have the measuring stopped; what has come stays."""
    dataset, goal = standing_of(draft)
    correlations.cancel(dataset, columns=chosen_columns(draft), method=method, kinds=goal.kinds, rule=draft.rule)


def ranking_of(draft: DraftContext) -> RankingState:
    """Return the ranking of a draft's columns for its target."""
    dataset, goal = standing_of(draft)
    return rankings.known_of(dataset, goal.target, goal.kinds, draft.rule)
