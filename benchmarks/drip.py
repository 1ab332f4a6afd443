"""Connections that drip: whether anybody else is answered while two hundred send a byte now and then.

Figure: `/health/live` within 100 ms, at the 95th percentile, while 200 connections drip heads, bodies of forms and
large bodies, from as many addresses and from one. Yardstick: the same with nobody dripping. Each connection that the
server ends is opened anew at once. `--url` names a server that runs already, of whatever make.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import numpy as np

from benchmarks.load import product
from tests.browser.conftest import ROOT

CONNECTIONS, SECONDS, PAUSE_SECONDS = 200, 20.0, 0.5
FORM = (
    b"POST /sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    b"Content-Length: %d\r\n\r\ncsrf_token="
)
KINDS = {
    "heads": b"GET /help HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ",
    "forms": FORM % 20_000,
    "large bodies": FORM % 900_000,
}


@dataclass
class Drips:
    """Connections to a port that send a byte every now and then, until they are told to stop."""

    port: int
    text: bytes
    from_many: bool
    ended: int = 0
    stop: threading.Event = field(default_factory=threading.Event)

    def open(self, number: int) -> socket.socket | None:
        """Open a connection from an address of this machine and begin a request."""
        address = f"127.1.{number // 200}.{number % 200 + 1}" if self.from_many else "127.0.0.2"
        try:
            line = socket.create_connection(("127.0.0.1", self.port), timeout=5, source_address=(address, 0))
            line.sendall(self.text)
            line.setblocking(False)
        except OSError:
            return None
        return line

    def run(self) -> None:
        """Drip, and open anew what was ended."""
        lines = [self.open(number) for number in range(CONNECTIONS)]
        while not self.stop.wait(PAUSE_SECONDS):
            for number, line in enumerate(lines):
                try:
                    if line is not None:
                        line.send(b"a")
                        continue
                except BlockingIOError:
                    continue
                except OSError:
                    self.ended += 1
                    if line is not None:
                        line.close()
                lines[number] = self.open(number)
        for line in lines:
            if line is not None:
                line.close()


@contextlib.contextmanager
def dripping(drips: Drips) -> Iterator[Drips]:
    """Drip meanwhile."""
    thread = threading.Thread(target=drips.run)
    thread.start()
    time.sleep(2)
    try:
        yield drips
    finally:
        drips.stop.set()
        thread.join()


def ask(port: int) -> np.ndarray:
    """Return the milliseconds of each answer of `/health/live`, each on a connection of its own."""
    times, end = [], time.monotonic() + SECONDS
    while time.monotonic() < end:
        begin = time.perf_counter()
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            line.request("GET", "/health/live")
            line.getresponse().read()
        except OSError:
            # Ten seconds of waiting are what it was, and it shows.
            pass
        finally:
            line.close()
        times.append((time.perf_counter() - begin) * 1000)
        time.sleep(0.1)
    return np.array(times)


def measure(port: int) -> None:
    """Print one line per kind of drip."""
    yard = ask(port)
    print(f"{'yardstick, nobody drips':45}p50 {np.median(yard):7.1f} ms   p95 {np.percentile(yard, 95):7.1f} ms")
    for kind, text in KINDS.items():
        for from_many in (True, False):
            with dripping(Drips(port, text, from_many)) as drips:
                times = ask(port)
            whence = f"{CONNECTIONS} addresses" if from_many else "one address"
            print(f"{f'{CONNECTIONS} drip {kind}, {whence}':45}p50 {np.median(times):7.1f} ms   "
                  f"p95 {np.percentile(times, 95):7.1f} ms (goal: 100)   {drips.ended} ended")  # fmt: skip


def main() -> None:
    """Start the product, or take what runs, and drip."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--url", help="a server that runs already")
    url = parser.parse_args().url
    if url:
        measure(urlsplit(url).port or 80)
        return
    with product(ROOT, people=0) as position:
        measure(urlsplit(position.url).port or 80)


if __name__ == "__main__":
    main()
