"""Signing in by a link, ending sessions and signing out, in a real browser."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.browser.axe import violations
from tests.browser.conftest import Product, watched_page
from tests.browser.walk import Walk
from tests.launch.conftest import hydroml

pytestmark = pytest.mark.browser
KEPT = "() => Object.keys(localStorage)"


@pytest.fixture
def email() -> str:
    return f"{uuid.uuid4().hex[:8]}@example.org"


@pytest.fixture
def link(product: Product, email: str) -> str:
    """Return the one-time link of a new member."""
    process = hydroml("user", "add", email, environment={"HYDROML_DATA": str(product.data)})
    assert process.returncode == 0, process.stderr
    return process.stdout.strip()


@pytest.fixture
def open_stranger(product: Product, browser: Any) -> Iterator[Callable[..., Any]]:
    """Open a page of somebody who is not signed in, watched until the test ends."""
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(watched_page(browser, product.url, **options)).page


@pytest.mark.parametrize(
    "javascript", [pytest.param(True, id="javascript"), pytest.param(False, id="no-javascript", marks=pytest.mark.slow)]
)
def test_a_link_is_pressed_and_another_session_ended(
    product: Product, open_stranger: Callable[..., Any], link: str, email: str, javascript: bool
) -> None:
    scheme = "dark" if javascript else "light"
    page = open_stranger(java_script_enabled=javascript, color_scheme=scheme)
    page.goto(link)
    assert page.locator("button").count() == 1
    if javascript:
        assert violations(page) == []
    Walk(page).sign_in(link)
    page.get_by_text("set a password").wait_for()
    again = hydroml("user", "sign-in-link", email, environment={"HYDROML_DATA": str(product.data)})
    other = open_stranger()
    Walk(other).sign_in(again.stdout.strip())
    page.set_viewport_size({"width": 375, "height": 800})
    page.goto(f"{product.url}/account")
    if javascript:
        assert violations(page) == []
    ends = page.get_by_role("button", name=re.compile("^End "))
    assert ends.count() == 2
    page.locator("li").filter(has_not_text="this browser").get_by_role("button", name=re.compile("^End ")).click()
    page.get_by_text("The session has ended.").wait_for()
    page.wait_for_load_state()
    assert ends.count() == 1
    other.goto(f"{product.url}/account")
    assert "/sign-in" in other.url


def test_signing_out_leaves_no_unsent_answers_in_the_browser(
    product: Product, open_stranger: Callable[..., Any], link: str
) -> None:
    page = open_stranger()
    Walk(page).sign_in(link)
    page.evaluate(
        "() => { localStorage.setItem('hydroml-unsent:/experiments/drafts/1/data', '[]');"
        " localStorage.setItem('another', 'x'); }"
    )
    page.goto(f"{product.url}/account")
    assert len(page.evaluate(KEPT)) == 2
    page.locator("summary", has_text="Account and theme").click()
    page.get_by_role("button", name="Sign out").click()
    page.locator("h1", has_text="Sign in").wait_for()
    assert page.evaluate(KEPT) == []


def test_the_script_forgets_unsent_answers_by_itself(
    product: Product, open_stranger: Callable[..., Any], link: str
) -> None:
    """Browsers follow the header of signing out on trustworthy addresses alone; the script has to do without."""
    page = open_stranger()
    Walk(page).sign_in(link)
    page.evaluate("() => localStorage.setItem('hydroml-unsent:/experiments/drafts/1/data', '[]')")
    page.evaluate("() => document.addEventListener('submit', (event) => event.preventDefault())")
    page.locator("summary", has_text="Account and theme").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_function("() => Object.keys(localStorage).length === 0")
