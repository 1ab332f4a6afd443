"""The reading child: `python -m app.storage.reading.child` answers a JSON request on standard input.

It may wait for the request, with its modules loaded; a standard input that ends without one says that nobody wants it.
It limits itself before it touches the user's bytes: memory, processor time, file size, open files; and it dies with
its parent. The kernel can only limit addresses, of which DuckDB reserves gigabytes that it never fills (81 columns
reserve 3 GB and fill 250 MB), so a thread of its own watches what is truly in use.
"""

from __future__ import annotations

import ctypes
import errno
import importlib
import json
import os
import resource
import select
import signal
import sys
import threading
import time
from types import TracebackType
from typing import Any

from app.storage.process_memory import peak_memory_mb
from app.storage.reading.refusals import RefusedError

MIB = 1024 * 1024
RESERVED_MB = 16_384
WATCH_SECONDS = 0.05
TOO_MUCH_MEMORY, ORPHANED = 77, 78
# The argument of a child that is started before there is anything to read.
WAITS = "waits"
# Said before the answer, when the request is taken and before the file is touched.
TAKEN = b"taken\n"
# What a child loads that waits; the readers of rarer formats load what they need when they are asked.
MODULES = ("app.storage.reading.peeking", "app.storage.reading.table", "duckdb", "numpy.ma")
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


def end_with_parent() -> None:
    """End this process with the thread that started it: no orphan waits or reads."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def load_modules() -> None:
    """Load what reading needs, part by part, until a request is there or nobody can send one any more."""
    for name in MODULES:
        if select.select([sys.stdin], [], [], 0)[0]:
            return
        importlib.import_module(name)


def watch_memory(most_mb: int) -> None:
    """End this process at once when it uses more than this; the parent knows what the exit code means."""

    def look() -> None:
        while peak_memory_mb() < most_mb:
            time.sleep(WATCH_SECONDS)
        os._exit(TOO_MUCH_MEMORY)

    if peak_memory_mb() >= most_mb:
        # What is loaded is too much already: a child that waited ends before it takes the request.
        os._exit(TOO_MUCH_MEMORY)
    threading.Thread(target=look, name="memory", daemon=True).start()


def answer_request(request: dict[str, Any]) -> dict[str, Any]:
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


def tell_fault(kind: type[BaseException], fault: BaseException, trace: TracebackType | None) -> None:
    """Report a fault to the parent by its class and places, not by its words, which may quote a cell."""
    lines = [kind.__name__]
    while trace is not None:
        code = trace.tb_frame.f_code
        lines.append(f"  at {code.co_name} ({code.co_filename.rpartition('/')[2]}:{trace.tb_lineno})")
        trace = trace.tb_next
    sys.stderr.write("\n".join(lines) + "\n")


def main() -> None:
    """Answer one request and end."""
    sys.excepthook = tell_fault
    end_with_parent()
    if sys.argv[1:] == [WAITS]:
        load_modules()
    sent = sys.stdin.buffer.read()
    if not sent:
        return
    request = json.loads(sent)
    limit_myself(request["limits"], request["seconds"])
    watch_memory(request["limits"]["read_memory_mb"])
    os.chdir(request["folder"])
    if os.getppid() != request["parent"]:
        # It ended before the kernel was asked to tell of it.
        sys.exit(ORPHANED)
    # From here on nothing is done again in another child.
    sys.stdout.buffer.write(TAKEN)
    sys.stdout.buffer.flush()
    sys.stdout.write(json.dumps(answer_request(request), allow_nan=False))


if __name__ == "__main__":
    main()
