"""Stored rows that rot: every page says so or works without them, none breaks, and one button brings them back."""

from __future__ import annotations

import pytest
from flask import Flask

from app.services.datasets import analysis, datasets
from app.storage.tables import Dataset, User
from tests.services.tables import SMALL, draft_on, upload
from tests.services.test_integrity import HARMS
from tests.variants import slow_but
from tests.web.client import Belongings, Browser, calls, step_path


@pytest.fixture
def river(user: User) -> Dataset:
    analysis.forget_profiles()
    return upload(user, SMALL.encode())


@pytest.mark.parametrize("harm", slow_but(("gone", "cut off", "finite garbage"), HARMS))
def test_the_page_of_a_dataset_offers_to_read_it_again(browser: Browser, river: Dataset, harm: str) -> None:
    address = f"/datasets/{river.id}"
    whole = browser.get(address).words
    HARMS[harm](datasets.parquet_of(river))
    page = browser.get(address)
    assert page.status == 200
    assert "The stored rows of river.csv" in page.words
    restored = browser.press(page, "Read again from the original")
    assert (restored.status, restored.goes_to) == (303, f"{address}?done={river.id}.restored")
    after = browser.follow(restored)
    assert "Read again from the original The rows are what they were." in after.words
    assert browser.get(address).words == whole


@pytest.mark.parametrize("harm", slow_but(("gone", "cut off", "finite garbage"), HARMS))
def test_the_data_step_offers_to_read_it_again(browser: Browser, user: User, river: Dataset, harm: str) -> None:
    row = draft_on(user, river, target="flow")
    HARMS[harm](datasets.parquet_of(river))
    page = browser.get(step_path(row, "data"))
    assert page.status == 200
    assert page.has("datasets-damage")
    restored = browser.press(page, "Read again from the original")
    assert (restored.status, restored.goes_to) == (303, f"{step_path(row, 'data')}?done={river.id}.restored")
    after = browser.follow(restored)
    assert not after.has("datasets-damage")
    assert after.value_of("target") == ["flow"]


@pytest.mark.parametrize("harm", slow_but(("gone", "cut off", "finite garbage"), HARMS))
def test_no_page_breaks_on_damaged_rows(app: Flask, browser: Browser, user: User, river: Dataset, harm: str) -> None:
    row = draft_on(user, river, target="flow")
    HARMS[harm](datasets.parquet_of(river))
    analysis.forget_profiles()
    token = browser.get("/account").token
    things = Belongings({**Belongings.of_nobody().ids, "draft_id": row.id, "dataset_id": river.id})
    results = {}
    for endpoint, method, path in calls(app, things, only_with_id=True):
        if "discard" in endpoint or "delete" in endpoint:
            continue
        sent = {"csrf_token": token, "one": "c1", "other": "c2", "new.kind": "lag", "new.columns": "rain"}
        page = browser.send(method, path, data=sent if method == "POST" else None)
        if page.status >= 500:
            results[f"{method} {path}"] = page.status
    for query in ("limit=50&offset=100", "limit=200"):
        page = browser.get(f"/api/datasets/{river.id}/preview/?{query}")
        results |= {query: page.status} if page.status not in (200, 409) else {}
    assert results == {}


def test_what_needs_damaged_rows_says_so(browser: Browser, user: User, river: Dataset) -> None:
    row = draft_on(user, river, target="flow")
    HARMS["200 bytes"](datasets.parquet_of(river))
    pair = browser.get(f"{step_path(row, 'features')}/pair?one=c1&other=c2")
    rows = browser.get(f"/api/datasets/{river.id}/preview/?limit=50&offset=100")
    body = {"dataset_id": str(river.id), "target": "rain"}
    token = browser.get("/account").token
    address = "/api/experiments/wizard/dataset-analysis/"
    described = browser.send("POST", address, json=body, headers={"X-CSRFToken": token})
    for page in (pair, rows, described):
        assert page.status == 409
        assert "The stored rows of river.csv are damaged." in page.text
