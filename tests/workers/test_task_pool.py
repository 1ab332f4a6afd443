"""The processes of a contest: the same bits however many there are, and no candidate lost with the process of another."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from app.domain.contest.executor import ContestMeans, OutcomeT, SerialExecutor, SharedWork, TaskT
from app.domain.contest.tasks import FitFailure, FitTask, Outcome
from app.domain.errors import StoppedError, TrainingError
from app.domain.training.report.importance import ShuffledFeatures
from app.domain.training.report.outcome import Progress
from app.domain.training.tuning.tuning import SearchCallbacks
from tests.domain.tables import made, make_spec
from tests.domain.test_boosters import THERE, with_boosters
from tests.domain.test_contest import BOOSTING, LOGISTIC, RIDGE, TREE, _lasting, by_key, contest, summary_of
from tests.domain.test_run import lasting
from workers.task_pool import TaskPool, can_fork

__all__ = ["with_boosters"]
pytestmark = pytest.mark.skipif(not can_fork(), reason="processes are forked on Linux alone")
SPEC = make_spec(
    candidates=[BOOSTING, RIDGE, TREE, {"estimator": "extra_trees", "parameters": {"n_estimators": 10}}],
    blend=True,
    validation={"strategy": "k_fold", "parameters": {"n_splits": 4}, "holdout": {"fraction": 0.2}},
)
NEVER = SearchCallbacks(lambda: False, lambda: None)


@pytest.fixture
def pool() -> Iterator[TaskPool]:
    made_pool = TaskPool(2)
    yield made_pool
    made_pool.close()


class Backwards(SerialExecutor):
    """Carries out the last task first, so that the folds of a candidate come in the opposite order."""

    def run(
        self,
        shared: SharedWork[TaskT, OutcomeT],
        tasks: Iterable[TaskT],
        *,
        callbacks: SearchCallbacks,
        on_outcome: Callable[[OutcomeT], None],
        is_wanted: Callable[[TaskT], bool] = lambda _task: True,
    ) -> None:
        super().run(shared, list(tasks)[::-1], callbacks=callbacks, on_outcome=on_outcome, is_wanted=is_wanted)


@dataclass
class Acting:
    """A shared input whose tasks do what a test wants; nothing else of a training is needed to see a process end."""

    act: Callable[[FitTask], Any]

    def carry_out(self, task: FitTask, _asked: SearchCallbacks) -> Any:
        return self.act(task)

    def fail(self, task: FitTask, code: str, reason: str) -> Outcome:
        return FitFailure(task, code, reason)


def collect(pool: TaskPool, act: Callable[[FitTask], Any], tasks: int, **calls: Any) -> list[Any]:
    outcomes: list[Any] = []
    shared: Any = Acting(act)
    calls = {"callbacks": NEVER, "on_outcome": outcomes.append, **calls}
    pool.run(shared, [FitTask(0, candidate) for candidate in range(tasks)], **calls)
    return outcomes


def _without_processes(executor: Any) -> tuple[str, bytes]:
    report, predictions = _lasting(contest(SPEC, made(240), means=ContestMeans(executor=executor)))
    values = json.loads(report)
    values["contest"].pop("processes")
    return json.dumps(values), predictions


def test_a_contest_is_the_same_whatever_the_order_and_the_processes() -> None:
    pools = [TaskPool(2), TaskPool(3)]
    results = [_without_processes(executor) for executor in (SerialExecutor(), Backwards(), *pools)]
    assert all(result == results[0] for result in results)


def test_classes_are_the_same_in_processes() -> None:
    spec = make_spec(
        task={"target": "three", "kind": "multiclass"},
        candidates=[LOGISTIC, BOOSTING],
        blend=True,
        validation={"strategy": "stratified_k_fold", "parameters": {"n_splits": 3}},
    )
    item, two = (summary_of(contest(spec, made(200), means=ContestMeans(executor=TaskPool(count)))) for count in (1, 2))
    assert item.blend == two.blend
    assert [entry.scores for entry in item.entries] == [entry.scores for entry in two.entries]


def test_a_task_whose_process_is_killed_is_run_again(pool: TaskPool, tmp_path: Path) -> None:
    def act(task: FitTask) -> Any:
        mark = tmp_path / str(task.candidate)
        if task.candidate == 1 and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return task.candidate

    assert sorted(collect(pool, act, 4)) == [0, 1, 2, 3]


def test_a_task_that_is_killed_twice_fails_alone(pool: TaskPool) -> None:
    def act(task: FitTask) -> Any:
        if task.candidate == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        return task.candidate

    outcomes = collect(pool, act, 4)
    failures = [outcome for outcome in outcomes if isinstance(outcome, FitFailure)]
    assert sorted(outcome for outcome in outcomes if not isinstance(outcome, FitFailure)) == [0, 2, 3]
    assert [(failure.task.candidate, failure.code) for failure in failures] == [(1, "task_killed")]


def test_a_cancelled_contest_ends_its_processes(pool: TaskPool) -> None:
    seen: list[int] = []

    def act(_task: FitTask) -> Any:
        time.sleep(60)

    def should_stop() -> bool:
        seen.append(1)
        return len(seen) > 3

    with pytest.raises(StoppedError):
        collect(pool, act, 4, callbacks=SearchCallbacks(should_stop, lambda: None))
    assert pool._waiting == []


def test_a_task_that_nobody_wants_any_more_is_ended(pool: TaskPool) -> None:
    tasks: list[FitTask] = []

    def act(task: FitTask) -> Any:
        time.sleep(60 if task.candidate == 0 else 0)
        return task.candidate

    def is_wanted(task: FitTask) -> bool:
        tasks.append(task)
        return task.candidate != 0 or len(tasks) < 8

    assert sorted(collect(pool, act, 3, is_wanted=is_wanted)) == [1, 2]


def test_processes_wait_for_the_next_tasks(pool: TaskPool) -> None:
    def act(_task: FitTask) -> Any:
        return os.getpid()

    shared: Any = Acting(act)
    seen: list[set[int]] = []
    for _ in range(2):
        outcomes: list[Any] = []
        tasks = [FitTask(0, candidate) for candidate in range(6)]
        pool.run(shared, tasks, callbacks=NEVER, on_outcome=outcomes.append)
        seen.append(set(outcomes))
    assert os.getpid() not in seen[0]
    assert seen[1] <= seen[0]


def test_a_search_in_a_process_hears_that_it_should_end(pool: TaskPool) -> None:
    answers: list[int | None] = []

    class Asking(Acting):
        def carry_out(self, task: FitTask, callbacks: SearchCallbacks) -> Any:
            return callbacks.most_trials()

    shared: Any = Asking(lambda _task: None)
    request = SearchCallbacks(lambda: False, lambda: 7)
    pool.run(shared, [FitTask(0, item) for item in range(3)], callbacks=request, on_outcome=answers.append)
    assert answers == [7, 7, 7]


def test_wishes_reach_a_contest_in_processes(pool: TaskPool) -> None:
    from app.domain.contest.wishes import ContestWishes

    seen: list[Progress] = []
    means = ContestMeans(wishes=lambda: ContestWishes(finish=len(seen) > 5), executor=pool)
    result = contest(SPEC, made(240), means=means, on_progress=seen.append)
    assert "finished" in {entry.state for entry in by_key(result).values()}
    assert summary_of(result).winner in {key for key, item in by_key(result).items() if item.state == "finished"}


@pytest.mark.parametrize("holdout", [{"holdout": {"fraction": 0.2}}, {}])
def test_the_folds_of_one_estimator_are_the_same_at_once(holdout: dict[str, Any]) -> None:
    validation = {"strategy": "k_fold", "parameters": {"n_splits": 4}, **holdout}
    spec = make_spec(estimator="random_forest", parameters={"n_estimators": 10}, validation=validation)
    item, two = (lasting(contest(spec, made(200), means=ContestMeans(executor=TaskPool(count)))) for count in (1, 2))
    assert item == two


def test_each_fold_is_told_as_soon_as_it_is_judged(pool: TaskPool) -> None:
    told: list[Progress] = []
    spec = make_spec(validation={"strategy": "k_fold", "parameters": {"n_splits": 4}, "holdout": None})
    contest(spec, made(200), means=ContestMeans(executor=pool), on_progress=told.append)
    names = [[line.fold for line in progress.folds] for progress in told]
    assert {len(folds) for folds in names} == {0, 1, 2, 3, 4}
    assert all(folds == sorted(folds) for folds in names)


def test_importance_is_the_same_in_processes(pool: TaskPool) -> None:
    spec, frame = make_spec(estimator="extra_trees", parameters={"n_estimators": 10}), made(240)
    serial, divided = (contest(spec, frame, means=ContestMeans(executor=item)) for item in (SerialExecutor(), pool))
    assert serial.report.charts.importance == divided.report.charts.importance
    assert serial.report.charts.importance is not None
    assert divided.report.timing.work["importance"] > 0


def test_importance_whose_processes_are_killed_says_so(pool: TaskPool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ShuffledFeatures, "carry_out", lambda *_: os.kill(os.getpid(), signal.SIGKILL))
    with pytest.raises(TrainingError, match="ended twice, most likely because memory ran out"):
        contest(make_spec(), made(120), means=ContestMeans(executor=pool))


def test_a_fold_that_cannot_be_fitted_fails_with_its_sentence(pool: TaskPool) -> None:
    spec = make_spec(estimator="k_nearest_neighbors", parameters={"n_neighbors": 190})
    answer = []
    for executor in (SerialExecutor(), pool):
        with pytest.raises(TrainingError) as fault:
            contest(spec, made(200), means=ContestMeans(executor=executor))
        answer.append((fault.value.code, fault.value.message))
    assert answer[0] == answer[1]


@pytest.mark.usefixtures("with_boosters")
@pytest.mark.skipif(not THERE, reason="no boosters are installed")
def test_boosters_are_the_same_in_processes_after_a_fit_of_their_job() -> None:
    parts = [{"estimator": entry.id, "parameters": {"max_iter": 20}} for entry in THERE]
    spec = make_spec(candidates=[*parts, RIDGE], blend=True, selected=["a", "b", "word"])
    results = [
        _lasting(contest(spec, made(150), means=ContestMeans(executor=executor)))[1]
        for executor in (SerialExecutor(), TaskPool(2))
    ]
    assert results[0] == results[1]
