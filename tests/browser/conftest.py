"""The real product: `hydroml up` in a folder of its own, and Chromium driven as a person would drive it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.browser.walk import Walk

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
READY = re.compile(r"HydroML is ready: (http://[^\s]+/sign-in/\S+)")


def chromium_path() -> str | None:
    """Return the Chromium to use, or None where there is none."""
    named = os.environ.get("HYDROML_CHROMIUM")
    return named or next((path for name in ("chromium", "chromium-browser") if (path := shutil.which(name))), None)


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Product:
    """A running HydroML."""

    url: str
    data: Path
    process: subprocess.Popen[str]
    log: list[str] = field(default_factory=list)
    link: str = ""
    reader: threading.Thread | None = None

    def listen(self) -> None:
        """Go on reading what it says, so that it never waits for us."""

        def read() -> None:
            assert self.process.stdout is not None
            self.log.extend(self.process.stdout)

        self.reader = threading.Thread(target=read, daemon=True)
        self.reader.start()


def start_product(data: Path) -> tuple[Product, str]:
    """Start `hydroml up` and wait for its last line; returns the product and its one-time link."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "app.cli", "up", "--port", str(port), "--data", str(data)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    product = Product(f"http://127.0.0.1:{port}", data, process)
    assert process.stdout is not None
    for line in process.stdout:
        product.log.append(line)
        if match := READY.search(line):
            product.listen()
            return product, match.group(1)
    process.stdout.close()
    raise AssertionError("hydroml up ended before it was ready:\n" + "".join(product.log))


def stop_product(product: Product) -> None:
    """End it as Ctrl-C would."""
    product.process.send_signal(signal.SIGTERM)
    try:
        product.process.wait(30)
    except subprocess.TimeoutExpired:
        product.process.kill()
        raise
    finally:
        if product.reader is not None:
            product.reader.join(10)
        if product.process.stdout is not None:
            product.process.stdout.close()


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """One running product for all browser tests, with its first admin signed up."""
    if chromium_path() is None:
        pytest.skip("no browser could be had: Chromium is neither on PATH nor named by HYDROML_CHROMIUM")
    started, link = start_product(tmp_path_factory.mktemp("product"))
    started.link = link
    yield started
    stop_product(started)


@pytest.fixture(scope="session")
def playwright(product: Product) -> Iterator[Any]:
    """What drives the browsers; there can be one at a time."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="session")
def browser(playwright: Any) -> Iterator[Any]:
    """Chromium."""
    chromium = playwright.chromium.launch(executable_path=chromium_path(), args=CHROMIUM_ARGUMENTS)
    yield chromium
    chromium.close()


# htmx calls it an error that a request ends with its page, which every poll does that is under way when a page is left.
# It names each end of a request that has no answer twice; what tells an abort from a fault is the other name.
ABORTED = ("htmx:sendAbort", "htmx:afterRequest")


@dataclass
class Watched:
    """A page, and what its console and its security policy complained about."""

    page: Any
    complaints: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def expect(self, *words: str) -> None:
        """Say which complaints this test brings about, by words that stand in them."""
        self.expected.extend(words)

    @property
    def unexpected(self) -> list[str]:
        """What was complained about and is nobody's intention."""
        known = (*ABORTED, *self.expected)
        return [text for text in self.complaints if not any(word in text for word in known)]


@contextmanager
def watched_page(browser: Any, url: str, **context: Any) -> Iterator[Watched]:
    """Open a page in a context of its own; errors of its console and requests to anywhere else fail the test."""
    opened = browser.new_context(base_url=url, reduced_motion="reduce", **context)
    watched = Watched(opened.new_page())
    complain = watched.complaints.append
    watched.page.on("console", lambda message: complain(message.text) if message.type == "error" else None)
    watched.page.on("pageerror", lambda error: complain(str(error)))
    watched.page.on(
        "request",
        lambda request: (
            None if request.url.startswith((url, "data:", "blob:")) else complain(f"outside: {request.url}")
        ),
    )
    yield watched
    opened.close()
    assert not watched.unexpected, watched.unexpected


@pytest.fixture(scope="session")
def signed_in_state(product: Product, browser: Any) -> dict[str, Any]:
    """The cookies of a browser that signed in with the one-time link of the first start."""
    with watched_page(browser, product.url) as watched:
        Walk(watched.page).sign_in(product.link)
        assert watched.page.url == f"{product.url}/experiments"
        state: dict[str, Any] = watched.page.context.storage_state()
    return state


@pytest.fixture(scope="session")
def finished(product: Product, browser: Any, signed_in_state: dict[str, Any]) -> str:
    """Launch what is suggested for the first sample, once, and return the address of the finished experiment."""
    with watched_page(browser, product.url, storage_state=signed_in_state) as watched:
        walk = Walk(watched.page)
        walk.start_at("Review")
        walk.click("button", "Launch experiment")
        assert walk.wait_for_end(javascript=True) == "Finished"
        return str(watched.page.url)


OpenPage = Callable[..., Watched]


@pytest.fixture
def open_page(product: Product, browser: Any, signed_in_state: dict[str, Any]) -> Iterator[OpenPage]:
    """Open a signed-in page of a given size, with or without JavaScript, that is watched until the test ends."""
    with ExitStack() as stack:

        def make(
            *,
            javascript: bool = True,
            width: int = 1280,
            height: int = 800,
            scheme: str = "light",
            signed_in: bool = True,
        ) -> Watched:
            opened = watched_page(
                browser,
                product.url,
                storage_state=signed_in_state if signed_in else None,
                java_script_enabled=javascript,
                viewport={"width": width, "height": height},
                color_scheme=scheme,
            )
            return stack.enter_context(opened)

        yield make


def wait_until(condition: Callable[[], bool], *, seconds: float, what: str) -> None:
    """Poll a condition until it holds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.2)
    raise AssertionError(f"{what} did not happen within {seconds:g} s")
