"""Lags over sites that share their dates: said on every step, refused at the launch, healed by one button."""

from __future__ import annotations

import pytest

from app.storage.tables import DraftRow, User
from tests.services.tables import draft_on, save, upload
from tests.web.client import Browser, answers_of, step_path, words_of

LAG = [{"columns": ["rain"], "kind": "lag", "parameters": {"steps": [1]}}]
SITES = "day,site,rain,flow\n" + "".join(
    f"2001-{1 + day // 28:02d}-{1 + day % 28:02d},{site},{day * 7 % 31}.5,{day * ord(site[0]) % 17}.25\n"
    for day in range(120)
    for site in ("alder", "birch", "cedar")
)


@pytest.fixture
def mixed(user: User) -> DraftRow:
    row = draft_on(user, upload(user, SITES.encode()), target="flow")
    save(user, row, step="data", group_column="")
    save(user, row, step="features", transforms=LAG)
    return row


def test_the_launch_is_refused_until_the_group_is_set(browser: Browser, user: User, mixed: DraftRow) -> None:
    sentence = "240 of 360 rows share their time with another row. A feature that looks back would take another row's"
    review = browser.get(step_path(mixed, "review"))
    assert "1 answer needs attention before the launch." in words_of(review.element("review-verdict"))
    page = browser.press(review, "Launch experiment")
    assert page.status == 422
    assert page.problems()[0][0].startswith(sentence)
    assert sentence in words_of(browser.get(step_path(mixed, "features")).element("wizard-side"))
    after = browser.press(browser.get(step_path(mixed, "features")), "Use site as group column")
    assert after.status == 303
    assert answers_of(user, mixed)["data"]["group_column"] == "site"
    assert answers_of(user, mixed)["features"]["transforms"] == LAG
    assert "share their time" not in browser.get(step_path(mixed, "review")).words
    launched = browser.press(browser.get(step_path(mixed, "review")), "Launch experiment")
    assert "/experiments/" in launched.goes_to


def test_a_preview_says_it_too(browser: Browser, mixed: DraftRow) -> None:
    request = "new.kind=lag&new.fields=lag&new.column=rain&new.steps=1"
    page = browser.get(f"{step_path(mixed, 'features')}/transform?{request}")
    assert page.status == 422
    assert "Rows share a time in day, so features that look back would mix different series." in page.words
