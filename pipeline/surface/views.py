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
from pipeline.surface.regions import expected_strength

Plane = NDArray[np.float32]

# Half a degree per pixel at disk centre, as fine as the map, with solar north up.
SIDE, RADIUS = 240, 112.0
# The map's standard error over the answer's, below which the answer contradicts it, and the
# strength in gauss below which it does so about the quiet Sun, which nobody can predict.
SURE, CALM = 0.8, 30.0


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
    """What the camera saw that the map did not expect, of an answer that rests on both.

    Where the answer is clearly less sure than the map was, the pictures contradict it: it was
    surer than it should have been, as where a region has emerged. There the field has the
    strength that the answer expects, E|B|, and the more probable sign; its mean would take
    flux away wherever the sign is open. Elsewhere the answer repeats what it was told, which is
    no observation: those pixels are gaps. On the simulated Sun (seed 31, November 2026, seven
    days, 90° to 163° west) this raised the map's correlation at 4° from .854 to .870 and the
    agreement of signs from .932 to .987, with a flux error of .172 for .178, where taking the
    answer's mean everywhere made that .47.

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
    strength = expected_strength(posterior.data, given)
    seen = posterior.mask & prior.mask & (known < SURE * given) & (strength > CALM)
    data = np.where(seen, np.sign(posterior.data) * strength, np.nan)
    sigma = np.where(seen, given, np.nan)
    return replace(
        posterior, data=data.astype(np.float32), sigma=sigma.astype(np.float32), mask=seen
    )


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
