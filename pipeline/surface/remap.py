"""Averaging the pixels of a solar disk over the cells of the Carrington grid.

Longitude by sine latitude is an equal-area plane, so the footprint of a pixel
is the polygon of its four corners in that plane (with points between them near
a pole, where straight edges would fold), and footprints of neighbours share
their edges: they tile the visible Sun without gap or overlap. Each cell takes
the mean of the pixels, weighted by the exact area in which polygon and cell
intersect (Sutherland & Hodgman 1974, CACM 17, 32, clipping; areas by the
shoelace formula). Flux is therefore conserved to rounding, and mixed
polarities are averaged as they lie, neither cancelled by interpolation nor
counted twice. At the poles and across 0°/360° the polygons are unrolled.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.core import CarringtonGrid, Disk
from pipeline.surface.footprints import accumulate, divide_by_mu

Floats = NDArray[np.float64]


class CellMeans(NamedTuple):
    """Area averages over grid cells, each float64 of the grid's shape.

    mean : of the pixel values; NaN where no pixel falls
    coverage : fraction of the cell's area that pixels cover
    mu : mean cosine of the heliocentric angle
    gain : standard deviation of the mean of values/mu, for unit white pixel noise
    """

    mean: Floats
    coverage: Floats
    mu: Floats
    gain: Floats


def radial_field(b_los: NDArray[np.float32], disk: Disk) -> NDArray[np.float32]:
    """B_r = B_los / mu, as if the photospheric field were radial (Svalgaard et al. 1978).

    b_los : gauss, (ny, nx). Returns gauss, NaN off the disk.
    """
    radial: NDArray[np.float32] = divide_by_mu(b_los, _scalars(disk))
    return radial


def cell_means(
    data: NDArray[np.float32],
    mask: NDArray[np.bool_],
    disk: Disk,
    grid: CarringtonGrid,
    mu_min: float = 0.0,
) -> CellMeans:
    """Average *data* (ny, nx) over the cells of *grid*, where *mask* and mu > *mu_min*."""
    sums = accumulate(data, mask, _scalars(disk), grid.nlon, grid.nlat, mu_min).sum(axis=0)
    area, value, mu, variance = sums
    with np.errstate(invalid="ignore", divide="ignore"):
        return CellMeans(value / area, area, mu / area, np.sqrt(variance) / area)


def _scalars(disk: Disk) -> tuple[float, ...]:
    """The disk as the plain numbers that compiled code takes."""
    observer, north = disk.observer, np.radians(disk.north)
    return (
        disk.x0,
        disk.y0,
        1.0 / (disk.radius * np.sqrt(observer.distance**2 - 1.0)),
        float(np.sin(north)),
        float(np.cos(north)),
        np.radians(observer.carrington_longitude),
        float(np.sin(np.radians(observer.latitude))),
        float(np.cos(np.radians(observer.latitude))),
        observer.distance,
    )
