"""Potential fields known in closed form, and the size of a difference."""

import numpy as np
from scipy.special import sph_harm_y

from pipeline.core import CarringtonGrid
from pipeline.corona.field import Shells


def rms(values: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(values, dtype=np.float64))))


def harmonic(degree: int, order: int, sin_lat: np.ndarray, lon: np.ndarray) -> np.ndarray:
    """Value, slope to the north and slope to the east of a real harmonic, at lon in radians.

    Negative orders are sines. The unit is the root of 4 pi over the mean square.
    """
    theta = np.arccos(sin_lat)[:, None]
    value, slopes = sph_harm_y(degree, abs(order), theta, lon, diff_n=1)
    part = np.imag if order < 0 else np.real
    return np.stack([part(value), -part(slopes[..., 0]), part(slopes[..., 1]) / np.sin(theta)])


def on_cells(degree: int, order: int, grid: CarringtonGrid) -> np.ndarray:
    """A harmonic at the centres of the cells of *grid*, 10 G at its strongest."""
    y = harmonic(degree, order, grid.sin_lat, np.radians(grid.lon))[0]
    return np.asarray(10.0 * y / np.abs(y).max())


def profiles(degree: int, r: np.ndarray, top: float) -> tuple[np.ndarray, np.ndarray]:
    """What a harmonic and its slopes are multiplied by at radius *r*, where B_r(1) is the harmonic.

    The potential r^-(l+1) - r^l top^-(2l+1) vanishes at *top* (Schatten, Wilcox & Ness 1969).
    """
    rising = (r / top) ** (2 * degree + 1)
    norm = (degree + 1 + degree * top ** -(2 * degree + 1)) * r ** (degree + 2)
    return (degree + 1 + degree * rising) / norm, -(1 - rising) / norm


def effective_top(shells: Shells) -> float:
    """Where the discrete tangential field vanishes: half a cell below the nominal surface."""
    return float(np.exp((shells.nr - 0.5) * shells.step))


def faces(degree: int, order: int, shells: Shells) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Radial, eastward and northward field of one multipole in the middle of the faces."""
    grid, top = shells.grid, effective_top(shells)
    middle, west = np.radians(grid.lon), np.radians(grid.lon_edges[:-1])
    radial, _ = profiles(degree, np.exp(shells.log_r), top)
    _, tangential = profiles(degree, np.exp(shells.log_r[:-1] + 0.5 * shells.step), top)
    value = harmonic(degree, order, grid.sin_lat, middle)[0]
    east = harmonic(degree, order, grid.sin_lat, west)[2]
    north = harmonic(degree, order, grid.sin_lat_edges[1:-1], middle)[1]
    return (
        radial[:, None, None] * value,
        tangential[:, None, None] * east,
        tangential[:, None, None] * north,
    )
