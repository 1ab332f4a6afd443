"""The Features step on a file of ten thousand columns that was read, and on tables with next to nothing in them."""

from __future__ import annotations

import numpy as np
import pytest
from flask import Flask

from app.domain.errors import DomainError
from app.services.drafts import drafts
from app.services.measurements import correlations
from app.storage.tables import User
from tests.services.tables import draft_on, upload, wide_csv, with_limits
from tests.web.client import Browser, answers_of, step_path

MANY = 10_000
MOST_BYTES = 200_000
MOST_FIELDS = 100


@pytest.mark.slow
def test_a_file_of_ten_thousand_columns_goes_through_the_step(app: Flask, browser: Browser, user: User) -> None:
    with_limits(app, inline_read_mb=50, inline_read_seconds=120)
    dataset = upload(user, wide_csv(columns=MANY + 1, rows=30))
    assert (dataset.state, dataset.column_count) == ("ready", MANY + 1)
    row = draft_on(user, dataset, target="flow")
    path = step_path(row, "features")
    for address in (
        path,
        f"{path}?page=150",
        f"{path}?q=gauge_99&order=name",
        f"{path}/strategy?strategy=variance&amount=0.2",
        f"{path}/correlations?view=matrix",
        f"{path}/correlations?view=target",
    ):
        page = browser.get(address)
        assert (page.status, len(page.response.data) <= MOST_BYTES) == (200, True), address
        assert all(sum(map(len, form.values.values())) < MOST_FIELDS for form in page.forms), address
    top = browser.get(f"{path}/strategy?strategy=top&amount=20")
    assert (top.status, "is not measured yet. Wait a moment, and look again." in top.words) == (422, True)
    before = answers_of(user, row).get("features", {})
    browser.follow(browser.press(browser.get(f"{path}?q=gauge_9&order=name"), "Leave out all 1,111"))
    assert answers_of(user, row)["features"]["rules"] == [{"mode": "leave_out", "word": "gauge_9"}]
    after = browser.follow(browser.press(browser.get(path), "Undo last change"))
    assert len(after.response.data) <= MOST_BYTES
    assert answers_of(user, row).get("features", {}) == before
    with pytest.raises(DomainError, match="A matrix of 10,001 columns is more than the 2,000"):
        correlations.matrix_for(dataset)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"rain,flow\n1,2\n2,1\n", id="two rows"),
        pytest.param(b"site,unit,flow\n" + b"7,mm,3\n" * 40, id="all constant"),
    ],
)
def test_next_to_nothing_is_a_page_all_the_same(browser: Browser, user: User, content: bytes) -> None:
    row = draft_on(user, upload(user, content), target="flow")
    path = step_path(row, "features")
    for address in (path, *(f"{path}/correlations?view={view}" for view in ("target", "matrix", "pairs", "clusters"))):
        assert browser.get(address).status == 200, address


def test_a_target_that_vanished_gives_way_to_one_that_is_there(browser: Browser, user: User) -> None:
    random = np.random.default_rng(1)
    lines = "".join(f"{a:.3f},{b:.3f}\n" for a, b in random.normal(size=(40, 2)))
    row = draft_on(user, upload(user, f"rain,flow\n{lines}".encode()), target="flow")
    other = upload(user, f"rain,level\n{lines}".encode(), "other.csv")
    drafts.save_answers(
        user, row.id, step="data", changes={"dataset_id": str(other.id)}, version=drafts.get_draft(user, row.id).version
    )
    page = browser.get(step_path(row, "features"))
    assert page.status == 200
    assert "With level, strongest first" in page.words
    assert "flow" not in page.words
