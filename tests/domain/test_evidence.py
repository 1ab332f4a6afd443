"""Short fits: within the folds, never on what is held out, paired, in rounds, and honest about what they amount to."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from app.domain.errors import TrainingError
from app.domain.estimation.workload import workload_of
from app.domain.estimators.parameters import ParameterValues
from app.domain.recommendation import evidence as racing
from app.domain.recommendation import shortfits
from app.domain.recommendation.estimators import rank
from app.domain.recommendation.evidence import measure, sizes_of
from app.domain.recommendation.race_report import candidates_in_order, tied_candidates
from app.domain.recommendation.shortfits import ShortFitCandidate, ShortFitRace, sample_rows
from app.domain.recommendation.traits import traits_of_spec
from app.domain.recommendation.verdict import (
    ShortFitEvidence,
    advice_for,
    order_estimators,
)
from app.domain.training.preprocessing.preparation import prepare
from app.domain.training.tuning.inner_folds import facts_of
from app.domain.training.validation.splitting import make_split
from tests.domain.tables import made, make_spec, profile_of

pytestmark = pytest.mark.fits


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(racing, "MAX_CANDIDATES", 4)
    monkeypatch.setattr(racing, "MAX_TREES", 10)
    monkeypatch.setattr(racing, "DRAWS", 1)


def race(
    frame: pd.DataFrame, *, time_column: str | None = None, budget: float = 120.0, **parts: Any
) -> ShortFitEvidence:
    spec, profile = make_spec(**parts), profile_of(frame, time_column)
    ranking = rank(traits_of_spec(spec, profile))
    *_, evidence = measure(spec, frame, profile, ranking=ranking, budget=budget)
    return evidence


def test_rounds_grow_sixteenfold_to_all_rows() -> None:
    assert sizes_of(300) == [300]
    assert sizes_of(2000) == [400, 2000]
    assert sizes_of(48_000) == [400, 6400, 48_000]


def test_all_of_the_last_round_are_judged_on_the_same_folds_and_the_best_comes_first() -> None:
    evidence = race(made(900))
    last = [item for item in evidence.items if item.round == evidence.items[0].round]
    assert evidence.complete
    assert len(last) >= 2
    assert evidence.items[0].rows == 600
    assert len(evidence.items[0].scores) == len(evidence.baseline) == 3
    means = [(len(estimator.scores), estimator.mean) for estimator in last[1:]]
    assert means == sorted(means, reverse=True)
    assert evidence.items[0].mean > np.mean(evidence.baseline)


def runner(identifier: str, *scores: float) -> ShortFitCandidate:
    spec, profile = make_spec(estimator=identifier), profile_of(made(120))
    ranked = next(suggestion for suggestion in rank(traits_of_spec(spec, profile)) if suggestion.entry.id == identifier)
    work = workload_of(spec, profile)
    return ShortFitCandidate(ranked, spec, work, scores=list(scores), hits=[0.0] * len(scores), round=2)


def started(frame: pd.DataFrame, *runners: ShortFitCandidate, budget: float = 60.0) -> ShortFitRace:
    """Return a race that has begun and may take so much work."""
    spec = make_spec()
    table = prepare(spec, frame, profile_of(frame))
    folds = make_split(spec, facts_of(table)).folds
    return ShortFitRace(spec, table, folds, list(runners), budget=budget, began=time.perf_counter(), rivals=[0.0])


@pytest.mark.parametrize(
    ("first_of_rules", "front"),
    [
        ((0.80, 0.82, 0.78, 0.83), "extra_trees"),
        ((0.70, 0.71, 0.69, 0.71), "ridge"),
        ((0.80,), "ridge"),
        ((0.80, 0.82, -9.0, 0.83), "ridge"),
    ],
)
def test_luck_does_not_overturn_the_rules(first_of_rules: tuple[float, ...], front: str) -> None:
    rules, best = runner("extra_trees", *first_of_rules), runner("ridge", 0.81, 0.80, 0.81, 0.84)
    ordered = sorted([rules, best], key=lambda candidate: (-len(candidate.scores), -candidate.mean))
    assert tied_candidates(started(made(120), rules, best), ordered)[0].ranked.entry.id == front


def test_on_too_few_rows_it_takes_more_than_one_standard_error_to_overturn_the_rules() -> None:
    rules, clever = runner("ridge", 0.30, 0.49, -0.37, -0.78, 0.85), runner("extra_trees", 0.51, 0.35, 0.04, 0.28, 0.84)
    ordered = [clever, rules]
    assert tied_candidates(started(made(120), rules, clever), ordered)[0] is clever
    assert tied_candidates(started(made(80), rules, clever), ordered)[0] is rules


def by_rows(monkeypatch: pytest.MonkeyPatch, **rates: float) -> None:
    """Have the work of a fit be a share of its rows, by estimator."""

    def work(_race: ShortFitRace, candidate: ShortFitCandidate, rows: int) -> float:
        return rows * rates.get(candidate.ranked.entry.id, rates["other"])

    monkeypatch.setattr(racing, "count_work", work)


@pytest.mark.parametrize(("budget", "going_on"), [(60.0, 6), (0.1, 3)])
def test_as_many_go_on_as_there_is_work_for(monkeypatch: pytest.MonkeyPatch, budget: float, going_on: int) -> None:
    names = ("extra_trees", "ridge", "random_forest", "lasso", "decision_tree", "elastic_net")
    runners = [runner(name, 0.9 - index / 10) for index, name in enumerate(names)]
    by_rows(monkeypatch, other=0.01 / 80)
    kept = racing._select_survivors(started(made(120), *runners, budget=budget), runners, rows=80, last=True)
    assert kept == runners[:going_on]
    by_rows(monkeypatch, other=0.01 / 80, elastic_net=1e-8)
    kept = racing._select_survivors(started(made(120), *runners, budget=budget), runners, rows=80, last=True)
    assert runners[-1] in kept, "leaving behind what costs nothing saves nothing"


def test_who_was_judged_on_most_stands_first_by_score() -> None:
    best, other = runner("extra_trees", 0.80, 0.70), runner("ridge", 0.76, 0.60)
    fewer_folds, fewer_rows = runner("lasso", 0.90), runner("hist_gradient_boosting", 0.95, 0.95)
    fewer_rows.round = 1
    order = candidates_in_order(started(made(120), fewer_rows, fewer_folds, other, best))
    assert order == [best, other, fewer_folds, fewer_rows]


@pytest.mark.parametrize(("budget", "rows"), [(600.0, 8000), (6.0, 3919), (0.1, 400)])
def test_rounds_grow_no_further_than_the_best_can_follow(
    monkeypatch: pytest.MonkeyPatch, budget: float, rows: int
) -> None:
    names = ("ridge", "extra_trees", "random_forest", "lasso")
    runners = [runner(name, 0.9 - index / 10) for index, name in enumerate(names)]
    by_rows(monkeypatch, other=0.1 / 400)
    assert (
        racing._affordable_rows(started(made(120), *runners, budget=budget), runners, at_least=400, at_most=8000)
        == rows
    )


def test_small_rounds_are_left_out_where_all_can_begin_with_more() -> None:
    runners = [runner(name) for name in ("ridge", "lasso")]
    assert racing._round_sizes(started(made(900), *runners)) == [600]
    first, *_ = racing._round_sizes(started(made(900), *runners, budget=0.2))
    assert 400 <= first <= 600


def test_a_busy_machine_changes_no_score_and_no_order(monkeypatch: pytest.MonkeyPatch) -> None:
    quick = race(made(900), budget=0.6)
    plain = shortfits._fit_candidate

    def slow(*arguments: Any) -> Any:
        time.sleep(0.05)
        return plain(*arguments)

    monkeypatch.setattr(shortfits, "_fit_candidate", slow)
    busy = race(made(900), budget=0.6)
    alike = [replace(item, seconds=0.0) for item in quick.items] == [replace(item, seconds=0.0) for item in busy.items]
    assert alike
    assert (quick.first, quick.tied, quick.share) == (busy.first, busy.tied, busy.share)


def test_a_sample_holds_every_class_however_rare() -> None:
    spec = make_spec()
    short_fit_race = started(made(900), runner("ridge"))
    target = np.zeros(900)
    target[[5, 300, 700]] = 1
    short_fit_race.table = replace(short_fit_race.table, labels=("a", "b"), target=target)
    some = sample_rows(short_fit_race, np.arange(900), size=50, seed=0)
    assert {5, 300, 700} <= set(some.tolist())
    assert list(some) == sorted(some)
    assert len(some) <= 53
    assert spec.reproducibility.seed == short_fit_race.spec.reproducibility.seed


def test_boosting_that_takes_much_work_makes_larger_steps() -> None:
    values = racing._enlarge_boosting_steps(ParameterValues({"max_iter": 300, "learning_rate": 0.05}), 3.0)
    assert values == {"max_iter": 100, "learning_rate": pytest.approx(0.15)}
    assert racing._enlarge_boosting_steps(ParameterValues({"max_iter": 300, "learning_rate": 0.3}), 30.0) == {
        "max_iter": 60,
        "learning_rate": 0.3,
    }


@pytest.mark.slow
def test_where_more_rows_take_too_long_the_other_folds_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(racing, "_affordable_rows", lambda _race, _runners, *, at_least, **_: at_least)
    monkeypatch.setattr(racing, "_round_sizes", lambda _race: [400, 600])
    evidence = race(made(900))
    assert (evidence.items[0].rows, evidence.items[0].round) == (400, 1)
    assert len(evidence.items[0].scores) == len(evidence.baseline) == 3


@pytest.mark.slow
def test_folds_are_drawn_again_among_the_same_rows_while_there_is_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(racing, "DRAWS", 3)
    parts: dict[str, Any] = {
        "validation": {"strategy": "k_fold", "parameters": {"n_splits": 3}, "holdout": {"fraction": 0.25}}
    }
    frame = made(200)
    spec, profile = make_spec(**parts), profile_of(frame)
    held_out = make_split(spec, facts_of(prepare(spec, frame, profile))).holdout
    assert held_out is not None
    spoilt = frame.copy()
    spoilt.loc[held_out, "y"] = 1e6
    evidence, other = race(frame, **parts), race(spoilt, **parts)
    assert len(evidence.items[0].scores) == len(evidence.baseline) == 9
    assert len(set(evidence.items[0].scores)) == 9
    assert [each.scores for each in evidence.items] == [each.scores for each in other.items]


def test_what_is_ordered_by_time_is_not_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(racing, "DRAWS", 3)
    parts: dict[str, Any] = {
        "task": {"time_column": "day"},
        "validation": {"strategy": "time_series", "parameters": {"n_splits": 3}},
    }
    assert len(race(made(200), time_column="day", **parts).baseline) == 3


@pytest.mark.slow
# Short fits go on with a kernel whose search ends early, and whether it does depends on the processor's last digits.
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_search_for_a_kernel_looks_at_some_of_the_rows_that_train() -> None:
    candidate, frame = runner("gaussian_process"), made(900)
    short_fit_race = started(frame, candidate)
    train = short_fit_race.folds[0].train
    fitted = shortfits._fit_candidate(short_fit_race, candidate, train)[-1]
    few = shortfits._fit_candidate(
        short_fit_race, candidate, shortfits.sample_rows(short_fit_race, train, size=400, seed=0)
    )[-1]
    assert len(fitted.X_train_) == len(train) == 600
    assert fitted.optimizer is None
    assert few.optimizer is not None
    assert np.allclose(fitted.kernel_.theta, few.kernel_.theta, rtol=0.05)
    assert shortfits.count_work(short_fit_race, candidate, 600) < candidate.ranked.entry.work(600, 3, {}) / 2


def test_the_same_seed_gives_the_same_scores() -> None:
    evidence, other = race(made(200)), race(made(200))
    assert [(each.estimator, each.scores) for each in evidence.items] == [
        (each.estimator, each.scores) for each in other.items
    ]


def test_rows_held_out_change_nothing() -> None:
    frame = made(400)
    parts: dict[str, Any] = {
        "task": {"time_column": "day"},
        "validation": {"strategy": "time_series", "parameters": {"n_splits": 3}, "holdout": {"fraction": 0.25}},
    }
    spoilt = frame.copy()
    spoilt.loc[300:, "y"] = 1e6
    spoilt.loc[300:, ["a", "b"]] = -5.0
    evidence, other = race(frame, time_column="day", **parts), race(spoilt, time_column="day", **parts)
    assert [each.scores for each in evidence.items] == [each.scores for each in other.items]


def test_an_error_is_better_when_it_is_smaller() -> None:
    evidence = race(made(300), primary="rmse", others=[])
    last = [item.mean for item in evidence.items if item.round == evidence.items[0].round and len(item.scores) == 3]
    assert last[1:] == sorted(last[1:])
    assert last[0] < np.mean(evidence.baseline)


def test_without_work_nothing_is_begun_and_the_order_of_the_rules_stays() -> None:
    frame = made(300)
    spec, profile = make_spec(), profile_of(frame)
    ranking = rank(traits_of_spec(spec, profile))
    (evidence,) = measure(spec, frame, profile, ranking=ranking, budget=0.0)
    assert evidence.items == ()
    assert order_estimators(ranking, evidence) == ranking
    assert advice_for(traits_of_spec(spec, profile), evidence) == ()


def test_short_fits_end_when_nobody_wants_more() -> None:
    frame = made(900)
    spec, profile = make_spec(), profile_of(frame)
    parts = measure(spec, frame, profile, ranking=rank(traits_of_spec(spec, profile)), budget=120.0)
    first = next(parts)
    parts.close()
    assert not first.complete
    assert {len(item.scores) for item in first.items} == {1}
    assert list(parts) == []


def test_data_that_cannot_carry_the_config_are_refused_in_a_sentence() -> None:
    with pytest.raises(TrainingError, match="cannot make 3 folds"):
        race(made(120).head(2))


def test_evidence_travels_as_json() -> None:
    evidence = race(made(120))
    assert ShortFitEvidence.from_json(evidence.to_json()) == evidence


# What is made of it.
