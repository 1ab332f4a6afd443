"""What the parts of the Features step ask the measurements for."""

from __future__ import annotations

from app.domain.analysis.associations.correlation import Method
from app.domain.errors import DomainError
from app.domain.training.development import HoldoutRule
from app.domain.vocabulary import ColumnKind
from app.services.measurements import correlations, leakage, rankings
from app.services.measurements.correlations import MatrixState
from app.services.measurements.leakage import LeakSearch
from app.services.measurements.rankings import RankingState
from app.steps.flow import Situation
from app.storage.tables import Dataset

# No measure of going together fits these.
UNMEASURED = (ColumnKind.CONSTANT, ColumnKind.DATETIME, ColumnKind.TEXT, ColumnKind.IDENTIFIER)


def kinds_of(situation: Situation) -> dict[str, ColumnKind]:
    """Return the kind of every column, as found or as the user said."""
    columns = situation.profile.columns if situation.profile else ()
    kinds = {column.name: column.kind for column in columns}
    if situation.plan.spec is not None:
        kinds.update(situation.plan.spec.data.column_kinds)
    return kinds


def rule_of(situation: Situation) -> HoldoutRule | None:
    """Return what decides which rows are held out, at which nothing on this step looks; None where none are."""
    return HoldoutRule.of(situation.plan.spec) if situation.plan.spec is not None else None


def measured_on(situation: Situation) -> str:
    """Say which rows the measures of this step come from."""
    if rule_of(situation) is None:
        return "No rows are held out, so measures come from all rows."
    return "Measures come from development rows; held-out rows are not looked at."


def chosen_columns(situation: Situation) -> list[str]:
    """Return the columns between which pairs are measured: target and all that can be, or else those that are ticked.

    A matrix of ten thousand columns has fifty million pairs, so there it is of what was chosen.
    """
    kinds = kinds_of(situation)
    target = [situation.plan.spec.task.target] if situation.plan.spec else []
    able = [choice for choice in situation.plan.columns if kinds[choice.profile.name] not in UNMEASURED]
    if len(able) > correlations.most_columns():
        able = [choice for choice in able if choice.selected]
    return [*target, *(choice.profile.name for choice in able)]


def dataset_of(situation: Situation) -> tuple[Dataset, str]:
    """Return the dataset and the target of a draft.

    Raises
    ------
    DomainError
        If there are none.
    """
    if situation.dataset is None or situation.profile is None or situation.plan.spec is None:
        raise DomainError("Choose a dataset and a target on the Data step first.", code="dataset_missing")
    return situation.dataset, situation.plan.spec.task.target


def matrix_of(situation: Situation, method: Method = Method.AUTO, *, start: bool) -> MatrixState:
    """Return what has come of the matrix of a draft's columns; with `start`, the work begins if it never was."""
    dataset, _ = dataset_of(situation)
    columns, kinds = chosen_columns(situation), kinds_of(situation)
    state = correlations.matrix_for(dataset, columns=columns, method=method, kinds=kinds, rule=rule_of(situation))
    if start and state.state == "none" and not state.complete and not state.reason:
        return correlations.start(dataset, columns=columns, method=method, kinds=kinds, rule=rule_of(situation))
    return state


def go_on(situation: Situation, method: Method) -> MatrixState:
    """Have the matrix measured, also where that was stopped before."""
    dataset, _ = dataset_of(situation)
    return correlations.start(
        dataset, columns=chosen_columns(situation), method=method, kinds=kinds_of(situation), rule=rule_of(situation)
    )


def stop(situation: Situation, method: Method) -> None:
    """Have the measuring stopped; what has come stays."""
    dataset, _ = dataset_of(situation)
    correlations.cancel(
        dataset, columns=chosen_columns(situation), method=method, kinds=kinds_of(situation), rule=rule_of(situation)
    )


def ranking_of(situation: Situation) -> RankingState:
    """Return what is known of how much each column tells about the target."""
    dataset, target = dataset_of(situation)
    return rankings.ranking_for(dataset, target, kinds_of(situation), rule=rule_of(situation))


def leaks_of(situation: Situation) -> LeakSearch:
    """Return how far the search for leaks is, with its questions, open ones first."""
    if situation.dataset is None or situation.plan.spec is None:
        return LeakSearch("measured")
    return leakage.search_for(situation.dataset, situation.plan)
