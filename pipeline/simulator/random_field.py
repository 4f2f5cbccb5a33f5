"""Random texture on the sphere: correlated, evolving, and the same whenever it is asked for.

A field is a sum of spherical harmonics whose coefficients are independent Gaussians of
variance C_l. C_l = (1 + l(l+1) θ²)^(-3/2) gives a correlation that falls as exp(-d/θ) with
the distance d (the Fourier transform of an exponential in the plane), alike everywhere
and in all directions. How fast it changes, by half within a day, is chosen.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from pipeline.core import CarringtonGrid

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]

DEGREES = 240  # harmonics: down to .75 deg; 4 % of the variance of a length of 6 deg is finer
DAY = 86400.0  # s


def evolving(
    grid: CarringtonGrid, time: datetime, seed: int, length: float, mixing: Floats
) -> NDArray[np.float32]:
    """Fields of zero mean and unit variance at *time*, (n, nlat, nlon).

    length : deg of great circle over which the correlation falls by e
    mixing : (n, n), the correlation of the n fields with each other at one place

    Every UTC day begins with a new, independent field; in between, the weights of the
    last and the next turn as cosine and sine, so that the variance stays. The
    correlation of a field with itself a day later is 0 to .5.
    """
    moment = time.astimezone(UTC)
    day = moment.toordinal()
    midnight = datetime(moment.year, moment.month, moment.day, tzinfo=UTC)
    turn = 0.5 * np.pi * (moment - midnight).total_seconds() / DAY
    key = tuple(map(tuple, mixing.tolist()))
    last, following = (_of_day(grid, d, seed, length, key) for d in (day, day + 1))
    mixed: NDArray[np.float32] = np.float32(np.cos(turn)) * last
    mixed += np.float32(np.sin(turn)) * following
    return mixed


@lru_cache(maxsize=2)
def _of_day(
    grid: CarringtonGrid, day: int, seed: int, length: float, mixing: tuple[tuple[float, ...], ...]
) -> NDArray[np.float32]:
    """The fields at the beginning of a *day* (proleptic Gregorian ordinal)."""
    degree = np.arange(DEGREES + 1)
    power = (1.0 + degree * (degree + 1) * np.radians(length) ** 2) ** -1.5
    power *= 4.0 * np.pi / ((2 * degree + 1) * power).sum()
    rng = np.random.default_rng([seed, day])
    shape = (len(mixing), degree.size, degree.size)
    white = rng.standard_normal(shape) + 1j * rng.standard_normal(shape)
    white[..., 0] = np.sqrt(2.0) * white[..., 0].real
    mixed = np.einsum("ij,jlm->ilm", np.linalg.cholesky(np.array(mixing)), white)
    return _synthesise(mixed * np.sqrt(power / 2.0)[:, np.newaxis], grid).astype(np.float32)


def _synthesise(coefficients: Complexes, grid: CarringtonGrid) -> Floats:
    """Real fields (n, nlat, nlon) of *coefficients* (n, degree, order) of order 0 and above.

    The normalised Legendre functions come from their recursion in the degree, for all
    orders and rows at once (Holmes & Featherstone 2002, J. Geodesy 76, 279).
    """
    n, degrees, _ = coefficients.shape
    x = grid.sin_lat
    waves = np.zeros((n, degrees, grid.nlat), np.complex128)
    previous, current = np.zeros((2, degrees, grid.nlat))
    sectoral = np.full(grid.nlat, np.sqrt(1.0 / (4.0 * np.pi)))
    for degree in range(degrees):
        if degree:
            m = np.arange(degree)[:, np.newaxis]
            a = np.sqrt((4.0 * degree**2 - 1.0) / (degree**2 - m**2))
            b = np.sqrt(((degree - 1.0) ** 2 - m**2) / (4.0 * (degree - 1.0) ** 2 - 1.0))
            following = a * (x * current[:degree] - b * previous[:degree])
            previous[:degree], current[:degree] = current[:degree], following
            sectoral = sectoral * np.sqrt((1.0 - x**2) * (2 * degree + 1) / (2 * degree))
        current[degree] = sectoral
        orders = slice(0, degree + 1)
        waves[:, orders] += coefficients[:, degree, orders, np.newaxis] * current[orders]
    spectrum = np.swapaxes(waves, 1, 2)
    return np.fft.irfft(spectrum, n=grid.nlon, axis=-1) * grid.nlon
