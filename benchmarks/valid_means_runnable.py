"""Random configs that the checks call valid are trained: which share of them finishes.

Figure: at least 99.5 % of 1,000. Yardstick: the same share of those that the checks call invalid, of which a few are
tried too, so that it is seen that the checks refuse what does fail. The datasets are those of ../shared/data, and the
samples where that is absent; of each the first rows, and a dozen columns evenly spread. What takes longer than a minute
is stopped, and counts as not finished; beside it stands of how many the checks had said that they would outlast a job
of a minute. It goes on where it was stopped: every config is a line of a file. Checks are made from what failed, so
a figure comes from seeds that no check was made from.

    python -m benchmarks.valid_means_runnable [how many] [file] [first seed]
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
import warnings
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from app.domain.errors import DomainError, StoppedError
from app.domain.experiment import Draft
from app.domain.recommendation.propose import make_plan
from app.domain.training.run import train
from tests.domain.any_config import AnyConfig
from tests.domain.reading import MACHINE, SAMPLES, Known, known, read_path
from tests.domain.tables import REAL

ROWS = 250
MOST_COLUMNS = 12
SECONDS = 60
MANY = 1_000
INVALID_SHARE = 0.05
SLOW, TOO_LONG = "too slow", ("launch_too_long", "search_too_long")


@dataclass(frozen=True)
class Outcome:
    """What became of one config."""

    seed: int
    table: str
    valid: bool
    ended: str
    said: str
    seconds: float
    told: bool = False


def tables() -> list[Path]:
    """Return the files that are read: all plain tables of the shared folder, or the samples."""
    paths = sorted((*REAL.glob("hydro/*.csv"), *REAL.glob("general/*.csv")))
    return paths or sorted(SAMPLES.glob("*.csv"))


def part_of(path: Path) -> Known | None:
    """Return the first rows of a file as a dataset of their own, or None where it cannot be read."""
    try:
        frame = read_path(path).frame
    except (AssertionError, DomainError):
        return None
    places = sorted({round(position) for position in np.linspace(0, frame.shape[1] - 1, MOST_COLUMNS)})
    return known(frame.iloc[:ROWS, places])


def tried(seed: int, name: str, table: Known) -> Outcome | None:
    """Draw a config and train it; None where it is one of the many invalid ones that are not tried."""
    draw = AnyConfig(table.profile, seed)
    plan = make_plan(Draft(draw.answers()), table.profile, None, machine=MACHINE, limit_seconds=SECONDS)
    if plan.spec is None or (not plan.launchable and draw.random.random() > INVALID_SHARE):
        return None
    start = time.monotonic()
    ended, words = "finished", ""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            train(
                plan.spec,
                table.frame,
                table.profile,
                on_progress=lambda _: None,
                should_stop=lambda: time.monotonic() - start > SECONDS,
            )
    except StoppedError:
        ended = SLOW
    except DomainError as fault:
        ended, words = fault.code, fault.message
    except Exception as fault:
        ended, words = type(fault).__name__, str(fault)[:300]
    what = f"{plan.spec.model.estimator}, {plan.spec.validation.strategy.value}: {words}"
    told = any(problem.code in TOO_LONG for problem in plan.problems)
    return Outcome(seed, name, plan.launchable, ended, what, round(time.monotonic() - start, 2), told)


def main() -> None:
    """Try configs until so many valid ones were, and print the share and every failure."""
    many = int(sys.argv[1]) if len(sys.argv) > 1 else MANY
    book = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(tempfile.mkdtemp()) / "outcomes.jsonl"
    done = [json.loads(line) for line in book.read_text().splitlines()] if book.exists() else []
    knowns: dict[Path, Known | None] = {}
    first = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    seed, paths = max((item["seed"] for item in done), default=first - 1) + 1, tables()
    with book.open("a") as lines:
        while sum(item["valid"] for item in done) < many:
            path = paths[seed % len(paths)]
            if path not in knowns:
                knowns[path] = part_of(path)
            table = knowns[path]
            outcome = None if table is None else tried(seed, path.name, table)
            if outcome is not None:
                done.append(outcome.__dict__)
                lines.write(json.dumps(outcome.__dict__) + "\n")
                lines.flush()
            seed += 1
    tell(done)


def tell(done: list[dict[str, Any]]) -> None:
    """Print the shares, and what failed."""
    for valid, word in ((True, "valid"), (False, "invalid")):
        some = [item for item in done if item["valid"] is valid]
        good = sum(item["ended"] == "finished" for item in some)
        print(f"{word:8} {len(some):5} tried, {100 * good / max(len(some), 1):6.2f} % finished")
    warned = [item for item in done if item["valid"] and item.get("told")]
    stopped = [item for item in done if item["valid"] and item["ended"] == SLOW]
    foreseen = sum(bool(item.get("told")) for item in stopped)
    print(
        f"{foreseen} of the {len(stopped)} stopped were said to be too slow before; {len(warned)} were said so in all"
    )
    failed = [item for item in done if item["valid"] and item["ended"] != "finished"]
    for ended, count in Counter(item["ended"] for item in failed).most_common():
        print(f"{count:5}  {ended}")
    for row in failed:
        print(f"       seed {row['seed']} on {row['table']}: {row['ended']}: {row['said']}")


if __name__ == "__main__":
    main()
