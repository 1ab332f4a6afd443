"""Static files with versioned addresses and precompressed copies."""

from __future__ import annotations

import atexit
import functools
import gzip
import hashlib
import logging
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from importlib.util import cache_from_source
from pathlib import Path
from typing import Any
from wsgiref.headers import Headers

import brotli
from whitenoise import WhiteNoise
from whitenoise.responders import StaticFile

log = logging.getLogger(__name__)
PREFIX = "/static/"
KEEP_SECONDS = 31_536_000
ENDINGS = (".css", ".js", ".svg")
COMPRESSORS: Mapping[str, tuple[str, Callable[[bytes], bytes]]] = {
    "br": (".br", functools.partial(brotli.compress, quality=11)),
    "gzip": (".gz", functools.partial(gzip.compress, compresslevel=9, mtime=0)),
}


class StaticFiles(WhiteNoise):  # type: ignore[misc]  # it carries no types
    """Serves the static files, each in the smallest form that the browser takes."""

    def __init__(self, application: Any, root: Path) -> None:
        self.versions = versions_of(root)
        super().__init__(application, root=str(root), prefix=PREFIX, max_age=KEEP_SECONDS, allow_all_origins=False)

    def get_static_file(self, path: str, url: str, stat_cache: Any = None) -> StaticFile:
        """Return a file with its compressed copies, which lie in a folder of their own."""
        headers = Headers([])
        self.add_mime_headers(headers, path, url)
        self.add_cache_headers(headers, path, url)
        return StaticFile(path, headers.items(), encodings=compressed_copies(Path(path)))

    def is_versioned(self, environ: Mapping[str, Any]) -> bool:
        """Return whether a request names a file by the content that it has now: only then may the answer be kept."""
        version = self.versions.get(str(environ.get("PATH_INFO", "")).removeprefix(PREFIX))
        return version is not None and environ.get("QUERY_STRING") == f"v={version}"


def versions_of(root: Path) -> dict[str, str]:
    """Return the start of the hash of every static file, by its name below the root."""
    files = [path for path in sorted(root.rglob("*")) if path.is_file()]
    return {path.relative_to(root).as_posix(): _digest(path.read_bytes()) for path in files}


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:12]


def compressed_copies(path: Path) -> dict[str, str]:
    """Return the compressed copies of a file by their encoding; those that are not there yet are made."""
    if path.suffix not in ENDINGS:
        return {}
    content = path.read_bytes()
    copies = {}
    for encoding, (ending, compress) in COMPRESSORS.items():
        copy = _copies_folder() / f"{_digest(content)}{ending}"
        try:
            if not copy.is_file():
                _write_whole(copy, compress(content))
        except OSError as fault:
            # A disk that is full is no reason to serve no pages.
            log.warning("%s is served without a compressed copy: %s", path.name, fault)
            continue
        copies[encoding] = str(copy)
    return copies


def _write_whole(copy: Path, content: bytes) -> None:
    """Put a copy in its place; another process may make the same at this moment, and each puts down a whole one."""
    aside = copy.with_name(f"{copy.name}.{os.getpid()}.part")
    try:
        aside.write_bytes(content)
        # Another account may run the same product; what lies here is what anybody may ask the web for.
        aside.chmod(0o644)
        aside.replace(copy)
    finally:
        aside.unlink(missing_ok=True)


@functools.cache
def _copies_folder() -> Path:
    """Return where compressed copies lie, named by what they were made from: for all processes, or for this one."""
    shared = _shared_folder()
    if shared is not None:
        return shared
    own = Path(tempfile.mkdtemp(prefix="hydroml-static-"))
    atexit.register(shutil.rmtree, own, ignore_errors=True)
    return own


@functools.cache
def _shared_folder() -> Path | None:
    """Return the folder where Python keeps compiled modules; None where nothing shall be or can be kept there.

    A data folder that comes from elsewhere must bring no scripts, so copies of ours do not lie in it.
    """
    folder = Path(cache_from_source(__file__)).with_name("static")
    if sys.dont_write_bytecode:
        return None
    try:
        if not folder.is_dir():
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o755)
    except OSError as fault:
        log.info("compressed files are kept for each process alone: %s", fault)
        return None
    return folder if os.access(folder, os.W_OK) else None
