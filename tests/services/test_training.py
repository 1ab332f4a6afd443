"""Training through the service: the report says what the predictions say, and an attempt that was given up writes nothing."""

from __future__ import annotations

import io
import json
import platform
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from app.domain.errors import DomainError, StoppedError
from app.domain.experiment import Spec
from app.domain.job_states import Failure
from app.domain.training.report.outcome import Progress
from app.domain.vocabulary import JobKind, RunState
from app.services import experiments
from app.services.context import current_settings
from app.services.datasets import datasets
from app.services.jobs import life_cycle, training
from app.storage import files, jobs
from app.storage.db import db, transaction
from app.storage.integrity import HASHES
from app.storage.reading import read_file
from app.storage.tables import Dataset, Experiment, Job, User
from config import Limits
from tests.domain.tables import made, make_spec
from tests.services.tables import nobody

TABLE = made(160, seed=7)
LAG = [{"columns": ["y"], "kind": "lag", "parameters": {"steps": [1]}}]
RIVER = make_spec(
    task={"target": "y", "time_column": "day"},
    selected=["a", "b", "word"],
    transforms=LAG,
    validation={"strategy": "time_series", "parameters": {"n_splits": 3, "gap": 1}, "holdout": {"fraction": 0.2}},
    others=["rmse", "pbias"],
)
CLASSES = make_spec(
    task={"target": "three", "kind": "multiclass"},
    estimator="logistic_regression",
    validation={"strategy": "stratified_k_fold", "parameters": {"n_splits": 3}},
)


@pytest.fixture(scope="module")
def read_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the table as it is stored, read once for all tests."""
    folder = tmp_path_factory.mktemp("river")
    (folder / "river.csv").write_text(TABLE.to_csv(index=False))
    read_file(folder / "river.csv", folder / "read", limits=Limits(), seconds=60, file_name="river.csv")
    return folder / "read"


@pytest.fixture
def river(user: User, read_once: Path) -> Dataset:
    """Return the table as a dataset of the member."""
    profile = files.read_profile(read_once).to_json()
    with transaction():
        row = Dataset(owner_id=user.id, name="river", file_name="river.csv", state="ready", profile=profile)
        db.session.add(row)
    shutil.copytree(read_once, files.dataset_dir(current_settings().data, row.id))
    return row


@pytest.fixture
def experiment(user: User, river: Dataset) -> Experiment:
    return launch(user, river)


def launch(user: User, dataset: Dataset, spec: Spec = RIVER) -> Experiment:
    """Add an experiment and its job, as a launch does."""
    config = {**spec.to_json(), "dataset": {"id": str(dataset.id), "sha256": ""}}
    with transaction():
        row = Experiment(owner_id=user.id, dataset_id=dataset.id, name="River", config=config, dataset_sha256="")
        db.session.add(row)
        db.session.flush()
        jobs.add_job(JobKind.TRAIN, subject_id=row.id, owner_id=user.id, seconds=600)
    return row


def job_of(experiment: Experiment) -> Job:
    job = experiments.job_of(experiment)
    assert job is not None
    return job


def claim(experiment: Experiment, *, lease: float = 60) -> int:
    claimed = life_cycle.claim_job(job_of(experiment).id, worker_id="w", lease_seconds=lease)
    assert claimed is not None
    return claimed.attempt


def run(
    experiment: Experiment,
    attempt: int,
    *,
    on_progress: Callable[[Progress], None] = lambda _progress: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> bool:
    """Train as a worker does that holds this attempt, or thinks so."""
    job_id = job_of(experiment).id
    return training.run(experiment.id, job_id=job_id, attempt=attempt, on_progress=on_progress, should_stop=should_stop)


def fresh(experiment: Experiment) -> Experiment:
    """Return the experiment as the database has it."""
    db.session.expire_all()
    result = db.session.get(Experiment, experiment.id)
    assert result is not None
    return result


def on_disk(experiment: Experiment) -> list[str]:
    folder = files.experiment_dir(current_settings().data, experiment.id)
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.name != HASHES)


def predictions(experiment: Experiment) -> pd.DataFrame:
    return pd.read_csv(experiments.predictions_file(experiment))


def report_of(experiment: Experiment) -> dict[str, Any]:
    report = experiments.report_of(experiment)
    assert report is not None
    stored: dict[str, Any] = report.to_json()
    return stored


def test_the_report_says_what_the_predictions_say(experiment: Experiment) -> None:
    assert run(experiment, claim(experiment))
    report, frame = report_of(fresh(experiment)), predictions(experiment)
    assert [entry["id"] for entry in report["metrics"]] == ["nse", "rmse", "pbias"]
    parts = dict(iter(frame.groupby("part")))
    folds = [parts[f"fold {position}"] for position in (1, 2, 3)]
    assert set(parts) == {"fold 1", "fold 2", "fold 3", "hold-out"}
    formulas: dict[str, Callable[[Any, Any], float]] = {
        "nse": lambda seen, told: 1 - np.sum((seen - told) ** 2) / np.sum((seen - np.mean(seen)) ** 2),
        "rmse": lambda seen, told: np.sqrt(np.mean((seen - told) ** 2)),
        "pbias": lambda seen, told: 100 * np.sum(told - seen) / np.sum(seen),
    }
    for metric, formula in formulas.items():
        scores = report["scores"][metric]
        expected = [formula(part["observed"], part["predicted"]) for part in folds]
        assert scores["folds"] == pytest.approx(expected, rel=1e-6)
        assert scores["mean"] == pytest.approx(np.mean(expected), rel=1e-6)
        current_values = parts["hold-out"]
        assert scores["holdout"] == pytest.approx(
            formula(current_values["observed"], current_values["predicted"]), rel=1e-6
        )


def test_every_prediction_stands_beside_its_own_row_of_the_file(experiment: Experiment) -> None:
    assert run(experiment, claim(experiment))
    frame, split = predictions(experiment), report_of(fresh(experiment))["split"]
    own = TABLE.iloc[frame["row"] - 1].reset_index(drop=True)
    assert frame["observed"].to_numpy() == pytest.approx(own["y"].to_numpy(), rel=1e-9)
    assert frame["day"].tolist() == own["day"].dt.strftime("%Y-%m-%d").tolist()
    assert frame["row"].is_unique
    sizes = {entry["fold"]: entry["validation_rows"] for entry in [*split["folds"], split["holdout"]]}
    assert frame["part"].value_counts().to_dict() == sizes
    assert sizes["hold-out"] == 32
    last_rows = frame.loc[frame["part"] == "hold-out", "row"].tolist()
    assert last_rows == list(range(129, 161)), "The hold-out is the end of the record."


def test_the_end_is_written_on_experiment_and_job_together(experiment: Experiment) -> None:
    seen: list[Progress] = []
    assert run(experiment, claim(experiment), on_progress=seen.append)
    row, job, report = fresh(experiment), job_of(experiment), report_of(experiment)
    assert (row.state, row.artefacts, row.failure, row.failure_code) == ("finished", "attempt-1", None, None)
    assert (job.state, job.lease_until, job.error) == ("finished", None, None)
    assert row.started_at is not None
    assert row.finished_at is not None
    assert row.started_at <= row.finished_at
    assert (row.scores, row.headline, row.environment) == (
        report["scores"], report["headline"], report["environment"],
    )  # fmt: skip
    assert row.actual is not None
    assert row.actual["seconds"] >= report["timing"]["seconds_total"], "Reading the rows is part of it."
    assert row.actual["work_seconds"] >= report["timing"]["work_total"]
    assert row.actual["memory_mb"] >= report["memory_mb"]
    assert report["environment"]["python"] == platform.python_version()
    assert json.loads(json.dumps(report, allow_nan=False)) == report
    assert [progress.done for progress in seen] == sorted(progress.done for progress in seen)
    assert (seen[0].done, seen[-1].fraction, len(seen[-1].folds)) == (0, 1.0, 3)
    assert on_disk(experiment) == ["attempt-1", "attempt-1/predictions.csv"]
    assert life_cycle.claim_job(job_of(experiment).id, worker_id="w", lease_seconds=60) is None


def test_what_was_warned_of_stands_in_the_stored_report(experiment: Experiment) -> None:
    warned = [{"step": "validation", "code": "random_split_in_time", "message": "The score will be too good."}]
    with transaction():
        fresh(experiment).warnings = warned
    assert run(experiment, claim(experiment))
    assert report_of(fresh(experiment))["warnings"] == warned


def test_questions_open_at_the_launch_stand_in_the_report(experiment: Experiment) -> None:
    warned = {"step": "data", "code": "marker_unanswered", "message": "Is -999 a mark?", "severity": "warning"}
    query = {"step": "features", "code": "known_only_afterwards", "message": "Known then?", "severity": "notice"}
    with transaction():
        fresh(experiment).warnings = [warned, query]
    assert run(experiment, claim(experiment))
    report = report_of(fresh(experiment))
    assert report["open_questions"] == [warned, query]
    assert report["warnings"] == [{name: text for name, text in warned.items() if name != "severity"}]


def test_the_headline_is_the_comparison_of_the_scores(experiment: Experiment) -> None:
    assert run(experiment, claim(experiment))
    report = report_of(fresh(experiment))
    current_values = {entry["id"]: entry["scores"]["nse"]["holdout"] for entry in report["baselines"]}
    headline = report["headline"]
    assert headline["score"] == report["scores"]["nse"]["holdout"]
    assert headline["baseline_score"] == max(current_values.values()) == current_values[headline["baseline_id"]]
    assert headline["beats"] is (headline["interval"]["low"] > 0)
    assert headline["rows"] == 32


def test_classes_are_written_as_the_file_has_them(user: User, river: Dataset) -> None:
    row = launch(user, river, CLASSES)
    assert run(row, claim(row))
    frame, report = predictions(row), report_of(fresh(row))
    assert frame["observed"].tolist() == TABLE.iloc[frame["row"] - 1]["three"].tolist()
    assert sorted(frame["row"]) == list(range(1, 161)), "Every row judges once."
    shares = frame[["probability_high", "probability_low", "probability_mid"]]
    assert shares.sum(axis=1).to_numpy() == pytest.approx(np.ones(160), abs=1e-8)
    names = shares.columns.str.removeprefix("probability_").to_numpy()
    assert frame["predicted"].tolist() == list(names[shares.to_numpy().argmax(axis=1)])
    primary = report["scores"][report["primary"]]
    recalls = [
        [(part["predicted"] == part["observed"])[part["observed"] == name].mean() for name in names]
        for _, part in frame.groupby("part")
    ]
    assert report["primary"] == "balanced_accuracy"
    assert primary["folds"] == pytest.approx(np.mean(recalls, axis=1))
    assert report["task"]["labels"] == ["high", "low", "mid"]


def test_a_lease_that_is_lost_while_it_trains_makes_the_attempt_write_nothing(experiment: Experiment) -> None:
    first = claim(experiment, lease=-1)
    used_names: list[int] = []

    def lose(progress: Progress) -> None:
        if progress.done == 2 and not used_names:
            used_names.append(claim(experiment))

    assert not run(experiment, first, on_progress=lose)
    row, job = fresh(experiment), job_of(experiment)
    assert (job.state, job.attempt, used_names) == ("running", 2, [2])
    assert (row.state, row.artefacts, row.scores, row.headline, row.finished_at) == ("running", *[None] * 4)
    assert (experiments.report_of(row), on_disk(experiment)) == (None, [])
    assert run(experiment, 2)
    assert fresh(experiment).artefacts == "attempt-2"
    assert on_disk(experiment) == ["attempt-2", "attempt-2/predictions.csv"]


def test_an_attempt_that_comes_late_leaves_the_result_of_the_other(experiment: Experiment) -> None:
    first = claim(experiment, lease=-1)
    second = claim(experiment)
    job_id = job_of(experiment).id

    def finish_first(progress: Progress) -> None:
        if progress.done == 1 and fresh(experiment).state == "running":
            assert run(experiment, second)

    late = training.run(
        experiment.id, job_id=job_id, attempt=first, on_progress=finish_first, should_stop=lambda: False
    )
    assert not late
    row = fresh(experiment)
    assert (row.state, row.artefacts, job_of(experiment).state) == ("finished", "attempt-2", "finished")
    assert on_disk(experiment) == ["attempt-2", "attempt-2/predictions.csv"]
    assert len(predictions(row)) > 100
    assert not life_cycle.fail_job(job_id, attempt=first, failure=Failure("late", "Late."))
    assert fresh(experiment).state == "finished"


def test_a_result_that_comes_after_the_cancelling_is_dropped(user: User, experiment: Experiment) -> None:
    attempt = claim(experiment)

    def end(progress: Progress) -> None:
        if progress.done == 3 and job_of(experiment).state == "running":
            life_cycle.stop_job(job_of(experiment).id, attempt=attempt)

    assert not run(experiment, attempt, on_progress=end)
    row = fresh(experiment)
    assert (row.state, row.report, row.artefacts) == ("cancelled", None, None)
    assert on_disk(experiment) == []
    assert experiments.cancel(user, experiment.id).state == "cancelled"


def test_training_that_is_told_to_stop_writes_nothing(experiment: Experiment) -> None:
    attempt, request = claim(experiment), iter([False, False, True])
    with pytest.raises(StoppedError):
        run(experiment, attempt, should_stop=lambda: next(request))
    assert (fresh(experiment).state, job_of(experiment).state, on_disk(experiment)) == ("running", "running", [])


def test_a_failure_is_written_on_experiment_and_job_together(experiment: Experiment) -> None:
    attempt, job_id = claim(experiment), job_of(experiment).id
    for wrong in (0, attempt + 1):
        assert not life_cycle.fail_job(job_id, attempt=wrong, failure=Failure("no", "No."))
    assert fresh(experiment).state == "running"
    assert life_cycle.fail_job(job_id, attempt=attempt, failure=Failure("diverged", "It diverged."))
    row, job = fresh(experiment), job_of(experiment)
    assert (row.state, row.failure_code, row.failure) == ("failed", "diverged", "It diverged.")
    assert (job.state, job.error_code, job.error) == ("failed", "diverged", "It diverged.")
    assert row.finished_at is not None
    assert not life_cycle.stop_job(job_id, attempt=attempt)


def test_a_second_attempt_keeps_the_time_of_the_first_start(experiment: Experiment) -> None:
    claim(experiment)
    with transaction():
        row = fresh(experiment)
        assert row.started_at is not None
        row.started_at -= timedelta(hours=1)
    started = fresh(experiment).started_at
    assert life_cycle.return_job(job_of(experiment).id, worker_id="w")
    assert fresh(experiment).state == "queued"
    claim(experiment)
    assert (fresh(experiment).state, fresh(experiment).started_at) == ("running", started)


@pytest.mark.parametrize("state", [RunState.FINISHED, RunState.CANCELLED, None])
def test_a_job_whose_experiment_needs_it_no_more_is_ended(experiment: Experiment, state: RunState | None) -> None:
    job_id = job_of(experiment).id
    with transaction():
        row = fresh(experiment)
        if state is None:
            db.session.delete(row)
        else:
            row.state = state.value
    assert life_cycle.claim_job(job_id, worker_id="w", lease_seconds=60) is None
    assert jobs.get_job(job_id).state == "cancelled"


def test_an_experiment_outlives_the_deletion_of_its_dataset(user: User, river: Dataset, experiment: Experiment) -> None:
    datasets.delete_dataset(user, river.id)
    assert run(experiment, claim(experiment))
    assert len(predictions(fresh(experiment))) > 100


def test_what_is_gone_is_said_in_a_sentence(user: User, river: Dataset, experiment: Experiment) -> None:
    attempt, job_id = claim(experiment), job_of(experiment).id
    with pytest.raises(DomainError) as refusal:
        training.run(
            nobody(), job_id=job_id, attempt=attempt, on_progress=lambda _progress: None, should_stop=lambda: False
        )
    assert refusal.value.code == "experiment_gone"
    with transaction():
        datasets.get_dataset(user, river.id).state = "failed"
    with pytest.raises(DomainError) as refusal:
        run(experiment, attempt)
    assert refusal.value.code == "dataset_gone"
    assert on_disk(experiment) == []


def test_the_same_config_gives_the_same_predictions(user: User, river: Dataset, experiment: Experiment) -> None:
    again = launch(user, river)
    texts = []
    for row in (experiment, again):
        assert run(row, claim(row))
        texts.append(experiments.predictions_file(fresh(row)).read_bytes())
    assert texts[0] == texts[1]
    assert texts[0].count(b"\r\n") == texts[0].count(b"\n") == len(pd.read_csv(io.BytesIO(texts[0]))) + 1
    assert fresh(experiment).scores == fresh(again).scores


def test_a_recipe_that_works_on_what_another_derives_is_trained(user: User, river: Dataset) -> None:
    recipes = [
        {"columns": ["a"], "kind": "rolling_mean", "parameters": {"window": 3}},
        {"columns": ["a_mean_3"], "kind": "scale_robust", "parameters": {}},
    ]
    features = RIVER.features.model_validate({"selected": ["a", "word"], "transforms": recipes})
    row = launch(user, river, RIVER.model_copy(update={"features": features}))
    assert run(row, claim(row))
    report = fresh(row).report
    assert report is not None
    assert report["features"]["derived"] == ["a_mean_3"]
