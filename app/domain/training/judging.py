"""Scores of the model and of every baseline on one fold or on the hold-out."""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.experiment import Spec
from app.domain.training.preprocessing.preparation import TrainingTable
from app.domain.training.resolved.build import FittedPart
from app.domain.training.run_state import PartResult
from app.domain.training.validation import baselines, scoring
from app.domain.training.validation.scoring import Predictions
from app.domain.training.validation.splitting import Fold


@dataclass(frozen=True)
class JudgedBaselines:
    """What each baseline predicts on the rows that judge, how it scores, and on how many rows it knows nothing."""

    predictions: dict[str, Predictions]
    scores: dict[str, dict[str, float | None]]
    unknown: dict[str, int]


def judge_baselines(spec: Spec, table: TrainingTable, fold: Fold) -> JudgedBaselines:
    """Return the baselines of a part; a row of which one knows nothing has the mean of the training rows there."""
    predictions, unknown = {}, {}
    for entry in baselines.baselines_for_experiment(spec, table):
        values, scores = entry.rule(table, fold.train, fold.validation)
        unknown[entry.id] = baselines.count_unknown(values)
        filled = baselines.fill_unknown(values, table, fold.train)
        predictions[entry.id] = Predictions(filled, scores, are_probabilities=True)
    scored = {name: scoring.judge(spec, table, fold.validation, value) for name, value in predictions.items()}
    return JudgedBaselines(predictions, scored, unknown)


def judge_part(
    spec: Spec,
    table: TrainingTable,
    fold: Fold,
    *,
    name: str,
    predictions: Predictions,
    chosen: tuple[str, ...] | None = None,
    fitted: FittedPart | None = None,
    rivals: JudgedBaselines | None = None,
) -> PartResult:
    """Return a judged part from the predictions of its rows; `rivals` are its baselines where they are judged."""
    rivals = judge_baselines(spec, table, fold) if rivals is None else rivals
    return PartResult(
        name=name,
        train=fold.train,
        rows=fold.validation,
        predictions=predictions,
        scores=scoring.judge(spec, table, fold.validation, predictions),
        baseline_scores=rivals.scores,
        baseline_predictions=rivals.predictions,
        baseline_unknown=rivals.unknown,
        chosen=chosen,
        fitted=fitted,
    )
