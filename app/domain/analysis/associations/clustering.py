"""Clusters of correlated columns, and an order that brings their members side by side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Cluster:
    """Columns that go together; `middle` is the one closest to all others of it. All are places in the matrix."""

    members: tuple[int, ...]
    middle: int
    strength: float


@dataclass(frozen=True)
class Clustering:
    """An order in which columns that go together stand side by side, and the clusters in that order."""

    order: tuple[int, ...]
    clusters: tuple[Cluster, ...]


def cluster(values: NDArray[np.float64], *, least: float = 0.7) -> Clustering:
    """Group columns by how strongly they go together, whatever the sign.

    Average linkage (Sokal and Michener 1958, University of Kansas Science Bulletin 38, 1409-1438) on the distance
    1 - |value|; a pair without a value is as far apart as can be.

    Parameters
    ----------
    values
        Shape (n, n), symmetric, -1 to 1, nan where a pair has no value.
    least
        Mean strength from which columns are one cluster, 0 to 1.
    """
    from scipy.cluster.hierarchy import fcluster, leaves_list, linkage
    from scipy.spatial.distance import squareform

    n = len(values)
    strength = np.abs(np.nan_to_num(values))
    if n < 2:
        return Clustering(tuple(range(n)), tuple(Cluster((index,), index, 1.0) for index in range(n)))
    distance = np.clip(1 - strength, 0.0, 1.0)
    np.fill_diagonal(distance, 0.0)
    tree = linkage(squareform(distance, checks=False), "average")
    labels = fcluster(tree, t=1 - least + 1e-12, criterion="distance")
    order = [int(index) for index in leaves_list(tree)]
    groups: dict[int, list[int]] = {}
    for position in order:
        groups.setdefault(int(labels[position]), []).append(position)
    return Clustering(tuple(order), tuple(_describe_clusters(members, strength) for members in groups.values()))


def _describe_clusters(members: list[int], strength: NDArray[np.float64]) -> Cluster:
    if len(members) == 1:
        return Cluster((members[0],), members[0], 1.0)
    inner = strength[np.ix_(members, members)].copy()
    np.fill_diagonal(inner, 0.0)
    means = inner.sum(axis=0) / (len(members) - 1)
    return Cluster(tuple(members), members[int(np.argmax(means))], float(means.mean()))
