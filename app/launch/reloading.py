"""Restarting processes when their source changes, for `make dev`."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from app.launch.children import Child

SOURCES = ("app", "workers", "config.py", "wsgi.py")
CODE, ASSETS = ".py", (".js", ".css", ".svg")


@dataclass
class SourceWatch:
    """The times at which the files of the source were changed last."""

    root: Path
    times: dict[Path, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.times = self._read()

    def changed(self) -> set[Path]:
        """Return the files that were added, changed or removed since the last call."""
        before, self.times = self.times, self._read()
        return {path for path in before.keys() | self.times.keys() if before.get(path) != self.times.get(path)}

    def _read(self) -> dict[Path, int]:
        return {path: time for name in SOURCES for path, time in _files_below(self.root / name)}


def _files_below(path: Path) -> Iterable[tuple[Path, int]]:
    if path.is_file():
        yield path, path.stat().st_mtime_ns
    for folder, folders, names in os.walk(path):
        folders[:] = [name for name in folders if name != "__pycache__"]
        for name in names:
            if name.endswith((CODE, *ASSETS)):
                file = Path(folder, name)
                try:
                    yield file, file.stat().st_mtime_ns
                except FileNotFoundError:
                    # An editor has just put another file in its place; the next look finds that one.
                    continue


def restart_changed(children: Iterable[Child], changed: Iterable[Path], *, keep: str) -> list[str]:
    """Start the processes again whose source changed, all but `keep`; return their names.

    Python changes every process, scripts and styles the web alone, whose addresses of them carry their hash. Templates
    are read again by the web itself.
    """
    endings = {path.suffix for path in changed}
    concerned = [
        child for child in children if child.name != keep and (CODE in endings or (child.name == "web" and endings))
    ]
    for child in concerned:
        child.ask_to_end()
    for child in concerned:
        child.end()
        child.pause, child.next_try = 0.5, 0.0
        child.start()
    return [child.name for child in concerned]
