"""The Features step: finding columns, ticking many at once, strategies that show first, associations, leak questions."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from app.services.datasets import datasets
from app.services.drafts import drafts
from app.storage import datasets as dataset_rows
from app.storage.db import transaction
from app.storage.tables import DraftRow, User
from tests.domain.tables import profile_of
from tests.services.tables import draft_on, upload
from tests.web.client import Browser, Page, answers_of, step_path, words_of

MOST_BYTES = 200_000


def _basin(rows: int = 60, *, seed: int = 2) -> bytes:
    random = np.random.default_rng(seed)
    rain = random.gamma(1.0, size=rows)
    frame = pd.DataFrame({f"gauge_{position}": random.normal(size=rows) for position in range(60)})
    frame["prcp_mm"] = rain
    frame["prcp_again"] = rain + 0.001 * random.normal(size=rows)
    frame["tmax_c"] = np.where(np.arange(rows) % 3 == 0, np.nan, random.normal(size=rows))
    frame["elev_mean"] = random.normal(size=rows)
    frame["soil"] = random.choice(["clay", "sand"], size=rows)
    frame["flat"] = 1.0
    frame["flow"] = rain + random.normal(size=rows) / 3
    return frame.round(6).to_csv(index=False).encode()


@pytest.fixture
def basin(user: User) -> DraftRow:
    return draft_on(user, upload(user, _basin()), target="flow")


def _held(user: User, row: DraftRow) -> dict[str, Any]:
    return answers_of(user, row).get("features", {})


def _names(page: Page) -> list[str]:
    panel = page.element("features-columns")
    return [words_of(head) for head in panel.iter("th") if head.get("scope") == "row"]


def _in_use(page: Page) -> str:
    match = re.search(r"([\d,]+) of [\d,]+ ticked", page.words)
    assert match
    return match.group(1)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("q=PRCP", ["prcp_mm", "prcp_again"]),
        ("kind=categorical", ["soil"]),
        ("finding=constant", ["flat"]),
        ("least_missing=30", ["tmax_c"]),
        ("least_association=0.6", ["prcp_mm", "prcp_again"]),
        ("q=prcp&use=left_out", []),
        ("kind=constant&use=left_out", ["flat"]),
        ("q=prcp&order=name", ["prcp_again", "prcp_mm"]),
    ],
)
def test_columns_are_found_by_what_is_known_about_them(
    browser: Browser, basin: DraftRow, query: str, expected: list[str]
) -> None:
    page = browser.get(f"{step_path(basin, 'features')}?{query}")
    assert page.status == 200
    assert _names(page) == expected


def test_a_filter_that_makes_no_sense_is_said_at_its_field_and_kept(browser: Browser, basin: DraftRow) -> None:
    for htmx in (False, True):
        path = f"{step_path(basin, 'features')}?q=gauge&least_missing=lots&kind=numeric"
        page = browser.get(path, htmx=htmx)
        assert page.status == 422
        field = page.element("f-least-missing")
        assert (field.get("value"), field.get("aria-invalid")) == ("lots", "true")
        element = page.element(str(field.get("aria-describedby")))
        assert words_of(element) == "Must be a number, 0 to 100; you wrote lots."
        assert page.element("f-q").get("value") == "gauge"


def test_all_that_match_are_left_out_by_one_rule_beyond_the_page(browser: Browser, user: User, basin: DraftRow) -> None:
    path = f"{step_path(basin, 'features')}?q=gauge"
    page = browser.get(path)
    assert "Page 1 of 2, 60 columns" in page.words
    after = browser.press(page, "Leave out all 60", {"column": ["c0"]})
    assert (after.status, after.goes_to) == (303, path)
    assert _held(user, basin) == {"rules": [{"mode": "leave_out", "word": "gauge"}]}
    view = browser.follow(after)
    assert view.answers.values.get("column", []) == []
    assert "Left out: columns where the name holds \u201cgauge\u201d" in view.words
    assert _in_use(view) == "5"


def test_exceptions_stand_beside_the_rule_and_are_small(browser: Browser, user: User, basin: DraftRow) -> None:
    path = f"{step_path(basin, 'features')}?q=gauge"
    page = browser.follow(browser.press(browser.get(path), "Leave out all 60"))
    browser.press(page, "Continue", {"column": ["c3"]})
    assert _held(user, basin) == {"rules": [{"mode": "leave_out", "word": "gauge"}], "column.c3": True}
    page = browser.get(path)
    assert page.value_of("column") == ["c3"]
    browser.press(page, "Continue", {"column": None})
    assert _held(user, basin) == {"rules": [{"mode": "leave_out", "word": "gauge"}]}


def test_inverting_twice_is_nothing_and_undo_takes_one_back(browser: Browser, user: User, basin: DraftRow) -> None:
    path = step_path(basin, "features")
    first = browser.get(path)
    before = _in_use(first)
    browser.press(first, "Continue", {"column": first.value_of("column")[1:]})
    current_values = _held(user, basin)
    assert current_values == {"column.c0": False}
    turned = browser.follow(browser.press(browser.get(path), "Invert"))
    assert _held(user, basin) == {"rules": [{"mode": "invert"}], "column.c0": True}
    assert _in_use(turned) == "2"
    browser.press(turned, "Invert")
    assert _held(user, basin) == current_values
    browser.press(browser.get(path), "Undo last change")
    assert _held(user, basin) == {"rules": [{"mode": "invert"}], "column.c0": True}
    browser.press(browser.get(path), "Start over")
    assert _held(user, basin) == {}
    assert _in_use(browser.get(path)) == before


def test_only_what_matches_is_ticked_and_a_rule_is_forgotten(browser: Browser, user: User, basin: DraftRow) -> None:
    page = browser.get(f"{step_path(basin, 'features')}?q=prcp")
    page = browser.follow(browser.press(page, "Tick only these"))
    assert _in_use(page) == "2"
    assert "Left out by a rule of yours." not in page.words
    page = browser.follow(browser.press(page, "Remove rule 1"))
    assert _held(user, basin) == {}
    assert _in_use(page) == "65"


def test_a_rule_that_matches_nothing_is_refused_and_nothing_is_lost(
    browser: Browser, user: User, basin: DraftRow
) -> None:
    page = browser.get(f"{step_path(basin, 'features')}?q=nowhere&kind=numeric")
    assert "No column matches." in page.words
    for button in ("Tick all 0", "Leave out all 0", "Invert"):
        refusal = browser.press(page, button)
        assert refusal.status == 422
        words = "No column matches what is asked for, so nothing was changed."
        assert refusal.problems() == [(words, "#f-q")]
        assert refusal.element("f-q").get("value") == "nowhere"
    assert _held(user, basin) == {}


def test_ticking_on_a_page_does_not_take_back_what_was_unsaved_on_it(
    browser: Browser, user: User, basin: DraftRow
) -> None:
    path = step_path(basin, "features")
    page = browser.get(f"{path}?q=prcp")
    browser.press(browser.get(f"{path}?q=gauge"), "Leave out all 60")
    saved = browser.post(f"{path}/autosave", page.answers.filled({"column": ["c60"]}), htmx=True)
    assert saved.status == 200
    assert _held(user, basin) == {"rules": [{"mode": "leave_out", "word": "gauge"}], "column.c61": False}


@pytest.mark.parametrize("slug", ["features", "single-page"])
def test_a_box_changed_twice_on_one_page_is_saved_twice(
    browser: Browser, user: User, basin: DraftRow, slug: str
) -> None:
    path = step_path(basin, slug)
    form = browser.get(path).answers
    boxes = form.values["column"]
    before = _held(user, basin)
    for ticked in (boxes[1:], boxes, boxes[1:], boxes):
        saved = browser.post(f"{path}/autosave", form.filled({"column": ticked}), htmx=True)
        for name in ("version", "shown_ticked"):
            (told,) = [element for element in saved.tree.iter("input") if element.get("name") == name]
            form.values[name] = [told.get("value", "")]
        left_out = {} if ticked == boxes else {f"column.{boxes[0]}": False}
        assert _held(user, basin) == {**before, **left_out}


@pytest.mark.parametrize("htmx", [False, True])
@pytest.mark.parametrize(
    ("strategy", "amount", "gone", "why"),
    [
        ("weather", "", None, "Its name says a fixed attribute of the place."),
        ("static", "", None, "It is weather."),
    ],
)
def test_a_strategy_shows_what_it_would_drop_and_why_before_it_does(
    browser: Browser, user: User, basin: DraftRow, htmx: bool, strategy: str, amount: str, gone: Any, why: str
) -> None:
    path = f"{step_path(basin, 'features')}/strategy?strategy={strategy}&amount={amount}"
    browser.arrive(path)
    page = browser.get(path, htmx=htmx)
    assert page.status == 200
    assert why in page.words
    assert _held(user, basin) == {}
    button = next(words for words in page.buttons if words.startswith("Leave out"))
    after = browser.press(page, button)
    assert (after.status, after.goes_to) == (303, f"{step_path(basin, 'features')}#features-columns")
    (rule,) = _held(user, basin)["rules"]
    assert (rule["mode"], rule["strategy"]) == ("leave_out", strategy)
    gone = rule["columns"].split()
    assert button == f"Leave out {len(gone)} columns"
    assert _in_use(browser.follow(after)) == str(65 - len(gone))


RULE = "Use this rule in each fold"
DEVELOPMENT = "Measured on development rows; held-out rows are not used."


@pytest.mark.parametrize("htmx", [False, True])
@pytest.mark.parametrize(
    ("query", "why", "rule", "sentence"),
    [
        (
            "strategy=top&amount=2",
            "Rank 3 by association with the target",
            {"kind": "keep_strongest", "amount": 2},
            "Keeps the 2 strongest of 65 columns, chosen in each fold.",
        ),
        (
            "strategy=top&amount=3&measure=mutual_information",
            "Rank 4 by mutual information",
            {"kind": "keep_strongest", "amount": 3, "measure": "mutual_information"},
            "Keeps the 3 strongest of 65 columns, ranked by mutual information, chosen in each fold.",
        ),
        (
            "strategy=correlated&amount=0.99",
            "It goes with prcp",
            {"kind": "drop_correlated", "threshold": 0.99},
            "Keeps the better of columns correlated at 0.99 or more, chosen in each fold.",
        ),
        (
            "strategy=variance&amount=0.2",
            "Its variance, brought to the range 0 to 1, is",
            {"kind": "drop_near_constant", "threshold": 0.2},
            "Drops columns with a variance below 0.2, chosen in each fold.",
        ),
    ],
)
def test_what_learns_from_rows_becomes_a_rule_of_each_fold(
    browser: Browser, user: User, basin: DraftRow, *, htmx: bool, query: str, why: str, rule: Any, sentence: str
) -> None:
    path = step_path(basin, "features")
    before = _in_use(browser.arrive(path))
    if "correlated" in query:
        browser.arrive(f"{path}/strategy?{query}")
    page = browser.get(f"{path}/strategy?{query}", htmx=htmx)
    assert (page.status, why in page.words, sentence in page.words) == (200, True, True)
    after = browser.press(page, RULE)
    assert (after.status, after.goes_to) == (303, f"{path}#features-columns")
    assert _held(user, basin) == {"selection": [rule]}
    view = browser.follow(after)
    assert sentence in words_of(view.element("f-selection"))
    assert _in_use(view) == before, "the ticks stay as they are"
    assert sentence in words_of(browser.get(step_path(basin, "review")).element("review-features"))
    browser.press(view, "Undo last change")
    assert _held(user, basin) == {}


def test_a_rule_of_each_fold_is_forgotten_and_replaced(browser: Browser, user: User, basin: DraftRow) -> None:
    path = step_path(basin, "features")
    for amount in (5, 7):
        browser.press(browser.get(f"{path}/strategy?strategy=top&amount={amount}"), RULE)
    assert _held(user, basin) == {"selection": [{"kind": "keep_strongest", "amount": 7}]}
    browser.press(browser.get(path), "Remove fold rule 1")
    assert _held(user, basin) == {}


def test_the_features_step_says_which_rows_it_measures(browser: Browser, user: User, basin: DraftRow) -> None:
    path = step_path(basin, "features")
    assert "Measured on all rows, since none are held out." in browser.get(path).words
    drafts.save_answers(user, basin.id, step="validation", changes={"holdout_percent": "25"}, version=basin.version)
    assert DEVELOPMENT in browser.get(path).words
    assert DEVELOPMENT in browser.get(f"{path}/strategy?strategy=top&amount=2", htmx=True).words


@pytest.mark.parametrize(
    ("button", "rule"),
    [
        ("Leave out all", {"kind": "drop_associated", "low": 0.6}),
        ("Tick only", {"kind": "keep_associated", "low": 0.6}),
    ],
)
def test_a_range_of_associations_is_left_to_the_folds(
    browser: Browser, user: User, basin: DraftRow, button: str, rule: dict[str, Any]
) -> None:
    path = f"{step_path(basin, 'features')}?least_association=0.6"
    browser.press(browser.get(path), button)
    assert _held(user, basin) == {"selection": [rule]}
    browser.press(browser.get(path), "Start over")
    page = browser.press(browser.get(path), "Tick all 2")
    assert page.status == 422
    assert "Each fold measures association again." in page.words
    assert _held(user, basin) == {}


def test_what_changed_since_it_was_shown_is_shown_again_and_not_done(
    browser: Browser, user: User, basin: DraftRow
) -> None:
    path = step_path(basin, "features")
    page = browser.get(f"{path}/strategy?strategy=weather")
    browser.press(browser.get(f"{path}?q=gauge_1"), "Leave out all")
    current_values = _held(user, basin)
    again = browser.press(page, "Leave out")
    assert again.status == 409
    assert "have changed" in again.words
    assert _held(user, basin) == current_values
    assert browser.press(again, "Leave out").status == 303


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("strategy=top&amount=none", "How many: Must be a number, 1 to 20,000; you wrote none."),
        ("strategy=correlated&amount=7", "Threshold: Must be between 0.5 and 1; you wrote 7."),
        ("strategy=magic", "Choose one of the ways that are offered."),
        ("", "Choose one of the ways that are offered."),
    ],
)
def test_a_strategy_that_makes_no_sense_is_refused_in_a_sentence(
    browser: Browser, basin: DraftRow, query: str, said: str
) -> None:
    for htmx in (False, True):
        page = browser.get(f"{step_path(basin, 'features')}/strategy?{query}", htmx=htmx)
        assert page.status == 422
        assert said in page.words


@pytest.mark.parametrize("view", ["target", "pairs", "matrix", "clusters", "no-such-view"])
def test_every_view_of_the_associations_is_a_page_and_a_fragment(browser: Browser, basin: DraftRow, view: str) -> None:
    path = f"{step_path(basin, 'features')}/correlations?view={view}"
    whole, part = browser.arrive(path), browser.get(path, htmx=True)
    assert (whole.status, part.status) == (200, 200)
    assert whole.h1 == "Features"
    (root,) = list(part.tree)
    assert root.get("id") == "features-correlations"
    assert "prcp_mm" in part.words
    assert part.syntax_faults == []
    body = browser.get(f"{path}&part=body", htmx=True)
    (root,) = list(body.tree)
    assert root.get("id") == "features-association"
    assert root.get("hx-trigger") is None, "what is complete does not ask again"


def test_the_views_are_narrowed_by_a_word_and_a_threshold(browser: Browser, basin: DraftRow) -> None:
    path = f"{step_path(basin, 'features')}/correlations"
    browser.arrive(f"{path}?view=pairs")
    ranked = browser.get(f"{path}?view=pairs&word=prcp&threshold=0.95", htmx=True)
    rows = [[words_of(cell) for cell in line] for line in ranked.tree.iter("tr")][1:]
    assert [{row[0], row[1]} for row in rows] == [{"prcp_mm", "prcp_again"}]
    figure = next(browser.get(f"{path}?view=matrix&threshold=0.6", htmx=True).tree.iter("figure"))
    assert set(figure.get("data-names", "").split("\n")) == {"flow", "prcp_mm", "prcp_again"}
    wrong = browser.get(f"{path}?view=pairs&word=prcp&threshold=strong", htmx=True)
    assert wrong.status == 422
    assert wrong.element("f-threshold").get("value") == "strong"
    assert "you wrote strong" in words_of(wrong.element("f-threshold-e"))


@pytest.mark.parametrize(("one", "other", "shape"), [("c60", "c66", "circle"), ("c64", "c60", "rect")])
def test_a_pair_is_drawn_as_points_or_boxes(
    browser: Browser, basin: DraftRow, one: str, other: str, shape: str
) -> None:
    for htmx in (False, True):
        page = browser.get(f"{step_path(basin, 'features')}/pair?one={one}&other={other}", htmx=htmx)
        assert page.status == 200
        drawn = page.element("features-pair")
        assert any(element.tag.endswith(shape) for element in drawn.iter())


def test_a_pair_of_a_column_that_vanished_is_said(browser: Browser, basin: DraftRow) -> None:
    page = browser.get(f"{step_path(basin, 'features')}/pair?one=c0&other=c999")
    assert page.status == 404
    assert "not there any more" in page.words


def test_ten_thousand_columns_are_chosen_by_rules_on_small_pages(browser: Browser, user: User) -> None:
    row = _wide(user, 10_000)
    path = step_path(row, "features")
    page = browser.get(path)
    assert (page.status, "of 200, 10,000 columns" in page.words) == (200, True)
    assert len(page.response.data) <= MOST_BYTES
    sent = page.answers.filled({})
    assert sum(len(values) for values in sent.values()) < 100
    after = browser.follow(browser.press(browser.get(f"{path}?q=gauge_9&order=name"), "Leave out all 1,111"))
    assert len(after.response.data) <= MOST_BYTES
    assert _held(user, row) == {"rules": [{"mode": "leave_out", "word": "gauge_9"}]}
    assert _in_use(after) == "8,889"
    preview = browser.get(f"{path}/strategy?strategy=weather")
    assert len(preview.response.data) <= MOST_BYTES
    view = browser.get(f"{path}/correlations?view=matrix")
    assert view.status == 200
    assert len(view.response.data) <= MOST_BYTES


def _wide(user: User, columns: int) -> DraftRow:
    """Return a draft on a dataset of many columns, of which only the profile is there."""
    random = np.random.default_rng(5)
    frame = pd.DataFrame({"gauge": random.normal(size=40), "flow": random.normal(size=40)})
    known = profile_of(frame)
    gauge, flow = known.columns
    copies = tuple(replace(gauge, name=f"gauge_{position}", key=f"c{position}") for position in range(columns))
    profile = replace(known, columns=(*copies, replace(flow, key=f"c{columns}")))
    with transaction():
        dataset = dataset_rows.add_dataset(
            owner_id=user.id,
            name="Wide",
            file_name="wide.csv",
            state="ready",
            sha256="0" * 64,
            rows=40,
            column_count=columns + 1,
            profile=profile.to_json(),
        )
    row = drafts.create_draft(user)
    changes = {**datasets.first_answers(dataset), "target": "flow"}
    drafts.save_answers(user, row.id, step="data", changes=changes, version=row.version)
    return drafts.get_draft(user, row.id)
