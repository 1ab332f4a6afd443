"""The upkeep process, which sweeps for lost jobs and lost queue entries."""

from __future__ import annotations

import logging
import time

from sqlalchemy.exc import SQLAlchemyError

import config
from app.services.jobs import recovery, upkeep
from app.storage.binding import bare_app
from app.storage.privacy import restrict_modes

log = logging.getLogger("workers.upkeep")
SWEEP_SECONDS = 5
TIDY_SECONDS = 300


def look_after(settings: config.Settings) -> None:
    """Sweep every five seconds and tidy every five minutes; a database that is away is tried again."""
    app = bare_app(settings, checkpoints=True)
    # `hydroml up` has done so before anything was started; where this runs by itself, nobody else does.
    restrict_modes(settings.data)
    recovery.begin_grace()
    tidied = 0.0
    while True:
        try:
            with app.app_context():
                upkeep.sweep()
                if time.monotonic() - tidied > TIDY_SECONDS:
                    upkeep.tidy()
                    tidied = time.monotonic()
        except SQLAlchemyError as fault:
            log.warning("the database cannot be used: %s", fault)
        except Exception:
            # What cannot be tidied today is no reason to take no lost job back.
            log.exception("looking after what was left behind did not come to its end")
        time.sleep(SWEEP_SECONDS)
