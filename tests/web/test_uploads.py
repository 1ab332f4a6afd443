"""Files over HTTP: a good one becomes a dataset, and a bad one leaves nothing behind."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app.domain.vocabulary import DatasetState, JobKind
from app.services.datasets import datasets
from app.storage import jobs
from app.storage.tables import Dataset, User
from tests.services.tables import SMALL, with_limits
from tests.web.client import Browser, Page, draft_on_sample, everything, fresh, step_path

EVIL = "<img src=x onerror=alert(1)>"
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 200
DRAFT = "/experiments/drafts/<id>/data/upload"
ROUTES = ["/experiments/new/upload", "/datasets/upload", DRAFT]
ONE_PAGE = "/experiments/new/single-page/upload"
RAGGED = b"date,flow,rain\n" + b"".join(
    b"2020-01-%02d,1.%d,0.2%s\n" % (position, position, b",9" * (position % 3 == 0)) for position in range(1, 25)
)


@pytest.fixture
def send(app: Flask, browser: Browser, user: User) -> Callable[..., Page]:
    """Return a way to send files to a route, which makes the draft first where the route needs one."""
    draft = draft_on_sample(user)
    browser.get(step_path(draft, "data"))

    def sent(route: str, *parts: tuple[bytes, str], htmx: bool = False, name: str = "file", **more: Any) -> Page:
        path = route.replace("<id>", str(draft.id))
        files = [(io.BytesIO(content), file_name) for content, file_name in parts]
        form = {"csrf_token": browser.get("/account").token, name: files, **more}
        return browser.post(path, form, htmx=htmx, content_type="multipart/form-data")

    return sent


def kept(app: Flask) -> tuple[list[str], dict[str, list[tuple[str, ...]]]]:
    """Return every file of the data folder but the database's own, and every row that a file could leave."""
    data: Path = app.extensions["hydroml_settings"].data
    files = sorted(str(path.relative_to(data)) for path in data.rglob("*") if path.is_file())
    # The lock that readings of originals take holds nothing.
    # Nor does the audit trail hold anything of a file: it tells that somebody signed in.
    rows = everything(but="web_sessions")
    rows.pop("audit_entries", None)
    others = ("originals/.held", "audit/")
    return [name for name in files if "sqlite3" not in name and not name.startswith(others)], rows


def newest(user: User) -> Dataset:
    fresh()
    return datasets.list_datasets(user)[0]


@pytest.mark.parametrize("htmx", [False, True], ids=["page", "fragment"])
@pytest.mark.parametrize("route", ROUTES)
def test_a_good_file_becomes_a_dataset(
    app: Flask, browser: Browser, user: User, send: Callable[..., Page], route: str, htmx: bool
) -> None:
    answer = send(route, (SMALL.encode(), "river.csv"), htmx=htmx)
    row = newest(user)
    assert (answer.status, row.name, row.state, row.rows) == (204 if htmx else 303, "river.csv", "ready", 300)
    page = browser.follow(answer)
    assert (page.status, page.h1) == (200, "river.csv" if route == "/datasets/upload" else "Data")
    assert "300 read, 300 kept, 0 rejected" in page.words
    left = [name for name in kept(app)[0] if name.startswith(("incoming", "datasets"))]
    assert left == [f"datasets/{row.id}/{name}" for name in ("data.parquet", "hashes.json", "profile.json")]


def test_a_good_file_by_the_forms_of_the_pages_themselves(browser: Browser, user: User) -> None:
    file = {"file": (io.BytesIO(SMALL.encode()), "river.csv")}
    page = browser.follow(browser.press(browser.get("/experiments/new"), "Upload file", file))
    assert page.value_of("target") == ["flow"]
    again = {"file": (io.BytesIO(gzip.compress(SMALL.encode())), "river.csv.gz")}
    page = browser.follow(browser.press(page, "Upload file", again))
    assert "river.csv.gz" in page.words
    assert [row.name for row in datasets.list_datasets(user)] == ["river.csv.gz", "river.csv"]


BAD: list[tuple[bytes, str, int, str]] = [
    (b"", "empty.csv", 422, "The file is empty."),
    (b"<!doctype html><html><body>Sign in</body></html>", "login.csv", 422, "This is a web page, not a table."),
    (b"a,b\n", "heads.csv", 422, "no rows"),
    (PNG, "picture.csv", 415, "This is a PNG picture."),
    (b"PK\x03\x04xl/workbook.xml", "book.xlsx", 422, "damaged"),
    (b'{"a": {"b": {"c": 1}}}', "table.json", 422, ""),
    (gzip.compress(SMALL.encode())[:-9], "half.csv.gz", 422, "The gzip file is damaged"),
    (gzip.compress(gzip.compress(b"a,b\n1,2\n")), "twice.csv.gz", 415, "gzip inside a gzip"),
    (gzip.compress(b"a,b\n" + b"1,2\n" * 3_000_000), "bomb.csv.gz", 413, "when unpacked"),
]


@pytest.mark.parametrize(
    ("route", "content", "name", "status", "sentence"),
    [*((DRAFT, *case) for case in BAD), *((route, *BAD[position]) for route in ROUTES[:2] for position in (0, 3, 8))],
    ids=lambda value: value if isinstance(value, str) and "." in value else "",
)
def test_a_bad_file_is_refused_with_a_sentence_and_leaves_nothing(
    app: Flask, send: Callable[..., Page], route: str, content: bytes, name: str, status: int, sentence: str
) -> None:
    before = kept(app)
    page = send(route, (content, name))
    assert page.status == status
    ((words, link),) = page.problems()
    assert sentence in words
    assert page.element(link.removeprefix("#")).get("aria-invalid") == "true"
    assert kept(app) == before


@pytest.mark.parametrize(
    ("route", "content", "status"),
    [
        (DRAFT, b"", 422),
        (DRAFT, PNG, 415),
        *((route, b"", 422) for route in ROUTES[:2]),
    ],
)
def test_a_bad_file_sent_by_htmx_is_answered_where_its_form_stands(
    send: Callable[..., Page], route: str, content: bytes, status: int
) -> None:
    page = send(route, (content, "river.csv"), htmx=True)
    assert page.status == status
    assert not page.text.startswith("<!doctype html>")
    # Only 409 and 422 are put where the form asks; all else goes to the notice unless the answer says where.
    assert status == 422 or page.response.headers["HX-Retarget"] == "#wizard"


@pytest.mark.parametrize(
    "path",
    [
        "/experiments/new",
        "/experiments/drafts/<id>/data",
        "/datasets",
    ],
)
def test_the_place_where_htmx_puts_the_answer_to_a_file_is_on_the_page(browser: Browser, user: User, path: str) -> None:
    page = browser.get(path.replace("<id>", str(draft_on_sample(user).id)))
    (target,) = {form.get("hx-target", "") for form in page.tree.iter("form") if form.get("data-upload") is not None}
    assert page.has(target.removeprefix("#"))


def test_a_file_may_be_the_beginning_on_one_page(browser: Browser, send: Callable[..., Page]) -> None:
    page = browser.follow(send(ONE_PAGE, (SMALL.encode(), "river.csv")))
    assert page.h1 == "All on one page"


@pytest.mark.parametrize("route", [*ROUTES, ONE_PAGE])
def test_a_file_of_many_rows_that_do_not_fit_is_read_without_them_by_one_button(
    app: Flask, browser: Browser, user: User, send: Callable[..., Page], route: str
) -> None:
    refusal = send(route, (RAGGED, "ragged.csv"))
    assert refusal.status == 422
    assert "8 of 24 rows do not fit 3 columns; the first is line 4" in refusal.problems()[0][0]
    waiting = newest(user)
    assert browser.get(f"/datasets/{waiting.id}").words.count("Read it without those rows") == 1
    page = browser.follow(browser.press(refusal, "Read it without those rows"))
    row = newest(user)
    assert (row.id, row.state, row.rows) == (waiting.id, "ready", 16)
    if route != ONE_PAGE:
        assert "16 of 24 rows kept" in page.words
        assert "24 read, 16 kept, 8 rejected." in page.words
        assert "It has 4 cells; the table has 3 columns." in page.words
    again = browser.press(refusal, "Read it without those rows")
    assert "does not wait to be read in part any more" in again.words


def test_a_refused_file_waits_once_and_goes_when_it_is_deleted(
    app: Flask, browser: Browser, user: User, send: Callable[..., Page]
) -> None:
    before = kept(app)[0]
    for _ in range(2):
        send("/datasets/upload", (RAGGED, "ragged.csv"))
    (row,) = (dataset for dataset in datasets.list_datasets(user) if dataset.state == "failed")
    datasets.delete_dataset(user, row.id)
    assert kept(app)[0] == before


@pytest.mark.parametrize("route", ROUTES)
def test_a_bad_file_leaves_a_draft_on_the_data_it_had(browser: Browser, send: Callable[..., Page], route: str) -> None:
    send(route, (PNG, "picture.csv"))
    (link,) = {
        element.get("href", "")
        for element in browser.get("/experiments").tree.iter("a")
        if "/drafts/" in element.get("href", "") and not element.get("href", "").endswith("/discard")
    }
    assert browser.get(f"{link}/data").value_of("target") == ["discharge_mm"]


def raw(token: str, content: bytes, name: str) -> dict[str, Any]:
    """Return a form with one file as some program writes it, byte by byte."""
    head = 'Content-Disposition: form-data; name="csrf_token"\r\n\r\n' + token
    file = f'Content-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    body = f"--line\r\n{head}\r\n--line\r\n{file}".encode() + content + b"\r\n--line--\r\n"
    return {"data": body, "content_type": "multipart/form-data; boundary=line"}


@pytest.mark.parametrize("route", ROUTES)
def test_a_file_that_is_too_large_is_refused_before_it_is_read(
    app: Flask, browser: Browser, user: User, route: str
) -> None:
    path = route.replace("<id>", str(draft_on_sample(user).id))
    with_limits(app, upload_mb=1)
    form = raw(browser.get("/account").token, b"a,b\n" + b"1,2\n" * 400_000, "long.csv")
    before = kept(app)
    page = browser.send("POST", path, **form)
    assert page.status == 413
    assert "The file is larger than 1 MB. HYDROML_LIMIT_UPLOAD_MB raises the limit." in page.words
    assert kept(app) == before


@pytest.mark.parametrize("route", ["/experiments/new/upload", "/datasets/upload"])
def test_a_file_that_does_not_say_how_long_it_is_is_cut_off_at_the_limit(
    app: Flask, browser: Browser, route: str
) -> None:
    with_limits(app, upload_mb=1)
    form = raw(browser.get("/account").token, b"a,b\n" + b"1,2\n" * 800_000, "long.csv")
    before = kept(app)
    endless = {"wsgi.input": io.BytesIO(form["data"]), "wsgi.input_terminated": True}
    page = browser.send("POST", route, content_type=form["content_type"], environ_overrides=endless)
    assert page.status == 413
    assert kept(app) == before


def test_a_form_that_is_too_large_is_refused_where_no_file_is_taken(app: Flask, browser: Browser) -> None:
    before = kept(app)
    body = f"email=ada%40example.org&csrf_token={browser.get('/account').token}&name={'n' * 2_000_000}".encode()
    page = browser.send("POST", "/account/profile", data=body, content_type="application/x-www-form-urlencoded")
    assert page.status == 413
    assert "larger than the server accepts" in page.words
    assert kept(app) == before


@pytest.mark.parametrize("route", ROUTES)
def test_two_files_at_once_are_refused(app: Flask, send: Callable[..., Page], route: str) -> None:
    before = kept(app)
    for more in ({}, {"other": (io.BytesIO(b"c,d\n3,4\n"), "second.csv")}):
        parts = [(b"a,b\n1,2\n", "one.csv")] * (1 if more else 2)
        page = send(route, *parts, **more)
        assert page.status == 422
        assert "Send one file at a time." in page.words
    assert kept(app) == before


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize(
    ("parts", "name"),
    [([], "file"), ([(b"", "")], "file"), ([(b"a,b\n1,2\n", "x.csv")], "another"), ([(b"a,b\n1,2\n", "/")], "file")],
    ids=["nothing", "an empty field", "another field", "a name of nothing"],
)
def test_no_file_is_asked_for(
    app: Flask, send: Callable[..., Page], route: str, parts: list[tuple[bytes, str]], name: str
) -> None:
    before = kept(app)
    page = send(route, *parts, name=name)
    assert page.status == 422
    assert page.problems() == [("Choose a file first.", "#f-file")]
    assert kept(app) == before


@pytest.mark.parametrize("path", ["/account/theme", "/account/profile", "/experiments/new/sample", "/sign-out"])
def test_a_form_without_a_file_field_takes_none(app: Flask, browser: Browser, path: str) -> None:
    before = kept(app)
    form = {"csrf_token": browser.get("/account").token, "file": (io.BytesIO(b"a,b\n1,2\n"), "x.csv")}
    page = browser.post(path, form)
    assert page.status == 422
    assert "This form takes no files." in page.words
    assert kept(app) == before


def test_nothing_of_a_file_stays_when_nobody_is_signed_in_or_the_token_is_missing(app: Flask, browser: Browser) -> None:
    before = kept(app)
    for sender, status in ((Browser(app), 303), (browser, 400)):
        for route in ("/experiments/new/upload", "/datasets/upload"):
            page = sender.post(route, {"file": (io.BytesIO(SMALL.encode()), "river.csv")})
            assert page.status == status
    assert kept(app) == before


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("../../etc/passwd.csv", "passwd.csv"),
        ("/etc/../x.csv", "x.csv"),
        ("a" * 300 + ".csv", "a" * 200),
        ("Grundwasser äöü 水.csv", "Grundwasser äöü 水.csv"),
        (".csv", ".csv"),
        (f"{EVIL}.csv", f"{EVIL}.csv"),
    ],
)
def test_the_name_of_a_file_is_a_word_and_no_place(
    app: Flask, user: User, send: Callable[..., Page], given: str, name: str
) -> None:
    assert send("/datasets/upload", (SMALL.encode(), given)).status == 303
    row = newest(user)
    assert (row.name, row.file_name) == (name, name)
    left = [path for path in kept(app)[0] if path.startswith(("incoming", "datasets"))]
    assert left == [f"datasets/{row.id}/{name}" for name in ("data.parquet", "hashes.json", "profile.json")]


@pytest.mark.parametrize("name", ["C:\\flows\\river.csv", "..\\river.csv", "../x\\river.csv"])
def test_the_folders_of_another_system_are_left_out_of_a_name(browser: Browser, user: User, name: str) -> None:
    form = raw(browser.get("/account").token, SMALL.encode(), name.replace("\\", "\\\\"))
    assert browser.send("POST", "/datasets/upload", **form).status == 303
    assert newest(user).name == "river.csv"


def test_a_large_file_is_read_by_a_worker_and_the_page_says_so(
    app: Flask, browser: Browser, user: User, send: Callable[..., Page]
) -> None:
    with_limits(app, inline_read_mb=0)
    answer = send("/experiments/new/upload", (SMALL.encode(), "river.csv"))
    page = browser.follow(answer)
    assert "Reading river.csv" in page.words
    row = newest(user)
    job = jobs.find_job(row.id, JobKind.ANALYSE)
    assert (row.state, job is not None) == (DatasetState.READING.value, True)
    assert "Reading river.csv" in browser.get(f"{answer.goes_to}/reading", htmx=True).words
    datasets.read_dataset(row.id)
    done = browser.get(f"{answer.goes_to}/reading", htmx=True)
    assert (done.status, done.response.headers["HX-Redirect"]) == (204, answer.goes_to)
    assert browser.get(answer.goes_to).value_of("target") == ["flow"]


def test_a_large_file_whose_reading_fails_says_why_on_its_pages(
    app: Flask, browser: Browser, user: User, send: Callable[..., Page]
) -> None:
    with_limits(app, inline_read_mb=0)
    answer = send("/experiments/new/upload", (SMALL.encode(), f"{EVIL}.csv"))
    datasets.fail_dataset(newest(user).id, code="wrong_type", message=f"This is {EVIL}.")
    for path in (answer.goes_to, f"/datasets/{newest(user).id}"):
        page = browser.get(path)
        assert f"This is {EVIL}." in page.words
        assert EVIL not in page.text


@pytest.mark.parametrize("route", ROUTES)
def test_a_large_file_that_is_bad_is_refused_by_its_head(app: Flask, send: Callable[..., Page], route: str) -> None:
    with_limits(app, inline_read_mb=0)
    before = kept(app)
    page = send(route, (PNG, "picture.csv"))
    assert page.status == 415
    ((words, link),) = page.problems()
    assert (words.startswith("This is a PNG picture."), link) == (True, "#f-file")
    assert kept(app) == before


@pytest.mark.parametrize("limit", [{"user_storage_mb": 0}, {"free_disk_mb": 10**9}], ids=str)
def test_without_room_a_file_is_refused_and_nothing_is_kept(
    app: Flask, send: Callable[..., Page], limit: dict[str, int]
) -> None:
    assert send("/datasets/upload", (SMALL.encode(), "first.csv")).status == 303
    with_limits(app, **limit)
    before = kept(app)
    page = send("/datasets/upload", (SMALL.encode(), "second.csv"))
    assert page.status == 507
    assert len(page.problems()) == 1
    assert kept(app) == before
