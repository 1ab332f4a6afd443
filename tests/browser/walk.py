"""The newcomer's way through the product, click by click, as the contract names things."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

STEPS = ("Data", "Features", "Model", "Validation", "Review")


def focus_comes_to(page: Any, selector: str) -> None:
    """Wait until what has the focus is one of these: a look at once may come before the page has given it."""
    page.wait_for_function("selector => document.activeElement?.matches(selector)", arg=selector)


@dataclass
class Walk:
    """Counts the clicks it makes."""

    page: Any
    clicks: int = 0

    def click(self, role: str, name: str) -> None:
        """Click one control and count it."""
        control = self.page.get_by_role(role, name=name, exact=True).first
        control.click()
        self.clicks += 1

    def heading(self, title: str) -> None:
        """Wait until the page's one h1 says this."""
        self.page.locator("h1", has_text=title).wait_for()

    def sign_in(self, link: str) -> None:
        """Open a one-time link and press its button."""
        self.page.goto(link)
        self.click("button", "Sign in")
        self.heading("Experiments")

    def choose_sample(self) -> None:
        """Start a draft from the sample that is offered first."""
        self.page.goto("/experiments")
        self.click("link", "New experiment")
        self.heading("Data")
        self.click("button", "Use this sample")
        self.page.get_by_label("Target column", exact=True).wait_for()

    def start_at(self, title: str, sample: str = "") -> str:
        """Start a draft from a sample by requests alone, and open it at a step; returns the address above its steps.

        What comes before is clicked through where that is what a test is about.
        """
        offered = self.page.request.get("/experiments/new").text()
        titles = re.findall(r'name="sample"\s+value="([^"]+)".*?class="title">([^<]+)<', offered, re.DOTALL)
        chosen = next(ident for ident, name in titles if sample in name)
        token = re.search(r'name="csrf_token"\s+value="([^"]+)"', offered)
        assert token is not None
        form = {"csrf_token": token.group(1), "sample": chosen}
        above = str(self.page.request.post("/experiments/new/sample", form=form).url).rsplit("/", 1)[0]
        self.page.goto(f"{above}/{title.lower()}")
        self.heading(title)
        return above

    def accept_all_defaults(self) -> None:
        """Continue through every step and launch."""
        for title in STEPS[:-1]:
            self.heading(title)
            self.click("button", "Continue")
        self.heading("Review")
        self.click("button", "Launch experiment")

    def choose_estimator(self, estimator: str) -> None:
        """Choose an estimator on the Model step, among the first or among the others."""
        control = self.page.locator(f'input[name="estimator"][value="{estimator}"]')
        if not control.is_visible():
            self.page.locator("#model-more").click()
        control.check()

    def wait_for_end(self, *, javascript: bool, seconds: float = 120) -> str:
        """Watch the experiment until it is final; returns the chip's word."""
        from playwright.sync_api import Error

        from tests.browser.conftest import wait_until

        words = ("Finished", "Failed", "Cancelled")
        results: list[str] = []

        def ended() -> bool:
            # Without JavaScript the page refreshes itself, and may be between two states at this moment.
            try:
                text = self.page.locator("main").inner_text(timeout=5000)
            except Error:
                return False
            results[:] = [word for word in words if word in text]
            return bool(results)

        wait_until(ended, seconds=seconds, what="the end of the experiment")
        # The word stands at the top of the page that comes then, and the rest of that page may still be on its way.
        self.page.wait_for_load_state()
        return results[0]
