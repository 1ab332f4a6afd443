"""Gallery examples of the macros of the administration pages."""

from __future__ import annotations

from app.dev.example import Example, macro_example


def examples() -> list[Example]:
    """Return the examples."""
    address = "https://hydroml.example.org/sign-in/x2Ck"
    return [
        macro_example("admin", "nav", "between the pages"),
        macro_example("admin", "link", "of somebody invited", address=address, email="ada@example.org", minutes=30),
    ]
