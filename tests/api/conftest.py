"""A program that speaks for a member."""

from __future__ import annotations

import pytest
from flask import Flask

from app.domain.vocabulary import Scope
from app.services.accounts import tokens
from app.storage.tables import User
from tests.api.program import Program
from tests.web.client import Browser


@pytest.fixture
def program(app: Flask, user: User) -> Program:
    """Return a program with a token that may write."""
    return Program(app, tokens.create_token(user.email, name="tests", scope=Scope.WRITE))


@pytest.fixture
def reader(app: Flask, user: User) -> Program:
    """Return a program of the same member with a token that may only read."""
    return Program(app, tokens.create_token(user.email, name="tests", scope=Scope.READ))


@pytest.fixture
def stranger(app: Flask, other_user: User) -> Program:
    """Return a program of another member."""
    return Program(app, tokens.create_token(other_user.email, name="tests", scope=Scope.WRITE))


@pytest.fixture
def browser(app: Flask, user: User) -> Browser:
    """Return the browser of the same member."""
    return Browser(app).sign_in(user)
