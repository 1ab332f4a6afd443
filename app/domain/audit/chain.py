"""The chain of hashes through the audit trail, and the faults that break it.

Every entry carries the hash of the entry before it, and its own hash covers that and all it says. The hash is keyed,
so that whoever can write the table alone cannot compute a chain that fits. The address stands in the hash as a salted
digest: once the salt and the address are removed, the chain holds and the address cannot be guessed from it.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.domain.audit.acts import AuditAct

# How much of a hash is kept outside the table; half of it is beyond guessing.
HEAD_DIGITS = 32


@dataclass(frozen=True, slots=True)
class ChainEntry:
    """One entry of the trail, as text, as it is hashed and stored."""

    number: int
    at: str
    act: str
    actor_id: str
    channel: str
    request_id: str
    address: str | None
    address_salt: str | None
    address_digest: str
    network: str
    subject_id: str
    part: str
    details: str
    previous_hash: str
    hash: str = ""


class FaultKind(StrEnum):
    """What was done to the trail."""

    CHANGED = "changed"
    REMOVED = "removed"
    INSERTED = "inserted"
    MOVED = "moved"
    CUT_OFF = "cut off"
    REPLACED = "replaced"
    NO_HEADS = "no heads"


@dataclass(frozen=True)
class ChainFault:
    """One alteration: the entries it concerns, and a sentence."""

    kind: FaultKind
    first: int
    last: int
    sentence: str


@dataclass(frozen=True)
class Verification:
    """What a verification found; `head` is the number and hash of the last entry."""

    entries: int
    head: tuple[int, str]
    faults: tuple[ChainFault, ...]


def entry_hash(entry: ChainEntry, key: bytes) -> str:
    """Return the hash of an entry.

    Parameters
    ----------
    entry
        All but its `hash` is read; address and salt enter as their digest.
    key
        The secret of this instance.

    Returns
    -------
    str
        64 hexadecimal digits of HMAC-SHA256 over the fields as a JSON list.
    """
    fields = (
        entry.at,
        entry.act,
        entry.actor_id,
        entry.channel,
        entry.request_id,
        entry.address_digest,
        entry.network,
        entry.subject_id,
        entry.part,
        entry.details,
        entry.previous_hash,
    )
    message = json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    return hmac.digest(key, message, "sha256").hex()


def address_digest(address: str, salt: str) -> str:
    """Return the digest that stands for an address in the chain.

    Parameters
    ----------
    address
        The address in clear text, "" where there is none.
    salt
        128 random bits as hexadecimal digits.

    Returns
    -------
    str
        64 hexadecimal digits of SHA-256.
    """
    return hashlib.sha256(f"{salt}|{address}".encode()).hexdigest()


def shorten_address(address: str) -> str:
    """Return the network that stays of an address.

    Parameters
    ----------
    address
        An IPv4 or IPv6 address, or any other text.

    Returns
    -------
    str
        The first 24 bits of an IPv4 address or 48 of an IPv6 address; "" for anything else.
    """
    try:
        result = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(result, ipaddress.IPv6Address):
        result = result.ipv4_mapped or result
    bits = 24 if result.version == 4 else 48
    return str(ipaddress.ip_network(f"{result}/{bits}", strict=False))


def details_json(before: Mapping[str, object] | None, after: Mapping[str, object] | None) -> str:
    """Return the changed settings as canonical JSON, "" where none are given.

    Parameters
    ----------
    before, after
        Names of settings with their values; never a value of a user's data.

    Returns
    -------
    str
        An object with `before` and `after`, keys sorted.
    """
    answer = {name: dict(values) for name, values in (("before", before), ("after", after)) if values}
    return json.dumps(answer, ensure_ascii=True, sort_keys=True, separators=(",", ":"), default=str) if answer else ""


@dataclass(frozen=True, slots=True)
class _Link:
    """What is needed of an entry once it is hashed."""

    number: int
    previous_hash: str
    hash: str
    is_own: bool


def verify(
    entries: Iterable[ChainEntry], key: bytes, heads: Sequence[tuple[int, str]] | None, *, must_have_heads: bool = True
) -> Verification:
    """Verify the trail against itself and against the heads that were written outside of it.

    Parameters
    ----------
    entries
        All entries by number.
    key
        The secret of this instance.
    heads
        Number and first digits of the hash of entries, as they were when they were the last; None where the file that
        holds them is missing.
    must_have_heads
        Whether a missing file is a fault, as it is once there are entries.

    Returns
    -------
    Verification
        With a fault for each alteration, named by the entries it concerns.
    """
    links: list[_Link] = []
    unaddressed: list[int] = []
    shortened_to = 0
    for entry in entries:
        is_own = entry_hash(entry, key) == entry.hash and _address_fits(entry)
        if entry.address is None:
            unaddressed.append(entry.number)
        if entry.act == AuditAct.SHORTEN_ADDRESSES.value and is_own:
            shortened_to = max(shortened_to, int(json.loads(entry.details)["after"]["up_to"]))
        links.append(_Link(entry.number, entry.previous_hash, entry.hash, is_own))
    early = {number for number in unaddressed if number > shortened_to}
    newest = max((number for number, _ in heads), default=0) if heads is not None else None
    faults = [*_chain_faults(links, early, newest)]
    faults += _head_faults(links, heads, has_faults=bool(faults), must_have_heads=must_have_heads)
    head = (links[-1].number, links[-1].hash) if links else (0, "")
    return Verification(len(links), head, tuple(faults))


def _address_fits(entry: ChainEntry) -> bool:
    """Return whether the address in clear text is the one that was recorded, or is gone with its salt."""
    if entry.address is None or entry.address_salt is None:
        return entry.address is None and entry.address_salt is None
    return address_digest(entry.address, entry.address_salt) == entry.address_digest


def _chain_faults(links: Sequence[_Link], early: set[int], newest: int | None) -> Iterable[ChainFault]:
    """Yield what is wrong with the chain itself."""
    places = {link.hash: link.number for link in reversed(links)}
    expected, before, was_faulty = 1, "", False
    for place, link in enumerate(links):
        follower = links[place + 1] if place + 1 < len(links) else None
        has_gap = link.number != expected
        if has_gap:
            yield _removed(expected, link.number - 1)
        kind = _kind_of(link, before, follower, places, newest)
        if link.number in early and kind is None:
            kind = FaultKind.CHANGED
        # An entry that only follows an altered one is not altered itself, and a gap is named already.
        follows_fault = link.is_own and link.number not in early and (was_faulty or has_gap)
        if kind is not None and not follows_fault:
            yield _named(kind, link, places)
        was_faulty = kind is not None and not follows_fault
        if kind is not FaultKind.INSERTED:
            before = link.hash
        expected = link.number + 1


def _kind_of(
    link: _Link, before: str, follower: _Link | None, places: Mapping[str, int], newest: int | None
) -> FaultKind | None:
    """Return the kind of fault of an entry, None where it follows the one before it as it should."""
    if not link.is_own:
        is_passed_over = follower is not None and follower.previous_hash == before != link.hash
        is_unknown = follower is None and newest is not None and link.number > newest
        return FaultKind.INSERTED if is_passed_over or is_unknown else FaultKind.CHANGED
    if link.previous_hash == before:
        return None
    if places[link.hash] != link.number:
        return FaultKind.INSERTED
    return FaultKind.MOVED if link.previous_hash in places or not link.previous_hash else FaultKind.REMOVED


def _named(kind: FaultKind, link: _Link, places: Mapping[str, int]) -> ChainFault:
    number = link.number
    sentences = {
        FaultKind.CHANGED: f"Entry {number:,} was changed.",
        FaultKind.INSERTED: f"Entry {number:,} was inserted.",
        FaultKind.MOVED: f"Entry {number:,} was moved; it belongs after entry {places.get(link.previous_hash, 0):,}.",
        FaultKind.REMOVED: f"An entry before entry {number:,} was removed.",
    }
    return ChainFault(kind, number, number, sentences[kind])


def _removed(first: int, last: int) -> ChainFault:
    words = f"Entry {first:,} was removed." if first == last else f"Entries {first:,} to {last:,} were removed."
    return ChainFault(FaultKind.REMOVED, first, last, words)


def _head_faults(
    links: Sequence[_Link], heads: Sequence[tuple[int, str]] | None, *, has_faults: bool, must_have_heads: bool
) -> Iterable[ChainFault]:
    """Yield what only the heads outside the table can tell: entries cut off at the end, and another history."""
    last = links[-1].number if links else 0
    if heads is None:
        if last and must_have_heads:
            words = "The file of heads is missing, so entries that were cut off at the end cannot be noticed."
            yield ChainFault(FaultKind.NO_HEADS, last, last, words)
        return
    begin = min((number for number, _ in heads), default=0)
    if last and must_have_heads and begin != 1:
        # The head of the first entry is there from the start, so without it the file was removed and has grown again.
        words = "The file of heads does not reach back to entry 1, so entries that were cut off cannot be noticed."
        yield ChainFault(FaultKind.NO_HEADS, 1, max(begin - 1, 1), words)
    known = {link.number: link.hash for link in links}
    newest = max((number for number, _ in heads), default=0)
    if newest > last:
        words = (
            f"Entries {last + 1:,} to {newest:,} are missing at the end: cut off, or an older database was put back."
        )
        yield ChainFault(FaultKind.CUT_OFF, last + 1, newest, words)
    other = [number for number, start in heads if number in known and not known[number].startswith(start)]
    if other and not has_faults:
        first, end = min(other), max(other)
        words = f"Entries {first:,} to {end:,} are not those that were recorded: an older database was put back."
        yield ChainFault(FaultKind.REPLACED, first, end, words)
