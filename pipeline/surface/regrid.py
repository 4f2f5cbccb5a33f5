"""Moving a map between grids of longitude by latitude without changing its flux."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pipeline.core import (
    BadFile,
    CarringtonGrid,
    CylindricalEqualArea,
    Observer,
    PlateCarree,
    Quantity,
    SolarImage,
)

Floats = NDArray[np.float64]
Whole = CylindricalEqualArea | PlateCarree

HALF = 0.5
MU_MIN = 0.1
POLAR = 60.0  # deg of latitude beyond which a gap may be filled
RENEWED = 60.0  # deg from the central meridian


def regrid(image: SolarImage, grid: CarringtonGrid) -> Floats:
    """Mean over each cell of *grid* of a whole-sphere map, float64 (nlat, nlon).

    Cells of both grids are rectangles in longitude by sine latitude, so the area they
    share is the product of two overlaps of intervals, and two small matrices do it exactly.

    Raises
    ------
    BadFile : the map is not a whole sphere in rows of latitude, not radial, or has gaps.
    """
    across, along = _shares(image, grid)
    if not image.mask.all():
        raise BadFile(
            image.observation.file.path,
            f"{np.count_nonzero(~image.mask)} of {image.mask.size} pixels have no value",
            "give a map whose gaps (usually the poles) are filled",
        )
    return along @ image.data.astype(np.float64) @ across.T


def regrid_seen(image: SolarImage, grid: CarringtonGrid) -> Floats:
    """The same of a map that may have gaps: NaN where it covers less than half of a cell.

    Raises
    ------
    BadFile : the map is not a whole sphere in rows of latitude, or not radial.
    """
    across, along = _shares(image, grid)
    total = along @ np.where(image.mask, image.data, 0.0).astype(np.float64) @ across.T
    share = along @ image.mask.astype(np.float64) @ across.T
    return np.where(share >= HALF, total / np.where(share > 0.0, share, 1.0), np.nan)


def _shares(image: SolarImage, grid: CarringtonGrid) -> tuple[Floats, Floats]:
    """Share of every column and of every row of *grid* taken up by each of the image's."""
    geometry, path = _whole_sphere(image), image.observation.file.path
    ny, nx = image.data.shape
    if image.observation.quantity is not Quantity.B_R:
        raise BadFile(
            path,
            "it holds the field along the line of sight, not the radial field",
            "give a radial map such as GONG's or HMI's Mr series",
        )
    left = geometry.lon + (-0.5 - geometry.x0) * geometry.dlon
    lon_edges = left + np.arange(nx + 1) * np.copysign(360.0 / nx, geometry.dlon)
    across = _overlaps(np.sort(lon_edges), grid.lon_edges, period=360.0)
    if isinstance(geometry, PlateCarree):
        north, sin_edges = geometry.dlat, np.sin(np.radians(np.linspace(-90.0, 90.0, ny + 1)))
    else:
        north, sin_edges = geometry.dsin, np.linspace(-1.0, 1.0, ny + 1)
    along = _overlaps(sin_edges, grid.sin_lat_edges, period=np.inf)
    return across[:, :: int(np.sign(geometry.dlon))], along[:, :: int(np.sign(north))]


def _whole_sphere(image: SolarImage) -> Whole:
    """The geometry of an image that covers the sphere with the equator in the middle."""
    geometry = image.geometry
    ny, nx = image.data.shape
    if isinstance(geometry, PlateCarree):
        upright = abs(abs(geometry.dlat) * ny - 180.0) <= 0.1
    elif isinstance(geometry, CylindricalEqualArea):
        upright = geometry.lat == 0.0 and abs(abs(geometry.dsin) * ny - 2.0) <= 2e-3
    if (
        not isinstance(geometry, PlateCarree | CylindricalEqualArea)
        or not upright
        or abs(abs(geometry.dlon) * nx - 360.0) > 0.1
        or abs(geometry.y0 - (ny - 1) / 2) > 0.5
    ):
        raise BadFile(
            image.observation.file.path,
            "this is not a map of the whole sphere in longitude by sine latitude or latitude",
            "give a synoptic map such as GONG's mrzqs or allsun's own",
        )
    return geometry


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


def radial_map(image: SolarImage) -> SolarImage:
    """A whole-sphere map as radial field without gaps at the poles, as a map may begin from it.

    The field along the line of sight is divided by mu, as if it were radial: within 60° of the
    central meridian as the Earth sees the place at the map's time (what a daily synchronic
    frame is renewed with), elsewhere as it saw it on the central meridian. What is not measured
    beyond 60° of latitude takes the mean of the nearest row that is.

    Raises
    ------
    BadFile : it is no map of the whole sphere, or has gaps at lower latitudes.
    """
    ny, nx = image.data.shape
    lon, lat = _whole_sphere(image).sphere(*np.meshgrid(np.arange(nx), np.arange(ny)))
    data = image.data.astype(np.float64)
    observation = image.observation
    if observation.quantity is Quantity.B_LOS:
        data /= _mu(observation.observer, lon, lat).clip(min=MU_MIN)
    gaps = ~image.mask
    if gaps[np.abs(lat) < POLAR].any():
        path = observation.file.path
        raise BadFile(path, "it has gaps that are not at a pole", "give a map without such gaps")
    measured = np.flatnonzero(~gaps.any(axis=1))
    for row in np.flatnonzero(gaps.any(axis=1)):
        nearest = measured[np.argmin(np.abs(measured - row))]
        data[row, gaps[row]] = data[nearest].mean()
    return replace(
        image,
        data=data.astype(np.float32),
        mask=np.ones_like(image.mask),
        observation=replace(observation, quantity=Quantity.B_R),
    )


def _mu(observer: Observer, lon: Floats, lat: Floats) -> Floats:
    """Cosine of the angle of view when the place was last mapped."""
    west = (lon - observer.carrington_longitude + 180.0) % 360.0 - 180.0
    in_view = np.clip(west, -RENEWED, RENEWED) * (np.abs(west) <= RENEWED)
    return observer.mu(observer.carrington_longitude + in_view, lat)
