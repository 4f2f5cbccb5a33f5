"""Potential fields known in closed form, and the size of a difference."""

from dataclasses import dataclass

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


def unit(lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    """Unit vectors of places in deg, (..., 3)."""
    lon, lat = np.radians(lon), np.radians(lat)
    return np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=-1)


def apart(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Angle between unit vectors, deg."""
    return np.degrees(2 * np.arcsin(np.clip(np.linalg.norm(a - b, axis=-1) / 2, 0, 1)))


@dataclass(frozen=True)
class Mixture:
    """A field of many multipoles below a source surface at *top*.

    weights : of every harmonic (degree, order), gauss
    """

    weights: dict[tuple[int, int], float]
    top: float

    @classmethod
    def up_to(cls, degree: int, top: float, seed: int = 1) -> "Mixture":
        """Random weights that fall as one over the degree."""
        rng = np.random.default_rng(seed)
        orders = [(d, m) for d in range(1, degree + 1) for m in range(-d, d + 1)]
        return cls({(d, m): 10.0 * rng.normal() / d for d, m in orders}, top)

    def on(self, grid: CarringtonGrid) -> np.ndarray:
        """Radial field at the photosphere, in the middle of cells."""
        lon = np.radians(grid.lon)
        return sum(w * harmonic(*lm, grid.sin_lat, lon)[0] for lm, w in self.weights.items())

    def field(self, places: np.ndarray) -> np.ndarray:
        """Cartesian field at places (n, 3) in solar radii."""
        r = np.linalg.norm(places, axis=1)
        up = places / r[:, None]
        theta, lon = np.arccos(up[:, 2]), np.arctan2(up[:, 1], up[:, 0])
        east = np.stack([-np.sin(lon), np.cos(lon), np.zeros_like(lon)], axis=1)
        north = np.cross(up, east)
        radial, northward, eastward = np.zeros((3, r.size))
        for degree in range(1, max(d for d, _ in self.weights) + 1):
            c, t = profiles(degree, r, self.top)
            for order in range(degree + 1):
                value, slopes = sph_harm_y(degree, order, theta, lon, diff_n=1)
                cosine = self.weights[degree, order]
                sine = self.weights[degree, -order] if order else 0.0
                phase = cosine - 1j * sine
                radial += c * (phase * value).real
                northward -= t * (phase * slopes[..., 0]).real
                eastward += t * (phase * slopes[..., 1]).real / np.sin(theta)
        return radial[:, None] * up + northward[:, None] * north + eastward[:, None] * east

    def follow(self, start: np.ndarray, sign: np.ndarray, step: float = 0.08) -> np.ndarray:
        """Ends of the lines from *start* (n, 3), along the field or against it, (n, 3).

        Fourth-order steps of *step* times the radius; the last one is halved until it ends
        on the surface that it would cross.
        """
        here, ends = start.copy(), np.full_like(start, np.nan)
        going = np.arange(len(start))
        for _ in range(int(20 / step)):
            there = self._step(here, sign[going], step)
            left = self._outside(there)
            short, long = np.zeros((2, left.sum(), 1))
            long += step
            for _ in range(14):
                middle = (short + long) / 2
                beyond = self._outside(self._step(here[left], sign[going[left]], middle))[:, None]
                short, long = np.where(beyond, short, middle), np.where(beyond, middle, long)
            ends[going[left]] = self._step(here[left], sign[going[left]], long)
            here, going = there[~left], going[~left]
            if not going.size:
                break
        return ends

    def _outside(self, places: np.ndarray) -> np.ndarray:
        radius = np.linalg.norm(places, axis=1)
        return (radius < 1.0) | (radius > self.top)

    def _step(self, here: np.ndarray, sign: np.ndarray, step: float | np.ndarray) -> np.ndarray:
        h = step * np.linalg.norm(here, axis=1, keepdims=True)

        def direction(places: np.ndarray) -> np.ndarray:
            b = self.field(places) * sign[:, None]
            return h * b / np.linalg.norm(b, axis=1, keepdims=True)

        a = direction(here)
        b = direction(here + a / 2)
        c = direction(here + b / 2)
        return here + (a + 2 * b + 2 * c + direction(here + c)) / 6
