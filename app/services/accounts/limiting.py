"""Rate limits on guessing passwords and links, counted in the database."""

from __future__ import annotations

import functools
import ipaddress
import time
from dataclasses import dataclass
from typing import Any

from app.domain.errors import TooManyError
from app.domain.estimation.wording import format_duration


@dataclass(frozen=True)
class RateLimit:
    """A limit on attempts in the library's notation, and the message once it is reached."""

    name: str
    rates: str
    message: str


# Of one account from one network. Whoever mistypes waits a minute; whoever guesses soon waits an hour.
SIGN_IN = RateLimit("sign-in", "5/minute; 10/15 minutes; 20/hour", "Too many failed sign-ins. Try again in {wait}.")
# Of one account from all networks together that never opened it, so that a thousand machines guess no faster than one.
SIGN_IN_ELSEWHERE = RateLimit(
    "sign-in-elsewhere",
    "60/hour",
    "Too many failed sign-ins to this account. Try again in {wait}, or use a one-time link.",
)
# Of one account from within its sessions, so that an open browser does not give the password away.
CURRENT_PASSWORD = RateLimit(
    "current-password", "5/15 minutes; 20/day", "The current password was wrong too often. Try again in {wait}."
)


@functools.cache
def _limiter() -> Any:
    from limits.strategies import FixedWindowRateLimiter

    from app.storage.rate_counters import DatabaseCounters

    return FixedWindowRateLimiter(DatabaseCounters())


@functools.cache
def _rate_items(rates: str) -> tuple[Any, ...]:
    from limits import parse_many

    return tuple(parse_many(rates))


def count_try(limit: RateLimit, *who: str) -> None:
    """Count a try before it is judged, so that tries at the same moment are counted too.

    Raises
    ------
    TooManyError
        If there were too many; the transaction around it then leaves this one uncounted.
    """
    limiter = _limiter()
    for item in _rate_items(limit.rates):
        if not limiter.hit(item, limit.name, *who):
            left = max(1, round(limiter.get_window_stats(item, limit.name, *who).reset_time - time.time()))
            raise TooManyError(limit.message.format(wait=format_duration(max(left, 10))), retry_after_seconds=left)


def forget_tries(limit: RateLimit, *who: str) -> None:
    """Forget the tries that were counted."""
    for item in _rate_items(limit.rates):
        _limiter().clear(item, limit.name, *who)


def network_of(address: str) -> str:
    """Return the network of an address: an IPv4 address, or the 64 bits that an IPv6 subscriber is given."""
    try:
        result = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    if isinstance(result, ipaddress.IPv6Address):
        if result.ipv4_mapped is not None:
            return str(result.ipv4_mapped)
        return str(ipaddress.ip_network((int(result) >> 64 << 64, 64)))
    return str(result)
