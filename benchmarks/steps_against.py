"""Server time of each step against another commit, turn by turn in one run: `… steps_against [COMMIT] [ROUNDS]`.

Figure: the 95th percentile of each step is at most 0.6 of that on commit 1ca9dd4. The other commit is checked out
beside this tree, each of the two answers in a process of its own, and every request is sent to both before the next
one, so that whatever else the machine does falls on both alike; on a busy one the processor's own time tells more.
Answers that are saved differ from turn to turn.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
BEFORE = "1ca9dd4"
ROUNDS = 40
STEPS = ("data", "features", "model", "validation", "review")
KINDS = ("show", "autosave", "save")
Times = list[tuple[float, float]]


class Tree:
    """One tree with a process that answers in it."""

    def __init__(self, folder: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(ROOT / "benchmarks" / "steps_child.py")],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(folder)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._told().strip() == "ready"

    def _told(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    def ask(self, line: str) -> tuple[float, float]:
        """Send one request; returns the milliseconds that the server took, on the wall and of the processor."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        wall, processor = self._told().split()
        return float(wall), float(processor)

    def close(self) -> None:
        """Let the process end."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=60)


def main() -> None:
    """Print the 95th percentile of each kind of request before and now, with the ratio."""
    commit = sys.argv[1] if len(sys.argv) > 1 else BEFORE
    with tempfile.TemporaryDirectory() as folder:
        other = Path(folder) / "before"
        git = ["git", "-C", str(ROOT), "worktree"]
        subprocess.run([*git, "add", "--detach", str(other), commit], check=True, capture_output=True)
        try:
            _compare(other, rounds=int(sys.argv[2]) if len(sys.argv) > 2 else ROUNDS)
        finally:
            subprocess.run([*git, "remove", "--force", str(other)], check=True, capture_output=True)


def _compare(other: Path, *, rounds: int) -> None:
    trees = {"before": Tree(other), "now": Tree(ROOT)}
    times: dict[tuple[str, str, str], Times] = defaultdict(list)
    for turn in range(rounds + 2):
        for slug in STEPS:
            for kind in KINDS:
                for name, tree in sorted(trees.items(), reverse=bool(turn % 2)):
                    took = tree.ask(f"{kind} {slug}")
                    if turn >= 2:
                        times[name, kind, slug].append(took)
    for tree in trees.values():
        tree.close()
    heads = "".join(f"{head:>14}" for head in ("before", "now", "ratio") * 2)
    print(f"{'95th percentile':20}{'wall':>16}{'processor':>42}\n{'':20}{heads}")
    for slug in STEPS:
        for kind in KINDS:
            _tell(f"{kind} {slug}", times["before", kind, slug], times["now", kind, slug])
        _tell(f"all of {slug}", *(_joined(times, name, slugs=(slug,)) for name in trees))
    _tell("all", *(_joined(times, name, slugs=STEPS) for name in trees))


def _joined(times: Mapping[tuple[str, str, str], Times], name: str, *, slugs: Sequence[str]) -> Times:
    return [took for slug in slugs for kind in KINDS for took in times[name, kind, slug]]


def _tell(name: str, before: Times, now: Times) -> None:
    figures = ""
    for position in range(2):
        then, after = (float(np.percentile([took[position] for took in row], 95)) for row in (before, now))
        figures += f"{then:12.1f}ms{after:12.1f}ms{after / then:14.2f}"
    print(f"{name:20}{figures}")


if __name__ == "__main__":
    main()
