"""The Features step while pairs are measured, and the questions about leaks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from app.services.measurements import correlations
from app.storage.tables import DraftRow, User
from tests.services.tables import draft_on, upload
from tests.web.client import Browser, Page, answers_of, step_path, words_of


@pytest.fixture
def river(user: User) -> DraftRow:
    random = np.random.default_rng(4)
    rain = random.gamma(1.0, size=120)
    flow = rain + random.normal(size=120) / 3
    frame = pd.DataFrame({"rain": rain, "warmth": random.normal(size=120), "flow": flow, "flow_cfs": flow * 35.3147})
    return draft_on(user, upload(user, frame.round(6).to_csv(index=False).encode()), target="flow")


def _body(browser: Browser, row: DraftRow, view: str = "matrix") -> Page:
    path = f"{step_path(row, 'features')}/correlations?view={view}"
    browser.arrive(path)
    return browser.get(f"{path}&part=body", htmx=True)


@pytest.mark.parametrize("view", ["pairs", "matrix", "clusters"])
def test_what_has_come_is_shown_with_progress_time_and_a_way_to_stop(
    browser: Browser, river: DraftRow, monkeypatch: pytest.MonkeyPatch, view: str
) -> None:
    real = correlations.matrix_for

    def halfway(*given: object, **more: object) -> correlations.MatrixState:
        whole = real(*given, **more)  # type: ignore[arg-type]
        return replace(whole, state="running", done=3, total=8, seconds_left=42.0)

    _body(browser, river, view)
    monkeypatch.setattr(correlations, "matrix_for", halfway)
    page = _body(browser, river, view)
    root = page.element("features-association")
    assert root.get("hx-trigger") == "every 2s"
    assert "autofocus" not in page.text, "a poll moves no focus"
    assert "3 of 8 blocks, about 42 s left" in page.words
    bar = next(page.tree.iter("progress"))
    assert (bar.get("max"), bar.get("value")) == ("8", "3")
    assert "rain" in page.words
    assert page.form_to("/correlations/cancel").buttons[0].words == "Cancel"


@pytest.mark.parametrize(
    ("state", "said", "button"),
    [
        ("cancelled", "3 of 8 blocks are measured and shown.", "Measure the rest"),
        ("failed", "The worker was lost.", "Measure the rest"),
    ],
)
def test_what_was_stopped_keeps_what_came_and_can_go_on(
    browser: Browser, river: DraftRow, monkeypatch: pytest.MonkeyPatch, state: str, said: str, button: str
) -> None:
    real = correlations.matrix_for
    _body(browser, river)

    def stopped(*given: object, **more: object) -> correlations.MatrixState:
        reason = "The worker was lost." if state == "failed" else ""
        return replace(real(*given, **more), state=state, done=3, total=8, reason=reason)  # type: ignore[arg-type]

    monkeypatch.setattr(correlations, "matrix_for", stopped)
    page = _body(browser, river)
    assert page.element("features-association").get("hx-trigger") is None
    assert said in page.words
    assert button in page.buttons
    assert "rain" in page.words


def test_measuring_is_started_and_stopped_by_a_form(browser: Browser, river: DraftRow) -> None:
    path = step_path(river, "features")
    token = browser.get(path).token
    for verb in ("start", "cancel"):
        sent = {"csrf_token": token, "view": "pairs", "method": "pearson"}
        after = browser.post(f"{path}/correlations/{verb}", sent)
        assert (after.status, after.goes_to) == (303, f"{path}/correlations?view=pairs&method=pearson")
    assert "Pearson" in browser.follow(after).words


@pytest.mark.parametrize("htmx", [False, True])
@pytest.mark.parametrize(
    ("button", "answer", "told"), [("Yes", "known", "Yes, known"), ("No", "not_known", "No, left out")]
)
def test_a_leak_is_a_question_whose_answer_is_kept_and_can_be_changed(
    browser: Browser, user: User, river: DraftRow, htmx: bool, button: str, answer: str, told: str
) -> None:
    path = step_path(river, "features")
    page = browser.get(path)
    panel = page.element("features-leaks")
    assert words_of(next(panel.iter("h2"))) == "Would you know this at prediction time?"
    assert "flow_cfs" in words_of(panel)
    assert "of 1" in words_of(panel)
    after = browser.press(page, button, to="/leak", htmx=htmx)
    assert (after.status, after.goes_to) == (303, f"{path}#features-leaks")
    assert answers_of(user, river)["features"] == {"leak.c3": answer}
    answered = browser.get(path)
    assert told in words_of(answered.element("features-leaks"))
    assert ("c3" in answered.value_of("column")) == (answer == "known")
    review = browser.get(step_path(river, "review"))
    assert ("Known at prediction time" if answer == "known" else "Not known then") in review.words
    browser.press(answered, "Change", to="/leak")
    assert "features" not in answers_of(user, river)
    assert "question about what would be known" in browser.get(step_path(river, "review")).words


def test_what_is_not_known_stays_out_whatever_is_ticked_after(browser: Browser, river: DraftRow) -> None:
    path = step_path(river, "features")
    browser.press(browser.get(path), "No", to="/leak")
    page = browser.follow(browser.press(browser.get(f"{path}?q=flow"), "Tick only these"))
    assert page.answers.values.get("column", []) == []


def test_a_question_that_is_not_asked_any_more_is_said_and_nothing_is_lost(
    browser: Browser, user: User, river: DraftRow
) -> None:
    path = step_path(river, "features")
    sent = {"csrf_token": browser.get(path).token, "key": "c0", "answer": "known"}
    for wrong in (sent, {**sent, "key": "c3", "answer": "perhaps"}):
        page = browser.post(f"{path}/leak", wrong)
        assert page.status == 422
        assert "not asked any more" in page.problems()[0][0]
    assert "features" not in answers_of(user, river)
