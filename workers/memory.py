"""Memory limit of this process, and kills by the kernel's out-of-memory killer."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

MIB = 1024 * 1024
# Of the second and the first version of control groups.
GROUPS = ((Path("/sys/fs/cgroup"), "memory.max", "memory.events"),
          (Path("/sys/fs/cgroup/memory"), "memory.limit_in_bytes", "memory.oom_control"))  # fmt: skip
OOM_COUNTER = "oom_kill"


def limit_mb() -> float:
    """Return the least of the machine's memory and the limits of the control groups this process is in."""
    whole = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    limits = [_read_number(folder / name) for folder, name, _ in _control_groups()]
    return min([whole, *(limit for limit in limits if limit)]) / MIB


def kernel_kills() -> int:
    """Return how many processes the kernel has ended for want of memory: in our control groups, and on the machine."""
    counters = [folder / name for folder, _, name in _control_groups()]
    return sum(_read_counter(path) for path in [*counters, Path("/proc/vmstat")])


def _control_groups() -> Iterator[tuple[Path, str, str]]:
    """Yield the folders of our control groups with those they lie in, and the names of limit and events there."""
    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        return
    for root, limit, events in GROUPS:
        is_first_version = root.name == "memory"
        for line in lines:
            _, controllers, path = line.split(":", 2)
            if ("memory" in controllers.split(",")) if is_first_version else not controllers:
                inside = Path(path.lstrip("/"))
                for place in dict.fromkeys((inside, *inside.parents, Path())):
                    yield root / place, limit, events


def _read_number(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None


def _read_counter(path: Path) -> int:
    try:
        lines = [line.split() for line in path.read_text().splitlines()]
    except OSError:
        return 0
    return sum(int(words[1]) for words in lines if len(words) == 2 and words[0] == OOM_COUNTER)
