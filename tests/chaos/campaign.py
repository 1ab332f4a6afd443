"""A whole run: rounds of kills with visitors at work, after each a time of peace, and then the question what is left."""

from __future__ import annotations

import contextlib
import os
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.chaos.enemies import ENEMIES, Blow, Nemesis, plan_blows
from tests.chaos.facts import Reader
from tests.chaos.history import History, Sample
from tests.chaos.judging import STUCK_SECONDS, Verdict, judge
from tests.chaos.product import Product
from tests.chaos.visitors import Visitor
from tests.workers.obstacles import SmallDisk

VISITORS = 3
DISK_MB = 1536
ROUND = 50
SAY_EVERY = 10
# A round that has not come to its rest by then never does.
PEACE_SECONDS = 300.0
UP_SECONDS = 60.0
ENDS_SECONDS = 10.0
# Upkeep sweeps every five seconds, and tidies when it starts.
TIDY_SECONDS = 12.0
LIMITS = {"HYDROML_LIMIT_FREE_DISK_MB": "20"}


@dataclass
class Tally:
    """What a run came to."""

    kills: Counter[tuple[str, str]] = field(default_factory=Counter)
    enemies: Counter[str] = field(default_factory=Counter)
    missed: int = 0
    judged_kills: int = 0
    acknowledged: Counter[str] = field(default_factory=Counter)
    answers: Counter[int] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    verdicts: list[tuple[int, Verdict]] = field(default_factory=list)
    slowest_peace: float = 0.0
    seconds: float = 0.0

    @property
    def sentences(self) -> list[str]:
        """Return all that is wrong, each with its round."""
        return [f"round {number}: {sentence}" for number, verdict in self.verdicts for sentence in verdict.sentences]

    @property
    def all_kills(self) -> int:
        """Return how many processes were killed."""
        return sum(self.kills.values())

    def total(self, kind: str) -> int:
        """Return how many of a kind are wrong."""
        return sum(len(getattr(verdict, kind)) for _, verdict in self.verdicts)


@dataclass
class Campaign:
    """One product, its visitors and their enemies."""

    folder: Path
    seed: int
    say: Callable[[str], None] = print
    enemies: tuple[str, ...] = ENEMIES
    tally: Tally = field(default_factory=Tally)

    def run(self, kills: int, *, per_round: int = ROUND, until: float | None = None) -> Tally:
        """Do so many kills in rounds; a run that must end by a time, of time.monotonic(), begins no round after it."""
        begin = time.monotonic()
        with self._disk() as disk:
            data = (disk.folder if disk else self.folder) / "data"
            environment = dict(LIMITS)
            product = Product(data, self.folder / "product.log", environment)
            try:
                self._rounds(product, disk, kills, per_round, until)
            finally:
                self.tally.seconds = time.monotonic() - begin
                product.destroy()
        return self.tally

    @contextlib.contextmanager
    def _disk(self) -> Iterator[SmallDisk | None]:
        try:
            disk: SmallDisk | None = SmallDisk.mounted(self.folder / "disk", mb=DISK_MB)
        except pytest.skip.Exception as reason:
            self.say(f"no full disk in this run: {reason}")
            self.enemies = tuple(enemy for enemy in self.enemies if enemy != "full_disk")
            disk = None
        try:
            yield disk
        finally:
            if disk is not None:
                disk.unmount()

    def _rounds(
        self, product: Product, disk: SmallDisk | None, kills: int, per_round: int, until: float | None
    ) -> None:
        product.start()
        visitors = []
        for number in range(VISITORS):
            name = f"visitor{number}"
            visitor = Visitor(product.port, name, History(), random.Random(f"{self.seed} {name}"), place=number)
            visitor.sign_in(product.link_for(f"{name}@example.org"))
            visitors.append(visitor)
        history, number = visitors[0].history, 0
        for visitor in visitors:
            visitor.history = history
        # A victim that is not there in time costs a blow and is no kill.
        blows = iter(plan_blows(self.seed, 3 * kills, enemies=self.enemies))
        while self.tally.all_kills < kills and (until is None or time.monotonic() < until):
            number += 1
            nemesis = Nemesis(product, Reader(product.data), visitors, history, disk)
            self._fight(nemesis, blows, until_kills=min(kills, self.tally.all_kills + per_round))
            self._rest(nemesis, number)

    def _fight(self, nemesis: Nemesis, blows: Iterator[Blow], *, until_kills: int) -> None:
        threads = []
        for visitor in nemesis.visitors:
            visitor.stop.clear()
            threads.append(threading.Thread(target=visitor.walk, name=visitor.name, daemon=True))
            threads[-1].start()
        try:
            while self.tally.all_kills < until_kills:
                harm = nemesis.strike(next(blows))
                if harm is None:
                    self.tally.missed += 1
                    continue
                self.tally.kills[harm.victim, harm.moment] += 1
                if self.tally.all_kills % SAY_EVERY == 0:
                    self.say(f"{self.tally.all_kills} kills, {len(nemesis.history.acknowledged)} acknowledged")
        finally:
            nemesis.end()
            for item in nemesis.visitors:
                item.stop.set()
            for thread in threads:
                thread.join(120)
                assert not thread.is_alive(), f"{thread.name} waits for an answer for ever"

    def _rest(self, nemesis: Nemesis, number: int) -> None:
        """Let everything come to its end, restart once so that upkeep tidies, and judge."""
        product, reader, history = nemesis.product, nemesis.reader, nemesis.history
        ended = time.monotonic()
        while not product.is_alive():
            assert time.monotonic() - ended < UP_SECONDS, "the web did not come back"
            time.sleep(0.3)
        samples = list(self._watch(reader, ended))
        strays = tuple(sorted(self._words_of(product.left_behind(seconds=ENDS_SECONDS))))
        product.stop()
        left = tuple(sorted(self._words_of(product.left_behind(seconds=ENDS_SECONDS))))
        reader.age_files()
        product.start()
        time.sleep(TIDY_SECONDS)
        facts = reader.read_all(stray_processes=(*strays, *left))
        verdict = judge(history, facts, samples, now=time.time())
        # What was wrong once is not counted again with the next round.
        known = {sentence for _, item in self.tally.verdicts for sentence in item.sentences}
        fresh = Verdict(**{
            kind: tuple(item for item in var if f"{kind}: {item}" not in known) for kind, var in vars(verdict).items()
        })  # fmt: skip
        self.tally.verdicts.append((number, fresh))
        self._count(
            history, [f"{experiment.state} {experiment.code}".strip() for experiment in facts.experiments], samples
        )
        kills = sum(self.tally.kills.values())
        self.say(
            f"round {number}: {kills} kills, at rest after {samples[-1].seconds:.0f} s, {len(fresh.sentences)} wrong"
        )
        for sentence in fresh.sentences:
            self.say(f"  {sentence}")

    def _watch(self, reader: Reader, ended: float) -> Iterator[Sample]:
        idle_since = None
        while True:
            sample = reader.look(time.monotonic() - ended)
            yield sample
            idle_since = None if sample.is_busy else idle_since if idle_since is not None else sample.seconds
            is_stuck = idle_since is not None and sample.seconds - idle_since > STUCK_SECONDS + 1
            if not sample.open_ids or is_stuck or sample.seconds > PEACE_SECONDS:
                return
            time.sleep(0.5)

    @staticmethod
    def _words_of(pids: set[int]) -> Iterator[str]:
        for pid in pids:
            with contextlib.suppress(OSError):
                words = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                yield f"{pid} {words.strip()}"

    def _count(self, history: History, ends: list[str], samples: list[Sample]) -> None:
        self.tally.acknowledged = Counter(acknowledged.what for acknowledged in history.acknowledged)
        self.tally.answers = Counter(history.answers)
        self.tally.enemies = Counter(harm.kind for harm in history.harms if harm.kind != "kill")
        self.tally.ends = Counter(ends)
        self.tally.slowest_peace = max(self.tally.slowest_peace, samples[-1].seconds)


def table(tally: Tally, *, seed: int) -> str:
    """Return the closing table."""
    moments = sorted({moment for _, moment in tally.kills})
    victims = sorted({victim for victim, _ in tally.kills})
    kills = tally.all_kills
    pace = tally.seconds / 60 / max(kills, 1) * 1000
    lines = [f"seed {seed}, {os.cpu_count()} cores, {tally.seconds / 60:.1f} minutes; 1,000 kills take {pace:.0f}", ""]
    lines.append(f"{'killed':<12}" + "".join(f"{moment:>10}" for moment in moments) + f"{'all':>8}")
    for victim in victims:
        row = [tally.kills[victim, moment] for moment in moments]
        lines.append(f"{victim:<12}" + "".join(f"{count:>10}" for count in row) + f"{sum(row):>8}")
    columns = [sum(tally.kills[victim, moment] for victim in victims) for moment in moments]
    lines.append(f"{'all':<12}" + "".join(f"{count:>10}" for count in columns) + f"{kills:>8}")
    others = ", ".join(f"{count} x {kind}" for kind, count in sorted(tally.enemies.items())) or "none"
    kept = ", ".join(f"{count} {what}" for what, count in sorted(tally.acknowledged.items()))
    ends = ", ".join(f"{count} {end}" for end, count in sorted(tally.ends.items()))
    answers = ", ".join(f"{count} x {status or 'cut'}" for status, count in sorted(tally.answers.items()))
    lines += ["", f"not there to be killed   {tally.missed}", f"other enemies            {others}", f"acknowledged             {kept}", f"answers                  {answers}",
              f"experiments              {ends}", f"slowest to come to rest  {tally.slowest_peace:.0f} s", ""]  # fmt: skip
    names = {"lost": "acknowledged saves lost", "stuck": f"stuck for over {STUCK_SECONDS:.0f} s",
             "wrong_reasons": "wrong reasons", "double_results": "double results", "stray_files": "orphaned files",
             "stray_processes": "orphaned processes", "server_errors": "server errors"}  # fmt: skip
    lines += [
        f"{name:<25}{tally.total(kind)} in {tally.judged_kills} kills that were judged" for kind, name in names.items()
    ]
    return "\n".join(lines)
