"""Exceptions for everything that a user can cause; app.web.errors turns each into a status and a sentence."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from app.domain.vocabulary import Severity


@dataclass(frozen=True)
class FieldFault:
    """One field of what was sent, and what is wrong with it.

    As a problem of a config has them: a fault always counts, is about the form that was sent, and keeps no file.
    """

    field: str
    code: str
    message: str
    severity: ClassVar[Severity] = Severity.ERROR
    step: ClassVar[str] = ""
    kept: ClassVar[None] = None


class DomainError(Exception):
    """A fault with a sentence for the user.

    Parameters
    ----------
    message
        One plain sentence: what happened, and what to do.
    code
        A short stable word for programs.
    field
        The form field at fault, if there is one.
    """

    status = 422
    code = "invalid"
    # As a problem of a config has them: a fault always counts, and is about the form that was sent.
    severity: ClassVar[Severity] = Severity.ERROR
    step: ClassVar[str] = ""
    # The dataset under which a refused file waits.
    kept: uuid.UUID | None = None

    def __init__(self, message: str, *, code: str | None = None, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.field = field

    @property
    def faults(self) -> tuple[FieldFault, ...]:
        """Return the faults field by field, where they are known."""
        return () if self.field is None else (FieldFault(self.field, self.code, self.message),)


class InvalidBodyError(DomainError):
    """What a program sent does not have the shape that was asked for."""

    code = "body_invalid"

    def __init__(self, faults: tuple[FieldFault, ...]) -> None:
        first = faults[0]
        super().__init__(f"{first.field}: {first.message}" if first.field else first.message)
        self._faults = faults

    @property
    def faults(self) -> tuple[FieldFault, ...]:
        """Return every fault found."""
        return self._faults


class NotFoundError(DomainError):
    """The thing does not exist, or belongs to somebody else: both look the same."""

    status = 404
    code = "not_found"


class UnauthorizedError(DomainError):
    """A program did not say who it speaks for, or its token opens nothing."""

    status = 401
    code = "unauthorized"


class ForbiddenError(DomainError):
    """The account may not do this."""

    status = 403
    code = "forbidden"


class ConflictError(DomainError):
    """Something else changed first."""

    status = 409
    code = "conflict"


class TooManyError(DomainError):
    """Too many requests, or too much at once. `retry_after_seconds` says when to try again."""

    status = 429
    code = "too_many"

    def __init__(self, message: str, *, retry_after_seconds: int, code: str | None = None) -> None:
        super().__init__(message, code=code)
        self.retry_after_seconds = retry_after_seconds


class DamagedFileError(DomainError):
    """A stored file is not what was stored."""

    status = 409
    code = "stored_file_damaged"


class UnavailableError(DomainError):
    """A part we depend on is away for the moment."""

    status = 503
    code = "unavailable"


class NoSpaceError(DomainError):
    """The disk has no room."""

    status = 507
    code = "no_space"


class ObstacleError(DomainError):
    """The machine stood in the way of a job, which goes on by itself when that is over."""

    status = 503


class DatabaseBusyError(ObstacleError):
    """The database took no changes for long."""

    code = "database_busy"

    def __init__(self) -> None:
        super().__init__("The database took no changes for too long.")


class DiskFullError(ObstacleError):
    """There was no room for what a job had to store."""

    status = 507
    code = "disk_full"

    def __init__(self) -> None:
        super().__init__("The disk was full.")


class AuditKeyError(DomainError):
    """The key of the audit trail is not there, so no entry can be verified or added."""

    status = 503
    code = "audit_key_missing"

    def __init__(self, state: str = "is missing") -> None:
        super().__init__(
            f"The key of the audit trail, the file audit/key in the data folder, {state}. Without it no entry can be "
            "verified or added, so sign-ins, launches and all other recorded acts are refused. "
            "Put it back from a backup."
        )


class AuditDamagedError(DomainError):
    """An entry of the audit trail was changed so that it cannot be read."""

    status = 500
    code = "audit_damaged"

    def __init__(self) -> None:
        super().__init__(
            "An entry on this page was changed and cannot be read. The command hydroml audit verify names it."
        )


class UnreadableFileError(DomainError):
    """A file that cannot become a dataset. `status` follows section 2 of the reliability rules: 413, 415 or 422.

    `kept` is the dataset under which the file waits where it could be read in part; None where nothing was kept.
    """

    code = "unreadable"
    kept: uuid.UUID | None = None

    def __init__(
        self, message: str, *, code: str, status: int = 422, line: int | None = None, column: str | None = None
    ) -> None:
        super().__init__(message, code=code, field="file")
        self.status = status
        self.line = line
        self.column = column


class InterruptedReadingError(UnreadableFileError):
    """The process that read a file was ended from outside, which says nothing about the file."""

    code = "reading_interrupted"

    def __init__(self, message: str) -> None:
        super().__init__(message, code=type(self).code, status=503)


@dataclass(frozen=True)
class FieldConflict:
    """One field that two tabs set to different values."""

    step: str
    field: str
    mine: Any
    theirs: Any
    theirs_at: str


class DraftConflictError(ConflictError):
    """Two tabs changed the same fields. Nothing was overwritten; the user chooses.

    `wanted` are all changes that were to be saved, by step and field, so that none of them is lost.
    """

    code = "draft_conflict"

    def __init__(
        self, conflicts: tuple[FieldConflict, ...], *, version: int, wanted: Mapping[str, Mapping[str, Any]]
    ) -> None:
        super().__init__("Another tab or person changed the same answers. Choose which to keep.")
        self.conflicts = conflicts
        self.version = version
        self.wanted = wanted


class TemplateConflictError(ConflictError):
    """Somebody saved another version of a template first. Nothing was overwritten.

    `version` is the newest one; `changes` are what it changed since the version that was edited.
    """

    code = "template_conflict"

    def __init__(self, *, version: int, changes: tuple[Any, ...]) -> None:
        super().__init__(f"Somebody saved version {version} of this template meanwhile. Look at what they changed.")
        self.version = version
        self.changes = changes


class LaunchRefusedError(DomainError):
    """The draft has errors. `problems` holds the same values the page shows."""

    code = "launch_refused"

    def __init__(self, problems: tuple[Any, ...]) -> None:
        super().__init__("The experiment cannot be launched yet: some answers need attention.")
        self.problems = problems

    @property
    def faults(self) -> tuple[FieldFault, ...]:
        """Return the problems, each at its field."""
        return tuple(
            FieldFault(f"{problem.step}.{problem.field}".rstrip("."), problem.code, problem.message)
            for problem in self.problems
        )


class StoppedError(Exception):
    """Training was asked to stop and did."""


class TrainingError(DomainError):
    """Training could not go on, for a reason the user can understand."""

    code = "training_failed"
