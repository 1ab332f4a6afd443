"""Score tiles, the leaderboard against baselines, and scores by fold."""

from __future__ import annotations

import math
from dataclasses import dataclass

from app.domain.text.numbers import MINUS
from app.domain.training.report.document import Report, Scores
from app.domain.training.validation.score_summary import ScoreSummary
from app.web.charts import scales
from app.web.charts.chart_numbers import MAX_ROWS, MetricFormat, lower_first

MAX_DOTS = 120
# What the spread over the folds of a growing window is: not that of chance alone.
GROWING = ", of which later ones train on more rows"
BY_SIZE = "Mean absolute, decides"


@dataclass(frozen=True)
class Tile:
    """One score and its yardstick."""

    title: str
    value: str
    unit: str
    yardstick: str


@dataclass(frozen=True)
class Rival:
    """A line of the leaderboard: the model, or a baseline."""

    title: str
    is_model: bool
    sentence: str
    mean: str
    spread: str
    dots: tuple[float, ...]
    holdout: str
    others: tuple[str, ...]


@dataclass(frozen=True)
class Leaderboard:
    """The model and every baseline, by the primary metric; `caption` says what mean, spread and dots are."""

    metric: str
    other_metrics: tuple[str, ...]
    has_holdout: bool
    caption: str
    rivals: tuple[Rival, ...]


@dataclass(frozen=True)
class FoldTable:
    """One metric, fold by fold."""

    id: str
    title: str
    unit: str
    help: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str


def _score_basis(report: Report, metric: MetricFormat) -> tuple[bool, str]:
    """Return whether the rows held out decide, and the words for what decides of a metric."""
    if report.headline.basis == "holdout":
        return True, "hold-out"
    folds = len(report.split.folds)
    mean = "mean absolute" if _is_judged_by_size(report, metric) else "mean"
    return False, f"{mean} of {folds} folds" if folds > 1 else "one split"


def _is_judged_by_size(report: Report, metric: MetricFormat) -> bool:
    """Return whether errors of both signs would cancel in the mean over the folds, so that the sizes decide."""
    return len(report.split.folds) > 1 and report.scores[metric.info.id].mean_absolute is not None


def _has_growing_folds(report: Report) -> bool:
    """Return whether later folds train on more rows than earlier ones."""
    return len(report.split.folds) > 1 and report.split.parameters.get("window") == "expanding"


def _spread(report: Report, metric: MetricFormat, score: ScoreSummary) -> str:
    """Return the spread over the folds, an empty text where there is none; with it the mean where it is not shown."""
    if score.std is None:
        return ""
    signed = f"signed mean {metric.write(score.mean)} " if _is_judged_by_size(report, metric) else ""
    return f"{signed}± {metric.write(score.std)}"


def build_tiles(report: Report, metrics: tuple[MetricFormat, ...]) -> tuple[Tile, ...]:
    """Return a tile for each metric, the primary one first, on the rows that the headline speaks of."""
    return tuple(_build_tile(report, metric) for metric in metrics)


def _build_tile(report: Report, metric: MetricFormat) -> Tile:
    unseen, words = _score_basis(report, metric)
    info, score, rival = metric.info, report.scores[metric.info.id], report.baseline
    own, other = (_headline_score(report, metric, summary, unseen=unseen) for summary in (score, rival.scores[info.id]))
    unit = f" {info.unit}" if info.unit and other is not None else ""
    parts = [f"{lower_first(rival.title)} {metric.write(other)}{unit}"]
    spread = _spread(report, metric, score)
    if spread and not unseen:
        parts.append(f"{spread} over the folds{GROWING if _has_growing_folds(report) else ''}")
    if info.in_target_units and not info.unit:
        parts.append(f"in the unit of {report.task.target}")
    help_sentence = "" if info.in_target_units else f" {info.help}".replace("-0.", f"{MINUS}0.")
    return Tile(
        title=f"{info.title}, {words}",
        value=metric.write(own),
        unit=info.unit if own is not None else "",
        yardstick=f"{'; '.join(parts)}.{help_sentence}",
    )


def _headline_score(report: Report, metric: MetricFormat, score: ScoreSummary, *, unseen: bool) -> float | None:
    """Return the score of the hold-out, or the mean over the folds that decides; one split keeps its sign."""
    return score.decisive(holdout=unseen) if unseen or _is_judged_by_size(report, metric) else score.mean


def build_leaderboard(report: Report, metrics: tuple[MetricFormat, ...], *, model_title: str) -> Leaderboard:
    """Return the model and its baselines, side by side."""
    primary, *others = metrics
    unseen = _score_basis(report, primary)[0]
    entries = [(model_title, True, "", report.scores)]
    entries += [(baseline.title, False, baseline.sentence, baseline.scores) for baseline in report.baselines]
    values = scales.known_values(value for entry in entries for value in entry[3][primary.info.id].folds)
    scale = scales.linear_scale(values)

    def rival(title: str, is_model: bool, sentence: str, scores: Scores) -> Rival:
        own = scores[primary.info.id]
        folds = scales.known_values(own.folds)
        every = max(1, math.ceil(len(folds) / MAX_DOTS))
        return Rival(
            title=title,
            is_model=is_model,
            sentence=sentence,
            mean=primary.write(_headline_score(report, primary, own, unseen=False)),
            spread=_spread(report, primary, own),
            dots=tuple(scales.to_percent(scale.share(value)) for value in folds[::every]),
            holdout=primary.write(own.holdout),
            others=tuple(
                metric.write(_headline_score(report, metric, scores[metric.info.id], unseen=unseen))
                for metric in others
            ),
        )

    low, high = (primary.write(edge) for edge in (scale.low, scale.high))
    dots = f"Dots are the folds, from {low} to {high}." if values else "No fold has a score."
    return Leaderboard(
        metric=_title_with_unit(primary),
        other_metrics=tuple(f"{_title_with_unit(metric)}, {_score_basis(report, metric)[1]}" for metric in others),
        has_holdout=report.split.holdout is not None,
        caption=f"{_mean_sentence(report, primary)} {dots}",
        rivals=tuple(rival(*entry) for entry in entries),
    )


def _mean_sentence(report: Report, metric: MetricFormat) -> str:
    """Return a sentence on the meaning of the number before the dots and of the spread beside it."""
    if len(report.split.folds) < 2:
        return "One split was validated."
    mean = "mean absolute value" if _is_judged_by_size(report, metric) else "mean"
    spread = f", ± the spread over them{GROWING}" if report.scores[metric.info.id].std is not None else ""
    spread = spread if _has_growing_folds(report) else spread.removesuffix(GROWING)
    return f"{_title_with_unit(metric)} is the {mean} over the folds{spread}."


def _title_with_unit(metric: MetricFormat) -> str:
    info = metric.info
    return f"{info.title} ({info.unit})" if info.in_target_units and info.unit else f"{info.title} {info.unit}".strip()


def fold_tables(report: Report, metrics: tuple[MetricFormat, ...], *, model_title: str) -> tuple[FoldTable, ...]:
    """Return, for each metric, every fold with every baseline beside it; then mean and spread, then the hold-out."""
    heads = (model_title, *(baseline.title for baseline in report.baselines))
    folds = len(report.split.folds)
    note = f"The first {MAX_ROWS} of {folds} folds; the mean is over all." if folds > MAX_ROWS else ""
    if _has_growing_folds(report):
        note = f"{note} Later folds train on more rows, so the spread is not that of chance alone.".strip()
    return tuple(
        FoldTable(
            id=metric.info.id,
            title=metric.info.title,
            unit=metric.info.unit,
            help=metric.info.help,
            heads=heads,
            rows=_fold_rows(report, metric),
            note=note,
        )
        for metric in metrics
    )


def _fold_rows(report: Report, metric: MetricFormat) -> tuple[tuple[str, ...], ...]:
    columns = [
        scores[metric.info.id] for scores in (report.scores, *(baseline.scores for baseline in report.baselines))
    ]
    names = [fold.fold.capitalize() for fold in report.split.folds]
    rows = [
        (name, *(metric.write(column.folds[place]) for column in columns))
        for place, name in enumerate(names[:MAX_ROWS])
    ]
    if len(names) > 1:
        means = [(metric.write(column.mean), column.std) for column in columns]
        output = (mean if std is None else f"{mean} ± {metric.write(std)}" for mean, std in means)
        rows.append(("Mean ± spread", *output))
        if _is_judged_by_size(report, metric):
            rows.append((BY_SIZE, *(metric.write(column.mean_absolute) for column in columns)))
    if report.split.holdout is not None:
        rows.append(("Hold-out", *(metric.write(column.holdout) for column in columns)))
    return tuple(rows)
