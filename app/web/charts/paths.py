"""SVG path strings for charts, on a canvas of 1000 by 1000."""

from __future__ import annotations

from collections.abc import Sequence

SIDE = 1000


def line(points: Sequence[tuple[float, float | None]]) -> str:
    """Return a line through points (x and y from 0 to 1, y upwards); it breaks where y is not known."""
    parts: list[str] = []
    runs: list[list[str]] = [[]]
    for x, y in points:
        if y is None:
            runs.append([])
        else:
            runs[-1].append(f"{x * SIDE:.1f} {(1 - y) * SIDE:.1f}")
    for run in runs:
        if len(run) == 1:
            # A line needs a length to be seen.
            parts.append(f"M{run[0]}h2")
        elif run:
            parts.append("M" + "L".join(run))
    return "".join(parts)


def hanging_bars(bars: Sequence[tuple[float, float]], width: float) -> str:
    """Return bars that hang from the top: (x of the middle, length), both shares."""
    return "".join(
        f"M{(x - width / 2) * SIDE:.1f} 0h{width * SIDE:.1f}v{length * SIDE:.1f}h-{width * SIDE:.1f}z"
        for x, length in bars
        if length > 0
    )
