"""Ways in which files come to harm, each with what a reader may lose by it at most.

Lines are counted here, from the bytes and without the product: LF, CRLF and CR end a line. The files that are harmed
have one header line and no cell that goes over two lines, so that each line under the header is a row.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field

LINE_ENDS = re.compile(rb"\r\n|\n|\r")
OTHER = {b",": b";", b";": b",", b"\t": b","}
WORDS = b"Source: records of the agency as published, provisional and subject to revision without further notice. "


@dataclass
class Harmed:
    """A harmed file: its lines that may be lost, its lines that are no rows, and whether it may be refused."""

    lines: list[bytes]
    # Indices of lines that may be rejected, and of lines that are no rows; the header is line 0.
    harmed: set[int] = field(default_factory=set)
    no_rows: set[int] = field(default_factory=set)
    ends: list[bytes] = field(default_factory=list)
    may_refuse: bool = False
    last_end: bool = True

    @property
    def content(self) -> bytes:
        """Return the bytes of the file."""
        ends = self.ends or [b"\n"] * len(self.lines)
        whole = b"".join(line + end for line, end in zip(self.lines, ends, strict=True))
        return whole if self.last_end else whole[: -len(ends[-1])]


def count_lines(content: bytes) -> int:
    """Count the physical lines of a file."""
    parts = LINE_ENDS.split(content)
    return len(parts) - (parts[-1] == b"")


Damage = Callable[[list[bytes], bytes, random.Random], Harmed]


def places(lines: list[bytes], rng: random.Random, most: int) -> list[int]:
    """Return some lines well inside a file."""
    return sorted(rng.sample(range(20, len(lines) - 20), rng.randint(1, most)))


def into_cells(draw: Callable[[random.Random], bytes], most: int, *, may_refuse: bool = False) -> Damage:
    """Return the damage that puts drawn bytes into a cell of some lines."""

    def harm(lines: list[bytes], mark: bytes, rng: random.Random) -> Harmed:
        changed, positions = list(lines), places(lines, rng, most)
        for number in positions:
            cut = rng.randint(1, len(lines[number]) - 1)
            changed[number] = lines[number][:cut] + draw(rng) + lines[number][cut:]
        return Harmed(changed, harmed=set(positions), may_refuse=may_refuse)

    return harm


def line_of_zeros(lines: list[bytes], mark: bytes, rng: random.Random) -> Harmed:
    """Replace a line by NULs, as a logger that lost its power leaves them."""
    changed, positions = list(lines), places(lines, rng, 1)
    changed[positions[0]] = b"\0" * len(lines[positions[0]])
    return Harmed(changed, harmed=set(positions))


def ends_with_1a(lines: list[bytes], mark: bytes, rng: random.Random) -> Harmed:
    """Put the end mark of DOS behind the last line."""
    return Harmed([*lines, b"\x1a"], no_rows={len(lines)}, last_end=rng.random() < 0.5)


def torn(lines: list[bytes], mark: bytes, rng: random.Random) -> Harmed:
    """Cut some lines short."""
    changed, positions = list(lines), places(lines, rng, 3)
    for number in positions:
        changed[number] = lines[number][: rng.randint(1, len(lines[number]) - 1)]
    return Harmed(changed, harmed=set(positions))


def torn_and_run_on(lines: list[bytes], mark: bytes, rng: random.Random) -> Harmed:
    """Cut a line short and let the next one begin on it."""
    position = places(lines, rng, 1)[0]
    changed = [
        *lines[:position],
        lines[position][: rng.randint(1, len(lines[position]) - 1)] + lines[position + 1],
        *lines[position + 2 :],
    ]
    return Harmed(changed, harmed={position})


def torn_at_the_end(lines: list[bytes], mark: bytes, rng: random.Random) -> Harmed:
    """Stop in the middle of the last line."""
    changed = [*lines[:-1], lines[-1][: rng.randint(1, len(lines[-1]) - 1)]]
    return Harmed(changed, harmed={len(lines) - 1}, last_end=False)


def separator_of_a_block(lines: list[bytes], mark: bytes, rng: random.Random) -> Harmed:
    """Write some lines in the middle with another separator."""
    start, length = rng.randint(20, len(lines) - 60), rng.randint(1, 30)
    positions = set(range(start, start + length))
    changed = [line.replace(mark, OTHER[mark]) if index in positions else line for index, line in enumerate(lines)]
    return Harmed(changed, harmed=positions, may_refuse=True)


def separator_from_here(lines: list[bytes], mark: bytes, rng: random.Random) -> Harmed:
    """Write the rest of a file, a half of it at most, with another separator."""
    start = rng.randint(len(lines) // 2, len(lines) - 20)
    changed = [line.replace(mark, OTHER[mark]) if index >= start else line for index, line in enumerate(lines)]
    return Harmed(changed, harmed=set(range(start, len(lines))), may_refuse=True)


def inserted(draw: Callable[[list[bytes], bytes, random.Random], bytes], most: int) -> Damage:
    """Return the damage that puts lines which are no rows between the rows."""

    def harm(lines: list[bytes], mark: bytes, rng: random.Random) -> Harmed:
        changed: list[bytes] = []
        positions, new = set(places(lines, rng, most)), set()
        for index, line in enumerate(lines):
            if index in positions:
                new.add(len(changed))
                changed.append(draw(lines, mark, rng))
            changed.append(line)
        return Harmed(changed, no_rows=new)

    return harm


def footer(lines: list[bytes], mark: bytes, rng: random.Random) -> Harmed:
    """Put a few long lines of words behind the table, as reports have them."""
    words = [WORDS * rng.randint(1, 40) for _ in range(rng.randint(1, 4))]
    return Harmed([*lines, *words], no_rows=set(range(len(lines), len(lines) + len(words))))


def blank_at_the_end(lines: list[bytes], mark: bytes, rng: random.Random) -> Harmed:
    """Put blank lines behind the table."""
    count = rng.randint(1, 30)
    return Harmed([*lines, *[b""] * count], no_rows=set(range(len(lines), len(lines) + count)))


def mixed_ends(lines: list[bytes], mark: bytes, rng: random.Random) -> Harmed:
    """End some lines with LF and the others with CRLF."""
    share = rng.choice([0.02, 0.3, 0.5, 0.98])
    return Harmed(list(lines), ends=[b"\r\n" if rng.random() < share else b"\n" for _ in lines])


def some_lone_cr(lines: list[bytes], mark: bytes, rng: random.Random) -> Harmed:
    """End a few lines with CR alone; the line behind it may be lost with it."""
    positions = places(lines, rng, 2)
    ends = [b"\r" if number in positions else b"\n" for number in range(len(lines))]
    return Harmed(list(lines), harmed={*positions, *(number + 1 for number in positions)}, ends=ends)


def twice(lines: list[bytes], mark: bytes, rng: random.Random) -> Harmed:
    """Cut some lines short, and put a NUL and an odd byte into others."""
    once = torn(lines, mark, rng)
    changed = list(once.lines)
    for byte in (b"\0", bytes([rng.randint(0x80, 0xFF)])):
        position = rng.choice([number for number in range(20, len(lines) - 20) if number not in once.harmed])
        cut = rng.randint(1, len(changed[position]) - 1)
        changed[position] = changed[position][:cut] + byte + changed[position][cut:]
        once.harmed.add(position)
    return Harmed(changed, harmed=once.harmed)


DAMAGES: dict[str, Damage] = {
    "a NUL in a cell": into_cells(lambda rng: b"\0", 3),
    "a run of NULs in a line": into_cells(lambda rng: b"\0" * rng.randint(4, 60), 2),
    "a line of NULs": line_of_zeros,
    "an odd byte in a cell": into_cells(lambda rng: bytes([rng.randint(0x80, 0xFF)]), 3),
    "odd bytes in a cell": into_cells(lambda rng: bytes(rng.randint(0x80, 0xFF) for _ in range(rng.randint(2, 8))), 2),
    "0x1A in a cell": into_cells(lambda rng: b"\x1a", 2),
    "0x1A at the end": ends_with_1a,
    "torn lines": torn,
    "a torn line that the next runs on from": torn_and_run_on,
    "a torn last line": torn_at_the_end,
    "another separator in a block": separator_of_a_block,
    "another separator from here on": separator_from_here,
    "lines of delimiters alone": inserted(lambda lines, mark, rng: mark * lines[0].count(mark), 5),
    "the header again": inserted(lambda lines, mark, rng: lines[0], 4),
    "blank lines": inserted(lambda lines, mark, rng: rng.choice([b"", b"   ", b"\t"]), 30),
    "blank lines at the end": blank_at_the_end,
    "LF and CRLF mixed": mixed_ends,
    "a few lone CR": some_lone_cr,
    "a footer of long lines": footer,
    "a stray quote in a cell": into_cells(lambda rng: b'"', 1, may_refuse=True),
    "torn, NUL and odd byte": twice,
}
