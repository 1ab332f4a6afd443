"""The web's worker with deadlines that a test can wait for; gunicorn is told it by its name."""

from __future__ import annotations

from app.launch import steady_reading, web_worker

web_worker.HEAD_SECONDS = 4.0
web_worker.SILENT_SECONDS = 2.0
steady_reading.PATIENCE_SECONDS = 2.0


class HastyWorker(web_worker.WebWorker):
    """Loses patience within seconds."""
