"""Those who do harm: kills at chosen moments, locks held by a stranger, a disk without room, planned restarts."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from tests.chaos.facts import Reader
from tests.chaos.history import Harm, History
from tests.chaos.product import Product
from tests.chaos.visitors import Visitor
from tests.workers.obstacles import LockedDatabase, SmallDisk

MOMENTS = ("upload", "saving", "analysis", "training", "tuning")
# Out of so many kills each; the others fall on whoever is left.
VICTIM_WEIGHTS = {"web": 20, "web master": 8, "worker": 18, "horse": 22, "reader": 14, "server": 10,
                  "upkeep": 5, "product": 3}  # fmt: skip
# Where a victim is, as far as it is not everywhere.
MOMENTS_OF = {"reader": ("upload", "analysis"), "horse": ("analysis", "training", "tuning")}
# One in so many kills is followed by another enemy.
ENEMY_EVERY = 8
ENEMIES = ("lock", "lock", "full_disk", "restart")
WAIT_SECONDS = 5.0
# On a machine that is busy with other things, what nobody used since the last kill is not killed again at once.
WORK_SECONDS = 10.0
LEAST_LOCK, MOST_LOCK = 5.0, 30.0
LEAST_FULL, MOST_FULL = 5.0, 15.0


@dataclass(frozen=True)
class Blow:
    """One kill as it is planned: whom, when, how long after that moment began, and which enemy comes with it."""

    victim: str
    moment: str
    delay: float
    pause: float
    enemy: str = ""
    enemy_seconds: float = 0.0


def plan_blows(seed: int, kills: int, *, enemies: Sequence[str] = ENEMIES, skip: int = 0) -> list[Blow]:
    """Return the kills of a run; the same seed gives the same ones."""
    chance = random.Random(seed)
    victims, weights = list(VICTIM_WEIGHTS), list(VICTIM_WEIGHTS.values())
    blows = []
    for number in range(1, skip + kills + 1):
        (victim,) = chance.choices(victims, weights)
        moment = chance.choice(MOMENTS_OF.get(victim, MOMENTS))
        delay, pause, enemy, share = (
            chance.random() ** 2 * 1.5,
            chance.uniform(0.5, 2.0),
            chance.choice(ENEMIES),
            chance.random(),
        )
        comes = number % ENEMY_EVERY == 0 and enemy in enemies
        low, high = (LEAST_LOCK, MOST_LOCK) if enemy == "lock" else (LEAST_FULL, MOST_FULL)
        blows.append(
            Blow(victim, moment, delay, pause, enemy if comes else "", low + share * (high - low) if comes else 0.0)
        )
    return blows[skip:]


@dataclass
class Nemesis:
    """Carries the blows out. `disk` is None where no small disk could be had."""

    product: Product
    reader: Reader
    visitors: list[Visitor]
    history: History
    disk: SmallDisk | None
    say: Callable[[str], None] = print
    busy: list[threading.Thread] = field(default_factory=list)
    told: int = 0

    def strike(self, blow: Blow) -> Harm | None:
        """Wait for the moment, kill, and begin what comes with it; None where the victim was not there in time."""
        self._wait_for_work()
        harm = self._kill(blow)
        if blow.enemy == "restart":
            self.restart()
        elif blow.enemy:
            self._begin(blow)
        time.sleep(blow.pause)
        return harm

    def _wait_for_work(self) -> None:
        """Wait until somebody was told again that something is done."""
        end, before = time.monotonic() + WORK_SECONDS, self.told
        while len(self.history.acknowledged) == before and time.monotonic() < end:
            time.sleep(0.05)
        self.told = len(self.history.acknowledged)

    def _kill(self, blow: Blow) -> Harm | None:
        end = time.monotonic() + WAIT_SECONDS
        moment, pids = "", []
        while time.monotonic() < end:
            if self.is_moment(blow.moment):
                moment = blow.moment
                time.sleep(blow.delay)
                pids = self.product.find(blow.victim)
                if pids:
                    break
            time.sleep(0.05)
        pids = pids or self.product.find(blow.victim)
        if not pids:
            return None
        began = time.time()
        # Of several alike the youngest is hit: a horse or a reader at work.
        with contextlib.suppress(ProcessLookupError):
            os.kill(pids[-1], signal.SIGKILL)
        if blow.victim == "product":
            self.product.stop(signal.SIGKILL)
            self.product.start()
        harm = Harm("kill", blow.victim, moment or "any", began, time.time())
        self.history.add(harm)
        return harm

    def is_moment(self, moment: str) -> bool:
        """Return whether a moment is now."""
        if moment == "saving":
            return any(visitor.doing == "save" for visitor in self.visitors)
        if moment == "upload":
            return any(visitor.doing == "upload" for visitor in self.visitors)
        return moment in self.reader.find_moments()

    def restart(self) -> None:
        """Stop and start the product as planned."""
        began = time.time()
        self.product.stop(signal.SIGTERM)
        self.product.start()
        self.history.add(Harm("restart", "product", "planned", began, time.time()))

    def _begin(self, blow: Blow) -> None:
        """Hold a lock or fill the disk in the background; while one is at work, no other comes."""
        self.busy = [item for item in self.busy if item.is_alive()]
        if self.busy or (blow.enemy == "full_disk" and self.disk is None):
            return
        thread = threading.Thread(target=self._obstruct, args=(blow.enemy, blow.enemy_seconds), daemon=True)
        thread.start()
        self.busy.append(thread)

    def _obstruct(self, enemy: str, seconds: float) -> None:
        began = time.time()
        with _obstacle(enemy, self.product, self.disk, seconds):
            time.sleep(seconds)
        self.history.add(Harm(enemy, "everything", "", began, time.time()))

    def end(self) -> None:
        """Wait until every obstacle is gone."""
        for thread in self.busy:
            thread.join(MOST_LOCK + 30)


@contextlib.contextmanager
def _obstacle(enemy: str, product: Product, disk: SmallDisk | None, seconds: float) -> Iterator[None]:
    """Stand in the way; a database that cannot be locked, since others write all the time, is left alone."""
    if enemy == "full_disk" and disk is not None:
        disk.fill()
        try:
            yield
        finally:
            disk.clear()
        return
    database = LockedDatabase(product.data, seconds)
    with contextlib.suppress(AssertionError):
        database.__enter__()
    try:
        yield
    finally:
        database.__exit__(None, None, None)
