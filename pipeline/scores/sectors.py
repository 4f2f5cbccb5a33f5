"""The parts of the Sun that are scored apart, as the Earth sees them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.core import CarringtonGrid


@dataclass(frozen=True, slots=True)
class Sector:
    """A range of longitude and of distance from the equator, both ends included.

    name : in reports
    start, stop : deg west of the Earth's central meridian, eastward bound first
    low, high : deg of latitude, north or south
    """

    name: str
    start: float
    stop: float
    low: float = 0.0
    high: float = 60.0

    def cells(self, grid: CarringtonGrid, meridian: float) -> NDArray[np.bool_]:
        """Which cell centres lie in it, (nlat, nlon); meridian : Carrington longitude, deg."""
        west = (grid.lon - meridian - self.start) % 360.0
        distance = np.abs(grid.lat)
        rows = (self.low <= distance) & (distance <= self.high)
        return rows[:, np.newaxis] & (west <= self.stop - self.start)


# Polar fields are strong and steady: inside a longitude sector they would pass for skill at
# its active latitudes, so they have a sector of their own. STEREO A, about 73° ahead of the
# Earth at the end of 2026, sees to +163°; the mirrored sector meets no camera before the
# Earth's east limb.
SECTORS = (
    Sector("whole", -180, 180, high=90),
    Sector("near", -60, 60),
    Sector("stereo", 90, 163),
    Sector("unseen", 197, 270),
    Sector("far", 90, 270),
    Sector("poles", -180, 180, low=60, high=90),
)
