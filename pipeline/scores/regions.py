"""Which of the active regions of a map are real, and where they lie."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.core import CarringtonGrid
from pipeline.surface.regions import REACH

Floats = NDArray[np.float64]


def matched(places: Floats, others: Floats, reach: float = REACH) -> NDArray[np.bool_]:
    """Which of *places* (n, 3) have one of *others* (m, 3) within *reach* deg, (n,)."""
    near = places @ others.T >= np.cos(np.radians(reach))
    return np.asarray(near.any(axis=1))


def inside(places: Floats, cells: NDArray[np.bool_], grid: CarringtonGrid) -> NDArray[np.bool_]:
    """Which of *places* (n, 3) lie in a chosen cell of *cells* (nlat, nlon), (n,)."""
    lon = np.degrees(np.arctan2(places[:, 1], places[:, 0]))
    columns = (lon % 360.0 * grid.nlon / 360.0).astype(int) % grid.nlon
    rows = ((places[:, 2] + 1.0) * grid.nlat / 2.0).astype(int).clip(max=grid.nlat - 1)
    return np.asarray(cells[rows, columns])
