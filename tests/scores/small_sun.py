"""A small Sun whose truth is known."""

from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from pipeline.core import CarringtonGrid, GlobalMap, Source, earth

TIME = datetime(2014, 1, 31, tzinfo=UTC)
GRID = CarringtonGrid(180, 90)
MERIDIAN = earth(TIME).carrington_longitude  # 154°

Field = NDArray[np.float64]


def bipole(west: float, lat: float, strength: float = 300.0) -> Field:
    """Two balanced poles 8° apart, *west* deg of the central meridian at *lat*."""
    lon, lats = GRID.mesh()
    distance = (lon - MERIDIAN - west + 180.0) % 360.0 - 180.0
    poles = (np.exp(-((distance - s) ** 2 + (lats - lat) ** 2) / 18.0) for s in (4.0, -4.0))
    return strength * np.subtract(*poles)


def observed(br: Field, sigma: float = 5.0) -> GlobalMap:
    """A map that rests on HMI within 60° of the central meridian and on nothing new elsewhere."""
    near = np.abs((GRID.lon - MERIDIAN + 180.0) % 360.0 - 180.0) <= 60.0
    source = np.where(near, Source.HMI, Source.TRANSPORTED)
    return GlobalMap(
        time=TIME,
        grid=GRID,
        br=br.astype(np.float32),
        sigma=np.full(GRID.shape, sigma, np.float32),
        source=np.broadcast_to(source, GRID.shape).astype(np.uint8),
        age=np.zeros(GRID.shape, np.float32),
    )


# Regions near the central meridian, on the STEREO side and on the unseen side; polar caps.
SUN = (
    bipole(10, 15)
    + bipole(120, -20)
    + bipole(230, 12)
    + 6.0 * np.repeat(GRID.sin_lat[:, np.newaxis] ** 7, GRID.nlon, axis=1)
)
