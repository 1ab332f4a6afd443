"""The gunicorn worker for the web, with thread lanes that slow and numerous clients cannot fill.

Heads, and bodies of forms, are gathered by the one loop that waits for all connections, under a deadline; a thread
hears of a request when it is complete. Large bodies are read as they come by threads of their own, which must see a
least rate. What there is no room for is answered at once with 503. The decision is docs/decisions/0033.
"""

from __future__ import annotations

import contextlib
import logging
import selectors
import socket
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from gunicorn import http
from gunicorn.workers.gthread import STOP_KEEPALIVE_LINGER, TConn, ThreadWorker

from app.launch.request_heads import MAX_HEAD_BYTES, RequestHead, find_head
from app.launch.steady_reading import MIN_BYTES_PER_SECOND, SteadyUnreader
from app.services.accounts.limiting import network_of
from app.web.headers import is_in
from app.web.overload import BusyAnswers

log = logging.getLogger("hydroml.web")
HEAD_SECONDS = 15.0
# A browser opens connections before it needs them.
SILENT_SECONDS = 60.0
LINGER_SECONDS = 3.0
SEND_SECONDS = 60.0
RECEIVE_BYTES = 65_536
SEND_BUFFER_BYTES = 262_144
# What one address may leave unfinished at once; behind it may be a whole institute, whose heads come in one piece.
MAX_UNFINISHED = 64
# Threads for large bodies and for downloads, and how many of them one address may keep busy.
BODY_THREADS, MAX_BODIES = 24, 12
# Complete requests that wait for a thread, and for how long the first of them may have waited when another comes:
# looking stops sooner than saving.
MAX_WAITING_LOOKS, MAX_WAITING_SAVES, MAX_WAITING_CHECKS, MAX_WAITING_SIGN_INS = 48, 96, 32, 32
# Each of these hashes a password in 64 MB, and most of a flood of them are for those who do not sign in.
SIGN_IN_THREADS = 2
MAX_LOOKS_SECONDS, MAX_SAVES_SECONDS = 3.0, 6.0
# After such a wait whoever asked may have gone.
GONE_SECONDS = 0.5
REPORT_SECONDS = 60.0


@dataclass
class Unfinished:
    """A connection whose request is not complete."""

    deadline: float
    address: str
    received: bytearray = field(default_factory=bytearray)
    head: RequestHead | None = None


@dataclass
class Lane:
    """Threads for one sort of requests, and how many of these are in hand."""

    pool: ThreadPoolExecutor
    threads: int
    in_hand: int = 0
    waiting: dict[TConn, float] = field(default_factory=dict)

    @classmethod
    def of(cls, name: str, threads: int) -> Lane:
        """Make a lane with threads of this name."""
        return cls(ThreadPoolExecutor(threads, thread_name_prefix=name), threads)

    def has_room(self, waiting: int, seconds: float = MAX_LOOKS_SECONDS) -> bool:
        """Return whether another request may be taken in, if so many may wait, and the first of them for so long."""
        first = next(iter([*self.waiting.values()]), None)
        is_late = first is not None and time.monotonic() - first > seconds
        return not is_late and self.in_hand < self.threads + waiting

    def begin(self, conn: TConn) -> float:
        """Begin a request, on a thread; returns for how many seconds it has waited."""
        return time.monotonic() - self.waiting.pop(conn)


class WebWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn carries no types
    """Serves requests that are complete by threads, and waits for all others without one."""

    def init_process(self) -> None:
        """Make what waits and what works."""
        self.unfinished: dict[TConn, Unfinished] = {}
        self.unfinished_of: Counter[str] = Counter()
        self.bodies_of: Counter[str] = Counter()
        self.lingering: dict[TConn, float] = {}
        self.closed: Counter[str] = Counter()
        self.reported_at = 0.0
        super().init_process()

    def load_wsgi(self) -> None:
        """Load the application, and what is said without it when there is no room."""
        super().load_wsgi()
        self.busy = BusyAnswers.of(self.wsgi)
        self.proxies = self.wsgi.extensions["hydroml_settings"].proxies

    def get_thread_pool(self) -> ThreadPoolExecutor:
        """Make the threads; what could keep pages waiting has threads of its own."""
        self.pages = Lane.of("page", self.cfg.threads)
        self.checks = Lane.of("health", 1)
        self.sign_ins = Lane.of("sign-in", SIGN_IN_THREADS)
        self.bodies = Lane.of("body", BODY_THREADS)
        return self.pages.pool

    def run(self) -> None:
        """Serve until told to stop."""
        try:
            super().run()
        finally:
            for lane in (self.checks, self.sign_ins, self.bodies):
                lane.pool.shutdown(wait=False)

    # Connections, as they come and wait

    def accept(self, listener: socket.socket) -> None:
        """Take a connection and wait for its first request; the one that has waited longest makes room for it."""
        try:
            sock, client = listener.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return
        # An answer that fits in here holds no thread, however slowly it is taken.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        self.nr_conns += 1
        if self.nr_conns >= self.worker_connections:
            self._make_room()
        conn = TConn(self.cfg, sock, client, listener.getsockname())
        conn.parser = http.get_parser(self.cfg, sock, client)
        conn.parser.unreader = SteadyUnreader(sock)
        conn.initialized = conn.data_ready = True
        self._wait_for_request(conn, SILENT_SECONDS)

    def _make_room(self) -> None:
        if self.keepalived_conns:
            conn = self.keepalived_conns.popleft()
        elif self.unfinished:
            conn = next(iter(self.unfinished))
            self._forget_unfinished(conn)
        elif self.lingering:
            conn = next(iter(self.lingering))
            del self.lingering[conn]
        else:
            return
        self.closed["closed to make room"] += 1
        self._drop(conn)

    def _wait_for_request(self, conn: TConn, seconds: float, received: bytes = b"") -> None:
        address = self._address_of(conn)
        if address and self.unfinished_of[address] >= MAX_UNFINISHED:
            oldest = next(item for item, current in self.unfinished.items() if current.address == address)
            self._forget_unfinished(oldest)
            self.closed[f"closed, since {address} left too many unfinished"] += 1
            self._drop(oldest)
        unfinished = Unfinished(time.monotonic() + seconds, address)
        self.unfinished[conn] = unfinished
        self.unfinished_of[address] += 1
        self._listen(conn, self._receive)
        if received:
            self._take(conn, unfinished, received)

    def _address_of(self, conn: TConn) -> str:
        """Return whose a connection is before its request says so; empty for that of a proxy, which is everybody's."""
        address = conn.client[0] if isinstance(conn.client, tuple) else ""
        return "" if not address or is_in(address, self.proxies) else network_of(address)

    def _listen(self, conn: TConn, act: Callable[[TConn], None]) -> None:
        conn.sock.setblocking(False)
        self.poller.register(conn.sock, selectors.EVENT_READ, lambda _sock: act(conn))

    def on_client_socket_readable(self, conn: TConn, client: socket.socket) -> None:
        """Take up a connection that was kept open: its next request begins."""
        if conn not in self.keepalived_conns:
            return
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        self._wait_for_request(conn, HEAD_SECONDS)
        self._receive(conn)

    def _receive(self, conn: TConn) -> None:
        # One that was closed to make room may have been heard of in the same moment.
        if conn not in self.unfinished:
            return
        try:
            data = conn.sock.recv(RECEIVE_BYTES)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        if data:
            self._take(conn, self.unfinished[conn], data)
        else:
            self._forget_unfinished(conn)
            self._drop(conn)

    def _take(self, conn: TConn, unfinished: Unfinished, data: bytes) -> None:
        if not unfinished.received:
            unfinished.deadline = time.monotonic() + HEAD_SECONDS
        unfinished.received += data
        if unfinished.head is None:
            # The end of the head may lie across two pieces.
            unfinished.head = find_head(unfinished.received)
            if unfinished.head is not None and unfinished.head.bytes_needed is not None:
                unfinished.deadline += unfinished.head.bytes_needed / MIN_BYTES_PER_SECOND
        if unfinished.head is not None:
            needed = unfinished.head.bytes_needed
            if needed is None or len(unfinished.received) >= needed:
                self._hand_over(conn, unfinished, unfinished.head)
        elif len(unfinished.received) > MAX_HEAD_BYTES:
            self._forget_unfinished(conn)
            self._refuse(conn, "431 Request Header Fields Too Large")

    # Requests, as threads answer them

    def _hand_over(self, conn: TConn, unfinished: Unfinished, head: RequestHead) -> None:
        self._forget_unfinished(conn)
        conn.parser.unreader.unread(bytes(unfinished.received))
        conn.reads_as_it_comes = head.bytes_needed is None
        address = head.forwarded_for if not unfinished.address and head.forwarded_for else unfinished.address
        lane, room = self._lane_of(head, address)
        if not room:
            self._answer_busy(conn, head)
            return
        lane.in_hand += 1
        if lane is self.bodies:
            self.bodies_of[address] += 1
        lane.waiting[conn] = time.monotonic()
        future = lane.pool.submit(self._serve, conn, head, lane)
        future.add_done_callback(lambda done: self.method_queue.defer(self._end_request, conn, done, lane, address))

    def _lane_of(self, head: RequestHead, address: str) -> tuple[Lane, bool]:
        """Return whose threads answer a request, and whether they have room for it."""
        if head.bytes_needed is None or head.is_download:
            is_within = not address or self.bodies_of[address] < MAX_BODIES
            return self.bodies, is_within and self.bodies.has_room(0)
        if head.is_health_check:
            return self.checks, self.checks.has_room(MAX_WAITING_CHECKS)
        if head.is_sign_in:
            return self.sign_ins, self.sign_ins.has_room(MAX_WAITING_SIGN_INS, MAX_SAVES_SECONDS)
        if head.changes_something:
            return self.pages, self.pages.has_room(MAX_WAITING_SAVES, MAX_SAVES_SECONDS)
        return self.pages, self.pages.has_room(MAX_WAITING_LOOKS)

    def _serve(self, conn: TConn, head: RequestHead, lane: Lane) -> Any:
        """Answer a request, on a thread; nobody looks at a page any more who has gone meanwhile."""
        if lane.begin(conn) > GONE_SECONDS and not head.changes_something and _is_gone(conn.sock):
            return False
        return self.handle(conn)

    def handle_request(self, req: Any, conn: TConn) -> Any:
        """Answer a request; whoever takes nothing of the answer for too long gets no more of it."""
        conn.sock.settimeout(SEND_SECONDS)
        if conn.reads_as_it_comes:
            # What is left of a large body that is refused would be waited for by a thread.
            req.force_close()
        try:
            return super().handle_request(req, conn)
        except TimeoutError:
            log.info("an answer was given up, since it was not taken within %g s", SEND_SECONDS)
            return False

    def _keepalive_after(self, conn: TConn, keepalive: bool) -> bool:
        kept = bool(super()._keepalive_after(conn, keepalive))
        return kept and not conn.parser.unreader.is_cut

    def _end_request(self, conn: TConn, done: Future[Any], lane: Lane, address: str) -> None:
        lane.in_hand -= 1
        if lane is self.bodies:
            self.bodies_of[address] -= 1
            self.bodies_of += Counter()
        if conn.parser.unreader.is_cut:
            self.closed["closed, since they sent too slowly"] += 1
        if done.cancelled() or done.exception() is not None or not done.result():
            self._linger(conn)
        else:
            self._keep(conn)

    def _keep(self, conn: TConn) -> None:
        """Keep a connection open for its next request, which may have come already."""
        rest = conn.parser.unreader.take_buffered()
        if rest:
            self._wait_for_request(conn, HEAD_SECONDS, rest)
            return
        conn.set_timeout()
        if not self.alive:
            conn.timeout = min(conn.timeout, time.monotonic() + STOP_KEEPALIVE_LINGER)
        self.keepalived_conns.append(conn)
        conn.sock.setblocking(False)
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self.on_client_socket_readable, conn))

    # Refusals and ends

    def _answer_busy(self, conn: TConn, head: RequestHead) -> None:
        self.closed["answered 503, since too many waited"] += 1
        conn.parser.unreader.take_buffered()
        with contextlib.suppress(OSError):
            conn.sock.send(self.busy.to(head))
        self._linger(conn)

    def _refuse(self, conn: TConn, status: str) -> None:
        with contextlib.suppress(OSError):
            conn.sock.send(f"HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".encode())
        self._linger(conn)

    def _linger(self, conn: TConn) -> None:
        """Say that nothing more comes, and take what still arrives for a moment, so that the answer is not lost."""
        try:
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self._drop(conn, registered=False)
            return
        self.lingering[conn] = time.monotonic() + LINGER_SECONDS
        self._listen(conn, self._discard)

    def _discard(self, conn: TConn) -> None:
        if conn not in self.lingering:
            return
        try:
            data = conn.sock.recv(RECEIVE_BYTES)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        if not data:
            del self.lingering[conn]
            self._drop(conn)

    def _forget_unfinished(self, conn: TConn) -> None:
        unfinished = self.unfinished.pop(conn)
        self.unfinished_of[unfinished.address] -= 1
        if not self.unfinished_of[unfinished.address]:
            del self.unfinished_of[unfinished.address]
        with contextlib.suppress(OSError, KeyError, ValueError):
            self.poller.unregister(conn.sock)

    def _drop(self, conn: TConn, *, registered: bool = True) -> None:
        if registered:
            with contextlib.suppress(OSError, KeyError, ValueError):
                self.poller.unregister(conn.sock)
        self.nr_conns -= 1
        conn.close()

    def murder_pending(self) -> None:
        """Close what has waited for too long; the loop of gunicorn asks for it every second."""
        now = time.monotonic()
        for conn, unfinished in [*self.unfinished.items()]:
            # Who stops waits for nobody who has not begun to ask.
            if unfinished.deadline <= now or not (self.alive or unfinished.received):
                self._forget_unfinished(conn)
                if unfinished.received:
                    self.closed["closed, since they sent too slowly"] += 1
                    self._refuse(conn, "408 Request Timeout")
                else:
                    self._drop(conn)
        for conn in [item for item, deadline in self.lingering.items() if deadline <= now]:
            del self.lingering[conn]
            self._drop(conn)
        self._report(now)

    def _report(self, now: float) -> None:
        if self.closed and now - self.reported_at >= REPORT_SECONDS:
            self.reported_at = now
            words = "; ".join(f"{count} {why}" for why, count in self.closed.most_common(5))
            log.warning("connections of the last minute: %s", words)
            self.closed.clear()


def _is_gone(sock: socket.socket) -> bool:
    """Return whether the other side has ended the connection, and left nothing in it."""
    try:
        return sock.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True
