"""Peak memory of this process, from the kernel."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from app.domain.training.report.clock import accounted_peak_mb

# Written to clear_refs, it sets the peak of a Linux process to what it holds now (proc_pid_clear_refs(5)).
FORGET_PEAK = "5"


def forget_peak() -> None:
    """Let the peak of memory count from now; where the kernel does not allow it, it counts from the program's start."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text(FORGET_PEAK, encoding="ascii")


def peak_memory_mb() -> float:
    """Return the most memory this process has held since `forget_peak`, in MB of 1024 x 1024 bytes.

    What the kernel accounts to a forked child goes back to its parent's peak, so the status of the process is read,
    whose peak can be set back; where there is none, as on macOS, the account is all there is.
    """
    try:
        with Path("/proc/self/status").open("rb") as lines:
            peak = next(line for line in lines if line.startswith(b"VmHWM:"))
    except (OSError, StopIteration):
        return accounted_peak_mb()
    return round(int(peak.split()[1]) / 1024, 1)
