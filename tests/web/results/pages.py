"""What tests of these pages read from them."""

from __future__ import annotations

import re

FRAGMENT = {"HX-Request": "true"}


def token_of(text: str) -> str:
    match = re.search(r'name="csrf_token" value="([^"]+)"', text)
    assert match
    return match.group(1)


def main_of(text: str) -> str:
    return text[text.index("<main") : text.index("</main>")]
