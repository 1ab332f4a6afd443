"""The list of drafts: what tells them apart, and pages where there are many."""

from __future__ import annotations

from app.services.datasets import datasets
from app.services.drafts import drafts
from app.storage.tables import DraftRow, User
from tests.services.tables import save
from tests.web.client import Browser, draft_on_sample, words_of


def test_drafts_of_one_file_are_told_apart_by_target_model_and_last_change(
    browser: Browser, draft: DraftRow, user: User
) -> None:
    other = draft_on_sample(user)
    save(user, other, step="data", target="prcp_mm", purpose="forecast", horizon="3", drivers_known_ahead=True)
    save(user, other, step="model", estimator="ridge")
    lines = {words_of(line) for line in browser.get("/experiments").tree.iter("tr")}
    (mine,) = (line for line in lines if "discharge_mm" in line)
    (theirs,) = (line for line in lines if "prcp_mm" in line)
    assert "Boosting and extra trees, averaged" in mine
    assert "discharge_mm Simulation from drivers" in mine
    assert "Ridge" in theirs
    assert "prcp_mm 3 days ahead, the target known until today" in theirs
    assert "UTC estimator" in theirs
    save(user, other, step="review", name="Rain alone")
    assert "Rain alone Piscataquis streamflow" in browser.get("/experiments").words, (
        "a name that was given stands before the file"
    )
    datasets.delete_dataset(user, datasets.list_datasets(user)[0].id)
    assert "Piscataquis streamflow, deleted" in browser.get("/experiments").words
    save(user, draft, step="review", name="  ")
    (link,) = (
        element
        for element in browser.get("/experiments").tree.iter("a")
        if element.get("href", "").endswith(str(draft.id))
    )
    assert words_of(link) == "Piscataquis streamflow", "a blank name is none"


def test_many_drafts_come_in_pages(browser: Browser, user: User) -> None:
    made = [drafts.create_draft(user) for _ in range(11)]
    first, second = browser.get("/experiments"), browser.get("/experiments?drafts=2")
    assert "Page 1 of 2" in first.words
    assert "Page 2 of 2" in second.words
    assert sum(f"/experiments/drafts/{row.id}/discard" in first.text for row in made) == 10
    assert sum(f"/experiments/drafts/{row.id}/discard" in second.text for row in made) == 1
    (left,) = (row for row in made if f"/experiments/drafts/{row.id}/discard" in second.text)
    drafts.discard_draft(user, left.id)
    assert browser.get("/experiments?drafts=2").goes_to == "/experiments"
    assert "Page 1" not in browser.get("/experiments").words
