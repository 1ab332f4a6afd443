"""Files of loggers and agencies: names, units, times with zone, rows, missing values, flags and facts of each kind.

Figure: every file of every kind right, each refused kind named. A file is right where nothing differs from what its
published description says; that was written before the reader. Files in a folder given with --folder are only said to
be known or not, which is how files of other projects, put aside until the end, were judged.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

from tests.storage.answers import ask
from tests.storage.stations.cases import CASES, DATA
from tests.storage.stations.judging import differences

KINDS = {
    1: "Campbell TOA5", 2: "HOBO", 3: "miniDOT, Solinst, In-Situ, Diver", 4: "WaterML", 5: "USGS Water Data",
    7: "KNMI, DWD", 8: "GRDC", 9: "GHCN-Daily, GSOD", 10: "Environment Canada, UK", 11: "WISKI, DINO, CDEC, ECA&D",
}  # fmt: skip


def judge_cases() -> bool:
    """Print how many files of each kind are right, and what differs in the others."""
    right: dict[int, int] = defaultdict(int)
    every: dict[int, int] = defaultdict(int)
    for case in CASES:
        with tempfile.TemporaryDirectory() as folder:
            results = differences(Path(folder), DATA / case.file, case)
        every[case.kind] += 1
        right[case.kind] += not results
        for sentence in results:
            print(f"   {case.file}: {sentence[:200]}")
    for kind, count in sorted(every.items()):
        print(f"{kind:>3} {KINDS[kind]:<36} {right[kind]:>3} of {count}")
    print(f"    {'all':<36} {sum(right.values()):>3} of {sum(every.values())}")
    return right == every


def judge_folder(folder: Path) -> None:
    """Print as what each file of a folder is read."""
    for path in sorted(folder.iterdir()):
        with tempfile.TemporaryDirectory() as scratch:
            answer = ask("read", Path(scratch), path, path.name)
        report = answer["profile"]["report"] if "profile" in answer else None
        print(f"{path.name:<50} {report['dialect']['format'] if report else answer['error']['message'][:120]}")


def main() -> int:
    """Judge the files of the tests, or those of a folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, help="a folder of other files")
    options = parser.parse_args()
    if options.folder:
        judge_folder(options.folder)
        return 0
    return 0 if judge_cases() else 1


if __name__ == "__main__":
    sys.exit(main())
