"""A Gaussian process on log ratios of measured to prior cost: the correction and its uncertainty.

What was seen near in settings, on the same data or on the same machine counts for more; far from all of it the
prediction goes back to the prior and the range widens by itself, which is the shrinking that few records need.

References
----------
Rasmussen, C. E. and Williams, C. K. I. (2006), Gaussian Processes for Machine Learning, MIT Press, equations 2.25-2.26.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Kernel:
    """Standard deviations of log ratios: of what all share, of slopes, of bends within `reach`, of data, of one run."""

    level: float = 0.4
    slope: float = 0.15
    bend: float = 0.35
    reach: float = 0.8
    data: float = 0.25
    noise: float = 0.12

    def between(self, first: Vector, other: Vector, alike: NDArray[np.bool_]) -> Vector:
        """Return the covariances of two sets of places; `alike` says which share their data."""
        squares = ((first[:, None, :] - other[None, :, :]) ** 2).sum(axis=2)
        near: Vector = np.exp(-0.5 * squares / self.reach**2)
        straight = self.slope**2 * (first @ other.T)
        return self.level**2 + straight + self.bend**2 * near + self.data**2 * alike * (0.5 + 0.5 * near)

    def variance_at(self, place: Vector) -> float:
        """Return the variance of one place before anything was seen."""
        return float(self.level**2 + self.slope**2 * (place @ place) + self.bend**2 + self.data**2)


class Posterior:
    """What was learnt of one part."""

    def __init__(self, kernel: Kernel, places: Sequence[Vector], ratios: Sequence[float], datasets: Sequence[Any]):
        self.kernel, self.count = kernel, len(ratios)
        if not self.count:
            return
        self.places, self.datasets = np.array(places), np.array(datasets, dtype=object)
        covariance = kernel.between(self.places, self.places, self.datasets[:, None] == self.datasets[None, :])
        self.inverse = np.linalg.inv(covariance + kernel.noise**2 * np.eye(self.count))
        self.weights = self.inverse @ np.array(ratios)

    def predict(self, place: Vector, dataset: str) -> tuple[float, float]:
        """Return the expected logarithm of the ratio and its standard deviation, that of one run included."""
        alone = self.kernel.variance_at(place) + self.kernel.noise**2
        if not self.count:
            return 0.0, float(np.sqrt(alone))
        line = self.kernel.between(place[None, :], self.places, (self.datasets == dataset)[None, :])[0]
        spread = alone - line @ self.inverse @ line
        return float(line @ self.weights), float(np.sqrt(max(spread, self.kernel.noise**2)))
