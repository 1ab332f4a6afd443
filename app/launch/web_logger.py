"""Gunicorn's logger in the log format of the product."""

from __future__ import annotations

from typing import Any

from gunicorn.glogging import Logger

from app.storage.log_lines import formatter


class WebLogger(Logger):  # type: ignore[misc]  # gunicorn carries no types
    """Writes without the address of a request, which may hold a one-time code, and without what a fault quotes."""

    def setup(self, cfg: Any) -> None:
        """Give the handlers of gunicorn our lines."""
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(formatter())
