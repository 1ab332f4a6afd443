"""ResultPage: all charts and tables of a report."""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.training.headline import decimals_for
from app.domain.training.report.document import MetricInfo, Report
from app.web.charts import classes, contest, hydrograph, points, ranking, residuals, scores, split, trials, verdict
from app.web.charts.chart_numbers import MetricFormat, usual_decimals


@dataclass(frozen=True)
class ResultPage:
    """Every chart and table of a finished experiment; a chart that does not apply is None."""

    unit: str
    verdict: verdict.VerdictWords
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
    ranking: ranking.ImportanceChart | None
    ranking_metric: str
    split: split.SplitChart
    basis: str
    searched: trials.SearchResults | None
    contest: contest.ContestBoard | None


def build_result_page(report: Report, *, model_title: str, estimator: str = "") -> ResultPage:
    """Return the drawing."""
    metrics = tuple(MetricFormat(metric, _telling_decimals(report, metric)) for metric in report.metrics)
    charts, target, unit = report.charts, report.task.target, report.task.unit
    months = residuals.build_month_boxes(charts.residuals, target=target, unit=unit)
    ranked = ranking.build(charts.importance)
    titles = {metric.id: metric.title for metric in report.metrics}
    return ResultPage(
        unit=unit,
        verdict=verdict.verdict_of(report.headline),
        tiles=scores.build_tiles(report, metrics),
        leaderboard=scores.build_leaderboard(report, metrics, model_title=model_title),
        fold_tables=scores.fold_tables(report, metrics, model_title=model_title),
        hydrograph=hydrograph.build(charts.hydrograph, target=target, unit=unit),
        scatter=points.build(charts.predicted_observed, target=target, unit=unit),
        months=months,
        histogram=None if months else residuals.build_histogram(charts.residuals, target=target, unit=unit),
        confusion=classes.build_confusion(charts.confusion),
        roc=classes.build_roc_curves(charts.roc),
        precision_recall=classes.precision_recall(charts.pr),
        ranking=ranked,
        ranking_metric=titles.get(ranked.metric_id, ranked.metric_id) if ranked else "",
        split=split.build(report.split),
        basis="rows held out" if charts.basis == "hold-out" else "rows each fold had not trained on",
        searched=trials.build(report.tuning, estimator=estimator),
        contest=contest.build(report.contest, metrics),
    )


def _telling_decimals(report: Report, metric: MetricInfo) -> int:
    """Return how many decimals tell the model from its strongest baseline."""
    own, other = report.scores[metric.id], report.baseline.scores[metric.id]
    best = 1.0 if metric.greater_is_better else None
    pairs = [(own.mean, other.mean), (own.mean_absolute, other.mean_absolute), (own.holdout, other.holdout)]
    return decimals_for(pairs, decimals=usual_decimals(metric), most=4, best=best)
