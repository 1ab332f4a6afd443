"""Display names of accounts, which never show an e-mail address."""

from __future__ import annotations

import re

from app.domain.text.plain_text import clean_line
from app.storage.tables import User

MEMBER, FORMER_MEMBER = "A member", "A former member"
_ADDRESS = re.compile(r"\S@\S")


def display_name(user: User | None) -> str:
    """Return the name of an account for everybody; None stands for an account that is gone."""
    return FORMER_MEMBER if user is None else public_name(user.name)


def public_name(name: str) -> str:
    """Return a name as everybody may read it; one that holds an e-mail address, or nothing, says only "A member"."""
    plain = clean_line(name)
    return MEMBER if not plain or _ADDRESS.search(plain) else plain
