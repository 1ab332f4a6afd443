"""The hold-out rule of a draft, known before its plan, so that measurements leave its rows out."""

from __future__ import annotations

from pydantic import ValidationError

from app.domain.analysis.profiling.profile import DatasetProfile
from app.domain.experiment import (
    Draft,
    FeaturesPart,
    MetricsPart,
    ModelPart,
    ReproducibilityPart,
    Spec,
    TaskPart,
    ValidationPart,
)
from app.domain.recommendation.answers import AnswerReader
from app.domain.recommendation.goal import Goal
from app.domain.recommendation.later_steps import read_seed, read_split, situation_for
from app.domain.training.development import HoldoutRule


def holdout_of(draft: Draft, profile: DatasetProfile, goal: Goal) -> HoldoutRule | None:
    """Return the rule for the rows that a draft holds out, as its plan will have it.

    Parameters
    ----------
    draft
        The user's raw answers.
    profile, goal
        The dataset's profile, and what the draft aims at.

    Returns
    -------
    HoldoutRule or None
        None where nothing is held out, or where the answers make no config.
    """
    reader = AnswerReader(draft)
    split = read_split(reader, situation_for(goal, profile, memory=0))
    try:
        spec = Spec(
            task=TaskPart(
                target=goal.target,
                kind=goal.task,
                time_column=goal.time_column or None,
                group_column=goal.group_column or None,
            ),
            features=FeaturesPart(selected=[goal.target]),
            model=ModelPart(estimator="dummy"),
            validation=ValidationPart.model_validate(split),
            metrics=MetricsPart(primary="accuracy" if goal.task.is_classification else "rmse"),
            reproducibility=ReproducibilityPart(seed=read_seed(reader)),
        )
    except ValidationError:
        # The plan says at the field what is wrong with the answer.
        return None
    return HoldoutRule.of(spec)
