"""People who use the product while harm is done to it: each remembers what it was told is done, and walks on."""

from __future__ import annotations

import hashlib
import http.client
import json
import random
import re
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from urllib.parse import urlencode, urlsplit

from tests.chaos.history import Acknowledged, Fault, History

TIMEOUT_SECONDS = 60
SHORT_ROWS, LONG_ROWS = 1_500, 60_000
BOUNDARY = "----chaos"
TRIES = 30
STEPS = ("data", "features", "model", "validation", "review")


@dataclass(frozen=True)
class Reply:
    """An answer; status 0 is none."""

    status: int
    body: str = ""
    location: str = ""
    cookie: str = ""

    @property
    def is_done(self) -> bool:
        """Return whether the answer promises that the request was carried out."""
        return 200 <= self.status < 300 or self.status == 303

    @property
    def problem(self) -> dict[str, str]:
        """Return the error in the answer, as a program reads it."""
        try:
            results = json.loads(self.body)
        except ValueError:
            return {}
        return results if isinstance(results, dict) else {}


@dataclass
class Visitor:
    """One person with a session of their own. `doing` is upload or save while such a request is under way."""

    port: int
    name: str
    history: History
    random: random.Random
    cookie: str = ""
    token: str = ""
    draft_id: str = ""
    version: int = 0
    can_undo: bool = False
    open_experiments: list[str] = field(default_factory=list)
    doing: str = ""
    stop: threading.Event = field(default_factory=threading.Event)
    counter: int = 0
    place: int = 0

    def sign_in(self, link: str) -> None:
        """Open a one-time link and press its button."""
        path = urlsplit(link).path
        page = self.ask("GET", path)
        self.cookie, self.token = page.cookie, _token_in(page.body)
        reply = self.ask("POST", path, {"csrf_token": self.token})
        if reply.status != 303 or not reply.cookie:
            raise AssertionError(f"{self.name} could not sign in: {reply.status}")
        self.cookie = reply.cookie
        self.token = _token_in(self.ask("GET", "/experiments/new").body)

    def walk(self) -> None:
        """Do one thing after the other until told to stop."""
        first = [self.launch, self.upload, self.save, self.upload_for_draft]
        acts = ((self.save, 34), (self.set_model, 12), (self.undo, 8), (self.look, 12), (self.launch, 14),
                (self.upload, 14), (self.upload_for_draft, 6))  # fmt: skip
        while not self.stop.is_set():
            if not self.draft_id:
                self.begin()
                continue
            # Nobody does the same as the others at first, so that there is something of everything to be harmed.
            chosen = self.random.choices([item for item, _ in acts], [weight for _, weight in acts])[0]
            (first.pop(self.place % len(first)) if first else chosen)()
            self.stop.wait(self.random.uniform(0.05, 0.4))

    def ask(
        self,
        method: str,
        path: str,
        fields: dict[str, str] | None = None,
        *,
        parts: Iterator[bytes] | None = None,
        length: int = 0,
        **headers: str,
    ) -> Reply:
        """Send a request, and follow nothing; a connection that is cut gives the status 0."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT_SECONDS)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        sent.update({"Cookie": self.cookie} if self.cookie else {})
        body: bytes | Iterator[bytes] | None = parts
        if fields is not None:
            body, sent["Content-Type"] = urlencode(fields).encode(), "application/x-www-form-urlencoded"
        if parts is not None:
            sent["Content-Length"] = str(length)
        try:
            line.request(method, path, body, sent)
            httpresponse = line.getresponse()
            cookies = "; ".join(value.split(";")[0] for value in httpresponse.headers.get_all("Set-Cookie") or [])
            where = httpresponse.headers.get("Location") or httpresponse.headers.get("HX-Redirect") or ""
            reply = Reply(httpresponse.status, httpresponse.read().decode(errors="replace"), where, cookies)
            self._look_at(reply, f"{method} {_pattern(path)}", retry_after=httpresponse.headers.get("Retry-After"))
            return reply
        except (OSError, http.client.HTTPException):
            self.history.count(0)
            time.sleep(0.3)
            return Reply(0)
        finally:
            line.close()

    def _look_at(self, reply: Reply, request: str, *, retry_after: str | None) -> None:
        self.history.count(reply.status)
        if reply.status < 500 and not (reply.status == 303 and reply.location.startswith("/sign-in")):
            return
        if reply.status == 507 or (reply.status == 503 and retry_after):
            return
        words = "the session is gone" if reply.status < 500 else _words_of(reply)
        self.history.add(Fault(time.time(), request, max(reply.status, 500), message=words))

    def refuse(self, request: str, reply: Reply) -> None:
        """Write down that something right was refused."""
        if 400 <= reply.status < 500 and reply.status != 429:
            code = reply.problem.get("code", "") or ("draft_moved" if reply.status == 409 else "")
            self.history.add(Fault(time.time(), request, reply.status, code, _words_of(reply)))

    def tell(self, what: str, **more: str | int) -> None:
        """Write down that something was acknowledged."""
        self.history.add(Acknowledged(what, time.time(), **{"draft_id": self.draft_id, **more}))  # type: ignore[arg-type]

    def begin(self) -> None:
        """Start a draft on the sample."""
        reply = self.ask("POST", "/experiments/new/sample", {"csrf_token": self.token, "sample": "piscataquis"})
        if reply.is_done:
            self._move_to(reply.location)
        else:
            self.refuse("new draft", reply)

    def _move_to(self, location: str) -> None:
        self.draft_id, self.can_undo = location.split("/drafts/")[1].split("/", maxsplit=1)[0], False
        self.tell("draft")
        self.reload()

    def reload(self) -> Reply:
        """Open the last step and read the version that it shows."""
        reply = self.ask("GET", f"/experiments/drafts/{self.draft_id}/review")
        match = re.search(r'name="version" value="(\d+)"', reply.body)
        self.version = int(match.group(1)) if match else 0
        return reply

    def _autosave(self, step: str, fields: dict[str, str]) -> Reply:
        if not self.version:
            self.reload()
        if not self.version:
            return Reply(0)
        self.doing = "save"
        path = f"/experiments/drafts/{self.draft_id}/{step}/autosave"
        form = {"csrf_token": self.token, "version": str(self.version), **fields}
        reply = self.ask("POST", path, form, HX_Request="true")
        self.doing = ""
        match = re.search(r'name="version" value="(\d+)"', reply.body) if reply.is_done else None
        self.version = int(match.group(1)) if match else 0
        self.can_undo = reply.is_done
        if not reply.is_done:
            self.refuse(f"autosave {step}", reply)
        return reply

    def save(self) -> None:
        """Write a note that nobody wrote before."""
        self.counter += 1
        words = f"note {self.counter} of {self.name}"
        if self._autosave("review", {"notes": words}).is_done:
            self.tell("save", path="review.notes", value=words)

    def set_model(self) -> None:
        """Choose a strength that nobody chose before."""
        self.counter += 1
        alpha = f"{1 + self.counter / 10_000:.4f}"
        if self._autosave("model", {"estimator": "ridge", "ridge.alpha": alpha}).is_done:
            self.tell("save", path="model.ridge.alpha", value=alpha)

    def undo(self) -> None:
        """Take back what was answered a moment ago."""
        before = self.version
        if not self.can_undo or not before:
            return
        path = f"/experiments/drafts/{self.draft_id}/undo"
        self.doing = "save"
        reply = self.ask("POST", path, {"csrf_token": self.token, "from": "review", "stay": "1"})
        self.doing, self.can_undo, self.version = "", False, 0
        if reply.is_done:
            self.tell("undo", version=before)
        else:
            self.refuse("undo", reply)

    def look(self) -> None:
        """Open a page, as people do."""
        pages = [f"/experiments/drafts/{self.draft_id}/{step}" for step in STEPS]
        pages += ["/experiments", "/datasets", *(f"/experiments/{experiment}" for experiment in self.open_experiments)]
        page = self.random.choice(pages)
        reply = self.ask("GET", page)
        if reply.status in (400, 403, 404):
            self.refuse(f"GET {_pattern(page)}", reply)

    def launch(self) -> None:
        """Launch what the draft is, as a forest or a search, unless one of ours is still at work; then begin anew."""
        if self.open_experiments and not self._has_ended(self.open_experiments[-1]):
            return
        search = {"estimator": "ridge", "tuning.enabled": "true", "tuning.trials": "12", "tuning.inner": "2"}
        forest = {"estimator": "random_forest", "random_forest.n_estimators": str(self.random.randint(20, 60))}
        if not self._autosave("model", self.random.choice([search, forest])).is_done:
            return
        draft_id, form = self.draft_id, {"csrf_token": self.token, "idempotency_key": uuid.uuid4().hex}
        for _ in range(TRIES):
            if self.stop.is_set() or not (self.version or self.reload().is_done):
                return
            reply = self.ask("POST", f"/experiments/drafts/{draft_id}/review/launch",
                             {**form, "version": str(self.version)}, HX_Request="true")  # fmt: skip
            if reply.is_done:
                match = re.search(r"/experiments/([0-9a-f-]{36})", reply.location)
                if match:
                    self.tell("launch", experiment_id=match.group(1))
                    self.open_experiments = [*self.open_experiments[-2:], match.group(1)]
                    self.draft_id, self.version = "", 0
                return
            if 400 <= reply.status < 500:
                self.refuse("launch", reply)
                return

    def _has_ended(self, experiment_id: str) -> bool:
        reply = self.ask("GET", f"/experiments/{experiment_id}/progress", HX_Request="true")
        return reply.status in (204, 303) or (reply.status == 200 and "hx-trigger" not in reply.body)

    def upload(self) -> None:
        """Send a file by a program's door; what has no answer is sent again under the same key."""
        content, rows, slow = self._file()
        sha256, key = hashlib.sha256(content).hexdigest(), uuid.uuid4().hex
        for _ in range(3):
            if self.stop.is_set():
                return
            reply = self._send("/api/datasets/", content, slow=slow, X_CSRFToken=self.token, Idempotency_Key=key)
            if reply.is_done:
                self.tell("upload", sha256=sha256, rows=rows)
                return
            if reply.status in (409, 429):
                # The first try died with the process that answered it, and its key is held for a while.
                key = uuid.uuid4().hex
            elif 400 <= reply.status < 500:
                self.refuse("upload", reply)
                return

    def upload_for_draft(self) -> None:
        """Send a file by the page that starts a draft."""
        content, rows, slow = self._file()
        reply = self._send("/experiments/new/upload", content, slow=slow)
        if reply.is_done:
            self.tell("upload", sha256=hashlib.sha256(content).hexdigest(), rows=rows)
            self._move_to(reply.location)
            # It may be read still; the next draft stands on the sample again, where everything can be done.
            self.draft_id = ""
        else:
            self.refuse("upload of a draft", reply)

    def _file(self) -> tuple[bytes, int, bool]:
        """Return a table that nobody sent before, its rows, and whether it comes slowly."""
        rows = self.random.choice([SHORT_ROWS, LONG_ROWS])
        lines = [f"date,rain_mm,flow_mm,place_{self.random.getrandbits(32):08x}"]
        for number in range(rows):
            day, rain = f"{1990 + number // 336:04d}-{1 + number // 28 % 12:02d}-{1 + number % 28:02d}", number % 17
            lines.append(f"{day},{rain}.5,{(number * 7 + rain) % 101 / 10},{self.random.randint(1, 9)}")
        return ("\n".join(lines) + "\n").encode(), rows, self.random.random() < 0.5

    def _send(self, path: str, content: bytes, *, slow: bool, **headers: str) -> Reply:
        head = "".join(
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n{value}'
            for name, more, value in (("csrf_token", "", f"{self.token}\r\n"), ("file", '; filename="table.csv"', ""))
        ).encode()
        tail = f"\r\n--{BOUNDARY}--\r\n".encode()
        whole = head + content + tail
        self.doing = "upload"
        try:
            return self.ask(
                "POST",
                path,
                parts=_pieces(whole, slow=slow),
                length=len(whole),
                Content_Type=f"multipart/form-data; boundary={BOUNDARY}",
                **headers,
            )
        finally:
            self.doing = ""


def _pieces(content: bytes, *, slow: bool) -> Iterator[bytes]:
    size = max(len(content) // 8, 1)
    for position in range(0, len(content), size):
        yield content[position : position + size]
        time.sleep(0.25 if slow else 0.0)


def _token_in(page: str) -> str:
    match = re.search(r'name="csrf_token" value="([^"]+)"', page)
    if match is None:
        raise AssertionError(f"a page has no token: {page[:300]}")
    return unescape(match.group(1))


def _pattern(path: str) -> str:
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "<id>", path)


def _words_of(reply: Reply) -> str:
    result = reply.problem.get("detail", "")
    return result or " ".join(re.sub(r"<[^>]+>", " ", reply.body).split())[:400]
