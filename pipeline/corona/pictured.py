"""Field lines enough for a picture: few, well spread, and the same for the same field.

Knows: which lines show a corona's shape. Refuses to know: how lines are followed, and who
draws them.
"""

from __future__ import annotations

import numpy as np

from pipeline.core.corona import Curves
from pipeline.corona.field import Field
from pipeline.corona.mapping import Floats, field_line

# Where lines are picked up, in parts of the logarithm of the source surface's radius: low
# loops, streamers, and the open field, of which every line at the top has the same share.
HEIGHTS = (0.12, 0.4, 1.0)
ENDS = 1e-6  # solar radii within which a line reaches a surface
GOLDEN = np.pi * (3.0 - np.sqrt(5.0))  # rad, between neighbours on Fibonacci's spiral


def pictured_lines(field: Field, count: int = 300) -> Curves:
    """Lines through about *count* places, each (n, 3): lon, lat (deg), radius (solar radii).

    They run along the field from end to end, at the photosphere or at the source surface. The
    places are spread evenly over spheres (Fibonacci's spiral: Swinbank & Purser 2006, QJRMS
    132, 1769). Where there is no field there are no lines.
    """
    radii = field.shells.rss ** np.asarray(HEIGHTS)
    lines = (
        field_line(field, float(lon), float(lat), float(radius))
        for radius in radii
        for lon, lat in zip(*evenly(count // len(HEIGHTS)), strict=True)
    )
    return tuple(line for line in lines if _whole(line[[0, -1], 2], field.shells.rss))


def evenly(count: int) -> tuple[Floats, Floats]:
    """Longitude and latitude, deg, of *count* places spread evenly over a sphere."""
    n = np.arange(count)
    lat = np.degrees(np.arcsin((2.0 * n + 1.0) / count - 1.0))
    return np.degrees(n * GOLDEN) % 360.0, lat


def _whole(ends: Floats, rss: float) -> bool:
    """Whether a line comes from the photosphere and gets anywhere."""
    down, up = np.abs(ends - 1.0) < ENDS, np.abs(ends - rss) < ENDS
    return bool(down.any() and (down | up).all())
