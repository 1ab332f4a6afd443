"""What was learnt moves the estimate towards what launches took, as far as it was seen; the rest stays a wide range."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from app.domain.errors import TrainingError
from app.domain.estimation import Experience, Machine, Timing, estimate, workload_of
from app.domain.estimation.experience import place_of
from app.domain.estimation.forecast import most_memory_mb, seconds_of
from app.domain.estimation.memory_remedies import memory_remedies
from app.domain.estimation.prior import FIT, IMPORTANCE, REST, SECONDS, START, prior_of
from app.domain.estimation.timed_fits import SIZES, timed_fits
from app.domain.estimation.workload import Workload
from app.domain.estimators import registry
from app.domain.experiment import Draft, Spec, TuningPart
from app.domain.recommendation.plan import Estimate
from app.domain.recommendation.propose import make_plan
from app.domain.training.report.clock import Clock
from app.domain.training.tuning.tuning import fits_per_outer_fold
from tests.domain.reading import known, mended, sample
from tests.domain.tables import made, make_spec, profile_of

ROWS = 4_000
PROFILE = profile_of(made(400))
MACHINE = Machine(cpus=2, memory_mb=8000.0)


def _forest(**parameters: Any) -> Spec:
    return make_spec(estimator="random_forest", parameters=parameters)


def _of(spec: Spec, rows: int = ROWS) -> Workload:
    return workload_of(spec, replace(PROFILE, rows=rows, _by_name={}))


def _timing(work: Workload, times: float, *, memory: float = 1.0) -> Timing:
    """Return a launch whose every part took so many times the prior."""
    prior = prior_of(work)
    seconds = {
        START: prior.start * times,
        FIT: prior.fit * times * work.all_fits,
        IMPORTANCE: prior.importance * times * work.importance_calls,
        REST: prior.rest * times,
    }
    return Timing(work, seconds, memory_mb=300 + prior.memory * memory, idle_mb=300.0)


def _learnt(*timings: Timing) -> Machine:
    return replace(MACHINE, experience=Experience(timings))


def _asked(machine: Machine, spec: Spec, rows: int = ROWS) -> Estimate:
    return estimate(spec, replace(PROFILE, rows=rows, _by_name={}), machine)


def test_many_alike_launches_are_believed_and_the_range_grows_narrow() -> None:
    work = _of(_forest())
    prior, _ = seconds_of(work, MACHINE)
    spreads = []
    for count in (0, 1, 4, 20):
        central, spread = seconds_of(work, _learnt(*[_timing(work, 2.0)] * count))
        spreads.append(spread)
    assert central == pytest.approx(2 * prior, rel=0.05)
    assert all(later < earlier for earlier, later in pairwise(spreads))
    first, last = _asked(MACHINE, _forest()), _asked(_learnt(*[_timing(work, 2.0)] * 20), _forest())
    assert last.seconds_high / last.seconds_low < 0.6 * first.seconds_high / first.seconds_low
    assert last.seconds_low < 2 * prior < last.seconds_high
    assert first.basis != last.basis
    assert "20 measured runs" in last.basis


def test_one_odd_launch_moves_the_estimate_a_part_of_the_way() -> None:
    work = _of(_forest())
    prior, _ = seconds_of(work, MACHINE)
    central, _ = seconds_of(work, _learnt(_timing(work, 3.0)))
    assert 1.2 * prior < central < 3 * prior


def test_what_is_learnt_of_one_estimator_says_nothing_of_the_fits_of_another() -> None:
    machine, other = _learnt(*[_timing(_of(_forest()), 2.0)] * 10), _of(make_spec(estimator="ridge"))
    assert machine.experience.correction(FIT, other, slowness=1.0)[0] == 0
    assert machine.experience.correction(REST, other, slowness=1.0)[0] == pytest.approx(math.log(2), abs=0.15)


def test_what_is_far_from_all_that_was_seen_stays_a_wide_range() -> None:
    machine = _learnt(*[_timing(_of(_forest()), 2.0)] * 10)
    near = machine.experience.correction(FIT, _of(_forest(n_estimators=220)), slowness=1.0)
    far = machine.experience.correction(FIT, _of(_forest(n_estimators=5000), rows=4_000_000), slowness=1.0)
    assert near[0] == pytest.approx(math.log(2), abs=0.1)
    assert near[0] > far[0] > 0
    assert near[1] < far[1]


def test_a_machine_that_is_slower_is_so_where_nothing_was_learnt_and_as_measured_elsewhere() -> None:
    work = _of(_forest())
    slow = replace(MACHINE, slowness=3.0)
    assert seconds_of(work, slow)[0] == pytest.approx(3 * seconds_of(work, MACHINE)[0])
    known_well = replace(slow, experience=Experience((_timing(work, 1.0),) * 30))
    assert seconds_of(work, known_well)[0] == pytest.approx(seconds_of(work, MACHINE)[0], rel=0.1)


def test_memory_is_learnt_on_top_of_what_a_worker_holds_before() -> None:
    work = _of(_forest(), rows=100_000)
    learnt = _learnt(*[_timing(work, 1.0, memory=3.0)] * 20)
    assert learnt.experience.idle_mb == 300
    result = _asked(learnt, _forest(), rows=100_000)
    peak = 300 + 3 * prior_of(work).memory
    assert result.memory_mb_low < peak < result.memory_mb_high < 1.5 * peak


def test_parts_that_were_not_measured_are_learnt_from_others_only() -> None:
    work = _of(_forest())
    fit_alone = Timing(work, {FIT: prior_of(work).fit * work.fits * 2})
    assert [fit_alone.ratio(part) is None for part in SECONDS] == [True, False, True, True]
    assert fit_alone.ratio("memory") is None
    assert _learnt(fit_alone).experience.idle_mb is None


def test_every_setting_of_every_estimator_has_a_place_of_finite_numbers() -> None:
    for entry in registry.ESTIMATORS:
        work = replace(
            _of(make_spec()),
            estimator=entry.id,
            parameters={parameter.name: parameter.default for parameter in entry.parameters},
        )
        for part in (*SECONDS, "memory"):
            assert np.isfinite(place_of(part, work)).all()
            assert math.isfinite(Experience().correction(part, work, slowness=1.0)[1])


def test_a_workload_travels_as_json() -> None:
    work = _of(_forest())
    assert Workload.from_json(work.to_json()) == work
    assert Workload.from_json({**work.to_json(), "estimator": "gone"}) is None
    assert Workload.from_json({"estimator": "random_forest", "rows": 3}) is None


def test_a_search_multiplies_the_fits() -> None:
    plain = make_spec()
    tuned = plain.model_copy(
        update={"model": plain.model.model_copy(update={"tuning": TuningPart(enabled=True, trials=20)})}
    )
    assert fits_per_outer_fold(plain) == 1
    once, often = _asked(MACHINE, plain), _asked(MACHINE, tuned)
    assert often.fits == once.fits * fits_per_outer_fold(tuned)
    assert often.fits >= once.fits * 21
    assert often.seconds_high > once.seconds_high


def test_short_fits_are_bounded_seeded_and_become_what_is_known_of_this_data() -> None:
    table = known(made(900, seed=3))
    spec = make_spec(estimator="random_forest", parameters={"n_estimators": 20})
    timings = list(timed_fits(spec, table.frame, table.profile))
    assert [timing.workload.train_rows for timing in timings] == [SIZES[0], 600]
    assert all(
        timing.seconds[FIT] > 0 and timing.seconds[IMPORTANCE] > 0 and timing.workload.fits == 1 for timing in timings
    )
    assert len(list(timed_fits(spec, table.frame, table.profile, budget_seconds=0))) == 1
    experience, whole = Experience(tuple(timings)), workload_of(spec, table.profile)
    assert experience.knows(whole)
    assert not experience.knows(replace(whole, estimator="ridge"))
    _, before = Experience().correction(FIT, whole, slowness=1.0)
    _, after = experience.correction(FIT, whole, slowness=1.0)
    assert after < 0.6 * before


def test_short_fits_need_rows_and_classes_and_say_when_the_data_cannot_carry_them() -> None:
    few = known(made(30))
    assert list(timed_fits(make_spec(), few.frame, few.profile)) == []
    wrong = make_spec(selected=["a", "nowhere"])
    with pytest.raises(TrainingError):
        list(timed_fits(make_spec(selected=["a"]), few.frame.drop(columns="a"), few.profile))
    assert wrong.features.selected[-1] == "nowhere"


def test_memory_that_will_not_fit_names_changes_after_which_it_does() -> None:
    river, machine = sample("piscataquis_01031500_daily.csv"), Machine(2, 64_000.0, job_memory_mb=700.0)
    answers = {
        "model": {"estimator": "random_forest", "random_forest.n_estimators": 2000, "random_forest.min_samples_leaf": 1}
    }
    plan = make_plan(Draft(answers), river.profile, None, machine=machine)
    assert plan.launchable
    ways = [item for item in plan.problems if item.code in ("memory_short", "memory_saved")]
    assert [(item.field, item.severity.value) for item in ways] == [
        ("estimator", "warning"),
        ("random_forest.min_samples_leaf", "notice"),
        ("estimator", "notice"),
    ]
    assert "0.7 GB" in ways[0].message
    for way in ways:
        after = make_plan(Draft(mended(answers, way)), river.profile, None, machine=machine)
        assert after.estimate is not None
        assert after.estimate.memory_mb_high <= most_memory_mb(machine)
        assert "memory_short" not in {problem.code for problem in after.problems}


def test_where_nothing_would_fit_there_is_no_button() -> None:
    machine = Machine(1, 100.0)
    assert list(memory_remedies(_forest(), PROFILE, machine)) == []
    plan = make_plan(Draft({}), sample("piscataquis_01031500_daily.csv").profile, None, machine=machine)
    (problem,) = (item for item in plan.problems if item.code == "memory_short")
    assert problem.remedy is not None
    assert not problem.remedy.changes


def test_the_clock_counts_parts() -> None:
    clock = Clock()
    with clock.part("fit"):
        sum(range(200_000))
    with clock.part("fit"):
        sum(range(200_000))
    assert 0 < clock.work["fit"] <= clock.total_work()
    assert 0 < clock.seconds["fit"] <= clock.total()
