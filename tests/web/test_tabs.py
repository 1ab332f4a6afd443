"""Two tabs on one draft: saving as one types, asking where both changed the same answer, and launching only once."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask

from app.domain.vocabulary import JobKind
from app.services.datasets import datasets
from app.services.drafts import drafts
from app.steps import flow
from app.steps.context import DraftContext
from app.steps.views import WizardPage
from app.storage import jobs
from app.storage.db import db
from app.storage.tables import DraftRow, Experiment, Job, User
from app.web.sessions import COOKIE
from tests.services.tables import at_once, save
from tests.web.client import STEPS, Browser, Page, answers_of, step_path, words_of

EVIL = "<img src=x onerror=alert(1)>"


@dataclass
class Tab:
    """One tab on one step, which holds the page as it was when it was opened."""

    browser: Browser
    page: Page
    htmx: bool = False

    def send(self, changes: dict[str, Any], button: str = "Continue") -> Page:
        """Change some answers and press a button."""
        return self.browser.press(self.page, button, changes, htmx=self.htmx)

    def autosave(self, changes: dict[str, Any]) -> Page:
        """Change some answers, as the page's script saves them while one types."""
        sent = self.page.answers.filled(changes)
        return self.browser.post(f"{self.page.path}/autosave", sent, htmx=True)


def opened(browser: Browser, row: DraftRow, slug: str, *, htmx: bool = False) -> Tab:
    return Tab(browser, browser.get(step_path(row, slug), htmx=htmx), htmx)


def value(browser: Browser, row: DraftRow, slug: str, name: str) -> str:
    (current,) = browser.get(step_path(row, slug)).value_of(name)
    return str(current)


def experiments() -> list[Experiment]:
    return list(db.session.scalars(db.select(Experiment)))


def test_saving_while_typing_answers_with_the_mark_the_version_and_the_side(browser: Browser, draft: DraftRow) -> None:
    before = draft.version
    saved = opened(browser, draft, "validation").autosave({"seed": "7"})
    assert saved.status == 200
    (root,) = list(saved.tree)
    assert root is saved.element("wizard-saved")
    assert saved.element("wizard-side").get("hx-swap-oob") == "true"
    assert "Saved" in words_of(root)
    (version,) = (element for element in saved.tree.iter("input") if element.get("name") == "version")
    assert (version.get("value"), version.get("form")) == (str(before + 1), "answers")
    assert value(browser, draft, "validation", "seed") == "7"


def test_saving_the_same_again_makes_no_new_version(browser: Browser, user: User, draft: DraftRow) -> None:
    before = draft.version
    for slug in STEPS:
        assert opened(browser, draft, slug).autosave({}).status == 200
    assert drafts.get_draft(user, draft.id).version == before


def test_what_is_saved_while_typing_may_be_wrong_and_is_told_at_the_side(browser: Browser, draft: DraftRow) -> None:
    saved = opened(browser, draft, "validation").autosave({"seed": "7.5"})
    assert saved.status == 200
    assert "Seed" in words_of(saved.element("problems"))
    assert value(browser, draft, "validation", "seed") == "7.5"


@pytest.mark.parametrize(
    ("slug", "changes"),
    [
        ("data", {"target": "tmax_c"}),
        ("data", {"kind.c2": "categorical"}),
        ("model", {"estimator": "ridge"}),
        ("validation", {"strategy": "k_fold"}),
        ("validation", {"time_series.gap": "3"}),
    ],
)
def test_an_answer_that_alters_the_form_brings_the_whole_step(
    browser: Browser, draft: DraftRow, slug: str, changes: dict[str, Any]
) -> None:
    saved = opened(browser, draft, slug).autosave(changes)
    assert saved.status == 200
    assert (saved.response.headers["HX-Retarget"], saved.response.headers["HX-Reswap"]) == ("#wizard", "innerHTML")
    (root,) = list(saved.tree)
    assert root is saved.element(f"steps-{slug}")
    assert [saved.value_of(name) for name in changes] == [[typed] for typed in changes.values()]


@pytest.mark.parametrize("way", ["page", "fragment", "autosave"])
@pytest.mark.parametrize(("keep", "expected"), [("Keep mine", "6"), ("Keep theirs", "5")])
def test_the_same_answer_changed_in_two_tabs_is_asked_about(
    browser: Browser, draft: DraftRow, way: str, keep: str, expected: str
) -> None:
    htmx = way != "page"
    tab, two = (opened(browser, draft, "validation", htmx=htmx) for _ in range(2))
    assert two.send({"seed": "5"}).status == 303
    mine = {"seed": "6", "holdout_percent": "30"}
    page = tab.autosave(mine) if way == "autosave" else tab.send(mine)
    assert page.status == 409
    assert page.response.headers.get("HX-Retarget") == ("#wizard" if htmx else None)
    question = page.element("wizard-conflict")
    (line,) = list(next(question.iter("tbody")))
    cells = [words_of(cell) for cell in line]
    assert cells[:2] == ["Seed", "6"]
    assert cells[2].startswith("5 ")
    assert value(browser, draft, "validation", "seed") == "5"
    after = browser.press(page, keep, htmx=htmx)
    assert (after.status, after.goes_to) == (303, step_path(draft, "validation"))
    view = browser.follow(after, htmx=htmx)
    assert (view.value_of("seed"), view.value_of("holdout_percent")) == ([expected], ["30"])
    assert browser.press(view, "Continue", htmx=htmx).status == 303


def test_different_answers_of_two_tabs_are_merged(browser: Browser, user: User, draft: DraftRow) -> None:
    tabs = [opened(browser, draft, "validation") for _ in range(3)]
    assert tabs[0].send({"seed": "5"}).status == 303
    assert tabs[1].send({"holdout_percent": "30"}).status == 303
    assert tabs[2].autosave({"other_metrics": ["rmse"]}).status == 200
    expected = {"seed": "5", "holdout_percent": "30", "other_metrics": ["rmse"]}
    assert answers_of(user, draft)["validation"] == expected


@pytest.mark.parametrize("slug", ["validation", "single-page"])
def test_a_tab_that_saves_after_another_is_drawn_anew_and_takes_nothing_back(
    browser: Browser, user: User, draft: DraftRow, slug: str
) -> None:
    tab, two = opened(browser, draft, "validation"), opened(browser, draft, slug)
    assert tab.send({"seed": "5"}).status == 303
    drawn = two.autosave({"holdout_percent": "30"})
    assert drawn.response.headers["HX-Retarget"] == "#wizard"
    assert drawn.value_of("seed") == ["5"], "what the other tab saved is shown"
    again = browser.post(f"{two.page.path}/autosave", drawn.answers.filled({"holdout_percent": "25"}), htmx=True)
    assert again.status == 200
    assert answers_of(user, draft)["validation"] == {"seed": "5", "holdout_percent": "25"}


def test_different_steps_in_two_tabs_are_merged(browser: Browser, user: User, draft: DraftRow) -> None:
    model, words = opened(browser, draft, "model"), opened(browser, draft, "review")
    assert words.autosave({"notes": "High water."}).status == 200
    assert model.send({"estimator": "ridge"}).status == 303
    answers = answers_of(user, draft)
    assert (answers["review"], answers["model"]) == ({"notes": "High water."}, {"estimator": "ridge"})


def test_two_tabs_that_agree_are_not_asked(browser: Browser, draft: DraftRow) -> None:
    tab, two = (opened(browser, draft, "validation") for _ in range(2))
    assert two.send({"seed": "5"}).status == 303
    assert tab.send({"seed": "5"}).status == 303


def test_an_answer_given_back_to_the_suggestion_meets_the_change_of_another_tab(
    browser: Browser, user: User, draft: DraftRow
) -> None:
    save(user, draft, step="validation", seed="5")
    tab, two = (opened(browser, draft, "validation") for _ in range(2))
    assert two.send({"seed": "6"}).status == 303
    page = tab.send({"seed": "42"})
    assert page.status == 409
    assert "as suggested" in words_of(page.element("wizard-conflict"))
    browser.press(page, "Keep mine")
    assert value(browser, draft, "validation", "seed") == "42"


def test_a_third_tab_may_disagree_with_the_choice_as_well(browser: Browser, user: User, draft: DraftRow) -> None:
    tab, two = (opened(browser, draft, "validation") for _ in range(2))
    two.send({"seed": "5"})
    page = tab.send({"seed": "6"})
    save(user, draft, step="validation", seed="9")
    again = browser.press(page, "Keep mine")
    assert again.status == 409
    assert "9" in words_of(again.element("wizard-conflict"))
    browser.press(again, "Keep mine")
    assert value(browser, draft, "validation", "seed") == "6"


def test_a_column_in_question_is_called_by_its_name(browser: Browser, draft: DraftRow) -> None:
    tab, two = (opened(browser, draft, "data") for _ in range(2))
    assert tab.send({"kind.c2": "text"}).status in (303, 422)
    question = two.autosave({"kind.c2": "categorical"}).element("wizard-conflict")
    assert "Kind of tmax_c" in words_of(question)


def test_columns_ticked_in_two_tabs_are_merged_column_by_column(browser: Browser, user: User, draft: DraftRow) -> None:
    tab, two = (opened(browser, draft, "features") for _ in range(2))
    every = tab.page.value_of("column")
    assert tab.send({"column": [key for key in every if key != "c2"]}).status == 303
    assert two.send({"column": [key for key in every if key != "c3"]}).status == 303
    assert answers_of(user, draft)["features"] == {"column.c2": False, "column.c3": False}


def test_other_data_chosen_meanwhile_asks_about_what_was_answered_on_the_old(
    browser: Browser, user: User, draft: DraftRow
) -> None:
    tab = opened(browser, draft, "model")
    browser.press(browser.get(step_path(draft, "data")), "Use this sample", {"sample": "penguins"})
    page = tab.send({"estimator": "ridge"})
    assert page.status == 409
    browser.press(page, "Keep theirs")
    assert "model" not in answers_of(user, draft)


def test_what_two_tabs_wrote_is_shown_as_text(browser: Browser, draft: DraftRow) -> None:
    tab, two = (opened(browser, draft, "review") for _ in range(2))
    two.autosave({"name": f"{EVIL} two", "notes": "</textarea><script>alert(2)</script>"})
    page = tab.autosave({"name": f"{EVIL} one", "notes": '"><script>alert(3)</script>'})
    assert page.status == 409
    assert EVIL not in page.text
    assert "<script>alert" not in page.text
    assert f"{EVIL} one" in words_of(page.element("wizard-conflict"))
    assert f"{EVIL} two" in words_of(page.element("wizard-conflict"))
    browser.press(page, "Keep mine", htmx=True)
    assert value(browser, draft, "review", "notes") == '"><script>alert(3)</script>'


@pytest.mark.parametrize(
    "version",
    [
        *(None, "", "x", "-1", "0", "1.5", "9" * 21, "1; DROP TABLE drafts", "\u0663"),
        *("\u00b2", "9" * 5000),
    ],
    ids=lambda version: str(version)[:12],
)
@pytest.mark.parametrize("way", ["", pytest.param("/autosave", marks=pytest.mark.slow)])
def test_a_wrong_version_loses_nothing(
    browser: Browser, user: User, draft: DraftRow, version: str | None, way: str
) -> None:
    save(user, draft, step="validation", holdout_percent="30")
    form = browser.get(step_path(draft, "validation")).answers.filled({"seed": "7", "version": version})
    answer = browser.post(f"{step_path(draft, 'validation')}{way}", form, htmx=bool(way))
    assert answer.status == (200 if way else 303)
    assert answers_of(user, draft)["validation"] == {"seed": "7", "holdout_percent": "30"}


@pytest.mark.parametrize(
    ("slug", "changes"),
    [
        ("data", '{"target": 5, "task_kind": {"a": 1}, "time_column": ["date"], "kind.c1": 3, "x": null}'),
        ("features", '{"column.c1": "yes", "column.nobody": true, "transforms": [1, null, {"kind": 5}]}'),
        ("model", '{"estimator": ["ridge"], "hist_gradient_boosting.max_iter": {"a": [1]}, "ridge.alpha": NaN}'),
        ("validation", '{"strategy": 7, "seed": [], "other_metrics": [{}, 5], "primary_metric": {"a": 1}}'),
        ("validation", '{"other_metrics": "rmse", "holdout_percent": Infinity, "seed": 1e400}'),
        ("review", '{"name": 5, "tags": ["a"], "description": {"a": 1}, "notes": [1]}'),
        ("review", '{"": "", "name": "\\u0000"}'),
        ("features", '{"transforms": 5}'),
        ("review", '{"name": "\\ud800"}'),
    ],
)
def test_answers_of_another_shape_break_no_page_and_can_be_undone(
    browser: Browser, user: User, draft: DraftRow, slug: str, changes: str
) -> None:
    before = answers_of(user, draft)
    form = {"csrf_token": browser.get("/account").token, "changes": changes, "fields": "[]", "keep": "mine"}
    assert browser.post(f"{step_path(draft, slug)}/resolve", form).status in (303, 422)
    for step in STEPS:
        assert browser.get(step_path(draft, step)).status in (200, 303), step
    browser.press(browser.get(step_path(draft, "data")), "Undo last change")
    assert answers_of(user, draft) == before


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"keep": "both", "changes": "{}", "fields": "[]"},
        {"keep": "mine", "changes": "", "fields": "[]"},
        {"keep": "mine", "changes": "{", "fields": "[]"},
        {"keep": "mine", "changes": "[]", "fields": "[]"},
        {"keep": "mine", "changes": "{}", "fields": "{}"},
        {"keep": "mine", "changes": json.dumps({"seed": "1" * 300_000}), "fields": "[]"},
        {"keep": "mine", "changes": json.dumps({"s" * 2000: "1"}), "fields": "[]"},
        {"keep": "mine", "changes": "[" * 100_000, "fields": "[]"},
    ],
    ids=lambda form: str(form)[:60],
)
def test_a_choice_that_makes_no_sense_is_refused(
    browser: Browser, user: User, draft: DraftRow, form: dict[str, str]
) -> None:
    token = browser.get("/account").token
    before = answers_of(user, draft)
    page = browser.post(f"{step_path(draft, 'validation')}/resolve", {**form, "csrf_token": token})
    assert page.status == 422
    assert answers_of(user, draft) == before


def trainings() -> list[Job]:
    """Return the jobs that train; the page also asks for what its estimate needs."""
    return list(db.session.scalars(db.select(Job).where(Job.kind == JobKind.TRAIN.value)))


def test_launching_twice_from_one_page_gives_one_experiment(browser: Browser, draft: DraftRow) -> None:
    page = browser.get(step_path(draft, "review"))
    first, second = (browser.press(page, "Launch experiment") for _ in range(2))
    (row,) = experiments()
    assert first.goes_to == second.goes_to == f"/experiments/{row.id}"
    assert len(trainings()) == 1


def test_launching_at_the_same_moment_gives_one_experiment(app: Flask, browser: Browser, draft: DraftRow) -> None:
    page, secret = browser.get(step_path(draft, "review")), browser.cookie

    def click(_place: int) -> int:
        tab = Browser(app)
        tab.client.set_cookie(COOKIE, secret)
        return tab.press(page, "Launch experiment").status

    assert set(at_once(app, 4, click)) <= {303, 409}
    assert (len(experiments()), len(trainings())) == (1, 1)


@pytest.mark.parametrize("same_page", [True, False], ids=["double click", "two tabs"])
def test_a_launch_that_comes_second_by_a_moment_leads_to_the_experiment(
    browser: Browser, draft: DraftRow, monkeypatch: pytest.MonkeyPatch, same_page: bool
) -> None:
    mine, other = (browser.get(step_path(draft, "review")) for _ in range(2))
    original = flow.store

    def interrupted(page: WizardPage, loaded: DraftContext) -> DraftContext:
        monkeypatch.undo()
        stored = loaded if same_page else original(page, loaded)
        browser.press(mine if same_page else other, "Launch experiment")
        return original(page, loaded) if same_page else stored

    monkeypatch.setattr(flow, "store", interrupted)
    answer = browser.press(mine, "Launch experiment")
    (row,) = experiments()
    assert (answer.status, answer.goes_to) == (303, f"/experiments/{row.id}")


def test_a_second_tab_that_launches_is_led_to_the_same_experiment(browser: Browser, draft: DraftRow) -> None:
    pages = [browser.get(step_path(draft, "review")) for _ in range(2)]
    assert pages[0].value_of("idempotency_key") != pages[1].value_of("idempotency_key")
    places = {browser.press(page, "Launch experiment").goes_to for page in pages}
    (row,) = experiments()
    assert places == {f"/experiments/{row.id}"}


def test_a_launched_draft_leads_to_its_experiment_and_changes_no_more(
    browser: Browser, user: User, draft: DraftRow
) -> None:
    tabs = {slug: opened(browser, draft, slug) for slug in STEPS}
    place = tabs["review"].send({"name": "High water"}, "Launch experiment").goes_to
    before = answers_of(user, draft)
    for slug, tab in tabs.items():
        assert browser.get(step_path(draft, slug)).goes_to == place
        assert browser.get(step_path(draft, slug), htmx=True).response.headers["HX-Redirect"] == place
        if slug == "validation":
            assert tab.send({"seed": "8"}).status == 409
            assert tab.autosave({"seed": "8"}).status == 409
    undo = {"csrf_token": tabs["data"].page.token, "from": "data"}
    assert browser.post(f"/experiments/drafts/{draft.id}/undo", undo).status == 409
    assert answers_of(user, draft) == before
    assert browser.follow(browser.get(f"/experiments/drafts/{draft.id}")).goes_to == place
    assert str(draft.id) not in browser.get("/experiments").text


def test_a_launch_meets_the_change_of_another_tab_first(browser: Browser, draft: DraftRow) -> None:
    tab, two = (opened(browser, draft, "review") for _ in range(2))
    two.autosave({"name": "Theirs"})
    page = tab.send({"name": "Mine"}, "Launch experiment")
    assert page.status == 409
    assert experiments() == []
    browser.press(page, "Keep mine")
    browser.press(browser.get(step_path(draft, "review")), "Launch experiment")
    assert [row.name for row in experiments()] == ["Mine"]
    assert jobs.find_job(experiments()[0].id, JobKind.TRAIN) is not None


def test_a_launch_with_an_error_on_an_earlier_step_says_which(browser: Browser, user: User, draft: DraftRow) -> None:
    page = browser.get(step_path(draft, "review"))
    save(user, draft, step="validation", seed="x")
    answer = browser.press(page, "Launch experiment")
    assert answer.status == 422
    assert any("Seed" in words for words, _link in answer.problems())
    assert experiments() == []
    assert any("Validation1 problem" in words_of(element) for element in answer.tree.iter("li"))


def test_launching_after_the_data_was_deleted_in_another_tab_is_refused(
    browser: Browser, draft: DraftRow, user: User
) -> None:
    page = browser.get(step_path(draft, "review"))
    datasets.delete_dataset(user, datasets.list_datasets(user)[0].id)
    answer = browser.press(page, "Launch experiment")
    assert experiments() == []
    assert answer.status < 500
