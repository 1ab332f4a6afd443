"""Ask the reading child for an answer in this process: many small files, and no child for each of them."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

import config
from app.domain.analysis.import_options.import_choices import Peek
from app.domain.analysis.profiling.profile import DatasetProfile
from app.storage.columnar import connect
from app.storage.reading import child

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
Rows = list[tuple[Any, ...]]


def shared(name: str) -> Path:
    """Return a real file, or skip the test where there is none."""
    path = SHARED / name
    if not path.exists():
        pytest.skip("the real data is not here")
    return path


def ask(
    what: str, folder: Path, content: bytes | Path, name: str, *, limits: dict[str, int] | None = None, **choices: Any
) -> dict[str, Any]:
    """Ask the reading child about a file of this content and name, and return its answer."""
    target = folder / "set"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    source = folder / "upload"
    source.write_bytes(content.read_bytes() if isinstance(content, Path) else content)
    request = {
        "what": what,
        "source": str(source),
        "folder": str(target),
        "suffix": "".join(Path(name).suffixes[-2:]).lower()[:20],
        "limits": config.Limits(**(limits or {})).__dict__,
        "seconds": 60,
        "choices": choices,
    }
    return child.answer_request(request)


def read(folder: Path, content: bytes | Path, name: str, **choices: Any) -> tuple[DatasetProfile, Rows]:
    """Return the profile and the stored rows of a file that is read."""
    answers = ask("read", folder, content, name, **choices)
    assert "error" not in answers, answers["error"]
    profile = DatasetProfile.from_json(answers["profile"])
    report = profile.report
    assert report.rows_read == report.rows_kept + report.rows_rejected
    with connect(folder / "set") as connection:
        rows = connection.execute("SELECT * FROM read_parquet(?)", [str(folder / "set" / "data.parquet")]).fetchall()
    assert len(rows) == profile.rows == report.rows_kept
    assert [path.name for path in (folder / "set").iterdir()] == ["data.parquet"]
    return profile, rows


def look(folder: Path, content: bytes | Path, name: str, **choices: Any) -> Peek:
    """Return the first look at a file."""
    answers = ask("peek", folder, content, name, **choices)
    assert "error" not in answers, answers["error"]
    return Peek.model_validate(answers["peek"])


def refused(
    folder: Path, content: bytes | Path, name: str, *, limits: dict[str, int] | None = None, **choices: Any
) -> dict[str, Any]:
    """Return the error of a file that must be refused, with a sentence, by both ways of reading it."""
    error = ask("read", folder, content, name, limits=limits, **choices).get("error")
    assert error is not None, "it was read"
    message = error["message"]
    assert message[0].isupper() or message[0].isdigit(), message
    assert message.endswith("."), message
    assert len(message) < 400, message
    assert str(folder) not in message, message
    assert error["status"] in (413, 415, 422), error
    return dict(error)
