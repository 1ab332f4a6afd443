"""Associations: the values other libraries give, measured once, at once or by a worker."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from flask import Flask
from scipy import stats
from sqlalchemy import select

from app.domain.analysis.profiling.profile import Associations, DatasetProfile
from app.domain.errors import ConflictError, NotFoundError
from app.domain.vocabulary import ColumnKind, RunState
from app.services.context import current_settings
from app.services.datasets import datasets
from app.services.measurements import associations, runner
from app.services.measurements.request import TargetRequest
from app.services.measurements.runner import JobLease
from app.storage import columnar, jobs
from app.storage import datasets as dataset_rows
from app.storage.db import db, transaction
from app.storage.tables import Dataset, Job, User
from tests.once import MEASURED
from tests.services.measured import work_off
from tests.services.tables import at_once, nobody, upload

MASS, SPECIES = "Body Mass (g)", "Species"
Kinds = dict[str, ColumnKind]


@pytest.fixture
def penguins(user: User) -> Dataset:
    return datasets.use_sample(user, "penguins")


@pytest.fixture
def for_a_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Treat every dataset as a large one, in blocks of four columns."""
    monkeypatch.setattr(runner, "INLINE_CELLS", 0)
    monkeypatch.setattr(associations, "MAX_BLOCK_COLUMNS", 4)


def profile_of(dataset: Dataset) -> DatasetProfile:
    profile = datasets.profile_of(dataset)
    assert profile is not None
    return profile


def kinds_of(dataset: Dataset, **other: ColumnKind) -> Kinds:
    return {**{column.name: column.kind for column in profile_of(dataset).columns}, **other}


def measured(dataset: Dataset, target: str, kinds: Kinds | None = None) -> Associations:
    result = associations.associations_for(dataset, target, kinds or kinds_of(dataset))
    assert result is not None
    return result


def table() -> pd.DataFrame:
    return pd.read_csv(current_settings().samples / "rd_palmerpenguins_penguins_raw.csv")


def jobs_of(dataset: Dataset) -> list[Job]:
    query = select(Job).where(Job.subject_id == dataset.id).order_by(Job.created_at)
    return list(db.session.scalars(query.execution_options(populate_existing=True)))


def request_for(dataset: Dataset, target: str, kinds: Kinds | None = None) -> TargetRequest:
    request = associations.request_for(dataset, target, kinds or kinds_of(dataset))
    assert request is not None
    return request


def parts_of(dataset: Dataset, target: str) -> Generator[Associations]:
    """Measure anew, whatever is known, and yield what is stored."""
    return runner.measure(associations.MEASUREMENT, request_for(dataset, target))


def eta(classes: pd.Series, values: pd.Series) -> float:
    """Return the correlation ratio by way of the analysis of variance: F = (b/(k-1)) / (w/(n-k))."""
    both = classes.notna() & values.notna()
    groups = [part.to_numpy() for _, part in values[both].groupby(classes[both])]
    many, k = int(both.sum()), len(groups)
    ratio = stats.f_oneway(*groups).statistic * (k - 1) / (many - k)
    return float(np.sqrt(ratio / (1 + ratio)))


def corrected_v(first: pd.Series, other: pd.Series) -> float:
    """Return Cramer's V with Bergsma's correction, from SciPy's chi-squared."""
    counts = pd.crosstab(first, other)
    many, (r, c) = counts.to_numpy().sum(), counts.shape
    chi2 = stats.chi2_contingency(counts, correction=False).statistic
    phi2 = max(0.0, chi2 / many - (r - 1) * (c - 1) / (many - 1))
    return float(np.sqrt(phi2 / min(r - (r - 1) ** 2 / (many - 1) - 1, c - (c - 1) ** 2 / (many - 1) - 1)))


def test_a_number_and_a_number_have_the_rank_correlation_of_scipy(penguins: Dataset) -> None:
    result, raw = measured(penguins, MASS), table()
    for name in ("Culmen Length (mm)", "Culmen Depth (mm)", "Flipper Length (mm)", "Delta 15 N (o/oo)"):
        item = result.of(name)
        assert item is not None
        both = raw[[name, MASS]].dropna()
        assert item.method == "Spearman"
        assert item.value == pytest.approx(stats.spearmanr(both[name], both[MASS]).statistic, abs=1e-6)
        assert item.rows == len(both)
        assert not item.copy_of_target


def test_a_class_and_a_number_have_the_correlation_ratio_both_ways(penguins: Dataset) -> None:
    by_mass, by_species, raw = measured(penguins, MASS), measured(penguins, SPECIES), table()
    for result, name, expected in (
        (by_mass, SPECIES, eta(raw[SPECIES], raw[MASS])),
        (by_mass, "Sex", eta(raw["Sex"], raw[MASS])),
        (by_species, MASS, eta(raw[SPECIES], raw[MASS])),
        (by_species, "Culmen Depth (mm)", eta(raw[SPECIES], raw["Culmen Depth (mm)"])),
    ):
        item = result.of(name)
        assert item is not None
        assert (item.method, item.value) == ("correlation ratio", pytest.approx(expected, abs=1e-6))


def test_a_class_and_a_class_have_cramers_v_without_its_bias(penguins: Dataset) -> None:
    result, raw = measured(penguins, SPECIES), table()
    for name in ("Island", "Sex", "Clutch Completion"):
        item = result.of(name)
        assert item is not None
        assert (item.method, item.value) == (
            "Cramér's V",
            pytest.approx(corrected_v(raw[name], raw[SPECIES]), abs=1e-6),
        )
        assert item.rows == len(raw[[name, SPECIES]].dropna())


def test_what_cannot_be_measured_says_why(penguins: Dataset) -> None:
    result = measured(penguins, SPECIES)
    answers = {item.column: item.reason for item in result.items if item.value is None}
    assert answers["Date Egg"] == "a date"
    assert answers["Region"] == answers["Stage"] == "constant"
    assert {item.column for item in result.items} == set(table().columns) - {SPECIES}
    assert (result.target, result.rows_used, result.complete) == (SPECIES, 344, True)


def test_the_target_in_disguise_is_noticed(user: User) -> None:
    random = np.random.default_rng(5)
    flow = pd.Series(random.gamma(1.0, 3.0, 80).round(3))
    frame = pd.DataFrame({"flow": flow, "cfs": 35.3147 * flow, "noise": random.normal(size=80).round(3)})
    frame["squared"] = flow**2
    frame["state"] = np.where(flow > 2, "wet", "dry")
    frame["zustand"] = np.where(flow > 2, "nass", "trocken")
    dataset = upload(user, frame.to_csv(index=False).encode())
    copies = {item.column for item in measured(dataset, "flow").items if item.copy_of_target}
    assert copies == {"cfs", "squared"}
    squared = measured(dataset, "flow").of("squared")
    assert squared is not None
    assert squared.value == 1.0
    assert {item.column for item in measured(dataset, "state").items if item.copy_of_target} == {"zustand"}


def test_what_was_measured_is_not_measured_again(penguins: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    first = measured(penguins, MASS)
    MEASURED.clear()
    monkeypatch.delattr(columnar, "read_frame")
    assert measured(penguins, MASS) == first
    with pytest.raises(AttributeError):
        measured(penguins, SPECIES)


def test_columns_read_as_another_kind_are_measured_anew_and_both_are_kept(penguins: Dataset) -> None:
    name = "Sample Number"
    as_number, as_class = kinds_of(penguins), kinds_of(penguins, **{name: ColumnKind.CATEGORICAL})
    assert request_for(penguins, MASS, as_number).key == request_for(penguins, MASS, {}).key
    keys = {request_for(penguins, target, kinds).key for target in (MASS, SPECIES) for kinds in (as_number, as_class)}
    assert len(keys) == 4
    assert max(len(key) for key in keys) <= 20
    numbers, classes = measured(penguins, MASS, as_number).of(name), measured(penguins, MASS, as_class).of(name)
    assert numbers is not None
    assert classes is not None
    assert (numbers.method, classes.method) == ("Spearman", "correlation ratio")
    assert classes.value == pytest.approx(eta(table()[name], table()[MASS]), abs=1e-6)
    assert measured(penguins, MASS, as_number).of(name) == numbers


def test_blocks_of_columns_give_what_all_columns_together_give(
    penguins: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = measured(penguins, MASS)
    monkeypatch.setattr(associations, "MAX_BLOCK_COLUMNS", 3)
    parts = list(parts_of(penguins, MASS))
    assert [(len(part.items), part.complete) for part in parts] == [
        *((size, False) for size in (3, 6, 9, 12, 15)),
        (17, True),
    ]
    assert parts[-1] == whole


def test_more_rows_than_are_needed_are_sampled_the_same_way_each_time(
    sample: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(associations, "MAX_ROWS", 2000)
    first, second = (list(parts_of(sample, "discharge_mm"))[-1] for _ in range(2))
    assert first == second
    assert first.rows_used == 2000
    raw = pd.read_csv(current_settings().samples / "piscataquis_01031500_daily.csv")
    for name in ("prcp_mm", "tmax_c", "vp_pa"):
        item = first.of(name)
        assert item is not None
        assert item.value == pytest.approx(raw[name].corr(raw["discharge_mm"], method="spearman"), abs=0.08)


def test_of_what_is_not_there_nothing_is_known(penguins: Dataset, user: User) -> None:
    assert associations.associations_for(penguins, "no such column", kinds_of(penguins)) is None
    waiting = datasets.start_upload(user, "river.csv")
    assert associations.associations_for(waiting, "flow", {}) is None
    lease, arguments = JobLease(nobody(), 1, lambda: False), {"target": "flow", "kinds": {}}
    with pytest.raises(ConflictError, match="not ready"):
        runner.run_job(associations.MEASUREMENT, waiting.id, arguments, lease)
    with pytest.raises(NotFoundError):
        runner.run_job(associations.MEASUREMENT, nobody(), arguments, lease)
    assert jobs_of(penguins) == jobs_of(waiting) == []


@pytest.mark.parametrize("room", [0, -1])
def test_a_dataset_is_measured_at_once_up_to_a_size(
    penguins: Dataset, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    monkeypatch.setattr(runner, "INLINE_CELLS", 344 * 18 + room)
    result = associations.associations_for(penguins, MASS, kinds_of(penguins))
    assert (result is not None) is (room == 0)
    assert len(jobs_of(penguins)) == -room


@pytest.mark.usefixtures("for_a_worker")
def test_of_many_pages_that_want_a_large_dataset_one_asks_the_worker(app: Flask, penguins: Dataset) -> None:
    kinds, dataset_id = kinds_of(penguins), penguins.id

    def page(_place: int) -> Any:
        dataset = dataset_rows.get_dataset(dataset_id)
        return associations.associations_for(dataset, MASS, kinds)

    assert at_once(app, 12, page) == [None] * 12
    (job,) = jobs_of(penguins)
    assert (job.kind, job.state, job.owner_id) == ("associate", "queued", penguins.owner_id)
    assert job.arguments["target"] == MASS


@pytest.mark.usefixtures("for_a_worker")
def test_what_the_worker_has_measured_is_shown_block_by_block(
    penguins: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    kinds = kinds_of(penguins)
    assert associations.associations_for(penguins, MASS, kinds) is None
    seen: list[int] = []
    for part in parts_of(penguins, MASS):
        assert associations.associations_for(penguins, MASS, kinds) == part
        seen.append(len(part.items))
        complete = part
    assert seen == [4, 8, 12, 16, 17]
    assert measured(penguins, MASS) == complete
    assert len(jobs_of(penguins)) == 1
    monkeypatch.setattr(associations, "MAX_BLOCK_COLUMNS", 25)
    assert list(parts_of(penguins, MASS)) == [complete]


@pytest.mark.usefixtures("for_a_worker")
def test_a_worker_told_to_stop_stops_after_the_block(penguins: Dataset) -> None:
    associations.associations_for(penguins, MASS, kinds_of(penguins))
    (job,) = jobs_of(penguins)
    assert not work_off(job, parts=2)
    part = measured(penguins, MASS)
    assert (len(part.items), part.complete) == (8, False), "What is known is shown while the job lives."


def _end(job: Job, state: RunState) -> None:
    with transaction():
        attempt = jobs.claim(job.id, worker_id="w", lease_seconds=60) or 1
        jobs.end(job.id, attempt=attempt, state=state)


@pytest.mark.usefixtures("for_a_worker")
def test_a_measuring_that_failed_is_not_asked_for_again_and_again(penguins: Dataset) -> None:
    kinds = kinds_of(penguins)
    associations.associations_for(penguins, MASS, kinds)
    (job,) = jobs_of(penguins)
    _end(job, RunState.FAILED)
    for _ in range(3):
        associations.associations_for(penguins, MASS, kinds)
    assert associations.job_for(penguins, MASS, kinds) is None
    assert len(jobs_of(penguins)) == 1


@pytest.mark.usefixtures("for_a_worker")
def test_what_is_known_is_shown_when_the_measuring_has_failed(penguins: Dataset) -> None:
    associations.associations_for(penguins, MASS, kinds_of(penguins))
    (job,) = jobs_of(penguins)
    assert not work_off(job, parts=2)
    _end(job, RunState.FAILED)
    assert len(measured(penguins, MASS).items) == 8


def test_looking_at_associations_starts_nothing(penguins: Dataset) -> None:
    assert associations.known_for(penguins, MASS, kinds_of(penguins)) is None
    assert jobs_of(penguins) == []
    whole = measured(penguins, MASS)
    assert associations.known_for(penguins, MASS, kinds_of(penguins)) == whole


@pytest.mark.usefixtures("for_a_worker")
def test_going_to_and_fro_between_targets_asks_once_for_each(penguins: Dataset) -> None:
    for target in (MASS, SPECIES) * 3:
        associations.associations_for(penguins, target, kinds_of(penguins))
    assert [job.arguments["target"] for job in jobs_of(penguins)] == [MASS, SPECIES]
