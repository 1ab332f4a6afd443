"""The parent of a reading child: start it, wait within limits, and check its answer."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import signal
import subprocess
import tempfile
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.domain.analysis.import_options.import_choices import Peek, ReadingChoices
from app.domain.analysis.profiling.profile import DatasetProfile
from app.domain.errors import InterruptedReadingError, NoSpaceError, UnreadableFileError
from app.domain.interruptions import SENT_BY_OTHERS, name_of_signal
from app.storage.files import PROFILE, publish_folder, remove_folder
from app.storage.reading import reader_pool
from app.storage.reading.child import TAKEN, TOO_MUCH_MEMORY

if TYPE_CHECKING:
    # The child imports this module too, and settings bring the database along, which costs more than a first look.
    from config import Limits

log = logging.getLogger(__name__)
# A fault as the child tells of it: its class, and where it came through.
PLACE = re.compile(r"[A-Za-z_]{1,60}( from [A-Za-z_]{1,60})?|  at [\w<>]{1,80} \([\w.]{1,80}:\d+\)")
NOTHING_SAID = ReadingChoices()
# What Python and C++ say on the way out when an allocation failed where nobody could answer any more.
WANT_OF_MEMORY = ("MemoryError", "bad_alloc")


def read_file(
    source: Path,
    target_dir: Path,
    *,
    limits: Limits,
    seconds: int,
    file_name: str = "",
    choices: ReadingChoices = NOTHING_SAID,
) -> DatasetProfile:
    """Read a file into `target_dir`, which then holds data.parquet and profile.json, or does not exist.

    Parameters
    ----------
    source, file_name
        The uploaded bytes, under a name of our own, and the user's name, of which only the ending is looked at.
    target_dir
        The dataset's folder; it appears only when everything in it is complete.
    limits, seconds
        What the child may use, and how long the parent waits.
    choices
        What the user said about how to read it.

    Raises
    ------
    UnreadableFileError, NoSpaceError
        With a sentence for the user.
    """
    aside = target_dir.with_name(f"{target_dir.name}.{uuid.uuid4().hex}.part")
    aside.mkdir(parents=True, mode=0o700)
    try:
        request = _request("read", source, aside, limits=limits, seconds=seconds, file_name=file_name, choices=choices)
        answer = _ask_child(request, seconds)
        if "error" in answer:
            raise _refusal(answer["error"])
        profile = DatasetProfile.from_json(answer["profile"])
        (aside / PROFILE).write_text(json.dumps(answer["profile"]))
        publish_folder(aside, target_dir)
        return profile
    finally:
        remove_folder(aside)


def peek_file(
    source: Path,
    *,
    limits: Limits,
    seconds: int,
    file_name: str = "",
    choices: ReadingChoices = NOTHING_SAID,
    workspace: Path | None = None,
) -> Peek:
    """Return the first look at a file, from its head alone; nothing is kept.

    `workspace` is where the child may write for a moment, beside the file if no other folder is named.

    Raises
    ------
    UnreadableFileError, NoSpaceError
        With a sentence for the user.
    """
    with tempfile.TemporaryDirectory(prefix="peek-", dir=workspace or source.resolve().parent) as folder:
        request = _request(
            "peek", source, Path(folder), limits=limits, seconds=seconds, file_name=file_name, choices=choices
        )
        answer = _ask_child(request, seconds)
    if "error" in answer:
        raise _refusal(answer["error"])
    return Peek.model_validate(answer["peek"])


def _request(
    what: str,
    source: Path,
    folder: Path,
    *,
    limits: Limits,
    seconds: int,
    file_name: str,
    choices: ReadingChoices,
) -> dict[str, Any]:
    return {
        "what": what,
        "source": str(source.resolve()),
        "folder": str(folder.resolve()),
        "suffix": "".join(Path(file_name).suffixes[-2:]).lower()[:20],
        "limits": limits.__dict__,
        "seconds": seconds,
        "choices": choices.to_json(),
        "parent": os.getpid(),
    }


def _refusal(error: dict[str, Any]) -> UnreadableFileError | NoSpaceError:
    if error["code"] == "no_space":
        return NoSpaceError(error["message"], field="file")
    if error["code"] == InterruptedReadingError.code:
        return InterruptedReadingError(error["message"])
    return UnreadableFileError(
        error["message"], code=error["code"], status=error["status"], line=error.get("line"), column=error.get("column")
    )


def _ask_child(request: dict[str, Any], seconds: int) -> dict[str, Any]:
    """Ask one child: the spare, or one started for it; one that took the request is never asked again."""
    waiting = reader_pool.take()
    if waiting is not None:
        usage, answer = _hear(waiting, request, seconds)
        if usage:
            return answer
    return _hear(reader_pool.start_child(Path(request["folder"])), request, seconds)[1]


def _hear(child: subprocess.Popen[bytes], request: dict[str, Any], seconds: int) -> tuple[bool, dict[str, Any]]:
    """Return whether the child took the request, which it says before it touches the file, and its answer."""
    try:
        out, statement = child.communicate(json.dumps(request).encode(), timeout=seconds)
    except subprocess.TimeoutExpired:
        reader_pool.end_child(child)
        limit = "PEEK_SECONDS" if request["what"] == "peek" else "READ_SECONDS"
        message = f"Reading took more than {seconds} s and was stopped. HYDROML_LIMIT_{limit} raises the limit."
        return True, _fault("too_slow", message)
    except BaseException:
        reader_pool.end_child(child)
        raise
    if child.returncode == 0 and out.startswith(TAKEN):
        with contextlib.suppress(ValueError):
            answer: dict[str, Any] = json.loads(out.removeprefix(TAKEN))
            return True, answer
    words = statement.decode(errors="replace")[-2000:]
    # What a library says on its way out may quote a cell, so that only places in the code are kept.
    places = " ".join(line.strip() for line in words.splitlines() if PLACE.fullmatch(line))
    crashed = child.returncode not in (TOO_MUCH_MEMORY, *(-number for number in SENT_BY_OTHERS))
    level = logging.ERROR if crashed else logging.WARNING
    log.log(level, "the reading child ended with %s: %s", child.returncode, places)
    return out.startswith(TAKEN), _death(child.returncode, words, request)


def _death(returncode: int, words: str, request: dict[str, Any]) -> dict[str, Any]:
    """Return why a child that ended without an answer did, claiming no more than was seen."""
    exit_signal = -returncode
    if exit_signal == signal.SIGXCPU:
        return _fault("too_slow", f"Reading took more than {request['seconds']} s of work and was stopped.")
    if exit_signal in SENT_BY_OTHERS:
        message = f"The process that read the file was ended from outside (signal {exit_signal:d})."
        return _fault(InterruptedReadingError.code, message, status=503)
    if returncode == TOO_MUCH_MEMORY or any(word in words for word in WANT_OF_MEMORY):
        memory = request["limits"]["read_memory_mb"]
        message = f"The file could not be read within {memory:,} MB of memory. Try a smaller one."
        return _fault("too_large_to_read", message, status=413)
    how = name_of_signal(exit_signal) if exit_signal > 0 else f"code {returncode}"
    message = f"The program that reads files crashed on this one ({how}). Save it in another format and send that."
    return _fault("reader_crashed", message)


def _fault(code: str, message: str, *, status: int = 422) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "status": status}}
