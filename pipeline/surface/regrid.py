"""Moving a map between cylindrical equal-area grids without changing its flux."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.core import BadFile, CarringtonGrid, CylindricalEqualArea, Quantity, SolarImage

Floats = NDArray[np.float64]


def regrid(image: SolarImage, grid: CarringtonGrid) -> Floats:
    """Mean over each cell of *grid* of a whole-sphere map, float64 (nlat, nlon).

    Cells of both grids are rectangles in longitude by sine latitude, so the area they
    share is the product of two overlaps of intervals, and two small matrices do it exactly.

    Raises
    ------
    BadFile : the map is not a whole sphere in this projection, not radial, or has gaps.
    """
    geometry, path = image.geometry, image.observation.file.path
    ny, nx = image.data.shape
    if (
        not isinstance(geometry, CylindricalEqualArea)
        or geometry.lat != 0.0
        or abs(abs(geometry.dlon) * nx - 360.0) > 0.1
        or abs(abs(geometry.dsin) * ny - 2.0) > 2e-3
        or abs(geometry.y0 - (ny - 1) / 2) > 0.5
    ):
        raise BadFile(
            path,
            "this is not a map of the whole sphere in longitude by sine latitude",
            "give a synoptic map such as GONG's mrzqs or allsun's own",
        )
    if image.observation.quantity is not Quantity.B_R:
        raise BadFile(
            path,
            "it holds the field along the line of sight, not the radial field",
            "give a radial map such as GONG's or HMI's Mr series",
        )
    if not image.mask.all():
        raise BadFile(
            path,
            f"{np.count_nonzero(~image.mask)} of {image.mask.size} pixels have no value",
            "give a map whose gaps (usually the poles) are filled",
        )
    left = geometry.lon + (-0.5 - geometry.x0) * geometry.dlon
    lon_edges = left + np.arange(nx + 1) * np.copysign(360.0 / nx, geometry.dlon)
    sin_edges = np.linspace(-1.0, 1.0, ny + 1) * np.sign(geometry.dsin)
    across = _overlaps(np.sort(lon_edges), grid.lon_edges, period=360.0)
    along = _overlaps(np.sort(sin_edges), grid.sin_lat_edges, period=np.inf)
    data = image.data[:: int(np.sign(geometry.dsin)), :: int(np.sign(geometry.dlon))]
    return along @ data.astype(np.float64) @ across.T


def _overlaps(source: Floats, target: Floats, period: float) -> Floats:
    """Share of every target interval taken up by each source interval, (n_target, n_source)."""
    shifts = [0.0] if np.isinf(period) else period * np.arange(-2, 3)
    shift = shifts[0] if np.isinf(period) else -period * np.floor(source[0] / period)
    total = np.zeros((target.size - 1, source.size - 1))
    for extra in shifts:
        edges = source + shift + extra
        low = np.maximum(target[:-1, np.newaxis], edges[np.newaxis, :-1])
        high = np.minimum(target[1:, np.newaxis], edges[np.newaxis, 1:])
        total += np.clip(high - low, 0.0, None)
    shares: Floats = total / total.sum(axis=1, keepdims=True)
    return shares
