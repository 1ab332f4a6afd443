"""Whose turn it is to write: one thread of a process at a time, and nobody waits for ever."""

from __future__ import annotations

import os
import threading

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from app.storage import engine
from app.storage.db import db, transaction
from app.storage.tables import User
from app.storage.transient_faults import obstacle_of
from app.storage.write_turns import WriteTurn, Writing


def test_a_turn_is_taken_once_and_given_back() -> None:
    turn, writing = WriteTurn(), Writing()
    assert writing.take(turn, seconds=0)
    assert writing.take(turn, seconds=0), "one transaction may begin again"
    assert not Writing().take(turn, seconds=0)
    writing.give_back()
    assert Writing().take(turn, seconds=0)


def test_a_forked_process_begins_with_a_turn_of_its_own() -> None:
    turn = WriteTurn()
    assert turn.take(seconds=0)
    child = os.fork()
    if child == 0:
        os._exit(0 if turn.take(seconds=0) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_a_writer_that_waits_for_too_long_is_told_that_the_database_is_busy(
    app: Flask, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "BUSY_SECONDS", 0.1)
    faults: list[BaseException] = []

    def write() -> None:
        try:
            with app.app_context(), transaction():
                db.session.get(User, user.id)
        except OperationalError as fault:
            faults.append(fault)

    with transaction():
        db.session.get(User, user.id, populate_existing=True)
        thread = threading.Thread(target=write)
        thread.start()
        thread.join()
    (fault,) = faults
    assert obstacle_of(fault) is not None
    with transaction():
        assert db.session.get(User, user.id, populate_existing=True) is not None, "the turn was given back"
