"""The Model step: what is recommended and changed at each setting, ways back, remedies at the field, and folds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from app.domain.estimators import registry
from app.domain.estimators.parameters import EstimatorEntry
from app.domain.recommendation import later_steps
from app.domain.recommendation.answers import AnswerReader
from app.domain.vocabulary import TaskKind
from app.storage.tables import DraftRow, User
from tests.services.tables import draft_on, save, upload
from tests.variants import slow_after
from tests.web.client import Browser, Page, answers_of, draft_on_sample, step_path, words_of

BOOSTING = "hist_gradient_boosting"
# What is suggested for the streamflow sample, with a setting that everybody sees and one for experts.
SUGGESTED = "averaged_trees"
RATE, SHARE = f"{SUGGESTED}.learning_rate", f"{SUGGESTED}.trees_max_features"
LEARNING = [entry for entry in registry.ESTIMATORS if not entry.is_baseline]


def ident(name: str) -> str:
    return f"f-{name.replace('.', '-').replace('_', '-')}"


def state(page: Page, name: str) -> str:
    return words_of(page.element(f"{ident(name)}-s"))


def is_open(page: Page, level: str) -> bool:
    return page.element(f"model-{level}").get("open") is not None


@pytest.fixture
def step(browser: Browser, draft: DraftRow) -> Page:
    """Return the Model step of the streamflow sample."""
    return browser.get(step_path(draft, "model"))


def test_every_setting_shows_what_is_recommended_and_the_default(step: Page) -> None:
    entry = registry.get(SUGGESTED)
    for parameter in entry.parameters_for(TaskKind.REGRESSION):
        name = f"{entry.id}.{parameter.name}"
        assert state(step, name).startswith(("Recommended and default: ", "Recommended: "))
        hint = words_of(step.element(f"{ident(name)}-h"))
        assert parameter.help in hint
        assert parameter.larger in hint
    assert step.syntax_faults == []
    assert not is_open(step, "advanced")
    assert not is_open(step, "expert")
    assert "Every setting is as recommended." in step.words


def test_a_changed_setting_says_so_and_has_a_button_back(browser: Browser, user: User, draft: DraftRow) -> None:
    page = browser.get(step_path(draft, "model"))
    wanted = state(page, RATE).removeprefix("Recommended and default: ").removeprefix("Recommended: ").split(" ")[0]
    after = browser.press(page, "Continue", {RATE: "0.2", SHARE: "0.4"})
    assert after.status == 303
    page = browser.get(step_path(draft, "model"))
    assert state(page, RATE).startswith("changed Recommended")
    assert f"Use recommended {wanted}" in state(page, RATE)
    assert is_open(page, "expert")
    assert not is_open(page, "advanced")
    assert words_of(page.element("model-expert-mark")) == "1 changed"
    assert "2 settings are changed." in page.words
    back = browser.press(page, f"Use recommended {wanted}", {f"{SUGGESTED}.max_iter": "77"})
    assert back.goes_to == f"{step_path(draft, 'model')}?unfolded=all#{ident(RATE)}"
    assert is_open(browser.follow(back), "advanced"), "what may have been unfolded by hand is not folded again"
    assert answers_of(user, draft)["model"] == {SHARE: "0.4", f"{SUGGESTED}.max_iter": "77"}
    everything = browser.press(browser.get(step_path(draft, "model")), "Use all recommendations")
    assert everything.status == 303
    assert "model" not in answers_of(user, draft)


def test_recommendation_and_default_are_told_apart_and_both_can_be_had(
    browser: Browser, user: User, draft: DraftRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = AnswerReader.parameter

    def fitted(self: AnswerReader, step: str, field: str, parameter: Any, suggested: Any) -> Any:
        return plain(self, step, field, parameter, 300 if field == f"{SUGGESTED}.max_iter" else suggested)

    monkeypatch.setattr(later_steps.AnswerReader, "parameter", fitted)
    page = browser.get(step_path(draft, "model"))
    name = f"{SUGGESTED}.max_iter"
    assert page.value_of(name) == ["300"]
    assert state(page, name).startswith("Recommended: 300 Use default 200")
    browser.press(page, "Use default 200")
    assert answers_of(user, draft)["model"] == {name: 200}
    page = browser.get(step_path(draft, "model"))
    assert state(page, name).startswith("changed Recommended: 300 Use recommended 300")
    browser.press(page, "Use all recommendations", {RATE: "0.5"})
    assert "model" not in answers_of(user, draft)
    browser.press(browser.get(step_path(draft, "model")), "Use all defaults")
    assert answers_of(user, draft)["model"][name] == 200


def test_what_was_typed_for_one_estimator_is_there_when_it_is_chosen_again(
    browser: Browser, user: User, draft: DraftRow
) -> None:
    page = browser.get(step_path(draft, "model"))
    browser.press(page, "Show the settings of this choice", {RATE: "not yet", SHARE: "0.4", "estimator": "ridge"})
    page = browser.get(step_path(draft, "model"))
    assert "Settings for Ridge" in page.words
    browser.press(page, "Show the settings of this choice", {"ridge.alpha": "3", "estimator": SUGGESTED})
    page = browser.get(step_path(draft, "model"))
    assert (page.value_of(RATE), page.value_of(SHARE)) == (["not yet"], ["0.4"])
    assert answers_of(user, draft)["model"]["ridge.alpha"] == "3"


@pytest.mark.parametrize("entry", slow_after(5, LEARNING), ids=lambda entry: entry.id)
def test_a_wrong_number_is_said_at_its_field_whatever_the_estimator(
    browser: Browser, user: User, draft: DraftRow, entry: EstimatorEntry
) -> None:
    task = TaskKind.REGRESSION if TaskKind.REGRESSION in entry.tasks else TaskKind.BINARY
    save(user, draft, step="data", task_kind=task.value)
    version = save(user, draft, estimator=entry.id)
    token = browser.get(step_path(draft, "review")).token
    numbers = [parameter for parameter in entry.parameters_for(task) if parameter.type in ("integer", "number")]
    wrong = {f"{entry.id}.{number.name}": "no number" for number in numbers}
    sent = {"csrf_token": token, "version": version, **wrong}
    live = browser.post(f"{step_path(draft, 'model')}/autosave", sent, htmx=True)
    page = browser.get(step_path(draft, "model"))
    for name in wrong:
        item = next(element for element in live.tree.iter("li") if element.get("data-field") == ident(name))
        assert "you wrote no number" in words_of(item)
        assert state(live, name).startswith("changed")
        assert "you wrote no number" in words_of(page.element(f"{ident(name)}-e"))
        control = page.element(ident(name))
        assert control.get("aria-invalid") == "true"
        assert control.get("aria-describedby", "").split() == [f"{ident(name)}-e", f"{ident(name)}-h"]


def test_a_clash_is_said_at_its_field_with_its_remedy(browser: Browser, user: User) -> None:
    draft = draft_on_sample(user, "penguins")
    save(user, draft, estimator="logistic_regression", **{"logistic_regression.penalty": "l1"})
    page = browser.get(step_path(draft, "model"))
    assert "knows no L1 penalty" in words_of(page.element("f-logistic-regression-solver-e"))
    assert is_open(page, "advanced")
    assert words_of(page.element("model-advanced-mark")) == "1 to look at"
    after = browser.press(page, "Use SAGA: Solver")
    assert after.status == 303
    assert answers_of(user, draft)["model"]["logistic_regression.solver"] == "saga"
    again = {"csrf_token": page.token, "action": "heal:logistic_regression.solver:solver_without_l1"}
    assert browser.post(step_path(draft, "model"), again).status == 303
    assert answers_of(user, draft)["model"]["logistic_regression.solver"] == "saga"


def test_a_yes_or_no_says_what_is_wrong_with_it(browser: Browser, user: User, draft: DraftRow) -> None:
    name = f"{BOOSTING}.early_stopping"
    save(user, draft, estimator=BOOSTING, **{name: "perhaps"})
    page = browser.get(step_path(draft, "model"))
    assert "must be yes or no" in words_of(page.element(f"{ident(name)}-e"))
    save(user, draft, **{name: "true"})
    page = browser.get(step_path(draft, "model"))
    assert "Warning: Stopping early asks rows drawn at random" in state(page, name)
    browser.press(page, "Do not stop early")
    assert answers_of(user, draft)["model"].get(name) in (False, None)


def test_a_button_pressed_by_htmx_redraws_the_step_and_leads_to_the_field(
    browser: Browser, user: User, draft: DraftRow
) -> None:
    version = save(user, draft, **{RATE: "0.5"})
    sent = {"csrf_token": browser.get(step_path(draft, "review")).token, "version": version}
    for slug in ("model", "single-page"):
        path = f"{step_path(draft, slug)}/autosave"
        page = browser.post(path, {**sent, RATE: "0.5", "action": f"use-default:{RATE}"}, htmx=True)
        assert page.response.headers["HX-Retarget"] == "#wizard"
        assert [element.get("id") for element in page.tree.iter() if element.get("autofocus") is not None] == [
            ident(RATE)
        ]
        version = save(user, draft, **{RATE: "0.5"})
        sent["version"] = version


@pytest.mark.parametrize("slug", ["model", "single-page"])
def test_what_follows_a_change_comes_with_the_saved_mark(
    browser: Browser, user: User, draft: DraftRow, slug: str
) -> None:
    token = browser.get(step_path(draft, slug)).token
    sent = {"csrf_token": token, RATE: "0.5", "version": draft.version}
    page = browser.post(f"{step_path(draft, slug)}/autosave", sent, htmx=True)
    assert state(page, RATE).startswith("changed")
    assert "1 setting is changed." in words_of(page.element("model-ways-back"))
    assert f'hx-post="{step_path(draft, slug)}/autosave"' in page.text
    listed = list(page.element("wizard-side").iter("li"))
    assert words_of(page.element("wizard-count")) == f"Problems: {len(listed)}"


def test_a_button_of_no_setting_changes_nothing(browser: Browser, user: User, draft: DraftRow) -> None:
    token = browser.get(step_path(draft, "model")).token
    for action in ("use-default:", "use-recommended:ridge.alpha", "use-default:../x", "heal:a:b", "heal:"):
        assert browser.post(step_path(draft, "model"), {"csrf_token": token, "action": action}).status == 303
    assert "model" not in answers_of(user, draft)


def weak_rain(rows: int = 3_000) -> bytes:
    """Return daily rain and warmth without a bearing on a flow that hardly remembers itself."""
    random = np.random.default_rng(0)
    flow, noise = np.zeros(rows), random.normal(size=rows)
    for position in range(1, rows):
        flow[position] = 0.3 * flow[position - 1] + noise[position]
    frame = pd.DataFrame(
        {
            "date": pd.date_range("2000-01-01", periods=rows).strftime("%Y-%m-%d"),
            "rain": random.gamma(0.5, 4.0, rows).round(2),
            "temp": random.normal(10.0, 5.0, rows).round(2),
            "flow": (10 + flow).round(4),
        }
    )
    return frame.to_csv(index=False).encode()


def test_going_on_chooses_no_estimator(browser: Browser, user: User) -> None:
    row = draft_on(user, upload(user, weak_rain()), target="flow")
    page = browser.get(step_path(row, "model"))
    (first,) = page.value_of("estimator")
    assert browser.press(page, "Continue").status == 303
    browser.press(page, "Back")
    browser.post(f"{step_path(row, 'model')}/autosave", page.answers.filled({}), htmx=True)
    assert "model" not in answers_of(user, row)
    save(user, row, step="features", transforms=[])
    page = browser.get(step_path(row, "model"))
    (other,) = page.value_of("estimator")
    assert other != first, "without recipes another one is recommended"
    assert browser.press(page, "Continue", {"estimator": first}).status == 303
    assert answers_of(user, row)["model"]["estimator"] == first
    save(user, row, step="features", transforms=None)
    assert browser.get(step_path(row, "model")).value_of("estimator") == [first], "what was chosen stays"
