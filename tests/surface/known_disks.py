"""Disks of known field, and the areas of their pixels found without any polygon."""

import numpy as np

from pipeline.core import CarringtonGrid, Disk, Observer
from pipeline.core.geometry import Floats


def view(
    size: int,
    latitude: float,
    longitude: float,
    north: float,
    centre: tuple[float, float] = (0.5, 0.5),
) -> Disk:
    """The Sun from the Earth; *centre* as a fraction of the frame."""
    x0, y0 = centre[0] * size - 0.5, centre[1] * size - 0.5
    return Disk(x0, y0, 0.46 * size, north, Observer(longitude, latitude, 214.0))


def field(name: str, lon: Floats, lat: Floats) -> Floats:
    """Radial field in gauss; every structure is some degrees wide."""
    sin_lat, rad = np.sin(np.radians(lat)), np.radians(lon)
    if name == "uniform":
        return np.full_like(lon, 12.0)
    if name == "dipole":
        return 10.0 * sin_lat
    if name == "sectored":
        return 30.0 * (1.0 - sin_lat**2) * np.sin(4.0 * rad)
    # Pairs of spots 7 deg apart, tilted, every 30 deg of longitude in both hemispheres.
    east = lon % 30.0 - 15.0
    pairs = [
        _spot(east - x, lat, lat0 + y) for lat0 in (-20.0, 17.0) for x, y in ((-3.5, 1), (3.5, -1))
    ]
    return 500.0 * (pairs[0] - pairs[1] - pairs[2] + pairs[3])


def _spot(east: Floats, lat: Floats, lat0: float) -> Floats:
    """A Gaussian 2.5 deg wide, *east* deg of longitude from its meridian."""
    across = east * np.cos(np.radians(lat0))
    return np.exp(-0.5 * (across**2 + (lat - lat0) ** 2) / 2.5**2)


def positions(disk: Disk, size: int) -> tuple[Floats, Floats, Floats]:
    """Longitude, latitude and mu of every pixel's centre; NaN off the disk."""
    lon, lat = disk.sphere(*np.meshgrid(np.arange(size), np.arange(size)))
    return lon, lat, disk.observer.mu(lon, lat)


def pixel_areas(disk: Disk, size: int, points: int = 4) -> Floats:
    """Area of every pixel on the unit sphere, by Gauss-Legendre quadrature over the pixel.

    The area element is the solid angle times distance squared over mu.
    """
    d, y = disk.observer.distance, np.arange(size)[:, np.newaxis]
    scale = 1.0 / (disk.radius * np.sqrt(d**2 - 1.0))
    nodes, weights = np.polynomial.legendre.leggauss(points)
    area = np.zeros((size, size))
    for dx, wx in zip(nodes / 2, weights / 2, strict=True):
        for dy, wy in zip(nodes / 2, weights / 2, strict=True):
            t = ((y.T + dx - disk.x0) ** 2 + (y + dy - disk.y0) ** 2) * scale**2
            with np.errstate(invalid="ignore"):
                z = (t * d + np.sqrt(1.0 + t - t * d**2)) / (1.0 + t)
                far = np.sqrt(d**2 - 2.0 * d * z + 1.0)
                area += wx * wy * scale**2 * far**3 / (1.0 + t) ** 1.5 / (d * z - 1.0)
    return area


def true_means(name: str, grid: CarringtonGrid, points: int = 4) -> Floats:
    """Mean of a pattern over every cell."""
    fine = CarringtonGrid(grid.nlon * points, grid.nlat * points)
    return fine.block_mean(field(name, *fine.mesh()), grid)
