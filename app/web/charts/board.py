"""All that the result page draws, put together from one report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.domain.analysis.profiling.units import unit_of
from app.domain.training.headline import decimals_for
from app.web.charts import classes, hydrograph, points, ranking, residuals, scores, split, trials, verdict
from app.web.charts.words import usual_decimals


@dataclass(frozen=True)
class Board:
    """Every chart and table of a finished experiment; a chart that does not apply is None."""

    unit: str
    verdict: verdict.Verdict
    tiles: tuple[scores.Tile, ...]
    leaderboard: scores.Leaderboard
    fold_tables: tuple[scores.FoldTable, ...]
    hydrograph: hydrograph.Hydrograph | None
    scatter: points.Scatter | None
    months: residuals.Months | None
    histogram: residuals.Histogram | None
    confusion: classes.Confusion | None
    roc: classes.Curves | None
    precision_recall: classes.Curves | None
    ranking: ranking.Ranking | None
    ranking_metric: str
    split: split.Split
    basis: str
    searched: trials.Searched | None


def build(report: dict[str, Any], *, model_title: str, estimator: str = "") -> Board:
    """Return what there is to draw."""
    report = _with_decimals(_with_units(report))
    charts, target, unit = report["charts"], str(report["task"]["target"]), str(report["task"]["unit"])
    months = residuals.by_month(charts["residuals"], target=target, unit=unit)
    ranked = ranking.build(charts["importance"])
    titles = {metric["id"]: metric["title"] for metric in report["metrics"]}
    return Board(
        unit=unit,
        verdict=verdict.of(report["headline"]),
        tiles=scores.tiles(report),
        leaderboard=scores.leaderboard(report, model_title=model_title),
        fold_tables=scores.fold_tables(report, model_title=model_title),
        hydrograph=hydrograph.build(charts["hydrograph"], target=target, unit=unit),
        scatter=points.build(charts["predicted_observed"], target=target, unit=unit),
        months=months,
        histogram=None if months else residuals.histogram(charts["residuals"], target=target, unit=unit),
        confusion=classes.confusion(charts["confusion"]),
        roc=classes.roc(charts["roc"]),
        precision_recall=classes.precision_recall(charts["pr"]),
        ranking=ranked,
        ranking_metric=titles.get(ranked.metric_id, ranked.metric_id) if ranked else "",
        split=split.build(report["split"]),
        basis="rows held out" if charts["basis"] == "hold-out" else "rows each fold had not trained on",
        searched=trials.build(report.get("tuning"), estimator=estimator),
    )


def _with_decimals(report: dict[str, Any]) -> dict[str, Any]:
    """Return a report whose metrics say how many decimals tell the model from its strongest baseline."""
    rival = next(one for one in report["baselines"] if one["id"] == report["headline"]["baseline_id"])["scores"]

    def decimals(metric: dict[str, Any]) -> int:
        own, other = report["scores"][metric["id"]], rival[metric["id"]]
        pairs = [(own[key], other[key]) for key in ("mean", "holdout")]
        best = 1.0 if metric["greater_is_better"] else None
        return decimals_for(pairs, decimals=usual_decimals(metric), most=4, best=best)

    return {**report, "metrics": [{**metric, "decimals": decimals(metric)} for metric in report["metrics"]]}


def _with_units(report: dict[str, Any]) -> dict[str, Any]:
    """Return a report that names the target's unit; one from before it was kept is asked by the target's name."""
    task = report["task"]
    if "unit" in task:
        return report
    unit = "" if task["labels"] else unit_of(str(task["target"]))
    metrics = [{**one, "unit": unit if one["in_target_units"] else one["unit"]} for one in report["metrics"]]
    return {**report, "task": {**task, "unit": unit}, "metrics": metrics}
