"""Streaming uploads straight to the data folder, hashed as they arrive."""

from __future__ import annotations

import errno
import hashlib
import io
import logging
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from flask import Flask, Request, Response, g, request
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from app.domain.analysis.import_options.import_choices import ReadingChoices
from app.domain.errors import DomainError, NoSpaceError, UnreadableFileError
from app.services.context import current_settings
from app.services.datasets import uploads
from app.services.experiment_templates import exchange
from app.storage.db import end_reading
from app.storage.tables import Dataset, User
from app.web.sessions import current_user
from config import MIB

log = logging.getLogger(__name__)
ENDPOINTS = frozenset(
    {
        "drafts.new_upload",
        "drafts.new_upload_on_one_page",
        "data.upload",
        "datasets.upload",
        "template_use.upload",
        "api_datasets.create",
    }
)
# Routes that take a small file which becomes no dataset: it is kept in memory, up to this size.
IN_MEMORY = frozenset({"experiment_templates.take_import"})
MAX_IN_MEMORY_BYTES = exchange.MAX_FILE_BYTES
FIELD = "file"
SAY_SECONDS = 2.0


class StreamingUpload(io.FileIO):
    """A file being written, which knows its hash and size, and says in its row every few seconds how much has come."""

    def __init__(self, path: Path, dataset: Dataset) -> None:
        super().__init__(path, "w+")
        self.path = path
        self.dataset = dataset
        self.digest = hashlib.sha256()
        self.size = 0
        self.reported_at = time.monotonic()
        self.is_complete = False

    def write(self, content: Any) -> int:
        """Write and hash; a full disk becomes a sentence."""
        if time.monotonic() - self.reported_at > SAY_SECONDS:
            self._report_size()
        left = memoryview(content)
        while left:
            try:
                output = super().write(left)
            except OSError as fault:
                if fault.errno in (errno.ENOSPC, errno.EDQUOT):
                    message = "The server has no space for this file. Nothing was kept."
                    raise NoSpaceError(message, field=FIELD) from fault
                raise
            self.digest.update(left[:output])
            self.size += output
            left = left[output:]
        return len(content)

    def _report_size(self) -> None:
        self.reported_at = time.monotonic()
        try:
            uploads.note_arrived(self.dataset.id, size_bytes=self.size)
        except OperationalError as fault:
            # A database that is busy for once is no reason to refuse a file that goes on arriving.
            log.warning("how far an upload is could not be written: %s", fault.orig)


class DiscardStream(io.RawIOBase):
    """Takes the bytes of a file that is refused anyway, so that the answer reaches a browser that sends first."""

    def write(self, content: Any) -> int:
        """Keep nothing."""
        return len(content)

    def seek(self, place: int, whence: int = 0) -> int:
        """Stand at the beginning, and at the end, of nothing."""
        return 0


class UploadRequest(Request):
    """A request whose file part lands in the data folder, on routes that take files; elsewhere files are refused."""

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        if self.endpoint in IN_MEMORY:
            return io.BytesIO()
        if self.endpoint not in ENDPOINTS:
            raise DomainError("This form takes no files.", code="no_files_here")
        if "upload" in g or "refusal" in g:
            raise DomainError("Send one file at a time.", code="one_file", field=FIELD)
        try:
            dataset = uploads.start_upload(current_user(), filename or "", expected_bytes=total_content_length)
        except DomainError as fault:
            g.refusal = fault
            end_reading()
            return cast("IO[bytes]", DiscardStream())
        g.upload = StreamingUpload(uploads.incoming_file(dataset.id), dataset)
        return cast("IO[bytes]", g.upload)


def init_app(app: Flask) -> None:
    """Use the request class, raise the size limit where files are taken, and leave nothing behind."""
    app.request_class = UploadRequest

    @app.url_value_preprocessor
    def allow_size(endpoint: str | None, _values: dict[str, Any] | None) -> None:
        if endpoint in ENDPOINTS:
            request.max_content_length = current_settings().limits.upload_mb * MIB
        elif endpoint in IN_MEMORY:
            request.max_content_length = MAX_IN_MEMORY_BYTES

    @app.before_request
    def refuse_large() -> None:
        most = request.max_content_length
        if request.endpoint in ENDPOINTS and most and (request.content_length or 0) > most:
            megabytes = current_settings().limits.upload_mb
            message = f"The file is larger than {megabytes:,} MB. HYDROML_LIMIT_UPLOAD_MB raises the limit."
            raise UnreadableFileError(message, code="too_large", status=413)

    @app.after_request
    def clean(response: Response) -> Response:
        upload: StreamingUpload | None = g.get("upload")
        if upload is not None:
            upload.close()
            try:
                _forget(upload, response.status_code)
            except SQLAlchemyError as fault:
                # The answer says already what is wrong, and upkeep finds the row.
                log.warning("an upload that came to nothing cannot be forgotten now: %s", fault)
        return response


def _forget(upload: StreamingUpload, status: int) -> None:
    """Forget what nobody took over: it was refused for another reason, or the browser went away in the middle of it."""
    if not upload.is_complete and not _is_complete() and status in (400, 500):
        uploads.stop_upload(upload.dataset.id, size_bytes=upload.size)
    elif not upload.is_complete:
        uploads.drop_upload(upload.dataset.id)


def _is_complete() -> bool:
    """Return whether the body of the request was read to its end without asking for what may not be there."""
    return FIELD in request.__dict__.get("files", ())


@dataclass(frozen=True)
class UploadOutcome:
    """What an upload became. `known` says that the account held the same file, read the same way, already."""

    dataset: Dataset
    known: bool = False


def hash_received_file() -> str:
    """Return the hash of the file of this request, "" where none came.

    Raises
    ------
    DomainError
        If the file was refused before it came, so that nobody knows its hash.
    """
    came = FIELD in request.files and "upload" in g
    error: DomainError | None = g.get("refusal")
    if error is not None:
        raise error
    return g.upload.digest.hexdigest() if came else ""


def receive_upload(
    user: User, choices: ReadingChoices = uploads.NOTHING_SAID, *, name: str = "", keeps_refused: bool = True
) -> UploadOutcome:
    """Make a dataset of the file of this request, under its own name unless another is given; a small one is read.

    Raises
    ------
    DomainError
        With a sentence for the file field; nothing of the file is kept then, unless `keeps_refused` and it could be
        read without some rows.
    """
    part = request.files.get(FIELD)
    error: DomainError | None = g.get("refusal")
    if error is not None:
        raise error
    upload: StreamingUpload | None = g.get("upload")
    if part is None or upload is None:
        raise DomainError("Choose a file first.", code="file_missing", field=FIELD)
    upload.flush()
    upload.is_complete = True
    if name:
        uploads.name_upload(upload.dataset.id, name)
    dataset = uploads.finish_upload(
        user,
        upload.dataset.id,
        size_bytes=upload.size,
        sha256=hash_received_file(),
        choices=choices,
        keeps_refused=keeps_refused,
    )
    return UploadOutcome(dataset, known=dataset.id != upload.dataset.id)
