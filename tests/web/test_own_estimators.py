"""An estimator that a package brought: on the page, in the checks of programs, and in what the doctor says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from app.domain.estimators import plugins, registry
from app.domain.estimators.parameters import EstimatorEntry
from app.domain.vocabulary import TaskKind
from app.services.datasets import datasets
from app.services.drafts import configs
from app.services.system import diagnostics
from app.storage.tables import DraftRow, User
from tests.domain.test_own_estimators import installed
from tests.services.tables import save
from tests.web.client import Browser, answers_of, step_path, words_of

__all__ = ["installed"]


def test_it_has_a_card_with_its_package_and_a_form_by_itself(
    browser: Browser, user: User, draft: DraftRow, installed: EstimatorEntry
) -> None:
    page = browser.get(step_path(draft, "model"))
    (card,) = (words_of(element) for element in page.tree.iter("label") if "Flow GLM" in words_of(element))
    assert "from flow-glm 0.1" in card
    browser.press(page, "Continue", {"estimator": "flow_glm"})
    page = browser.get(step_path(draft, "model"))
    assert "Larger pulls every coefficient closer to zero." in words_of(page.element("f-flow-glm-alpha-h"))
    after = browser.press(page, "Continue", {"flow_glm.power": "7"})
    assert (after.status, after.problems()) == (
        422,
        [("Spread: must be between 1 and 2; you wrote 7.", "#f-flow-glm-power")],
    )
    browser.press(after, "Use recommended 1.5")
    assert answers_of(user, draft)["model"] == {"estimator": "flow_glm"}
    assert "Flow GLM" in browser.get(step_path(draft, "review")).words


def test_programs_have_it_checked(user: User, draft: DraftRow, installed: EstimatorEntry) -> None:
    (dataset,) = datasets.list_datasets(user)
    config: dict[str, Any] = {
        "dataset": {"id": str(dataset.id)},
        "task": {"target": "discharge_mm", "kind": "regression"},
        "features": {"selected": ["prcp_mm"]},
        "model": {"estimator": "flow_glm", "parameters": {"alpha": 0.5}},
        "validation": {"strategy": "k_fold", "parameters": {"n_splits": 3}},
        "metrics": {"primary": "rmse"},
    }
    verdict = configs.validate(user, config)
    assert verdict.valid
    assert verdict.estimate is not None
    model = {"estimator": "flow_glm", "parameters": {"alpha": "much"}}
    problems = configs.validate(user, {**config, "model": model}).problems
    assert [problem.code for problem in problems if problem.field == "flow_glm.alpha"] == ["parameter_invalid"]


def test_a_draft_whose_estimator_is_gone_says_so(browser: Browser, user: User, draft: DraftRow) -> None:
    save(user, draft, estimator="flow_glm", **{"flow_glm.alpha": "2"})
    page = browser.get(step_path(draft, "model"))
    assert page.status == 200
    assert "There is no estimator flow_glm." in page.words


def test_the_doctor_says_what_fits_and_what_does_not(
    app: Flask, installed: EstimatorEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(task: TaskKind, values: Any, seed: int) -> Any:
        raise RuntimeError("no such solver")

    other = replace(installed, id="other", build=broken)
    estimators = plugins.InstalledEstimators(
        (installed, other), (), ("The estimator third of x 1 is left out: no reason given.",)
    )
    monkeypatch.setattr(registry, "BROUGHT", estimators)
    with app.app_context():
        answers = {check.sentence: check.ok for check in diagnostics.examine() if "estimator" in check.sentence}
    assert answers == {
        "The estimator third of x 1 is left out: no reason given.": False,
        "The estimator flow_glm of flow-glm 0.1 fits and predicts.": True,
        "The estimator other of flow-glm 0.1 cannot be used: RuntimeError: no such solver.": False,
    }
