"""LightGBM and CatBoost on the pages and in the checks of programs, where they are installed and where they are not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from app.domain.errors import TrainingError
from app.domain.estimators import boosters, registry
from app.domain.vocabulary import TaskKind
from app.services.datasets import datasets
from app.services.drafts import configs
from app.services.system import diagnostics
from app.storage.tables import DraftRow, User
from tests.domain.test_boosters import with_boosters
from tests.services.tables import save
from tests.web.client import Browser, answers_of, step_path, words_of

__all__ = ["with_boosters"]
HOW = f"More estimators: LightGBM and CatBoost, with {boosters.INSTALL}."


def test_the_model_step_says_how_to_get_more_estimators(browser: Browser, draft: DraftRow) -> None:
    page = browser.get(step_path(draft, "model"))
    assert HOW in page.words
    browser.press(page, "Show this choice", {"compete": "several"})
    assert HOW in browser.get(step_path(draft, "model")).words


@pytest.mark.usefixtures("with_boosters")
def test_a_booster_that_is_installed_has_a_card_and_a_form(browser: Browser, user: User, draft: DraftRow) -> None:
    page = browser.get(step_path(draft, "model"))
    assert HOW not in page.words
    assert any("CatBoost" in words_of(element) for element in page.tree.iter("label"))
    browser.press(page, "Continue", {"estimator": "catboost"})
    after = browser.press(browser.get(step_path(draft, "model")), "Continue", {"catboost.max_depth": "40"})
    assert (after.status, after.problems()) == (
        422,
        [("Maximum depth: must be between 1 and 12; you wrote 40.", "#f-catboost-max-depth")],
    )
    assert answers_of(user, draft)["model"]["estimator"] == "catboost"


def test_a_draft_of_a_booster_that_is_gone_says_how_to_get_it(browser: Browser, user: User, draft: DraftRow) -> None:
    save(user, draft, estimator="lightgbm", **{"lightgbm.max_iter": "50"})
    page = browser.get(step_path(draft, "model"))
    assert page.status == 200
    assert f"LightGBM is not installed here. Start HydroML with `{boosters.INSTALL}` to use it." in page.words
    assert answers_of(user, draft)["model"]["lightgbm.max_iter"] == "50"


def test_the_doctor_says_what_an_installed_booster_lacks(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_task: TaskKind, _values: Any, _seed: int) -> Any:
        raise TrainingError("LightGBM is installed but cannot be loaded: no libgomp.so.1.", code="estimator_broken")

    monkeypatch.setattr(registry, "BOOSTERS", (replace(boosters.LIGHTGBM, build=broken),))
    with app.app_context():
        (check,) = (check for check in diagnostics.examine() if "LightGBM" in check.sentence)
    assert not check.ok
    assert check.sentence.endswith("LightGBM is installed but cannot be loaded: no libgomp.so.1.")


def test_programs_are_told_that_a_candidate_is_not_installed(user: User, draft: DraftRow) -> None:
    (dataset,) = datasets.list_datasets(user)
    parts: list[dict[str, Any]] = [{"estimator": "ridge"}, {"estimator": "random_forest"}, {"estimator": "catboost"}]
    config: dict[str, Any] = {
        "dataset": {"id": str(dataset.id)},
        "task": {"target": "discharge_mm", "kind": "regression"},
        "features": {"selected": ["prcp_mm"]},
        "model": {"candidates": parts},
        "validation": {"strategy": "k_fold", "parameters": {"n_splits": 3}},
        "metrics": {"primary": "rmse"},
    }
    verdict = configs.validate(user, config)
    assert not verdict.valid
    (problem,) = (item for item in verdict.problems if item.code == "estimator_unknown")
    assert "CatBoost is not installed here." in problem.message
    assert problem.field == "candidates.3"
