"""Surface flux transport: rotation, meridional flow and diffusion of the radial field.

    dB/dt = -Ω(λ) dB/dφ - d/ds (v cosλ/R B) + η/R² [ d/ds (cos²λ dB/ds) + 1/cos²λ d²B/dφ² ]

with longitude φ and s = sin λ (Leighton 1964, ApJ 140, 1547; van Ballegooijen et al.
1998, ApJ 501, 866). What acts along a row (rotation and its share of diffusion) is a
factor on each Fourier coefficient; what acts across rows is the same for all longitudes,
a matrix. Both are taken exactly in time and alternate symmetrically (Strang 1968), so a
step may be an hour or a day. Flux through row edges makes the matrix conserve net flux
to rounding, and at the poles the edge has no length, so nothing special happens there.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import expm

from pipeline.core import CarringtonGrid
from pipeline.core.grid import R_SUN_CM
from pipeline.surface.rotation import ROTATION, drift_rate

Floats = NDArray[np.float64]

DAY = 86400.0  # s


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


def transport(field: NDArray[np.floating], grid: CarringtonGrid, days: float, flow: Flow) -> Floats:
    """Carry *field* (..., nlat, nlon) by *flow* for *days* in one step, gauss to gauss."""
    along, across = _propagators(grid, days, flow)
    half = np.fft.irfft(np.fft.rfft(field, axis=-1) * along, n=grid.nlon, axis=-1)
    return np.fft.irfft(np.fft.rfft(across @ half, axis=-1) * along, n=grid.nlon, axis=-1)


@lru_cache(maxsize=8)
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
