"""One fold: hyperparameter search, fit, and predictions on the validation rows.

The fit of a fold depends on its arguments alone, and changes none of them. Folds can be fitted in any order, side by
side or on other machines, and give the same bits; arguments and result travel between processes.
"""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from app.domain.errors import TrainingError
from app.domain.estimators import registry
from app.domain.experiment import Spec
from app.domain.training.preprocessing.pipeline import build_pipeline
from app.domain.training.preprocessing.preparation import TrainingTable
from app.domain.training.report.clock import FIT, SEARCH, Clock
from app.domain.training.tuning import tuning
from app.domain.training.validation import scoring
from app.domain.training.validation.scoring import Predictions
from app.domain.training.validation.splitting import Fold


@dataclass(frozen=True)
class FoldFit:
    """What fitting one fold gave.

    `pipeline` is fitted on the training rows, `predicted` is what it says of the validation rows. `search` is None
    without tuning. `warned` holds what libraries warned of, once each, and `clock` what it took, of which
    `predict_seconds` on the wall went into predicting.
    """

    pipeline: Any
    predicted: Predictions
    search: tuning.Search | None
    warned: tuple[tuple[type[Warning], str], ...]
    clock: Clock = field(compare=False)
    predict_seconds: float = field(default=0.0, compare=False)


def fit_fold(
    spec: Spec, table: TrainingTable, fold: Fold, *, name: str, number: int, hooks: tuning.SearchCallbacks | None = None
) -> FoldFit:
    """Fit a config on the training rows of one fold and predict its validation rows.

    Parameters
    ----------
    spec, table
        The config, whose seed decides all that is drawn, and what is trained on. Neither is changed.
    fold
        Which rows train and which are predicted.
    name, number
        What the fold is called, and its place from 0 on, from which the seed of its search is made.
    hooks
        What a search asks between two fits; without it nothing ends the search early.

    Raises
    ------
    TrainingError
        With a sentence, when the rows cannot carry the config.
    StoppedError
        When `hooks.should_stop` said so.
    """
    import sklearn.ensemble  # noqa: F401  # What is to be limited to one thread must be loaded before the limit.
    from threadpoolctl import threadpool_limits

    _refuse(spec, table, fold, name=name)
    clock = Clock()
    # More threads add up numbers in another order, which gives other bits.
    with threadpool_limits(limits=1), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        search = _search(spec, table, fold, name=name, number=number, callbacks=hooks, clock=clock)
        pipeline = build_pipeline(spec if search is None else tuning.set_parameters(spec, search.chosen), table)
        predicted, predict_seconds = _fit_and_predict(pipeline, table, fold, clock)
    warned = tuple(dict.fromkeys((item.category, str(item.message)) for item in caught))
    return FoldFit(pipeline, predicted, search, warned, clock, predict_seconds)


def _refuse(spec: Spec, table: TrainingTable, fold: Fold, *, name: str) -> None:
    """Raise where the estimator is not there, or the rows cannot carry it."""
    if not registry.has(spec.model.estimator):
        raise TrainingError(registry.unknown_sentence(spec.model.estimator), code="estimator_unknown")
    if table.labels and len(np.unique(table.target[fold.train])) < 2:
        raise TrainingError(
            f"The training rows of {name} hold one class only. Choose stratified folds or fewer of them.",
            code="one_class_fold",
        )


def _search(
    spec: Spec,
    table: TrainingTable,
    fold: Fold,
    *,
    name: str,
    number: int,
    callbacks: tuning.SearchCallbacks | None,
    clock: Clock,
) -> tuning.Search | None:
    """Look for better hyperparameters on the training rows, where the config wants that."""
    if not spec.model.tuning.enabled:
        return None
    callbacks = callbacks or tuning.SearchCallbacks(lambda: False, lambda: None)
    # What a trial takes is fitting, so the estimate learns from it; of that, what the search takes is told apart.
    with clock.part(FIT), clock.part(SEARCH):
        return tuning.search(spec, table, fold.train, part=name, number=number, callbacks=callbacks)


def _fit_and_predict(pipeline: Any, table: TrainingTable, fold: Fold, clock: Clock) -> tuple[Predictions, float]:
    try:
        with clock.part(FIT):
            pipeline.fit(table.features.iloc[fold.train], table.target[fold.train])
            started = time.perf_counter()
            predicted = scoring.predict(pipeline, table.features.iloc[fold.validation], classes=len(table.labels))
            predict_seconds = time.perf_counter() - started
    except (ValueError, np.linalg.LinAlgError) as fault:
        sentence = str(fault).split("\n", maxsplit=1)[0][:300]
        raise TrainingError(f"The estimator could not be fitted: {sentence}", code="fit_failed") from fault
    given = predicted.scores if table.labels else predicted.values
    if given is not None and not np.isfinite(given).all():
        raise TrainingError("The estimator diverged: its estimates are not finite.", code="diverged")
    return predicted, predict_seconds
