"""Files on their way in: the bytes go straight to the data folder and are hashed as they pass."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from flask import Flask, Request, Response, g, request

from app.domain.errors import DomainError, NoSpaceError, UnreadableFileError
from app.services import datasets
from app.services.context import current_settings
from app.storage.files import incoming_dir
from app.storage.tables import Dataset, User
from config import MIB

ENDPOINTS = frozenset({"drafts.new_upload", "data.upload", "datasets.upload"})
FIELD = "file"


class Arriving(io.FileIO):
    """A file being written, which knows its hash and size."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "w+")
        self.path = path
        self.digest = hashlib.sha256()
        self.size = 0

    def write(self, content: Any) -> int:
        """Write and hash; a full disk becomes a sentence."""
        try:
            written = super().write(content)
        except OSError as fault:
            if fault.errno in (errno.ENOSPC, errno.EDQUOT):
                raise NoSpaceError("The server has no room for this file. Nothing was kept.", field=FIELD) from fault
            raise
        self.digest.update(memoryview(content)[:written])
        self.size += written
        return written


@dataclass(frozen=True)
class Received:
    """What arrived."""

    path: Path
    file_name: str
    size_bytes: int
    sha256: str


class UploadRequest(Request):
    """A request whose file part lands in the data folder, on routes that take files; elsewhere files are refused."""

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        if self.endpoint not in ENDPOINTS:
            raise DomainError("This form takes no files.", code="no_files_here")
        held: list[Arriving] = g.setdefault("arriving", [])
        if held:
            raise DomainError("Send one file at a time.", code="one_file", field=FIELD)
        arriving = Arriving(incoming_dir(current_settings().data) / f"{uuid.uuid4()}.raw")
        held.append(arriving)
        return cast("IO[bytes]", arriving)


def init_app(app: Flask) -> None:
    """Use the request class, raise the size limit where files are taken, and leave nothing behind."""
    app.request_class = UploadRequest

    @app.url_value_preprocessor
    def allow_size(endpoint: str | None, _values: dict[str, Any] | None) -> None:
        if endpoint in ENDPOINTS:
            request.max_content_length = current_settings().limits.upload_mb * MIB

    @app.before_request
    def refuse_large() -> None:
        most = request.max_content_length
        if request.endpoint in ENDPOINTS and most and (request.content_length or 0) > most:
            megabytes = current_settings().limits.upload_mb
            message = f"The file is larger than {megabytes:,} MB. HYDROML_LIMIT_UPLOAD_MB raises the limit."
            raise UnreadableFileError(message, code="too_large", status=413)

    @app.after_request
    def clean(response: Response) -> Response:
        for arriving in g.get("arriving", []):
            arriving.close()
            with contextlib.suppress(FileNotFoundError):
                arriving.path.unlink()
        return response


def _received() -> Received:
    part = request.files.get(FIELD)
    held: list[Arriving] = g.get("arriving", [])
    if part is None or not part.filename or not held:
        raise DomainError("Choose a file first.", code="file_missing", field=FIELD)
    arriving = held[0]
    arriving.flush()
    return Received(arriving.path, part.filename, arriving.size, arriving.digest.hexdigest())


def receive_upload(user: User) -> Dataset:
    """Make a dataset of the file of this request; a small one is read at once.

    Raises
    ------
    DomainError
        With a sentence for the file field; nothing of the file is kept then.
    """
    received = _received()
    dataset = datasets.start_upload(user, received.file_name)
    received.path.rename(datasets.incoming_file(dataset.id))
    return datasets.finish_upload(user, dataset.id, size_bytes=received.size_bytes, sha256=received.sha256)
