"""The chain of the audit trail: two hundred ways to alter it, each found and named."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from app.domain.audit.acts import AuditAct
from app.domain.audit.chain import (
    HEAD_DIGITS,
    ChainEntry,
    FaultKind,
    address_digest,
    details_json,
    entry_hash,
    shorten_address,
    verify,
)

KEY = b"k" * 32
ENTRIES = 40


def entry(number: int, before: str, **values: str) -> ChainEntry:
    salt, address = f"{number:032x}", f"203.0.113.{number % 250}"
    made = ChainEntry(
        number=number,
        at=f"2026-03-01T00:00:{number % 60:02}.000000",
        act=AuditAct.LAUNCH.value,
        actor_id=f"{number % 3}",
        channel="web",
        request_id=f"r{number}",
        address=address,
        address_salt=salt,
        address_digest=address_digest(address, salt),
        network=shorten_address(address),
        subject_id=f"{number:032x}",
        part="",
        details=details_json({"n": number}, {"n": number + 1}),
        previous_hash=before,
    )
    made = replace(made, **values)
    return replace(made, hash=entry_hash(made, KEY))


def chain(count: int = ENTRIES, **values: str) -> list[ChainEntry]:
    chains: list[ChainEntry] = []
    for number in range(1, count + 1):
        chains.append(entry(number, chains[-1].hash if chains else "", **values))
    return chains


def heads_of(entries: list[ChainEntry]) -> list[tuple[int, str]]:
    return [(item.number, item.hash[:HEAD_DIGITS]) for item in entries]


WHOLE = chain()
HEADS = heads_of(WHOLE)
FIELDS = ("at", "act", "actor_id", "channel", "request_id", "network", "subject_id", "part", "details", "address")


@dataclass(frozen=True)
class Tampering:
    """What somebody who can write the table makes of it, and which entries must be named."""

    entries: list[ChainEntry]
    kinds: set[FaultKind]
    numbers: set[int]


def change(random_: random.Random) -> Tampering:
    place, field = random_.randrange(ENTRIES), random_.choice(FIELDS)
    altered = replace(WHOLE[place], **{field: str(getattr(WHOLE[place], field)) + "x"})
    return Tampering([*WHOLE[:place], altered, *WHOLE[place + 1 :]], {FaultKind.CHANGED}, {place + 1})


def change_and_hash(random_: random.Random) -> Tampering:
    """The forger does not know the key, and hashes all that follows with another."""
    place = random_.randrange(ENTRIES - 1)
    made, before = list(WHOLE), WHOLE[place].previous_hash
    for number in range(place, ENTRIES):
        details = '{"forged":1}' if number == place else made[number].details
        forged = replace(made[number], details=details, previous_hash=before)
        made[number] = replace(forged, hash=entry_hash(forged, b"another key"))
        before = made[number].hash
    return Tampering(made, {FaultKind.CHANGED}, {place + 1})


def forge_all(random_: random.Random) -> Tampering:
    """The forger knows the key; only the heads outside the table tell."""
    place = random_.randrange(1, ENTRIES)
    made = WHOLE[:place]
    for number in range(place + 1, ENTRIES + 1):
        made = [*made, entry(number, made[-1].hash, details='{"forged":1}')]
    return Tampering(made, {FaultKind.REPLACED}, {place + 1})


def remove(random_: random.Random) -> Tampering:
    place = random_.randrange(ENTRIES - 1)
    return Tampering([*WHOLE[:place], *WHOLE[place + 1 :]], {FaultKind.REMOVED}, {place + 1})


def remove_and_renumber(random_: random.Random) -> Tampering:
    place = random_.randrange(1, ENTRIES - 1)
    rest = [replace(item, number=item.number - 1) for item in WHOLE[place + 1 :]]
    return Tampering([*WHOLE[:place], *rest], {FaultKind.REMOVED, FaultKind.CUT_OFF}, {place + 1})


def insert(random_: random.Random) -> Tampering:
    place = random_.randrange(1, ENTRIES)
    forged = replace(entry(place + 1, WHOLE[place - 1].hash), hash="f" * 64)
    rest = [replace(item, number=item.number + 1) for item in WHOLE[place:]]
    return Tampering([*WHOLE[:place], forged, *rest], {FaultKind.INSERTED}, {place + 1})


def insert_copy(random_: random.Random) -> Tampering:
    place = random_.randrange(2, ENTRIES)
    copy = replace(WHOLE[random_.randrange(place - 1)], number=place + 1)
    rest = [replace(item, number=item.number + 1) for item in WHOLE[place:]]
    return Tampering([*WHOLE[:place], copy, *rest], {FaultKind.INSERTED}, {place + 1})


def append(random_: random.Random) -> Tampering:
    forged = replace(entry(ENTRIES + 1, WHOLE[-1].hash), hash=f"{random_.getrandbits(256):064x}")
    return Tampering([*WHOLE, forged], {FaultKind.INSERTED}, {ENTRIES + 1})


def reorder(random_: random.Random) -> Tampering:
    first, other = sorted(random_.sample(range(ENTRIES), 2))
    made = list(WHOLE)
    made[first], made[other] = replace(WHOLE[other], number=first + 1), replace(WHOLE[first], number=other + 1)
    return Tampering(made, {FaultKind.MOVED}, {first + 1, other + 1} if other - first > 1 else {first + 1})


def truncate(random_: random.Random) -> Tampering:
    place = random_.randrange(ENTRIES)
    return Tampering(WHOLE[:place], {FaultKind.CUT_OFF}, {place + 1})


def restore_older(random_: random.Random) -> Tampering:
    """An older file is put back and written on, past the number that was the last."""
    place = random_.randrange(1, ENTRIES)
    made = WHOLE[:place]
    for number in range(place + 1, ENTRIES + 5):
        made = [*made, entry(number, made[-1].hash, details='{"later":1}')]
    return Tampering(made, {FaultKind.REPLACED}, {place + 1})


def drop_address(random_: random.Random) -> Tampering:
    place = random_.randrange(ENTRIES)
    altered = replace(WHOLE[place], address=None, address_salt=None)
    return Tampering([*WHOLE[:place], altered, *WHOLE[place + 1 :]], {FaultKind.CHANGED}, {place + 1})


WAYS: list[Callable[[random.Random], Tampering]] = [
    change,
    change_and_hash,
    forge_all,
    remove,
    remove_and_renumber,
    insert,
    insert_copy,
    append,
    reorder,
    truncate,
    restore_older,
    drop_address,
]


def test_a_whole_trail_is_without_fault() -> None:
    result = verify(WHOLE, KEY, HEADS)
    assert (result.entries, result.head, result.faults) == (ENTRIES, (ENTRIES, WHOLE[-1].hash), ())


def test_an_empty_trail_is_without_fault() -> None:
    assert verify([], KEY, None).faults == ()


@pytest.mark.parametrize("seed", range(200))
def test_each_of_200_tamperings_is_found_and_named(seed: int) -> None:
    tampering = WAYS[seed % len(WAYS)](random.Random(seed))
    heads = [*HEADS, *heads_of(tampering.entries[ENTRIES:])] if WAYS[seed % len(WAYS)] is restore_older else HEADS
    faults = verify(tampering.entries, KEY, heads).faults
    assert faults
    assert {fault.kind for fault in faults} <= tampering.kinds
    assert tampering.numbers <= {fault.first for fault in faults}
    assert all(str(fault.first) in fault.sentence.replace(",", "") for fault in faults)


def test_shortened_addresses_leave_the_chain_whole() -> None:
    act = AuditAct.SHORTEN_ADDRESSES.value
    last = entry(ENTRIES + 1, WHOLE[-1].hash, act=act, details=details_json(None, {"up_to": 20}))
    entries = [replace(item, address=None, address_salt=None) if item.number <= 20 else item for item in WHOLE]
    assert verify([*entries, last], KEY, heads_of([*WHOLE, last])).faults == ()
    entries[20] = replace(entries[20], address=None, address_salt=None)
    (fault,) = verify([*entries, last], KEY, heads_of([*WHOLE, last])).faults
    assert (fault.kind, fault.first) == (FaultKind.CHANGED, 21)


def test_missing_heads_are_a_fault() -> None:
    (fault,) = verify(WHOLE, KEY, None).faults
    assert fault.kind is FaultKind.NO_HEADS


@pytest.mark.parametrize("heads", [[], HEADS[-1:], HEADS[1:]])
def test_heads_that_grew_again_are_a_fault(heads: list[tuple[int, str]]) -> None:
    (fault,) = verify(WHOLE, KEY, heads).faults
    assert (fault.kind, fault.first) == (FaultKind.NO_HEADS, 1)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2::3", "2001:db8:1::/48"),
        ("::ffff:203.0.113.77", "203.0.113.0/24"),
        ("", ""),
        ("no address", ""),
    ],
)
def test_an_address_is_shortened_to_its_network(address: str, network: str) -> None:
    assert shorten_address(address) == network
