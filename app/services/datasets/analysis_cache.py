"""The Redis cache of analyses, with short time limits and counts of hits and misses.

Redis is never needed: while it is away nothing is found and nothing is kept, and everything works the same.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from typing import Any

from app import queue

PREFIX = "hydroml:cache:"
HITS, MISSES = "hydroml:cache-hits", "hydroml:cache-misses"
COUNTED_HITS, COUNTED_MISSES = f"{HITS}-counted", f"{MISSES}-counted"
KEEP_SECONDS = 86_400
MAX_BYTES = 16_000_000


@dataclass(frozen=True)
class Counts:
    """How often something was looked for in the cache, since the server began to count."""

    hits: int
    misses: int

    @property
    def rate(self) -> float | None:
        """Return the share of questions that were answered from the cache, or None before the first one."""
        request = self.hits + self.misses
        return self.hits / request if request else None


def find(key: str) -> Any:
    """Return the entry under this key, or None; either is counted."""

    def get(server: Any) -> bytes | None:
        match: bytes | None = server.get(PREFIX + key)
        server.incr(MISSES if match is None else HITS)
        return match

    result = queue.ask(get)
    if result is None:
        return None
    try:
        return json.loads(zlib.decompressobj().decompress(result, MAX_BYTES))
    except (ValueError, zlib.error):
        return None


def keep(key: str, values: Any) -> None:
    """Keep JSON values for a day; what is very large is not kept."""
    text = json.dumps(values, allow_nan=False, separators=(",", ":"))
    if len(text) <= MAX_BYTES:
        packed = zlib.compress(text.encode(), level=1)
        queue.ask(lambda server: server.set(PREFIX + key, packed, ex=KEEP_SECONDS))


def take_uncounted() -> Counts | None:
    """Return how often it was asked since this was last called, or None while Redis is away.

    What was counted stands beside the counters, so that both are lost together or neither is.
    """

    def take(server: Any) -> Counts:
        known = [int(value or 0) for value in server.mget(HITS, MISSES)]
        told = [int(value or 0) for value in server.mget(COUNTED_HITS, COUNTED_MISSES)]
        server.mset({COUNTED_HITS: known[0], COUNTED_MISSES: known[1]})
        return Counts(*(new - old if new >= old else new for new, old in zip(known, told, strict=True)))

    return queue.ask(take)


def cache_counts() -> Counts | None:
    """Return how often the cache was asked and how often it knew, or None while Redis is away."""
    result = queue.ask(lambda server: server.mget(HITS, MISSES))
    if result is None:
        return None
    hits, misses = (int(value or 0) for value in result)
    return Counts(hits, misses)
