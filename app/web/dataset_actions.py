"""Handlers for dataset actions (upload, read again, remedies), shared by three pages."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any, Protocol

from flask import request
from werkzeug.wrappers import Response

from app.domain.analysis.profiling.profile import FindingRemedy
from app.domain.errors import ConflictError, DomainError
from app.services.datasets import datasets
from app.storage.tables import Dataset, User
from app.web import remedies
from app.web.dataset_reading import Look, posted_choices, show_look
from app.web.hypermedia import see_other
from app.web.remedies import SelectedRemedy
from app.web.upload_progress import MOVING

MAX_BUTTON = 30


class DatasetPlace(Protocol):
    """A page on which somebody works on a dataset, whose file is read there."""

    @property
    def user(self) -> User:
        """Return who works on it."""

    @property
    def dataset(self) -> Dataset:
        """Return the dataset."""

    @property
    def gone(self) -> str:
        """Return the message for a button that no longer applies."""

    def address_of(self, dataset: Dataset, *, done: str | None = None) -> str:
        """Return the address that shows a dataset here, which says what was just `done`."""

    def draw_reading(self, look: Look | None, fault: DomainError | None) -> Response:
        """Draw the page with what was chosen in the form of how the file is read."""

    def refuse(self, fault: DomainError) -> Response:
        """Draw the page with the sentence that says why nothing was done."""

    def reread(self, changes: dict[str, Any]) -> Dataset:
        """Read the file again with changed choices, and return what comes of it."""

    def find_remedy(self, button: str) -> SelectedRemedy | None:
        """Return the remedy that a button of the page names."""

    def answer(self, remedy: FindingRemedy) -> None:
        """Do what a remedy asks for that is no other reading."""


def take_dataset(
    find: Callable[[], tuple[Dataset, str]],
    *,
    lead: Callable[[Dataset, str], Response],
    refuse: Callable[[DomainError], Response],
) -> Response:
    """Go on with the dataset that somebody chose or sent, and the query that says so; say why where there is none."""
    try:
        dataset, query = find()
    except DomainError as fault:
        return refuse(fault)
    return lead(dataset, query)


def posted_dataset(user: User) -> tuple[Dataset, str]:
    """Return the dataset that the form names, of which there is nothing to be said.

    Raises
    ------
    DomainError
        If it names none of the user's.
    """
    try:
        return datasets.get_dataset(user, uuid.UUID(request.form.get("dataset_id", ""))), ""
    except ValueError:
        raise DomainError("Choose one of your datasets.", field="dataset_id") from None


def posted_sample(user: User) -> tuple[Dataset, str]:
    """Return the sample that the form names, as a dataset of the user's."""
    return datasets.use_sample(user, request.form.get("sample", "")), ""


def preview_reading(place: DatasetPlace) -> Response:
    """Show the first rows as they would be read with other choices; nothing is stored."""
    return show_look(place.user, place.dataset, place.draw_reading)


def reread(place: DatasetPlace) -> Response:
    """Read the file again with other choices; it becomes a dataset of its own."""
    try:
        return _read_again(place, posted_choices(place.dataset), done="read")
    except DomainError as fault:
        return place.draw_reading(None, fault)


def follow_remedy(place: DatasetPlace) -> Response:
    """Do what a finding offers: read the file again, or what else a remedy of this page is."""
    button = request.form.get("remedy", "")[:MAX_BUTTON]
    remedy = place.find_remedy(button)
    try:
        if remedy is None:
            raise ConflictError(place.gone)
        if remedy.remedy.kind == remedies.READING:
            return _read_again(place, remedy.remedy.changes, done=button)
        place.answer(remedy.remedy)
    except DomainError as fault:
        return place.refuse(fault)
    return see_other(place.address_of(place.dataset, done=f"{place.dataset.id}.{button}"))


def _read_again(place: DatasetPlace, changes: dict[str, Any], *, done: str) -> Response:
    before, was_damaged = place.dataset, datasets.damage_of(place.dataset) is not None
    after = place.reread(changes)
    if after.id == before.id:
        restored = was_damaged and datasets.damage_of(after) is None
        return see_other(place.address_of(after, done=f"{before.id}.restored" if restored else None))
    # What is still being read has nothing to show of what was done.
    return see_other(place.address_of(after, done=None if after.state in MOVING else f"{before.id}.{done}"))
