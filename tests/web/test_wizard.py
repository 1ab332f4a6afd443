"""The wizard by forms alone, as a browser without scripts goes through it: defaults, mistakes, remedies, launch."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from flask import Flask

from app.domain.vocabulary import JobKind, RunState
from app.services.accounts import accounts
from app.services.datasets import datasets
from app.services.drafts import drafts
from app.storage import jobs
from app.storage.db import db
from app.storage.tables import DraftRow, Experiment, User
from tests.services.tables import draft_on, save, upload, wide_csv
from tests.variants import slow_after
from tests.web.client import STEPS, Browser, Page, answers_of, draft_on_sample, step_path, words_of

TITLES = ("Data", "Features", "Model", "Validation", "Review")
CLASSES = b"a,b,level\n" + b"".join(
    b"%d,%d,%d\n" % (position % 7, position * 3 % 11, position % 2) for position in range(120)
)


def experiments() -> list[Experiment]:
    return list(db.session.scalars(db.select(Experiment)))


def steps_of(page: Page) -> list[tuple[str, bool]]:
    """Return the list of steps: the name of each, and whether it is the present one."""
    (steps,) = (element for element in page.tree.iter("ol") if element.get("class") == "stepper")
    results = []
    for item in steps.iter("li"):
        (name,) = (words_of(element) for element in item.iter("span") if element.get("class") == "step-name")
        results.append((name, any(element.get("aria-current") == "step" for element in item.iter())))
    return results


def test_a_sample_and_every_default_give_a_queued_experiment(browser: Browser, user: User) -> None:
    page = browser.get("/experiments/new")
    assert page.h1 == "Data"
    page = browser.follow(browser.press(page, "Use this sample"))
    for title in TITLES[:-1]:
        assert (page.status, page.h1) == (200, title)
        after = browser.press(page, "Continue")
        assert after.status == 303
        page = browser.follow(after)
    assert page.h1 == "Review"
    assert "Ready to launch." in page.words
    launched = browser.press(page, "Launch experiment")
    (row,) = experiments()
    assert (launched.status, launched.goes_to) == (303, f"/experiments/{row.id}")
    assert (row.owner_id, row.state) == (user.id, RunState.QUEUED.value)
    job = jobs.find_job(row.id, JobKind.TRAIN)
    assert job is not None
    assert (job.state, job.owner_id) == (RunState.QUEUED.value, user.id)
    view = browser.follow(launched)
    assert (view.status, view.h1) == (200, row.name)
    assert "In the queue" in view.words
    assert row.name in browser.get("/experiments").words


def test_htmx_goes_through_the_same_steps_by_fragments(browser: Browser, draft: DraftRow) -> None:
    page = browser.get(step_path(draft, "data"), htmx=True)
    for slug, later in itertools.pairwise(STEPS):
        assert page.element(f"steps-{slug}") is page.tree[0]
        assert page.response.headers["HX-Push-Url"] == step_path(draft, slug)
        after = browser.press(page, "Continue", htmx=True)
        assert (after.status, after.goes_to) == (303, step_path(draft, later))
        page = browser.follow(after, htmx=True)
    launched = browser.press(page, "Launch experiment", htmx=True)
    (row,) = experiments()
    assert (launched.status, launched.text) == (204, "")
    assert launched.response.headers["HX-Redirect"] == f"/experiments/{row.id}"


@pytest.mark.parametrize(("slug", "title"), list(zip(STEPS, TITLES, strict=True)))
def test_every_step_has_the_names_of_the_contract(browser: Browser, draft: DraftRow, slug: str, title: str) -> None:
    page = browser.get(step_path(draft, slug))
    assert page.h1 == title
    assert steps_of(page) == [(name, name == title) for name in TITLES]
    assert ("Back" in page.buttons) is (slug != "data")
    assert ("Launch experiment" if slug == "review" else "Continue") in page.buttons


def test_the_data_step_has_the_names_of_the_contract(browser: Browser, draft: DraftRow) -> None:
    new = browser.get("/experiments/new")
    assert steps_of(new) == [(name, name == "Data") for name in TITLES]
    for page in (new, browser.get(step_path(draft, "data"))):
        labels = {words_of(element): element.get("for") for element in page.tree.iter("label")}
        assert page.element(labels["Data file"] or "").get("type") == "file"
        assert "Use a sample dataset" in [words_of(element) for element in page.tree.iter("legend")]
        (picker,) = (element for element in page.tree.iter("fieldset") if "Use a sample dataset" in words_of(element))
        sample_titles = [words_of(element) for element in picker.iter("span") if element.get("class") == "title"]
        assert sample_titles == [sample.title for sample in datasets.SAMPLES]
    assert page.element(labels["Target column"] or "").get("name") == "target"
    assert page.element(labels["Steps ahead"] or "").get("name") == "horizon"
    assert "Drivers of the days ahead are known" in labels
    assert "What is the model for?" in [words_of(element) for element in page.tree.iter("legend")]


@pytest.mark.parametrize("slug", STEPS[1:])
def test_a_later_step_without_data_leads_to_data(browser: Browser, user: User, slug: str) -> None:
    row = drafts.create_draft(user)
    page = browser.get(step_path(row, slug))
    assert (page.status, page.goes_to) == (303, step_path(row, "data"))
    data = browser.follow(page)
    assert data.h1 == "Data"
    assert "Use this sample" in data.buttons
    assert "Continue" not in data.buttons


@pytest.mark.parametrize("slug", STEPS[1:])
def test_sending_a_later_step_without_data_is_refused_and_launches_nothing(
    browser: Browser, user: User, slug: str
) -> None:
    row = drafts.create_draft(user)
    token = browser.get(step_path(row, "data")).token
    answer = browser.post(step_path(row, slug), {"csrf_token": token, "action": "continue"})
    assert answer.status < 500
    assert browser.post(f"{step_path(row, slug)}/autosave", {"csrf_token": token}).status < 500
    assert experiments() == []


@pytest.mark.parametrize("slug", STEPS[2:])
def test_a_step_may_be_the_first_page_after_signing_in(app: Flask, user: User, draft: DraftRow, slug: str) -> None:
    accounts.set_password(user, current="", new="a long river runs 7")
    browser = Browser(app)
    page = browser.follow(browser.get(step_path(draft, slug)))
    after = browser.press(page, "Sign in", {"email": user.email, "password": "a long river runs 7"})
    assert after.goes_to == step_path(draft, slug)
    assert browser.follow(after).status == 200


def test_data_that_was_deleted_leads_back_to_data_and_the_answers_stay(
    browser: Browser, draft: DraftRow, user: User
) -> None:
    save(user, draft, step="validation", seed="7")
    datasets.delete_dataset(user, datasets.list_datasets(user)[0].id)
    assert browser.get(step_path(draft, "review")).goes_to == step_path(draft, "data")
    view = browser.get(step_path(draft, "data"))
    assert "was deleted. Restore it or choose other data" in words_of(view.element("problems"))
    assert "Choose a file or a sample first" not in view.words
    page = browser.press(view, "Use this sample")
    assert page.status == 303
    assert browser.get(step_path(draft, "review")).status == 200


# Sample, step, what is typed, and the sentence that answers it.
WRONG: list[tuple[str, str, dict[str, Any], str]] = [
    ("piscataquis", "data", {"target": ""}, "Choose the column to predict."),
    ("penguins", "data", {"task_kind": "regression"}, "does not hold numbers, so regression cannot predict it"),
    ("penguins", "data", {"task_kind": "binary"}, "a binary task needs two"),
    ("penguins", "data", {"time_column": "Species"}, "does not hold dates"),
    ("piscataquis", "model", {"averaged_trees.learning_rate": "fast"}, "Learning rate"),
    ("piscataquis", "model", {"averaged_trees.max_iter": "-4"}, "you wrote -4"),
    ("piscataquis", "validation", {"seed": "1.5"}, "Seed"),
    ("piscataquis", "validation", {"seed": "<b>7</b>"}, "Seed"),
    ("piscataquis", "validation", {"holdout_percent": "81"}, "Held out at the end"),
    ("piscataquis", "validation", {"time_series.n_splits": "1", "seed": "x"}, "Folds"),
    ("piscataquis", "review", {"name": "  "}, "Give it a name"),
    ("piscataquis", "review", {"tags": "x" * 51}, "Up to 20 tags"),
    ("piscataquis", "review", {"description": "d" * 5001}, "5,000 characters"),
]


@pytest.mark.parametrize("htmx", slow_after(1, [False, True]), ids=["page", "fragment"])
@pytest.mark.parametrize(("sample", "slug", "typed", "sentence"), WRONG)
def test_a_wrong_answer_is_kept_and_the_summary_links_to_its_field(
    browser: Browser, user: User, sample: str, slug: str, typed: dict[str, Any], sentence: str, htmx: bool
) -> None:
    row = draft_on_sample(user, sample)
    button = "Launch experiment" if slug == "review" else "Continue"
    page = browser.press(browser.get(step_path(row, slug), htmx=htmx), button, typed, htmx=htmx)
    assert page.status == 422
    problems = page.problems()
    assert len(problems) == len(typed)
    assert any(sentence in text for text, _link in problems), problems
    for words, link in problems:
        field = page.element(link.removeprefix("#"))
        assert field.get("name") in typed
        assert field.get("aria-invalid") == "true" or slug == "data", words
    for name, value in typed.items():
        assert page.value_of(name) == [value]
    again = browser.get(step_path(row, slug))
    assert [again.value_of(name) for name in typed] == [[value] for value in typed.values()]
    assert experiments() == []


@pytest.mark.parametrize(
    ("slug", "answers"),
    [
        ("model", {"estimator": "logistic_regression"}),
        ("validation", {"strategy": "group_k_fold"}),
        ("features", {"transforms": [{"columns": [], "kind": "lag", "parameters": {"steps": "1"}}]}),
    ],
)
def test_the_summary_links_to_a_choice_that_is_there(
    browser: Browser, user: User, draft: DraftRow, slug: str, answers: dict[str, Any]
) -> None:
    save(user, draft, step=slug, **answers)
    page = browser.press(browser.get(step_path(draft, slug)), "Continue")
    assert page.status == 422
    ((_said, link),) = page.problems()
    assert page.has(link.removeprefix("#"))


def test_what_is_not_offered_is_refused_with_a_sentence(browser: Browser, user: User, draft: DraftRow) -> None:
    garbage = {"data": "target", "model": "estimator", "validation": "primary_metric"}
    for slug, name in garbage.items():
        form = browser.get(step_path(draft, slug)).answers.filled({name: "no such thing"})
        page = browser.post(step_path(draft, slug), form)
        assert (page.status, len(page.problems())) == (422, 1)
        save(user, draft, step=slug, **{name: None})


# Sample, answers that call for a remedy, step and field at fault, what the button says, and the answer it leaves.
REMEDIES: list[tuple[str, dict[str, dict[str, Any]], tuple[str, str], str, Any]] = [
    ("penguins", {"data": {"task_kind": "regression"}}, ("data", "task_kind"), "Use the inferred task", ""),
    ("penguins", {"data": {"time_column": "Species"}}, ("data", "time_column"), "Use no time column", ""),
    ("piscataquis", {"data": {"time_column": ""}, "features": {"transforms": [{"columns": [], "kind": "date_parts"}]}},
     ("features", "transforms"), "Remove the derived features", []),
    ("penguins", {"features": {"column.c4": True}}, ("features", "column.c4"), "Leave it out", False),
    ("piscataquis", {"model": {"estimator": "logistic_regression"}}, ("model", "estimator"), "Use a random forest",
     "random_forest"),
    ("piscataquis", {"model": {"estimator": "gaussian_process"}}, ("model", "estimator"),
     "Use histogram gradient boosting", "hist_gradient_boosting"),
    ("piscataquis", {"model": {"averaged_trees.max_iter": "many"}},
     ("model", "averaged_trees.max_iter"), "Set it to", None),
    ("piscataquis", {"validation": {"strategy": "group_k_fold"}}, ("validation", "strategy"), "Use k-fold", "k_fold"),
    ("piscataquis", {"validation": {"strategy": "magic"}}, ("validation", "strategy"), "Use the suggested one",
     "time_series"),
    ("piscataquis", {"validation": {"seed": "x"}}, ("validation", "seed"), "Set it to 42", 42),
]  # fmt: skip


@pytest.mark.parametrize("slug", slow_after(1, ["data", "review"]))
@pytest.mark.parametrize(("sample", "answers", "where", "label", "left"), REMEDIES)
def test_a_remedy_is_one_button_that_does_what_it_says(
    browser: Browser,
    user: User,
    sample: str,
    answers: dict[str, dict[str, Any]],
    where: tuple[str, str],
    label: str,
    left: Any,
    slug: str,
) -> None:
    row = draft_on_sample(user, sample)
    for step, changes in answers.items():
        save(user, row, step=step, **changes)
    page = browser.get(step_path(row, slug))
    (form,) = (
        form
        for form in page.forms
        if form.action.endswith("/remedy")
        and (form.values["problem_step"], form.values["problem_field"]) == ([where[0]], [where[1]])
        and form.buttons[0].words.startswith(label)
    )
    after = browser.post(form.action, form.values)
    assert (after.status, after.goes_to) == (303, step_path(row, slug))
    current = answers_of(user, row).get(where[0], {}).get(where[1])
    assert current == left if left is not None else str(current) in form.buttons[0].words
    view = browser.follow(after)
    assert form.values not in [item.values for item in view.forms]
    assert "Undo last change" in view.buttons


def test_only_a_remedy_that_is_offered_is_applied(browser: Browser, user: User, draft: DraftRow) -> None:
    save(user, draft, step="validation", seed="x")
    token = browser.get(step_path(draft, "data")).token
    before = answers_of(user, draft)
    for field, code in (("seed", "made_up"), ("strategy", "parameter_invalid"), ("", "")):
        form = {"problem_step": "validation", "problem_field": field, "problem_code": code, "from": "../../x"}
        page = browser.post(f"/experiments/drafts/{draft.id}/remedy", {**form, "csrf_token": token})
        assert (page.status, page.goes_to) == (303, step_path(draft, "data"))
    assert answers_of(user, draft) == before


@pytest.mark.parametrize(("slug", "changes"), [
    ("features", {"column": ["c1"]}),
    ("model", {"averaged_trees.max_iter": "77"}),
    ("model", {"averaged_trees.max_iter": "not yet a number"}),
    ("validation", {"seed": "7", "other_metrics": ["kge_2012"]}),
    ("review", {"name": "High water", "notes": "One.\nTwo."}),
])  # fmt: skip
def test_going_back_keeps_what_was_typed(browser: Browser, draft: DraftRow, slug: str, changes: dict[str, Any]) -> None:
    page = browser.press(browser.get(step_path(draft, slug)), "Back", changes)
    earlier = STEPS[STEPS.index(slug) - 1]
    assert (page.status, page.goes_to) == (303, step_path(draft, earlier))
    again = browser.get(step_path(draft, slug))
    for name, value in changes.items():
        assert again.value_of(name) == (value if isinstance(value, list) else [value])


def ticked(page: Page) -> list[Any]:
    return page.answers.values.get("column", [])


def test_all_columns_are_ticked_unticked_and_ticked_as_suggested(browser: Browser, draft: DraftRow) -> None:
    path = step_path(draft, "features")
    first = browser.get(path)
    every = first.value_of("shown")[0].split(",")
    assert 0 < len(ticked(first)) < len(every)
    for button, expected in (("Untick all shown", []), ("Tick all shown", every), ("As suggested", ticked(first))):
        after = browser.press(browser.get(path), button)
        assert (after.status, after.goes_to) == (303, path)
        page = browser.follow(after)
        assert ticked(page) == expected
        assert f"{len(expected)} of {len(every)} ticked" in page.words


def test_nothing_ticked_is_refused_once_nothing_is_derived_either(browser: Browser, draft: DraftRow) -> None:
    path = step_path(draft, "features")
    page = browser.follow(browser.press(browser.get(path), "Untick all shown"))
    while any(words.startswith("Remove ") for words in page.buttons):
        page = browser.follow(browser.press(page, "Remove "))
    refusal = browser.press(page, "Continue")
    assert (refusal.status, [text for text, _link in refusal.problems()]) == (
        422,
        ["Tick at least one column: a model needs something to look at."],
    )


def test_bulk_ticking_touches_only_the_columns_that_are_shown(browser: Browser, user: User) -> None:
    row = draft_on(user, upload(user, wide_csv(130)), target="flow")
    everywhere = browser.get(step_path(row, "features"))
    assert "Page 1 of 3" in everywhere.words
    page = browser.get(step_path(row, "features") + "?q=gauge_12&order=name")
    visible_rows = page.value_of("shown")[0].split(",")
    assert len(visible_rows) == 10
    after = browser.press(page, "Untick all shown")
    assert after.goes_to == step_path(row, "features") + "?q=gauge_12&order=name"
    assert ticked(browser.follow(after)) == []
    left_out = {name for name, value in answers_of(user, row)["features"].items() if value is False}
    assert left_out == {f"column.{key}" for key in visible_rows}
    assert ticked(browser.get(step_path(row, "features"))) == [
        key for key in ticked(everywhere) if key not in visible_rows
    ]


def test_a_derived_feature_is_added_and_removed(browser: Browser, user: User, draft: DraftRow) -> None:
    path = step_path(draft, "features")
    first = browser.get(path)
    request = browser.press(first, "Preview", {"new.kind": "rolling_mean", "new.column": "tmax_c"}, to="/transform")
    after = browser.press(browser.follow(request), "Add", {"new.window": "15"})
    assert (after.status, after.goes_to) == (303, f"{path}#features-derived")
    page = browser.follow(after)
    assert "tmax_c_mean_15" in page.words
    assert answers_of(user, draft)["features"]["transforms"][-1]["columns"] == ["tmax_c"]
    page = browser.follow(browser.press(page, "Remove Mean over a window of tmax_c"))
    assert "tmax_c_mean_15" not in page.words
    lags = next(name for name in page.buttons if name.startswith("Remove Earlier values of prcp_mm"))
    removed = browser.follow(browser.press(page, lags))
    assert "lag" not in {recipe["kind"] for recipe in answers_of(user, draft)["features"]["transforms"]}
    back = browser.follow(browser.press(removed, "Use the suggested ones"))
    assert lags in back.buttons
    assert "features" not in answers_of(user, draft)


def test_the_kind_of_a_column_and_the_task_are_overruled(browser: Browser, user: User) -> None:
    row = draft_on(user, upload(user, CLASSES), target="level")
    page = browser.get(step_path(row, "data"))
    assert "Two classes" in page.words
    answers = {"kind.c0": "categorical", "task_kind": "regression"}
    browser.press(page, "Continue", answers)
    page = browser.get(step_path(row, "data"))
    assert {name: page.value_of(name) for name in answers} == {name: [value] for name, value in answers.items()}
    lines = [[words_of(cell) for cell in line] for line in browser.get(step_path(row, "features")).tree.iter("tr")]
    assert next(line for line in lines if line[1] == "a")[2] == "categorical"
    browser.press(browser.get(step_path(row, "review")), "Launch experiment")
    (launched,) = experiments()
    assert launched.config["data"]["column_kinds"] == {"a": "categorical"}
    assert launched.config["task"]["kind"] == "regression"


def test_what_was_overruled_goes_back_to_what_was_found(browser: Browser, user: User) -> None:
    row = draft_on(user, upload(user, CLASSES), target="level")
    browser.press(
        browser.get(step_path(row, "data")), "Continue", {"kind.c0": "categorical", "task_kind": "regression"}
    )
    browser.press(browser.get(step_path(row, "data")), "Continue", {"kind.c0": "", "task_kind": ""})
    assert "Two classes" in browser.get(step_path(row, "review")).words
    browser.press(browser.get(step_path(row, "review")), "Launch experiment")
    (launched,) = experiments()
    assert (launched.config["data"]["column_kinds"], launched.config["task"]["kind"]) == ({}, "binary")


def test_a_review_that_was_seen_and_left_is_to_do_and_not_done(browser: Browser, draft: DraftRow) -> None:
    review = browser.get(step_path(draft, "review"))
    # Looking remembers nothing: the next save does.
    assert browser.post(f"{step_path(draft, 'review')}/autosave", review.answers.filled({}), htmx=True).status == 200
    page = browser.get(step_path(draft, "data"))
    (steps,) = (element for element in page.tree.iter("ol") if element.get("class") == "stepper")
    last = list(steps.iter("li"))[-1]
    assert words_of(last) == "ReviewTo do"
    assert [element.get("class") for element in last.iter("a")] == [""]
    assert words_of(steps).count(", done") == 3, "the others keep their tick"
