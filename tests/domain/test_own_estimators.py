"""Estimators of other packages: the one of the guide is listed, checked and trained, and a bad one does no harm."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.domain.estimators import plugins, registry
from app.domain.estimators.linear import ALPHA
from app.domain.estimators.parameters import EstimatorEntry, Parameter
from app.domain.vocabulary import TaskKind
from tests.domain.tables import made, make_spec, profile_of

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "docs" / "guide" / "own_estimator.md"
RIDGE = registry.get("ridge")
GOOD = replace(RIDGE, id="other_ridge")


def example() -> str:
    """Return the module of the guide."""
    match = re.search(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.S)
    assert match is not None
    return match.group(1)


def install(folder: Path, *, name: str = "flow-glm", module: str = "flow_glm", code: str = "") -> None:
    """Write a package as an installer would: the module, and its metadata beside it."""
    text = GUIDE.read_text(encoding="utf-8")
    line = re.search(r'\n(flow_glm = "flow_glm:ENTRY")\n', text)
    assert line is not None
    (folder / f"{module}.py").write_text(code or example(), encoding="utf-8")
    info = folder / f"{name.replace('-', '_')}-0.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.1\n", encoding="utf-8")
    answer = line.group(1) if module == "flow_glm" else f"{module} = {module}:ENTRY"
    (info / "entry_points.txt").write_text(f"[{plugins.GROUP}]\n{answer.replace(chr(34), '')}\n", encoding="utf-8")


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[EstimatorEntry]:
    """Install the package of the guide for one test, as if it had been there when the registry was read."""
    install(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    estimators = plugins.discover({entry.id for entry in registry.BUILT_IN})
    assert estimators.faults == ()
    (entry,) = (estimator for estimator in estimators.entries if estimator.id == "flow_glm")
    monkeypatch.setattr(registry, "BROUGHT", estimators)
    monkeypatch.setattr(registry, "ESTIMATORS", (*registry.BUILT_IN, *estimators.entries))
    monkeypatch.setitem(registry._BY_ID, entry.id, entry)
    yield entry
    sys.modules.pop("flow_glm", None)


def in_new_process(folder: Path, code: str) -> subprocess.CompletedProcess[str]:
    """Run Python in a process that finds the packages of a folder."""
    path = f"{folder}:{ROOT}"
    environment = {"PYTHONPATH": path, "PATH": "/usr/bin:/bin"}
    command = [sys.executable, "-c", code]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def test_the_example_is_about_thirty_lines() -> None:
    assert 25 <= len(example().splitlines()) <= 40


def test_the_estimator_of_the_guide_is_found_and_fits(installed: EstimatorEntry) -> None:
    assert (installed.title, installed.origin) == ("Flow GLM", "flow-glm 0.1")
    assert installed in registry.estimators_for_task(TaskKind.REGRESSION)
    assert installed not in registry.estimators_for_task(TaskKind.BINARY)
    assert plugins.try_estimator(installed) == ""


def test_an_experiment_is_trained_with_it_and_its_package_is_recorded(installed: EstimatorEntry) -> None:
    from app.domain.checks import check_spec
    from app.domain.training.run import train

    frame = made(120)
    frame["y"] = np.exp(frame["y"] / frame["y"].abs().max())
    profile = profile_of(frame)
    spec = make_spec(estimator=installed.id, parameters={"alpha": 0.1})
    assert [item for item in check_spec(spec, profile, None) if item.severity == "error"] == []
    result = train(spec, frame, profile, on_progress=lambda _: None, should_stop=lambda: False)
    assert (result.predictions["predicted"] > 0).all()
    assert result.report.to_json()["environment"]["packages"]["flow-glm"] == "0.1"
    wrong = make_spec(estimator=installed.id, parameters={"alpha": 5000})
    (problem,) = (item for item in check_spec(wrong, profile, None) if item.code == "parameter_invalid")
    assert problem.field == "flow_glm.alpha"


@pytest.mark.parametrize("module", ["app.domain.recommendation.propose", "workers.jobs.train"])
def test_every_process_knows_it_from_its_start(tmp_path: Path, module: str) -> None:
    install(tmp_path)
    code = f"import {module}; from app.domain.estimators import registry; print(registry.get('flow_glm').origin)"
    process = in_new_process(tmp_path, code)
    assert (process.stdout.strip(), process.stderr) == ("flow-glm 0.1", "")


def test_a_broken_package_is_logged_and_the_rest_works(tmp_path: Path) -> None:
    install(tmp_path)
    install(tmp_path, name="broken", module="broken", code="raise OSError('the licence server is away')\n")
    code = "import app.factory; from app.domain.estimators import registry as r; print(len(r.BROUGHT.entries), r.BROUGHT.faults)"
    process = in_new_process(tmp_path, code)
    sentence = "The estimator broken of broken 0.1 is left out: OSError: the licence server is away."
    assert process.stdout.strip() == f"1 ('{sentence}',)"
    assert sentence in process.stderr


@pytest.mark.parametrize(
    "code", ["import sys; sys.exit(3)", "ENTRY = 1 / 0", "ENTRY = (", "nothing = 1", "import absent"]
)
def test_whatever_a_module_does_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    install(tmp_path, name="odd", module="odd_module", code=f"{code}\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    estimators = plugins.discover(
        (), [point for point in entry_points(group=plugins.GROUP) if point.name == "odd_module"]
    )
    assert estimators.entries == ()
    (fault,) = estimators.faults
    assert fault.startswith("The estimator odd_module of odd 0.1 is left out: ")
    assert fault.endswith(".")
    sys.modules.pop("odd_module", None)


def _setting(**changes: Any) -> tuple[Parameter, ...]:
    return (replace(ALPHA, **changes),)


UNFIT: list[tuple[Any, str]] = [
    ("ridge", "it is str, not an EstimatorEntry"),
    (replace(GOOD, id="Other Ridge"), "must be of small letters"),
    (replace(GOOD, id="../ridge"), "must be of small letters"),
    (RIDGE, "there is an estimator ridge already"),
    (replace(GOOD, title=" "), "its title is empty"),
    (replace(GOOD, tasks=()), "its tasks must be some of TaskKind"),
    (replace(GOOD, tasks=("regression of flows",)), "its tasks must be some of TaskKind"),
    (replace(GOOD, is_baseline=True), "a baseline cannot be brought"),
    (replace(GOOD, parameters=_setting(name="a b")), "of a setting must be of letters"),
    (replace(GOOD, parameters=_setting(help="")), "needs a title and a sentence of help"),
    (replace(GOOD, parameters=_setting(type="text")), "has a type or a level that there is not"),
    (replace(GOOD, parameters=_setting(high=None)), "needs bounds, low and high"),
    (replace(GOOD, parameters=_setting(larger="")), "must say what a larger value does"),
    (replace(GOOD, parameters=_setting(default=-1.0)), "the default of the setting alpha: must be more than 0"),
    (replace(GOOD, parameters=_setting(type="choice", choices=())), "needs two choices or more"),
    (replace(GOOD, parameters=(ALPHA, ALPHA)), "two of its settings have the same name"),
    (replace(GOOD, build=None), "build, work and memory_mb must be functions"),
    (replace(GOOD, work=lambda rows, features, values: 0), "work of 2 rows is 0, not a number above zero"),
    (replace(GOOD, memory_mb=lambda rows, features, values: float("nan")), "memory_mb of 2 rows is nan"),
    (replace(GOOD, work=lambda rows, features, values: values["absent"]), "KeyError: 'absent'"),
]


@pytest.mark.parametrize(("held", "words"), UNFIT, ids=[words for _, words in UNFIT])
def test_an_entry_that_is_not_fit_is_left_out_with_the_reason(
    monkeypatch: pytest.MonkeyPatch, held: Any, words: str
) -> None:
    monkeypatch.setattr(EntryPoint, "load", lambda _point: held)
    estimators = plugins.discover({"ridge"}, [EntryPoint("mine", "anything:ENTRY", plugins.GROUP)])
    assert estimators.entries == ()
    (fault,) = estimators.faults
    assert words in fault


def test_several_come_in_one_tuple_and_one_bad_one_leaves_its_package_out(monkeypatch: pytest.MonkeyPatch) -> None:
    point = EntryPoint("mine", "anything:ENTRY", plugins.GROUP)
    monkeypatch.setattr(EntryPoint, "load", lambda _point: (GOOD, replace(GOOD, id="third_ridge")))
    assert [entry.id for entry in plugins.discover((), [point]).entries] == ["other_ridge", "third_ridge"]
    monkeypatch.setattr(EntryPoint, "load", lambda _point: (GOOD, GOOD))
    estimators = plugins.discover((), [point])
    assert (estimators.entries, len(estimators.faults)) == ((), 1)


def test_the_trial_says_what_goes_wrong_in_a_fit() -> None:
    class Guess:
        def get_params(self, deep: bool = True) -> dict[str, Any]:
            return {}

        def fit(self, features: Any, target: Any) -> Guess:
            return self

        def predict(self, features: Any) -> Any:
            return np.random.default_rng().normal(size=len(features))

    def broken(task: TaskKind, values: Any, seed: int) -> Any:
        raise RuntimeError("no such solver")

    assert plugins.try_estimator(replace(GOOD, build=broken)) == "RuntimeError: no such solver"
    assert (
        plugins.try_estimator(replace(GOOD, build=lambda task, values, seed: Guess()))
        == "the same seed gives two answers"
    )
    assert importlib.import_module("app.domain.estimators.registry") is registry


@pytest.mark.parametrize("entry", registry.BUILT_IN, ids=lambda entry: entry.id)
def test_what_hydroml_brings_obeys_the_rules_for_others(entry: EstimatorEntry) -> None:
    assert list(plugins.faults_of(replace(entry, is_baseline=False))) == []
