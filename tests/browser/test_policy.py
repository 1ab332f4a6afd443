"""What swapping in a page must not do: ask for what the security policy refuses."""

from __future__ import annotations

import pytest

from tests.browser.conftest import OpenPage
from tests.browser.walk import Walk

pytestmark = pytest.mark.browser


def test_a_styled_field_is_swapped_without_a_complaint(open_page: OpenPage) -> None:
    """A field that the reader pulled larger carries a style, which must not be copied to the one that follows it."""
    watched = open_page()
    page = watched.page
    Walk(page).start_at("Validation")
    page.locator("#f-seed").evaluate("field => { field.style.height = '90px'; field.dataset.old = '1'; }")
    page.locator("#f-strategy-k-fold").check(force=True)
    page.locator("#f-seed:not([data-old])").wait_for()
    page.wait_for_timeout(200)
    assert watched.complaints == []
