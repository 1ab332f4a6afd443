"""From the last byte of an upload to its answer: the first rows, the dialect and the kinds of the columns.

Figure: 300 ms at any size. Yardstick: `/health/live`, which does nothing, in the same run. The answer is that of the
API's upload, which holds the same work as the pages'; the clock starts when the server has taken the last byte of the
body. A file that is small enough is read whole within that time, of a larger one the first look is stored.

Every other round finds a reading child that waits, as the product keeps one where a few seconds lie between two files;
the rounds between find none, as the second of two files at the same moment does.
"""

from __future__ import annotations

import io
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import select

from app.domain.vocabulary import Scope
from app.services.accounts import tokens
from app.storage.db import db
from app.storage.reading import reader_pool
from app.storage.tables import User
from benchmarks.steps import percentiles, prepared_client

MB = 1_000_000
SIZES_MB = (1, 4, 55, 500)
ROUNDS = 5
# As long as a spare child needs to be there on a busy machine.
PAUSE_SECONDS = 3.0
BOUNDARY = "line"


class Body(io.RawIOBase):
    """A request's body of a head, a file of generated lines, and a tail; it notes when its last byte is taken."""

    def __init__(self, size: int, block: bytes) -> None:
        # Another first line each time, or it would be the file of the round before, which is known already.
        lines = [b"day,rain,warmth,flow\n", f"1999-12-31,{uuid.uuid4().int % 10**9},1,2\n".encode()]
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="river.csv"\r\n\r\n'
        blocks = [block] * ((size - sum(map(len, lines))) // len(block))
        self.parts = [head.encode(), *lines, *blocks, f"\r\n--{BOUNDARY}--\r\n".encode()]
        self.length = sum(map(len, self.parts))
        self.at, self.offset, self.taken_at = 0, 0, 0.0

    def readable(self) -> bool:
        """Say that it is a body."""
        return True

    def seek(self, place: int, whence: int = 0) -> int:
        """Stand at the beginning or at the end, which is where it is asked for its length."""
        self.at = len(self.parts) if whence == 2 else 0
        return self.tell()

    def tell(self) -> int:
        """Return the length at the end, else 0."""
        return self.length if self.at == len(self.parts) else 0

    def readinto(self, room: Any) -> int:
        """Give what comes next."""
        if self.at == len(self.parts):
            return 0
        part = self.parts[self.at]
        content = part[self.offset : self.offset + len(room)]
        room[: len(content)] = content
        self.offset += len(content)
        if self.offset == len(part):
            self.at, self.offset = self.at + 1, 0
        self.taken_at = time.perf_counter()
        return len(content)


def first_user() -> User:
    """Return the account that the client is signed in to."""
    user = db.session.scalar(select(User))
    assert user is not None
    return user


def headers_of(app: Any) -> dict[str, str]:
    """Return the headers that a program of that account sends."""
    with app.app_context():
        secret = tokens.create_token(first_user().email, name="bench", scope=Scope.WRITE)
        db.session.remove()
    return {"Authorization": f"Bearer {secret}"}


def block_of_lines() -> bytes:
    """Return 10,000 lines of four columns, seeded."""
    random = np.random.default_rng(0)
    values = random.gamma(2.0, 2.0, size=(10_000, 3)).round(3)
    return b"".join(f"2000-01-{1 + index % 28:02d},{a},{b},{c}\n".encode() for index, (a, b, c) in enumerate(values))


def last_byte_to_answer(client: Any, headers: dict[str, str], body: Body) -> tuple[float, dict[str, Any]]:
    """Return the milliseconds from the last byte to the answer, and the answer."""
    answer = client.post(
        "/api/datasets/",
        input_stream=body,
        content_type=f"multipart/form-data; boundary={BOUNDARY}",
        headers=headers,
    )
    amount = (time.perf_counter() - body.taken_at) * 1000
    assert answer.status_code == 201, answer.text
    return amount, answer.get_json()


def measured(client: Any, headers: dict[str, str], body: Body) -> tuple[float, str]:
    """Return the milliseconds to the answer and the state of what came of it, which is deleted again."""
    amount, answer = last_byte_to_answer(client, headers, body)
    json = client.get(f"/api/datasets/{answer['id']}/preview/?limit=5", headers=headers).get_json()
    assert len(json["rows"]) == 5, json
    client.delete(f"/api/datasets/{answer['id']}/", headers=headers)
    return amount, answer["state"]


def main() -> None:
    """Print one line per size."""
    with tempfile.TemporaryDirectory() as folder:
        app, client = prepared_client(Path(folder))
        headers = headers_of(app)
        yard = percentiles(lambda: client.get("/health/live"))[0]
        print(f"yardstick /health/live   {yard:.2f} ms")
        block = block_of_lines()
        for size in SIZES_MB:
            waiting, started = [], []
            for _ in range(ROUNDS):
                reader_pool.keep(Path(folder))
                time.sleep(PAUSE_SECONDS)
                amount, state = measured(client, headers, Body(size * MB, block))
                waiting.append(amount)
                reader_pool.forget()
                started.append(measured(client, headers, Body(size * MB, block))[0])
            for words, times in (("a child waits", waiting), ("none waits", started)):
                middle = float(np.median(times))
                told = f"{size:4} MB, {state:8} {words:13} {middle:7.0f} ms (slowest {max(times):.0f})"
                print(f"{told} = {middle / yard:5.0f} x (goal: 300 ms)", flush=True)


if __name__ == "__main__":
    main()
