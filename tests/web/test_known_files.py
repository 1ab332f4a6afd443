"""The page of a dataset of a known kind: what the file says of itself, its flags, and the way back to plain text."""

from __future__ import annotations

import io

from app.domain.analysis.import_options.import_choices import Dialect, ReadingChoices
from app.services.datasets import datasets
from app.storage.tables import User
from app.web import import_options_form
from tests.storage.stations.cases import DATA
from tests.web.client import Browser


def test_page_shows_what_a_logger_says_of_itself(user: User, browser: Browser) -> None:
    content = (DATA / "toa5_ten_minutes.dat").read_bytes()
    start = browser.get("/datasets")
    sent = {"file": (io.BytesIO(content), "weir.dat"), "csrf_token": start.token}
    page = browser.follow(browser.send("POST", "/datasets/upload", data=sent, content_type="multipart/form-data"))
    for text in ("Campbell Scientific TOA5", "Serial number", "1142", "CPU:weir.CR6", "Weir 3"):
        assert text in page.text
    form = page.form_to("/reading/reread")
    assert form.values["reading.format"] == [""]
    press = browser.press(page, "Read the file again", {"reading.format": "=csv"}, to="/reading/reread")
    again = browser.follow(press)
    assert "Delimited text" in again.text
    assert "CPU:weir.CR6" not in again.text.split("How the file was read")[1].split("</section>")[0]
    assert len(datasets.list_datasets(user)) == 2


def test_way_back_is_asked_of_texts_alone() -> None:
    def names(dialect: Dialect, choices: ReadingChoices) -> list[str]:
        panel = import_options_form.panel_of(dialect, choices, address="/x")
        return [choice.name for choice in panel.choices]

    assert "reading.format" in names(Dialect(format="toa5"), ReadingChoices())
    assert "reading.format" in names(Dialect(), ReadingChoices(format="csv"))
    assert "reading.format" not in names(Dialect(), ReadingChoices())
    assert "reading.format" not in names(Dialect(format="waterml"), ReadingChoices())
