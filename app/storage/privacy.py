"""File modes that keep the data folder private to its owner."""

from __future__ import annotations

import logging
import os
import stat
from pathlib import Path

log = logging.getLogger(__name__)
# No bit for the group or for others.
OTHERS = 0o077


def make_private() -> None:
    """Let this process and its children create files and folders that nobody else can read."""
    os.umask(OTHERS)


def restrict_modes(data: Path) -> int:
    """Take from others what they may do with files and folders in the data folder; returns how many that were."""
    restricted = 0
    for folder, _folders, names in os.walk(data, followlinks=False):
        for path in (Path(folder), *(Path(folder) / name for name in names)):
            restricted += _restrict(path)
    return restricted


def _restrict(path: Path) -> bool:
    try:
        results = path.lstat()
        if stat.S_ISLNK(results.st_mode) or results.st_uid != os.geteuid() or not results.st_mode & OTHERS:
            return False
        path.chmod(stat.S_IMODE(results.st_mode) & ~OTHERS)
    except FileNotFoundError:
        return False
    except OSError as fault:
        log.warning("others may still read %s: %s", path, fault.strerror)
        return False
    return True
