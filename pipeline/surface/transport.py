"""Surface flux transport: rotation, meridional flow and diffusion of the radial field.

    dB/dt = -Ω(λ) dB/dφ - d/ds (v cosλ/R B) + η/R² [ d/ds (cos²λ dB/ds) + 1/cos²λ d²B/dφ² ]

with longitude φ and s = sin λ (Leighton 1964, ApJ 140, 1547; van Ballegooijen et al.
1998, ApJ 501, 866). What acts along a row (rotation and its share of diffusion) is a
factor on each Fourier coefficient; what acts across rows is the same for all longitudes,
a matrix. All are taken exactly in time and alternate symmetrically (Strang 1968, SIAM J.
Numer. Anal. 5, 506), so a step may be an hour or a day. Flux through row edges makes the
matrix conserve net flux to rounding, and at the poles the edge has no length, so nothing
special happens there. Where a flow is attenuated by strong field, what that holds back is
undone after the step (:mod:`~pipeline.surface.attenuation`).

Diffusion alone makes the network fade, which on the Sun small bipoles renew. Bipoles that
emerge everywhere at random and diffuse make a field that is alike at all scales wider than
they are, white noise on cells of equal area; so each factor of a step gives back, at random,
just what it takes from white noise (the fluctuation-dissipation theorem). Without any
observation a map then tends to quiet Sun, whatever the length of the steps.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import fft
from scipy.linalg import eigh_tridiagonal, expm

from pipeline.core import CarringtonGrid
from pipeline.core.grid import R_SUN_CM
from pipeline.surface.attenuation import held_back
from pipeline.surface.flows import DAY, STILL, Flow
from pipeline.surface.rotation import drift_rate

__all__ = ["DAY", "STILL", "Flow", "blur", "renew", "transport"]

Floats = NDArray[np.float64]
Single = NDArray[np.float32]
Complex = NDArray[np.complexfloating[Any, Any]]

FWHM_PER_SIGMA = math.sqrt(8.0 * math.log(2.0))
# G, standard deviation among cells of 1/259200 of the sphere (half a degree). Its unsigned field
# is that of the quietest 1.6 % of the surface near disk centre on HMI frames of January 2014,
# 4.9 G (where long tails make the standard deviation 8.8 G).
QUIET_SUN, QUIET_CELLS = 6.1, 259_200
# Whose matrices are kept, one and a half megabytes each at half a degree: three steps of twelve
# members, which an hour has, and the factors of one.
STEPS, LATEST = 36, 12


def transport(field: NDArray[np.floating], grid: CarringtonGrid, days: float, flow: Flow) -> Floats:
    """Carry *field* (..., nlat, nlon) by *flow* for *days* in one step, gauss to gauss.

    days : not negative; diffusion has no way back
    """
    along = _along(grid, days, flow)
    waves = fft.rfft(np.asarray(field, np.float64), axis=-1)
    waves = along * _rows(_across(grid, days, flow), along * waves)
    after = np.asarray(fft.irfft(waves, n=grid.nlon, axis=-1))
    return held_back(after, grid, days, flow)


def renew(field: Single, grid: CarringtonGrid, days: float, flow: Flow, white: Single) -> Single:
    """Carry one *field* (nlat, nlon) as :func:`transport` does, while quiet-Sun flux emerges.

    white : (2, nlat, nlon + 2) unit normal numbers, from which it is drawn; it has no net flux
    """
    along = _along(grid, days, flow).astype(np.complex64)
    fade = np.abs(along) ** 2
    bipoles = _as_waves(white, grid)
    waves = along * fft.rfft(field, axis=-1)
    waves = _rows(_across(grid, days, flow).astype(np.float32), waves)
    emerged = _rows(_lost_across(grid, days, flow), bipoles[0])
    waves = along * (waves + along * emerged) + np.sqrt(1.0 - fade**2) * bipoles[1]
    after = np.asarray(fft.irfft(waves, n=grid.nlon, axis=-1))
    return held_back(after, grid, days, flow)


def blur(field: NDArray[np.floating], grid: CarringtonGrid, fwhm: float) -> Floats:
    """Smooth *field* (..., nlat, nlon) by a Gaussian on the sphere, *fwhm* in deg.

    Diffusion at η for a time t spreads a point to a Gaussian of variance 2ηt.
    """
    variance = (math.radians(fwhm) / FWHM_PER_SIGMA) ** 2
    return transport(field, grid, variance / (2.0 * _per_day(STILL)), STILL)


def _rows(matrix: NDArray[np.floating], waves: Complex) -> Complex:
    """*matrix* (nlat, nlat) times Fourier coefficients (..., nlat, m), without a complex one."""
    mixed: Complex = (matrix @ np.ascontiguousarray(waves).view(matrix.dtype)).view(waves.dtype)
    return mixed


def _as_waves(white: Single, grid: CarringtonGrid) -> Complex:
    """Fourier coefficients along rows of white noise as strong as the quiet Sun."""
    sigma = QUIET_SUN * math.sqrt(grid.nlon * grid.nlat / QUIET_CELLS)
    waves = white.view(np.complex64) * np.float32(sigma * math.sqrt(grid.nlon / 2.0))
    # The mean of a row and the alternation from cell to cell are real.
    real = [0, grid.nlon // 2] if grid.nlon % 2 == 0 else [0]
    waves[..., real] = waves[..., real].real * np.float32(math.sqrt(2.0))
    return waves


def _per_day(flow: Flow) -> float:
    """Diffusivity in rad²/day."""
    return flow.diffusivity * 1e10 / R_SUN_CM**2 * DAY


@lru_cache(maxsize=LATEST)
def _along(grid: CarringtonGrid, days: float, flow: Flow) -> NDArray[np.complex128]:
    """Factors (nlat, nlon/2 + 1) for half a step along rows."""
    drift = np.radians(drift_rate(grid.lat, flow.rotation))
    order = np.arange(grid.nlon // 2 + 1)
    spread = np.outer(_per_day(flow) / (1.0 - grid.sin_lat**2), order**2)
    return np.asarray(np.exp(-0.5 * days * (1j * np.outer(drift, order) + spread)))


@lru_cache(maxsize=STEPS)
def _across(grid: CarringtonGrid, days: float, flow: Flow) -> Floats:
    """The matrix of a step across rows: half of diffusion, meridional flow, half of diffusion."""
    rate, modes = _modes(grid)
    half = (modes * np.exp(0.5 * days * _per_day(flow) * rate)) @ modes.T
    moved = expm(days * _meridional(grid, flow)) if any(flow.meridional) else np.eye(grid.nlat)
    matrix = half @ moved @ half
    # The flux of every row ends up somewhere: to the last bit, lest errors of a year add up.
    return np.asarray(matrix / matrix.sum(axis=0))


@lru_cache(maxsize=STEPS)
def _lost_across(grid: CarringtonGrid, days: float, flow: Flow) -> Single:
    """What diffusion across rows takes from unit white noise, a matrix.

    Where the flow converges it adds to the noise; nothing emerges against it.
    """
    rate, modes = _modes(grid)
    lost = -np.expm1(2.0 * days * _per_day(flow) * rate.clip(max=0.0))
    return np.asarray(modes * np.sqrt(lost), dtype=np.float32)


@lru_cache(maxsize=8)
def _modes(grid: CarringtonGrid) -> tuple[Floats, Floats]:
    """Decay rates (of unit diffusivity) and patterns of diffusion across rows; one is constant."""
    step = 2.0 / grid.nlat
    coupling = (1.0 - grid.sin_lat_edges[1:-1] ** 2) / step**2
    loss = -(np.append(coupling, 0.0) + np.append(0.0, coupling))
    rate, modes = eigh_tridiagonal(loss, coupling)
    rate[-1], modes[:, -1] = 0.0, grid.nlat**-0.5
    return np.asarray(rate, np.float64), np.asarray(modes, np.float64)


def _meridional(grid: CarringtonGrid, flow: Flow) -> Floats:
    """Rate of change (1/day) of every row's field per field of every row, by the flow."""
    step = 2.0 / grid.nlat
    edge = grid.sin_lat_edges[1:-1]
    speed = flow.northward(np.degrees(np.arcsin(edge))) * 100.0 * DAY / R_SUN_CM  # rad/day
    # Flux northward through the edge between rows j and j + 1, per field of either row.
    carried = 0.5 * np.sqrt(1.0 - edge**2) * speed / step
    rate = np.zeros((grid.nlat, grid.nlat))
    lower = np.arange(grid.nlat - 1)
    rate[lower, lower] -= carried
    rate[lower, lower + 1] -= carried
    rate[lower + 1, lower] += carried
    rate[lower + 1, lower + 1] += carried
    return rate
