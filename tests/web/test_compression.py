"""Compressed answers: smaller, the same, and silent about what must not be guessed from their size."""

from __future__ import annotations

import gzip
import re
import subprocess
import sys
from pathlib import Path

import brotli
import pytest
from flask import Flask

from app.services.accounts import accounts
from app.storage.tables import Dataset, User
from app.web import csrf, static_files
from app.web.compression import UNCOMPRESSED_ENDPOINTS
from tests.web import seeds
from tests.web.client import Browser, Page

ROOT = Path(__file__).resolve().parents[2]
UNPACK = {"br": brotli.decompress, "gzip": gzip.decompress, None: bytes}
MASKED = re.compile(r'name="csrf_token" value="([^"]+)"|X-CSRFToken&#34;: &#34;([^&]+)|"X-CSRFToken": "([^"]+)"')


def _asked(browser: Browser, path: str, accepts: str, **headers: str) -> tuple[str | None, bytes, Page]:
    """Return the encoding of an answer and its body as it was before."""
    page = browser.get(path, headers={"Accept-Encoding": accepts, **headers})
    body, encoding = page.response.get_data(), page.response.headers.get("Content-Encoding")
    assert int(page.response.headers["Content-Length"]) == len(body)
    return encoding, UNPACK[encoding](body), page


def _without_tokens(body: bytes) -> str:
    return MASKED.sub("", body.decode())


def _tokens(body: bytes) -> set[str]:
    return {next(filter(None, result)) for result in MASKED.findall(body.decode())}


def _address(app: Flask, name: str) -> str:
    with app.test_request_context():
        return str(app.jinja_env.globals["static_file"](name))  # type: ignore[operator]


@pytest.mark.parametrize(("accepts", "encoding"), [("gzip, deflate, br", "br"), ("gzip", "gzip"), ("", None)])
def test_static_files_come_in_the_smallest_form(
    app: Flask, browser: Browser, accepts: str, encoding: str | None
) -> None:
    for name in ("css/components.css", "js/app.js", "vendor/chart.js-4.6.1/chart.umd.min.js"):
        result, body, page = _asked(browser, _address(app, name), accepts)
        assert result == encoding
        assert page.response.headers["Vary"] == "Accept-Encoding"
        with app.open_resource(f"static/{name}") as handle:
            assert body == handle.read()
        if encoding is not None:
            assert len(page.response.get_data()) < len(body) / 2.5


def test_a_compressed_copy_follows_its_content(tmp_path: Path) -> None:
    path = tmp_path / "a.css"
    for content in (b"a{}" * 500, b"b{}" * 500):
        path.write_bytes(content)
        for encoding, copy in static_files.compressed_copies(path).items():
            assert UNPACK[encoding](Path(copy).read_bytes()) == content
            Path(copy).unlink()
    assert static_files.compressed_copies(tmp_path / "LICENSE.txt") == {}


def test_a_full_disk_leaves_static_files_uncompressed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(static_files, "_copies_folder", lambda: Path("/dev/full"))
    path = tmp_path / "a.css"
    path.write_bytes(b"a{}" * 500)
    assert static_files.compressed_copies(path) == {}


def test_copies_are_kept_elsewhere_where_python_keeps_nothing() -> None:
    code = (
        "import sys; sys.dont_write_bytecode = True; from app.web import static_files as s; print(s._copies_folder())"
    )
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert "hydroml-static-" in process.stdout
    assert not Path(process.stdout.strip()).exists(), "it goes with its process"


@pytest.mark.parametrize(("accepts", "encoding"), [("gzip, deflate, br", "br"), ("gzip;q=1, br;q=0", "gzip")])
def test_pages_are_compressed_and_the_same(browser: Browser, accepts: str, encoding: str) -> None:
    for path in ("/help", "/experiments", "/account", "/datasets"):
        plain, page = _asked(browser, path, ""), _asked(browser, path, accepts)
        assert (plain[0], page[0]) == (None, encoding)
        assert _without_tokens(page[1]) == _without_tokens(plain[1])
        for answer in (plain, page):
            assert {"Accept-Encoding", "HX-Request"} <= set(answer[2].response.vary)


def test_json_is_compressed_and_small_answers_are_not(browser: Browser, sample: Dataset) -> None:
    assert _asked(browser, f"/api/datasets/{sample.id}/preview/?limit=50", "br")[0] == "br"
    for path in ("/health/live", "/api/nothing/", "/"):
        assert _asked(browser, path, "br")[0] is None


def test_a_file_to_keep_is_handed_out_as_it_is(app: Flask, user: User, browser: Browser) -> None:
    experiment = seeds.finish(app, user)
    page = browser.get(f"/experiments/{experiment.id}/predictions.csv", headers={"Accept-Encoding": "br"})
    assert "Content-Encoding" not in page.response.headers


@pytest.mark.parametrize(
    ("headers", "compressed"),
    [
        ({}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Origin": "https://evil.example"}, False),
    ],
    ids=str,
)
def test_what_another_site_asks_for_is_not_compressed(
    browser: Browser, headers: dict[str, str], compressed: bool
) -> None:
    assert (_asked(browser, "/datasets", "br", **headers)[0] == "br") is compressed


def test_a_page_with_a_one_time_code_is_not_compressed(app: Flask, user: User) -> None:
    for code in (accounts.make_sign_in_link(user.email), "no-such-code"):
        page = Browser(app).get(f"/sign-in/{code}", headers={"Accept-Encoding": "br, gzip"})
        assert "Content-Encoding" not in page.response.headers


def test_every_route_with_a_secret_in_its_address_is_named(app: Flask) -> None:
    secret = {rule.endpoint for rule in app.url_map.iter_rules() if rule.arguments & {"code", "token", "secret"}}
    assert secret == UNCOMPRESSED_ENDPOINTS


def test_the_token_has_another_mask_in_each_answer(browser: Browser) -> None:
    bodies = [_asked(browser, "/account", "br")[1] for _ in range(5)]
    tokens = [_tokens(body) for body in bodies]
    assert [len(results) for results in tokens] == [1] * 5
    masked = [results.pop() for results in tokens]
    plain = {csrf.unmask(token) for token in masked}
    assert len(plain) == 1
    runs = [{token[position : position + 6] for position in range(len(token) - 5)} for token in masked]
    assert all(not (run & other) for index, run in enumerate(runs) for other in runs[:index])
    (token,) = plain
    assert all(
        token[position : position + 6].encode() not in body for body in bodies for position in range(len(token) - 5)
    )


def test_each_masked_token_is_taken_and_the_bare_one_is_not(browser: Browser) -> None:
    masked = [browser.get("/account").token for _ in range(3)]
    for token in masked:
        assert browser.post("/account/theme", {"csrf_token": token, "theme": "dark"}).status == 303
    bare = csrf.unmask(masked[0])
    assert bare
    for token in (bare, masked[0][:-4], masked[0][::-1], "", "ü", "=" * 40, "A" * 40):
        assert browser.post("/account/theme", {"csrf_token": token, "theme": "dark"}).status == 400, token


def test_a_right_guess_makes_an_answer_no_smaller(app: Flask) -> None:
    stranger = Browser(app)
    token = csrf.unmask(stranger.get("/sign-in").token)
    half = len(token) // 2

    def mean_size(guess: str) -> float:
        sizes = [
            len(stranger.get(f"/sign-in?next=/{guess}", headers={"Accept-Encoding": "gzip"}).response.get_data())
            for _ in range(40)
        ]
        return sum(sizes) / len(sizes)

    # A repeated run of 45 letters would save some 30 bytes; the mask itself moves the size by about two.
    assert abs(mean_size(token[:half]) - mean_size(token[:half][::-1])) < 4
