"""`python -m tests.chaos --kills 1000`: the kill test at length; `make chaos` calls it."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
from pathlib import Path

from tests.chaos.campaign import ROUND, Campaign, table


def main() -> None:
    """Run it, print what is wrong as it is found, and the table; the exit code says whether nothing was."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=int(time.time()) % 100_000)
    parser.add_argument("--round", type=int, default=ROUND, help="kills between two times of peace")
    parser.add_argument("--minutes", type=float, default=None, help="begin no round after so many minutes")
    parser.add_argument("--keep", type=Path, default=None, help="a folder for the log of the product")
    given = parser.parse_args()
    # However it is stopped, nothing of it stays; a shell that starts it in the background has SIGINT ignored.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    until = None if given.minutes is None else time.monotonic() + 60 * given.minutes
    say(f"seed {given.seed}")
    with tempfile.TemporaryDirectory(prefix="hydroml-chaos-") as folder:
        campaign = Campaign(Path(folder), given.seed, say=say)
        try:
            campaign.run(given.kills, per_round=given.round, until=until)
        except KeyboardInterrupt:
            say("stopped early; what is told is of the rounds that came to their end")
        finally:
            if given.keep is not None:
                given.keep.mkdir(parents=True, exist_ok=True)
                log = Path(folder) / "product.log"
                (given.keep / f"{given.seed}.log").write_bytes(log.read_bytes() if log.exists() else b"")
    say(table(campaign.tally, seed=given.seed))
    sys.exit(1 if campaign.tally.sentences else 0)


def say(words: str) -> None:
    """Print at once."""
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
