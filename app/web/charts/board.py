"""All that the result page draws, put together from one report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.web.charts import classes, hydrograph, points, ranking, residuals, scores, split, trials, verdict


@dataclass(frozen=True)
class Board:
    """Every chart and table of a finished experiment; a chart that does not apply is None."""

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
    charts, target = report["charts"], str(report["task"]["target"])
    months = residuals.by_month(charts["residuals"], target=target)
    ranked = ranking.build(charts["importance"])
    titles = {metric["id"]: metric["title"] for metric in report["metrics"]}
    return Board(
        verdict=verdict.of(report["headline"]),
        tiles=scores.tiles(report),
        leaderboard=scores.leaderboard(report, model_title=model_title),
        fold_tables=scores.fold_tables(report, model_title=model_title),
        hydrograph=hydrograph.build(charts["hydrograph"], target=target),
        scatter=points.build(charts["predicted_observed"], target=target),
        months=months,
        histogram=None if months else residuals.histogram(charts["residuals"], target=target),
        confusion=classes.confusion(charts["confusion"]),
        roc=classes.roc(charts["roc"]),
        precision_recall=classes.precision_recall(charts["pr"]),
        ranking=ranked,
        ranking_metric=titles.get(ranked.metric_id, ranked.metric_id) if ranked else "",
        split=split.build(report["split"]),
        basis="rows held out" if charts["basis"] == "hold-out" else "rows each fold had not trained on",
        searched=trials.build(report.get("tuning"), estimator=estimator),
    )
