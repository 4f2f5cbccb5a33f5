"""The map as a camera elsewhere sees it: what is known of the field before the camera looks.

Knows: which cell lies behind a pixel, how the radial field looks along a line of sight, and
what an answer says beyond what was known. Refuses to know: what a network makes of it.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

from pipeline.core import (
    BadFile,
    CarringtonGrid,
    Disk,
    GlobalMap,
    Observation,
    Quantity,
    SolarImage,
)
from pipeline.surface.assimilation import forecast

Plane = NDArray[np.float32]

# Half a degree per pixel at disk centre, as fine as the map, with solar north up.
SIDE, RADIUS = 240, 112.0
# Of the larger of the standard errors before and after: nearer to it nothing was told.
NOTHING_LEARNT = 0.95


def seen_from(state: GlobalMap, image: SolarImage) -> SolarImage:
    """B_los of the map for the observer of *image*, as if the photospheric field were radial.

    The map is carried to the time of the image if it is older. The standard error goes with
    the field: along the line of sight both are what they are on the surface, times mu.

    Returns a magnetogram of the instrument ``map`` in gauss, (240, 240) float32, NaN beyond
    the limb, with its standard error, on HMI's scale as every map is.
    """
    observation = image.observation
    if observation.time > state.time:
        state = forecast(replace(state, members=None), observation.time)
    middle = (SIDE - 1) / 2.0
    disk = Disk(middle, middle, RADIUS, 0.0, observation.observer)
    mu = cosines(disk, (SIDE, SIDE))
    b, sigma = (
        (on_disk(field, state.grid, disk, mu.shape) * mu).astype(np.float32)
        for field in (state.br, state.sigma)
    )
    return SolarImage(
        data=b,
        mask=np.isfinite(b),
        unit="G",
        geometry=disk,
        observation=Observation(
            instrument="map",
            quantity=Quantity.B_LOS,
            time=observation.time,
            observer=observation.observer,
            file=state.previous or observation.file,
            noise=float(np.nanmedian(sigma)),
            simulated=state.simulated,
        ),
        sigma=sigma,
    )


def news(posterior: SolarImage, prior: SolarImage) -> SolarImage:
    """What the camera alone told, of an answer that rests on its pictures and on *prior*.

    Two independent normal estimates of one field, of variances P (prior) and R (camera), make
    the posterior of variance A with 1/A = 1/P + 1/R and mean a = A (p/P + r/R); solved for r
    and R. Where the error changed by less than a twentieth, r is nothing but rounding: those
    pixels are gaps. Where it grew, the pictures contradict the map, which was surer than it
    should have been: there the answer stands as it is.

    posterior : with its standard error, in any frame; pixel by pixel that of *prior*

    Raises
    ------
    BadFile : either does not say its standard error, or they show different pixels.
    """
    known, given = prior.sigma, posterior.sigma
    if known is None or given is None or posterior.geometry != prior.geometry:
        path = posterior.observation.file.path
        problem = "what was made of it cannot be told from what the map knew before"
        raise BadFile(path, problem, "take a network that answers with its error")
    both = posterior.mask & prior.mask
    learnt, surprised = (
        both & (given < NOTHING_LEARNT * known),
        both & (known < NOTHING_LEARNT * given),
    )
    before, after = (np.where(learnt, s, 1.0).astype(np.float64) ** 2 for s in (known, given))
    variance = 1.0 / np.where(learnt, 1.0 / after - 1.0 / before, 1.0)
    mean = variance * (posterior.data / after - prior.data / before)
    data, sigma = (
        np.where(learnt, told, np.where(surprised, answer, np.nan)).astype(np.float32)
        for told, answer in ((mean, posterior.data), (np.sqrt(variance), given))
    )
    return replace(posterior, data=data, sigma=sigma, mask=np.isfinite(data))


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
