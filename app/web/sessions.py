"""Flask sessions stored on the server, the signed-in user, and token authentication."""

from __future__ import annotations

from typing import Any

from flask import Flask, Request, Response, g, request, session
from flask.sessions import SessionInterface, SessionMixin
from werkzeug.datastructures import CallbackDict
from werkzeug.wrappers import Response as BaseResponse

from app.domain.errors import UnauthorizedError
from app.services.accounts import sessions, tokens
from app.services.accounts.tokens import Caller
from app.storage.tables import User
from config import Settings

COOKIE = "hydroml_session"
REMINDER = "remind_of_password"


class ServerSession(CallbackDict[str, Any], SessionMixin):
    """The session of one browser."""

    def __init__(self, opened: sessions.OpenSession) -> None:
        def changed(_self: Any) -> None:
            self.modified = True

        super().__init__(opened.data, changed)
        self.opened = opened
        self.modified = False
        self.needs_cookie = False
        self.ended = False


class ServerSessions(SessionInterface):
    """Loads the session of a cookie, and stores it when it changed."""

    def open_session(self, app: Flask, request: Request) -> ServerSession:
        """Return the browser's session, or a new one that is not stored until something is in it.

        A secret of the right shape that nothing is stored under stays that of its browser: it opens nothing, and what
        opens an account is a fresh one always.
        """
        secret = request.cookies.get(COOKIE, "")
        opened = sessions.load(secret) if secret else None
        return ServerSession(opened or sessions.new_session(secret))

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Store what changed; set or clear the cookie."""
        if not isinstance(session, ServerSession):
            return
        settings: Settings = app.extensions["hydroml_settings"]
        if session.ended:
            response.delete_cookie(COOKIE, path="/", secure=settings.tls, httponly=True, samesite="Lax")
            return
        if session.modified:
            session.opened.data = dict(session)
            sessions.save(session.opened)
        elif not session.needs_cookie:
            return
        response.set_cookie(
            COOKIE,
            session.opened.secret,
            max_age=int(sessions.MAX_AGE.total_seconds()),
            path="/",
            secure=settings.tls,
            httponly=True,
            samesite="Lax",
        )


def init_app(app: Flask) -> None:
    """Use server-side sessions."""
    app.session_interface = ServerSessions()

    @app.context_processor
    def person() -> dict[str, Any]:
        return {"user": find_user()}


def _current_session() -> ServerSession:
    current: Any = session._get_current_object()  # type: ignore[attr-defined]  # the proxy hides our own class
    if not isinstance(current, ServerSession):
        raise TypeError("the session is not ours")
    return current


def find_user() -> User | None:
    """Return who is signed in, or whom a program speaks for, or None."""
    caller: Caller | None = g.get("caller")
    return _current_session().opened.user if caller is None else caller.user


def authenticate_token(secret: str) -> Caller:
    """Have a token say who asks; the browser's session then says nothing.

    Raises
    ------
    UnauthorizedError
        If the token opens nothing.
    """
    caller = tokens.caller_of(secret)
    if caller is None:
        raise UnauthorizedError("This token is unknown, revoked or too old.", code="token_unusable")
    g.caller = caller
    return caller


def current_user() -> User:
    """Return who is signed in; only for routes that ask for it."""
    user = find_user()
    if user is None:
        raise RuntimeError("nobody is signed in: the route has no row in the access table")
    return user


def sign_in(user: User) -> None:
    """Give the browser a new session for this account."""
    mine = _current_session()
    agent = request.user_agent.string
    mine.opened = sessions.sign_in(mine.opened, user, address=request.remote_addr or "", agent=agent)
    mine.clear()
    # It is stored already, with nothing in it.
    mine.modified, mine.needs_cookie = False, True


def cookie_secret() -> str:
    """Return the secret of the browser's cookie; a browser that has another one, or none, is given it."""
    mine = _current_session()
    mine.needs_cookie = mine.needs_cookie or request.cookies.get(COOKIE) != mine.opened.secret
    return mine.opened.secret


def sign_out(response: BaseResponse) -> BaseResponse:
    """End the browser's session for good, and have the browser forget what it keeps of it.

    Cookies are not named: they are those of the whole host, on which other programs may listen at other ports.
    """
    mine = _current_session()
    sessions.end(mine.opened)
    mine.clear()
    mine.ended = True
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


def set_reminder(wanted: bool) -> None:
    """Mark the session so that the next list of experiments reminds the person to set a password."""
    session[REMINDER] = wanted


def take_reminder() -> bool:
    """Return once whether to remind the person to set a password."""
    return bool(session.pop(REMINDER, False))


def session_hash() -> str:
    """Return the hash by which the table knows this session."""
    return _current_session().opened.id_hash
