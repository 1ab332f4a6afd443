"""Verdicts on tables of noise and on tables with a weak signal, where the strongest columns are kept.

Figures: of 20 tables of noise (500 columns, 200 rows, the 10 strongest kept) at most 1 is said to beat its baseline; of
20 tables with a weak signal (true R2 of 0.10 to 0.15, 400 rows) at least 16 are. The signal is once in all 5 columns,
and once in 4 of 20 columns, of which the 10 strongest are kept, so that 6 columns of noise are learned as well.
Every suggestion is accepted, or all but the estimator (`--estimator ridge`). The rules for a weak signal were shaped on
tables from seed 100 on (`--first`), and are judged on those from seed 0 on. Yardstick: the same tables with the columns
chosen once on all rows, the held-out ones included, as `--before` does; run with PYTHONPATH on an older version it
tells what that one said.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from app.domain.analysis.associations.association import associate
from app.domain.training.run import train
from app.domain.vocabulary import ColumnKind
from tests.domain.reading import known

TABLES, KEPT = 20, 10


@dataclass(frozen=True)
class Made:
    """A table whose true share of explained variance is known."""

    name: str
    frame: pd.DataFrame


def noise(seed: int) -> Made:
    """Return 500 columns that say nothing about the target."""
    random = np.random.default_rng(1000 + seed)
    frame = pd.DataFrame(random.normal(size=(200, 500)), columns=[f"x{position}" for position in range(500)])
    return Made(f"noise {seed}", frame.round(6).assign(y=random.normal(size=200).round(6)))


def _weak(seed: int, *, width: int, carriers: int) -> Made:
    random = np.random.default_rng(2000 + seed)
    columns = random.normal(size=(400, width))
    share = random.uniform(0.10, 0.15)
    weights = random.choice([-1.0, 1.0], size=carriers) * random.uniform(0.5, 1.0, size=carriers)
    signal = columns[:, :carriers] @ weights / np.linalg.norm(weights)
    target = np.sqrt(share) * signal + np.sqrt(1 - share) * random.normal(size=400)
    frame = pd.DataFrame(columns, columns=[f"x{position}" for position in range(width)])
    return Made(f"{carriers} of {width} columns {seed}, R2 {share:.2f}", frame.round(6).assign(y=target.round(6)))


def weak(seed: int) -> Made:
    """Return 5 columns that together explain 10 to 15 per cent of the target."""
    return _weak(seed, width=5, carriers=5)


def weak_among_noise(seed: int) -> Made:
    """Return 20 columns of which 4 together explain 10 to 15 per cent of the target."""
    return _weak(seed, width=20, carriers=4)


KINDS = {
    "noise": (noise, "at most 1"),
    "weak signal": (weak, "at least 16"),
    "weak signal among noise": (weak_among_noise, "at least 16"),
}


def answers_of(table: Made, *, before: bool, estimator: str) -> dict[str, dict[str, Any]]:
    """Return the answers of a person who keeps the strongest columns and accepts all else, or all but the estimator."""
    data = {"target": "y", "task_kind": "regression", "time_column": "", "group_column": ""}
    model = {"model": {"estimator": estimator}} if estimator else {}
    if not before:
        return {"data": data, "features": {"selection": [{"kind": "keep_strongest", "amount": KEPT}]}, **model}
    kinds = dict.fromkeys(table.frame.columns, ColumnKind.NUMERIC)
    associations = associate(table.frame, "y", kinds).items
    best = {association.column for association in sorted(associations, key=lambda item: -abs(item.value or 0.0))[:KEPT]}
    ticks = {f"column.c{position}": f"x{position}" in best for position in range(table.frame.shape[1] - 1)}
    return {"data": data, "features": ticks, **model}


def verdict(table: Made, *, before: bool, estimator: str) -> tuple[bool, str]:
    """Return whether the model is said to beat its baseline, and the sentence."""
    read = known(table.frame)
    answers = answers_of(table, before=before, estimator=estimator)
    plan = read.plan_as_measured(answers)
    assert plan.spec is not None
    count = len(plan.spec.features.selected)
    width = table.frame.shape[1] - 1
    assert count == (min(KEPT, width) if before else width), f"{count} columns are selected"
    spec = plan.spec
    result = train(spec, read.frame, read.profile, on_progress=lambda _: None, should_stop=lambda: False)
    headline = result.report.headline
    return headline.beats, f"{spec.model.estimator}: {headline.sentence}"


def main() -> None:
    """Print each verdict, and how many tables are said to beat their baseline."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--before", action="store_true", help="choose the columns once, on all rows")
    parser.add_argument("--tables", type=int, default=TABLES, help="how many tables of each kind")
    parser.add_argument("--first", type=int, default=0, help="seed of the first table; the rules were shaped on 100 on")
    parser.add_argument("--estimator", default="", help="take this one instead of the suggested one")
    parser.add_argument("--kind", choices=sorted(KINDS), help="tables of this kind alone")
    args = parser.parse_args()
    for title in [args.kind] if args.kind else KINDS:
        make, goal = KINDS[title]
        answers = []
        for seed in range(args.first, args.first + args.tables):
            table = make(seed)
            beats, sentence = verdict(table, before=args.before, estimator=args.estimator)
            answers.append(beats)
            print(f"  {table.name}: {'beats' if beats else 'no'}; {sentence}", flush=True)
        where = "on all rows" if args.before else "in each fold"
        print(
            f"{title}, columns chosen {where}: {sum(answers)} of {len(answers)} beat their baseline; goal {goal} of 20"
        )


if __name__ == "__main__":
    main()
