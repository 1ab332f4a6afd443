"""Jobs over the API: how far they are, what has come, and stopping them."""

from __future__ import annotations

import uuid

from app.domain.vocabulary import JobKind, RunState
from app.services.measurements import associations
from app.storage import datasets, jobs
from app.storage.db import transaction
from app.storage.tables import Dataset, Job, User
from tests.api.program import Program
from tests.services.measured import associate
from tests.web import seeds


def _job(user: User, kind: JobKind, subject_id: uuid.UUID, **arguments: str) -> Job:
    with transaction():
        return jobs.add_job(kind, subject_id=subject_id, owner_id=user.id, seconds=60, arguments=dict(arguments))


def test_a_job_stands_by_itself_and_under_its_name(program: Program, user: User) -> None:
    job = _job(user, JobKind.ASSOCIATE, uuid.uuid4())
    body = program.get(f"/api/jobs/{job.id}/").get_json()
    assert body["job"] == {name: value for name, value in body.items() if name != "job"}
    assert (body["state"], body["kind"], body["error"]) == ("queued", "associate", None)
    assert body["progress"] == {"fraction": None, "message": ""}


def test_what_has_come_so_far_is_told(program: Program, user: User, sample: Dataset) -> None:
    associations.ask(sample, "discharge_mm", {}, again=True)
    job = jobs.find_job(sample.id, JobKind.ASSOCIATE)
    assert job is not None
    assert program.get(f"/api/jobs/{job.id}/").get_json()["partial"] is None
    associate(sample, "discharge_mm", parts=1)
    partial = program.get(f"/api/jobs/{job.id}/").get_json()["partial"]
    assert partial["target"] == "discharge_mm"
    assert "prcp_mm" in {item["column"] for item in partial["items"]}


def test_somebody_elses_job_is_a_missing_one(stranger: Program, user: User) -> None:
    job = _job(user, JobKind.ASSOCIATE, uuid.uuid4())
    nobodys = uuid.uuid4()
    first, second = (stranger.get(f"/api/jobs/{identifier}/") for identifier in (job.id, nobodys))
    assert first.status_code == second.status_code == 404
    assert first.get_json() == second.get_json()
    assert stranger.post(f"/api/jobs/{job.id}/cancel/").status_code == 404
    assert jobs.get_job(job.id).state == "queued"


def test_a_waiting_job_is_stopped_at_once(program: Program, user: User) -> None:
    job = _job(user, JobKind.ASSOCIATE, uuid.uuid4())
    assert program.post(f"/api/jobs/{job.id}/cancel/").get_json()["state"] == "cancelled"
    assert program.post(f"/api/jobs/{job.id}/cancel/").get_json()["state"] == "cancelled"


def test_a_running_job_is_asked_to_stop(program: Program, user: User) -> None:
    job = _job(user, JobKind.ASSOCIATE, uuid.uuid4())
    with transaction():
        attempt = jobs.claim(job.id, worker_id="w", lease_seconds=30)
    assert attempt == 1
    assert program.post(f"/api/jobs/{job.id}/cancel/").get_json()["state"] == "running"
    assert jobs.is_cancelled(job.id, attempt=1)


def test_stopping_the_reading_of_a_file_says_so_at_the_dataset(program: Program, user: User) -> None:
    with transaction():
        row = datasets.add_dataset(owner_id=user.id, name="x", file_name="x.csv", state="reading")
    job = _job(user, JobKind.ANALYSE, row.id)
    program.post(f"/api/jobs/{job.id}/cancel/")
    stopped = datasets.get_dataset(row.id)
    assert (stopped.state, stopped.reason) == ("failed", "Reading was stopped.")


def test_stopping_the_training_of_an_experiment_ends_the_experiment(program: Program, user: User) -> None:
    experiment = seeds.add_experiment(user, RunState.QUEUED)
    job = jobs.find_job(experiment.id, JobKind.TRAIN)
    assert job is not None
    assert program.post(f"/api/jobs/{job.id}/cancel/").get_json()["state"] == "cancelled"
    assert program.get(f"/api/jobs/{job.id}/").get_json()["progress"]["fraction"] is None
