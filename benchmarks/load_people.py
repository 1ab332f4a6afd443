"""What people do in the wizard, for `benchmarks.load`; importing this has locust replace what blocks."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from locust import constant, constant_pacing, task
from locust.contrib.fasthttp import FastHttpUser

from benchmarks.people import STEPS, Account
from benchmarks.steps import CHANGED

HEALTH = "/health/live"
TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
STATIC = re.compile(r'(?:href|src)="(/static/[^"]+)"')
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass
class Outcome:
    """What did not go well on a route. A refusal is a 503 that says when to try again."""

    refused: int = 0
    errors: int = 0
    cut: int = 0


_outcomes: dict[str, Outcome] = defaultdict(Outcome)
_accounts: list[Account] = []
_forms: dict[str, dict[str, list[str]]] = {}


def begin(accounts: list[Account], forms: dict[str, dict[str, list[str]]]) -> None:
    """Say who comes, and what the steps' forms send."""
    _accounts[:] = accounts
    _forms.update(forms)


def forget_outcomes() -> None:
    """Count from now on."""
    _outcomes.clear()


def outcome(name: str | None) -> Outcome:
    """Count the failed requests of a route, or of all but the yardstick."""
    if name is not None:
        return _outcomes[name]
    outcomes = [item for route, item in _outcomes.items() if route != HEALTH]
    return Outcome(*(sum(getattr(item, what) for item in outcomes) for what in ("refused", "errors", "cut")))


class Browser(FastHttpUser):
    """Asks as a browser does, one connection at a time, and counts what goes wrong."""

    abstract = True
    connection_timeout = 60.0
    network_timeout = 60.0

    def ask(self, path: str, name: str, *, form: Any = None, htmx: bool = False, hold: int | None = None) -> Any:
        """Ask for something; `hold` is a status other than a good one that is right here."""
        headers = {"Accept-Encoding": "gzip", "Connection": "keep-alive"}
        if htmx:
            headers.update({"HX-Request": "true", "X-CSRFToken": getattr(self, "token", "")})
        more: dict[str, Any] = {}
        if form is not None:
            more = {"data": urlencode(form, doseq=True)}
            headers.update(FORM)
        method = "GET" if form is None else "POST"
        with self.client.request(
            method, path, name=name, headers=headers, catch_response=True, allow_redirects=False, **more
        ) as answer:
            counted = _outcomes[name]
            if answer.status_code == 0:
                # Whoever waited for a minute was not cut off, but gave up.
                is_late = "time" in type(answer.error).__name__.lower()
                counted.errors += is_late
                counted.cut += not is_late
                answer.failure(str(answer.error))
            elif answer.status_code == 503 and answer.headers.get("Retry-After"):
                counted.refused += 1
                answer.success()
            elif answer.status_code >= 400 and answer.status_code != hold:
                counted.errors += 1
                answer.failure(f"{answer.status_code}")
            else:
                answer.success()
        return answer


class Person(Browser):
    """Signs in, goes on with a draft, looks around; pauses three seconds between two acts."""

    wait_time = constant(3)

    def on_start(self) -> None:
        """Arrive as a new visitor, and sign in by a link."""
        self.account = _accounts.pop()
        self.base = f"/experiments/drafts/{self.account.draft}"
        self.turn, self.token = 0, ""
        self.look_at_sign_in()
        while not self.token:
            page = self.ask(self.account.link, "GET a one-time link")
            match = TOKEN.search(page.text or "")
            if match:
                self.ask(self.account.link, "POST a one-time link", form={"csrf_token": match.group(1)})
            self.take_token(self.ask("/experiments", "GET /experiments"))
            if not self.token:
                self.wait()

    def take_token(self, page: Any) -> None:
        """Keep the token that a page carries."""
        match = TOKEN.search(page.text or "") if page.status_code == 200 else None
        self.token = match.group(1) if match else self.token

    @task(1)
    def look_at_sign_in(self) -> None:
        """Come as somebody whom the server does not know yet."""
        kept = list(self.client.cookiejar)
        self.client.cookiejar.clear()
        page = self.ask("/sign-in", "GET /sign-in, new")
        for address in STATIC.findall(page.text or "")[:3] if self.turn == 0 else ():
            self.ask(address, "GET /static")
        self.client.cookiejar.clear()
        for cookie in kept:
            self.client.cookiejar.set_cookie(cookie)

    @task(3)
    def look_at_the_list(self) -> None:
        """Look at the list of experiments."""
        self.ask("/experiments", "GET /experiments")

    @task(2)
    def look_at_datasets(self) -> None:
        """Look at the datasets, or at one."""
        if self.next() % 2:
            self.ask("/datasets", "GET /datasets")
        else:
            self.ask(f"/datasets/{self.account.dataset}", "GET a dataset")

    @task(6)
    def look_at_a_step(self) -> None:
        """Go to a step."""
        slug = STEPS[self.next() % len(STEPS)]
        self.ask(f"{self.base}/{slug}", f"GET {slug}", htmx=True)

    @task(8)
    def save(self) -> None:
        """Change one answer of a step."""
        slug = STEPS[self.next() % len(STEPS)]
        name, values = CHANGED[slug]
        form = {**_forms[slug], name: values[self.turn // len(STEPS) % 2]}
        self.ask(f"{self.base}/{slug}/autosave", f"POST {slug}/autosave", form=form, htmx=True)

    @task(4)
    def poll(self) -> None:
        """Ask what was measured meanwhile, as an open page does by itself."""
        slug = ("features", "model")[self.next() % 2]
        self.ask(f"{self.base}/{slug}/measured?seen=", f"GET {slug}/measured", htmx=True)

    @task(1)
    def look_at_an_experiment(self) -> None:
        """Look at an experiment, or take it along."""
        what = ("", "/config.json", "/predictions.csv")[self.next() % 3]
        self.ask(f"/experiments/{self.account.experiment}{what}", f"GET an experiment{what}")

    def next(self) -> int:
        """Return the next number."""
        self.turn += 1
        return self.turn


class Monitor(Browser):
    """Asks whether the process lives, as a monitor does."""

    fixed_count = 1
    wait_time = constant_pacing(0.5)

    @task
    def look(self) -> None:
        """Ask."""
        self.ask(HEALTH, HEALTH)
