"""What smoothed probabilities and weight in the decision are worth, over the tables of classes.

For each table of `../shared/data/benchmark` and each other file of classes without an order in time, at most ROWS rows,
in FOLDS folds: the logarithmic loss of each estimator as it is, with the rule of succession (the product), and of
forests with the Laplace estimate in each leaf; and, where classes are uneven, balanced accuracy, F1 (macro) and the
Matthews correlation with no weights, with equal weight in training, and with probabilities divided by the shares of the
classes or by their roots (the product, by metric).

Tables of even and of odd number are printed apart, to show whether both halves agree. Neither is an untouched test:
both were looked at while the product's way was chosen. `--tables N` takes the first N tables of classes.
"""

from __future__ import annotations

import argparse
import copy
import warnings
from collections import defaultdict
from collections.abc import Iterator
from itertools import chain, islice
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from app.domain.experiment import ModelPart
from app.domain.recommendation.starting_values import UNEVEN
from app.domain.training.class_probabilities import smooth
from app.domain.training.preprocessing.pipeline import build_pipeline
from app.domain.training.preprocessing.preparation import TrainingTable, prepare
from benchmarks import recommend

ROWS = 1_200
ESTIMATORS = (
    *("random_forest", "extra_trees", "hist_gradient_boosting", "logistic_regression", "k_nearest_neighbors"),
    *("lightgbm", "catboost"),
)
FORESTS = frozenset({"random_forest", "extra_trees"})
# The weight of the Laplace estimate in a leaf.
LEAF_WEIGHTS = (0.1, 1.0)
Floats = NDArray[np.float64]
Scores = dict[str, float]


def log_loss(observed: Any, shares: Floats) -> float:
    """Return the mean logarithmic loss, as the product counts it."""
    return float(-np.mean(np.log(np.clip(shares[np.arange(len(observed)), observed], np.finfo(float).eps, 1))))


def decisions(observed: Any, predicted: Any, name: str) -> Scores:
    """Return the scores of decisions."""
    from sklearn.metrics import f1_score, matthews_corrcoef

    recalls = [np.mean(predicted[observed == code] == code) for code in np.unique(observed)]
    return {
        f"balanced accuracy, {name}": float(np.mean(recalls)),
        f"F1, {name}": float(f1_score(observed, predicted, average="macro", zero_division=0)),
        f"Matthews, {name}": float(matthews_corrcoef(observed, predicted)),
    }


def with_smooth_leaves(forest: Any, weight: float, shares: Floats) -> Any:
    """Return a forest whose leaves hold shares mixed with those of all rows."""
    changed = copy.deepcopy(forest)
    for tree in changed.estimators_:
        rows = tree.tree_.weighted_n_node_samples[:, None]
        tree.tree_.value[:, 0, :] = (tree.tree_.value[:, 0, :] * rows + weight * shares) / (rows + weight)
    return changed


def judged(problem: recommend.Problem, table: TrainingTable, name: str) -> tuple[Scores, bool] | None:
    """Return the mean scores of an estimator over the folds, and whether classes are uneven."""
    ranked = next((item for item in problem.ranking if item.entry.id == name), None)
    if ranked is None:
        return None
    sums: dict[str, list[float]] = defaultdict(list)
    counts = np.bincount(table.target, minlength=len(table.labels))
    uneven = bool(counts.max() >= UNEVEN * counts.min())
    weighs = any("balanced" in dict(parameter.choices) for parameter in ranked.entry.parameters)
    for train, rows in recommend.folds_of(problem, table):
        observed = table.target[rows]
        for weight in ("none", "balanced") if weighs and uneven else ("none",):
            model = ModelPart(estimator=name, parameters={**ranked.parameters, "class_weight": weight})
            pipeline = build_pipeline(problem.spec.model_copy(update={"model": model}), table)
            with threadpool_limits(1):
                pipeline.fit(table.features.iloc[train], table.target[train])
            prepared = pipeline.named_steps["prepare"].transform(table.features.iloc[rows])
            estimator = pipeline.named_steps["estimate"]
            raw = np.zeros((len(rows), len(table.labels)))
            raw[:, estimator.classes_] = estimator.predict_proba(prepared)
            shares = pipeline.counts_ / len(train)
            found = {f"log loss, {weight}": log_loss(observed, smooth(raw, len(train)))}
            found |= decisions(observed, np.argmax(raw, axis=1), weight)
            if weight == "none":
                found["log loss, raw"] = log_loss(observed, raw)
                seen = np.where(shares > 0, shares, np.inf)
                found |= decisions(observed, np.argmax(smooth(raw, len(train)) / seen, axis=1), "shares")
                found |= decisions(observed, np.argmax(smooth(raw, len(train)) / np.sqrt(seen), axis=1), "roots")
                for leaf in LEAF_WEIGHTS if name in FORESTS else ():
                    own = np.zeros_like(raw)
                    changed = with_smooth_leaves(estimator, leaf, shares[estimator.classes_])
                    own[:, estimator.classes_] = changed.predict_proba(prepared)
                    found[f"log loss, leaves {leaf}"] = log_loss(observed, smooth(own, len(train)))
            for key, value in found.items():
                sums[key].append(value)
    return {key: float(np.mean(values)) for key, values in sums.items()}, uneven


def problems() -> Iterator[tuple[int, recommend.Problem]]:
    """Yield the tables of classes, each with its number among all tables."""
    recommend.ROWS = ROWS
    others = (item for item in recommend.unseen() if not item.spec.task.time_column)
    every = enumerate(chain(recommend.problems(), others))
    return ((number, item) for number, item in every if item.spec.task.kind.is_classification)


def tell(title: str, rows: list[tuple[str, Scores, bool]]) -> None:
    """Print means over tables and estimators."""
    print(title)
    for name in ESTIMATORS:
        own = [(scores, uneven) for estimator, scores, uneven in rows if estimator == name]
        losses = [scores for scores, _ in own]
        told = [
            f"{key.removeprefix('log loss, ')} {np.mean([item[key] for item in losses]):.4f}"
            for key in (losses[0] if losses else {})
            if key.startswith("log loss") and all(key in item for item in losses)
        ]
        print(f"  {name:24} log loss of {len(own)}: {'  '.join(told)}")
    both = [scores for _, scores, uneven in rows if uneven and "log loss, balanced" in scores]
    for metric in ("balanced accuracy", "F1", "Matthews", "log loss"):
        keys = [f"{metric}, {way}" for way in ("none", "balanced", "shares", "roots")]
        told = [
            f"{key.removeprefix(metric + ', ')} {np.mean([item[key] for item in both]):.4f}"
            for key in keys
            if both and key in both[0]
        ]
        print(f"  uneven classes, {len(both)} fits: {metric:18} {'  '.join(told)}", flush=True)


def main() -> None:
    """Print both parts."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--tables", type=int, default=1000)
    parts: tuple[list[tuple[str, Scores, bool]], ...] = ([], [])
    for number, problem in islice(problems(), parser.parse_args().tables):
        table = prepare(problem.spec, problem.data.frame, problem.data.profile)
        for name in ESTIMATORS:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                found = judged(problem, table, name)
            if found is not None:
                parts[number % 2].append((name, *found))
        print(f"{problem.name} done", flush=True)
    tell("even tables", parts[0])
    tell("odd tables", parts[1])


if __name__ == "__main__":
    main()
