"""The judge of the kill test: each thing that can go wrong is named, and what is right is not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.chaos.enemies import plan_blows
from tests.chaos.history import (
    Acknowledged,
    DatasetFact,
    DraftFact,
    ExperimentFact,
    Facts,
    Fault,
    Harm,
    History,
    JobFact,
    Sample,
)
from tests.chaos.judging import STUCK_SECONDS, UPLOAD_SECONDS, Verdict, judge

NOW = 10_000.0
SAVE = Acknowledged("save", 1.0, "d", path="review.notes", value="note 1")
DRAFT = DraftFact("d", 3, ((2, {"data.dataset_id": [None, "x"]}, None), (3, {"review.notes": ["", "note 1"]}, None)))
UPLOAD = Acknowledged("upload", 1.0, sha256="abc", rows=5)
DATASET = DatasetFact("s", "ready", 1.0, 2.0, "abc", 5, has_rows=True, has_original=True)
LAUNCH = Acknowledged("launch", 1.0, "d", experiment_id="e")
EXPERIMENT = ExperimentFact("e", "d", "finished", 1.0, 9.0, artefacts="attempt-1", folders=("attempt-1",),
                            has_files=True, results=1)  # fmt: skip
FAILED = replace(EXPERIMENT, state="failed", code="worker_lost", reason="It was killed.", artefacts="", folders=(),
                 has_files=False, results=0)  # fmt: skip
JOB = JobFact("j", "train", "e", "finished", 1.0, 9.0)
KILL = Harm("kill", "horse", "training", 5.0, 5.0)
REST = (Sample(0.0, frozenset({"j"}), True), Sample(9.0, frozenset(), False))


def verdict(
    *, answers: tuple[Acknowledged | Fault | Harm, ...] = (), samples: tuple[Sample, ...] = REST, **facts: object
) -> Verdict:
    """Judge a history and what was found, at NOW."""
    history = History()
    for acknowledged in answers:
        history.add(acknowledged)
    return judge(history, Facts(**facts), samples, now=NOW)  # type: ignore[arg-type]


def test_a_sound_run_has_nothing_wrong() -> None:
    result = verdict(
        answers=(SAVE, UPLOAD, LAUNCH, KILL, Acknowledged("draft", 1.0, "d")),
        drafts=(DRAFT,),
        datasets=(DATASET,),
        experiments=(EXPERIMENT,),
        jobs=(JOB,),
    )
    assert result.sentences == []


@pytest.mark.parametrize(
    ("one", "facts"),
    [
        (SAVE, {}),
        (SAVE, {"drafts": (DraftFact("d", 2, DRAFT.saves[:1]),)}),
        (Acknowledged("draft", 1.0, "d"), {}),
        (Acknowledged("undo", 1.0, "d", version=3), {"drafts": (DRAFT,)}),
        (Acknowledged("undo", 1.0, "d", version=3), {"drafts": (DraftFact("d", 4, (*DRAFT.saves, (4, {}, None))),)}),
        (UPLOAD, {}),
        (UPLOAD, {"datasets": (replace(DATASET, rows=4),)}),
        (LAUNCH, {}),
        (LAUNCH, {"experiments": (replace(EXPERIMENT, draft_id="other"),)}),
    ],
)
def test_what_was_acknowledged_and_is_not_there_is_lost(one: Acknowledged, facts: dict[str, object]) -> None:
    assert len(verdict(answers=(one,), **facts).lost) == 1


def test_an_undo_that_is_there_is_not_lost() -> None:
    undone = DraftFact("d", 4, (*DRAFT.saves, (4, {"review.notes": ["note 1", ""]}, 3)))
    assert verdict(answers=(SAVE, Acknowledged("undo", 1.0, "d", version=3)), drafts=(undone,)).sentences == []


@pytest.mark.parametrize("versions", [(2,), (2, 4), (2, 3, 3)])
def test_a_history_with_a_gap_or_a_double_is_an_error(versions: tuple[int, ...]) -> None:
    draft = DraftFact("d", 3, tuple((version, {}, None) for version in versions))
    assert len(verdict(drafts=(draft,)).server_errors) == 1


def test_what_nobody_works_on_is_stuck_after_thirty_seconds() -> None:
    waiting = frozenset({"j"})
    idle = (
        Sample(0.0, waiting, False),
        Sample(STUCK_SECONDS - 1, waiting, False),
        Sample(STUCK_SECONDS, frozenset(), False),
    )
    assert verdict(samples=idle).stuck == ()
    late = (Sample(0.0, waiting, False), Sample(STUCK_SECONDS, waiting, False), Sample(40.0, frozenset(), False))
    assert len(verdict(samples=late).stuck) == 1
    resumed = (
        Sample(0.0, waiting, False),
        Sample(20.0, waiting, True),
        Sample(45.0, waiting, False),
        Sample(60.0, frozenset(), False),
    )
    assert verdict(samples=resumed).stuck == ()


def test_what_goes_on_for_ever_is_stuck() -> None:
    assert len(verdict(samples=(Sample(300.0, frozenset({"j"}), True),)).stuck) == 1


def test_an_upload_that_arrives_for_ever_is_stuck() -> None:
    row = replace(DATASET, state="receiving", touched_at=NOW - UPLOAD_SECONDS + 1)
    assert verdict(datasets=(row,)).stuck == ()
    assert len(verdict(datasets=(replace(row, touched_at=NOW - UPLOAD_SECONDS - 1),)).stuck) == 1


def test_a_reason_needs_a_harm_of_its_kind_in_its_time() -> None:
    assert verdict(answers=(KILL,), experiments=(FAILED,)).wrong_reasons == ()
    assert len(verdict(experiments=(FAILED,)).wrong_reasons) == 1
    for harm in (
        replace(KILL, began_at=500.0, ended_at=500.0),
        replace(KILL, victim="server"),
        replace(KILL, kind="lock"),
    ):
        assert len(verdict(answers=(harm,), experiments=(FAILED,)).wrong_reasons) == 1


@pytest.mark.parametrize("code", ["out_of_memory", "too_large_to_read", "internal", "timed_out", "unreadable", ""])
def test_no_harm_of_ours_makes_these_reasons_true(code: str) -> None:
    harms = (KILL, Harm("lock", "everything", "", 5.0, 6.0), Harm("full_disk", "everything", "", 5.0, 6.0))
    assert len(verdict(answers=harms, experiments=(replace(FAILED, code=code),)).wrong_reasons) == 1


def test_a_failure_without_a_sentence_is_a_wrong_reason() -> None:
    assert len(verdict(answers=(KILL,), experiments=(replace(FAILED, reason=""),)).wrong_reasons) == 1


def test_an_experiment_says_what_its_job_says() -> None:
    result = verdict(experiments=(EXPERIMENT,), jobs=(replace(JOB, state="cancelled"),))
    assert len(result.wrong_reasons) == 1


def test_a_refusal_of_something_right_is_a_wrong_reason() -> None:
    assert verdict(answers=(Fault(1.0, "launch", 409, "draft_moved", "It moved."),)).wrong_reasons == ()
    assert len(verdict(answers=(KILL, Fault(6.0, "upload", 413, "too_large_to_read", "Too large."))).wrong_reasons) == 1


def test_two_results_two_jobs_and_two_launches_are_named() -> None:
    assert len(verdict(experiments=(replace(EXPERIMENT, results=2),)).double_results) == 1
    assert len(verdict(experiments=(replace(EXPERIMENT, jobs=2),)).double_results) == 1
    assert len(verdict(experiments=(EXPERIMENT, replace(EXPERIMENT, id="f"))).double_results) == 1


def test_rows_without_files_and_files_without_rows_are_named() -> None:
    assert len(verdict(datasets=(replace(DATASET, has_rows=False),)).stray_files) == 1
    assert len(verdict(datasets=(replace(DATASET, has_original=False),)).stray_files) == 1
    assert len(verdict(experiments=(replace(EXPERIMENT, has_files=False),)).stray_files) == 1
    assert len(verdict(experiments=(replace(EXPERIMENT, folders=("attempt-1", "attempt-2")),)).stray_files) == 1
    assert verdict(stray_files=("incoming/x.part",)).stray_files == ("incoming/x.part",)
    assert verdict(stray_processes=("7 python",)).stray_processes == ("7 python",)


def test_an_answer_that_promises_nothing_is_a_server_error() -> None:
    assert len(verdict(answers=(Fault(1.0, "GET /", 500),)).server_errors) == 1
    assert len(verdict(database="row 7 missing from index").server_errors) == 1


def test_one_seed_gives_one_plan() -> None:
    assert plan_blows(7, 50) == plan_blows(7, 50)
    assert plan_blows(7, 50) != plan_blows(8, 50)
    assert plan_blows(7, 20, skip=30) == plan_blows(7, 50)[30:]
    assert {blow.enemy for blow in plan_blows(7, 400)} == {"", "lock", "full_disk", "restart"}
    assert "full_disk" not in {blow.enemy for blow in plan_blows(7, 400, enemies=("lock", "restart"))}
