"""RefusedError: the code, status, sentence and place for a file that cannot be read."""

from __future__ import annotations

from typing import Any


class RefusedError(Exception):
    """The file is refused; nothing of it is kept."""

    def __init__(
        self, code: str, message: str, *, status: int = 422, line: int | None = None, column: str | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.line = line
        self.column = column

    def as_json(self) -> dict[str, Any]:
        """Return the JSON values that travel to the parent."""
        return {
            "code": self.code,
            "message": self.message,
            "status": self.status,
            "line": self.line,
            "column": self.column,
        }


def over_limit(limit: str, message: str, *, code: str, status: int = 422) -> RefusedError:
    """Return a refusal that names its limit and how to raise it."""
    return RefusedError(code, f"{message} The setting HYDROML_LIMIT_{limit.upper()} raises the limit.", status=status)
