"""Every kind of measurement, by the kind of its job."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.domain.vocabulary import JobKind
from app.services.measurements import associations, correlations, estimates, rankings, recommendations
from app.services.measurements.runner import Measurement

MEASUREMENTS: Mapping[JobKind, Measurement[Any, Any]] = {
    service.MEASUREMENT.kind: service.MEASUREMENT
    for service in (associations, correlations, estimates, rankings, recommendations)
}
