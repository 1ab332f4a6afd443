"""Scores: each with its baselines beside it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from app.web.charts import scales
from app.web.charts.words import MOST_ROWS, lower_first, metric_figure

MOST_DOTS = 120


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
    """The model and every baseline, by the primary metric."""

    metric: str
    other_metrics: tuple[str, ...]
    other_basis: str
    has_holdout: bool
    range_sentence: str
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


def _basis(report: dict[str, Any]) -> tuple[str, str]:
    if report["headline"]["basis"] == "holdout":
        return "holdout", "hold-out"
    folds = len(report["split"]["folds"])
    return "mean", f"mean of {folds} folds" if folds > 1 else "one cut"


def _grows(report: dict[str, Any]) -> bool:
    """Say whether later folds train on more rows than earlier ones."""
    return len(report["split"]["folds"]) > 1 and report["split"]["parameters"].get("window") == "expanding"


def tiles(report: dict[str, Any]) -> tuple[Tile, ...]:
    """Return a tile for each metric, the primary one first, on the rows that the headline speaks of."""
    key, words = _basis(report)
    rival_id = report["headline"]["baseline_id"]
    rival = next(one for one in report["baselines"] if one["id"] == rival_id)
    found = []
    for metric in report["metrics"]:
        score = report["scores"][metric["id"]]
        said = rival["scores"][metric["id"]][key]
        unit = f" {metric['unit']}" if metric["unit"] and said is not None else ""
        parts = [f"{lower_first(rival['title'])} {metric_figure(metric, said)}{unit}"]
        if score["std"] is not None and key == "mean":
            parts.append(f"± {metric_figure(metric, score['std'])} over the folds")
        if key == "mean" and score.get("mean_absolute") is not None:
            parts.append(f"mean absolute {metric_figure(metric, score['mean_absolute'])}")
        if metric["in_target_units"] and not metric["unit"]:
            parts.append(f"in the unit of {report['task']['target']}")
        help_sentence = "" if metric["in_target_units"] else f" {metric['help']}".replace("-0.", f"{scales.MINUS}0.")
        unit = metric["unit"] if score[key] is not None else ""
        found.append(
            Tile(
                f"{metric['title']}, {words}",
                metric_figure(metric, score[key]),
                unit,
                f"{'; '.join(parts)}.{help_sentence}",
            )
        )
    return tuple(found)


def leaderboard(report: dict[str, Any], *, model_title: str) -> Leaderboard:
    """Return the model and its baselines, side by side."""
    primary, *others = report["metrics"]
    key, words = _basis(report)
    entries = [(model_title, True, "", report["scores"])]
    entries += [(one["title"], False, one["sentence"], one["scores"]) for one in report["baselines"]]
    values = scales.known(value for entry in entries for value in entry[3][primary["id"]]["folds"])
    scale = scales.linear(values)

    def rival(title: str, is_model: bool, sentence: str, scores: dict[str, Any]) -> Rival:
        own = scores[primary["id"]]
        folds = scales.known(own["folds"])
        every = max(1, math.ceil(len(folds) / MOST_DOTS))
        return Rival(
            title=title,
            is_model=is_model,
            sentence=sentence,
            mean=metric_figure(primary, own["mean"]),
            spread=f"± {metric_figure(primary, own['std'])}" if own["std"] is not None else "",
            dots=tuple(scales.percent(scale.share(value)) for value in folds[::every]),
            holdout=metric_figure(primary, own["holdout"]),
            others=tuple(metric_figure(metric, scores[metric["id"]][key]) for metric in others),
        )

    low, high = (metric_figure(primary, edge) for edge in (scale.low, scale.high))
    return Leaderboard(
        metric=_with_unit(primary),
        other_metrics=tuple(_with_unit(metric) for metric in others),
        other_basis=words,
        has_holdout=report["split"]["holdout"] is not None,
        range_sentence=f"dots are the folds, from {low} to {high}" if values else "no fold has a score",
        rivals=tuple(rival(*entry) for entry in entries),
    )


def _with_unit(metric: dict[str, Any]) -> str:
    if metric["in_target_units"] and metric["unit"]:
        return f"{metric['title']} ({metric['unit']})"
    return f"{metric['title']} {metric['unit']}".strip()


def fold_tables(report: dict[str, Any], *, model_title: str) -> tuple[FoldTable, ...]:
    """Return, for each metric, every fold with every baseline beside it; then mean and spread, then the hold-out."""
    names = [str(fold["fold"]).capitalize() for fold in report["split"]["folds"]]
    sources = [report["scores"], *(one["scores"] for one in report["baselines"])]
    found = []
    for metric in report["metrics"]:
        columns = [scores[metric["id"]] for scores in sources]

        def cells(key: str, metric: dict[str, Any] = metric, columns: list[Any] = columns) -> tuple[str, ...]:
            return tuple(metric_figure(metric, column[key]) for column in columns)

        rows = [
            (name, *(metric_figure(metric, column["folds"][at]) for column in columns))
            for at, name in enumerate(names[:MOST_ROWS])
        ]
        if len(names) > 1:
            spread = [metric_figure(metric, column["std"]) if column["std"] is not None else "" for column in columns]
            both = zip(cells("mean"), spread, strict=True)
            rows.append(("Mean ± spread", *(f"{mean} ± {std}" if std else mean for mean, std in both)))
            if columns[0].get("mean_absolute") is not None:
                rows.append(("Mean absolute", *cells("mean_absolute")))
        if report["split"]["holdout"] is not None:
            rows.append(("Hold-out", *cells("holdout")))
        note = f"The first {MOST_ROWS} of {len(names)} folds; the mean is over all." if len(names) > MOST_ROWS else ""
        if _grows(report):
            note = f"{note} Later folds train on more rows, so the spread is not that of chance alone.".strip()
        found.append(
            FoldTable(
                id=metric["id"],
                title=metric["title"],
                unit=metric["unit"],
                help=metric["help"],
                heads=(model_title, *(str(one["title"]) for one in report["baselines"])),
                rows=tuple(rows),
                note=note,
            )
        )
    return tuple(found)
