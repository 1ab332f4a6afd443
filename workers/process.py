"""Ending this process together with its parent."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

SUPERVISOR = "HYDROML_SUPERVISOR"
PR_SET_PDEATHSIG = 1


def die_with(parent: int) -> None:
    """Have the kernel end this process when its parent ends, however that comes about.

    Linux only; elsewhere the supervisor's own end takes its children along as long as it is not killed outright.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        # The parent may have died before the kernel was told.
        if os.getppid() != parent:
            os._exit(1)


def die_with_supervisor() -> None:
    """Do so where a supervisor started this process; one that was started by hand lives on its own."""
    parent = os.environ.get(SUPERVISOR, "")
    if parent.isdigit():
        die_with(int(parent))
