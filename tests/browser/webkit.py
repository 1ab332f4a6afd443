"""WebKit, driven by plain WebDriver requests: Debian's webkit2gtk-driver on a display of its own from xvfb."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
POPUP = "popup=yes,width={},height={},toolbar=no,menubar=no,location=no"


def what_is_missing() -> str:
    """Name the programs that a machine lacks to run WebKit, "" where it has all."""
    needed = {
        "WebKitWebDriver": shutil.which("WebKitWebDriver"),
        "Xvfb": shutil.which("Xvfb"),
        "MiniBrowser": _binary(),
    }
    return ", ".join(name for name, path in needed.items() if not path)


def _binary() -> str:
    return str(max(Path("/usr/lib").glob("*/webkit2gtk-4.*/MiniBrowser"), default=""))


@dataclass
class WebKit:
    """One window of WebKit, with the few commands that the tests need."""

    port: int
    session: str = ""

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Send one WebDriver command and return its value."""
        httpconnection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            httpconnection.request(method, path, None if method == "GET" else json.dumps(body or {}))
            answer = httpconnection.getresponse()
            value = json.load(answer)["value"]
        finally:
            httpconnection.close()
        assert answer.status == HTTPStatus.OK, value
        return value

    def tell(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """Send one command to the open session."""
        return self.ask("POST", f"/session/{self.session}{path}", body)

    def begin(self) -> None:
        """Open a session, and wait for the driver where it is not listening yet."""
        arguments = ["--automation", "--javascript-can-open-windows-automatically=true"]
        options = {"binary": _binary(), "args": arguments}
        wanted = {"capabilities": {"alwaysMatch": {"webkitgtk:browserOptions": options}}}
        for attempt in range(100):
            try:
                self.session = str(self.ask("POST", "/session", wanted)["sessionId"])
                return
            except ConnectionRefusedError:
                if attempt == 99:
                    raise
                time.sleep(0.1)

    def evaluate(self, function: str, *arguments: Any) -> Any:
        """Return the result of a JavaScript function."""
        script = f"return ({function}).apply(null, arguments)"
        return self.tell("/execute/sync", {"script": script, "args": list(arguments)})

    def goto(self, address: str) -> None:
        """Open a page."""
        self.tell("/url", {"url": address})

    def click(self, selector: str) -> None:
        """Click as a person would."""
        result = self.tell("/element", {"using": "css selector", "value": selector})
        self.tell(f"/element/{result[ELEMENT]}/click")

    def take_cookies(self, url: str, cookies: list[dict[str, Any]]) -> None:
        """Hold the cookies of a browser that is signed in."""
        self.goto(f"{url}/health/live")
        for cookie in cookies:
            kept = ("name", "value", "path", "domain", "httpOnly", "secure", "sameSite")
            self.tell("/cookie", {"cookie": {name: cookie[name] for name in kept}})

    def open_window(self, width: int, height: int) -> None:
        """Go on in a window of this size; one without bars may be as narrow as a phone."""
        before = self.ask("GET", f"/session/{self.session}/window/handles")
        # Not about:blank, which a window of its own origin would not share its cookies with.
        self.evaluate("(shape) => { window.open('/health/live', '_blank', shape); }", POPUP.format(width, height))
        for _ in range(100):
            more = [item for item in self.ask("GET", f"/session/{self.session}/window/handles") if item not in before]
            if more:
                self.tell("/window", {"handle": more[0]})
                return
            time.sleep(0.1)
        raise AssertionError("WebKit opened no window")


def _display() -> tuple[subprocess.Popen[bytes], str]:
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "1600x1300x24", "-nolisten", "tcp"],
        pass_fds=[write],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    with os.fdopen(read) as told:
        return server, f":{told.readline().strip()}"


@contextmanager
def webkit(port: int) -> Iterator[WebKit]:
    """Run WebKit on a display of its own, and end both."""
    display, name = _display()
    driver = subprocess.Popen(
        ["WebKitWebDriver", f"--port={port}"],
        env={**os.environ, "DISPLAY": name, "NO_AT_BRIDGE": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        browser = WebKit(port)
        browser.begin()
        yield browser
        browser.ask("DELETE", f"/session/{browser.session}")
    finally:
        for process in (driver, display):
            process.terminate()
            process.wait(10)
