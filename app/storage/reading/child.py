"""The child's side: `python -m app.storage.reading.child`, a request on standard input, an answer on standard output.

It limits itself before it touches the user's bytes: memory, processor time, file size, open files; and it dies with
its parent. The kernel can only limit addresses, of which DuckDB reserves gigabytes that it never fills (81 columns
reserve 3 GB and fill 250 MB), so a thread of its own watches what is truly in use.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import resource
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

from app.domain.training.clock import peak_memory_mb
from app.storage.reading.refusals import RefusedError

MIB = 1024 * 1024
RESERVED_MB = 16_384
WATCH_SECONDS = 0.05
TOO_MUCH_MEMORY = 77
FULL = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)
NO_SPACE = {
    "code": "no_space",
    "message": "The server has no room for this file. Nothing was changed.",
    "status": 507,
}


def limit_myself(limits: dict[str, int], seconds: int) -> None:
    """Set the limits of this process; they cannot be raised again."""
    for kind, value in (
        (resource.RLIMIT_AS, (limits["read_memory_mb"] + RESERVED_MB) * MIB),
        (resource.RLIMIT_CPU, max(2 * seconds, 4)),
        (resource.RLIMIT_FSIZE, 2 * limits["unpacked_mb"] * MIB),
        (resource.RLIMIT_NOFILE, 256),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (value, value))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: no orphan goes on reading.


def watch_memory(most_mb: int) -> None:
    """End this process at once when it uses more than this; the parent knows what the exit code means."""

    def look() -> None:
        while peak_memory_mb() < most_mb:
            time.sleep(WATCH_SECONDS)
        os._exit(TOO_MUCH_MEMORY)

    threading.Thread(target=look, name="memory", daemon=True).start()


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Read the file of the request; every fault becomes a code and a sentence."""
    try:
        if request.get("what") == "peek":
            from app.storage.reading.peeking import peek

            return {"peek": peek(request)}
        from app.storage.reading.table import read_table

        return {"profile": read_table(request)}
    except RefusedError as refusal:
        return {"error": refusal.as_json()}
    except MemoryError:
        return {"error": _out_of_memory(request)}
    except OSError as fault:
        if fault.errno in FULL:
            return {"error": NO_SPACE}
        raise
    except Exception as fault:
        # DuckDB has its own error classes; those that a user's file can cause are told apart by name.
        if type(fault).__name__ == "OutOfMemoryException":
            return {"error": _out_of_memory(request)}
        if type(fault).__name__ == "IOException" and any(os.strerror(code) in str(fault) for code in FULL):
            return {"error": NO_SPACE}
        raise


def _out_of_memory(request: dict[str, Any]) -> dict[str, Any]:
    memory = request["limits"]["read_memory_mb"]
    message = (
        f"Reading needs more than {memory:,} MB of memory. Try a smaller file, or raise HYDROML_LIMIT_READ_MEMORY_MB."
    )
    return {"code": "too_large_to_read", "message": message, "status": 413}


def main() -> None:
    """Answer one request and end."""
    request = json.loads(sys.stdin.buffer.read())
    limit_myself(request["limits"], request["seconds"])
    watch_memory(request["limits"]["read_memory_mb"])
    Path(request["folder"]).stat()
    sys.stdout.write(json.dumps(answer(request), allow_nan=False))


if __name__ == "__main__":
    main()
