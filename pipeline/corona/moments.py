"""The multipole moments of a map."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import sph_harm_y

from pipeline.core import CarringtonGrid

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """Coefficients of B_r in real spherical harmonics whose mean square on the sphere is one.

    Without the Condon-Shortley phase: the harmonic (1, 1) is positive at longitude 0.

    coefficients : (degrees + 1, 2 degrees + 1), gauss; [l, l + m] for m from -l (sines) by 0
        (axial) to l (cosines), NaN beyond
    """

    coefficients: Floats

    @property
    def strength(self) -> Floats:
        """Root mean square field of every degree, gauss, (degrees + 1,)."""
        return np.asarray(np.sqrt(np.nansum(self.coefficients**2, axis=1)))

    @property
    def dipole(self) -> tuple[float, float, float]:
        """Field of the dipole at its pole (gauss), and longitude and latitude (deg) of that."""
        sine, axial, cosine = self.coefficients[1, :3] * np.sqrt(3.0)
        equatorial = np.hypot(sine, cosine)
        return (
            float(np.hypot(equatorial, axial)),
            float(np.degrees(np.arctan2(sine, cosine)) % 360.0),
            float(np.degrees(np.arctan2(axial, equatorial))),
        )


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
            coefficients[degree, degree - order] = -part.imag
            coefficients[degree, degree + order] = part.real
    return Moments(coefficients)
