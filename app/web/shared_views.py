"""Template contexts of pages and fragments that several modules show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from app.web.hypermedia import ViewContext
from app.web.upload_progress import UploadProgress


@dataclass(frozen=True, kw_only=True)
class ConfirmContext(ViewContext):
    """A question before something goes: what, with which consequence, and the way back."""

    page_name: ClassVar[str] = "pages/confirm.html"
    question: str
    consequence: str
    action: str
    button: str
    back: str


@dataclass(frozen=True, kw_only=True)
class ReadingContext(ViewContext):
    """How far a file is; `address` is where htmx asks again."""

    fragment_name: ClassVar[str] = "partials/datasets/reading.html"
    waiting: UploadProgress
    address: str


@dataclass(frozen=True, kw_only=True)
class NamesContext(ViewContext):
    """Names of columns to complete what is typed."""

    fragment_name: ClassVar[str] = "partials/datasets/names.html"
    names: Sequence[str]
