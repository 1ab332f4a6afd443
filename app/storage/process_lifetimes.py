"""Names of processes that tell whether the process is still alive."""

from __future__ import annotations

import os
from pathlib import Path

START_TIME = 19


def name_of_this_process() -> str:
    """Return host, number and start of this process: a number alone is given to another one after its end."""
    return f"{os.uname().nodename[:100]}/{os.getpid()}/{_start_of(os.getpid())}"


def has_ended(name: str | None) -> bool:
    """Return whether a process of this machine has ended; of any other, and of one without a name, nobody knows."""
    host, *rest = (name or "").rsplit("/", 2)
    if len(rest) != 2 or host != os.uname().nodename[:100] or not rest[0].isdigit():
        return False
    return _start_of(int(rest[0])) != rest[1]


def _start_of(pid: int) -> str:
    """Return when a process began, in ticks since the start of the machine; empty where there is none, or no /proc."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[START_TIME]
    except OSError:
        return ""
