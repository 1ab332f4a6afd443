"""Experiments, their results and their headlines as JSON for the API."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from app.domain.contest.summary import ContestEntry
from app.domain.json_values import to_json
from app.domain.training.report.document import Headline, Report, Scores
from app.domain.training.validation.score_summary import ScoreSummary
from app.domain.vocabulary import Severity
from app.services import experiments
from app.storage.experiments import ExperimentSummary
from app.storage.tables import Experiment
from app.web.jsonapi import job_json


def summary_json(row: ExperimentSummary) -> dict[str, Any]:
    """Return an experiment as a list of experiments shows it."""
    headline = experiments.headline_of(row)
    return {
        "id": str(row.id),
        "name": row.name,
        "tags": list(row.tags),
        "state": row.state,
        "created_at": _iso_time(row.created_at),
        "headline": None if headline is None else _headline_json(headline),
    }


def state_json(row: Experiment) -> dict[str, Any]:
    """Return how far an experiment is, and under which addresses more stands."""
    job = experiments.job_of(row)
    current_values = None if job is None else job_json(job)
    ended = None if row.failure is None else {"code": row.failure_code, "message": row.failure}
    return {
        "id": str(row.id),
        "name": row.name,
        "state": row.state,
        "url": f"/api/experiments/{row.id}/",
        "progress": {"fraction": 1.0 if row.finished_at else 0.0}
        if current_values is None
        else current_values["progress"],
        "error": ended,
        "job": current_values,
    }


def experiment_json(row: Experiment) -> dict[str, Any]:
    """Return all there is to say of an experiment; scores are empty until it has finished."""
    report = experiments.report_of(row)
    return {
        **state_json(row),
        "description": row.description,
        "tags": list(row.tags),
        "created_at": _iso_time(row.created_at),
        "started_at": _iso_time(row.started_at),
        "finished_at": _iso_time(row.finished_at),
        "config": experiments.config_of(row),
        **_results_json(report),
        "estimate": row.estimate,
        "actual": row.actual,
        "environment": row.environment,
        **_open_at_launch(row),
    }


def _open_at_launch(row: Experiment) -> dict[str, Any]:
    """Return the questions that stood open at the launch, and those of them that are warnings."""
    questions = [to_json(question) for question in experiments.open_questions_of(row)]
    warnings = [
        {name: item[name] for name in ("step", "code", "message")}
        for item in questions
        if item["severity"] == Severity.WARNING
    ]
    return {"warnings": warnings, "open_questions": questions}


def _results_json(report: Report | None) -> dict[str, Any]:
    if report is None:
        nothing: dict[str, Any] = {"scores": {}, "holdout": {}, "baselines": {}, "intervals": {}, "leaderboard": []}
        return {**nothing, "verdict": None, "headline": None, "notes": []}
    return {
        "scores": {metric: _fold_scores(report.scores, metric) for metric in report.scores},
        "holdout": _holdout_scores(report.scores),
        "baselines": {entry.id: _baseline_scores(entry.scores) for entry in report.baselines},
        "intervals": {},
        "leaderboard": [] if report.contest is None else [_entry(entry) for entry in report.contest.entries],
        "verdict": _verdict_json(report),
        "headline": _headline_json(report.headline),
        "notes": list(report.notes),
    }


def _entry(entry: ContestEntry) -> dict[str, Any]:
    """Return a line of the leaderboard; the rows held out judged the winner alone, the others have null there."""
    following = entry.against_next
    return {
        "candidate": entry.title,
        "key": entry.key,
        "rank": entry.rank,
        "state": entry.state,
        "reason": entry.reason,
        "estimator": entry.estimator or None,
        "parameters": dict(entry.parameters),
        "scores": {metric: _fold_scores(entry.scores, metric) for metric in entry.scores},
        "holdout": _holdout_scores(entry.scores) or None,
        "seconds": entry.seconds,
        "predict_seconds": entry.predict_seconds,
        "size_mb": entry.size_mb,
        "probability_better_than_next": None if following is None else following.probability,
    }


def _fold_scores(scores: Scores, metric: str) -> dict[str, Any]:
    """Return the scores of the folds; `mean_absolute` stands beside the mean of a signed metric, and decides."""
    return {name: value for name, value in to_json(scores[metric]).items() if name != "holdout"}


def _holdout_scores(scores: Scores) -> dict[str, float]:
    return {metric: score.holdout for metric, score in scores.items() if score.holdout is not None}


def _baseline_scores(scores: Scores) -> dict[str, Any]:
    """Return the scores of a baseline, with the mean that decides where errors have both signs."""
    return {metric: _drop_fold_scores(score) for metric, score in scores.items()}


def _drop_fold_scores(score: ScoreSummary) -> dict[str, Any]:
    return {name: value for name, value in to_json(score).items() if name in ("mean", "mean_absolute", "holdout")}


def _verdict_json(report: Report) -> dict[str, Any]:
    """Return the verdict with its interval; of one from before there were intervals, what it knows."""
    if report.verdict is not None:
        return to_json(report.verdict)
    state = report.headline.verdict or ("beats" if report.headline.beats else "undecided")
    state = "undecided" if state == "does_not_beat" else state
    unknown = dict.fromkeys(("difference", "low", "high", "probability"))
    return {"state": state, "against": report.headline.baseline_id, **unknown}


def _headline_json(headline: Headline) -> dict[str, Any]:
    return {
        "purpose": headline.purpose,
        "sentence": headline.sentence,
        "detail": headline.detail,
        "metric": headline.metric,
        "score": headline.score,
        "baseline": headline.baseline_id,
        "baseline_score": headline.baseline_score,
        "basis": headline.basis,
    }


def _iso_time(moment: datetime | None) -> str | None:
    return None if moment is None else f"{moment.isoformat(timespec='seconds')}Z"
