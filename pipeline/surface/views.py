"""The map as a camera elsewhere sees it: what is known of the field before the camera looks.

Knows: which cell lies behind a pixel, and how the radial field looks along a line of sight.
Refuses to know: what a network makes of it.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

from pipeline.core import BadFile, CarringtonGrid, Disk, GlobalMap, Quantity, SolarImage
from pipeline.surface.assimilation import forecast

Plane = NDArray[np.float32]


def seen_from(state: GlobalMap, image: SolarImage) -> SolarImage:
    """B_los of the map on the pixels of *image*, as if the photospheric field were radial.

    The map is carried to the time of the image if it is older. The standard error goes with
    the field: along the line of sight both are what they are on the surface, times mu.

    Returns a magnetogram in gauss (ny, nx), float32, NaN beyond the limb, whose observation
    is that of *image* and whose scale is HMI's, that of every map.

    Raises
    ------
    BadFile : *image* does not show a disk.
    """
    disk = image.geometry
    if not isinstance(disk, Disk):
        path = image.observation.file.path
        raise BadFile(path, "it does not show a disk", "give an image of the whole disk")
    if image.observation.time > state.time:
        state = forecast(state, image.observation.time)
    shape = (image.data.shape[0], image.data.shape[1])
    mu = cosines(disk, shape)
    b, sigma = (
        (on_disk(field, state.grid, disk, shape) * mu).astype(np.float32)
        for field in (state.br, state.sigma)
    )
    return SolarImage(
        data=b,
        mask=np.isfinite(b),
        unit="G",
        geometry=disk,
        observation=replace(
            image.observation,
            quantity=Quantity.B_LOS,
            wavelength=None,
            noise=float(np.nanmedian(sigma)),
            scale="hmi",
        ),
        sigma=sigma,
    )


def age_from(state: GlobalMap, disk: Disk, shape: tuple[int, int]) -> Plane:
    """Hours since the places behind the pixels were last observed, (ny, nx); NaN if never.

    It is that of the nearest cell: ages jump where the view of an instrument ended.
    """
    column, row = _places(state.grid, disk, shape)
    seen = np.isfinite(row)
    rows, columns = (np.rint(np.where(seen, place, 0.0)).astype(int) for place in (row, column))
    cells = state.age[rows.clip(0, state.grid.nlat - 1), columns % state.grid.nlon]
    return np.where(seen, cells, np.float32(np.nan))


def on_disk(
    field: NDArray[np.floating], grid: CarringtonGrid, disk: Disk, shape: tuple[int, int]
) -> Plane:
    """*field* (nlat, nlon) on the pixels of a *disk* in a frame of *shape* (ny, nx).

    Linear between the centres of cells. Where a pixel is larger than a cell, which only
    small frames have, the mean of points spread evenly over it is taken, one for every cell.
    """
    wrapped = np.pad(np.asarray(field, np.float64), ((1, 1), (1, 1)), mode="edge")
    wrapped[:, 0], wrapped[:, -1] = wrapped[:, -2], wrapped[:, 1]
    points = max(1, math.ceil(grid.nlat / (2.0 * disk.radius)))
    offsets = (np.arange(points) + 0.5) / points - 0.5
    total, count = np.zeros(shape), np.zeros(shape, np.int64)
    for dy in offsets:
        for dx in offsets:
            column, row = _places(grid, disk, shape, dx, dy)
            seen = np.isfinite(row)
            at = np.where(seen, np.stack([row, column]) + 1.0, 0.0)
            total += np.where(seen, map_coordinates(wrapped, at, order=1, mode="nearest"), 0.0)
            count += seen
    with np.errstate(invalid="ignore"):
        return np.where(count, total / count, np.nan).astype(np.float32)


def cosines(disk: Disk, shape: tuple[int, int]) -> Plane:
    """Cosine of the heliocentric angle at every pixel, (ny, nx); NaN beyond the limb."""
    y, x = np.ogrid[: shape[0], : shape[1]]
    return disk.observer.mu(*disk.sphere(x, y)).astype(np.float32)


def _places(
    grid: CarringtonGrid, disk: Disk, shape: tuple[int, int], dx: float = 0.0, dy: float = 0.0
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Column and row of *grid*, whole at the centres of cells, behind every pixel of a frame."""
    y, x = np.ogrid[: shape[0], : shape[1]]
    return grid.geometry.pixel(*disk.sphere(x + dx, y + dy))
