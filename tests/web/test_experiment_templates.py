"""The pages of experiment templates without scripts: gallery, detail, mapping, draft, versions, sharing, administration."""

from __future__ import annotations

import io
import json

import pytest
from flask import Flask

from app.services.datasets import samples
from app.services.drafts import draft_summaries
from app.services.experiment_templates import listing, versions
from app.services.experiment_templates.edits import TemplateEdit
from app.services.experiment_templates.listing import TemplateSearch
from app.storage.tables import Dataset, ExperimentTemplate, User
from app.web import uploads
from tests.services.tables import upload
from tests.web.client import Browser, Page, draft_on_sample

URL = "/experiment-templates"


@pytest.fixture
def browser(app: Flask, user: User) -> Browser:
    return Browser(app).sign_in(user)


def library(user: User, words: str) -> ExperimentTemplate:
    """Return the first template of the library with these words."""
    return listing.find_templates(user, TemplateSearch(words), limit=1)[0][0]


def own(user: User, **more: object) -> ExperimentTemplate:
    config = {"task": {"target": "flow", "kind": "regression"}, "model": {"estimator": "ridge"}}
    return versions.create_template(user, TemplateEdit(name="Flow of mine", config=config, **more))  # type: ignore[arg-type]


def checked(page: Page, status: int = 200) -> Page:
    assert (page.status, page.syntax_faults) == (status, []), page.words[:500]
    return page


def test_the_gallery_shows_searches_and_sorts(browser: Browser, user: User) -> None:
    page = checked(browser.get(URL))
    assert page.h1 == "Experiment templates"
    assert "Daily streamflow simulated from weather" in page.words
    assert "Needs a number to predict, a daily step, rain, at least 1,500 rows" in page.words
    assert page.form_to(URL).method == "GET"
    result = checked(browser.get(f"{URL}?q=UNGAUGED+basins"))
    assert ("Ungauged basins" in result.words, "Gap filling" in result.words) == (True, False)
    assert "No template matches" in checked(browser.get(f"{URL}?q=%25_")).words
    for sort in ("name", "newest", "odd"):
        checked(browser.get(f"{URL}?sort={sort}&category=Streamflow&tag=daily&page=2"))


def test_every_template_of_the_library_explains_itself(browser: Browser, user: User) -> None:
    templates, total = listing.find_templates(user, TemplateSearch(), limit=50)
    assert total == 11
    for row in templates:
        page = checked(browser.get(f"{URL}/{row.id}"))
        assert page.h1 == row.name
        assert "When to use it" in page.words
        assert "When not to use it" in page.words
        assert "What it fixes" in page.words
        assert "Edit" not in page.buttons


def test_a_file_leads_to_a_launch_in_five_clicks(browser: Browser, user: User) -> None:
    content = b"".join(samples.file_of("piscataquis").read_bytes().splitlines(keepends=True)[:4000])
    start = checked(browser.get("/experiments/new"))
    assert "Start from a template" in start.words
    step = browser.follow(
        browser.send(
            "POST",
            "/experiments/new/upload",
            data={"csrf_token": start.token, "file": (io.BytesIO(content), "river.csv")},
        )
    )
    assert "Start from a template" in checked(step).words
    first = next(element for element in step.tree.iter("a") if "/apply?dataset_id=" in element.get("href", ""))
    mapping = checked(browser.get(str(first.get("href"))))
    assert mapping.h1 == "Use Daily streamflow simulated from weather on river.csv"
    assert "discharge_mm" in mapping.words
    review = browser.follow(browser.press(mapping, "Use it"))
    assert checked(review).h1 == "Review"
    assert "No changes." in review.words
    launched = browser.press(review, "Launch experiment")
    result = checked(browser.follow(launched))
    assert "From the template Daily streamflow simulated from weather, version 1." in result.words
    assert draft_summaries.list_draft_summaries(user, page=1, per_page=9) == ([], 0)


def test_review_says_what_was_changed_since_the_template(browser: Browser, user: User, sample: Dataset) -> None:
    row = library(user, "daily streamflow")
    mapping = browser.get(f"{URL}/{row.id}/apply?dataset_id={sample.id}")
    address = browser.press(mapping, "Use it").goes_to
    step = checked(browser.get(address.replace("review", "validation")))
    browser.press(step, "Continue", {"time_series.gap": "21"})
    review = checked(browser.get(address))
    assert "Changed since the template" in review.words
    assert "21 days" in review.words


def test_a_draft_is_saved_as_a_template_and_as_its_next_version(browser: Browser, user: User) -> None:
    draft = draft_on_sample(user)
    form = checked(browser.get(f"{URL}/new?draft={draft.id}"))
    made = browser.follow(browser.press(form, "Save template", {"name": "Mine", "tags": "daily, small"}))
    assert checked(made).h1 == "Mine"
    template = listing.find_templates(user, TemplateSearch(owned=True), limit=1)[0][0]
    used = browser.press(browser.get(f"{URL}/{template.id}/apply?dataset_id={draft.dataset_id}"), "Use it")
    model = browser.get(used.goes_to.replace("review", "model"))
    browser.press(model, "Continue", {"estimator": "ridge"})
    again = checked(browser.get(f"{URL}/new?{used.goes_to.split('/')[-2].join(('draft=', ''))}"))
    stored = browser.follow(browser.press(again, "Save template", {"save_as": "version", "comment": "Plain ridge."}))
    assert "Plain ridge." in checked(stored).words
    differs = checked(browser.get(f"{URL}/{template.id}/diff?from=1&to=2"))
    assert "Ridge" in differs.words
    restored = browser.follow(browser.press(stored, "Restore version 1"))
    assert "Version 1 restored." in restored.words


def test_a_mapping_is_checked_and_finished_by_hand(browser: Browser, user: User) -> None:
    row = library(user, "daily streamflow")
    rows = "\n".join(f"2001-{1 + day // 28:02d}-{1 + day % 28:02d},{day % 5},{day % 9},{day % 3}" for day in range(300))
    other = upload(user, f"when,water,wet,warm\n{rows}\n".encode())
    page = checked(browser.get(f"{URL}/{row.id}/apply?dataset_id={other.id}"))
    assert "It does not fit as it is" in page.words
    assert "no column of this dataset looks like it" in page.words
    twice = browser.press(page, "Check again", {"column.0": "wet", "column.1": "wet"})
    assert "is chosen for two columns" in checked(twice, 422).problems()[0][0]
    good = checked(browser.press(page, "Check again", {"column.0": "water", "column.1": "wet"}))
    assert "It does not fit" not in good.words
    assert checked(browser.follow(browser.press(good, "Use it"))).h1 == "Review"


def test_data_are_chosen_on_the_way(browser: Browser, user: User, sample: Dataset) -> None:
    row = library(user, "groundwater head")
    page = checked(browser.get(f"{URL}/{row.id}/apply"))
    mapped = browser.follow(browser.press(page, "Use this sample", {"sample": "kingstown"}))
    assert "head_m" in checked(mapped).words
    assert checked(browser.post(f"{URL}/{row.id}/apply", {"csrf_token": page.token}), 422)
    assert checked(browser.press(page, "Upload file"), 422)


def test_a_stale_form_shows_what_others_saved(browser: Browser, user: User) -> None:
    row = own(user)
    page = checked(browser.get(f"{URL}/{row.id}/edit"))
    first = browser.press(page, "Save next version", {"name": "Renamed", "min_rows": "500"})
    assert checked(browser.follow(first)).h1 == "Renamed"
    late = checked(browser.press(page, "Save next version", {"name": "Late", "comment": "Mine"}), 409)
    assert "Name: Flow of mine \u2192 Renamed" in late.words
    assert late.form_to("/edit").values["name"] == ["Late"]
    saved = browser.follow(browser.press(late, "Save next version"))
    assert saved.h1 == "Late"
    stored = listing.find_templates(user, TemplateSearch(owned=True), limit=1)[0][0]
    assert versions.newest_content(stored).requirements.edited == ("min_rows",)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": "x" * 10_000}, "#f-name"),
        ({"name": ""}, "#f-name"),
        ({"tags": "x" * 60}, "#f-tags"),
        ({"people": "nobody@example.org"}, "#f-people"),
        ({"min_rows": "many"}, "#f-min-rows"),
        ({"comment": "x" * 501}, "#f-comment"),
    ],
)
def test_a_form_that_does_not_fit_keeps_what_was_typed(
    browser: Browser, user: User, change: dict[str, str], field: str
) -> None:
    row = own(user)
    page = browser.get(f"{URL}/{row.id}/edit")
    refusal = checked(browser.press(page, "Save next version", {"description": "Kept", **change}), 422)
    assert refusal.problems()[0][1] == field
    assert refusal.form_to("/edit").values["description"] == ["Kept"]


def test_a_template_is_duplicated_archived_and_restored(browser: Browser, user: User) -> None:
    copied = browser.follow(browser.press(browser.get(f"{URL}/{library(user, 'gap').id}"), "Duplicate"))
    assert checked(copied).h1 == "Gap filling (copy)"
    archived = browser.follow(browser.press(copied, "Archive"))
    assert "No list shows it." in checked(archived).words
    assert "Gap filling (copy)" not in browser.get(URL).words
    assert "Gap filling (copy)" in browser.get(f"{URL}?archived=1").words
    restored = browser.follow(browser.press(archived, "Restore"))
    assert "Use this template" in restored.words


def test_a_template_travels_as_a_file(browser: Browser, user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    exported = browser.get(f"{URL}/{own(user).id}/template.json")
    assert exported.response.headers["Content-Disposition"] == "attachment; filename=flow-of-mine-template.json"
    page = browser.get(URL)

    def take(content: bytes) -> Page:
        data = {"csrf_token": page.token, "file": (io.BytesIO(content), "t.json")}
        return browser.send("POST", f"{URL}/import", data=data)

    usage = take(exported.response.get_data())
    assert usage.goes_to, usage.words
    assert browser.follow(usage).h1 == "Flow of mine"
    broken = json.loads(exported.text)
    broken["versions"][0]["version"] = 3
    refusal = checked(take(json.dumps(broken).encode()), 422)
    assert refusal.problems()[0][0].startswith("The history is broken: version 1 is missing")
    assert checked(take(b"name,value\n1,2\n"), 422).problems() == [("This is no exported template.", "#f-file")]
    assert checked(take(b""), 422).problems() == [("Choose a file first.", "#f-file")]
    monkeypatch.setattr(uploads, "MAX_IN_MEMORY_BYTES", 5000)
    assert checked(take(b"[" + b"1," * 9000 + b"1]"), 413)


def test_sharing_decides_who_sees_a_template(app: Flask, browser: Browser, user: User, other_user: User) -> None:
    private, public = own(user), own(user, visibility="everyone")
    named = own(user, visibility="people", people=(other_user.email,))
    other = Browser(app).sign_in(other_user)
    assert [other.get(f"{URL}/{row.id}").status for row in (private, public, named)] == [404, 200, 200]
    assert [other.get(f"{URL}/{row.id}/edit").status for row in (private, public, named)] == [404, 403, 403]
    assert other.get(f"{URL}?q=mine").words.count("Flow of mine") == 2
    anonymous = Browser(app).get(f"{URL}/{public.id}")
    assert anonymous.goes_to.startswith("/sign-in")


def test_administrators_curate_transfer_retire_and_undo(
    app: Flask, browser: Browser, user: User, other_user: User, admin: User
) -> None:
    row = own(user)
    boss, address = Browser(app).sign_in(admin), f"/admin{URL}/{row.id}"
    assert browser.get(f"/admin{URL}").status == 404
    assert browser.get(address).status == 404
    assert "Flow of mine" in checked(boss.get(f"/admin{URL}?q=mine")).words
    page = checked(boss.get(address))
    page = boss.follow(boss.press(page, "Feature"))
    page = boss.follow(boss.press(page, "Take into the library"))
    assert "Flow of mine" in Browser(app).sign_in(other_user).get(URL).words
    page = boss.follow(boss.press(page, "Transfer", {"email": other_user.email}))
    assert "Owned by Ben" in checked(page).words
    page = boss.follow(boss.press(page, "Undo the last act"))
    assert "Owned by Ada" in page.words
    refusal = boss.press(page, "Transfer", {"email": "nobody@example.org"})
    assert checked(refusal, 422).problems()[0][1] == "#f-email"
    successor = library(user, "daily streamflow")
    page = boss.follow(boss.press(page, "Retire", {"successor": f"http://here{URL}/{successor.id}"}))
    assert successor.name in checked(browser.get(f"{URL}/{row.id}")).words
    odd = boss.press(boss.follow(boss.press(page, "Bring back into use")), "Retire", {"successor": "none such"})
    assert checked(odd, 422).problems()[0][1] == "#f-successor"
