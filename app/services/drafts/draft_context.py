"""DraftContext: a draft with its dataset, goal and plan, each loaded when first needed."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from app.domain.analysis.profiling.profile import Associations, DatasetProfile
from app.domain.estimation import Machine
from app.domain.estimators import registry
from app.domain.experiment import Draft, RecipeJson
from app.domain.recommendation.goal import Goal, goal_of
from app.domain.recommendation.holdout import holdout_of
from app.domain.recommendation.plan import Plan
from app.domain.recommendation.propose import derived_config_of, make_plan
from app.domain.recommendation.suggested_set import DerivedConfig, derived_config
from app.domain.training.development import HoldoutRule
from app.domain.vocabulary import ColumnKind, DatasetState
from app.services.context import current_settings
from app.services.datasets import datasets
from app.services.drafts.plans import Inputs, plans_made
from app.services.drafts.undo_stacks import UndoStacks, undo_stacks
from app.services.measurements import associations, estimates, leakage, recommendations
from app.services.measurements.fit_requests import LookedUp
from app.services.measurements.leakage import LeakSearch
from app.storage import datasets as dataset_rows
from app.storage import drafts as draft_rows
from app.storage.tables import Dataset, DraftRow, User

Answers = dict[str, dict[str, Any]]
# What another estimator changes nothing about.
SAME_WITH_ANY_ESTIMATOR = (
    *("chosen", "profile", "goal", "rule", "associations", "machine", "evidence", "comparison"),
    *("derived_config", "history", "waiting"),
)


@dataclass(eq=False)
class DraftContext:
    """A draft of one person with these answers; whatever is asked of it is worked out once, and not before.

    It is good for one version: after a save `moved_on` gives the next one. Nothing here writes or has a worker asked.
    """

    user: User
    row: DraftRow
    answers: Mapping[str, Mapping[str, Any]]
    # The row changes under our hands when it is saved in this very request.
    version: int

    @property
    def id(self) -> uuid.UUID:
        """The draft's id."""
        return self.row.id

    @cached_property
    def chosen(self) -> Dataset | None:
        """The dataset that was chosen, deleted or not."""
        chosen = dataset_id_in(self.answers)
        dataset = dataset_rows.find_dataset(chosen) if chosen is not None else None
        return dataset if dataset is not None and dataset.owner_id == self.user.id else None

    @property
    def dataset(self) -> Dataset | None:
        """The dataset that the draft stands on, unless it was deleted."""
        return self.chosen if self.chosen is not None and self.chosen.deleted_at is None else None

    @property
    def gone(self) -> Dataset | None:
        """The dataset that the draft stood on, where it was deleted meanwhile."""
        return self.chosen if self.chosen is not None and self.chosen.deleted_at is not None else None

    @cached_property
    def profile(self) -> DatasetProfile | None:
        """What is known about the dataset, None until it is ready."""
        return datasets.profile_of(self.dataset) if self.dataset is not None else None

    @cached_property
    def waiting(self) -> Dataset | None:
        """The dataset that the draft waits for: one that is being read, or could not be, which says why."""
        return dataset_rows.find_waiting(self.id, owner_id=self.user.id)

    @cached_property
    def goal(self) -> Goal | None:
        """What is to be predicted, and the kind of each column; None where nothing can be predicted yet."""
        return goal_of(Draft(self.answers), self.profile) if self.profile is not None else None

    @property
    def kinds(self) -> dict[str, ColumnKind]:
        """The kind of every column, detected or chosen by the user."""
        if self.goal is not None:
            return self.goal.kinds
        return {column.name: column.kind for column in self.profile.columns} if self.profile is not None else {}

    @cached_property
    def rule(self) -> HoldoutRule | None:
        """What decides which rows are held out, at which no measure looks; None where none are."""
        if self.profile is None or self.goal is None:
            return None
        return holdout_of(Draft(self.answers), self.profile, self.goal)

    @cached_property
    def associations(self) -> Associations | None:
        """What is known so far about each column and the target, on rows that are not held out."""
        if self.dataset is None or self.goal is None:
            return None
        return associations.known_for(self.dataset, self.goal.target, self.goal.kinds, self.rule)

    @cached_property
    def machine(self) -> Machine:
        """Where a launch would run, with what was learnt there."""
        return estimates.learned_machine()

    @cached_property
    def evidence(self) -> LookedUp:
        """What was looked up of the dataset's short fits, by key; None where there are none."""
        return {}

    @cached_property
    def inputs(self) -> Inputs | None:
        """What the plan by rules follows from, None without a dataset that is ready."""
        if self.dataset is None or self.profile is None:
            return None
        limit = current_settings().limits.train_seconds
        return Inputs(Draft(self.answers), self.profile, self.associations, self.machine, limit)

    @cached_property
    def plan(self) -> Plan:
        """The draft thought through."""
        dataset, inputs = self.dataset, self.inputs
        if dataset is None or inputs is None:
            return self._plan_without_data()
        by_rules = plans_made.plan_of(dataset.id, inputs)
        evidence = recommendations.finished_evidence(dataset, by_rules, self.evidence)
        return by_rules if evidence is None else plans_made.plan_of(dataset.id, replace(inputs, evidence=evidence))

    def _plan_without_data(self) -> Plan:
        dataset = self.chosen
        ready = dataset is not None and dataset.state == DatasetState.READY.value
        state = "" if dataset is None else "deleted" if dataset.deleted_at else "" if ready else dataset.state
        name = "" if dataset is None else dataset.file_name
        return make_plan(Draft(self.answers), None, None, file_name=name, file_state=state)

    @cached_property
    def derived_config(self) -> DerivedConfig | None:
        """What decides about the derived features, without a plan where none is there; None where there can be none."""
        dataset, inputs = self.dataset, self.inputs
        if dataset is None or inputs is None:
            return None
        plan = self.__dict__.get("plan") or plans_made.find(dataset.id, inputs)
        if plan is None:
            return derived_config_of(inputs.draft, inputs.profile, inputs.associations)
        return derived_config(plan)

    @cached_property
    def comparison(self) -> str:
        """How far the comparison of the columns with the target is, by the words of `LeakSearch`."""
        if self.dataset is None or self.goal is None:
            return "measured"
        return leakage.state_of(self.dataset, self.goal.target, self.goal.kinds, self.rule)

    @cached_property
    def leaks(self) -> LeakSearch:
        """How far the search for leaks is, with its questions, open ones first."""
        if self.dataset is None or self.plan.spec is None:
            return LeakSearch("measured")
        return leakage.search_for(self.dataset, self.plan)

    @cached_property
    def history(self) -> UndoStacks:
        """What can be undone and redone."""
        return undo_stacks(self.row)

    def plan_with_recipes(self, recipes: list[RecipeJson] | None) -> Plan | None:
        """Return the plan by rules as it would be with other recipes, None for those that are suggested."""
        dataset, inputs = self.dataset, self.inputs
        if dataset is None or inputs is None:
            return None
        features = {name: value for name, value in self.answers.get("features", {}).items() if name != "transforms"}
        if recipes is not None:
            features["transforms"] = recipes
        answers = {**self.answers, "features": features}
        return plans_made.plan_of(dataset.id, replace(inputs, draft=Draft(answers)))

    def look_again(self) -> None:
        """Forget what follows from measurements, of which there may be more now."""
        for name in ("associations", "comparison", "inputs", "plan", "evidence", "derived_config", "leaks"):
            self.__dict__.pop(name, None)

    def with_page_estimator(self, estimator: str) -> DraftContext:
        """Return the draft as a page shows it that was drawn with this estimator, which nobody chose.

        What is measured meanwhile changes the suggestion, but not what stands on a page that is open.
        """
        spec = self.plan.spec
        if spec is None or spec.model.estimator == estimator or self.answers.get("model", {}).get("estimator"):
            return self
        if estimator not in {entry.id for entry in registry.estimators_for_task(spec.task.kind, spec.task.purpose)}:
            return self
        answers = {**self.answers, "model": {**self.answers.get("model", {}), "estimator": estimator}}
        context = DraftContext(self.user, self.row, answers, self.version)
        context.__dict__.update(
            {name: self.__dict__[name] for name in SAME_WITH_ANY_ESTIMATOR if name in self.__dict__}
        )
        return context

    def moved_on(self, row: DraftRow) -> DraftContext:
        """Return the draft as it is after a save; what a save cannot change is not loaded again."""
        moved = context_of(self.user, row)
        known = self.__dict__
        if "chosen" in known and dataset_id_in(row.answers) == dataset_id_in(self.answers):
            moved.__dict__["chosen"] = known["chosen"]
            # The key of evidence names no dataset, so it goes along with that alone.
            moved.__dict__["evidence"] = self.evidence
        if "machine" in known:
            moved.__dict__["machine"] = known["machine"]
        return moved


def load(user: User, draft_id: uuid.UUID) -> DraftContext:
    """Load a draft of somebody's, or raise NotFoundError."""
    return context_of(user, draft_rows.get_draft(draft_id, owner_id=user.id))


def context_of(user: User, row: DraftRow) -> DraftContext:
    """Return the context of a draft that was loaded."""
    return DraftContext(user, row, row.answers, row.version)


def dataset_id_in(answers: Mapping[str, Mapping[str, Any]]) -> uuid.UUID | None:
    """Return the id of the dataset that was chosen, None where there is none that could be one."""
    raw = answers.get("data", {}).get("dataset_id")
    try:
        return uuid.UUID(str(raw)) if raw else None
    except ValueError:
        return None
