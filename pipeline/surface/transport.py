"""Surface flux transport: rotation, meridional flow and diffusion of the radial field.

    dB/dt = -Ω(λ) dB/dφ - d/ds (v cosλ/R B) + η/R² [ d/ds (cos²λ dB/ds) + 1/cos²λ d²B/dφ² ]

with longitude φ and s = sin λ (Leighton 1964, ApJ 140, 1547; van Ballegooijen et al.
1998, ApJ 501, 866). What acts along a row (rotation and its share of diffusion) is a
factor on each Fourier coefficient; what acts across rows is the same for all longitudes,
a matrix. Both are taken exactly in time and alternate symmetrically (Strang 1968), so a
step may be an hour or a day. Flux through row edges makes the matrix conserve net flux
to rounding, and at the poles the edge has no length, so nothing special happens there.

Diffusion alone makes the network fade, which on the Sun small bipoles renew. Bipoles that
emerge everywhere at random and diffuse make a field that is alike at all scales wider than
they are, white noise on cells of equal area; so each factor of a step gives back, at random,
just what it takes from white noise (the fluctuation-dissipation theorem). Without any
observation a map then tends to quiet Sun, whatever the length of the steps.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import expm

from pipeline.core import CarringtonGrid
from pipeline.core.grid import R_SUN_CM
from pipeline.surface.rotation import CARRINGTON_RATE, ROTATION, drift_rate

Floats = NDArray[np.float64]

DAY = 86400.0  # s
FWHM_PER_SIGMA = math.sqrt(8.0 * math.log(2.0))
# G, standard deviation among cells of 1/259200 of the sphere (half a degree). Its unsigned field
# is that of the quietest 1.6 % of the surface near disk centre on HMI frames of January 2014,
# 4.9 G (where long tails make the standard deviation 8.8 G).
QUIET_SUN, QUIET_CELLS = 6.1, 259_200


@dataclass(frozen=True, slots=True)
class Flow:
    """What moves flux over the surface.

    rotation : deg/day sidereal; coefficients of 1, sin²λ, sin⁴λ.
    meridional : m/s; coefficients of sinλ, sin³λ, sin⁵λ in v = cosλ (…), poleward positive.
        The default is HipFT's (Upton et al. 2024).
    diffusivity : km²/s; 300-600 did best for flux that returns from the far side.
    """

    rotation: tuple[float, float, float] = ROTATION
    meridional: tuple[float, float, float] = (22.0, 11.0, -28.0)
    diffusivity: float = 300.0


STILL = Flow(rotation=(CARRINGTON_RATE, 0.0, 0.0), meridional=(0.0, 0.0, 0.0))


def transport(field: NDArray[np.floating], grid: CarringtonGrid, days: float, flow: Flow) -> Floats:
    """Carry *field* (..., nlat, nlon) by *flow* for *days* in one step, gauss to gauss.

    days : not negative; diffusion has no way back
    """
    along, across = _propagators(grid, days, flow)
    half = np.fft.irfft(np.fft.rfft(field, axis=-1) * along, n=grid.nlon, axis=-1)
    return np.fft.irfft(np.fft.rfft(across @ half, axis=-1) * along, n=grid.nlon, axis=-1)


def renew(
    field: NDArray[np.floating],
    grid: CarringtonGrid,
    days: float,
    flow: Flow,
    rng: np.random.Generator,
) -> Floats:
    """Carry *field* as :func:`transport` does, while quiet-Sun flux emerges as it fades.

    What emerges has no net flux, and is another for every member of (..., nlat, nlon).
    """
    along, across = _propagators(grid, days, flow)
    lost_along, lost_across = _losses(grid, days, flow)
    shape, sigma = np.shape(field), QUIET_SUN * math.sqrt(grid.nlon * grid.nlat / QUIET_CELLS)

    def rows(values: NDArray[np.floating]) -> Floats:
        noise = np.fft.rfft(rng.normal(0.0, sigma, shape), axis=-1) * lost_along
        return np.fft.irfft(np.fft.rfft(values, axis=-1) * along + noise, n=grid.nlon, axis=-1)

    return rows(across @ rows(field) + lost_across @ rng.normal(0.0, sigma, shape))


def blur(field: NDArray[np.floating], grid: CarringtonGrid, fwhm: float) -> Floats:
    """Smooth *field* (..., nlat, nlon) by a Gaussian on the sphere, *fwhm* in deg.

    Diffusion at η for a time t spreads a point to a Gaussian of variance 2ηt.
    """
    variance = (math.radians(fwhm) / FWHM_PER_SIGMA) ** 2
    per_day = 2.0 * STILL.diffusivity * 1e10 / R_SUN_CM**2 * DAY
    return transport(field, grid, variance / per_day, STILL)


@lru_cache(maxsize=16)
def _losses(grid: CarringtonGrid, days: float, flow: Flow) -> tuple[Floats, Floats]:
    """What a step takes from unit white noise: factors along rows, a matrix across them."""
    along, across = _propagators(grid, days, flow)
    variance, modes = np.linalg.eigh(np.eye(grid.nlat) - across @ across.T)
    # Where the flow converges it adds to the noise; nothing emerges against it.
    root = modes * np.sqrt(variance.clip(min=0.0))
    return np.sqrt(1.0 - np.abs(along) ** 2), root - root.mean(axis=0)


@lru_cache(maxsize=16)
def _propagators(
    grid: CarringtonGrid, days: float, flow: Flow
) -> tuple[NDArray[np.complex128], Floats]:
    """Factors (nlat, nlon/2 + 1) for half a step along rows, and the matrix across rows."""
    kappa = flow.diffusivity * 1e10 / R_SUN_CM**2 * DAY  # rad²/day
    s2 = grid.sin_lat**2
    drift = np.radians(drift_rate(grid.lat, flow.rotation))
    order = np.arange(grid.nlon // 2 + 1)
    rate = 1j * np.outer(drift, order) + kappa * np.outer(1.0 / (1.0 - s2), order**2)
    return np.exp(-0.5 * days * rate), expm(days * _across_rows(grid, kappa, flow))


def _across_rows(grid: CarringtonGrid, kappa: float, flow: Flow) -> Floats:
    """Rate of change (1/day) of every row's field per field of every row."""
    step = 2.0 / grid.nlat
    edge = grid.sin_lat_edges[1:-1]
    cos2 = 1.0 - edge**2
    p, q, r = flow.meridional
    metres = 100.0 * DAY / R_SUN_CM  # m/s to rad/day
    carried = cos2 * (p * edge + q * edge**3 + r * edge**5) * metres
    diffused = kappa * cos2 / step
    # Flux northward through the edge between rows j and j + 1, per field of either row.
    below, above = 0.5 * carried + diffused, 0.5 * carried - diffused
    rate = np.zeros((grid.nlat, grid.nlat))
    lower = np.arange(grid.nlat - 1)
    rate[lower, lower] -= below
    rate[lower, lower + 1] -= above
    rate[lower + 1, lower] += below
    rate[lower + 1, lower + 1] += above
    return rate / step
