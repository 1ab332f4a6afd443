"""Experiments: a launch happens once and freezes everything, and what is exported is no formula."""

from __future__ import annotations

import csv
import io
import itertools
import json
import math
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from app.domain.errors import ConflictError, DomainError, LaunchRefusedError, NotFoundError, TooManyError
from app.domain.experiment import Spec
from app.domain.training.report.document import Report
from app.domain.vocabulary import RunState, Severity
from app.services import experiments
from app.services.accounts import accounts
from app.services.context import current_settings
from app.services.datasets import datasets
from app.services.drafts import drafts
from app.services.experiments import csv_lines, safe_cell
from app.storage import files, jobs
from app.storage.db import db, transaction
from app.storage.tables import Dataset, DraftRow, Experiment, Job, User
from tests.services.tables import at_once, draft_on, save, with_limits
from tests.web.seeds import add_experiment

REPORTS = Path(__file__).resolve().parents[1] / "reports"
WORDS: dict[str, str] = {"name": "High water", "description": "Of 1987.", "tags": "a, b", "notes": "Look again."}


@pytest.fixture
def penguins(user: User) -> Dataset:
    return datasets.use_sample(user, "penguins")


@pytest.fixture
def draft(user: User, penguins: Dataset) -> DraftRow:
    return draft_on(user, penguins)


@pytest.fixture
def experiment(user: User) -> Experiment:
    """Return an experiment that waits."""
    return add_experiment(user, RunState.QUEUED)


def launch(user: User, draft: DraftRow, key: str = "key", version: int | None = None) -> Experiment:
    return experiments.launch(user, draft.id, version=version or draft.version, idempotency_key=key)


def count(table: type[Experiment] | type[Job]) -> int:
    return db.session.scalar(select(func.count()).select_from(table)) or 0


def job_of(experiment: Experiment) -> Job:
    job = experiments.job_of(experiment)
    assert job is not None
    return job


def test_what_was_warned_of_is_kept_with_the_launch(user: User) -> None:
    draft = draft_on(user, datasets.use_sample(user, "piscataquis"))
    changes = {"validation": {"strategy": "k_fold"}}
    version = drafts.save_many(user, draft.id, changes=changes, version=draft.version).version
    made = launch(user, draft, version=version)
    assert made.warnings is not None
    kept = {warning["code"]: warning for warning in made.warnings}
    assert kept["random_split_in_time"]["step"] == "validation"
    assert "too good" in kept["random_split_in_time"]["message"]


def test_a_launch_freezes_what_the_plan_says(user: User, draft: DraftRow, penguins: Dataset) -> None:
    changes = {"model": {"estimator": "random_forest"}, "review": {"name": "Who is who", "notes": "First try."}}
    version = drafts.save_many(user, draft.id, changes=changes, version=draft.version).version
    plan = drafts.plan_of(user, drafts.get_draft(user, draft.id))
    made = launch(user, draft, version=version)
    assert plan.spec is not None
    assert experiments.spec_of(made) == plan.spec
    assert made.config["dataset"] == {"id": str(penguins.id), "sha256": penguins.sha256}
    assert (made.name, made.notes, made.state, made.owner_id) == ("Who is who", "First try.", "queued", user.id)
    assert (made.dataset_id, made.dataset_sha256, made.draft_id) == (penguins.id, penguins.sha256, draft.id)
    assert made.estimate is not None
    assert plan.estimate is not None
    assert made.estimate["fits"] == plan.estimate.fits
    assert [event["version"] for event in made.config_changes] == list(range(2, version + 1))
    assert drafts.get_draft(user, draft.id).launched_experiment_id == made.id
    job = job_of(made)
    assert (job.kind, job.state, job.attempt, job.owner_id) == ("train", "queued", 0, user.id)
    assert job.time_limit_seconds == current_settings().limits.train_seconds


def test_launching_twice_gives_one_experiment(user: User, draft: DraftRow) -> None:
    made = launch(user, draft)
    assert launch(user, draft).id == made.id
    assert launch(user, draft, version=99).id == made.id, "The key says that it was asked before."
    assert launch(user, draft, key="another").id == made.id, "A draft is launched once."
    assert (count(Experiment), count(Job)) == (1, 1)


@pytest.mark.parametrize("keys", [1, 16])
def test_sixteen_clicks_at_once_give_one_experiment(app: Flask, user: User, draft: DraftRow, keys: int) -> None:
    user_id = user.id

    def click(place: int) -> Any:
        return launch(accounts.get_account(user_id), draft, key=f"key {place % keys}").id

    results = at_once(app, 16, click)
    assert len(set(results)) == 1, results
    assert (count(Experiment), count(Job)) == (1, 1)


def test_the_same_key_of_two_people_makes_two_experiments(user: User, other_user: User, draft: DraftRow) -> None:
    theirs = draft_on(other_user, datasets.use_sample(other_user, "penguins"))
    assert launch(user, draft).id != launch(other_user, theirs).id


def test_a_draft_with_errors_is_refused_with_all_of_them(user: User, draft: DraftRow) -> None:
    bare = drafts.create_draft(user)
    for column in ("c1", "c2", "c3"):
        save(user, draft, step="data", **{f"kind.{column}": "nonsense"})
    version = save(user, draft, step="validation", **{"strategy": "k_fold", "k_fold.n_splits": "999999"})
    for row, position in ((bare, bare.version), (draft, version)):
        with pytest.raises(LaunchRefusedError) as refusal:
            launch(user, row, version=position)
        expected = drafts.plan_of(user, drafts.get_draft(user, row.id)).problems
        assert refusal.value.problems == tuple(expected)
        assert any(problem.severity is Severity.ERROR for problem in refusal.value.problems)
        assert refusal.value.status == 422
        assert drafts.get_draft(user, row.id).launched_experiment_id is None
    assert (count(Experiment), count(Job)) == (0, 0)


def test_a_draft_that_moved_on_is_looked_at_again_first(user: User, draft: DraftRow) -> None:
    view = draft.version
    save(user, draft, estimator="random_forest")
    with pytest.raises(ConflictError) as refusal:
        launch(user, draft, version=view)
    assert (refusal.value.status, refusal.value.code) == (409, "draft_moved")
    assert (count(Experiment), count(Job)) == (0, 0)


def _before_freezing(monkeypatch: pytest.MonkeyPatch, deed: Callable[[], object]) -> None:
    """Have something happen after a draft was thought through, while the launch waits for its turn to write."""

    def late() -> AbstractContextManager[None]:
        monkeypatch.undo()
        deed()
        return transaction()

    monkeypatch.setattr(experiments, "transaction", late)


def test_a_draft_that_moves_on_while_it_is_thought_through_is_not_launched(
    user: User, draft: DraftRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = draft.version
    _before_freezing(monkeypatch, lambda: save(user, draft, estimator="random_forest"))
    with pytest.raises(ConflictError):
        launch(user, draft, version=view)
    assert (count(Experiment), count(Job)) == (0, 0)


def test_a_dataset_that_is_deleted_during_the_launch_stops_it(
    user: User, draft: DraftRow, penguins: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    _before_freezing(monkeypatch, lambda: datasets.delete_dataset(user, penguins.id))
    with pytest.raises(DomainError):
        launch(user, draft)


def test_a_launched_draft_leads_to_its_experiment_though_its_dataset_is_deleted(
    user: User, draft: DraftRow, penguins: Dataset
) -> None:
    made = launch(user, draft)
    datasets.delete_dataset(user, penguins.id)
    assert launch(user, draft, key="another").id == made.id


def test_who_has_too_many_jobs_waits_for_one_to_end(
    app: Flask, user: User, other_user: User, penguins: Dataset
) -> None:
    with_limits(app, user_queued_jobs=2)
    rows = [draft_on(user, penguins) for _ in range(3)]
    first = launch(user, rows[0], key="0")
    launch(user, rows[1], key="1")
    with pytest.raises(TooManyError) as refusal:
        launch(user, rows[2], key="2")
    assert (refusal.value.status, refusal.value.retry_after_seconds) == (429, 60)
    assert refusal.value.message.startswith("2 of your jobs")
    assert launch(user, rows[0], key="again").id == first.id, "What was launched is no new job."
    theirs = draft_on(other_user, datasets.use_sample(other_user, "penguins"))
    assert launch(other_user, theirs).state == "queued"
    experiments.cancel(user, first.id)
    assert launch(user, rows[2], key="2").state == "queued"


def test_no_more_jobs_than_allowed_are_launched_at_the_same_moment(app: Flask, user: User, penguins: Dataset) -> None:
    with_limits(app, user_queued_jobs=3)
    user_id, rows = user.id, [draft_on(user, penguins) for _ in range(8)]

    def click(place: int) -> str:
        return launch(accounts.get_account(user_id), rows[place], key=f"{place}").state

    results = at_once(app, 8, click)
    assert results.count("queued") == 3, results
    assert sum(isinstance(result, TooManyError) for result in results) == 5
    assert (count(Experiment), count(Job)) == (3, 3)


def test_a_waiting_experiment_is_cancelled_at_once(user: User, other_user: User, experiment: Experiment) -> None:
    with pytest.raises(NotFoundError):
        experiments.cancel(other_user, experiment.id)
    done = experiments.cancel(user, experiment.id)
    ended = done.finished_at
    assert (done.state, job_of(done).state, done.failure) == ("cancelled", "cancelled", None)
    assert ended is not None
    assert experiments.cancel(user, experiment.id).finished_at == ended
    with transaction():
        assert jobs.claim(job_of(done).id, worker_id="late", lease_seconds=60) is None


def test_a_running_experiment_is_asked_to_stop(user: User, experiment: Experiment) -> None:
    job = job_of(experiment)
    with transaction():
        attempt = jobs.claim(job.id, worker_id="w", lease_seconds=60)
        experiments.get_experiment(user, experiment.id).state = "running"
    assert attempt == 1
    assert not jobs.is_cancelled(job.id, attempt=1)
    assert experiments.cancel(user, experiment.id).state == "running"
    assert jobs.is_cancelled(job.id, attempt=1)
    assert job_of(experiment).state == "running", "Its worker ends it."


@pytest.mark.parametrize("state", [RunState.FINISHED, RunState.FAILED, RunState.CANCELLED])
def test_what_has_ended_is_not_cancelled(user: User, state: RunState) -> None:
    row = add_experiment(user, state)
    assert experiments.cancel(user, row.id).state == state.value
    assert (job_of(row).state, job_of(row).cancel_requested_at) == (state.value, None)


def test_everybody_sees_their_own_experiments_newest_first(user: User, other_user: User) -> None:
    made = [add_experiment(user, RunState.QUEUED).id for _ in range(5)]
    theirs = add_experiment(other_user, RunState.QUEUED)
    pages = [experiments.list_experiments(user, page=page, per_page=2) for page in (1, 2, 3, 4)]
    assert [len(rows) for rows, _total in pages] == [2, 2, 1, 0]
    assert {total for _rows, total in pages} == {5}
    assert [row.id for rows, _total in pages for row in rows] == made[::-1]
    for page in (0, -7, 1):
        assert experiments.list_experiments(user, page=page, per_page=2)[0][0].id == made[-1]
    assert experiments.list_experiments(user, page=10**30) == ([], 5)
    with pytest.raises(NotFoundError):
        experiments.get_experiment(user, theirs.id)


def update(user: User, row: Experiment, **other: str) -> Experiment:
    return experiments.update_words(user, row.id, **{**WORDS, **other})


def test_words_may_change_and_the_config_follows_them_alone(user: User, experiment: Experiment) -> None:
    before = dict(experiment.config)
    row = update(user, experiment, name="  Low water ", tags=" dry,,dry , 1976,  ", description="x" * 5000)
    assert (row.name, row.tags, row.notes) == ("Low water", ["dry", "1976"], "Look again.")
    assert row.config == before, "What was launched stays as it was."
    config = experiments.config_of(row)
    assert (config["name"], config["tags"], len(config["description"])) == ("Low water", ["dry", "1976"], 5000)
    words = {"name", "tags", "description"}
    assert {key for key in config if config[key] != before[key]} == words
    dataset = config.pop("dataset")
    assert dataset == before["dataset"]
    assert Spec.model_validate(config).task == experiments.spec_of(row).task


def test_words_that_are_too_long_are_refused_and_nothing_changes(user: User, experiment: Experiment) -> None:
    update(user, experiment)
    for wrong, code, field in (
        ({"name": "   "}, "name_invalid", "name"),
        ({"name": "x" * 201}, "name_invalid", "name"),
        ({"tags": ",".join(map(str, range(21)))}, "tags_invalid", "tags"),
        ({"tags": "x" * 51}, "tags_invalid", "tags"),
        ({"notes": "x" * 20_001}, "too_long", "notes"),
    ):
        with pytest.raises(DomainError) as refusal:
            update(user, experiment, **{"description": "New.", **wrong})
        assert (refusal.value.status, refusal.value.code, refusal.value.field) == (422, code, field)
    db.session.expire_all()
    row = experiments.get_experiment(user, experiment.id)
    assert (row.name, row.description, row.tags, row.notes) == ("High water", "Of 1987.", ["a", "b"], "Look again.")


def test_words_of_somebody_else_stay_as_they_are(other_user: User, experiment: Experiment) -> None:
    with pytest.raises(NotFoundError):
        update(other_user, experiment)


def test_a_description_that_is_too_long_names_its_own_field(user: User, experiment: Experiment) -> None:
    with pytest.raises(DomainError) as refusal:
        update(user, experiment, description="x" * 5001)
    assert refusal.value.field == "description"


def _predictions(row: Experiment) -> Path:
    folder = files.experiment_dir(current_settings().data, row.id) / "attempt-1"
    folder.mkdir(parents=True)
    path = folder / experiments.PREDICTIONS
    path.write_text("row,observed,predicted\r\n")
    return path


@pytest.mark.parametrize("state", list(RunState))
def test_there_are_predictions_of_what_has_finished_only(user: User, state: RunState) -> None:
    report = json.loads((REPORTS / "2026-11-30-undefined.json").read_text(encoding="utf-8"))["report"]
    row = add_experiment(user, state, artefacts="attempt-1", report=report)
    with pytest.raises(NotFoundError, match="no predictions"):
        experiments.predictions_file(row)
    path = _predictions(row)
    if state is RunState.FINISHED:
        assert experiments.predictions_file(row) == path
        assert experiments.report_of(row) == Report.from_json(report)
    else:
        with pytest.raises(NotFoundError):
            experiments.predictions_file(row)
        assert experiments.report_of(row) is None


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, ""), (math.nan, ""), (True, "true"), (False, "false"), (0, "0"), (-3, "-3"), (-2.5, "-2.5"),
        (1 / 3, "0.3333333333"), (1e-12, "1e-12"), ("", ""), ("clay", "clay"), ("-1.5", "-1.5"), ("+7", "+7"),
        (pd.Timestamp("2001-10-01"), "2001-10-01"), (pd.Timestamp("2001-10-01 06:30"), "2001-10-01 06:30:00"),
        ("=1+1", "'=1+1"), ("+1+1", "'+1+1"), ("-1+1", "'-1+1"), ("@SUM(A1)", "'@SUM(A1)"), ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"), ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"), ("a=1", "a=1"), ("-", "'-"),
    ],
)  # fmt: skip
def test_a_cell_is_a_number_or_a_text_and_no_formula(value: Any, written: str) -> None:
    assert safe_cell(value) == written


def test_a_formula_after_a_line_break_is_no_formula_either() -> None:
    assert safe_cell("\n=1+1") == "'\n=1+1"


CELLS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=6), st.sampled_from("=+-@\t\r")
)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    rows=st.lists(st.tuples(CELLS, st.text("=+-@\t1a,\"'", max_size=5)), max_size=6), name=st.text("=@a", min_size=1)
)
def test_whatever_is_written_is_read_again_and_is_no_formula(rows: list[tuple[Any, ...]], name: str) -> None:
    text = "".join(csv_lines([name, "other"], iter(rows)))
    results = list(csv.reader(io.StringIO(text, newline="")))
    assert results == [[safe_cell(cell) for cell in row] for row in ([name, "other"], *rows)]
    for cell in itertools.chain.from_iterable(results):
        if cell.startswith(("=", "+", "-", "@", "\t", "\r")):
            float(cell)


def test_a_long_table_comes_in_pieces_and_whole() -> None:
    table = pd.DataFrame({"row": range(20_000), "a,b": [position / 7 for position in range(20_000)]})
    pieces = list(csv_lines(list(table.columns), table.itertuples(index=False, name=None)))
    assert len(pieces) > 4
    assert max(map(len, pieces)) < 70_000
    read = pd.read_csv(io.StringIO("".join(pieces)))
    pd.testing.assert_frame_equal(read, table, rtol=1e-9)
    assert list(csv_lines(["only"], iter(()))) == ["only\r\n"]
