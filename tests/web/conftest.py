"""Somebody who is signed in, and a draft of theirs."""

from __future__ import annotations

import pytest
from flask import Flask

from app.storage.tables import DraftRow, User
from tests.web.client import Browser, draft_on_sample


@pytest.fixture
def browser(app: Flask, user: User) -> Browser:
    """Return the browser of a member."""
    return Browser(app).sign_in(user)


@pytest.fixture
def draft(user: User) -> DraftRow:
    """Return a draft of that member on the streamflow sample."""
    return draft_on_sample(user)
