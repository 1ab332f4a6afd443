"""The peak of memory counts from where one wants it to."""

from __future__ import annotations

import numpy as np

from app.domain.training.report.clock import accounted_peak_mb
from app.storage.process_memory import forget_peak, peak_memory_mb


def test_the_peak_is_forgotten_on_request() -> None:
    block = np.ones(40_000_000)
    current = peak_memory_mb()
    del block
    forget_peak()
    assert peak_memory_mb() < current - 200
    assert 0 < accounted_peak_mb() < current
