"""The multipole moments of a map."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import sph_harm_y

from pipeline.core import CarringtonGrid
from pipeline.core.corona import Moments

Floats = NDArray[np.float64]


def moments(br: NDArray[np.floating], grid: CarringtonGrid, degrees: int = 9) -> Moments:
    """Multipole moments of the radial field *br*, gauss, (nlat, nlon), up to *degrees*.

    Fitted to the rows, whose sums of harmonics are not orthogonal enough near the poles.
    """
    waves = np.fft.rfft(br, axis=1)[:, : degrees + 1] / grid.nlon
    waves *= np.exp(-1j * np.pi / grid.nlon * np.arange(degrees + 1))  # middles of cells
    theta = np.arccos(grid.sin_lat)
    coefficients = np.full((degrees + 1, 2 * degrees + 1), np.nan)
    for order in range(degrees + 1):
        norm = (-1) ** order * np.sqrt(4.0 * np.pi / (2.0 if order else 1.0))
        shapes = sph_harm_y(np.arange(order, degrees + 1), order, theta[:, None], 0.0).real * norm
        fitted = np.linalg.lstsq(shapes, waves[:, order])[0]
        for degree, part in enumerate(fitted, order):
            coefficients[degree, degrees - order] = -part.imag
            coefficients[degree, degrees + order] = part.real
    return Moments(coefficients)
